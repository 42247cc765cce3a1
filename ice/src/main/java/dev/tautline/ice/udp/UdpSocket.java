package dev.tautline.ice.udp;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One UDP socket, bound and not connected. Every method on its loop. */
public final class UdpSocket implements Endpoint {
  private static final int MAX_DATAGRAM = 65_535;

  /** Over IPv4; the options' limit is far below. */
  private static final int MAX_PAYLOAD = 65_507;

  /** Without coalescing one datagram comes per read; none that is taken here is longer. */
  private static final int SINGLE_READ = 9_216;

  /** Reads of up to 64 KiB before the loop looks at other connections. */
  private static final int READS_PER_TURN = 8;

  /**
   * At most two batches wait in Netty when the system's buffer is full; then {@link #isWritable} is
   * false and nothing more is given to it.
   */
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(16 * 1024, 128 * 1024);

  private static final FastThreadLocal<byte[]> SCRATCH =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[MAX_DATAGRAM];
        }
      };

  private final Channel channel;
  private final EndpointListener listener;
  private final boolean segmentation;
  private final boolean coalescing;

  private UdpSocket(Channel channel, EndpointListener listener) {
    this.channel = channel;
    this.listener = listener;
    this.segmentation =
        channel instanceof EpollDatagramChannel
            && EpollDatagramChannel.isSegmentedDatagramPacketSupported();
    this.coalescing =
        channel instanceof EpollDatagramChannel
            && Boolean.TRUE.equals(channel.config().getOption(EpollChannelOption.UDP_GRO));
  }

  /**
   * Binds a socket.
   *
   * @param loop the connection's loop, on which this is called and everything else happens
   * @param address where to bind; port 0 lets the system choose
   * @param listener gets what comes
   * @param done gets the socket, or the reason why there is none
   */
  public static void bind(
      NettyLoop loop,
      InetSocketAddress address,
      EndpointListener listener,
      BiConsumer<@Nullable UdpSocket, @Nullable Throwable> done) {
    bind(loop, address, Sharing.ALONE, listener, done);
  }

  /** Whether other sockets may be bound to the same port. */
  enum Sharing {
    /** Only this one. */
    ALONE,
    /** SO_REUSEPORT: one for each loop; the system spreads what comes by its source. */
    ONE_PER_LOOP
  }

  static void bind(
      NettyLoop loop,
      InetSocketAddress address,
      Sharing sharing,
      EndpointListener listener,
      BiConsumer<@Nullable UdpSocket, @Nullable Throwable> done) {
    boolean epoll = loop.loops().isEpoll();
    var handler = new Handler(loop.loops(), listener);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop.netty())
            .channelFactory(() -> loop.loops().newChannel(address.getAddress()))
            .option(ChannelOption.SO_RCVBUF, loop.loops().socketBufferBytes())
            .option(ChannelOption.SO_SNDBUF, loop.loops().socketBufferBytes())
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new FixedRecvByteBufAllocator(epoll ? MAX_DATAGRAM : SINGLE_READ)
                    .maxMessagesPerRead(epoll ? READS_PER_TURN : READS_PER_TURN * 4))
            .handler(handler);
    if (epoll) {
      // MAX_DATAGRAM_PAYLOAD_SIZE stays unset: with it a coalesced read arrives unsplit.
      bootstrap.option(EpollChannelOption.UDP_GRO, true);
    }
    if (sharing == Sharing.ONE_PER_LOOP) {
      bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
    }
    bootstrap
        .bind(address)
        .addListener(
            (ChannelFuture future) -> {
              if (future.isSuccess()) {
                var socket = new UdpSocket(future.channel(), listener);
                handler.socket = socket;
                done.accept(socket, null);
              } else {
                done.accept(null, future.cause());
              }
            });
  }

  /** Where it is bound. */
  @Override
  public InetSocketAddress localAddress() {
    return (InetSocketAddress) channel.localAddress();
  }

  @Override
  public String description() {
    return "UDP " + AddressText.of(localAddress());
  }

  @Override
  public void write(byte[] datagram, InetSocketAddress to) {
    channel.write(new DatagramPacket(Unpooled.wrappedBuffer(datagram), to), channel.voidPromise());
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public DatagramSink sinkTo(InetSocketAddress to) {
    return new DatagramBatch(this, to, listener);
  }

  @Override
  public int maxPayload() {
    return MAX_PAYLOAD;
  }

  /** Whether the system takes more. */
  @Override
  public boolean isWritable() {
    return channel.isWritable();
  }

  /** Whether one system call can send several datagrams of equal size (GSO). */
  public boolean canSegment() {
    return segmentation;
  }

  /** Whether one read can bring several datagrams (GRO). */
  public boolean canCoalesce() {
    return coalescing;
  }

  @Override
  public void close() {
    channel.close();
  }

  Channel channel() {
    return channel;
  }

  private static final class Handler extends ChannelInboundHandlerAdapter {
    private final Loops loops;
    private final EndpointListener listener;
    private @Nullable UdpSocket socket;

    Handler(Loops loops, EndpointListener listener) {
      this.loops = loops;
      this.listener = listener;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      loops.own(context.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      try {
        UdpSocket to = socket;
        if (to == null || !(message instanceof DatagramPacket packet)) {
          return;
        }
        ByteBuf content = packet.content();
        int length = content.readableBytes();
        byte[] scratch = SCRATCH.get();
        content.getBytes(content.readerIndex(), scratch, 0, length);
        listener.datagram(to, scratch, 0, length, packet.sender());
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      listener.readEnd();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      if (socket != null) {
        listener.writableChanged(socket, context.channel().isWritable());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (socket != null) {
        listener.sendFailed(socket, cause);
      }
    }
  }
}
