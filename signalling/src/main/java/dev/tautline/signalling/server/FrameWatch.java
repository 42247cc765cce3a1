package dev.tautline.signalling.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Sees every frame before Netty's WebSocket handler answers pings and closes by itself: all are
 * signs of life, and after our own close frame nothing is answered any more.
 */
final class FrameWatch extends ChannelInboundHandlerAdapter {
  private final EventsSession session;

  FrameWatch(EventsSession session) {
    this.session = session;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof WebSocketFrame)) {
      // The upgrade request itself.
      ctx.fireChannelRead(message);
    } else if (session.hasEnded()) {
      boolean echo = message instanceof CloseWebSocketFrame;
      ReferenceCountUtil.release(message);
      if (echo) {
        ctx.close();
      }
    } else {
      session.signOfLife();
      ctx.fireChannelRead(message);
    }
  }
}
