package dev.tautline.signalling.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Ends a connection so that its last words arrive. Closing while the client still sends makes the
 * kernel answer with a reset, and the client then loses what it has not read yet (RFC 9112 section
 * 9.6). So only our half is closed, and what still comes is thrown away for a while.
 */
final class Lingering extends ChannelInboundHandlerAdapter {
  private static final long SECONDS = 2;

  private Lingering() {}

  static void close(Channel channel) {
    if (!(channel instanceof DuplexChannel duplex) || !channel.isActive()) {
      channel.close();
      return;
    }
    channel.pipeline().addFirst(new Lingering());
    duplex.shutdownOutput();
    channel.config().setAutoRead(true);
    var limit = channel.eventLoop().schedule(() -> channel.close(), SECONDS, TimeUnit.SECONDS);
    channel.closeFuture().addListener(closed -> limit.cancel(false));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A reset of a connection that was over anyway.
    ctx.close();
  }
}
