package dev.tautline.stun.netty;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.discovery.NatBehaviour;
import dev.tautline.stun.discovery.NatDiscovery;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the tests of {@link NatDiscovery} over UDP, on a thread of its own that ends with it. */
public final class NatDiscoveryClient {
  private static final Logger LOG = LoggerFactory.getLogger(NatDiscoveryClient.class);
  private static final int SENDS = 3;

  private final EventLoopGroup group;
  private final CompletableFuture<NatBehaviour> answer = new CompletableFuture<>();
  private final Map<NatDiscovery.Socket, Channel> sockets =
      new EnumMap<>(NatDiscovery.Socket.class);
  private final long epochNanos = System.nanoTime();
  private @Nullable NatDiscovery discovery;

  private NatDiscoveryClient(EventLoopGroup group) {
    this.group = group;
  }

  /**
   * Finds out how the way to a server translates and filters.
   *
   * @param local one of this host's addresses, of the server's family
   * @param server the server's first address, resolved
   * @param patience how long one of the up to six requests waits
   * @return the behaviour; fails with {@link IOException} when no socket can be bound
   */
  public static CompletableFuture<NatBehaviour> run(
      InetAddress local, InetSocketAddress server, Duration patience) {
    var client =
        new NatDiscoveryClient(new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()));
    client.bind(local, server, patience);
    return client.answer.whenComplete(
        (result, failure) -> client.group.shutdownGracefully(0, 1, TimeUnit.SECONDS));
  }

  private void bind(InetAddress local, InetSocketAddress server, Duration patience) {
    ChannelFuture mapping = bind(local);
    ChannelFuture filtering = bind(local);
    mapping.addListener(
        first ->
            filtering.addListener(
                second -> {
                  Throwable failure = first.cause() != null ? first.cause() : second.cause();
                  if (failure != null) {
                    answer.completeExceptionally(failure);
                    return;
                  }
                  sockets.put(NatDiscovery.Socket.MAPPING, mapping.channel());
                  sockets.put(NatDiscovery.Socket.FILTERING, filtering.channel());
                  long rto = patience.toNanos() / (1L << SENDS);
                  discovery =
                      new NatDiscovery(
                          server,
                          (InetSocketAddress) mapping.channel().localAddress(),
                          new StunTimers(rto, patience.toNanos(), SENDS, rto << SENDS - 1),
                          new SecureRandom());
                  advance();
                }));
  }

  private ChannelFuture bind(InetAddress local) {
    return new Bootstrap()
        .group(group)
        .channel(NioDatagramChannel.class)
        .handler(new Handler())
        .bind(new InetSocketAddress(local, 0));
  }

  private void advance() {
    NatDiscovery tests = discovery;
    if (tests == null || answer.isDone()) {
      return;
    }
    long now = System.nanoTime() - epochNanos;
    for (NatDiscovery.Request request = tests.pollRequest(now);
        request != null;
        request = tests.pollRequest(now)) {
      Channel socket = sockets.get(request.by());
      if (socket != null) {
        socket.writeAndFlush(
            new DatagramPacket(Unpooled.wrappedBuffer(request.bytes()), request.to()));
      }
    }
    tests.result().ifPresent(answer::complete);
    long next = tests.nextDeadlineNanos();
    if (next != Timer.NOT_RUNNING) {
      group.next().schedule(this::advance, Math.max(0, next - now), TimeUnit.NANOSECONDS);
    }
  }

  private final class Handler extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      NatDiscovery tests = discovery;
      if (tests != null) {
        byte[] bytes = new byte[packet.content().readableBytes()];
        packet.content().readBytes(bytes);
        tests.receive(bytes, 0, bytes.length, packet.sender());
        advance();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // An ICMP error: the request's own time-out tells what it means.
      LOG.debug("NAT discovery: {}", cause.toString());
    }
  }
}
