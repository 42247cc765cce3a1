package dev.tautline.testkit;

import dev.tautline.base.ProtocolMachine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A network in virtual time between protocol objects that do no I/O. Nothing waits: time jumps from
 * one packet or deadline to the next, so that minutes of a lossy path take milliseconds. The same
 * seed, settings and calls give the same run.
 *
 * <p>The first two peers that are attached talk to each other, so do the third and the fourth, and
 * so on. All pairs share the path: one bottleneck, one queue, one MTU each way.
 *
 * <p>Each input to a peer (a packet, a deadline, a call of the test before a run) is followed by
 * taking its events and sending its packets until there are none. A packet given to a peer lies
 * somewhere inside a larger array, which is overwritten when the call returns: a protocol object
 * that keeps a view instead of a copy reads garbage.
 *
 * <p>Thread rule: used by one thread.
 */
public final class SimulatedNetwork extends Conditions<SimulatedNetwork> {
  /** The longest packet a peer can send: what fits into a UDP datagram over IPv4. */
  public static final int MAX_PACKET_BYTES = 65_507;

  private static final int DEFAULT_TRACED_PACKETS = 2_000;

  /** More inputs or outputs at one moment than any real exchange has: a peer runs in circles. */
  private static final int MAX_STEPS_AT_ONE_TIME = 1_000_000;

  private static final int MAX_OFFSET = 64;
  private static final byte GUARD = 0x5a;

  /** Something that happens later: a packet arrives, or the test wants to act. */
  private record Pending(long atNanos, long order, Runnable action) implements Comparable<Pending> {
    @Override
    public int compareTo(Pending other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  /** One line of the trace; the bytes are as sent. */
  private record Traced(SimulatedPacket packet, Fate fate, long arrivalNanos) {}

  /** What a rule of the test does with a packet it matches; null bytes drop it. */
  private static final class Rule {
    final Predicate<SimulatedPacket> matches;
    final @Nullable UnaryOperator<byte[]> change;
    final long delayNanos;
    long remaining;

    Rule(
        Predicate<SimulatedPacket> matches,
        @Nullable UnaryOperator<byte[]> change,
        long delayNanos,
        long times) {
      this.matches = matches;
      this.change = change;
      this.delayNanos = delayNanos;
      this.remaining = times;
    }
  }

  private final long seed;
  private final SplittableRandom peerSeeds;
  private final RandomGenerator random;
  private final Map<Direction, PathModel> paths = new EnumMap<>(Direction.class);
  private final Map<Direction, List<Rule>> rules = new EnumMap<>(Direction.class);
  private final List<SimulatedPeer<?, ?>> peers = new ArrayList<>();
  private final PriorityQueue<Pending> pending = new PriorityQueue<>();
  private final ArrayDeque<Traced> trace = new ArrayDeque<>();
  private final byte[] out = new byte[MAX_OFFSET + MAX_PACKET_BYTES + MAX_OFFSET];
  private final byte[] in = new byte[MAX_OFFSET + MAX_PACKET_BYTES + MAX_OFFSET];

  private int tracedPackets = DEFAULT_TRACED_PACKETS;
  private Function<byte[], String> describer = bytes -> "";
  private @Nullable Consumer<SimulatedPacket> tap;
  private @Nullable BiConsumer<? super SimulatedPacket, ? super Fate> fateTap;
  private long nowNanos;
  private long orders;
  private long packets;
  private int stepsAtThisTime;

  private SimulatedNetwork(long seed) {
    this.seed = seed;
    var root = new SplittableRandom(seed);
    this.random = root.split();
    this.peerSeeds = root.split();
    for (Direction direction : Direction.values()) {
      paths.put(direction, new PathModel(random));
      rules.put(direction, new ArrayList<>());
    }
    Arrays.fill(out, GUARD);
  }

  /** A network whose chances, and those of its peers, all follow from {@code seed}. */
  public static SimulatedNetwork seeded(long seed) {
    return new SimulatedNetwork(seed);
  }

  /** The settings of one direction alone. */
  public OneWay only(Direction direction) {
    PathModel path = path(direction);
    return new OneWay(change -> change.accept(path));
  }

  /**
   * Adds a peer. The second of each pair is connected to the first.
   *
   * @param name for the trace
   * @param factory makes the protocol object; its generator is derived from the network's seed
   */
  public <E, M extends ProtocolMachine<E>> SimulatedPeer<M, E> attach(
      String name, Function<? super RandomGenerator, ? extends M> factory) {
    Direction sends = peers.size() % 2 == 0 ? Direction.FORWARD : Direction.BACKWARD;
    var peer = new SimulatedPeer<M, E>(this, name, sends, peerSeeds.split(), factory);
    peers.add(peer);
    return peer;
  }

  /** Nanoseconds of virtual time since the network was made. */
  public long nowNanos() {
    return nowNanos;
  }

  /** Virtual time since the network was made. */
  public Duration now() {
    return Duration.ofNanos(nowNanos);
  }

  /** Runs until {@code condition} holds, asked after each step, or {@code limit} has passed. */
  public boolean runUntil(BooleanSupplier condition, Duration limit) {
    long endNanos = Math.addExact(nowNanos, nonNegative(limit));
    flushAll();
    while (!condition.getAsBoolean()) {
      if (!step(endNanos)) {
        nowNanos = endNanos;
        return false;
      }
    }
    return true;
  }

  /** Runs for this long. */
  public void runFor(Duration duration) {
    runUntil(() -> false, duration);
  }

  /**
   * Does something at a later time during a run, for example an application's sends. Calls to
   * protocol objects are allowed.
   */
  public SimulatedNetwork schedule(Duration delay, Runnable action) {
    enqueue(
        nowNanos + nonNegative(delay),
        () -> {
          action.run();
          flushAll();
        });
    return this;
  }

  /** Drops the next packet sent in this direction. */
  public SimulatedNetwork dropNext(Direction direction) {
    return dropNext(direction, packet -> true);
  }

  /** Drops the next packet of this direction that {@code matches}. */
  public SimulatedNetwork dropNext(Direction direction, Predicate<SimulatedPacket> matches) {
    return dropNext(direction, 1, matches);
  }

  /** Drops the next {@code count} packets of this direction that {@code matches} accepts. */
  public SimulatedNetwork dropNext(
      Direction direction, int count, Predicate<SimulatedPacket> matches) {
    return addRule(direction, new Rule(matches, null, 0, count));
  }

  /** Drops every packet of this direction that {@code matches}, until {@link #clearRules()}. */
  public SimulatedNetwork dropAll(Direction direction, Predicate<SimulatedPacket> matches) {
    return addRule(direction, new Rule(matches, null, 0, Long.MAX_VALUE));
  }

  /**
   * Replaces the bytes of the next packet of this direction that {@code matches}; {@code change}
   * gets a copy.
   */
  public SimulatedNetwork alterNext(
      Direction direction, Predicate<SimulatedPacket> matches, UnaryOperator<byte[]> change) {
    return addRule(direction, new Rule(matches, change, 0, 1));
  }

  /** As {@link #alterNext}, for every packet that matches, until {@link #clearRules()}. */
  public SimulatedNetwork alterAll(
      Direction direction, Predicate<SimulatedPacket> matches, UnaryOperator<byte[]> change) {
    return addRule(direction, new Rule(matches, change, 0, Long.MAX_VALUE));
  }

  /** Lets the next packet of this direction that {@code matches} arrive later than it would. */
  public SimulatedNetwork delayNext(
      Direction direction, Predicate<SimulatedPacket> matches, Duration delay) {
    return addRule(direction, new Rule(matches, UnaryOperator.identity(), nonNegative(delay), 1));
  }

  /** Takes back all rules about particular packets. */
  public SimulatedNetwork clearRules() {
    rules.values().forEach(List::clear);
    return this;
  }

  /**
   * Sends a packet that no peer made, as an attacker would who knows the addresses. It passes the
   * path like any other. The first pair's receiver gets it.
   */
  public SimulatedNetwork inject(Direction direction, byte[] bytes) {
    SimulatedPeer<?, ?> receiver =
        peers.stream()
            .filter(peer -> peer.sends() == direction.opposite())
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no peer receives " + direction));
    transmit(direction, "injected", receiver, bytes.clone());
    return this;
  }

  /** Shows every packet to {@code watcher} when it is sent, whatever becomes of it. */
  public SimulatedNetwork watch(Consumer<SimulatedPacket> watcher) {
    tap = watcher;
    return this;
  }

  /** Shows every packet to {@code watcher} with what becomes of it. */
  public SimulatedNetwork watchFates(BiConsumer<? super SimulatedPacket, ? super Fate> watcher) {
    fateTap = watcher;
    return this;
  }

  /** How many of the last packets {@link #trace()} shows. Default 2 000; 0 shows none. */
  public SimulatedNetwork tracePackets(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count + " is negative");
    }
    tracedPackets = count;
    while (trace.size() > count) {
      trace.removeFirst();
    }
    return this;
  }

  /** How {@link #trace()} shows a packet's content. Default: not at all. */
  public SimulatedNetwork describePackets(Function<byte[], String> describe) {
    describer = describe;
    return this;
  }

  /** Seed, settings, counts and the last packets with time, direction, size and fate. */
  public String trace() {
    var text = new StringBuilder();
    text.append("seed ").append(seed).append(", time ").append(millis(nowNanos)).append('\n');
    for (Direction direction : Direction.values()) {
      PathModel path = path(direction);
      text.append(direction).append(": ").append(path.describe()).append('\n');
      text.append("  ").append(path.statistics()).append('\n');
    }
    if (packets > trace.size()) {
      text.append("the last ").append(trace.size()).append(" of ");
      text.append(packets).append(" packets:\n");
    }
    for (Traced traced : trace) {
      SimulatedPacket packet = traced.packet();
      text.append(
          String.format(
              Locale.ROOT,
              "%14s  %-24s %5d  %s",
              millis(packet.sentNanos()),
              "#" + packet.number() + " " + packet.from() + " -> " + packet.to(),
              packet.length(),
              traced.fate()));
      if (traced.fate().arrives()) {
        text.append(" at ").append(millis(traced.arrivalNanos()));
      }
      String content = describer.apply(packet.bytes());
      text.append(content.isEmpty() ? "" : "  ").append(content).append('\n');
    }
    return text.toString();
  }

  /** How many packets longer than this were sent in both directions. */
  public long datagramsOver(int bytes) {
    return paths.values().stream().mapToLong(path -> path.sentOver(bytes)).sum();
  }

  /** The counts of one direction. */
  public LinkStatistics statistics(Direction direction) {
    return path(direction).statistics();
  }

  /** How many bytes wait in front of this direction's bottleneck now. */
  public long queuedBytes(Direction direction) {
    return path(direction).queuedBytes(nowNanos);
  }

  @Override
  public String toString() {
    return trace();
  }

  @Override
  void apply(Consumer<PathModel> change) {
    paths.values().forEach(change);
  }

  @Override
  SimulatedNetwork self() {
    return this;
  }

  /** Makes sure that a peer which stood still is drained when it wakes. */
  void wakeAt(long atNanos) {
    enqueue(atNanos, this::flushAll);
  }

  private PathModel path(Direction direction) {
    PathModel path = paths.get(direction);
    if (path == null) {
      throw new IllegalStateException("no path " + direction);
    }
    return path;
  }

  private List<Rule> rules(Direction direction) {
    return rules.computeIfAbsent(direction, key -> new ArrayList<>());
  }

  private SimulatedNetwork addRule(Direction direction, Rule rule) {
    rules(direction).add(rule);
    return this;
  }

  private void enqueue(long atNanos, Runnable action) {
    pending.add(new Pending(atNanos, orders++, action));
  }

  /** Does what comes next, unless that is later than {@code endNanos}. */
  private boolean step(long endNanos) {
    Pending next = pending.peek();
    long nextNanos = next == null ? Long.MAX_VALUE : next.atNanos();
    SimulatedPeer<?, ?> due = null;
    for (SimulatedPeer<?, ?> peer : peers) {
      long deadline = peer.deadlineNanos();
      // Packets first: what arrives at the moment a timer is due still counts for it.
      if (deadline < nextNanos) {
        nextNanos = deadline;
        due = peer;
      }
    }
    if (nextNanos > endNanos || nextNanos == Long.MAX_VALUE) {
      return false;
    }
    if (nextNanos > nowNanos) {
      nowNanos = nextNanos;
      stepsAtThisTime = 0;
    }
    if (due != null) {
      countStep(due, "asks to be advanced at the same time again and again");
      due.core().advanceTo(due.nowNanos());
      flush(due);
    } else {
      pending.remove();
      if (next != null) {
        next.action().run();
      }
    }
    return true;
  }

  private void flushAll() {
    stepsAtThisTime = 0;
    for (SimulatedPeer<?, ?> peer : peers) {
      flush(peer);
    }
  }

  /** Takes events and sends packets until there are none: a handler may cause more of both. */
  private void flush(SimulatedPeer<?, ?> peer) {
    if (peer.isStopped() || peer.isStalled()) {
      return;
    }
    boolean more;
    do {
      more = peer.drainEvents();
      for (byte[] packet = poll(peer); packet.length > 0; packet = poll(peer)) {
        more = true;
        countStep(peer, "sends without end");
        SimulatedPeer<?, ?> receiver = partnerOf(peer);
        transmit(peer.sends(), peer.name(), receiver, packet);
      }
    } while (more);
  }

  private @Nullable SimulatedPeer<?, ?> partnerOf(SimulatedPeer<?, ?> peer) {
    int partner = peers.indexOf(peer) ^ 1;
    return partner < peers.size() ? peers.get(partner) : null;
  }

  private byte[] poll(SimulatedPeer<?, ?> peer) {
    // Somewhere inside the array, so that a machine which forgets the offset is found.
    int offset = 1 + random.nextInt(MAX_OFFSET);
    int limit = offset + MAX_PACKET_BYTES;
    int length = peer.core().pollPacket(peer.nowNanos(), out, offset, limit);
    if (length < 0 || length > limit - offset) {
      throw new IllegalStateException(
          peer + " says it wrote " + length + " bytes into " + (limit - offset));
    }
    if (out[offset - 1] != GUARD || (length > 0 && out[offset + length] != GUARD)) {
      throw new IllegalStateException(
          peer + " wrote outside of its packet of " + length + " bytes\n" + trace());
    }
    byte[] packet = Arrays.copyOfRange(out, offset, offset + length);
    Arrays.fill(out, offset, offset + length, GUARD);
    return packet;
  }

  private void transmit(
      Direction direction, String from, @Nullable SimulatedPeer<?, ?> receiver, byte[] bytes) {
    PathModel path = path(direction);
    String to = receiver == null ? "nobody" : receiver.name();
    var packet = new SimulatedPacket(++packets, nowNanos, direction, from, to, bytes);
    path.countSent(bytes.length);
    if (tap != null) {
      tap.accept(packet);
    }
    Rule rule = firstRule(packet);
    byte[] travelling = bytes.clone();
    PathModel.Passage passage;
    if (rule == null) {
      passage = path.pass(nowNanos, travelling, 0);
    } else if (rule.change == null) {
      passage = PathModel.Passage.ends(Fate.DROPPED_BY_RULE);
    } else {
      travelling = rule.change.apply(travelling);
      passage = path.pass(nowNanos, travelling, rule.delayNanos);
      if (passage.fate().arrives()) {
        passage =
            new PathModel.Passage(Fate.ALTERED, passage.arrivalNanos(), passage.copyArrivalNanos());
      }
    }
    if (receiver == null && passage.fate().arrives()) {
      passage = PathModel.Passage.ends(Fate.NO_RECEIVER);
    }
    path.countFate(passage.fate());
    if (fateTap != null) {
      fateTap.accept(packet, passage.fate());
    }
    remember(packet, passage);
    if (receiver != null) {
      deliverAt(passage.arrivalNanos(), receiver, path, travelling);
      deliverAt(passage.copyArrivalNanos(), receiver, path, travelling);
    }
  }

  private @Nullable Rule firstRule(SimulatedPacket packet) {
    List<Rule> all = rules(packet.direction());
    for (int i = 0; i < all.size(); i++) {
      Rule rule = all.get(i);
      if (rule.matches.test(packet)) {
        rule.remaining--;
        if (rule.remaining == 0) {
          all.remove(i);
        }
        return rule;
      }
    }
    return null;
  }

  private void remember(SimulatedPacket packet, PathModel.Passage passage) {
    if (tracedPackets == 0) {
      return;
    }
    if (trace.size() == tracedPackets) {
      trace.removeFirst();
    }
    trace.addLast(new Traced(packet, passage.fate(), passage.arrivalNanos()));
  }

  private void deliverAt(long atNanos, SimulatedPeer<?, ?> to, PathModel path, byte[] bytes) {
    if (atNanos != PathModel.Passage.NEVER) {
      enqueue(atNanos, () -> deliver(to, path, bytes));
    }
  }

  private void deliver(SimulatedPeer<?, ?> to, PathModel path, byte[] bytes) {
    if (to.isStopped()) {
      return;
    }
    if (to.isStalled()) {
      // Waits in the process's socket buffer.
      deliverAt(to.stalledUntilNanos(), to, path, bytes);
      return;
    }
    path.countArrival(bytes.length);
    int offset = random.nextInt(MAX_OFFSET);
    System.arraycopy(bytes, 0, in, offset, bytes.length);
    to.core().receive(to.nowNanos(), in, offset, bytes.length);
    // Garbage over and around it, another each time: neither zeros nor yesterday's bytes.
    Arrays.fill(in, 0, offset + bytes.length + MAX_OFFSET, (byte) random.nextInt());
    flush(to);
  }

  private void countStep(SimulatedPeer<?, ?> peer, String complaint) {
    stepsAtThisTime++;
    if (stepsAtThisTime > MAX_STEPS_AT_ONE_TIME) {
      throw new IllegalStateException(peer + " " + complaint + "\n" + trace());
    }
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.3f ms", nanos / 1_000_000.0);
  }
}
