package dev.tautline.ice.udp;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A datagram socket that sends to multicast groups through interfaces of our choice, with TTL 255,
 * and hears the groups that it joined. Bound to all addresses of one family. On its loop.
 */
public final class MulticastChannel {
  private static final Logger LOG = LoggerFactory.getLogger(MulticastChannel.class);

  /** One more than the longest that is of use, so that a longer one shows. */
  private static final int MAX_DATAGRAM = 9001;

  private static final int TTL = 255;

  // Netty's IP_MULTICAST_TTL sets the TTL of unicast where it runs on epoll; these are Linux's.
  private static final IntegerUnixChannelOption IP_TTL =
      new IntegerUnixChannelOption("IP_TTL", 0, 2);
  private static final IntegerUnixChannelOption IP_MULTICAST_TTL =
      new IntegerUnixChannelOption("IP_MULTICAST_TTL", 0, 33);
  private static final IntegerUnixChannelOption IPV6_UNICAST_HOPS =
      new IntegerUnixChannelOption("IPV6_UNICAST_HOPS", 41, 16);
  private static final IntegerUnixChannelOption IPV6_MULTICAST_HOPS =
      new IntegerUnixChannelOption("IPV6_MULTICAST_HOPS", 41, 18);

  private final DatagramChannel channel;

  /** Takes what comes. */
  @FunctionalInterface
  public interface Receiver {
    /** A datagram, whole; the array is the receiver's. */
    void datagram(byte[] bytes, InetSocketAddress from);
  }

  private MulticastChannel(DatagramChannel channel) {
    this.channel = channel;
  }

  /**
   * Opens a socket.
   *
   * @param loop where it lives
   * @param any 0.0.0.0 or ::, which says the family
   * @param port a port that others on this host may have bound, too; 0: one of its own
   * @param receiver gets what comes from addresses of the same family
   * @param done gets the socket, or the reason why there is none
   */
  public static void open(
      NettyLoop loop,
      InetAddress any,
      int port,
      Receiver receiver,
      BiConsumer<@Nullable MulticastChannel, @Nullable Throwable> done) {
    boolean v6 = any instanceof Inet6Address;
    var bootstrap =
        new Bootstrap()
            .group(loop.netty())
            .channelFactory(() -> loop.loops().newChannel(any))
            .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MAX_DATAGRAM))
            // Whatever waits would leave by the interface that is chosen for the next.
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1, 1))
            .handler(new Handler(loop.loops(), receiver, v6));
    if (loop.loops().isEpoll()) {
      bootstrap
          .option(v6 ? IPV6_UNICAST_HOPS : IP_TTL, TTL)
          .option(v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, TTL);
      if (!v6) {
        // Else Linux gives us all groups that anybody on this host has joined anywhere.
        bootstrap.option(EpollChannelOption.IP_MULTICAST_ALL, false);
      }
    } else {
      bootstrap.option(ChannelOption.IP_MULTICAST_TTL, TTL);
    }
    if (port != 0) {
      bootstrap.option(ChannelOption.SO_REUSEADDR, true);
      String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
      if (system.contains("mac") || system.contains("bsd")) {
        bootstrap.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
      }
    }
    bootstrap
        .bind(new InetSocketAddress(any, port))
        .addListener(
            (ChannelFuture future) -> {
              // A family that the system does not have fails on a thread of Netty's own.
              if (loop.inLoop()) {
                opened(future, done);
              } else {
                loop.execute(() -> opened(future, done));
              }
            });
  }

  private static void opened(
      ChannelFuture future, BiConsumer<@Nullable MulticastChannel, @Nullable Throwable> done) {
    if (future.isSuccess()) {
      done.accept(new MulticastChannel((DatagramChannel) future.channel()), null);
    } else {
      done.accept(null, future.cause());
    }
  }

  /** 0.0.0.0. */
  public static InetAddress anyIpv4() {
    return address(new byte[4]);
  }

  /** {@code ::}. */
  public static InetAddress anyIpv6() {
    return address(new byte[16]);
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 are the lengths of an address", e);
    }
  }

  /**
   * Hears a group on an interface.
   *
   * @param done gets null, or the reason why it does not
   */
  public void join(
      InetAddress group, NetworkInterface through, Consumer<@Nullable Throwable> done) {
    channel
        .joinGroup(group, through, null, channel.newPromise())
        .addListener(future -> done.accept(future.isSuccess() ? null : future.cause()));
  }

  /** Sends to a group through an interface. What the system refuses is lost. */
  public void send(byte[] bytes, InetSocketAddress group, NetworkInterface through) {
    try {
      channel.config().setNetworkInterface(through);
    } catch (RuntimeException e) {
      // Netty wraps what the system says: the interface has no address of this family, or is gone.
      LOG.trace("nothing can be sent through {}: {}", through.getName(), e.toString());
      return;
    }
    InetSocketAddress to = group;
    if (group.getAddress() instanceof Inet6Address v6) {
      to = new InetSocketAddress(scoped(v6, through), group.getPort());
    }
    send(bytes, to);
  }

  private static InetAddress scoped(Inet6Address group, NetworkInterface through) {
    try {
      return Inet6Address.getByAddress(null, group.getAddress(), through.getIndex());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("16 is the length of an address", e);
    }
  }

  /** Sends a datagram. What the system refuses is lost. */
  public void send(byte[] bytes, InetSocketAddress to) {
    if (!channel.isWritable()) {
      LOG.trace("a datagram to {} is dropped: the socket takes no more", to);
      return;
    }
    channel
        .writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), to))
        .addListener(
            future -> {
              if (!future.isSuccess()) {
                LOG.trace("nothing can be sent to {}: {}", to, String.valueOf(future.cause()));
              }
            });
  }

  /** Leaves all groups and closes the socket. */
  public void close() {
    channel.close();
  }

  private static final class Handler extends SimpleChannelInboundHandler<DatagramPacket> {
    private final Loops loops;
    private final Receiver receiver;
    private final boolean v6;

    Handler(Loops loops, Receiver receiver, boolean v6) {
      this.loops = loops;
      this.receiver = receiver;
      this.v6 = v6;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      loops.own(context.channel());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      // A socket of both families hears what the other one of ours hears, too.
      if (v6 && packet.sender().getAddress() instanceof Inet4Address) {
        return;
      }
      ByteBuf content = packet.content();
      byte[] bytes = new byte[content.readableBytes()];
      content.readBytes(bytes);
      receiver.datagram(bytes, packet.sender());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("a multicast socket: {}", cause.toString());
    }
  }
}
