package dev.tautline.ice.check;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceMode;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.candidate.Priorities;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** Two agents, or more, and a network between them, in virtual time. */
final class IceSim {
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000 * MILLI;

  /** What the network does with a datagram. */
  interface Filter {
    boolean passes(Datagram datagram);
  }

  record Datagram(
      long atNanos,
      InetSocketAddress from,
      InetSocketAddress to,
      ReceivedStun stun,
      byte[] bytes) {}

  private record Arrival(long atNanos, long order, Datagram datagram) {}

  /** One agent with its sockets. */
  final class Peer {
    final String name;
    IceCredentials credentials;
    private final RandomGenerator random;
    final Generations agent;
    final DropCounters<IceDrop> drops = new DropCounters<>(IceDrop.class);
    final Timeline timeline = new Timeline();
    final List<LocalBase> bases = new ArrayList<>();
    final Set<Integer> gone = new HashSet<>();
    final List<IceState> states = new ArrayList<>();
    final List<Long> stateTimes = new ArrayList<>();
    final List<CheckEvent.PairChanged> pairs = new ArrayList<>();
    final List<CheckEvent.PairNamed> names = new ArrayList<>();
    final List<Datagram> sent = new ArrayList<>();

    /** What stands between this peer and the network: the source the others see. */
    UnaryOperator<InetSocketAddress> sourceNat = address -> address;

    Peer(String name, IceAgentOptions options, RandomGenerator random) {
      this.name = name;
      this.credentials = IceCredentials.generate(random);
      this.random = random;
      this.agent =
          new Generations(options, credentials, random, IceSim.this::pace, drops, timeline);
    }

    Peer address(String ip, int port) {
      return address(ip, port, 65_535 - bases.size());
    }

    Peer address(String ip, int port, int preference) {
      InetSocketAddress at = at(ip, port);
      var candidate = host(ip, port, preference);
      var base = new LocalBase(bases.size(), at, candidate);
      bases.add(base);
      agent.addBase(now, base);
      drain(this);
      return this;
    }

    void learn(Peer other) {
      for (LocalBase base : other.bases) {
        if (!other.gone.contains(base.index())) {
          agent.addRemote(
              now, base.candidate().withUfrag(other.credentials.ufrag()), base.address());
        }
      }
      drain(this);
    }

    void start(IceRole role, Peer other) {
      start(role, other, IceMode.FULL);
    }

    void start(IceRole role, Peer other, IceMode mode) {
      agent.start(now, role, new IceRemote(other.credentials, mode, OptionalInt.of(5)));
      drain(this);
    }

    /** Prepares a restart: its offer, or its answer, is on the way. */
    void prepareRestart() {
      credentials = IceCredentials.generate(random);
      agent.prepare(now, credentials);
      drain(this);
    }

    /** Both descriptions of the restart are here. */
    void restart(Peer other) {
      agent.restart(now, IceRemote.of(other.credentials));
      learn(other);
    }

    void abandonRestart(IceCredentials before) {
      credentials = before;
      agent.abandon(now);
    }

    void vanish(int base) {
      gone.add(base);
      agent.removeBase(now, base);
      drain(this);
    }

    void deliver(byte[] bytes, int base, InetSocketAddress from) {
      agent.receive(now, parse(bytes), bases.get(base), from);
      drain(this);
    }

    IceState state() {
      return agent.state();
    }

    long timeOf(IceState state) {
      return stateTimes.get(states.indexOf(state));
    }

    String selectedRemote() {
      return agent
          .selectedPair()
          .map(p -> p.remote().address() + ":" + p.remote().port())
          .orElse("none");
    }
  }

  long now;
  long delayNanos = 10 * MILLI;
  Filter filter = d -> true;
  final List<Peer> peers = new ArrayList<>();
  private final PriorityQueue<Arrival> arrivals =
      new PriorityQueue<>(
          Comparator.comparingLong(Arrival::atNanos).thenComparingLong(Arrival::order));
  private long order;
  private long nextSlot;

  Peer peer(String name, long seed) {
    return peer(name, IceAgentOptions.defaults(), seed);
  }

  Peer peer(String name, IceAgentOptions options, long seed) {
    return add(new Peer(name, options, new Random(seed)));
  }

  /** A peer with a tie-breaker of the test's choice; a later one is random. */
  Peer peer(String name, long seed, long tieBreaker) {
    var random = new Random(seed);
    boolean[] given = {false};
    RandomGenerator fixedFirst =
        new RandomGenerator() {
          @Override
          public int nextInt(int bound) {
            return random.nextInt(bound);
          }

          @Override
          public long nextLong() {
            long value = given[0] ? random.nextLong() : tieBreaker;
            given[0] = true;
            return value;
          }
        };
    return add(new Peer(name, IceAgentOptions.defaults(), fixedFirst));
  }

  private Peer add(Peer peer) {
    peers.add(peer);
    return peer;
  }

  private long pace(long nowNanos) {
    long slot = Math.max(nowNanos, nextSlot);
    nextSlot = slot + 5 * MILLI;
    return slot;
  }

  void drain(Peer peer) {
    for (Transmit t = peer.agent.pollTransmit(); t != null; t = peer.agent.pollTransmit()) {
      InetSocketAddress from = peer.bases.get(t.route().base()).address();
      var datagram =
          new Datagram(
              now, peer.sourceNat.apply(from), t.route().remote(), parse(t.bytes()), t.bytes());
      peer.sent.add(datagram);
      if (filter.passes(datagram)) {
        arrivals.add(new Arrival(now + delayNanos, order++, datagram));
      }
    }
    for (CheckEvent e = peer.agent.pollEvent(); e != null; e = peer.agent.pollEvent()) {
      if (e instanceof CheckEvent.StateChanged changed) {
        peer.states.add(changed.state());
        peer.stateTimes.add(now);
      } else if (e instanceof CheckEvent.PairChanged changed) {
        peer.pairs.add(changed);
      } else if (e instanceof CheckEvent.PairNamed named) {
        peer.names.add(named);
      }
    }
  }

  /** Runs until the condition holds; returns whether it did within the limit. */
  boolean runUntil(BooleanSupplier condition, long limitNanos) {
    long end = now + limitNanos;
    int idleTurns = 0;
    while (!condition.getAsBoolean()) {
      long next = arrivals.isEmpty() ? Timer.NOT_RUNNING : arrivals.peek().atNanos();
      for (Peer peer : peers) {
        next = Math.min(next, peer.agent.nextDeadlineNanos());
      }
      if (next > end) {
        now = end;
        return condition.getAsBoolean();
      }
      idleTurns = next <= now ? idleTurns + 1 : 0;
      if (idleTurns > 10_000) {
        throw new AssertionError("no progress at " + now + ": a deadline does not go away");
      }
      now = Math.max(now, next);
      while (!arrivals.isEmpty() && arrivals.peek().atNanos() <= now) {
        arrive(arrivals.remove().datagram());
      }
      for (Peer peer : peers) {
        peer.agent.advanceTo(now);
        drain(peer);
      }
    }
    return true;
  }

  void run(long nanos) {
    runUntil(() -> false, nanos);
  }

  private void arrive(Datagram datagram) {
    for (Peer peer : peers) {
      for (LocalBase base : peer.bases) {
        if (!peer.gone.contains(base.index())
            && peer.sourceNat.apply(base.address()).equals(datagram.to())) {
          peer.deliver(datagram.bytes(), base.index(), datagram.from());
        }
      }
    }
  }

  static ReceivedStun parse(byte[] bytes) {
    try {
      return StunParser.parse(bytes, 0, bytes.length);
    } catch (StunFormatException e) {
      throw new AssertionError(e);
    }
  }

  static InetSocketAddress at(String ip, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByName(ip), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  static IceCandidate host(String ip, int port, int preference) {
    return new IceCandidate(
        "f" + ip.hashCode(),
        1,
        "udp",
        Priorities.candidate(IceCandidateType.HOST, preference),
        ip,
        port,
        IceCandidateType.HOST,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
