package dev.tautline.sctp;

import dev.tautline.base.Timer;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.scenario.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A whole association, brought into a state and then given packets and time.
 *
 * <p>The input: a byte for the state, a byte for the options, then records. A record is a byte that
 * says what it is, a length in two bytes where it has bytes, and these: a packet whose ports, tag
 * and checksum are made right, one with the peer's own tag, one as it is, or a step in time.
 *
 * <p>Every association begins with the same seed, so the handshakes are the same each time: the
 * peer's half of each is made once and then played back. Buffers serve all inputs.
 */
final class AssociationFuzz {
  /** Who opened the association. */
  enum Role {
    OPENER,
    ANSWERER
  }

  /** The state in which the input begins. */
  enum Start {
    CLOSED,
    COOKIE_WAIT,
    COOKIE_ECHOED,
    ESTABLISHED,
    ESTABLISHED_AND_BUSY,
    SHUTDOWN_PENDING,
    SHUTDOWN_SENT,
    SHUTDOWN_RECEIVED,
    SHUTDOWN_ACK_SENT,
    ENDED
  }

  /**
   * The peer's half of a handshake.
   *
   * @param seed of the association, which makes its tag and cookie
   * @param tag the association's verification tag
   * @param initialTsn the association's first TSN
   * @param packets what the peer sends, one after the other
   */
  private record Handshake(long seed, int tag, int initialTsn, List<byte[]> packets) {}

  private static final int OPTIONS = 128;
  private static final int MAX_PACKETS_AT_ONCE = 5_000;
  private static final int MAX_INPUT_BYTES = 4096;
  private static final int IN_OFFSET = 5;
  private static final int OUT_OFFSET = 3;
  private static final long SEED = 1;
  private static final long STEP_NANOS = 7_000_000;
  private static final Octets COOKIE = Octets.copyOf(new byte[] {1, 2, 3, 4});
  private static final SendOptions NEVER_REPEATED =
      new SendOptions(SendOptions.Ordering.ORDERED, new SendOptions.Reliability.MaxRetransmits(0));

  private static final Start[] STARTS = Start.values();
  private static final AssociationOptions[] OPTIONS_OF = new AssociationOptions[OPTIONS];
  private static final @Nullable Handshake[][] HANDSHAKES =
      new Handshake[Role.values().length][OPTIONS];
  private static final byte[] OUT = new byte[2048];
  private static final byte[] IN = new byte[MAX_INPUT_BYTES + 100];
  private static final byte[] PAYLOAD = new byte[4_000];
  private static final PacketHeader HEADER = new PacketHeader();

  static {
    for (int bits = 0; bits < OPTIONS; bits++) {
      OPTIONS_OF[bits] = options(bits);
    }
  }

  private final byte[] input;
  private final Cost cost;
  private final Association association;
  private final int tag;
  private final int initialTsn;
  private long nowNanos;
  private int position = 2;

  private AssociationFuzz(byte[] input, Role role, Cost cost) {
    this.input = input;
    this.cost = cost;
    int bits = input[1] & OPTIONS - 1;
    Start start = STARTS[(input[0] & 0xff) % STARTS.length];
    boolean connects = start == Start.COOKIE_WAIT || start == Start.COOKIE_ECHOED;
    Handshake handshake = handshake(connects ? Role.OPENER : role, bits);
    tag = handshake.tag;
    initialTsn = handshake.initialTsn;
    association = Association.create(OPTIONS_OF[bits], new SplittableRandom(handshake.seed));
    bringInto(start, role, handshake.packets);
  }

  static void run(byte[] input, Role role) {
    if (input.length > 2 && input.length <= MAX_INPUT_BYTES) {
      Cost.check(input, (bytes, cost) -> new AssociationFuzz(bytes, role, cost).play());
    }
  }

  // --- set-up ---

  private static AssociationOptions options(int bits) {
    AssociationOptions.Builder options =
        AssociationOptions.forDataChannels().toBuilder()
            .interleaving((bits & 1) != 0)
            .zeroChecksum((bits & 2) != 0)
            .partialReliability((bits & 4) == 0)
            .congestionAlgorithm(CongestionAlgorithm.values()[(bits >> 3 & 3) % 3])
            .receiveWindowBytes((bits & 32) == 0 ? 1 << 20 : 4_000);
    if ((bits & 64) != 0) {
      options.manualWindow();
    }
    return options.build();
  }

  private static Handshake handshake(Role role, int bits) {
    Handshake known = HANDSHAKES[role.ordinal()][bits];
    if (known == null) {
      known = role == Role.OPENER ? opened(bits) : answered(bits);
      HANDSHAKES[role.ordinal()][bits] = known;
    }
    return known;
  }

  private static List<Parameter> extensions(int bits) {
    var extensions = new ArrayList<>(HandPeer.EXTENSIONS);
    if ((bits & 1) != 0) {
      extensions.set(
          1,
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0, 0x40, (byte) 0xc2})));
    }
    return extensions;
  }

  private static Handshake opened(int bits) {
    var peer = new HandPeer(OPTIONS_OF[bits], SEED);
    peer.association.connect(0);
    InitBody init = HandPeer.only(peer.poll(), InitChunk.class).body();
    List<Parameter> parameters = extensions(bits);
    parameters.add(new Parameter(Parameter.STATE_COOKIE, COOKIE));
    var initAck = new InitAckChunk(HandPeer.initBody(HandPeer.TAG, parameters));
    return new Handshake(
        Seeds.of(SEED),
        init.initiateTag(),
        init.initialTsn(),
        List.of(
            peer.packet(init.initiateTag(), initAck),
            peer.packet(init.initiateTag(), new CookieAckChunk())));
  }

  private static Handshake answered(int bits) {
    var peer = new HandPeer(OPTIONS_OF[bits], SEED);
    byte[] init = peer.packet(0, new InitChunk(HandPeer.initBody(HandPeer.TAG, extensions(bits))));
    InitBody ack = HandPeer.only(peer.sendBytes(init), InitAckChunk.class).body();
    var echo = new CookieEchoChunk(HandPeer.cookieOf(ack));
    return new Handshake(
        Seeds.of(SEED),
        ack.initiateTag(),
        ack.initialTsn(),
        List.of(init, peer.packet(ack.initiateTag(), echo)));
  }

  private void bringInto(Start start, Role role, List<byte[]> peerSends) {
    switch (start) {
      case CLOSED -> {
        // As it is made.
      }
      case COOKIE_WAIT -> {
        association.connect(0);
        drain();
      }
      case COOKIE_ECHOED -> {
        association.connect(0);
        drain();
        userSends(1, 3_000, SendOptions.RELIABLE_ORDERED);
        deliver(peerSends.get(0));
      }
      default -> {
        if (role == Role.OPENER) {
          association.connect(0);
          drain();
        }
        for (byte[] packet : peerSends) {
          deliver(packet);
        }
        if (association.state() != AssociationPhase.ESTABLISHED) {
          throw new AssertionError("after the handshake it is " + association.state());
        }
      }
    }
    boolean busy =
        start == Start.ESTABLISHED_AND_BUSY
            || start == Start.SHUTDOWN_PENDING
            || start == Start.SHUTDOWN_RECEIVED;
    if (busy) {
      userSends(1, 4_000, SendOptions.RELIABLE_ORDERED);
      userSends(2, 700, SendOptions.RELIABLE_UNORDERED);
      userSends(3, 2_000, NEVER_REPEATED);
      association.resetStreams(0, new int[] {2});
      drain();
    }
    switch (start) {
      case SHUTDOWN_PENDING, SHUTDOWN_SENT -> association.shutdown(0);
      case SHUTDOWN_RECEIVED, SHUTDOWN_ACK_SENT -> peerShutsDown();
      case ENDED -> association.abort(0, "fuzz");
      default -> {
        // Stays where it is.
      }
    }
    drain();
  }

  private void peerShutsDown() {
    byte[] shutdown = new byte[PacketHeader.BYTES + 8];
    PacketHeader.write(shutdown, 0, 5000, 5000, tag);
    var out = new WireWriter(shutdown, PacketHeader.BYTES, shutdown.length);
    new ShutdownChunk(initialTsn - 1).write(out);
    HEADER.seal(shutdown, 0, shutdown.length);
    deliver(shutdown);
  }

  private void userSends(int streamId, int bytes, SendOptions how) {
    association.send(nowNanos, streamId, 53, PAYLOAD, 0, bytes, how);
  }

  private void deliver(byte[] packet) {
    association.receive(nowNanos, packet, 0, packet.length);
    drain();
  }

  // --- the input ---

  private void play() {
    while (position < input.length) {
      int kind = input[position++] & 7;
      if (kind == 7) {
        passTime(position < input.length ? input[position++] & 0xff : 0);
      } else {
        takePacket(kind);
      }
    }
    checkFigures();
  }

  private void takePacket(int kind) {
    int left = input.length - position;
    if (left < 2) {
      position = input.length;
      return;
    }
    int length = (input[position] & 0xff) << 8 | (input[position + 1] & 0xff);
    position += 2;
    length = Math.min(length, left - 2);
    int header = kind == 6 ? 0 : PacketHeader.BYTES;
    int packetLength = header + length;
    System.arraycopy(input, position, IN, IN_OFFSET + header, length);
    position += length;
    if (kind < 6) {
      boolean init = length > 0 && IN[IN_OFFSET + header] == ChunkType.INIT;
      PacketHeader.write(IN, IN_OFFSET, 5000, 5000, init ? 0 : kind == 5 ? HandPeer.TAG : tag);
      HEADER.seal(IN, IN_OFFSET, packetLength);
    }
    cost.begin();
    association.receive(nowNanos, IN, IN_OFFSET, packetLength);
    drain();
    cost.end(packetLength);
    // Whatever the association keeps it has copied.
    Arrays.fill(IN, 0, packetLength + 10, (byte) 0x5a);
  }

  private void passTime(int step) {
    long deadline = association.nextDeadlineNanos();
    if (step >= 200 && deadline != Timer.NOT_RUNNING) {
      nowNanos = Math.max(nowNanos, deadline);
    } else {
      nowNanos += step * STEP_NANOS;
    }
    association.advanceTo(nowNanos);
    drain();
  }

  private void drain() {
    int packets = 0;
    boolean more;
    do {
      more = false;
      while (association.pollEvent() != null) {
        more = true;
      }
      for (int length = poll(); length > 0; length = poll()) {
        more = true;
        packets++;
        if (packets > MAX_PACKETS_AT_ONCE || length % 4 != 0) {
          throw new AssertionError(packets + " packets at once, the last of " + length + " bytes");
        }
      }
    } while (more);
  }

  private int poll() {
    return association.pollPacket(nowNanos, OUT, OUT_OFFSET, OUT.length);
  }

  private void checkFigures() {
    AssociationStatistics now = association.statistics();
    boolean sound =
        now.flightBytes() >= 0
            && now.heldSendBytes() >= 0
            && now.bufferedBytes() >= 0
            && now.heldReceiveBytes() >= 0
            && now.receiveWindowBytes() >= 0
            && now.cwndBytes() > 0;
    if (!sound) {
      throw new AssertionError("figures that cannot be: " + now);
    }
  }
}
