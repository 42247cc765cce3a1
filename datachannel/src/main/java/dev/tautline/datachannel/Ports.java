package dev.tautline.datachannel;

import dev.tautline.ice.IcePorts;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The ports of a runtime, and its way out: what the builder was told, else what environment
 * variables say.
 */
final class Ports {
  static final String UDP_PORT = "TAUTLINE_UDP_PORT";
  static final String TCP_PORT = "TAUTLINE_TCP_PORT";
  static final String PORT_RANGE = "TAUTLINE_PORT_RANGE";
  static final String ANNOUNCED_ADDRESS = "TAUTLINE_ANNOUNCED_ADDRESS";

  static final String TCP_PENDING_PER_ADDRESS = "TAUTLINE_TCP_PENDING_PER_ADDRESS";
  static final String HTTP_PROXY = "TAUTLINE_HTTP_PROXY";

  Function<String, @Nullable String> environment = System::getenv;
  @Nullable Integer udpPort;
  @Nullable Integer tcpPort;
  @Nullable Integer tcpPendingPerAddress;
  @Nullable String range;
  @Nullable String announced;
  @Nullable HttpProxy httpProxy;

  static int checked(String what, int port) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(what + " " + port + " is not within 1 and 65535");
    }
    return port;
  }

  /**
   * All of it together.
   *
   * @throws IllegalArgumentException if something has not the form it needs
   */
  IcePorts resolve() {
    IcePorts ports = IcePorts.defaults();
    // A builder that asks for one port means it, whatever range the environment has, and the other
    // way round.
    if (range == null || udpPort != null) {
      ports =
          with(
              ports,
              udpPort == null ? null : udpPort.toString(),
              UDP_PORT,
              text -> p -> p.withUdpPort(number(text)));
    }
    if (range != null || udpPort == null) {
      ports = with(ports, range, PORT_RANGE, text -> p -> p.withRange(IcePorts.Range.parse(text)));
    }
    ports =
        with(
            ports,
            tcpPort == null ? null : tcpPort.toString(),
            TCP_PORT,
            text -> p -> p.withTcpPort(number(text)));
    ports =
        with(
            ports,
            tcpPendingPerAddress == null ? null : tcpPendingPerAddress.toString(),
            TCP_PENDING_PER_ADDRESS,
            text -> p -> p.withTcpPendingPerAddress(number(text)));
    return with(ports, announced, ANNOUNCED_ADDRESS, text -> p -> p.withAnnounced(text));
  }

  /**
   * The proxy of connections whose options name none.
   *
   * @throws IllegalArgumentException if the variable has not the form it needs
   */
  Optional<HttpProxy> httpProxy() {
    HttpProxy told = httpProxy;
    return told != null ? Optional.of(told) : variable(HTTP_PROXY, HttpProxy::parse);
  }

  private IcePorts with(
      IcePorts before,
      @Nullable String told,
      String variable,
      Function<String, UnaryOperator<IcePorts>> change) {
    if (told != null) {
      return change.apply(told).apply(before);
    }
    return variable(variable, value -> change.apply(value).apply(before)).orElse(before);
  }

  private <T> Optional<T> variable(String variable, Function<String, T> read) {
    String value = environment.apply(variable);
    if (value == null || value.isBlank()) {
      return Optional.empty();
    }
    try {
      return Optional.of(read.apply(value.strip()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the environment variable " + variable + ": " + e.getMessage(), e);
    }
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not a number", e);
    }
  }
}
