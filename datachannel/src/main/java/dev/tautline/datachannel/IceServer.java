package dev.tautline.datachannel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * STUN or TURN servers that share their credentials.
 *
 * @param urls their URLs: {@code stun:host:port}, {@code turn:host:port?transport=udp}, {@code
 *     turns:host:port}
 * @param username the user name for TURN, or null
 * @param credential the password for TURN, or null
 */
public record IceServer(List<String> urls, @Nullable String username, @Nullable String credential) {
  /** At least one URL. */
  public IceServer {
    urls = List.copyOf(urls);
    if (urls.isEmpty()) {
      throw new IllegalArgumentException("an ICE server has at least one URL");
    }
  }

  /** A server without credentials. */
  public static IceServer of(String url) {
    return new IceServer(List.of(url), null, null);
  }

  /** The password is left out. */
  @Override
  public String toString() {
    return "IceServer[urls=" + urls + ", username=" + username + ']';
  }
}
