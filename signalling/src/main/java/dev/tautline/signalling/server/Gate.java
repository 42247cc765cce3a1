package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.util.ReferenceCountUtil;

/** What every request has to pass: it is whole HTTP, for this host, from a page that may. */
final class Gate extends ChannelInboundHandlerAdapter {
  private final HostAndOrigin hostAndOrigin;
  private final RequestTimeouts timeouts;

  Gate(HostAndOrigin hostAndOrigin, RequestTimeouts timeouts) {
    this.hostAndOrigin = hostAndOrigin;
    this.timeouts = timeouts;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof FullHttpRequest request)) {
      ReferenceCountUtil.release(message);
      return;
    }
    timeouts.requestArrived(ctx);
    if (request.decoderResult().isFailure()) {
      boolean tooLong = request.decoderResult().cause() instanceof TooLongFrameException;
      ReferenceCountUtil.release(message);
      // Where the next request begins cannot be known.
      Responses.problemAndClose(
          ctx,
          tooLong
              ? ProblemKind.TOO_LARGE.because("The request line or the headers are too long.")
              : ProblemKind.BAD_REQUEST.because("The request is not HTTP/1.1."));
      return;
    }
    Problem problem = hostAndOrigin.judge(request.headers());
    if (problem != null) {
      ReferenceCountUtil.release(message);
      Responses.problem(ctx, problem);
      return;
    }
    ctx.fireChannelRead(message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    // A wish to read counts as met when a read ends, whether or not it brought a whole request: the
    // wish that NextRequest made inside of such a read is forgotten with it.
    if (timeouts.wantsRequest()) {
      ctx.read();
    }
    ctx.fireChannelReadComplete();
  }
}
