package dev.tautline.ice;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A STUN server, RFC 7064: {@code stun:host[:port]}; or a TURN server, RFC 7065: {@code
 * turn:host[:port][?transport=udp|tcp]} or {@code turns:host[:port][?transport=tcp]}.
 *
 * @param url as it was configured
 * @param kind what it is asked for
 * @param host a name or an address literal, IPv6 without brackets
 * @param port 1 to 65535; 3478, or 5349 for {@code turns}, unless the URL says otherwise
 * @param credentials what a TURN server knows us by; empty for STUN, and for TURN servers that ask
 *     for none
 */
public record IceServer(
    String url, Kind kind, String host, int port, Optional<Credentials> credentials) {

  /** What a server is asked for, and how it is reached. */
  public enum Kind {
    /** Our address as it sees it, over UDP. */
    STUN,
    /** A relay, over UDP. */
    TURN_UDP,
    /** A relay, over TCP. */
    TURN_TCP,
    /** A relay, over TLS on TCP. */
    TURN_TLS;

    /** Whether it is asked for a relay. */
    public boolean isTurn() {
      return this != STUN;
    }
  }

  /**
   * Long-term credentials, RFC 8489 section 9.2.
   *
   * @param username less than 509 bytes of UTF-8
   * @param password any length
   */
  public record Credentials(String username, String password) {
    /** The password is left out. */
    @Override
    public String toString() {
      return "Credentials[username=" + username + ']';
    }
  }

  /** The port of STUN and TURN over UDP and TCP, RFC 8489 section 18.6. */
  public static final int DEFAULT_PORT = 3478;

  /** The port of TURN over TLS. */
  public static final int DEFAULT_TLS_PORT = 5349;

  private static final Pattern URL =
      Pattern.compile(
          "(stun|turn|turns):(?:\\[([0-9a-fA-F:.]+)]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?"
              + "(?:\\?transport=([A-Za-z0-9]+))?");

  private static final Pattern LOOPBACK_ADDRESS =
      Pattern.compile("127\\.[0-9]+\\.[0-9]+\\.[0-9]+|[0:]*:0*1");

  /** A STUN server. */
  public IceServer(String url, String host, int port) {
    this(url, Kind.STUN, host, port, Optional.empty());
  }

  /**
   * Reads a URL of a server that needs no credentials.
   *
   * @throws IllegalArgumentException if it is not one
   */
  public static IceServer parse(String url) {
    return parse(url, Optional.empty());
  }

  /**
   * Reads a URL.
   *
   * @param credentials for TURN; not used for STUN
   * @throws IllegalArgumentException if it is none of the forms, or asks for what is not there:
   *     {@code stuns:}, or {@code turns:} over UDP
   */
  public static IceServer parse(String url, Optional<Credentials> credentials) {
    String text = url.strip();
    int colon = text.indexOf(':');
    if (colon > 0) {
      text = text.substring(0, colon).toLowerCase(Locale.ROOT) + text.substring(colon);
    }
    Matcher matcher = URL.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\""
              + url
              + "\" is not a STUN or TURN server; the forms are stun:host[:port],"
              + " turn:host[:port][?transport=udp|tcp] and turns:host[:port]");
    }
    Kind kind = kind(url, matcher.group(1), matcher.group(5));
    String host = matcher.group(2) != null ? matcher.group(2) : matcher.group(3);
    int port =
        matcher.group(4) != null
            ? Integer.parseInt(matcher.group(4))
            : kind == Kind.TURN_TLS ? DEFAULT_TLS_PORT : DEFAULT_PORT;
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("\"" + url + "\" has a port outside of 1 to 65535");
    }
    if (kind.isTurn()
        && credentials.isPresent()
        && credentials.get().username().getBytes(java.nio.charset.StandardCharsets.UTF_8).length
            > 508) {
      throw new IllegalArgumentException("the user name for \"" + url + "\" is above 508 bytes");
    }
    return new IceServer(url, kind, host, port, kind.isTurn() ? credentials : Optional.empty());
  }

  /** Whether the URL names this host: {@code localhost}, or a loopback address. */
  public boolean isOnThisHost() {
    String name = host.toLowerCase(Locale.ROOT);
    // RFC 6761 section 6.3: names under localhost are loopback addresses, whatever DNS says.
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || LOOPBACK_ADDRESS.matcher(name).matches();
  }

  private static Kind kind(String url, String scheme, String transport) {
    String over = transport == null ? "" : transport.toLowerCase(Locale.ROOT);
    return switch (scheme + ' ' + over) {
      case "stun " -> Kind.STUN;
      case "turn ", "turn udp" -> Kind.TURN_UDP;
      case "turn tcp" -> Kind.TURN_TCP;
      case "turns ", "turns tcp" -> Kind.TURN_TLS;
      default ->
          throw new IllegalArgumentException(
              "\"" + url + "\": " + scheme + " over " + over + " is not spoken here");
    };
  }
}
