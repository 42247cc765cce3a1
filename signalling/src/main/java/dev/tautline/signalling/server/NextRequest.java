package dev.tautline.signalling.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;

/** Reads the next request when the answer is out, whoever in the pipeline gave it. */
final class NextRequest extends ChannelOutboundHandlerAdapter {
  private final RequestTimeouts timeouts;

  NextRequest(RequestTimeouts timeouts) {
    this.timeouts = timeouts;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    // 100 (Continue) and 101 (Switching Protocols) do not end a request.
    if (message instanceof FullHttpResponse response
        && response.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
      ctx.write(message, promise.unvoid())
          .addListener(
              written -> {
                timeouts.answered(ctx);
                ctx.channel().read();
              });
    } else {
      ctx.write(message, promise);
    }
  }
}
