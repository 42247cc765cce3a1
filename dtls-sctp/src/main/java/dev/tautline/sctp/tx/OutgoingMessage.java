package dev.tautline.sctp.tx;

import dev.tautline.sctp.packet.Order;

/** One message of the user from {@code send()} until it is acknowledged or abandoned. */
public final class OutgoingMessage {
  /** Retransmissions without a limit. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** A lifetime without an end. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final int NO_ID = -1;

  final StreamQueue stream;
  final int ppid;
  final Order order;
  final int maxRetransmits;
  final long expiresNanos;
  final byte[] payload;

  /** The SSN or MID, unwrapped; given with the first fragment, so that unsent messages use none. */
  private long id = NO_ID;

  /** How many bytes of the payload were cut into fragments. */
  private int cut;

  private int fragments;
  private int fragmentsHeld;
  private int fragmentsAcked;
  private long firstTsn;
  private long lastTsn;
  private boolean abandoned;

  OutgoingMessage(
      StreamQueue stream,
      int ppid,
      Order order,
      int maxRetransmits,
      long expiresNanos,
      byte[] payload) {
    this.stream = stream;
    this.ppid = ppid;
    this.order = order;
    this.maxRetransmits = maxRetransmits;
    this.expiresNanos = expiresNanos;
    this.payload = payload;
  }

  boolean isStarted() {
    return id != NO_ID;
  }

  void start(long messageId) {
    id = messageId;
  }

  /** Whether it has the first number of its stream. */
  boolean isFirst() {
    return id == 0;
  }

  /** Whether it gets the first number of its stream when it starts. */
  boolean isNextFirst() {
    return !isStarted() && stream.nextId(order) == 0;
  }

  /** The SSN or MID, unwrapped. */
  long id() {
    return id;
  }

  int remaining() {
    return payload.length - cut;
  }

  int cutOffset() {
    return cut;
  }

  int fragments() {
    return fragments;
  }

  void fragmentCut(long tsn, int bytes) {
    if (fragments == 0) {
      firstTsn = tsn;
    }
    lastTsn = tsn;
    fragments++;
    fragmentsHeld++;
    cut += bytes;
  }

  /** One of its fragments was acknowledged for good; returns whether nothing of it is left. */
  boolean fragmentReleased() {
    fragmentsHeld--;
    return fragmentsHeld == 0 && (abandoned || remaining() == 0);
  }

  void fragmentAcked() {
    fragmentsAcked++;
  }

  void fragmentAckTakenBack() {
    fragmentsAcked--;
  }

  /** Whether the peer says that it has all of it. */
  boolean isWhollyAcked() {
    return fragmentsAcked == fragments && remaining() == 0;
  }

  long firstTsn() {
    return firstTsn;
  }

  long lastTsn() {
    return lastTsn;
  }

  boolean isAbandoned() {
    return abandoned;
  }

  void abandon() {
    abandoned = true;
  }

  /** Whether its lifetime is over; RFC 3758 section 4.1. */
  boolean isExpired(long nowNanos) {
    return nowNanos >= expiresNanos;
  }

  boolean isReliable() {
    return maxRetransmits == UNLIMITED && expiresNanos == NEVER;
  }
}
