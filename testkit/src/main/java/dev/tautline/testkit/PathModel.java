package dev.tautline.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One direction of a path: its settings, and what it does with a packet. Knows neither sockets nor
 * a clock; the simulated network and the UDP link both ask it.
 *
 * <p>Thread rule: used by one thread at a time.
 */
final class PathModel {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** How many bytes of a damaged packet change at most, side by side: CRC32c finds all such. */
  private static final int MAX_DAMAGED_BYTES = 4;

  /** A copy comes this much later at most. */
  private static final long MAX_COPY_DELAY_NANOS = 1_000_000;

  /** One span of time in which nothing passes. */
  private record Outage(long fromNanos, long toNanos) {}

  private final RandomGenerator random;

  long delayNanos;
  long jitterNanos;
  double loss;
  double burstEnter;
  double burstLeave = 1;
  double reorder;
  long reorderNanos;
  double duplicate;
  double corrupt;
  long bitsPerSecond;
  long queueBytes;
  int mtuBytes = Integer.MAX_VALUE;
  boolean cut;
  private final List<Outage> outages = new ArrayList<>();

  private boolean inBurst;
  private long linkFreeAtNanos = Long.MIN_VALUE;
  private long lastArrivalNanos = Long.MIN_VALUE;
  private long maxQueuedBytes;

  private long sentPackets;
  private long sentBytes;
  private long arrivedPackets;
  private long arrivedBytes;
  private final long[] fates = new long[Fate.values().length];
  private final long[] sizes = new long[65_536];

  PathModel(RandomGenerator random) {
    this.random = random;
  }

  void addOutage(long fromNanos, long toNanos) {
    outages.add(new Outage(fromNanos, toNanos));
  }

  /** What becomes of a packet: its fate, and when it and its copy arrive. */
  record Passage(Fate fate, long arrivalNanos, long copyArrivalNanos) {
    /** There is no such arrival. */
    static final long NEVER = Long.MAX_VALUE;

    static Passage ends(Fate fate) {
      return new Passage(fate, NEVER, NEVER);
    }
  }

  /** Counts a packet that was sent, whatever becomes of it. */
  void countSent(int length) {
    sentPackets++;
    sentBytes += length;
    sizes[Math.min(length, sizes.length - 1)]++;
  }

  /** Counts what became of a packet. */
  void countFate(Fate fate) {
    fates[fate.ordinal()]++;
  }

  /** Counts one copy that reached the other end. */
  void countArrival(int length) {
    arrivedPackets++;
    arrivedBytes += length;
  }

  /** Decides on a packet sent at {@code nowNanos}; bytes are damaged in place. */
  Passage pass(long nowNanos, byte[] bytes, long extraDelayNanos) {
    if (bytes.length > mtuBytes) {
      return Passage.ends(Fate.TOO_BIG);
    }
    if (cut || isOut(nowNanos)) {
      return Passage.ends(Fate.OUTAGE);
    }
    long leftQueueNanos = nowNanos;
    if (bitsPerSecond > 0) {
      long start = Math.max(nowNanos, linkFreeAtNanos);
      long queued = queuedBytes(nowNanos);
      if (queued + bytes.length > queueBytes) {
        return Passage.ends(Fate.QUEUE_FULL);
      }
      maxQueuedBytes = Math.max(maxQueuedBytes, queued + bytes.length);
      linkFreeAtNanos = start + bytes.length * 8L * NANOS_PER_SECOND / bitsPerSecond;
      leftQueueNanos = linkFreeAtNanos;
    }
    if (burstEnter > 0) {
      inBurst = inBurst ? random.nextDouble() >= burstLeave : random.nextDouble() < burstEnter;
      if (inBurst) {
        return Passage.ends(Fate.LOST_IN_BURST);
      }
    }
    if (happens(loss)) {
      return Passage.ends(Fate.LOST);
    }
    Fate fate = Fate.DELIVERED;
    if (happens(corrupt) && bytes.length > 0) {
      damage(bytes);
      fate = Fate.CORRUPTED;
    }
    long arrival = leftQueueNanos + delayNanos + extraDelayNanos;
    if (jitterNanos > 0) {
      arrival += random.nextLong(jitterNanos + 1);
    }
    if (happens(reorder)) {
      // Held back, and not counted as the last arrival: what is sent later overtakes it.
      arrival += reorderNanos;
      fate = Fate.REORDERED;
    } else if (extraDelayNanos == 0) {
      // Jitter alone keeps the order, as a queue does: reordering is a setting of its own.
      arrival = Math.max(arrival, lastArrivalNanos);
      lastArrivalNanos = arrival;
    }
    long copyArrival = Passage.NEVER;
    if (happens(duplicate)) {
      copyArrival = arrival + random.nextLong(MAX_COPY_DELAY_NANOS);
      fate = Fate.DUPLICATED;
    }
    return new Passage(fate, arrival, copyArrival);
  }

  long queuedBytes(long nowNanos) {
    if (bitsPerSecond <= 0 || linkFreeAtNanos <= nowNanos) {
      return 0;
    }
    // Rounded: the bytes of a packet half sent count half.
    return Math.round((double) (linkFreeAtNanos - nowNanos) * bitsPerSecond / 8 / NANOS_PER_SECOND);
  }

  LinkStatistics statistics() {
    return new LinkStatistics(
        sentPackets,
        sentBytes,
        arrivedPackets,
        arrivedBytes,
        maxQueuedBytes,
        LinkStatistics.byFate(fates));
  }

  long sentOver(int bytes) {
    int from = Math.min(Math.max(bytes + 1, 0), sizes.length);
    return Arrays.stream(sizes, from, sizes.length).sum();
  }

  private boolean happens(double probability) {
    // The generator is asked only when the setting is on, so that tests read simply; turning a
    // setting on therefore changes the rest of the run.
    return probability > 0 && random.nextDouble() < probability;
  }

  private boolean isOut(long nowNanos) {
    for (Outage outage : outages) {
      if (nowNanos >= outage.fromNanos() && nowNanos < outage.toNanos()) {
        return true;
      }
    }
    return false;
  }

  private void damage(byte[] bytes) {
    int count = Math.min(bytes.length, 1 + random.nextInt(MAX_DAMAGED_BYTES));
    int from = random.nextInt(bytes.length - count + 1);
    for (int i = from; i < from + count; i++) {
      bytes[i] ^= (byte) (1 + random.nextInt(255));
    }
  }

  /** The settings in words, for a trace. */
  String describe() {
    var text = new StringBuilder();
    text.append("delay ").append(millis(delayNanos));
    if (jitterNanos > 0) {
      text.append(", jitter ").append(millis(jitterNanos));
    }
    append(text, "loss", loss);
    if (burstEnter > 0) {
      text.append(", bursts enter ").append(burstEnter).append(" leave ").append(burstLeave);
    }
    append(text, "reorder", reorder);
    append(text, "duplicate", duplicate);
    append(text, "corrupt", corrupt);
    if (bitsPerSecond > 0) {
      text.append(", ").append(bitsPerSecond).append(" bit/s with a queue of ");
      text.append(queueBytes).append(" bytes");
    }
    if (mtuBytes != Integer.MAX_VALUE) {
      text.append(", mtu ").append(mtuBytes);
    }
    for (Outage outage : outages) {
      text.append(", out from ").append(millis(outage.fromNanos()));
      text.append(" to ").append(millis(outage.toNanos()));
    }
    if (cut) {
      text.append(", cut");
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String name, double probability) {
    if (probability > 0) {
      text.append(", ").append(name).append(' ').append(probability);
    }
  }

  private static String millis(long nanos) {
    return nanos / 1_000_000.0 + " ms";
  }
}
