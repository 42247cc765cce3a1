package dev.tautline.ice;

/** Whether a peer runs the whole of ICE, RFC 8445 section 2.5. */
public enum IceMode {
  /** The peer sends checks itself. */
  FULL,
  /** The peer only answers checks ({@code a=ice-lite}); the other side controls. */
  LITE
}
