package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.ProblemKind;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;

/** Collects a request's body up to the limit; a longer one gets a problem document. */
final class LimitedAggregator extends HttpObjectAggregator {
  private final int maxBytes;

  LimitedAggregator(int maxBytes) {
    // With "Expect: 100-continue" a client is told before it sends what would be too much.
    super(maxBytes, true);
    this.maxBytes = maxBytes;
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
    Responses.problemAndClose(
        ctx, ProblemKind.TOO_LARGE.because("The body is larger than " + maxBytes + " bytes."));
  }
}
