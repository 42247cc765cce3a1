package dev.tautline.testkit;

import dev.tautline.base.ProtocolMachine;
import dev.tautline.base.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One end of a path: a protocol object, its clock, and the events it reported. Made by {@link
 * SimulatedNetwork#attach}.
 *
 * @param <M> the protocol object's type
 * @param <E> the type of its events
 */
public final class SimulatedPeer<M extends ProtocolMachine<E>, E> {
  private final SimulatedNetwork network;
  private final String name;
  private final Direction sends;
  private final RandomGenerator random;
  private final List<E> events = new ArrayList<>();
  private @Nullable Consumer<? super E> handler;
  private M core;
  private long epochNanos;
  private long stalledUntilNanos;
  private boolean stopped;

  SimulatedPeer(
      SimulatedNetwork network,
      String name,
      Direction sends,
      RandomGenerator random,
      Function<? super RandomGenerator, ? extends M> factory) {
    this.network = network;
    this.name = name;
    this.sends = sends;
    this.random = random;
    this.core = factory.apply(random);
    this.epochNanos = network.nowNanos();
  }

  /** The name it was attached with. */
  public String name() {
    return name;
  }

  /** The protocol object. After calls to it from the test, the next run drains its output. */
  public M core() {
    return core;
  }

  /** The direction of what it sends. */
  public Direction sends() {
    return sends;
  }

  /** The protocol object's time: nanoseconds since it was made. */
  public long nowNanos() {
    return network.nowNanos() - epochNanos;
  }

  /** All events so far in order, unless a handler takes them; a live view. */
  public List<E> events() {
    return Collections.unmodifiableList(events);
  }

  /** The events so far of one type, in order; a copy. */
  public <T> List<T> events(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Forgets the events so far. */
  public void clearEvents() {
    events.clear();
  }

  /**
   * Gives each further event to {@code handler} instead of collecting it: for long runs, and for
   * applications that answer. It may call the protocol object.
   */
  public SimulatedPeer<M, E> onEvent(Consumer<? super E> eventHandler) {
    handler = eventHandler;
    return this;
  }

  /**
   * Lets the process stand still: until then it gets neither packets nor time, and what arrived
   * meanwhile comes in one go.
   */
  public void stallFor(Duration duration) {
    stalledUntilNanos = network.nowNanos() + Conditions.nonNegative(duration);
    network.wakeAt(stalledUntilNanos);
  }

  /** Takes the process away for good, without a word to the peer, as a crash does. */
  public void stop() {
    stopped = true;
  }

  /** Whether {@link #stop()} was called, and no {@link #restart} since. */
  public boolean isStopped() {
    return stopped;
  }

  /**
   * Puts a new protocol object in the place of the old one, as when a process starts anew at the
   * same address. Its time starts at 0; events stay.
   */
  public void restart(Function<? super RandomGenerator, ? extends M> factory) {
    core = factory.apply(random);
    epochNanos = network.nowNanos();
    stopped = false;
    stalledUntilNanos = 0;
  }

  boolean isStalled() {
    return network.nowNanos() < stalledUntilNanos;
  }

  long stalledUntilNanos() {
    return stalledUntilNanos;
  }

  /** When it wants to be advanced, in the network's time. */
  long deadlineNanos() {
    long own = core.nextDeadlineNanos();
    if (stopped || own == Timer.NOT_RUNNING) {
      return Long.MAX_VALUE;
    }
    long absolute = own > Long.MAX_VALUE - epochNanos ? Long.MAX_VALUE : own + epochNanos;
    return Math.max(absolute, stalledUntilNanos);
  }

  /** Hands all waiting events on; returns whether there were any. */
  boolean drainEvents() {
    boolean any = false;
    for (E event = core.pollEvent(); event != null; event = core.pollEvent()) {
      any = true;
      Consumer<? super E> taker = handler;
      if (taker == null) {
        events.add(event);
      } else {
        taker.accept(event);
      }
    }
    return any;
  }

  @Override
  public String toString() {
    return name;
  }
}
