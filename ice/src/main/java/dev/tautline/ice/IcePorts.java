package dev.tautline.ice;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which ports a runtime uses and under what addresses it is reached; immutable. By default each
 * connection has sockets of its own on ports of the system's choice, and tells the addresses they
 * are bound to.
 *
 * @param udpPort one UDP port for all connections, 1 to 65535
 * @param tcpPort one TCP port that listens for all connections (RFC 6544, passive), 1 to 65535
 * @param range the ports that sockets of a connection alone are bound to
 * @param announced the addresses that peers are told, where a NAT maps one to one
 * @param announcedBy a STUN server that tells the address, where it is not known
 * @param tcpPendingPerAddress how many TCP connections from one address (of IPv6: one /64) may be
 *     without an authenticated check at the same time, 1 to 256; more are closed as they come
 */
public record IcePorts(
    OptionalInt udpPort,
    OptionalInt tcpPort,
    Optional<Range> range,
    List<Announced> announced,
    Optional<IceServer> announcedBy,
    int tcpPendingPerAddress) {
  /**
   * One sixteenth of the places that there are for connections without an authenticated check. A
   * browser needs one for a few round trips, so many browsers behind one NAT still find a place.
   */
  public static final int DEFAULT_TCP_PENDING_PER_ADDRESS = 16;

  private static final Pattern RANGE = Pattern.compile("([0-9]{1,5})-([0-9]{1,5})");
  private static final Pattern IPV4 = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,3}){3})");
  private static final Pattern IPV6 = Pattern.compile("([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)");
  private static final Pattern WITH_PORT =
      Pattern.compile("(?:\\[([^\\]]*)\\]|([^:\\[\\]]*))(?::([0-9]{1,5}))?");

  /** Ports from {@code min} to {@code max}, both within 1 and 65535. */
  public record Range(int min, int max) {
    /** Checks the bounds. */
    public Range {
      checkPort("the lowest port", min);
      checkPort("the highest port", max);
      if (min > max) {
        throw new IllegalArgumentException("the port range " + min + "-" + max + " has no port");
      }
    }

    /** How many ports it has. */
    public int size() {
      return max - min + 1;
    }

    /**
     * Reads {@code 50000-50100}.
     *
     * @throws IllegalArgumentException if it does not have the form
     */
    public static Range parse(String text) {
      Matcher matcher = RANGE.matcher(text.strip());
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not a port range such as 50000-50100");
      }
      return new Range(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
      return min + "-" + max;
    }
  }

  /** Whether the addresses of our interfaces are told, too. */
  public enum Use {
    /** The announced address takes their place. */
    INSTEAD,
    /** It is told beside them, for peers on this side of the NAT. */
    BESIDES
  }

  /**
   * An address that a NAT maps to one of ours.
   *
   * @param address it
   * @param port the published port where it is another than ours; with one UDP port only
   * @param use whether ours are told, too
   */
  public record Announced(InetAddress address, OptionalInt port, Use use) {
    /** Checks the address. */
    public Announced {
      if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
        throw new IllegalArgumentException(
            address.getHostAddress() + " is no address that a peer can send to");
      }
      port.ifPresent(p -> checkPort("the announced port", p));
    }

    /**
     * Reads {@code 203.0.113.5}, {@code 203.0.113.5:40000}, {@code [2001:db8::1]:40000} or {@code
     * 2001:db8::1}; a plus sign before it means {@link Use#BESIDES}.
     *
     * @throws IllegalArgumentException if it does not have the form; names are not resolved
     */
    public static Announced parse(String text) {
      String rest = text.strip();
      Use use = Use.INSTEAD;
      if (rest.startsWith("+")) {
        use = Use.BESIDES;
        rest = rest.substring(1);
      }
      if (IPV6.matcher(rest).matches() && rest.indexOf(':') != rest.lastIndexOf(':')) {
        return new Announced(literal(rest, text), OptionalInt.empty(), use);
      }
      Matcher matcher = WITH_PORT.matcher(rest);
      if (!matcher.matches()) {
        throw noAddress(text);
      }
      String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      OptionalInt port =
          matcher.group(3) == null
              ? OptionalInt.empty()
              : OptionalInt.of(Integer.parseInt(matcher.group(3)));
      return new Announced(literal(host, text), port, use);
    }

    private static InetAddress literal(String host, String text) {
      if (!IPV4.matcher(host).matches() && !IPV6.matcher(host).matches()) {
        throw noAddress(text);
      }
      try {
        // A literal of this form is read and never looked up.
        return InetAddress.getByName(host);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(noAddress(text).getMessage(), e);
      }
    }

    private static IllegalArgumentException noAddress(String text) {
      return new IllegalArgumentException(
          "\""
              + text
              + "\" is not an address such as 203.0.113.5, 203.0.113.5:40000 or [::1]:40000");
    }
  }

  /** Checks how the parts go together. */
  public IcePorts {
    udpPort.ifPresent(port -> checkPort("the UDP port", port));
    tcpPort.ifPresent(port -> checkPort("the TCP port", port));
    announced = List.copyOf(announced);
    if (tcpPendingPerAddress < 1 || tcpPendingPerAddress > 256) {
      throw new IllegalArgumentException(
          tcpPendingPerAddress + " TCP connections of one address are not within 1 and 256");
    }
    if (udpPort.isPresent() && range.isPresent()) {
      throw new IllegalArgumentException(
          "one UDP port for all connections and a port range for each exclude one another");
    }
    for (Announced one : announced) {
      if (one.port().isPresent() && udpPort.isEmpty()) {
        throw new IllegalArgumentException(
            "an announced port needs one UDP port for all connections");
      }
    }
    if (announcedBy.isPresent() && announcedBy.get().kind() != IceServer.Kind.STUN) {
      throw new IllegalArgumentException(
          announcedBy.get().url() + " is no STUN server, which tells the announced address");
    }
    if (announcedBy.isPresent() && !announced.isEmpty()) {
      throw new IllegalArgumentException("the announced address is given, and to be asked for");
    }
  }

  /** Sockets for each connection, on ports of the system's choice; nothing announced. */
  public static IcePorts defaults() {
    return new IcePorts(
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        DEFAULT_TCP_PENDING_PER_ADDRESS);
  }

  /** The same with one UDP port for all connections. */
  public IcePorts withUdpPort(int value) {
    return new IcePorts(
        OptionalInt.of(value), tcpPort, range, announced, announcedBy, tcpPendingPerAddress);
  }

  /** The same with one listening TCP port. */
  public IcePorts withTcpPort(int value) {
    return new IcePorts(
        udpPort, OptionalInt.of(value), range, announced, announcedBy, tcpPendingPerAddress);
  }

  /** The same with a range for the sockets of each connection. */
  public IcePorts withRange(Range value) {
    return new IcePorts(
        udpPort, tcpPort, Optional.of(value), announced, announcedBy, tcpPendingPerAddress);
  }

  /** The same with another number of TCP connections of one address without authenticated check. */
  public IcePorts withTcpPendingPerAddress(int value) {
    return new IcePorts(udpPort, tcpPort, range, announced, announcedBy, value);
  }

  /** The same with announced addresses. */
  public IcePorts withAnnounced(List<Announced> value) {
    return new IcePorts(udpPort, tcpPort, range, value, Optional.empty(), tcpPendingPerAddress);
  }

  /** The same with a STUN server that tells the announced address. */
  public IcePorts withAnnouncedBy(IceServer value) {
    return new IcePorts(
        udpPort, tcpPort, range, List.of(), Optional.of(value), tcpPendingPerAddress);
  }

  /**
   * The same with what one text says: addresses as {@link Announced#parse} reads them, with commas
   * between, or one {@code stun:host:port}.
   *
   * @throws IllegalArgumentException if it does not have the form
   */
  public IcePorts withAnnounced(String text) {
    if (text.strip().startsWith("stun:")) {
      return withAnnouncedBy(IceServer.parse(text.strip(), Optional.empty()));
    }
    List<Announced> all = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      all.add(Announced.parse(one));
    }
    return withAnnounced(all);
  }

  private static void checkPort(String what, int port) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(what + " " + port + " is not within 1 and 65535");
    }
  }
}
