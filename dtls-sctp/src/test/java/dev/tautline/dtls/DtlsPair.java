package dev.tautline.dtls;

import dev.tautline.dtls.engine.Dtls12Engine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Two engines joined in memory, driven by one thread, with a network between them that a test
 * shapes. Time is virtual: it moves on only when neither side computes, so a retransmission after
 * three seconds costs nothing.
 */
final class DtlsPair implements AutoCloseable {
  static final DtlsCertificate CLIENT_CERTIFICATE = DtlsCertificate.generate();
  static final DtlsCertificate SERVER_CERTIFICATE = DtlsCertificate.generate();

  /** What the network does with one datagram: the delays after which copies of it arrive. */
  interface Network {
    Network PERFECT = (from, number, datagram) -> List.of(Duration.ofMillis(1));

    List<Duration> deliver(DtlsRole from, int number, byte[] datagram);
  }

  private record InFlight(long atNanos, long order, Side to, byte[] datagram) {}

  /** One engine and what it gave. */
  final class Side {
    final DtlsEngine engine;
    final List<DtlsEvent> events = new ArrayList<>();
    final List<byte[]> received = new ArrayList<>();
    final List<byte[]> sent = new ArrayList<>();

    Side(DtlsOptions options, DtlsRole role, DtlsCertificate certificate) {
      engine =
          DtlsEngines.bouncyCastle(
              options,
              role,
              certificate,
              DtlsPair.this::start,
              wakeups::release,
              (now, buffer, offset, length) ->
                  received.add(Arrays.copyOfRange(buffer, offset, offset + length)));
    }

    <E extends DtlsEvent> Optional<E> event(Class<E> type) {
      return events.stream().filter(type::isInstance).map(type::cast).findFirst();
    }

    boolean computes() {
      return ((Dtls12Engine) engine).isComputing();
    }

    byte[] seal(byte[] plaintext) {
      byte[] record = new byte[engine.headroom() + plaintext.length + engine.tailroom()];
      System.arraycopy(plaintext, 0, record, engine.headroom(), plaintext.length);
      int length = engine.seal(record, engine.headroom(), plaintext.length);
      return Arrays.copyOf(record, length);
    }

    void receive(byte[] datagram) {
      engine.receive(nowNanos, datagram, 0, datagram.length);
      drainEvents();
    }

    void drainEvents() {
      for (DtlsEvent event = engine.pollEvent(); event != null; event = engine.pollEvent()) {
        events.add(event);
      }
    }

    /** All datagrams that are ready, taken off the engine without sending them. */
    List<byte[]> takeDatagrams() {
      var taken = new ArrayList<byte[]>();
      byte[] out = new byte[2000];
      for (int length = engine.pollPacket(nowNanos, out, 0, out.length);
          length > 0;
          length = engine.pollPacket(nowNanos, out, 0, out.length)) {
        taken.add(Arrays.copyOf(out, length));
      }
      sent.addAll(taken);
      return taken;
    }
  }

  final Side client;
  final Side server;
  long nowNanos;
  Network network = Network.PERFECT;

  private final List<Thread> threads = new ArrayList<>();
  private final Semaphore wakeups = new Semaphore(0);
  private final PriorityQueue<InFlight> inFlight =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos != b.atNanos
                  ? Long.compare(a.atNanos, b.atNanos)
                  : Long.compare(a.order, b.order));
  private long order;

  DtlsPair() {
    this(DtlsOptions.defaults(), DtlsOptions.defaults());
  }

  DtlsPair(DtlsOptions clientOptions, DtlsOptions serverOptions) {
    client = new Side(clientOptions, DtlsRole.CLIENT, CLIENT_CERTIFICATE);
    server = new Side(serverOptions, DtlsRole.SERVER, SERVER_CERTIFICATE);
  }

  /** Both know the other's fingerprint and start. */
  DtlsPair start() {
    client.engine.setRemoteFingerprints(List.of(SERVER_CERTIFICATE.fingerprint()));
    server.engine.setRemoteFingerprints(List.of(CLIENT_CERTIFICATE.fingerprint()));
    return startWithoutFingerprints();
  }

  DtlsPair startWithoutFingerprints() {
    server.engine.start(nowNanos);
    client.engine.start(nowNanos);
    return this;
  }

  DtlsPair established() {
    start();
    if (!runUntil(
        () -> client.engine.isEstablished() && server.engine.isEstablished(),
        Duration.ofSeconds(30))) {
      throw new AssertionError("not established: " + client.events + " " + server.events);
    }
    return this;
  }

  /** Runs in virtual time; false when the time is over. */
  boolean runUntil(BooleanSupplier done, Duration limit) {
    long end = nowNanos + limit.toNanos();
    while (true) {
      awaitIdle();
      pump();
      if (done.getAsBoolean()) {
        return true;
      }
      if (computes() || wakeups.availablePermits() > 0) {
        continue;
      }
      InFlight next = inFlight.peek();
      long deadline =
          Math.min(client.engine.nextDeadlineNanos(), server.engine.nextDeadlineNanos());
      long at = next == null ? deadline : Math.min(next.atNanos, deadline);
      if (at > end) {
        nowNanos = end;
        return false;
      }
      nowNanos = Math.max(nowNanos, at);
      while (next != null && next.atNanos <= nowNanos) {
        inFlight.remove();
        next.to.receive(next.datagram);
        next = inFlight.peek();
      }
      client.engine.advanceTo(nowNanos);
      server.engine.advanceTo(nowNanos);
    }
  }

  /** Lets everything arrive that is on its way. */
  void settle() {
    runUntil(() -> false, Duration.ofSeconds(1));
  }

  private void pump() {
    wakeups.drainPermits();
    pump(client, server, DtlsRole.CLIENT);
    pump(server, client, DtlsRole.SERVER);
  }

  private void pump(Side from, Side to, DtlsRole role) {
    from.drainEvents();
    int number = from.sent.size();
    for (byte[] datagram : from.takeDatagrams()) {
      send(role, number++, to, datagram);
    }
    from.drainEvents();
  }

  private void send(DtlsRole role, int number, Side to, byte[] datagram) {
    for (Duration delay : network.deliver(role, number, datagram)) {
      inFlight.add(new InFlight(nowNanos + delay.toNanos(), order++, to, datagram.clone()));
    }
  }

  void sendData(Side from, byte[] plaintext) {
    Side to = from == client ? server : client;
    byte[] datagram = from.seal(plaintext);
    from.sent.add(datagram);
    send(from.engine.role(), from.sent.size() - 1, to, datagram);
  }

  @Override
  public void close() {
    client.engine.close(nowNanos);
    server.engine.close(nowNanos);
    awaitEnd();
  }

  private boolean computes() {
    return client.computes() || server.computes();
  }

  void awaitIdle() {
    try {
      while (computes()) {
        if (wakeups.tryAcquire(1, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private void start(Runnable task) {
    var thread = new Thread(task, "handshake-under-test");
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  private void awaitEnd() {
    for (Thread thread : threads) {
      try {
        thread.join(10_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
      if (thread.isAlive()) {
        throw new AssertionError("a handshake goes on after close");
      }
    }
  }
}
