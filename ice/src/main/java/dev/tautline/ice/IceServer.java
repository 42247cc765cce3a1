package dev.tautline.ice;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A STUN server, RFC 7064: {@code stun:host[:port]}.
 *
 * @param url as it was configured
 * @param host a name or an address literal, IPv6 without brackets
 * @param port 1 to 65535; 3478 unless the URL says otherwise
 */
public record IceServer(String url, String host, int port) {
  /** The port of STUN over UDP, RFC 8489 section 18.6. */
  public static final int DEFAULT_PORT = 3478;

  private static final Pattern URL =
      Pattern.compile("stun:(?:\\[([0-9a-fA-F:.]+)]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?");

  /**
   * Reads a {@code stun:} URL.
   *
   * @throws IllegalArgumentException if it is not one
   */
  public static IceServer parse(String url) {
    String text = url.strip();
    int colon = text.indexOf(':');
    if (colon > 0) {
      text = text.substring(0, colon).toLowerCase(Locale.ROOT) + text.substring(colon);
    }
    Matcher matcher = URL.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\"" + url + "\" is not a STUN server; the form is stun:host or stun:host:port");
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    int port = matcher.group(3) == null ? DEFAULT_PORT : Integer.parseInt(matcher.group(3));
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("\"" + url + "\" has a port outside of 1 to 65535");
    }
    return new IceServer(url, host, port);
  }
}
