package dev.tautline.signalling.server;

import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.cors.CorsConfig;
import io.netty.handler.codec.http.cors.CorsConfigBuilder;
import io.netty.handler.codec.http.cors.CorsHandler;
import io.netty.handler.flow.FlowControlHandler;

/**
 * The handlers of each connection. Requests are taken one at a time: the next is read when the
 * answer to the one before is out, so that a client that sends without reading fills its own
 * buffers and not ours.
 */
final class ConnectionSetup extends ChannelInitializer<SocketChannel> {
  private static final int MAX_REQUEST_LINE = 4_096;
  private static final int MAX_HEADERS = 16_384;
  private static final long PREFLIGHT_SECONDS = 600;

  private final ServerContext context;

  ConnectionSetup(ServerContext context) {
    this.context = context;
  }

  @Override
  protected void initChannel(SocketChannel channel) {
    context.channels().add(channel);
    var options = context.options();
    String owner = ConnectionCount.ownerOf(channel.remoteAddress().getAddress());
    if (!context.connections().add(owner)) {
      channel.pipeline().addLast(new TooManyConnections());
      return;
    }
    channel.closeFuture().addListener(closed -> context.connections().remove(owner));
    var timeouts = new RequestTimeouts(options.requestTimeout(), options.idleTimeout());
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(RequestTimeouts.NAME, timeouts);
    pipeline.addLast(
        new HttpServerCodec(
            new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_REQUEST_LINE)
                .setMaxHeaderSize(MAX_HEADERS)));
    pipeline.addLast(new HttpServerKeepAliveHandler());
    pipeline.addLast(new NextRequest(timeouts));
    pipeline.addLast(new LimitedAggregator(options.maxMessageBytes()));
    pipeline.addLast(new FlowControlHandler());
    pipeline.addLast(new Gate(context.hostAndOrigin(), timeouts));
    if (!options.allowedOrigins().isEmpty()) {
      pipeline.addLast(new CorsHandler(cors()));
    }
    pipeline.addLast(new Routes(context, owner));
  }

  private CorsConfig cors() {
    return CorsConfigBuilder.forOrigins(context.options().allowedOrigins().toArray(new String[0]))
        .allowedRequestMethods(HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE)
        .allowedRequestHeaders(HttpHeaderNames.AUTHORIZATION, HttpHeaderNames.CONTENT_TYPE)
        .exposeHeaders(HttpHeaderNames.RETRY_AFTER)
        .maxAge(PREFLIGHT_SECONDS)
        .build();
  }
}
