package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** The forms of our answers. */
final class Responses {
  private static final int RETRY_SECONDS = 5;

  private Responses() {}

  static void problem(ChannelHandlerContext ctx, Problem problem) {
    ctx.writeAndFlush(of(problem));
  }

  /** For when it is unknown where the next request begins. */
  static void problemAndClose(ChannelHandlerContext ctx, Problem problem) {
    FullHttpResponse response = of(problem);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    if (ctx.pipeline().get(HttpServerKeepAliveHandler.class) != null) {
      // It would close at once.
      ctx.pipeline().remove(HttpServerKeepAliveHandler.class);
    }
    ctx.channel().writeAndFlush(response).addListener(written -> Lingering.close(ctx.channel()));
  }

  static FullHttpResponse of(Problem problem) {
    FullHttpResponse response =
        text(problem.status(), Problem.MEDIA_TYPE, JsonCodec.write(problem));
    if (problem.status() == 401) {
      // RFC 9110 section 15.5.2: "The server generating a 401 response MUST send a
      // WWW-Authenticate header field".
      response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    } else if (problem.status() == 429 || problem.status() == 503) {
      response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
    } else if (problem.status() == 426) {
      // RFC 9110 section 15.5.22: "The server MUST send an Upgrade header field in a 426 response".
      response.headers().set(HttpHeaderNames.UPGRADE, "websocket");
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    }
    return response;
  }

  static FullHttpResponse json(int status, String body) {
    return text(status, "application/json", body);
  }

  static FullHttpResponse noContent() {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.NO_CONTENT, Unpooled.EMPTY_BUFFER);
    response.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    return response;
  }

  private static FullHttpResponse text(int status, String contentType, String body) {
    FullHttpResponse response =
        bytes(status, contentType, Unpooled.wrappedBuffer(body.getBytes(StandardCharsets.UTF_8)));
    response.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    return response;
  }

  static FullHttpResponse bytes(int status, String contentType, ByteBuf body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, contentType)
        .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
        // What a stranger posted is never taken for a page or a script.
        .set("X-Content-Type-Options", "nosniff");
    return response;
  }
}
