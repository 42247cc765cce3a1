package dev.tautline.stun.netty;

import dev.tautline.stun.BindingResponder;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small STUN server over UDP: answers Binding requests with the address they came from, keeps no
 * state, asks for no credentials. May be closed from any thread.
 */
public final class StunBindingServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StunBindingServer.class);

  private final Channel channel;

  private StunBindingServer(Channel channel) {
    this.channel = channel;
  }

  /**
   * Binds the server with a thread of its own, which ends when it is closed.
   *
   * @param address where to listen; port 0 lets the system choose
   * @return the server; fails with what the system says when the address cannot be bound
   */
  public static CompletableFuture<StunBindingServer> start(InetSocketAddress address) {
    var group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    return bind(group, NioDatagramChannel::new, address)
        .whenComplete(
            (server, failure) -> {
              if (failure != null) {
                group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
              } else {
                server
                    .channel
                    .closeFuture()
                    .addListener(closed -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS));
              }
            });
  }

  /**
   * Binds the server.
   *
   * @param group its loops
   * @param channels makes the channel, such as {@code NioDatagramChannel::new}
   * @param address where to listen; port 0 lets the system choose
   */
  public static CompletableFuture<StunBindingServer> bind(
      EventLoopGroup group,
      ChannelFactory<? extends DatagramChannel> channels,
      InetSocketAddress address) {
    var bound = new CompletableFuture<StunBindingServer>();
    new Bootstrap()
        .group(group)
        .channelFactory(channels)
        .handler(new Handler())
        .bind(address)
        .addListener(
            (io.netty.channel.ChannelFuture future) -> {
              if (future.isSuccess()) {
                bound.complete(new StunBindingServer(future.channel()));
              } else {
                bound.completeExceptionally(future.cause());
              }
            });
    return bound;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) channel.localAddress();
  }

  /** Closes the socket and waits until it is closed; not to be called on its loop. */
  @Override
  public void close() {
    channel.close().syncUninterruptibly();
  }

  private static final class Handler extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      ByteBuf content = packet.content();
      byte[] bytes = new byte[content.readableBytes()];
      content.readBytes(bytes);
      byte[] response = BindingResponder.respond(bytes, 0, bytes.length, packet.sender());
      if (response != null) {
        context.write(new DatagramPacket(Unpooled.wrappedBuffer(response), packet.sender()));
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // An ICMP error of an earlier answer shows here; the server goes on.
      LOG.debug("STUN server on {}: {}", context.channel().localAddress(), cause.toString());
    }
  }
}
