package dev.tautline.datachannel;

/** Which IP versions candidates are gathered for. */
public enum IpFamilies {
  /** IPv4 and IPv6: the default. */
  ANY,
  /** IPv4 only. */
  IPV4,
  /** IPv6 only. */
  IPV6
}
