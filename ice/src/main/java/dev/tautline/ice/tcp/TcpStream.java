package dev.tautline.ice.tcp;

import dev.tautline.ice.udp.NettyLoop;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** One outgoing connection. Every method on its loop. */
public final class TcpStream {
  /** When more than this waits the stream is not writable; a path then stops. */
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  /** What is given although the stream is not writable, before it is dropped as UDP would. */
  private static final int MAX_OVERRUN = 256 * 1024;

  private final TcpListener listener;
  private final TcpTarget target;
  private @Nullable Channel channel;
  private @Nullable ByteBuf pending;
  private byte[] scratch = new byte[4096];
  private long overrun;
  private boolean connected;
  private boolean ended;

  private TcpStream(TcpTarget target, TcpListener listener) {
    this.target = target;
    this.listener = listener;
  }

  /** Begins to connect; the listener learns how that ends. */
  public static TcpStream connect(NettyLoop loop, TcpTarget target, TcpListener listener) {
    var stream = new TcpStream(target, listener);
    ChannelFuture future =
        new Bootstrap()
            .group(loop.netty())
            .channelFactory(loop.loops()::newTcpChannel)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(target.timeoutNanos())))
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel made) {
                    loop.loops().own(made);
                    stream.prepare(made);
                  }
                })
            .connect(target.address());
    stream.channel = future.channel();
    future.addListener(
        (ChannelFuture done) -> {
          if (!done.isSuccess()) {
            stream.end(why(done.cause()));
          }
        });
    loop.schedule(
        () -> {
          if (!stream.connected) {
            stream.end("the connection took longer than it may");
          }
        },
        target.timeoutNanos());
    return stream;
  }

  private void prepare(Channel made) {
    if (target.proxy().isPresent()) {
      made.pipeline()
          .addLast(
              new ConnectThroughProxy(
                  target.proxy().get(), target.host(), target.port(), () -> tunnelled(made)));
    } else {
      target.tls().ifPresent(tls -> addTls(made, tls));
    }
    made.pipeline().addLast(new Handler());
  }

  private void tunnelled(Channel made) {
    if (target.tls().isPresent()) {
      addTls(made, target.tls().get());
    } else {
      becomeConnected();
    }
  }

  private void addTls(Channel made, SSLContext context) {
    SSLEngine engine = context.createSSLEngine(target.name(), target.port());
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    // RFC 8489 section 6.2.3: the certificate is checked against the name of the server.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    var handler = new SslHandler(engine);
    handler.setHandshakeTimeoutMillis(
        Math.max(1, TimeUnit.NANOSECONDS.toMillis(target.timeoutNanos())));
    handler
        .handshakeFuture()
        .addListener(
            (Future<Channel> done) -> {
              if (done.isSuccess()) {
                becomeConnected();
              } else {
                end(why(done.cause()));
              }
            });
    var proxy = made.pipeline().get(ConnectThroughProxy.class);
    if (proxy == null) {
      made.pipeline().addFirst(handler);
    } else {
      made.pipeline().addAfter(made.pipeline().context(proxy).name(), "tls", handler);
    }
  }

  private void becomeConnected() {
    if (!connected && !ended) {
      connected = true;
      listener.connected();
    }
  }

  private void end(String why) {
    if (!ended) {
      close();
      listener.closed(why);
    }
  }

  /** Copies bytes behind what was appended before; dropped when the peer takes nothing for long. */
  public void append(byte[] buffer, int offset, int length) {
    if (reserve(length) && pending != null) {
      pending.writeBytes(buffer, offset, length);
    }
  }

  /** Like the other {@code append}, behind a header of 4 bytes and before zeros. */
  public void append(int header, byte[] buffer, int offset, int length, int zeros) {
    if (reserve(4 + length + zeros) && pending != null) {
      pending.writeInt(header).writeBytes(buffer, offset, length).writeZero(zeros);
    }
  }

  private boolean reserve(int length) {
    Channel to = channel;
    if (to == null || ended) {
      return false;
    }
    if (!to.isWritable()) {
      overrun += length;
      if (overrun > MAX_OVERRUN) {
        return false;
      }
    }
    if (pending == null) {
      pending = to.alloc().directBuffer(Math.max(2048, length));
    }
    return true;
  }

  /** Sends what was appended. */
  public void flush() {
    ByteBuf bytes = pending;
    Channel to = channel;
    pending = null;
    if (bytes == null) {
      return;
    }
    if (to == null || ended) {
      bytes.release();
    } else {
      to.writeAndFlush(bytes, to.voidPromise());
    }
  }

  /** Whether it takes more. */
  public boolean isWritable() {
    Channel to = channel;
    return to != null && connected && !ended && to.isWritable();
  }

  /** Closes it once what was flushed has left. */
  public void close() {
    if (ended) {
      return;
    }
    flush();
    ended = true;
    Channel to = channel;
    if (to == null) {
      return;
    }
    if (connected && to.isActive()) {
      to.writeAndFlush(to.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    } else {
      to.close();
    }
  }

  /** Why a connection failed, in words of its own. */
  static String why(Throwable cause) {
    for (Throwable c = cause; c != null; c = c.getCause()) {
      String message = String.valueOf(c.getMessage());
      if (c instanceof java.security.cert.CertificateException) {
        return message.contains("name") || message.contains("match")
            ? "the certificate is not for this host name (" + message + ')'
            : "the certificate is not trusted (" + message + ')';
      }
      if (c instanceof java.security.cert.CertPathBuilderException
          || c instanceof java.security.cert.CertPathValidatorException) {
        return "the certificate is not trusted (" + message + ')';
      }
    }
    if (cause instanceof io.netty.channel.ConnectTimeoutException) {
      return "no answer to the connection request";
    }
    if (cause instanceof NoRouteToHostException) {
      return "no route to the host";
    }
    if (cause instanceof ConnectException) {
      return "the connection was refused or the network is unreachable";
    }
    if (cause instanceof SSLException) {
      return "TLS failed (" + cause.getMessage() + ')';
    }
    return String.valueOf(cause.getMessage());
  }

  private final class Handler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      if (target.proxy().isEmpty() && target.tls().isEmpty()) {
        becomeConnected();
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      try {
        ByteBuf bytes = (ByteBuf) message;
        int length = bytes.readableBytes();
        if (ended || length == 0) {
          return;
        }
        if (scratch.length < length) {
          scratch = new byte[length];
        }
        bytes.getBytes(bytes.readerIndex(), scratch, 0, length);
        listener.received(scratch, 0, length);
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      if (!ended) {
        listener.readEnd();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      if (context.channel().isWritable()) {
        overrun = 0;
      }
      if (!ended && connected) {
        listener.writableChanged(context.channel().isWritable());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end("the server closed the connection");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      end(why(cause));
    }
  }
}
