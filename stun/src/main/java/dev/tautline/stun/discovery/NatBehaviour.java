package dev.tautline.stun.discovery;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * What stands between a host and a STUN server; RFC 5780 section 4.
 *
 * @param mapped the address the server saw; empty when it never answered
 * @param mapping how ports are chosen
 * @param filtering what is let in
 */
public record NatBehaviour(
    Optional<InetSocketAddress> mapped, Mapping mapping, Filtering filtering) {
  /** How the address that others see is chosen. */
  public enum Mapping {
    /** The server sees the host's own address. */
    NONE("no address translation"),
    /** One mapping for all destinations: others reach the host by the address a server saw. */
    ENDPOINT_INDEPENDENT("one mapping for all destinations"),
    /** Another mapping for each address. */
    ADDRESS_DEPENDENT("another mapping for each destination address"),
    /** Another mapping for each address and port ("symmetric"). */
    ADDRESS_AND_PORT_DEPENDENT("another mapping for each destination address and port"),
    /** The server did not answer, or has one address only. */
    UNKNOWN("unknown");

    private final String text;

    Mapping(String text) {
      this.text = text;
    }

    /** In plain words. */
    public String text() {
      return text;
    }
  }

  /** What comes in through a mapping. */
  public enum Filtering {
    /** Whoever sends. */
    ENDPOINT_INDEPENDENT("lets anybody in"),
    /** Addresses that were sent to. */
    ADDRESS_DEPENDENT("lets in who was sent to, from any port"),
    /** Addresses and ports that were sent to. */
    ADDRESS_AND_PORT_DEPENDENT("lets in only who was sent to, from that port"),
    /** The server did not answer, or has one address only. */
    UNKNOWN("unknown");

    private final String text;

    Filtering(String text) {
      this.text = text;
    }

    /** In plain words. */
    public String text() {
      return text;
    }
  }

  /** Whether the server answered at all. */
  public boolean answered() {
    return mapped.isPresent();
  }
}
