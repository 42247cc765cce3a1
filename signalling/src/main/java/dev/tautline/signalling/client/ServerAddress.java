package dev.tautline.signalling.client;

import dev.tautline.signalling.protocol.RoomName;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Where a rooms server is.
 *
 * @param security whether TLS is spoken
 * @param host name or address, without brackets
 * @param port the port
 * @param prefix what stands before {@code /rooms}, without a slash at its end
 */
record ServerAddress(Security security, String host, int port, String prefix) {
  /** What carries HTTP. */
  enum Security {
    PLAIN,
    TLS
  }

  /**
   * The address in a URI.
   *
   * @throws IllegalArgumentException when it is no absolute http(s) URI with a possible port
   */
  static ServerAddress of(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean tls = scheme.equals("https");
    if ((!tls && !scheme.equals("http")) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "\"" + uri + "\" is not the address of a rooms server, such as http://127.0.0.1:8080/");
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw new IllegalArgumentException(
          "The port of \"" + uri + "\" is not between 1 and 65535. Check the address.");
    }
    String host = uri.getHost();
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    return new ServerAddress(
        tls ? Security.TLS : Security.PLAIN,
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80,
        path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
  }

  String path(RoomName room, String action) {
    return prefix + "/rooms/" + room + "/" + action;
  }

  /** The value of the Host header. */
  String authority() {
    boolean standard = port == (security == Security.TLS ? 443 : 80);
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return standard ? name : name + ":" + port;
  }

  URI webSocketUri(RoomName room, long after) {
    try {
      return new URI(
          (security == Security.TLS ? "wss://" : "ws://")
              + authority()
              + path(room, "events")
              + "?after="
              + after);
    } catch (URISyntaxException e) {
      throw new IllegalStateException("made of parts of a URI", e);
    }
  }

  @Override
  public String toString() {
    return (security == Security.TLS ? "https://" : "http://") + authority() + prefix + "/";
  }
}
