package dev.tautline.interop.nat;

/**
 * What stands between a host and the Internet of the laboratory. NAT kinds by RFC 4787: how a
 * mapping is chosen, and what is let in by it.
 */
public enum NetworkKind {
  /** A public address, IPv4 and IPv6. */
  PUBLIC("none", "no NAT, IPv4 and IPv6"),
  /** One mapping for all destinations; whoever sends to it gets in ("full cone"). */
  EIM_EIF("EIM/EIF", "endpoint-independent mapping and filtering"),
  /** Only addresses that were sent to get in, from any port ("restricted cone"). */
  EIM_ADF("EIM/ADF", "endpoint-independent mapping, address-dependent filtering"),
  /** Only an address and port that was sent to gets in ("port-restricted cone"), as most homes. */
  EIM_APDF("EIM/APDF", "endpoint-independent mapping, address- and port-dependent filtering"),
  /** Another port for each destination ("symmetric"). */
  SYMMETRIC("APDM/APDF", "address- and port-dependent mapping and filtering"),
  /** A company's firewall: TCP to port 443, nothing else. */
  UDP_BLOCKED("TCP 443 only", "UDP blocked, TCP to port 443 only, behind NAT"),
  /** No IPv4 but loopback. */
  IPV6_ONLY("IPv6 only", "a public IPv6 address, no IPv4"),
  /** IPv4 behind NAT, and an IPv6 address whose packets vanish. */
  DEAD_IPV6("dead IPv6", "EIM/APDF for IPv4, and IPv6 that goes nowhere"),
  /** Two networks behind one NAT that do not see each other, and their NAT sends back inside. */
  HAIRPIN("hairpin", "EIM/EIF with hairpinning, both hosts behind it in separate networks"),
  /** The same without hairpinning. */
  NO_HAIRPIN("no hairpin", "EIM/APDF without hairpinning, both hosts behind it, separate networks"),
  /** What {@code docker run -p 4000:4000/udp} makes: out by masquerade, in by that port alone. */
  CONTAINER("container", "a container of which one UDP port is published");

  /** The one port of a {@link #CONTAINER} that its host passes on. */
  static final int PUBLISHED_PORT = 4000;

  private final String label;
  private final String text;

  NetworkKind(String label, String text) {
    this.label = label;
    this.text = text;
  }

  /** What the tables say. */
  public String label() {
    return label;
  }

  /** A sentence about it. */
  public String text() {
    return text;
  }

  /** Whether a router stands in between. */
  boolean hasRouter() {
    return this != PUBLIC && this != IPV6_ONLY;
  }

  /** What the router is told, for {@code nft -f -}. Its sides are {@code wan} and {@code lan}. */
  String rules() {
    String in =
        """
          chain in {
            type filter hook input priority 0
            iifname "wan" drop
          }
        """;
    String masquerade =
        """
          chain post {
            type nat hook postrouting priority srcnat
            oifname "wan" masquerade
          }
        """;
    return switch (this) {
      case PUBLIC, IPV6_ONLY -> "";
      case EIM_EIF, HAIRPIN ->
          table(
              """
                map mapped {
                  type inet_service : ipv4_addr
                  flags dynamic,timeout
                  timeout 5m
                }
                chain pre {
                  type nat hook prerouting priority dstnat
                  ip daddr %WAN% meta l4proto udp dnat to udp dport map @mapped
                }
                chain post {
                  type nat hook postrouting priority srcnat
                  oifname "wan" meta l4proto udp update @mapped { udp sport : ip saddr }
                  oifname "wan" masquerade
                  ip saddr { 192.168.0.0/16, 10.0.0.0/8 } oifname "lan*" ct status dnat snat to %WAN%
                }
              """
                  + in
                  + separated());
      case EIM_ADF ->
          table(
              """
                set sent {
                  type ipv4_addr . inet_service
                  flags dynamic,timeout
                  timeout 5m
                }
                chain pre {
                  type nat hook prerouting priority dstnat
                  iifname "wan" ip saddr . udp dport @sent dnat to %HOST%
                }
                chain post {
                  type nat hook postrouting priority srcnat
                  oifname "wan" meta l4proto udp update @sent { ip daddr . udp sport }
                  oifname "wan" masquerade
                }
              """
                  + in);
      case EIM_APDF -> table(masquerade + in);
      case CONTAINER ->
          table(
              """
                chain pre {
                  type nat hook prerouting priority dstnat
                  iifname "wan" ip daddr %WAN% udp dport %PORT% dnat to %HOST%:%PORT%
                }
                chain forward {
                  type filter hook forward priority 0
                  iifname "wan" ct state established,related accept
                  iifname "wan" ct status dnat accept
                  iifname "wan" drop
                }
              """
                      .replace("%PORT%", Integer.toString(PUBLISHED_PORT))
                  + masquerade
                  + in);
      case NO_HAIRPIN -> table(masquerade + in + separated());
      case SYMMETRIC ->
          table(
              """
                chain post {
                  type nat hook postrouting priority srcnat
                  oifname "wan" meta l4proto udp masquerade random,fully-random
                  oifname "wan" masquerade
                }
              """
                  + in);
      case UDP_BLOCKED ->
          table(
              masquerade
                  + in
                  + """
                    chain forward {
                      type filter hook forward priority 0
                      iifname "lan*" tcp dport 443 accept
                      iifname "lan*" drop
                    }
                  """);
      case DEAD_IPV6 ->
          table(masquerade + in)
              + """
              table ip6 lab {
                chain forward {
                  type filter hook forward priority 0
                  drop
                }
              }
              """;
    };
  }

  private static String table(String chains) {
    return "table ip lab {\n" + chains + "}\n";
  }

  /**
   * The networks inside do not see each other directly; what was sent to the outside address may.
   */
  private static String separated() {
    return """
      chain forward {
        type filter hook forward priority 0
        iifname "lan*" oifname "lan*" ct status dnat accept
        iifname "lan*" oifname "lan*" drop
      }
    """;
  }
}
