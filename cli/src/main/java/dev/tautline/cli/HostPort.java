package dev.tautline.cli;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A host and a port as people write them. */
record HostPort(String host, int port) {
  /** IPv6 in brackets, without the interface. */
  static String text(String host, int port) {
    int zone = host.indexOf('%');
    String address = zone < 0 ? host : host.substring(0, zone);
    return (address.indexOf(':') >= 0 ? '[' + address + ']' : address) + ':' + port;
  }

  static String text(InetSocketAddress address) {
    return text(address.getAddress().getHostAddress(), address.getPort());
  }

  /**
   * Reads {@code host}, {@code host:port}, {@code [v6]:port}, each with or without a scheme such as
   * {@code stun:}.
   */
  static HostPort parse(String text, String scheme, int standardPort) {
    String rest = text.startsWith(scheme + ":") ? text.substring(scheme.length() + 1) : text;
    int close = rest.indexOf(']');
    int colon = rest.lastIndexOf(':');
    boolean port = colon > close && (close >= 0 || rest.indexOf(':') == colon);
    String host = port ? rest.substring(0, colon) : rest;
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int number = port ? Integer.parseInt(rest.substring(colon + 1)) : standardPort;
      if (!host.isBlank() && number >= 1 && number <= 65_535) {
        return new HostPort(host, number);
      }
    } catch (NumberFormatException e) {
      throw refusal(text, scheme, e);
    }
    throw refusal(text, scheme, null);
  }

  private static CommandFailure refusal(String text, String scheme, @Nullable Throwable cause) {
    String sentence =
        "\""
            + text
            + "\" is not the address of a server; the form is "
            + scheme
            + ":host or "
            + scheme
            + ":host:port";
    return cause == null ? new CommandFailure(sentence) : new CommandFailure(sentence, cause);
  }
}
