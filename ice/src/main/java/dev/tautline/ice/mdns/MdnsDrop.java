package dev.tautline.ice.mdns;

/** Why a datagram or a question got no answer. */
public enum MdnsDrop {
  /** It has not the form of a message. */
  MALFORMED,
  /** It came from another network. */
  OFF_LINK,
  /** More came within a second than anybody honest sends. */
  FLOOD,
  /** More answers to single askers were due within a second than we give. */
  UNICAST_LIMIT
}
