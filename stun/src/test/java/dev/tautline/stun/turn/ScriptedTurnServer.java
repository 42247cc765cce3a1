package dev.tautline.stun.turn;

import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ChannelNumber;
import dev.tautline.stun.attribute.Data;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Lifetime;
import dev.tautline.stun.attribute.Nonce;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.PasswordAlgorithm;
import dev.tautline.stun.attribute.PasswordAlgorithms;
import dev.tautline.stun.attribute.Realm;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UserHash;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.attribute.XorPeerAddress;
import dev.tautline.stun.attribute.XorRelayedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** A TURN server in virtual time that a test can bend. */
final class ScriptedTurnServer {
  static final InetSocketAddress ADDRESS = new InetSocketAddress("192.0.2.1", 3478);
  static final InetSocketAddress RELAYED = new InetSocketAddress("198.51.100.7", 50_000);
  static final InetSocketAddress MAPPED = new InetSocketAddress("203.0.113.9", 1234);
  static final String USER = "user";
  static final String PASSWORD = "the password of both";
  static final String REALM = "example.org";

  /** What it can be asked to be like. */
  enum Algorithm {
    MD5,
    SHA_256,
    SHA_256_ANONYMOUS
  }

  /** A request or indication that came, with its time. */
  record Got(long atNanos, ReceivedStun received) {
    StunMessage message() {
      return received.message();
    }

    int method() {
      return received.message().method();
    }
  }

  final List<Got> got = new ArrayList<>();
  final List<byte[]> channelData = new ArrayList<>();
  final Set<InetAddress> permitted = new HashSet<>();
  final Map<Integer, InetSocketAddress> channels = new HashMap<>();
  final Deque<byte[]> out = new ArrayDeque<>();
  Algorithm algorithm = Algorithm.MD5;
  String nonce = "nonce-1";
  long lifetimeSeconds = 600;
  boolean allocated;
  boolean silent;
  List<InetSocketAddress> relayed = List.of(RELAYED);

  /** Takes the place of the usual answer where it gives one; null leaves it. */
  Function<Got, byte[]> bend = request -> null;

  /** Which requests get no answer. */
  Predicate<Got> mute = request -> false;

  void receive(long nowNanos, byte[] bytes) {
    if ((bytes[0] & 0xc0) == 0x40) {
      channelData.add(bytes);
      return;
    }
    ReceivedStun received;
    try {
      received = StunParser.parse(bytes, 0, bytes.length);
    } catch (StunFormatException e) {
      throw new AssertionError("the client sent what is no STUN", e);
    }
    var request = new Got(nowNanos, received);
    got.add(request);
    if (silent || mute.test(request) || received.message().messageClass() != StunClass.REQUEST) {
      return;
    }
    byte[] answer = bend.apply(request);
    out.add(answer == null ? usual(request) : answer);
  }

  private byte[] usual(Got request) {
    StunMessage message = request.message();
    if (!request.received().hasIntegrity()) {
      return challenge(request, ErrorCode.UNAUTHENTICATED);
    }
    if (!message.first(Nonce.class).orElseThrow().nonce().equals(nonce)) {
      return challenge(request, ErrorCode.STALE_NONCE);
    }
    if (!isAuthentic(request.received())) {
      return challenge(request, ErrorCode.UNAUTHENTICATED);
    }
    return switch (message.method()) {
      case StunMethod.ALLOCATE -> {
        allocated = true;
        List<StunAttribute> told = new ArrayList<>();
        relayed.forEach(address -> told.add(new XorRelayedAddress(address)));
        told.add(new Lifetime(lifetimeSeconds));
        told.add(new XorMappedAddress(MAPPED));
        yield success(request, told.toArray(new StunAttribute[0]));
      }
      case StunMethod.REFRESH -> {
        long wanted = message.first(Lifetime.class).orElseThrow().seconds();
        allocated = wanted > 0;
        yield success(request, new Lifetime(Math.min(wanted, lifetimeSeconds)));
      }
      case StunMethod.CREATE_PERMISSION -> {
        permitted.add(message.first(XorPeerAddress.class).orElseThrow().address().getAddress());
        yield success(request);
      }
      case StunMethod.CHANNEL_BIND -> {
        channels.put(
            message.first(ChannelNumber.class).orElseThrow().number(),
            message.first(XorPeerAddress.class).orElseThrow().address());
        yield success(request);
      }
      default -> error(request, ErrorCode.BAD_REQUEST);
    };
  }

  IntegrityKey key() {
    return algorithm == Algorithm.MD5
        ? IntegrityKey.longTermMd5(USER, REALM, PASSWORD)
        : IntegrityKey.longTermSha256(USER, REALM, PASSWORD);
  }

  private boolean isAuthentic(ReceivedStun received) {
    StunMessage message = received.message();
    if (algorithm == Algorithm.MD5) {
      return received.verifyIntegrity(key()) == ReceivedStun.Integrity.VALID
          && message.first(Username.class).orElseThrow().username().equals(USER);
    }
    boolean named =
        algorithm == Algorithm.SHA_256
            ? message.first(Username.class).orElseThrow().username().equals(USER)
            : message
                .first(UserHash.class)
                .orElseThrow()
                .value()
                .equals(Octets.of(IntegrityKey.userHash(USER, REALM)));
    return named
        && received.verifyIntegritySha256(key()) == ReceivedStun.Integrity.VALID
        && message.first(PasswordAlgorithms.class).isPresent()
        && message.first(PasswordAlgorithm.class).orElseThrow().entry().algorithm()
            == PasswordAlgorithms.SHA_256;
  }

  byte[] challenge(Got request, int code) {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(ErrorCode.of(code));
    attributes.add(new Realm(REALM));
    attributes.add(new Nonce(nonce));
    if (algorithm != Algorithm.MD5) {
      attributes.add(
          new PasswordAlgorithms(
              List.of(
                  PasswordAlgorithms.Entry.of(PasswordAlgorithms.SHA_256),
                  PasswordAlgorithms.Entry.of(PasswordAlgorithms.MD5))));
    }
    return new StunWriter(
            new StunMessage(
                StunClass.ERROR, request.method(), request.message().transactionId(), attributes))
        .toBytes();
  }

  byte[] success(Got request, StunAttribute... attributes) {
    return signed(request, StunClass.SUCCESS, attributes);
  }

  byte[] error(Got request, int code, StunAttribute... more) {
    StunAttribute[] attributes = new StunAttribute[more.length + 1];
    attributes[0] = ErrorCode.of(code);
    System.arraycopy(more, 0, attributes, 1, more.length);
    return signed(request, StunClass.ERROR, attributes);
  }

  byte[] signed(Got request, StunClass messageClass, StunAttribute... attributes) {
    var writer =
        new StunWriter(
            StunMessage.of(
                messageClass, request.method(), request.message().transactionId(), attributes));
    return (algorithm == Algorithm.MD5
            ? writer.withIntegrity(key())
            : writer.withIntegritySha256(key()))
        .toBytes();
  }

  static byte[] unsigned(Got request, StunClass messageClass, StunAttribute... attributes) {
    return new StunWriter(
            StunMessage.of(
                messageClass, request.method(), request.message().transactionId(), attributes))
        .toBytes();
  }

  static byte[] dataIndication(StunAttribute... attributes) {
    return new StunWriter(
            StunMessage.of(
                StunClass.INDICATION, StunMethod.DATA, new TransactionId(1, 2), attributes))
        .toBytes();
  }

  static byte[] dataIndication(InetSocketAddress peer, byte[] data) {
    return dataIndication(new XorPeerAddress(peer), new Data(Octets.of(data)));
  }

  long count(int method) {
    return got.stream().filter(request -> request.method() == method).count();
  }
}
