package dev.tautline.signalling.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt to connect to a server: its name is looked up, then its addresses are tried in turn
 * until one answers ({@code localhost} is ::1 and 127.0.0.1, and servers listen on one of them).
 */
final class Connecting {
  private static final Logger LOG = LoggerFactory.getLogger(Connecting.class);

  private final EventLoop loop;
  private final ServerAddress server;
  private final long deadlineNanos;
  private final Supplier<List<ChannelHandler>> handlers;
  private final CompletableFuture<Channel> result = new CompletableFuture<>();

  private Connecting(
      EventLoop loop,
      ServerAddress server,
      long timeoutNanos,
      Supplier<List<ChannelHandler>> handlers) {
    this.loop = loop;
    this.server = server;
    this.deadlineNanos = System.nanoTime() + timeoutNanos;
    this.handlers = handlers;
  }

  /**
   * Connects; on the loop.
   *
   * @param handlers made anew for each address that is tried
   * @return completes on the loop; cancelling it closes what is there
   */
  static CompletableFuture<Channel> start(
      EventLoop loop,
      ServerAddress server,
      long timeoutNanos,
      Supplier<List<ChannelHandler>> handlers) {
    return new Connecting(loop, server, timeoutNanos, handlers).resolve();
  }

  private CompletableFuture<Channel> resolve() {
    var timer =
        loop.schedule(
            () -> result.completeExceptionally(new SocketTimeoutException("no connection in time")),
            deadlineNanos - System.nanoTime(),
            TimeUnit.NANOSECONDS);
    result.whenComplete((channel, failure) -> timer.cancel(false));
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(server.host());
    try {
      if (literal != null) {
        attempt(List.of(InetAddress.getByAddress(literal)), 0);
        return result;
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
    // The system's look-up blocks, for half a minute when its server is silent. Not the loop: the
    // timers of all rooms run there. The thread ends with the look-up.
    Thread lookUp =
        new Thread(
            () -> {
              try {
                List<InetAddress> found = List.of(InetAddress.getAllByName(server.host()));
                onLoop(() -> attempt(found, 0));
              } catch (UnknownHostException e) {
                onLoop(() -> result.completeExceptionally(e));
              }
            },
            "tautline-rooms-lookup");
    lookUp.setDaemon(true);
    lookUp.start();
    return result;
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The limit struck during the look-up, and the loop ended with its last room.
      LOG.trace("{}: looked up too late", server, e);
    }
  }

  private void attempt(List<InetAddress> addresses, int index) {
    if (result.isDone()) {
      return;
    }
    long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    long share = Math.max(1, leftMillis / (addresses.size() - index));
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(share, Integer.MAX_VALUE))
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) throws SSLException {
                SharedLoop.own(channel);
                SslContext tls = tls();
                if (tls != null) {
                  channel
                      .pipeline()
                      .addLast(tls.newHandler(channel.alloc(), server.host(), server.port()));
                }
                handlers.get().forEach(channel.pipeline()::addLast);
              }
            })
        .connect(new InetSocketAddress(addresses.get(index), server.port()))
        .addListener(
            (ChannelFuture connect) -> {
              if (!connect.isSuccess()) {
                if (index + 1 < addresses.size()) {
                  attempt(addresses, index + 1);
                } else {
                  result.completeExceptionally(connect.cause());
                }
              } else if (!result.complete(connect.channel())) {
                connect.channel().close();
              }
            });
  }

  private @Nullable SslContext tls() throws SSLException {
    return server.security() == ServerAddress.Security.TLS
        ? SslContextBuilder.forClient().endpointIdentificationAlgorithm("HTTPS").build()
        : null;
  }
}
