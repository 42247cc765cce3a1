package dev.tautline.datachannel;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy that opens connections with CONNECT; TURN servers over TCP and TLS are reached
 * through it.
 *
 * @param host a name or an address literal
 * @param port 1 to 65535
 * @param user the user name for {@code Basic} authentication, or null
 * @param password the password, or null
 */
public record HttpProxy(String host, int port, @Nullable String user, @Nullable String password) {
  /** A proxy that asks for no password. */
  public static HttpProxy of(String host, int port) {
    return new HttpProxy(host, port, null, null);
  }

  /**
   * Reads {@code http://host:port} or {@code http://user:password@host:port}, also without {@code
   * http://}; user and password are percent-encoded where they hold {@code @}, {@code :} or {@code
   * /}.
   *
   * @throws IllegalArgumentException if it does not have the form; the message leaves the password
   *     out
   */
  public static HttpProxy parse(String text) {
    String stripped = text.strip();
    URI uri;
    try {
      uri = new URI(stripped.contains("://") ? stripped : "http://" + stripped);
    } catch (URISyntaxException e) {
      // Not as the cause: its message has the whole text.
      throw malformed();
    }
    String host = uri.getHost();
    String path = uri.getRawPath();
    if (!"http".equalsIgnoreCase(uri.getScheme())
        || host == null
        || uri.getPort() < 1
        || uri.getPort() > 65_535
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null
        || !(path.isEmpty() || path.equals("/"))) {
      throw malformed();
    }
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    String login = uri.getRawUserInfo();
    if (login == null) {
      return of(host, uri.getPort());
    }
    int colon = login.indexOf(':');
    String user = decoded(colon < 0 ? login : login.substring(0, colon));
    if (user.isEmpty() || user.indexOf(':') >= 0) {
      throw malformed();
    }
    return new HttpProxy(
        host, uri.getPort(), user, colon < 0 ? "" : decoded(login.substring(colon + 1)));
  }

  /** A plus sign is itself in a URI's authority. */
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException(
        "it is not an HTTP proxy such as http://proxy.example:3128 or"
            + " http://user:password@proxy.example:3128");
  }

  /** The password is left out. */
  @Override
  public String toString() {
    return "HttpProxy[" + host + ':' + port + ", user=" + user + ']';
  }
}
