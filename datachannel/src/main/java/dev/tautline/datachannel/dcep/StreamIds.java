package dev.tautline.datachannel.dcep;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which stream ids are in use and who may take which: the DTLS client opens channels on even ids,
 * the server on odd ones (RFC 8832 section 6). 65535 is never used (RFC 8832 section 6, W3C).
 *
 * <p>Thread rule: any thread.
 */
public final class StreamIds {
  /** The largest id there is. */
  public static final int MAX_ID = 65_534;

  /** Whose ids are even. */
  public enum Parity {
    /** The DTLS client's. */
    EVEN,
    /** The DTLS server's. */
    ODD;

    /** The peer's. */
    public Parity other() {
      return this == EVEN ? ODD : EVEN;
    }

    /** Whether an id is one of these. */
    public boolean owns(int id) {
      return (id & 1) == ordinal();
    }
  }

  private final BitSet used = new BitSet();
  private @Nullable Parity own;
  private int maxChannels = MAX_ID + 1;

  /** Which ids are ours, once the DTLS role is known. */
  public synchronized void ownParity(Parity parity) {
    own = parity;
  }

  /** Which ids are ours, or null while the DTLS role is not known. */
  public synchronized @Nullable Parity ownParity() {
    return own;
  }

  /**
   * How many ids there are.
   *
   * @param channels 1 to 65535; ids from there on cannot be taken
   */
  public synchronized void maxChannels(int channels) {
    maxChannels = Math.max(1, Math.min(channels, MAX_ID + 1));
  }

  /** How many ids there are; 65535 until the association says less. */
  public synchronized int maxChannels() {
    return maxChannels;
  }

  /** Takes this very id: false when it is in use or out of range. */
  public synchronized boolean take(int id) {
    if (id < 0 || id >= maxChannels || used.get(id)) {
      return false;
    }
    used.set(id);
    return true;
  }

  /** Takes the lowest free id of ours: -1 when none is left. Needs {@link #ownParity}. */
  public synchronized int takeLowest() {
    if (own == null) {
      throw new IllegalStateException("the DTLS role is not known yet");
    }
    for (int id = used.nextClearBit(own.ordinal());
        id < maxChannels;
        id = used.nextClearBit(id + 1)) {
      if (own.owns(id)) {
        used.set(id);
        return id;
      }
    }
    return -1;
  }

  /** Whether an id is in use. */
  public synchronized boolean isTaken(int id) {
    return used.get(id);
  }

  /** Gives an id back. */
  public synchronized void free(int id) {
    used.clear(id);
  }
}
