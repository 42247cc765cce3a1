package dev.tautline.ice.turn;

import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceServer;
import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.tcp.TcpListener;
import dev.tautline.ice.tcp.TcpStream;
import dev.tautline.ice.tcp.TcpTarget;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.turn.TurnClient;
import dev.tautline.stun.turn.TurnCredentials;
import dev.tautline.stun.turn.TurnErrors;
import dev.tautline.stun.turn.TurnEvent;
import dev.tautline.stun.turn.TurnOptions;
import dev.tautline.stun.turn.TurnStreamDecoder;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Gets one allocation from each TURN server. The ways to a server (each of our sockets to each of
 * its addresses) are tried one after another without waiting for silence to end: the next begins
 * when the one before failed or has said nothing for a quarter of a second, and the first that
 * works is kept. Everything on the agent's loop.
 */
public final class RelayGatherer implements Relay.Owner {
  private static final long STAGGER = 250_000_000;
  private static final int MAX_WAYS = 8;

  /** How many other servers one may name in a row (300). */
  private static final int MAX_REDIRECTIONS = 3;

  /** What comes of servers. */
  public interface Listener {
    /**
     * A relayed address.
     *
     * @param server whose
     * @param endpoint carries its datagrams
     * @param mapped our address as the server sees it
     * @param socket the agent's socket that it goes through, null for TCP or a socket of its own
     */
    void relayed(
        IceServer server,
        TurnEndpoint endpoint,
        Optional<InetSocketAddress> mapped,
        @Nullable Endpoint socket);

    /**
     * A server gave none.
     *
     * @param server which
     * @param from where it was asked from last, null where no socket was bound for it
     * @param code a STUN error code, or 701
     * @param text in plain words
     */
    void refused(IceServer server, @Nullable InetSocketAddress from, int code, String text);

    /** Something worth a line in the report. */
    void note(String text);

    /** There is something new to wait for, or gathering may be complete. */
    void wake();
  }

  /** Opens a socket for one server alone. */
  public interface SocketOpener {
    /** Opens one on an address; the callback gets it or the reason why there is none. */
    void open(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done);
  }

  /**
   * How to reach a server.
   *
   * @param socket from where, over UDP
   * @param server its address
   * @param connect where TCP connects to: the server's address, or the proxy's
   * @param host what the proxy is told
   * @param name what its certificate has
   * @param port whether another port of ours is used than the socket's
   */
  private record Way(
      @Nullable Endpoint socket,
      InetSocketAddress server,
      InetSocketAddress connect,
      String host,
      String name,
      LocalPort port) {}

  private enum LocalPort {
    SOCKETS,
    ANOTHER
  }

  private static final class Task {
    final IceServer server;
    final Deque<Way> ways = new ArrayDeque<>();
    final List<Attempt> running = new ArrayList<>();
    final Set<InetSocketAddress> redirected = new HashSet<>();
    Optional<SSLContext> tls = Optional.empty();
    long nextNanos = Timer.NOT_RUNNING;
    boolean ended;
    @Nullable InetSocketAddress from;
    int code = IceCandidateError.UNREACHABLE;
    String text = "";

    Task(IceServer server) {
      this.server = server;
    }
  }

  private static final class Attempt {
    final Task task;
    final Way way;
    @Nullable Relay relay;
    @Nullable TcpStream stream;

    Attempt(Task task, Way way) {
      this.task = task;
      this.way = way;
    }
  }

  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final RandomGenerator random;
  private final EndpointListener endpointListener;
  private final SocketOpener opener;
  private final Listener listener;
  private final List<Task> tasks = new ArrayList<>();
  private final List<Attempt> attempts = new ArrayList<>();
  private boolean closed;

  /**
   * Asks nobody yet.
   *
   * @param loop the agent's
   * @param options the agent's
   * @param random secure, for transaction ids
   * @param endpointListener gets what comes to relayed addresses
   * @param opener opens further sockets
   * @param listener gets the relayed addresses
   */
  public RelayGatherer(
      NettyLoop loop,
      IceAgentOptions options,
      RandomGenerator random,
      EndpointListener endpointListener,
      SocketOpener opener,
      Listener listener) {
    this.loop = loop;
    this.options = options;
    this.random = random;
    this.endpointListener = endpointListener;
    this.opener = opener;
    this.listener = listener;
  }

  /**
   * Asks one server.
   *
   * @param server which
   * @param addresses its addresses, or the proxy's where one is used
   * @param sockets the agent's, for TURN over UDP, best first
   * @param tls for {@code turns}
   */
  public void ask(
      IceServer server,
      List<InetAddress> addresses,
      List<Endpoint> sockets,
      Optional<SSLContext> tls) {
    var task = new Task(server);
    task.tls = tls;
    tasks.removeIf(known -> known.ended);
    tasks.add(task);
    for (InetAddress address : addresses) {
      var to = new InetSocketAddress(address, server.port());
      if (server.kind() != IceServer.Kind.TURN_UDP) {
        InetSocketAddress connect =
            options
                .httpProxy()
                .map(proxy -> new InetSocketAddress(address, proxy.port()))
                .orElse(to);
        addWay(task, new Way(null, to, connect, server.host(), server.host(), LocalPort.SOCKETS));
        continue;
      }
      for (Endpoint socket : sockets) {
        if (PairableAddress.canReach(socket.localAddress().getAddress(), address)) {
          addWay(task, new Way(socket, to, to, server.host(), server.host(), LocalPort.SOCKETS));
        }
      }
    }
    if (task.ways.isEmpty()) {
      task.text = PairableAddress.UNREACHED;
    }
    proceed(task);
  }

  private void addWay(Task task, Way way) {
    boolean family = options.families().contains(family(way.server().getAddress()));
    if (task.ways.size() < MAX_WAYS && (family || options.httpProxy().isPresent())) {
      task.ways.addLast(way);
    }
  }

  private static Family family(InetAddress address) {
    return address instanceof Inet6Address ? Family.IPV6 : Family.IPV4;
  }

  /** Begins the next way, or ends where there is none left. */
  private void proceed(Task task) {
    if (task.ended || closed) {
      return;
    }
    Way way = task.ways.pollFirst();
    if (way != null) {
      task.nextNanos = task.ways.isEmpty() ? Timer.NOT_RUNNING : loop.nowNanos() + STAGGER;
      begin(task, way);
    } else {
      task.nextNanos = Timer.NOT_RUNNING;
      if (task.running.isEmpty()) {
        task.ended = true;
        listener.refused(task.server, task.from, task.code, task.text);
      }
    }
    listener.wake();
  }

  private void begin(Task task, Way way) {
    var attempt = new Attempt(task, way);
    task.running.add(attempt);
    attempts.add(attempt);
    Endpoint socket = way.socket();
    if (socket == null) {
      connect(attempt);
    } else if (way.port() == LocalPort.ANOTHER || isTaken(socket, way.server())) {
      // Two allocations need two addresses of ours, as the server tells them apart by these.
      opener.open(
          socket.localAddress().getAddress(),
          (own, failure) -> {
            if (own == null) {
              failed(attempt, IceCandidateError.UNREACHABLE, "no other port could be bound");
            } else {
              overUdp(attempt, own, UdpCarrier.Ownership.OWN);
            }
          });
    } else {
      overUdp(attempt, socket, UdpCarrier.Ownership.SHARED);
    }
  }

  private boolean isTaken(Endpoint socket, InetSocketAddress server) {
    for (Attempt attempt : attempts) {
      if (attempt.relay != null
          && attempt.relay.carrier() instanceof UdpCarrier udp
          && udp.isFrom(socket, server)) {
        return true;
      }
    }
    return false;
  }

  private void overUdp(Attempt attempt, Endpoint socket, UdpCarrier.Ownership ownership) {
    if (closed || attempt.task.ended) {
      if (ownership == UdpCarrier.Ownership.OWN) {
        socket.close();
      }
      return;
    }
    attempt.task.from = socket.localAddress();
    var carrier = new UdpCarrier(socket, attempt.way.server(), ownership);
    start(attempt, carrier, TurnOptions.Transport.DATAGRAMS);
  }

  private void start(Attempt attempt, TurnCarrier carrier, TurnOptions.Transport transport) {
    IceServer server = attempt.task.server;
    boolean v4 = options.families().contains(Family.IPV4);
    boolean v6 = options.families().contains(Family.IPV6);
    var asked =
        new TurnOptions(
            server.credentials().map(c -> new TurnCredentials(c.username(), c.password())),
            transport,
            v4 && v6
                ? TurnOptions.Families.BOTH
                : v6 ? TurnOptions.Families.IPV6 : TurnOptions.Families.IPV4,
            options.loopback() == IceAgentOptions.Loopback.EXCLUDE
                ? TurnOptions.Loopback.REFUSE
                : TurnOptions.Loopback.ALLOW,
            options.serverTimeout().toNanos());
    var client = new TurnClient(asked, attempt.way.server(), random);
    attempt.relay = new Relay(loop, client, carrier, endpointListener, this);
    attempt.relay.allocate();
    listener.wake();
  }

  // ---- TCP and TLS -----------------------------------------------------------------------------

  private void connect(Attempt attempt) {
    Way way = attempt.way;
    var target =
        new TcpTarget(
            way.connect(),
            way.host(),
            way.server().getPort(),
            way.name(),
            attempt.task.tls,
            options.httpProxy(),
            options.serverTimeout().toNanos());
    attempt.stream = TcpStream.connect(loop, target, new StreamListener(attempt));
  }

  private final class StreamListener implements TcpListener {
    private final Attempt attempt;
    private final TurnStreamDecoder decoder = new TurnStreamDecoder();

    StreamListener(Attempt attempt) {
      this.attempt = attempt;
    }

    @Override
    public void connected() {
      TcpStream stream = attempt.stream;
      if (stream == null || closed || attempt.task.ended) {
        return;
      }
      String name = attempt.task.tls.isPresent() ? "TLS" : "TCP";
      start(attempt, new StreamCarrier(stream, name), TurnOptions.Transport.STREAM);
    }

    @Override
    public void received(byte[] buffer, int offset, int length) {
      decoder.append(buffer, offset, length);
      try {
        for (TurnStreamDecoder.Frame frame = decoder.poll();
            frame != null && attempt.relay != null;
            frame = decoder.poll()) {
          attempt.relay.receive(frame.buffer(), frame.offset(), frame.length());
        }
      } catch (StunFormatException e) {
        TcpStream stream = attempt.stream;
        if (stream != null) {
          stream.close();
        }
        closed("the server sent what is no TURN (" + e.getMessage() + ')');
      }
    }

    @Override
    public void readEnd() {
      if (attempt.relay != null) {
        attempt.relay.readEnd();
      }
    }

    @Override
    public void writableChanged(boolean writable) {
      if (attempt.relay != null) {
        attempt.relay.writableChanged(writable);
      }
    }

    @Override
    public void closed(String why) {
      if (closed || !attempts.contains(attempt)) {
        return;
      }
      Relay relay = attempt.relay;
      if (relay == null || relay.endpoints().isEmpty()) {
        failed(attempt, IceCandidateError.UNREACHABLE, why);
      } else {
        lost(attempt, why);
      }
    }
  }

  // ---- What comes of an allocation -------------------------------------------------------------

  @Override
  public void relayEvent(Relay relay, TurnEvent event) {
    Attempt attempt = attemptOf(relay);
    if (attempt == null || closed) {
      return;
    }
    if (event instanceof TurnEvent.Allocated allocated) {
      allocated(attempt, relay, allocated);
    } else if (event instanceof TurnEvent.Failed failed) {
      int code =
          failed.code() == TurnEvent.NO_ANSWER ? IceCandidateError.UNREACHABLE : failed.code();
      failed(attempt, code, "the TURN server " + failed.reason());
    } else if (event instanceof TurnEvent.Redirected redirected) {
      redirected(attempt, redirected);
    } else if (event instanceof TurnEvent.PortTaken) {
      portTaken(attempt);
    } else if (event instanceof TurnEvent.PeerRefused refused) {
      listener.note(
          attempt.task.server.url()
              + " does not relay to "
              + AddressText.of(refused.peer())
              + ": it "
              + refused.reason());
    } else if (event instanceof TurnEvent.Lost lost) {
      lost(attempt, "the TURN server " + lost.reason());
    }
  }

  private @Nullable Attempt attemptOf(Relay relay) {
    for (Attempt attempt : attempts) {
      if (attempt.relay == relay) {
        return attempt;
      }
    }
    return null;
  }

  private void allocated(Attempt attempt, Relay relay, TurnEvent.Allocated allocated) {
    Task task = attempt.task;
    task.ended = true;
    task.nextNanos = Timer.NOT_RUNNING;
    task.running.remove(attempt);
    for (Attempt other : List.copyOf(task.running)) {
      drop(other);
    }
    Endpoint shared =
        relay.carrier() instanceof UdpCarrier udp && udp.socket() == attempt.way.socket()
            ? udp.socket()
            : null;
    List<TurnEndpoint> made = new ArrayList<>();
    for (InetSocketAddress address : allocated.relayed()) {
      made.add(relay.addEndpoint(address));
    }
    for (TurnEndpoint endpoint : made) {
      listener.relayed(task.server, endpoint, allocated.mapped(), shared);
    }
    listener.wake();
  }

  private void failed(Attempt attempt, int code, String text) {
    Task task = attempt.task;
    drop(attempt);
    if (task.ended) {
      return;
    }
    // An answer says more than silence, which may be that of a dead interface.
    if (task.text.isEmpty() || code != IceCandidateError.UNREACHABLE) {
      task.code = code;
      task.text = text;
    }
    if (isFinal(code)) {
      task.ways.clear();
      for (Attempt other : List.copyOf(task.running)) {
        drop(other);
      }
    }
    proceed(task);
  }

  /** Whether the server would say the same on every other way. */
  private static boolean isFinal(int code) {
    return switch (code) {
      case ErrorCode.UNAUTHENTICATED,
          ErrorCode.FORBIDDEN,
          ErrorCode.STALE_NONCE,
          TurnErrors.WRONG_CREDENTIALS,
          TurnErrors.UNSUPPORTED_TRANSPORT,
          TurnErrors.QUOTA_REACHED ->
          true;
      default -> false;
    };
  }

  private void redirected(Attempt attempt, TurnEvent.Redirected event) {
    Task task = attempt.task;
    InetSocketAddress to = event.server();
    String where = AddressText.of(to);
    task.redirected.add(attempt.way.server());
    Endpoint socket = attempt.way.socket();
    boolean loopback = to.getAddress().isLoopbackAddress();
    String refusal = null;
    if (task.redirected.size() > MAX_REDIRECTIONS || !task.redirected.add(to)) {
      refusal = "the TURN server sends us in circles, at last to " + where + " (300)";
    } else if (PairableAddress.refusal(to).isPresent()
        || loopback && options.loopback() == IceAgentOptions.Loopback.EXCLUDE
        || socket != null
            && !PairableAddress.canReach(socket.localAddress().getAddress(), to.getAddress())) {
      refusal = "the TURN server sends us to " + where + ", which we cannot reach (300)";
    }
    if (refusal == null) {
      listener.note(task.server.url() + " sends us to " + where);
      task.ways.addFirst(
          new Way(
              socket,
              to,
              options.httpProxy().isPresent() ? attempt.way.connect() : to,
              AddressText.of(to.getAddress()),
              event.domain().orElse(attempt.way.name()),
              LocalPort.SOCKETS));
      drop(attempt);
      proceed(task);
    } else {
      failed(attempt, ErrorCode.TRY_ALTERNATE, refusal);
    }
  }

  private void portTaken(Attempt attempt) {
    Way way = attempt.way;
    if (way.port() == LocalPort.ANOTHER) {
      failed(
          attempt,
          TurnErrors.ALLOCATION_MISMATCH,
          "the TURN server " + TurnErrors.inWords(TurnErrors.ALLOCATION_MISMATCH));
      return;
    }
    attempt.task.ways.addFirst(
        new Way(
            way.socket(), way.server(), way.connect(), way.host(), way.name(), LocalPort.ANOTHER));
    drop(attempt);
    proceed(attempt.task);
  }

  private void lost(Attempt attempt, String why) {
    Relay relay = attempt.relay;
    if (relay == null) {
      return;
    }
    List<TurnEndpoint> endpoints = List.copyOf(relay.endpoints());
    drop(attempt);
    for (TurnEndpoint endpoint : endpoints) {
      endpointListener.endpointLost(endpoint, why);
    }
  }

  private void drop(Attempt attempt) {
    attempt.task.running.remove(attempt);
    attempts.remove(attempt);
    if (attempt.relay != null) {
      attempt.relay.close();
    } else if (attempt.stream != null) {
      attempt.stream.close();
    }
  }

  // ---- What the sockets give -------------------------------------------------------------------

  /**
   * Takes a datagram that came to a socket, if a TURN server of ours sent it there.
   *
   * @return whether it was taken; a Binding response of the same server is not
   */
  public boolean datagram(
      Endpoint socket, byte[] buffer, int offset, int length, InetSocketAddress from) {
    for (int i = 0; i < attempts.size(); i++) {
      Relay relay = attempts.get(i).relay;
      if (relay != null && relay.carrier() instanceof UdpCarrier udp && udp.isFrom(socket, from)) {
        if (isBinding(buffer, offset, length)) {
          return false;
        }
        relay.receive(buffer, offset, length);
        return true;
      }
    }
    return false;
  }

  private static boolean isBinding(byte[] buffer, int offset, int length) {
    return length >= 2
        && StunMessage.methodOf((buffer[offset] & 0xff) << 8 | buffer[offset + 1] & 0xff)
            == StunMethod.BINDING
        && (buffer[offset] & 0xc0) == 0;
  }

  /** A socket takes more, or does not: so do the relays behind it. */
  public void writableChanged(Endpoint socket, boolean writable) {
    for (Attempt attempt : List.copyOf(attempts)) {
      if (attempt.relay != null
          && attempt.relay.carrier() instanceof UdpCarrier udp
          && udp.socket() == socket) {
        attempt.relay.writableChanged(writable);
      }
    }
  }

  /** Asks the servers whether our relays live; one that does not is told as lost. */
  public void verify() {
    for (Attempt attempt : List.copyOf(attempts)) {
      if (attempt.relay != null) {
        attempt.relay.verify();
      }
    }
  }

  /** Whether a server is being asked, or relays for us already. */
  public boolean isAsking(IceServer server) {
    for (Task task : tasks) {
      if (!task.ended && task.server.equals(server)) {
        return true;
      }
    }
    for (Attempt attempt : attempts) {
      if (attempt.task.server.equals(server)) {
        return true;
      }
    }
    return false;
  }

  /** A socket of ours is about to be closed: what goes through it is lost. */
  public void socketGone(Endpoint socket, String why) {
    for (Attempt attempt : List.copyOf(attempts)) {
      if (attempt.way.socket() == socket && attempt.relay != null) {
        if (attempt.relay.endpoints().isEmpty()) {
          failed(attempt, IceCandidateError.UNREACHABLE, why);
        } else {
          lost(attempt, why);
        }
      }
    }
  }

  // ---- Time and the end ------------------------------------------------------------------------

  /** Sends what is due. */
  public void advanceTo(long nowNanos) {
    if (attempts.isEmpty() && tasks.isEmpty()) {
      return;
    }
    for (Attempt attempt : List.copyOf(attempts)) {
      Relay relay = attempt.relay;
      if (relay != null && nowNanos >= relay.nextDeadlineNanos()) {
        relay.advanceTo(nowNanos);
      }
    }
    for (Task task : List.copyOf(tasks)) {
      if (!task.ended && nowNanos >= task.nextNanos) {
        proceed(task);
      }
    }
  }

  /** When {@link #advanceTo} has work again. */
  public long nextDeadlineNanos() {
    long next = Timer.NOT_RUNNING;
    for (Task task : tasks) {
      next = Math.min(next, task.nextNanos);
    }
    for (Attempt attempt : attempts) {
      if (attempt.relay != null) {
        next = Math.min(next, attempt.relay.nextDeadlineNanos());
      }
    }
    return next;
  }

  /** Whether every server has answered or failed. */
  public boolean isIdle() {
    for (Task task : tasks) {
      if (!task.ended) {
        return false;
      }
    }
    return true;
  }

  /** Frees all allocations. */
  public void close() {
    closed = true;
    for (Attempt attempt : List.copyOf(attempts)) {
      drop(attempt);
    }
  }
}
