package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk.SkippedStream;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.IncomingReset;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.ReconfigParameter.Response;
import dev.tautline.sctp.packet.ReconfigParameter.TsnReset;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.packet.UnknownChunk;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every length and every flipped bit of a packet of each kind, in three states: nothing throws. */
@Scenarios
class MalformedInputTest {
  static Stream<Chunk> chunks() {
    var info = new Parameter(Parameter.HEARTBEAT_INFO, Octets.copyOf(new byte[8])).toOctets();
    return Stream.of(
        data(INITIAL_TSN, 3, 0, 10),
        new IDataChunk(3, INITIAL_TSN, 3, 0, 53, Octets.copyOf(new byte[10])),
        new InitChunk(initBody(TAG, EXTENSIONS)),
        new InitAckChunk(
            initBody(
                TAG, List.of(new Parameter(Parameter.STATE_COOKIE, Octets.copyOf(new byte[9]))))),
        sack(1000, 50_000, 2, 3, 5, 9),
        new HeartbeatChunk(info),
        new HeartbeatAckChunk(info),
        new AbortChunk(
            TagBit.RECEIVERS_TAG, List.of(ErrorCause.of(ErrorCause.USER_INITIATED_ABORT, "bye"))),
        new ShutdownChunk(5),
        new ShutdownAckChunk(),
        new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG),
        new ErrorChunk(List.of(ErrorCause.of(ErrorCause.STALE_COOKIE, "1234"))),
        new CookieEchoChunk(Octets.copyOf(new byte[76])),
        new CookieAckChunk(),
        new ReconfigChunk(
            List.of(
                new OutgoingReset(INITIAL_TSN, 1, INITIAL_TSN - 1, List.of(1, 2, 3)),
                Response.of(7, 1))),
        new ReconfigChunk(List.of(new IncomingReset(INITIAL_TSN, List.of(1)))),
        new ReconfigChunk(List.of(new TsnReset(INITIAL_TSN))),
        new ReconfigChunk(List.of(new AddStreams(AddStreams.Direction.OUTGOING, INITIAL_TSN, 5))),
        new PadChunk(Octets.copyOf(new byte[17])),
        new ForwardTsnChunk(INITIAL_TSN + 1, List.of(new SkippedStream(1, 2))),
        new IForwardTsnChunk(
            INITIAL_TSN + 1, List.of(new IForwardTsnChunk.SkippedStream(1, Order.ORDERED, 2))),
        new UnknownChunk(0xff, 7, Octets.copyOf(new byte[5])));
  }

  private static List<Supplier<HandPeer>> states() {
    return List.of(
        () -> new HandPeer(AssociationOptions.forDataChannels()),
        () -> {
          var peer = new HandPeer(AssociationOptions.forDataChannels());
          peer.association.connect(0);
          peer.poll();
          return peer;
        },
        () -> {
          HandPeer peer = HandPeer.established();
          peer.userSends(1, 5000);
          peer.poll();
          return peer;
        });
  }

  private static byte[] packetFor(HandPeer peer, Chunk chunk) {
    return peer.packet(chunk instanceof InitChunk ? 0 : peer.peerTag, chunk);
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void everyLengthIsTakenOrDropped(Chunk chunk) {
    for (Supplier<HandPeer> state : states()) {
      int length = packetFor(state.get(), chunk).length;
      for (int cut = 0; cut <= length; cut++) {
        HandPeer peer = state.get();
        byte[] packet = Arrays.copyOf(packetFor(peer, chunk), cut);
        if (cut >= 12) {
          peer.seal(packet, chunk instanceof InitChunk ? 0 : peer.peerTag);
        }
        peer.sendBytes(packet);
        peer.nowNanos += 1_000_000_000L;
        peer.association.advanceTo(peer.nowNanos);
        peer.poll();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void everyFlippedBitIsTakenOrDropped(Chunk chunk) {
    for (Supplier<HandPeer> state : states()) {
      int bits = packetFor(state.get(), chunk).length * 8;
      for (int bit = 12 * 8; bit < bits; bit++) {
        HandPeer peer = state.get();
        byte[] packet = packetFor(peer, chunk);
        packet[bit / 8] ^= (byte) (1 << bit % 8);
        peer.seal(packet, chunk instanceof InitChunk ? 0 : peer.peerTag);
        peer.sendBytes(packet);
        peer.nowNanos += 1_000_000_000L;
        peer.association.advanceTo(peer.nowNanos);
        peer.poll();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void everyFlippedBitWithoutItsChecksumIsDropped(Chunk chunk) {
    HandPeer peer = HandPeer.established();
    byte[] packet = packetFor(peer, chunk);
    for (int bit = 12 * 8; bit < packet.length * 8; bit++) {
      packet[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(peer.sendBytes(packet)).isEmpty();
      packet[bit / 8] ^= (byte) (1 << bit % 8);
    }

    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo((packet.length - 12) * 8L);
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void garbageBehindAChunkIsTakenOrDropped(Chunk chunk) {
    var random = new SplittableRandom(Seeds.of(42));
    for (Supplier<HandPeer> state : states()) {
      for (int i = 0; i < 300; i++) {
        HandPeer peer = state.get();
        byte[] packet = packetFor(peer, chunk);
        int tag = chunk instanceof InitChunk ? 0 : peer.peerTag;
        byte[] longer = Arrays.copyOf(packet, packet.length + random.nextInt(100));
        for (int at = packet.length; at < longer.length; at++) {
          longer[at] = (byte) random.nextInt();
        }
        peer.seal(longer, tag);
        peer.sendBytes(longer);
      }
    }
  }
}
