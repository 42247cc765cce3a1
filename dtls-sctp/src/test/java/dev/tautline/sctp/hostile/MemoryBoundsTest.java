package dev.tautline.sctp.hostile;

import static dev.tautline.sctp.hostile.HostilePeer.B;
import static dev.tautline.sctp.hostile.HostilePeer.E;
import static dev.tautline.sctp.hostile.HostilePeer.EXTENSIONS;
import static dev.tautline.sctp.hostile.HostilePeer.TSN;
import static dev.tautline.sctp.hostile.HostilePeer.U;
import static dev.tautline.sctp.hostile.HostilePeer.WITH_I_DATA;
import static dev.tautline.sctp.hostile.HostilePeer.data;
import static dev.tautline.sctp.hostile.HostilePeer.iData;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.IncomingReset;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.UnknownChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each attack leaves memory within the configured limits, by the live heap and by the association's
 * own accounting, which agree. Several associations are attacked alike, so that what else is on the
 * heap does not count.
 */
class MemoryBoundsTest {
  /** What the receiving half may keep beside its window: ranges behind gaps, numbers of streams. */
  private static final long RECEIVER_TABLES = 2 * 8 * 8192 + 1024 * (16 + 8 * 64) + 4096;

  /** What the sending half may keep beside its buffer when nothing was ever acknowledged. */
  private static final long SENDER_TABLES = 2048 * 128;

  /** A difference that all associations of a test have together for other reasons. */
  private static final long NOISE_BYTES = 64 * 1024;

  /** A difference in one association that is that of a few small objects. */
  private static final long SMALL_BYTES = 2048;

  private static AssociationOptions options(long windowBytes) {
    return AssociationOptions.forDataChannels().toBuilder()
        .receiveWindowBytes(windowBytes)
        .sendBufferBytes(1 << 20)
        .streamSendBufferBytes(1 << 20)
        .interleaving(true)
        .manualWindow()
        .build();
  }

  /** What one association's attack left, on average. */
  private record Growth(String attack, int associations, long heapBytes, long accountedBytes) {
    void isWithin(long limitBytes) {
      assertThat(heapBytes).as(toString()).isLessThanOrEqualTo(limitBytes + limitBytes / 10);
      assertThat(accountedBytes).as(toString()).isLessThanOrEqualTo(limitBytes);
      assertThat(agrees()).as(toString()).isTrue();
    }

    boolean agrees() {
      long larger = Math.max(heapBytes, accountedBytes);
      return Math.abs(heapBytes - accountedBytes)
          <= larger / 10 + SMALL_BYTES + NOISE_BYTES / associations;
    }

    /** The attack does what it is named for: without this, a limit could not be missed. */
    Growth isAtLeast(long bytes) {
      assertThat(accountedBytes).as(toString()).isGreaterThanOrEqualTo(bytes);
      return this;
    }

    @Override
    public String toString() {
      return attack + ": heap " + heapBytes + ", accounted " + accountedBytes;
    }
  }

  /** What classes and caches keep for good is there before anything is measured. */
  @BeforeAll
  static void warmUp() {
    Growth nothing = attack("nothing", 2, options(1 << 20), EXTENSIONS, HostilePeer::drain);
    nothing.isAtLeast(0);
    LiveHeap.bytes();
  }

  /** One that is full of what can never be complete is ended, and gives all back. */
  private static boolean hasRoom(HostilePeer peer) {
    return peer.association.statistics().receiveWindowBytes() > 600;
  }

  private static Growth attack(
      String name,
      int associations,
      AssociationOptions options,
      List<Parameter> extensions,
      Consumer<HostilePeer> attack) {
    if (associations > 1) {
      // Once before: what the first run of an attack leaves in the JVM for good is not its growth.
      attack.accept(HostilePeer.established(options, extensions));
    }
    Growth growth = measure(name, associations, options, extensions, attack);
    for (int again = 0; again < 2 && !growth.agrees(); again++) {
      // Something else in this JVM grew or shrank meanwhile; what is the attack's comes again.
      growth = measure(name, associations, options, extensions, attack);
    }
    return growth;
  }

  private static Growth measure(
      String name,
      int associations,
      AssociationOptions options,
      List<Parameter> extensions,
      Consumer<HostilePeer> attack) {
    var peers = new ArrayList<HostilePeer>();
    for (int i = 0; i < associations; i++) {
      peers.add(HostilePeer.established(options, extensions));
    }
    long accountedBefore = accounted(peers);
    long heapBefore = LiveHeap.bytes();
    peers.forEach(attack);
    long heap = LiveHeap.bytes() - heapBefore;
    long accounted = accounted(peers) - accountedBefore;
    return new Growth(name, associations, heap / associations, accounted / associations);
  }

  private static long accounted(List<HostilePeer> peers) {
    return peers.stream().mapToLong(peer -> peer.association.memoryBytes()).sum();
  }

  @ParameterizedTest
  @ValueSource(ints = {256 << 10, 5 << 20})
  void oneByteOnEveryOtherTsn(int windowBytes) {
    Growth growth =
        attack(
            "oneByteOnEveryOtherTsn-" + windowBytes,
            3,
            options(windowBytes),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 32_000; i++) {
                peer.send(data(TSN + 1 + 2 * i, i % 100, 1 + i / 100, B | E, 1));
                if (i % 100 == 0) {
                  peer.drainPackets();
                }
              }
            });

    growth.isAtLeast(200_000).isWithin(windowBytes + RECEIVER_TABLES);
  }

  @Test
  void oneByteOnEveryOtherTsnWithIData() {
    int window = 512 << 10;
    Growth growth =
        attack(
            "oneByteOnEveryOtherTsnWithIData",
            3,
            options(window),
            WITH_I_DATA,
            peer -> {
              for (int i = 0; i < 20_000; i++) {
                // The second fragment of ever new messages: nothing can be put together.
                peer.send(iData(TSN + 1 + 2 * i, i % 100, i / 100, 1 + i % 2, 0, 1));
              }
              peer.drainPackets();
            });

    growth.isAtLeast(window * 8L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @Test
  void beginningsOfMessagesOnAllStreams() {
    int window = 1 << 20;
    Growth growth =
        attack(
            "beginningsOfMessagesOnAllStreams",
            3,
            options(window),
            EXTENSIONS,
            peer -> {
              for (int stream = 0; stream < 65_535; stream++) {
                peer.send(data(TSN + 1 + 2 * stream, stream, 0, B, 10));
              }
              peer.drainPackets();
            });

    growth.isAtLeast(window * 8L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @ParameterizedTest
  @ValueSource(ints = {1 << 20, 32 << 20})
  void beginningsOfMessagesOnAllStreamsWithIData(int windowBytes) {
    Growth growth =
        attack(
            "beginningsOfMessagesOnAllStreamsWithIData-" + windowBytes,
            windowBytes > 1 << 20 ? 1 : 3,
            options(windowBytes),
            WITH_I_DATA,
            peer -> {
              for (int stream = 0; hasRoom(peer) && stream < 65_535; stream++) {
                peer.send(iData(TSN + stream, stream, 0, 0, B, 1));
              }
            });

    growth
        .isAtLeast(Math.min(windowBytes * 9L / 10, 19_000_000))
        .isWithin(windowBytes + RECEIVER_TABLES);
  }

  @Test
  void beginningsOfManyMessagesOnOneStreamWithIData() {
    int window = 1 << 20;
    Growth growth =
        attack(
            "beginningsOfManyMessagesOnOneStreamWithIData",
            3,
            options(window),
            WITH_I_DATA,
            peer -> {
              for (int mid = 0; hasRoom(peer) && mid < 65_535; mid++) {
                peer.send(iData(TSN + mid, 7, mid, 0, B | (mid % 2 == 0 ? U : 0), 1));
              }
            });

    growth.isAtLeast(window * 9L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 1000})
  void messagesThatNobodyReads(int bytes) {
    int window = 1 << 20;
    Growth growth =
        attack(
            "messagesThatNobodyReads-" + bytes,
            3,
            options(window),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 30_000; i++) {
                peer.send(data(TSN + i, 0, 0, B | E | U, bytes));
              }
            });

    growth.isAtLeast(window * 9L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @Test
  void orderedMessagesThatNeverGetTheirTurnOnAllStreams() {
    int window = 14 << 20;
    Growth growth =
        attack(
            "orderedMessagesThatNeverGetTheirTurnOnAllStreams",
            3,
            options(window),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 65_535; i++) {
                peer.send(data(TSN + i, i, 1, B | E, 1));
              }
            });

    growth.isAtLeast(12_000_000).isWithin(window + RECEIVER_TABLES);
  }

  @Test
  void fragmentsOfOneByte() {
    int window = 1 << 20;
    Growth growth =
        attack(
            "fragmentsOfOneByte",
            3,
            options(window),
            EXTENSIONS,
            peer -> {
              for (int i = 0; hasRoom(peer) && i < 60_000; i++) {
                peer.send(data(TSN + i, 0, 0, i == 0 ? B : 0, 1));
              }
            });

    growth.isAtLeast(window * 9L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @Test
  void aPeerThatIgnoresTheWindow() {
    int window = 256 << 10;
    Growth growth =
        attack(
            "aPeerThatIgnoresTheWindow",
            4,
            options(window),
            EXTENSIONS,
            peer -> {
              int sent = 0;
              while (peer.isEstablished()) {
                peer.send(data(TSN + sent, 0, sent, B | E, 1000));
                sent++;
                peer.drainPackets();
              }
              // A window's worth was taken, another one was refused, and that was enough.
              assertThat(sent).isBetween(480, 530);
            });

    growth.isAtLeast(window * 9L / 10).isWithin(window + RECEIVER_TABLES);
  }

  @Test
  void numbersOfAllStreams() {
    Growth growth =
        attack(
            "numbersOfAllStreams",
            4,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int stream = 0; stream < 65_535; stream++) {
                peer.send(data(TSN + stream, stream, 0, B | E, 1));
                peer.drainEvents();
                peer.association.consumed(0, 1, 1);
              }
              peer.drainPackets();
            });

    growth.isAtLeast(500_000).isWithin((64 << 10) + RECEIVER_TABLES);
  }

  @Test
  void skipsOfAllStreams() {
    Growth growth =
        attack(
            "skipsOfAllStreams",
            4,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 300; i++) {
                int first = i * 256;
                peer.send(
                    new ForwardTsnChunk(
                        TSN + i * 60_000,
                        IntStream.range(first, first + 256)
                            .mapToObj(s -> new ForwardTsnChunk.SkippedStream(s & 0xffff, 7))
                            .toList()));
              }
              peer.drainPackets();
            });

    growth.isAtLeast(500_000).isWithin((64 << 10) + RECEIVER_TABLES);
  }

  @Test
  void skipsOfAllStreamsWithIData() {
    Growth growth =
        attack(
            "skipsOfAllStreamsWithIData",
            4,
            options(64 << 10),
            WITH_I_DATA,
            peer -> {
              for (int i = 0; i < 600; i++) {
                int first = i * 128;
                peer.send(
                    new IForwardTsnChunk(
                        TSN + i * 60_000,
                        IntStream.range(first, first + 128)
                            .mapToObj(
                                s ->
                                    new IForwardTsnChunk.SkippedStream(
                                        s & 0xffff, Order.ORDERED, 1 << 30))
                            .toList()));
              }
              peer.drainPackets();
            });

    growth.isAtLeast(500_000).isWithin((64 << 10) + RECEIVER_TABLES);
  }

  @Test
  void gapAckBlocksBeyondWhatWasSent() {
    attack(
            "gapAckBlocksBeyondWhatWasSent",
            20,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              peer.userSends(0, 3000);
              peer.drainPackets();
              for (int i = 0; i < 1000; i++) {
                peer.send(peer.sack(0, 2, 65_535));
                peer.send(peer.sack(1, 65_535, 65_535));
              }
            })
        .isWithin(3000 + SENDER_TABLES);
  }

  @Test
  void chunksOfLengthZero() {
    attack(
            "chunksOfLengthZero",
            20,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 1000; i++) {
                peer.deliver(peer.seal(new byte[1000], peer.tag));
              }
            })
        .isWithin(SENDER_TABLES);
  }

  @Test
  void parametersOfLengthZero() {
    attack(
            "parametersOfLengthZero",
            20,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int type : new int[] {1, 2, 4, 5, 6, 9, 0x82}) {
                for (int i = 0; i < 200; i++) {
                  // A chunk of that type whose value is zeros: parameters or causes of length 0.
                  byte[] packet = new byte[12 + 400];
                  packet[12] = (byte) type;
                  packet[14] = 1;
                  packet[15] = (byte) 0x90;
                  peer.deliver(peer.seal(packet, type == 1 ? 0 : peer.tag));
                }
              }
            })
        .isWithin(SENDER_TABLES);
  }

  @Test
  void aMillionRequestsToResetStreams() {
    // One association is enough: it stays small, or it would be large.
    attack(
            "aMillionRequestsToResetStreams",
            1,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 1_000_000; i++) {
                peer.send(
                    new ReconfigChunk(
                        List.of(new OutgoingReset(TSN + i, 0, TSN - 1, List.of(i % 65_535)))));
                if (i % 100 == 0) {
                  peer.drain();
                }
              }
            })
        .isWithin(SENDER_TABLES);
  }

  @Test
  void requestsToResetStreamsWhoseAnswersAndEventsNobodyTakes() {
    List<Integer> streams = IntStream.range(0, 500).boxed().toList();
    attack(
            "requestsToResetStreamsWhoseAnswersAndEventsNobodyTakes",
            4,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 2000; i++) {
                peer.send(
                    new ReconfigChunk(List.of(new OutgoingReset(TSN + i, 0, TSN - 1, streams))));
              }
            })
        .isWithin((1 << 20) / 4);
  }

  @Test
  void otherRequestsWithoutEnd() {
    attack(
            "otherRequestsWithoutEnd",
            20,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              peer.userSends(3, 10);
              peer.drainPackets();
              for (int i = 0; i < 2_000; i++) {
                peer.send(
                    new ReconfigChunk(
                        List.of(
                            i % 2 == 0
                                ? new IncomingReset(TSN + i, List.of())
                                : new AddStreams(AddStreams.Direction.INCOMING, TSN + i, 1))));
              }
            })
        .isWithin(SENDER_TABLES);
  }

  @Test
  void askingForAnswersThatNobodyTakes() {
    Chunk unknown = new UnknownChunk(0xfe, 0, Octets.copyOf(new byte[1000]));
    attack(
            "askingForAnswersThatNobodyTakes",
            20,
            options(64 << 10),
            EXTENSIONS,
            peer -> {
              for (int i = 0; i < 2000; i++) {
                peer.send(new HeartbeatChunk(Octets.copyOf(new byte[500])), unknown);
                peer.deliver(
                    peer.packet(0, new InitChunk(HostilePeer.initBody(i + 1, WITH_I_DATA))));
                peer.deliver(peer.lastCookieEcho);
                peer.send(data(TSN, 65_535, 0, B | E, 1));
              }
            })
        .isAtLeast(30_000)
        .isWithin(64 * (512 + 128) + 64 * 512 + 4096);
  }

  @Test
  void optimisticSacks() {
    // All that is sent is acknowledged at once, so the window grows as fast as it can.
    AssociationOptions options = options(64 << 10);
    attack(
            "optimisticSacks",
            6,
            options,
            EXTENSIONS,
            peer -> {
              int acknowledged = 0;
              for (int round = 0; round < 100; round++) {
                while (peer.userSends(round % 10, 1000) == SendResult.ACCEPTED) {
                  // As much as the buffer takes.
                }
                peer.nowNanos += 1_000_000;
                peer.drain();
                for (int ahead = 2000; ahead > 0; ahead -= 400) {
                  peer.send(peer.sack(acknowledged + ahead));
                }
                long sent = peer.association.statistics().dataChunksSent();
                acknowledged = (int) sent;
                peer.send(peer.sack(acknowledged));
              }
              while (peer.userSends(0, 1000) == SendResult.ACCEPTED) {
                // From now on nothing is acknowledged any more.
              }
              peer.drain();
            })
        .isAtLeast(900_000)
        .isWithin(options.sendBufferBytes() + 2048 * 128 + 10 * 256);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 5000})
  void aPeerThatNeverAcknowledges(int bytes) {
    AssociationOptions options = options(64 << 10);
    attack(
            "aPeerThatNeverAcknowledges-" + bytes,
            3,
            options,
            EXTENSIONS,
            peer -> {
              int messages = 0;
              while (peer.userSends(messages % 7, bytes) == SendResult.ACCEPTED) {
                messages++;
              }
              peer.drain();
              for (int i = 0; i < 5; i++) {
                peer.nowNanos = peer.association.nextDeadlineNanos();
                peer.association.advanceTo(peer.nowNanos);
                peer.drain();
              }
            })
        .isAtLeast(1_000_000)
        .isWithin(options.sendBufferBytes() + SENDER_TABLES);
  }

  @Test
  void gapAckBlocksOfHalfOfWhatIsOutstanding() {
    AssociationOptions options =
        options(64 << 10).toBuilder()
            .sendBufferBytes(8 << 20)
            .streamSendBufferBytes(8 << 20)
            .congestionAlgorithm(CongestionAlgorithm.CUBIC)
            .build();
    attack(
            "gapAckBlocksOfHalfOfWhatIsOutstanding",
            3,
            options,
            EXTENSIONS,
            peer -> {
              int acknowledged = 0;
              for (int round = 0; round < 40; round++) {
                while (peer.userSends(0, 16) == SendResult.ACCEPTED) {
                  // As much as the buffer takes.
                }
                peer.nowNanos += 1_000_000;
                peer.drain();
                int sent = (int) peer.association.statistics().dataChunksSent();
                if (round < 39) {
                  acknowledged = sent;
                  peer.send(peer.sack(acknowledged));
                }
              }
              int outstanding = (int) peer.association.statistics().dataChunksSent() - acknowledged;
              int[] gaps = new int[2 * Math.min(outstanding / 2, 15_000)];
              for (int i = 0; i < gaps.length; i++) {
                gaps[i] = 2 + (i / 2) * 2;
              }
              SackChunk sack = peer.sack(acknowledged, gaps);
              peer.send(sack);
              assertThat(outstanding).isGreaterThan(5_000);
            })
        .isAtLeast(8_000_000)
        .isWithin(options.memoryLimitBytes());
  }
}
