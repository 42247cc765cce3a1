package dev.tautline.ice;

import java.util.Optional;

/**
 * An HTTP proxy that opens TCP connections with CONNECT, RFC 9110 section 9.3.6.
 *
 * @param host a name or an address literal
 * @param port 1 to 65535
 * @param login for {@code Proxy-Authorization: Basic}; empty for none
 */
public record HttpProxy(String host, int port, Optional<Login> login) {
  /**
   * A user of the proxy.
   *
   * @param user without a colon
   * @param password any
   */
  public record Login(String user, String password) {
    /** The password is left out. */
    @Override
    public String toString() {
      return "Login[user=" + user + ']';
    }
  }

  /** Checks host, port and user. */
  public HttpProxy {
    if (host.isEmpty() || port < 1 || port > 65535) {
      throw new IllegalArgumentException("\"" + host + ':' + port + "\" is no address of a proxy");
    }
    if (login.isPresent() && login.get().user().indexOf(':') >= 0) {
      throw new IllegalArgumentException("a user name for a proxy has no colon");
    }
  }
}
