package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends connections that waste our patience: silent ones, requests that trickle in, answers that are
 * not taken. Stands before the codec, since a request whose headers never end is none yet behind
 * it. Gone from the pipeline once the connection is a WebSocket.
 */
final class RequestTimeouts extends ChannelInboundHandlerAdapter {
  static final String NAME = "request-timeouts";

  private enum Phase {
    /** Nothing of the next request has come. */
    IDLE,
    /** It is coming. */
    ARRIVING,
    /** It is complete; the answer is being made or on its way out. */
    ANSWERING
  }

  private final Duration requestTimeout;
  private final Duration idleTimeout;
  private Phase phase = Phase.IDLE;
  private @Nullable Future<?> timer;

  RequestTimeouts(Duration requestTimeout, Duration idleTimeout) {
    this.requestTimeout = requestTimeout;
    this.idleTimeout = idleTimeout;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    enter(ctx, Phase.IDLE, idleTimeout);
    ctx.fireChannelActive();
    // Reading is not automatic: see ConnectionSetup.
    // From the tail, so that FlowControlHandler knows that a request is wanted.
    ctx.channel().read();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (phase == Phase.IDLE) {
      enter(ctx, Phase.ARRIVING, requestTimeout);
    }
    ctx.fireChannelRead(message);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    stop();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    stop();
  }

  /** Whether no whole request is there that waits for its answer. */
  boolean wantsRequest() {
    return phase != Phase.ANSWERING;
  }

  /** The whole request is there. */
  void requestArrived(ChannelHandlerContext ctx) {
    enter(ctx, Phase.ANSWERING, idleTimeout);
  }

  /** The whole answer is out. */
  void answered(ChannelHandlerContext ctx) {
    enter(ctx, Phase.IDLE, idleTimeout);
  }

  private void enter(ChannelHandlerContext ctx, Phase next, Duration limit) {
    stop();
    phase = next;
    if (ctx.channel().isActive()) {
      timer = ctx.executor().schedule(() -> expire(ctx), limit.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void expire(ChannelHandlerContext ctx) {
    if (phase != Phase.ARRIVING) {
      ctx.close();
      return;
    }
    Problem problem =
        ProblemKind.REQUEST_TIMEOUT.because(
            "The request was not complete after " + requestTimeout.toMillis() + " ms.");
    String body = JsonCodec.write(problem);
    String answer =
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: "
            + Problem.MEDIA_TYPE
            + "\r\nContent-Length: "
            + body.getBytes(StandardCharsets.UTF_8).length
            + "\r\n\r\n"
            + body;
    // Before the codec, which has seen no request that this could answer: so by hand.
    ctx.writeAndFlush(Unpooled.copiedBuffer(answer, StandardCharsets.UTF_8))
        .addListener(ChannelFutureListener.CLOSE);
  }
}
