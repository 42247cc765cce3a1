package dev.tautline.interop.openssl;

import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.Fingerprint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One engine on one UDP socket, driven by a thread of its own: the least that a DTLS peer needs.
 */
final class UdpDtls implements AutoCloseable {
  private final Selector selector;
  private final DatagramChannel channel;
  private final DtlsHandshakes handshakes = DtlsHandshakes.create();
  private final DtlsEngine engine;
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Thread loop = new Thread(this::run, "udp-dtls");
  private final long startNanos = System.nanoTime();
  private final StringBuffer received = new StringBuffer();
  private final CompletableFuture<DtlsEvent.Established> established = new CompletableFuture<>();
  private final CompletableFuture<DtlsEvent> ended = new CompletableFuture<>();
  private @Nullable SocketAddress peer;
  private volatile boolean closed;

  UdpDtls(
      DtlsOptions options, DtlsRole role, Fingerprint peerFingerprint, @Nullable SocketAddress peer)
      throws IOException {
    this.peer = peer;
    selector = Selector.open();
    channel = DatagramChannel.open();
    channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ);
    engine =
        DtlsEngines.bouncyCastle(
            options,
            role,
            DtlsCertificate.generate(),
            handshakes,
            selector::wakeup,
            (now, buffer, offset, length) ->
                received.append(new String(buffer, offset, length, StandardCharsets.UTF_8)));
    engine.setRemoteFingerprints(List.of(peerFingerprint));
    loop.setDaemon(true);
    loop.start();
  }

  int port() throws IOException {
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  CompletableFuture<DtlsEvent.Established> established() {
    return established;
  }

  /** Completes with what ended the association. */
  CompletableFuture<DtlsEvent> ended() {
    return ended;
  }

  String received() {
    return received.toString();
  }

  void send(String text) {
    onLoop(
        () -> {
          byte[] plaintext = text.getBytes(StandardCharsets.UTF_8);
          byte[] record = new byte[engine.headroom() + plaintext.length + engine.tailroom()];
          System.arraycopy(plaintext, 0, record, engine.headroom(), plaintext.length);
          write(
              ByteBuffer.wrap(record, 0, engine.seal(record, engine.headroom(), plaintext.length)));
        });
  }

  void closeEngine() {
    onLoop(() -> engine.close(now()));
  }

  private void onLoop(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  private long now() {
    return System.nanoTime() - startNanos;
  }

  private void run() {
    try {
      engine.start(now());
      var in = ByteBuffer.allocate(4096);
      while (!closed) {
        drain();
        long waitNanos = engine.nextDeadlineNanos() - now();
        if (engine.nextDeadlineNanos() == Long.MAX_VALUE) {
          selector.select();
        } else if (waitNanos > 0) {
          selector.select(TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1);
        }
        selector.selectedKeys().clear();
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          task.run();
        }
        for (SocketAddress from = channel.receive(in); from != null; from = channel.receive(in)) {
          peer = from;
          engine.receive(now(), in.array(), 0, in.position());
          in.clear();
        }
        engine.advanceTo(now());
      }
    } catch (IOException e) {
      established.completeExceptionally(e);
      ended.completeExceptionally(e);
    }
  }

  private void drain() {
    byte[] out = new byte[1500];
    for (int length = engine.pollPacket(now(), out, 0, out.length);
        length > 0;
        length = engine.pollPacket(now(), out, 0, out.length)) {
      write(ByteBuffer.wrap(out, 0, length));
    }
    for (DtlsEvent event = engine.pollEvent(); event != null; event = engine.pollEvent()) {
      if (event instanceof DtlsEvent.Established done) {
        established.complete(done);
      } else {
        ended.complete(event);
        established.completeExceptionally(new AssertionError(event.toString()));
      }
    }
  }

  private void write(ByteBuffer datagram) {
    try {
      SocketAddress to = peer;
      if (to != null) {
        channel.send(datagram, to);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    selector.wakeup();
    try {
      loop.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    handshakes.close();
    channel.close();
    selector.close();
  }
}
