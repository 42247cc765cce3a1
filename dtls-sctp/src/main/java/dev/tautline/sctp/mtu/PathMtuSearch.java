package dev.tautline.sctp.mtu;

import dev.tautline.base.Timer;

/**
 * Looks for the largest packet that the path lets through: Datagram Packetization Layer Path MTU
 * Discovery, RFC 8899, with probes that carry no data, one at a time. Says when a probe of which
 * size is due; the owner sends it and reports what became of it.
 *
 * <p>All sizes are SCTP packets in bytes, multiples of 4. Times are nanoseconds.
 */
public final class PathMtuSearch {
  /** The states of section 5.2. */
  public enum State {
    /** Packets of the base size are used, and it is asked whether they pass. */
    BASE,
    /** Larger ones are tried. */
    SEARCHING,
    /** The largest is known; it is looked again when the raise timer expires. */
    SEARCH_COMPLETE
  }

  /** What {@link #probeBytes} says when no probe is due. */
  public static final int NO_PROBE = 0;

  /** Section 5.1.2: a size is given up after so many lost probes of it. */
  private static final int MAX_PROBES = 3;

  /** Section 5.1.1: PMTU_RAISE_TIMER. */
  private static final long RAISE_NANOS = 600_000_000_000L;

  /** Section 5.1.1: PROBE_TIMER "MUST NOT be smaller than 1 second". */
  private static final long MIN_PROBE_NANOS = 1_000_000_000;

  /** Nearer than this the search is over. */
  private static final int PRECISION = 16;

  /**
   * What is left for SCTP on paths that are common, of IP's MTU less headers of IPv4 or IPv6, UDP,
   * TURN and DTLS: tunnels, PPPoE, Ethernet, jumbo frames.
   */
  private static final int[] COMMON = {1300, 1400, 1432, 8888, 8932};

  private final int baseBytes;
  private final int maxBytes;
  private State state = State.SEARCHING;

  /** The PLPMTU: what is known to pass. */
  private int packetBytes;

  /** What is known not to pass; sizes from it on are not tried. */
  private int tooLargeBytes;

  /** What was used before the black hole, which is tried first; 0 when there was none. */
  private int formerBytes;

  private int probeBytes = NO_PROBE;
  private int probesSent;
  private boolean outstanding;
  private long deadlineNanos;

  /**
   * A search that begins at once.
   *
   * @param baseBytes BASE_PLPMTU: packets of this size are taken to pass
   * @param maxBytes MAX_PLPMTU: no larger one is tried
   */
  public PathMtuSearch(int baseBytes, int maxBytes, long nowNanos) {
    this.baseBytes = baseBytes;
    this.maxBytes = maxBytes & ~3;
    start(nowNanos);
  }

  private void start(long nowNanos) {
    packetBytes = baseBytes;
    formerBytes = 0;
    search(nowNanos);
  }

  private void search(long nowNanos) {
    state = State.SEARCHING;
    tooLargeBytes = maxBytes + 4;
    chooseNext(nowNanos);
  }

  /** How large packets may be now. */
  public int packetBytes() {
    return packetBytes;
  }

  /** Where the search stands. */
  public State state() {
    return state;
  }

  /** When {@link #advanceTo} has work or {@link #probeBytes} something to say. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /** Gives up a probe whose time is over, and looks again after the raise timer. */
  public void advanceTo(long nowNanos) {
    if (nowNanos < deadlineNanos) {
      return;
    }
    if (state == State.SEARCH_COMPLETE) {
      search(nowNanos);
    } else if (outstanding) {
      outstanding = false;
      if (probesSent >= MAX_PROBES && state == State.SEARCHING) {
        failed(nowNanos);
      } else {
        deadlineNanos = nowNanos;
      }
    }
  }

  /** How large the probe is that should leave now, or {@link #NO_PROBE}. */
  public int probeBytes(long nowNanos) {
    boolean due = state != State.SEARCH_COMPLETE && !outstanding && nowNanos >= deadlineNanos;
    return due ? probeBytes : NO_PROBE;
  }

  /** The probe left. */
  public void probeSent(long nowNanos, long rtoNanos) {
    outstanding = true;
    probesSent++;
    deadlineNanos = nowNanos + Math.max(rtoNanos, MIN_PROBE_NANOS);
  }

  /** This machine cannot send a packet of that size: it needs no trying. */
  public void cannotSend(long nowNanos) {
    if (state == State.SEARCHING) {
      failed(nowNanos);
    } else {
      // Not even the base: nothing is to be found here until the path is another one.
      complete(nowNanos);
    }
  }

  /** The path answers nothing at present, large or small: what a probe would say is not known. */
  public void pause(long nowNanos) {
    if (state != State.SEARCH_COMPLETE) {
      outstanding = false;
      probesSent = 0;
      deadlineNanos = nowNanos + MIN_PROBE_NANOS;
    }
  }

  /** The probe that is out, or was given up for a repetition of it, was answered. */
  public void acknowledged(long nowNanos) {
    if (state == State.BASE) {
      search(nowNanos);
    } else if (state == State.SEARCHING && probesSent > 0) {
      packetBytes = probeBytes;
      chooseNext(nowNanos);
    }
  }

  /** Large packets are lost while small ones pass, section 4.3: back to the base. */
  public void blackHole(long nowNanos) {
    formerBytes = packetBytes;
    packetBytes = baseBytes;
    state = State.BASE;
    probe(baseBytes, nowNanos);
  }

  /** The path is another one. */
  public void pathChanged(long nowNanos) {
    start(nowNanos);
  }

  private void failed(long nowNanos) {
    tooLargeBytes = probeBytes;
    chooseNext(nowNanos);
  }

  private void chooseNext(long nowNanos) {
    int next = candidate();
    formerBytes = 0;
    if (next <= packetBytes) {
      complete(nowNanos);
    } else {
      probe(next, nowNanos);
    }
  }

  private int candidate() {
    if (formerBytes > packetBytes && formerBytes < tooLargeBytes) {
      return formerBytes;
    }
    for (int common : COMMON) {
      if (common > packetBytes && common < tooLargeBytes) {
        return common;
      }
    }
    if (tooLargeBytes > maxBytes) {
      return maxBytes;
    }
    return tooLargeBytes - packetBytes <= PRECISION
        ? packetBytes
        : (packetBytes + tooLargeBytes) / 2 & ~3;
  }

  private void probe(int bytes, long nowNanos) {
    probeBytes = bytes;
    probesSent = 0;
    outstanding = false;
    deadlineNanos = nowNanos;
  }

  private void complete(long nowNanos) {
    state = State.SEARCH_COMPLETE;
    probeBytes = NO_PROBE;
    outstanding = false;
    deadlineNanos = maxBytes > packetBytes ? nowNanos + RAISE_NANOS : Timer.NOT_RUNNING;
  }
}
