package dev.tautline.testkit;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The settings of a path, for both directions at once or for one. Each method changes one setting
 * from now on, also while the network runs, and returns the object it was called on. Without any
 * setting a packet arrives at once, unchanged and in order.
 *
 * <p>A packet meets the settings in this order: rules of the test, MTU, outage, bottleneck, burst
 * loss, loss, corruption, delay and jitter, reordering, duplication.
 *
 * @param <S> the type of the object itself
 */
public abstract sealed class Conditions<S extends Conditions<S>>
    permits SimulatedNetwork, UdpLink, OneWay {
  Conditions() {}

  abstract void apply(Consumer<PathModel> change);

  abstract S self();

  /** How long each packet is under way; half of the round-trip time when set for both ways. */
  public final S oneWayDelay(Duration delay) {
    long nanos = nonNegative(delay);
    return change(path -> path.delayNanos = nanos);
  }

  /** A further delay drawn evenly from 0 to {@code jitter} for each packet; keeps the order. */
  public final S jitter(Duration jitter) {
    long nanos = nonNegative(jitter);
    return change(path -> path.jitterNanos = nanos);
  }

  /**
   * Loses each packet on its own with this probability.
   *
   * @param probability from 0 to 1
   */
  public final S loss(double probability) {
    double checked = probability(probability);
    return change(path -> path.loss = checked);
  }

  /**
   * Loses packets in bursts (Gilbert's model): everything is lost while a burst lasts, nothing
   * between bursts. On average {@code enter / (enter + leave)} of the packets are lost, in bursts
   * of {@code 1 / leave} packets.
   *
   * @param enter the probability with which a packet begins a burst, from 0 (no bursts) to 1
   * @param leave the probability with which a packet ends it, above 0 and up to 1
   */
  public final S burstLoss(double enter, double leave) {
    double checkedEnter = probability(enter);
    double checkedLeave = probability(leave);
    if (checkedLeave == 0) {
      throw new IllegalArgumentException("leave is 0: the first burst would never end, use cut()");
    }
    return change(
        path -> {
          path.burstEnter = checkedEnter;
          path.burstLeave = checkedLeave;
        });
  }

  /**
   * Holds packets back, so that those sent after them overtake.
   *
   * @param probability of a packet to be held back, from 0 to 1
   * @param heldBack how much later than else it arrives
   */
  public final S reorder(double probability, Duration heldBack) {
    double checked = probability(probability);
    long nanos = nonNegative(heldBack);
    return change(
        path -> {
          path.reorder = checked;
          path.reorderNanos = nanos;
        });
  }

  /**
   * Delivers packets twice, the second copy up to a millisecond after the first.
   *
   * @param probability from 0 to 1
   */
  public final S duplicate(double probability) {
    double checked = probability(probability);
    return change(path -> path.duplicate = checked);
  }

  /**
   * Changes 1 to 4 neighbouring bytes of packets, damage that a CRC of 32 bits always finds.
   *
   * @param probability from 0 to 1
   */
  public final S corrupt(double probability) {
    double checked = probability(probability);
    return change(path -> path.corrupt = checked);
  }

  /**
   * Sends packets one after the other at this rate, with a queue in front that drops what does not
   * fit (tail drop). The packet being sent counts as queued.
   *
   * @param bitsPerSecond of the packets without UDP and IP headers; 0 takes the bottleneck away
   * @param queueBytes what fits into the queue; at least one packet, else nothing ever passes
   */
  public final S bottleneck(long bitsPerSecond, long queueBytes) {
    if (bitsPerSecond < 0 || queueBytes < 0) {
      throw new IllegalArgumentException(
          "bottleneck of " + bitsPerSecond + " bit/s, " + queueBytes + " bytes is negative");
    }
    return change(
        path -> {
          path.bitsPerSecond = bitsPerSecond;
          path.queueBytes = queueBytes;
        });
  }

  /**
   * Drops longer packets without telling anybody.
   *
   * @param bytes the longest packet that passes, without UDP and IP headers
   */
  public final S mtu(int bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("mtu " + bytes + " is not positive");
    }
    return change(path -> path.mtuBytes = bytes);
  }

  /**
   * Drops everything that is sent in a span of time. What is under way when it begins arrives.
   *
   * @param from since the network's start
   * @param to since the network's start; the first moment at which packets pass again
   */
  public final S outage(Duration from, Duration to) {
    long fromNanos = nonNegative(from);
    long toNanos = nonNegative(to);
    if (toNanos < fromNanos) {
      throw new IllegalArgumentException("outage ends at " + to + ", before it begins at " + from);
    }
    return change(path -> path.addOutage(fromNanos, toNanos));
  }

  /** Drops everything from now on, until {@link #restore()}. */
  public final S cut() {
    return change(path -> path.cut = true);
  }

  /** Ends what {@link #cut()} began. */
  public final S restore() {
    return change(path -> path.cut = false);
  }

  private S change(Consumer<PathModel> change) {
    apply(change);
    return self();
  }

  private static double probability(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("probability " + value + " is not within 0 to 1");
    }
    return value;
  }

  static long nonNegative(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration " + duration + " is negative");
    }
    return duration.toNanos();
  }
}
