package dev.tautline.signalling.client;

import dev.tautline.signalling.protocol.ClientMessage;
import dev.tautline.signalling.protocol.CloseCode;
import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.RoomsProtocol;
import dev.tautline.signalling.protocol.RoomsProtocolException;
import dev.tautline.signalling.protocol.ServerMessage;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One WebSocket to a rooms server, from its handshake to its end. On the loop only. */
final class EventSocket {
  private static final Logger LOG = LoggerFactory.getLogger(EventSocket.class);

  /** RFC 6455 section 7.1.5: the code of a connection that ended without a close frame. */
  static final int ABNORMAL = 1006;

  /** What a WebSocket brings; {@link #closed} comes last and once, also when it never opened. */
  interface Listener {
    void opened(EventSocket socket);

    void message(ServerMessage message);

    /** All messages that were there have been given. */
    void batchEnd();

    void closed(int code, String reason);
  }

  private final Channel channel;

  private EventSocket(Channel channel) {
    this.channel = channel;
  }

  /**
   * Opens a WebSocket.
   *
   * @param silence the server pings more often than this; after so long without a frame the
   *     connection counts as broken. Also the limit for the handshake
   */
  static void open(
      EventLoop loop,
      ServerAddress server,
      URI uri,
      String token,
      Duration silence,
      Listener listener) {
    Connecting.start(
            loop,
            server,
            silence.toNanos(),
            () ->
                List.of(
                    new ReadTimeoutHandler(silence.toMillis(), TimeUnit.MILLISECONDS),
                    new HttpClientCodec(),
                    new HttpObjectAggregator(RoomsProtocol.MAX_MESSAGE_BYTES),
                    new WebSocketClientProtocolHandler(config(uri, token, silence)),
                    new WebSocketFrameAggregator(RoomsProtocol.MAX_MESSAGE_BYTES),
                    new Frames(listener)))
        .whenComplete(
            (channel, failure) -> {
              if (failure != null) {
                listener.closed(ABNORMAL, String.valueOf(failure.getMessage()));
              }
            });
  }

  private static WebSocketClientProtocolConfig config(URI uri, String token, Duration silence) {
    return WebSocketClientProtocolConfig.newBuilder()
        .webSocketUri(uri)
        .version(WebSocketVersion.V13)
        .subprotocol(
            RoomsProtocol.SUBPROTOCOL + ", " + RoomsProtocol.TOKEN_SUBPROTOCOL_PREFIX + token)
        .allowExtensions(false)
        .customHeaders(new DefaultHttpHeaders())
        .maxFramePayloadLength(RoomsProtocol.MAX_MESSAGE_BYTES)
        .handleCloseFrames(false)
        .dropPongFrames(true)
        .handshakeTimeoutMillis(silence.toMillis())
        // An Origin header is for pages.
        .generateOriginHeader(false)
        .build();
  }

  void send(ClientMessage message) {
    channel.writeAndFlush(new TextWebSocketFrame(JsonCodec.write(message)));
  }

  void close() {
    channel.close();
  }

  private static final class Frames extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final Listener listener;
    private int code = ABNORMAL;
    private String reason = "the connection ended";

    Frames(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event == WebSocketClientProtocolHandler.ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
        listener.opened(new EventSocket(ctx.channel()));
      }
      ctx.fireUserEventTriggered(event);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
      if (frame instanceof TextWebSocketFrame text) {
        try {
          listener.message(JsonCodec.readServerMessage(text.text()));
        } catch (RoomsProtocolException e) {
          code = CloseCode.BROKEN_PROTOCOL.number();
          reason = "the server sent what is no message: " + e.getMessage();
          ctx.close();
        }
      } else if (frame instanceof CloseWebSocketFrame close) {
        code = close.statusCode() < 0 ? ABNORMAL : close.statusCode();
        reason = close.reasonText();
        ctx.writeAndFlush(close.retain()).addListener(answered -> ctx.close());
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      listener.batchEnd();
      ctx.fireChannelReadComplete();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      reason = String.valueOf(cause.getMessage());
      if (cause instanceof WebSocketClientHandshakeException refused
          && refused.response() != null) {
        int status = refused.response().status().code();
        reason = "the server refused the WebSocket with status " + status;
        // 4xx would be the same again; what is busy or broken may recover.
        if (status >= 400 && status < 500 && status != 429) {
          code = CloseCode.BROKEN_PROTOCOL.number();
        }
      }
      LOG.debug("closing {}: {}", ctx.channel(), cause.toString());
      ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      listener.closed(code, reason);
      ctx.fireChannelInactive();
    }
  }
}
