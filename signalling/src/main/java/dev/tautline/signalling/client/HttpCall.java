package dev.tautline.signalling.client;

import dev.tautline.signalling.protocol.RoomsProtocol;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One HTTP request on a connection of its own. */
final class HttpCall {
  /**
   * What came back.
   *
   * @param status the HTTP status
   * @param body as text
   */
  record Reply(int status, String body) {}

  private HttpCall() {}

  /**
   * Makes the request; on the loop.
   *
   * @param token for the Authorization header, or null
   * @return completes on the loop, exceptionally with an {@link IOException} or what TLS or HTTP
   *     found wrong
   */
  static CompletableFuture<Reply> send(
      EventLoop loop,
      ServerAddress server,
      HttpMethod method,
      String path,
      @Nullable String token,
      String json,
      Duration timeout) {
    var result = new CompletableFuture<Reply>();
    var connecting =
        Connecting.start(
            loop,
            server,
            timeout.toNanos(),
            () ->
                List.of(
                    new HttpClientCodec(),
                    new HttpObjectAggregator(RoomsProtocol.MAX_MESSAGE_BYTES, true),
                    new Exchange(request(server, method, path, token, json), result)));
    connecting.whenComplete(
        (channel, failure) -> {
          if (failure != null) {
            result.completeExceptionally(failure);
          } else {
            result.whenComplete((reply, ended) -> channel.close());
          }
        });
    var timer =
        loop.schedule(
            () -> result.completeExceptionally(new SocketTimeoutException("no answer in time")),
            timeout.toNanos(),
            TimeUnit.NANOSECONDS);
    result.whenComplete(
        (reply, ended) -> {
          timer.cancel(false);
          connecting.cancel(false);
        });
    return result;
  }

  private static FullHttpRequest request(
      ServerAddress server, HttpMethod method, String path, @Nullable String token, String json) {
    var body = Unpooled.wrappedBuffer(json.getBytes(StandardCharsets.UTF_8));
    var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, path, body);
    request
        .headers()
        .set(HttpHeaderNames.HOST, server.authority())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
        .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    if (!json.isEmpty()) {
      request.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
    }
    if (token != null) {
      request.headers().set(HttpHeaderNames.AUTHORIZATION, "Bearer " + token);
    }
    return request;
  }

  private static final class Exchange extends SimpleChannelInboundHandler<FullHttpResponse> {
    private final FullHttpRequest request;
    private final CompletableFuture<Reply> result;

    Exchange(FullHttpRequest request, CompletableFuture<Reply> result) {
      this.request = request;
      this.result = result;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.writeAndFlush(request);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response)
        throws IOException {
      if (response.decoderResult().isFailure()) {
        throw new IOException("the answer is not HTTP", response.decoderResult().cause());
      }
      result.complete(
          new Reply(response.status().code(), response.content().toString(StandardCharsets.UTF_8)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      result.completeExceptionally(
          cause instanceof SocketException ? new BrokenConnectionException(cause) : cause);
      ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      result.completeExceptionally(new BrokenConnectionException(null));
    }
  }
}
