package dev.tautline.signalling.server;

import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.room.MemoryRoomStore;
import dev.tautline.signalling.room.NoteStore;
import dev.tautline.signalling.room.RoomStore;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A rooms server: where peers that know a room's name find each other. {@code
 * docs/rooms-protocol.md} says what it speaks.
 *
 * <p>Thread rule: any thread.
 */
public final class RoomsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoomsServer.class);

  private static final int BACKLOG = 512;
  // A member that does not read gets no more events from its mailbox, which has a limit of its own.
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);
  private static final int MAX_NOTE_ROOMS = 1_000;
  private static final Duration NOTE_LIFE = Duration.ofMinutes(10);

  private final ServerContext context;
  private final EventLoopGroup loops;
  private final Channel listener;
  private final URI uri;
  private final boolean ownsStore;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private RoomsServer(
      ServerContext context, EventLoopGroup loops, Channel listener, boolean ownsStore) {
    this.context = context;
    this.loops = loops;
    this.listener = listener;
    this.ownsStore = ownsStore;
    this.uri = uriOf((InetSocketAddress) listener.localAddress());
  }

  /**
   * Starts a server and returns when it listens.
   *
   * @throws RoomsException with {@link RoomsException.Code#PORT_TAKEN} or {@link
   *     RoomsException.Code#CANNOT_BIND}
   */
  public static RoomsServer start(RoomsServerOptions options) {
    InetAddress address = resolve(options.bindAddress());
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            options.threads(),
            new DefaultThreadFactory("tautline-rooms-server"),
            NioIoHandler.newFactory());
    RoomStore store =
        options
            .store()
            .orElseGet(() -> new MemoryRoomStore(options.roomLimits(), new SecureRandom()));
    var context =
        new ServerContext(
            options,
            store,
            new NoteStore(MAX_NOTE_ROOMS, NOTE_LIFE.toNanos()),
            HostAndOrigin.of(options, address));
    var bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            // One request at a time is read from each connection: see ConnectionSetup.
            .childOption(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .childHandler(new ConnectionSetup(context));
    var bind = bootstrap.bind(new InetSocketAddress(address, options.port()));
    bind.awaitUninterruptibly();
    if (!bind.isSuccess()) {
      loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
      if (options.store().isEmpty()) {
        store.close();
      }
      throw bindFailure(options, bind.cause());
    }
    var server = new RoomsServer(context, loops, bind.channel(), options.store().isEmpty());
    server.startExpiry();
    LOG.info("rooms server listens on {}", server.uri);
    return server;
  }

  /** Where the server is reached from this machine, such as {@code http://127.0.0.1:8080/}. */
  public URI uri() {
    return uri;
  }

  /** The port it listens on. */
  public int port() {
    return uri.getPort();
  }

  /**
   * Stops listening, tells every member (close code 1001) and ends all connections. Idempotent.
   *
   * @return completes when no thread of the server is left
   */
  public CompletableFuture<Void> closeAsync() {
    if (closing.compareAndSet(false, true)) {
      listener
          .close()
          .addListener(
              unbound ->
                  context
                      .sessions()
                      .closeAll()
                      .whenComplete(
                          (told, failure) ->
                              context.channels().close().addListener(ended -> endLoops())));
    }
    return closed;
  }

  private void endLoops() {
    loops
        .shutdownGracefully(0, 2, TimeUnit.SECONDS)
        .addListener(
            ended -> {
              if (ownsStore) {
                context.store().close();
              }
              closed.complete(null);
            });
  }

  /** As {@link #closeAsync}, and waits for it. Not from one of the server's own threads. */
  @Override
  public void close() {
    try {
      closeAsync().join();
    } catch (CompletionException e) {
      throw new IllegalStateException("closing cannot fail", e);
    }
  }

  private void startExpiry() {
    var limits = context.store().limits();
    long shortest = Math.min(limits.expiry().toNanos(), limits.grace().toNanos());
    long tick =
        Math.max(
            TimeUnit.MILLISECONDS.toNanos(10),
            Math.min(TimeUnit.MILLISECONDS.toNanos(500), shortest / 10));
    listener
        .eventLoop()
        .scheduleWithFixedDelay(
            () -> context.store().advanceTo(context.nowNanos()), tick, tick, TimeUnit.NANOSECONDS);
  }

  private static InetAddress resolve(String bindAddress) {
    try {
      return InetAddress.getByName(bindAddress);
    } catch (UnknownHostException e) {
      throw new RoomsException(
          RoomsException.Code.CANNOT_BIND,
          "The bind address \""
              + bindAddress
              + "\" is unknown. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.",
          e);
    }
  }

  private static RoomsException bindFailure(RoomsServerOptions options, Throwable cause) {
    String where = options.bindAddress() + ", port " + options.port();
    String reason = String.valueOf(cause.getMessage());
    if (cause instanceof BindException && reason.contains("in use")) {
      return new RoomsException(
          RoomsException.Code.PORT_TAKEN,
          "Port "
              + options.port()
              + " on "
              + options.bindAddress()
              + " is taken by another program. Stop that program or choose another port (0 takes a"
              + " free one).",
          cause);
    }
    return new RoomsException(
        RoomsException.Code.CANNOT_BIND,
        "Cannot listen on " + where + " (" + reason + "). Choose another address or port.",
        cause);
  }

  private static URI uriOf(InetSocketAddress bound) {
    InetAddress address = bound.getAddress();
    // A wildcard is no address to call; the loopback reaches it.
    String host = address.isAnyLocalAddress() ? "127.0.0.1" : NetUtil.toAddressString(address);
    try {
      return new URI("http", null, host, bound.getPort(), "/", null, null);
    } catch (URISyntaxException e) {
      throw new IllegalStateException("an address is always a valid host: " + host, e);
    }
  }
}
