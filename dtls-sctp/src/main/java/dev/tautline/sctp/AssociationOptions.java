package dev.tautline.sctp;

import java.time.Duration;
import java.util.Optional;

/**
 * How an association behaves. Immutable; made by {@link #forDataChannels()} or {@link #rfc()}, or
 * by {@link #toBuilder()} from either.
 */
public final class AssociationOptions {
  /** Retransmissions without a limit. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** RFC 8841 section 5.1: the port that data channels use by habit. */
  public static final int DATA_CHANNEL_PORT = 5000;

  private static final int MIN_PACKET_BYTES = 508;
  private static final int MAX_PACKET_BYTES = 65_000;
  private static final int MIN_WINDOW_BYTES = 1500;

  private final int localPort;
  private final int peerPort;
  private final int outgoingStreams;
  private final int incomingStreams;
  private final long receiveWindowBytes;
  private final WindowMode windowMode;
  private final long sendBufferBytes;
  private final long streamSendBufferBytes;
  private final int maxPacketBytes;
  private final int maxProbedPacketBytes;
  private final int initialWindowPackets;
  private final Duration rtoInitial;
  private final Duration rtoMin;
  private final Duration rtoMax;
  private final Duration t1Max;
  private final int maxInitRetransmits;
  private final int maxRetransmits;
  private final Optional<Duration> noAcknowledgementLimit;
  private final Duration heartbeatInterval;
  private final Duration sackDelay;
  private final Duration cookieLife;
  private final boolean partialReliability;
  private final boolean interleaving;
  private final boolean zeroChecksum;
  private final CongestionAlgorithm congestionAlgorithm;
  private final AssociationLimits limits;

  /** When the receive window opens again. */
  public enum WindowMode {
    /** When the message's event is taken. */
    AUTOMATIC,
    /** When {@link Association#consumed} is called. */
    MANUAL
  }

  private AssociationOptions(Builder builder) {
    localPort = builder.localPort;
    peerPort = builder.peerPort;
    outgoingStreams = builder.outgoingStreams;
    incomingStreams = builder.incomingStreams;
    receiveWindowBytes = builder.receiveWindowBytes;
    windowMode = builder.windowMode;
    sendBufferBytes = builder.sendBufferBytes;
    streamSendBufferBytes = builder.streamSendBufferBytes;
    maxPacketBytes = builder.maxPacketBytes;
    maxProbedPacketBytes = builder.maxProbedPacketBytes;
    initialWindowPackets = builder.initialWindowPackets;
    rtoInitial = builder.rtoInitial;
    rtoMin = builder.rtoMin;
    rtoMax = builder.rtoMax;
    t1Max = builder.t1Max;
    maxInitRetransmits = builder.maxInitRetransmits;
    maxRetransmits = builder.maxRetransmits;
    noAcknowledgementLimit = builder.noAcknowledgementLimit;
    heartbeatInterval = builder.heartbeatInterval;
    sackDelay = builder.sackDelay;
    cookieLife = builder.cookieLife;
    partialReliability = builder.partialReliability;
    interleaving = builder.interleaving;
    zeroChecksum = builder.zeroChecksum;
    congestionAlgorithm = builder.congestionAlgorithm;
    limits = builder.limits;
  }

  /**
   * For data channels, where ICE decides whether the path lives: retransmissions without a limit,
   * backed off to 3 s at most, to 1 s for INIT and COOKIE ECHO, and failure when outstanding data
   * gets no acknowledgement for 30 s. Checksums may be left to DTLS (RFC 9653), messages interleave
   * where the peer takes it (RFC 8260), and the congestion control is {@link
   * CongestionAlgorithm#MODEL_BASED}.
   */
  public static AssociationOptions forDataChannels() {
    return rfc().toBuilder()
        .rtoMax(Duration.ofSeconds(3))
        .t1Max(Duration.ofSeconds(1))
        .maxInitRetransmits(UNLIMITED)
        .maxRetransmits(UNLIMITED)
        .noAcknowledgementLimit(Optional.of(Duration.ofSeconds(30)))
        .zeroChecksum(true)
        .interleaving(true)
        .congestionAlgorithm(CongestionAlgorithm.MODEL_BASED)
        .build();
  }

  /**
   * The limits of RFC 9260 section 16: 8 retransmissions of INIT, 10 of the association, back-off
   * to 60 s; but an RTO of 500 ms at first and 400 ms at least.
   */
  public static AssociationOptions rfc() {
    return new Builder().build();
  }

  /** A builder that starts from these. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Our port, 1 to 65535; 5000 by default. */
  public int localPort() {
    return localPort;
  }

  /** The peer's port, 1 to 65535; 5000 by default. */
  public int peerPort() {
    return peerPort;
  }

  /** How many streams we want to send on, 1 to 65535; 65535 by default (RFC 8831 section 6.2). */
  public int outgoingStreams() {
    return outgoingStreams;
  }

  /** How many streams we take, 1 to 65535; 65535 by default. */
  public int incomingStreams() {
    return incomingStreams;
  }

  /**
   * How much received data may be kept, in bytes of memory, 1500 or more; 5 MiB by default. A
   * message that waits to be read counts with 50 bytes above its payload, one in the making with
   * what its fragments take.
   */
  public long receiveWindowBytes() {
    return receiveWindowBytes;
  }

  /** When the window opens again; automatic by default. */
  public WindowMode windowMode() {
    return windowMode;
  }

  /**
   * How much may be kept until it is acknowledged, in bytes of memory: each message counts with 106
   * bytes above its payload; 64 MiB by default. A message larger than that is taken while nothing
   * else is kept, if its payload alone does not pass the limit.
   */
  public long sendBufferBytes() {
    return sendBufferBytes;
  }

  /** The same for each stream; 16 MiB by default. */
  public long streamSendBufferBytes() {
    return streamSendBufferBytes;
  }

  /**
   * The largest packet in bytes, a multiple of 4; 1188 by default, which with DTLS, TURN and UDP
   * headers fits IPv6's minimal MTU of 1280.
   */
  public int maxPacketBytes() {
    return maxPacketBytes;
  }

  /**
   * The largest packet that path MTU probing (RFC 8899) tries, in bytes; 0 by default: it is off.
   *
   * <p>While it is on, packets with data grow beyond {@link #maxPacketBytes()} as far as probes get
   * through, by bundling more chunks: each chunk still fits a packet of that size, so that all of
   * them pass when the path shrinks. It makes sense only where packets that are too large are
   * dropped instead of fragmented (DF set).
   */
  public int maxProbedPacketBytes() {
    return maxProbedPacketBytes;
  }

  /** The first congestion window in packets; 10 by default, as RFC 6928 has it for TCP. */
  public int initialWindowPackets() {
    return initialWindowPackets;
  }

  /** RTO.Initial; 500 ms by default. */
  public Duration rtoInitial() {
    return rtoInitial;
  }

  /** RTO.Min; 400 ms by default: a peer may delay its SACK by 200 ms. */
  public Duration rtoMin() {
    return rtoMin;
  }

  /** RTO.Max; 60 s by RFC 9260, 3 s for data channels. */
  public Duration rtoMax() {
    return rtoMax;
  }

  /**
   * The longest time between two INITs or COOKIE ECHOs, unless {@link #rtoMax} is shorter; 60 s by
   * RFC 9260, 1 s for data channels: a small packet a second burdens no path, and where every third
   * is lost it decides whether the channels open in time.
   */
  public Duration t1Max() {
    return t1Max;
  }

  /** Max.Init.Retransmits, or {@link #UNLIMITED}. */
  public int maxInitRetransmits() {
    return maxInitRetransmits;
  }

  /** Association.Max.Retrans, or {@link #UNLIMITED}. */
  public int maxRetransmits() {
    return maxRetransmits;
  }

  /** How long outstanding data, or the handshake, may go unanswered; empty means for ever. */
  public Optional<Duration> noAcknowledgementLimit() {
    return noAcknowledgementLimit;
  }

  /** HB.interval; 30 s by default. Zero means no heartbeats. */
  public Duration heartbeatInterval() {
    return heartbeatInterval;
  }

  /** How long a SACK may wait; 200 ms by default, 500 ms at most (RFC 9260 section 6.2). */
  public Duration sackDelay() {
    return sackDelay;
  }

  /** Valid.Cookie.Life; 60 s by default. */
  public Duration cookieLife() {
    return cookieLife;
  }

  /** Whether FORWARD-TSN is offered; on by default. */
  public boolean partialReliability() {
    return partialReliability;
  }

  /**
   * Whether I-DATA is offered (RFC 8260), so that messages of different streams mix by fragment; on
   * for data channels. It is used when the peer offers it as well.
   */
  public boolean interleaving() {
    return interleaving;
  }

  /** Whether zero checksums are offered, RFC 9653: only over DTLS; on for data channels. */
  public boolean zeroChecksum() {
    return zeroChecksum;
  }

  /**
   * How fast data leaves and how losses are noticed; {@link CongestionAlgorithm#MODEL_BASED} for
   * data channels, {@link CongestionAlgorithm#RFC_9260} by the RFC.
   */
  public CongestionAlgorithm congestionAlgorithm() {
    return congestionAlgorithm;
  }

  /** What the peer may make us keep beside the window and the send buffer. */
  public AssociationLimits limits() {
    return limits;
  }

  /**
   * The most that an association keeps on the heap, in bytes, whatever its peer does: the receive
   * window, the send buffer, what {@link #limits} bound, and a few words for each stream that is
   * used. Messages that the application took out are its own.
   */
  public long memoryLimitBytes() {
    return receiveWindowBytes
        + Math.min(sendBufferBytes, Long.MAX_VALUE / 2)
        + limits.tableBytes()
        + (long) outgoingStreams * OUTGOING_STREAM_BYTES
        + (long) incomingStreams * INCOMING_STREAM_BYTES
        + FIXED_BYTES;
  }

  /** An outgoing stream that was used: its queue and its place in the table. */
  private static final int OUTGOING_STREAM_BYTES = 216;

  /**
   * An incoming stream that was used: the number of its next message and of the last one given up
   * without order, with their places in the tables.
   */
  private static final int INCOMING_STREAM_BYTES = 22;

  /** All that every association has. */
  private static final int FIXED_BYTES = 65_536;

  /** Makes {@link AssociationOptions}. */
  public static final class Builder {
    private int localPort = DATA_CHANNEL_PORT;
    private int peerPort = DATA_CHANNEL_PORT;
    private int outgoingStreams = 65_535;
    private int incomingStreams = 65_535;
    private long receiveWindowBytes = 5L << 20;
    private WindowMode windowMode = WindowMode.AUTOMATIC;
    private long sendBufferBytes = 64L << 20;
    private long streamSendBufferBytes = 16L << 20;
    private int maxPacketBytes = 1188;
    private int maxProbedPacketBytes;
    private int initialWindowPackets = 10;
    private Duration rtoInitial = Duration.ofMillis(500);
    private Duration rtoMin = Duration.ofMillis(400);
    private Duration rtoMax = Duration.ofSeconds(60);
    private Duration t1Max = Duration.ofSeconds(60);
    private int maxInitRetransmits = 8;
    private int maxRetransmits = 10;
    private Optional<Duration> noAcknowledgementLimit = Optional.empty();
    private Duration heartbeatInterval = Duration.ofSeconds(30);
    private Duration sackDelay = Duration.ofMillis(200);
    private Duration cookieLife = Duration.ofSeconds(60);
    private boolean partialReliability = true;
    private boolean interleaving;
    private boolean zeroChecksum;
    private CongestionAlgorithm congestionAlgorithm = CongestionAlgorithm.RFC_9260;
    private AssociationLimits limits = AssociationLimits.defaults();

    private Builder() {}

    private Builder(AssociationOptions from) {
      localPort = from.localPort;
      peerPort = from.peerPort;
      outgoingStreams = from.outgoingStreams;
      incomingStreams = from.incomingStreams;
      receiveWindowBytes = from.receiveWindowBytes;
      windowMode = from.windowMode;
      sendBufferBytes = from.sendBufferBytes;
      streamSendBufferBytes = from.streamSendBufferBytes;
      maxPacketBytes = from.maxPacketBytes;
      maxProbedPacketBytes = from.maxProbedPacketBytes;
      initialWindowPackets = from.initialWindowPackets;
      rtoInitial = from.rtoInitial;
      rtoMin = from.rtoMin;
      rtoMax = from.rtoMax;
      t1Max = from.t1Max;
      maxInitRetransmits = from.maxInitRetransmits;
      maxRetransmits = from.maxRetransmits;
      noAcknowledgementLimit = from.noAcknowledgementLimit;
      heartbeatInterval = from.heartbeatInterval;
      sackDelay = from.sackDelay;
      cookieLife = from.cookieLife;
      partialReliability = from.partialReliability;
      interleaving = from.interleaving;
      zeroChecksum = from.zeroChecksum;
      congestionAlgorithm = from.congestionAlgorithm;
      limits = from.limits;
    }

    /** See {@link AssociationOptions#localPort()}. */
    public Builder localPort(int value) {
      localPort = within("local port", value, 1, 65_535);
      return this;
    }

    /** See {@link AssociationOptions#peerPort()}. */
    public Builder peerPort(int value) {
      peerPort = within("peer port", value, 1, 65_535);
      return this;
    }

    /** See {@link AssociationOptions#outgoingStreams()}. */
    public Builder outgoingStreams(int value) {
      outgoingStreams = within("outgoing streams", value, 1, 65_535);
      return this;
    }

    /** See {@link AssociationOptions#incomingStreams()}. */
    public Builder incomingStreams(int value) {
      incomingStreams = within("incoming streams", value, 1, 65_535);
      return this;
    }

    /** See {@link AssociationOptions#receiveWindowBytes()}. */
    public Builder receiveWindowBytes(long value) {
      receiveWindowBytes = within("receive window", value, MIN_WINDOW_BYTES, 0xffff_ffffL);
      return this;
    }

    /** The window opens only when {@link Association#consumed} is called. */
    public Builder manualWindow() {
      windowMode = WindowMode.MANUAL;
      return this;
    }

    /** See {@link AssociationOptions#sendBufferBytes()}. */
    public Builder sendBufferBytes(long value) {
      sendBufferBytes = within("send buffer", value, 1, Long.MAX_VALUE);
      return this;
    }

    /** See {@link AssociationOptions#streamSendBufferBytes()}. */
    public Builder streamSendBufferBytes(long value) {
      streamSendBufferBytes = within("send buffer of a stream", value, 1, Long.MAX_VALUE);
      return this;
    }

    /** See {@link AssociationOptions#maxPacketBytes()}; 508 to 65000. */
    public Builder maxPacketBytes(int value) {
      maxPacketBytes = checkPacketBytes(value);
      return this;
    }

    /**
     * See {@link AssociationOptions#maxProbedPacketBytes()}; 0, or 508 to 65000 and a multiple of
     * 4.
     */
    public Builder maxProbedPacketBytes(int value) {
      maxProbedPacketBytes = value == 0 ? 0 : checkPacketBytes(value);
      return this;
    }

    /** See {@link AssociationOptions#initialWindowPackets()}; 1 to 1000. */
    public Builder initialWindowPackets(int value) {
      initialWindowPackets = within("initial window", value, 1, 1000);
      return this;
    }

    /** See {@link AssociationOptions#rtoInitial()}. */
    public Builder rtoInitial(Duration value) {
      rtoInitial = positive("RTO.Initial", value);
      return this;
    }

    /** See {@link AssociationOptions#rtoMin()}. */
    public Builder rtoMin(Duration value) {
      rtoMin = positive("RTO.Min", value);
      return this;
    }

    /** See {@link AssociationOptions#rtoMax()}. */
    public Builder rtoMax(Duration value) {
      rtoMax = positive("RTO.Max", value);
      return this;
    }

    /** See {@link AssociationOptions#t1Max()}. */
    public Builder t1Max(Duration value) {
      t1Max = positive("the longest time between two INITs", value);
      return this;
    }

    /** See {@link AssociationOptions#maxInitRetransmits()}. */
    public Builder maxInitRetransmits(int value) {
      maxInitRetransmits = within("retransmissions of INIT", value, 0, UNLIMITED);
      return this;
    }

    /** See {@link AssociationOptions#maxRetransmits()}. */
    public Builder maxRetransmits(int value) {
      maxRetransmits = within("retransmissions", value, 0, UNLIMITED);
      return this;
    }

    /** See {@link AssociationOptions#noAcknowledgementLimit()}. */
    public Builder noAcknowledgementLimit(Optional<Duration> value) {
      value.ifPresent(limit -> positive("limit without acknowledgement", limit));
      noAcknowledgementLimit = value;
      return this;
    }

    /** See {@link AssociationOptions#heartbeatInterval()}. */
    public Builder heartbeatInterval(Duration value) {
      if (value.isNegative()) {
        throw new IllegalArgumentException("HB.interval " + value + " is negative");
      }
      heartbeatInterval = value;
      return this;
    }

    /** See {@link AssociationOptions#sackDelay()}. */
    public Builder sackDelay(Duration value) {
      // RFC 9260 section 6.2: "MUST NOT be … more than 500 ms".
      within("SACK delay in ms", value.toMillis(), 0, 500);
      sackDelay = value;
      return this;
    }

    /** See {@link AssociationOptions#cookieLife()}. */
    public Builder cookieLife(Duration value) {
      cookieLife = positive("Valid.Cookie.Life", value);
      return this;
    }

    /** See {@link AssociationOptions#partialReliability()}. */
    public Builder partialReliability(boolean value) {
      partialReliability = value;
      return this;
    }

    /** See {@link AssociationOptions#interleaving()}. */
    public Builder interleaving(boolean value) {
      interleaving = value;
      return this;
    }

    /** See {@link AssociationOptions#zeroChecksum()}. */
    public Builder zeroChecksum(boolean value) {
      zeroChecksum = value;
      return this;
    }

    /** See {@link AssociationOptions#congestionAlgorithm()}. */
    public Builder congestionAlgorithm(CongestionAlgorithm value) {
      congestionAlgorithm = value;
      return this;
    }

    /** See {@link AssociationOptions#limits()}. */
    public Builder limits(AssociationLimits value) {
      limits = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if RTO.Initial does not lie between RTO.Min and RTO.Max
     */
    public AssociationOptions build() {
      if (rtoInitial.compareTo(rtoMax) > 0 || rtoMin.compareTo(rtoMax) > 0) {
        throw new IllegalArgumentException(
            "RTO.Initial " + rtoInitial + " or RTO.Min " + rtoMin + " above RTO.Max " + rtoMax);
      }
      return new AssociationOptions(this);
    }

    private static int within(String name, int value, int min, int max) {
      return (int) within(name, (long) value, min, max);
    }

    private static long within(String name, long value, long min, long max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            name + " " + value + " is not within " + min + " to " + max);
      }
      return value;
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " " + value + " is not positive");
      }
      return value;
    }
  }

  static int checkPacketBytes(int value) {
    if (value % 4 != 0) {
      throw new IllegalArgumentException("packet size " + value + " is no multiple of 4");
    }
    return Builder.within("packet size", value, MIN_PACKET_BYTES, MAX_PACKET_BYTES);
  }
}
