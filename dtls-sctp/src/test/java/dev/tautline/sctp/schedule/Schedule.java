package dev.tautline.sctp.schedule;

import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * All that happens in one run, drawn from a seed: the path, both sides' options, what each side's
 * application does and when, and how the association ends.
 */
final class Schedule {
  /** From this loss on only the settings for data channels carry through. */
  private static final double HEAVY_LOSS = 0.2;

  private static final double HIGHEST_LOSS = 0.4;
  private static final int DEEPEST_REORDERING = 50;
  private static final double DUPLICATION = 0.1;
  private static final double BIT_FLIPS = 0.01;
  private static final int SHORTEST_SMALL_WINDOW = 24_000;
  private static final int TYPICAL_PACKET_BYTES = 1200;

  /** How the association ends. */
  enum End {
    /** By shutdown, after everything has arrived. */
    SHUTDOWN_WHEN_DONE,
    /** By shutdown at some moment, whatever is under way. */
    SHUTDOWN_MIDWAY,
    /** By abort at some moment. */
    ABORT_MIDWAY
  }

  /** Who ends it. */
  enum Ender {
    A,
    Z,
    BOTH
  }

  /** What an application does at a moment. */
  sealed interface Act {
    long atNanos();

    /** Sends a message; {@code number} counts the messages of its side and is its PPID. */
    record Send(long atNanos, int number, int streamId, int bytes, SendOptions how)
        implements Act {}

    /** Resets a stream. */
    record Reset(long atNanos, int streamId) implements Act {}

    /** Gives a stream another priority. */
    record Prioritise(long atNanos, int streamId, int priority) implements Act {}
  }

  /** One side: its options, its acts in the order of time, how slowly it reads. */
  record Side(AssociationOptions options, List<Act> acts, long readDelayNanos) {}

  final long seed;
  final double loss;
  final long oneWayNanos;
  final long jitterNanos;
  final long bitsPerSecond;
  final long queueBytes;
  final double reordering;
  final int reorderingDepth;
  final double duplication;
  final double bitFlips;
  final boolean bothConnect;
  final long outageFromNanos;
  final long outageNanos;
  final long pathChangeNanos;
  final Side a;
  final Side z;
  final End end;
  final Ender ender;
  final long endNanos;

  private Schedule(long seed) {
    this.seed = seed;
    var random = new SplittableRandom(seed * 0x9e37_79b9_7f4a_7c15L);
    loss = random.nextInt(8) == 0 ? 0 : random.nextDouble() * HIGHEST_LOSS;
    oneWayNanos = millis(random.nextInt(150));
    jitterNanos = random.nextBoolean() ? 0 : millis(random.nextInt(20));
    bitsPerSecond = Math.round(500_000 * Math.pow(200, random.nextDouble()));
    queueBytes = 64_000 + random.nextInt(1_000_000);
    reordering = random.nextInt(4) == 0 ? 0 : random.nextDouble() * 0.3;
    reorderingDepth = 1 + random.nextInt(DEEPEST_REORDERING);
    duplication = DUPLICATION;
    bitFlips = BIT_FLIPS;
    bothConnect = random.nextBoolean();
    boolean disturbed = loss < HEAVY_LOSS && random.nextInt(6) == 0;
    outageFromNanos = millis(random.nextInt(5_000));
    outageNanos = disturbed ? millis(200 + random.nextInt(2_500)) : 0;
    pathChangeNanos = disturbed && random.nextBoolean() ? millis(random.nextInt(5_000)) : -1;

    boolean dataChannels = loss >= HEAVY_LOSS || random.nextBoolean();
    boolean interleaving = random.nextBoolean();
    boolean partial = random.nextInt(8) != 0;
    AssociationOptions.Builder settings =
        (dataChannels ? AssociationOptions.forDataChannels() : AssociationOptions.rfc())
            .toBuilder()
                .interleaving(interleaving)
                .partialReliability(partial)
                .maxPacketBytes(new int[] {508, 1188, 1188, 1188, 1200, 1452}[random.nextInt(6)]);
    if (loss >= HEAVY_LOSS) {
      // The limit of 30 s is for paths that died: at 40 % all INITs of 30 s are lost in one
      // handshake
      // of 200.
      settings.noAcknowledgementLimit(Optional.of(Duration.ofMinutes(3)));
    }
    AssociationOptions common = settings.build();
    a = drawSide(random, common);
    z = drawSide(random, common);

    int kind = random.nextInt(10);
    end = kind < 6 ? End.SHUTDOWN_WHEN_DONE : kind < 8 ? End.SHUTDOWN_MIDWAY : End.ABORT_MIDWAY;
    ender = Ender.values()[random.nextInt(3)];
    endNanos = millis(random.nextInt(random.nextBoolean() ? 1_000 : 10_000));
  }

  static Schedule of(long seed) {
    return new Schedule(seed);
  }

  private Side drawSide(SplittableRandom random, AssociationOptions common) {
    AssociationOptions.Builder options =
        common.toBuilder()
            .congestionAlgorithm(CongestionAlgorithm.values()[random.nextInt(3)])
            .zeroChecksum(random.nextBoolean());
    // Now and then the two do not agree.
    if (random.nextInt(10) == 0) {
      options.interleaving(!common.interleaving());
    }
    int streams = 1 + random.nextInt(8);
    int largest = random.nextInt(4) == 0 ? 200_000 : 65_536;
    if (loss >= HEAVY_LOSS) {
      largest = 65_536;
    }
    // Heavy loss leaves a packet or two a second.
    int budget = (int) (20_000 + 180_000 * Math.pow(1 - loss / HIGHEST_LOSS, 2));
    List<Act> acts = drawActs(random, streams, budget, largest);
    int longest = 0;
    for (Act act : acts) {
      longest = act instanceof Act.Send send ? Math.max(longest, send.bytes()) : longest;
    }
    if (random.nextInt(4) == 0) {
      options.sendBufferBytes(longest + 4_000L + random.nextInt(40_000));
      options.streamSendBufferBytes(longest + 1_000L + random.nextInt(20_000));
    }
    if (random.nextInt(4) == 0) {
      // Room for a message of each stream at once, as I-DATA may have them all half complete, and
      // for as much again in what fragments cost besides.
      options.receiveWindowBytes(
          SHORTEST_SMALL_WINDOW + 2L * 8 * largest + random.nextInt(100_000));
    }
    long readDelay = 0;
    if (random.nextInt(4) == 0) {
      options.manualWindow();
      readDelay = millis(random.nextInt(400));
    }
    return new Side(options.build(), acts, readDelay);
  }

  private List<Act> drawActs(SplittableRandom random, int streams, int budget, int largest) {
    int[] ids = new int[streams];
    for (int i = 0; i < streams; i++) {
      ids[i] = random.nextInt(8) == 0 ? random.nextInt(65_535) : i;
    }
    boolean allAtOnce = random.nextBoolean();
    int span = random.nextInt(8_000) + 1;
    boolean mixed = random.nextInt(3) != 0;
    int messages = random.nextInt(60);
    var times = new ArrayList<Long>();
    for (int i = 0; i < messages; i++) {
      times.add(allAtOnce ? 0 : millis(random.nextInt(span)));
    }
    times.sort(Comparator.naturalOrder());
    var acts = new ArrayList<Act>();
    int left = budget;
    for (int i = 0; i < messages && left > 0; i++) {
      int bytes = Math.min(drawSize(random, largest), left);
      left -= bytes;
      SendOptions how = mixed ? drawOptions(random) : SendOptions.RELIABLE_ORDERED;
      long at = times.get(i);
      acts.add(new Act.Send(at, i, ids[random.nextInt(streams)], bytes, how));
      if (random.nextInt(12) == 0) {
        acts.add(new Act.Reset(at, ids[random.nextInt(streams)]));
      }
      if (random.nextInt(12) == 0) {
        acts.add(new Act.Prioritise(at, ids[random.nextInt(streams)], 1 + random.nextInt(65_535)));
      }
    }
    return acts;
  }

  private static int drawSize(SplittableRandom random, int largest) {
    int kind = random.nextInt(20);
    if (kind < 8) {
      return 1 + random.nextInt(100);
    }
    if (kind < 16) {
      return 1 + random.nextInt(4_000);
    }
    if (kind < 19) {
      return 4_000 + random.nextInt(60_000);
    }
    return largest - random.nextInt(8);
  }

  private static SendOptions drawOptions(SplittableRandom random) {
    Ordering ordering = random.nextInt(3) == 0 ? Ordering.UNORDERED : Ordering.ORDERED;
    Reliability reliability =
        switch (random.nextInt(4)) {
          case 0 -> new Reliability.MaxRetransmits(random.nextInt(3));
          case 1 -> new Reliability.MaxLifetime(millis(random.nextInt(1_000)));
          default -> new Reliability.Reliable();
        };
    return new SendOptions(ordering, reliability);
  }

  /** Whether a packet's damage is found below SCTP: where one side takes packets unchecked. */
  Sealed.Below below() {
    return a.options.zeroChecksum() || z.options.zeroChecksum()
        ? Sealed.Below.SEALED
        : Sealed.Below.BARE;
  }

  /** How long a packet is held back to be overtaken by so many that follow it back to back. */
  Duration heldBack() {
    return Duration.ofNanos(
        TYPICAL_PACKET_BYTES * 8L * 1_000_000_000L / bitsPerSecond * reorderingDepth);
  }

  /** Whether messages may be given up. */
  boolean isPartiallyReliable() {
    return a.options.partialReliability() && z.options.partialReliability();
  }

  private static long millis(int value) {
    return value * 1_000_000L;
  }

  private static String describe(Side side) {
    AssociationOptions o = side.options;
    return (o.maxRetransmits() == AssociationOptions.UNLIMITED ? "data channels" : "rfc")
        + ", "
        + o.congestionAlgorithm()
        + (o.interleaving() ? ", I-DATA" : "")
        + (o.zeroChecksum() ? ", zero checksum" : "")
        + (o.partialReliability() ? ", partial reliability" : "")
        + ", packets of "
        + o.maxPacketBytes()
        + ", window "
        + o.receiveWindowBytes()
        + " "
        + o.windowMode()
        + " read after "
        + side.readDelayNanos / 1_000_000
        + " ms, send buffer "
        + o.sendBufferBytes()
        + "/"
        + o.streamSendBufferBytes()
        + ", "
        + side.acts.size()
        + " acts";
  }

  @Override
  public String toString() {
    return "schedule "
        + seed
        + "\nA: "
        + describe(a)
        + "\nZ: "
        + describe(z)
        + "\nreordering by up to "
        + reorderingDepth
        + " packets, outage of "
        + outageNanos / 1_000_000
        + " ms, path change at "
        + (pathChangeNanos < 0 ? "no time" : pathChangeNanos / 1_000_000 + " ms")
        + (bothConnect ? ", both connect" : ", A connects")
        + ", ends with "
        + end
        + " by "
        + ender
        + (end == End.SHUTDOWN_WHEN_DONE ? "" : " at " + endNanos / 1_000_000 + " ms");
  }
}
