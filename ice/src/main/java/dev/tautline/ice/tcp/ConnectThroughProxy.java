package dev.tautline.ice.tcp;

import dev.tautline.ice.HttpProxy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks an HTTP proxy for a tunnel, RFC 9110 section 9.3.6, and then steps aside. The proxy's answer
 * may have 8 KiB; a refusal of it ends the connection with its status.
 */
final class ConnectThroughProxy extends ChannelInboundHandlerAdapter {
  private static final int MAX_ANSWER = 8 * 1024;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([0-9]{3})( [^\r\n]*)?");

  private final HttpProxy proxy;
  private final String host;
  private final int port;
  private final Runnable open;
  private final StringBuilder answer = new StringBuilder();

  /**
   * Not asked yet; it asks once the channel is active.
   *
   * @param open the tunnel is there
   */
  ConnectThroughProxy(HttpProxy proxy, String host, int port, Runnable open) {
    this.proxy = proxy;
    this.host = host;
    this.port = port;
    this.open = open;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    String target = (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
    var request = new StringBuilder(256);
    request.append("CONNECT ").append(target).append(" HTTP/1.1\r\nHost: ").append(target);
    proxy
        .login()
        .ifPresent(
            login -> {
              byte[] pair =
                  (login.user() + ':' + login.password()).getBytes(StandardCharsets.UTF_8);
              request
                  .append("\r\nProxy-Authorization: Basic ")
                  .append(Base64.getEncoder().encodeToString(pair));
            });
    request.append("\r\n\r\n");
    context.writeAndFlush(ByteBufUtil.writeAscii(context.alloc(), request), context.voidPromise());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    ByteBuf bytes = (ByteBuf) message;
    try {
      while (bytes.isReadable()) {
        answer.append((char) bytes.readUnsignedByte());
        if (endsTheHeader()) {
          answered(context, bytes);
          return;
        }
        if (answer.length() > MAX_ANSWER) {
          throw new IOException("the proxy's answer is longer than " + MAX_ANSWER + " bytes");
        }
      }
    } finally {
      ReferenceCountUtil.release(bytes);
    }
  }

  private boolean endsTheHeader() {
    int end = answer.length();
    return end >= 4 && answer.indexOf("\r\n\r\n", end - 4) >= 0;
  }

  private void answered(ChannelHandlerContext context, ByteBuf rest) throws IOException {
    Matcher status = STATUS.matcher(answer);
    if (!status.lookingAt()) {
      throw new IOException("the proxy does not speak HTTP");
    }
    if (!status.group(1).startsWith("2")) {
      throw new IOException("the proxy refused the tunnel (" + status.group(1) + ')');
    }
    open.run();
    if (rest.isReadable()) {
      context.fireChannelRead(rest.readRetainedSlice(rest.readableBytes()));
    }
    context.pipeline().remove(this);
  }
}
