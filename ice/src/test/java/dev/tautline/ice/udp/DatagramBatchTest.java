package dev.tautline.ice.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.ice.IceRuntimeOptions;
import dev.tautline.ice.IceTransport;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Batches over a real epoll socket, with refusals injected behind the batch. */
class DatagramBatchTest {
  private static final class Sink implements EndpointListener {
    final List<byte[]> received = new CopyOnWriteArrayList<>();
    final AtomicInteger sendFailures = new AtomicInteger();
    final AtomicInteger refusals = new AtomicInteger();
    final AtomicInteger reads = new AtomicInteger();

    @Override
    public void datagram(
        Endpoint socket, byte[] buffer, int offset, int length, InetSocketAddress from) {
      received.add(Arrays.copyOfRange(buffer, offset, offset + length));
    }

    @Override
    public void readEnd() {
      reads.incrementAndGet();
    }

    @Override
    public void writableChanged(Endpoint socket, boolean writable) {}

    @Override
    public void sendFailed(Endpoint socket, Throwable cause) {
      sendFailures.incrementAndGet();
    }

    @Override
    public void segmentationFailed(Endpoint socket, Throwable cause) {
      refusals.incrementAndGet();
    }

    @Override
    public void endpointLost(Endpoint socket, String why) {
      throw new AssertionError(why);
    }
  }

  /** What a network card does that cannot split. */
  private static final class RefuseSegmented extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof SegmentedDatagramPacket packet) {
        packet.release();
        promise.setFailure(new IOException("Input/output error (injected)"));
      } else {
        context.write(message, promise);
      }
    }
  }

  private Loops loops;
  private NettyLoop loop;
  private final Sink sender = new Sink();
  private final Sink receiver = new Sink();
  private UdpSocket from;
  private UdpSocket to;

  @BeforeEach
  void open() {
    loops = Loops.create(IceRuntimeOptions.defaults().withTransport(IceTransport.EPOLL));
    loop = loops.next();
    from = bind(sender);
    to = bind(receiver);
  }

  @AfterEach
  void close() {
    loops.close().join();
  }

  private UdpSocket bind(EndpointListener listener) {
    var bound = new CompletableFuture<UdpSocket>();
    loop.execute(
        () ->
            UdpSocket.bind(
                loop,
                new InetSocketAddress("127.0.0.1", 0),
                listener,
                (socket, failure) -> {
                  if (socket == null) {
                    bound.completeExceptionally(failure);
                  } else {
                    bound.complete(socket);
                  }
                }));
    return bound.join();
  }

  private DatagramBatch send(int datagrams) {
    var done = new CompletableFuture<DatagramBatch>();
    loop.execute(
        () -> {
          var batch = new DatagramBatch(from, to.localAddress(), sender);
          for (int i = 0; i < datagrams; i++) {
            byte[] bytes = new byte[i == datagrams - 1 ? 300 : 1200];
            Arrays.fill(bytes, (byte) i);
            batch.append(bytes, 0, bytes.length);
          }
          batch.flush();
          loop.execute(() -> done.complete(batch));
        });
    return done.join();
  }

  private void awaitReceived(int count) {
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(2))
        .until(() -> receiver.received.size() >= count);
    assertThat(receiver.received).hasSize(count);
    for (int i = 0; i < count; i++) {
      byte[] bytes = receiver.received.get(i);
      assertThat(bytes).hasSize(i == count - 1 ? 300 : 1200);
      assertThat(bytes).containsOnly((byte) i);
    }
  }

  @Test
  void theSystemSplitsAndCoalesces() {
    assertThat(from.canSegment()).isTrue();
    assertThat(to.canCoalesce()).isTrue();
    DatagramBatch batch = send(40);
    awaitReceived(40);
    assertThat(batch.isSegmenting()).isTrue();
    assertThat(sender.refusals).hasValue(0);
    assertThat(receiver.reads.get()).as("one coalesced read").isLessThan(10);
  }

  @Test
  void aRefusedBatchIsSentAgainSinglyAndCounted() {
    from.channel().pipeline().addFirst(new RefuseSegmented());
    DatagramBatch batch = send(40);
    awaitReceived(40);
    assertThat(batch.isSegmenting()).isFalse();
    assertThat(sender.refusals).hasValue(1);
    assertThat(sender.sendFailures).hasValue(0);
  }

  @Test
  void moreThanTheSystemSplitsAtOnceLeavesInSeveralBatches() {
    send(130);
    awaitReceived(130);
    assertThat(sender.refusals).hasValue(0);
  }

  @Test
  void whatIsDiscardedIsNotSent() {
    var done = new CompletableFuture<Boolean>();
    loop.execute(
        () -> {
          var batch = new DatagramBatch(from, to.localAddress(), sender);
          batch.append(new byte[100], 0, 100);
          batch.discard();
          batch.flush();
          done.complete(true);
        });
    done.join();
    send(1);
    await().atMost(Duration.ofSeconds(10)).until(() -> !receiver.received.isEmpty());
    assertThat(receiver.received).hasSize(1);
    assertThat(receiver.received.get(0)).hasSize(300);
  }

  @Test
  void aHeaderLeavesInFrontOfEachDatagram() {
    loop.execute(
        () -> {
          var batch = new DatagramBatch(from, to.localAddress(), sender);
          for (int i = 0; i < 20; i++) {
            batch.append(0x40010003, new byte[] {9, 8, 7, 6}, 0, 3);
          }
          batch.flush();
        });
    await().atMost(Duration.ofSeconds(10)).until(() -> receiver.received.size() == 20);
    assertThat(receiver.received)
        .allSatisfy(d -> assertThat(d).containsExactly(0x40, 1, 0, 3, 9, 8, 7));
    assertThat(receiver.reads.get()).as("one coalesced read").isLessThan(10);
  }
}
