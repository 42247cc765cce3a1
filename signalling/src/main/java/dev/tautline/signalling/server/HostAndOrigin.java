package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pages may use the server. Browsers send requests to any server for any page, to ours on the
 * loopback address, too, and WebSockets know no CORS: the server has to look at {@code Origin}.
 */
final class HostAndOrigin {
  private final boolean loopbackHostsOnly;
  private final Set<String> allowedHosts;
  private final Set<String> allowedOrigins;

  private HostAndOrigin(
      boolean loopbackHostsOnly, Set<String> allowedHosts, Set<String> allowedOrigins) {
    this.loopbackHostsOnly = loopbackHostsOnly;
    this.allowedHosts = allowedHosts;
    this.allowedOrigins = allowedOrigins;
  }

  static HostAndOrigin of(RoomsServerOptions options, InetAddress bound) {
    return new HostAndOrigin(
        bound.isLoopbackAddress(), options.allowedHosts(), options.allowedOrigins());
  }

  Set<String> allowedOrigins() {
    return allowedOrigins;
  }

  /** Why the request is not served, or null when it is. */
  @Nullable Problem judge(HttpHeaders headers) {
    List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
    List<String> origins = headers.getAll(HttpHeaderNames.ORIGIN);
    if (hosts.size() != 1 || origins.size() > 1) {
      // RFC 9112 section 3.2: "A server MUST respond with a 400 (Bad Request) status code to any
      // HTTP/1.1 request message that lacks a Host header field and to any request message that
      // contains more than one".
      return ProblemKind.BAD_REQUEST.because(
          "The request needs exactly one Host header and at most one Origin header.");
    }
    String host = hosts.get(0).toLowerCase(Locale.ROOT);
    // A page of another site whose name was made to point to 127.0.0.1 (DNS rebinding) is of the
    // same origin as we are; only the name it uses gives it away.
    if (loopbackHostsOnly && !isLoopbackName(withoutPort(host)) && !isAllowedHost(host)) {
      return ProblemKind.FOREIGN_HOST.because(
          "This server serves the local machine only, as localhost or 127.0.0.1. Behind a proxy, "
              + "tell it the proxy's host name.");
    }
    if (origins.isEmpty()) {
      return null;
    }
    String origin = origins.get(0).toLowerCase(Locale.ROOT);
    int scheme = origin.indexOf("://");
    boolean ownPage = scheme > 0 && origin.substring(scheme + 3).equals(host);
    return ownPage || allowedOrigins.contains(origin)
        ? null
        : ProblemKind.FOREIGN_ORIGIN.because(
            "Pages of this origin may not use this server. Open the page from the server itself, "
                + "or add the origin to the server's allowed origins.");
  }

  private boolean isAllowedHost(String host) {
    return allowedHosts.contains(withoutPort(host));
  }

  private static boolean isLoopbackName(String host) {
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    byte[] literal =
        NetUtil.createByteArrayFromIpAddressString(
            bracketed ? host.substring(1, host.length() - 1) : host);
    if (literal == null) {
      return host.equals("localhost") || host.endsWith(".localhost");
    }
    try {
      return InetAddress.getByAddress(literal).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  private static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon < 0 || host.endsWith("]") ? host : host.substring(0, colon);
  }
}
