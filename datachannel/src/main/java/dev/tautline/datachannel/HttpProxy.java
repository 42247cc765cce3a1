package dev.tautline.datachannel;

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

  /** The password is left out. */
  @Override
  public String toString() {
    return "HttpProxy[" + host + ':' + port + ", user=" + user + ']';
  }
}
