package dev.tautline.sctp;

import dev.tautline.base.HeapSize;

/**
 * What a peer may make an association keep or do, beside the receive window and the send buffer.
 * Immutable; made by {@link #defaults()} and {@link #toBuilder()}. No well-behaved peer comes near
 * the defaults.
 */
public final class AssociationLimits {
  private static final AssociationLimits DEFAULTS = new Builder().build();

  private final int maxTsnDistance;
  private final int maxGapRanges;
  private final int maxDuplicateTsns;
  private final int maxControlChunks;
  private final int maxEchoedBytes;
  private final int maxPendingResets;
  private final int maxOutstandingChunks;

  private AssociationLimits(Builder builder) {
    maxTsnDistance = builder.maxTsnDistance;
    maxGapRanges = builder.maxGapRanges;
    maxDuplicateTsns = builder.maxDuplicateTsns;
    maxControlChunks = builder.maxControlChunks;
    maxEchoedBytes = builder.maxEchoedBytes;
    maxPendingResets = builder.maxPendingResets;
    maxOutstandingChunks = builder.maxOutstandingChunks;
  }

  /** The defaults. */
  public static AssociationLimits defaults() {
    return DEFAULTS;
  }

  /** A builder that starts from these. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /**
   * How far above the cumulative TSN a TSN may be to be taken; 65535 by default, which is as far as
   * a gap ack block reaches.
   */
  public int maxTsnDistance() {
    return maxTsnDistance;
  }

  /**
   * How many ranges of TSNs may wait behind gaps; 8192 by default, more than loss makes. What would
   * open another one is not taken.
   */
  public int maxGapRanges() {
    return maxGapRanges;
  }

  /** How many duplicate TSNs one SACK lists; 64 by default, well below one packet. */
  public int maxDuplicateTsns() {
    return maxDuplicateTsns;
  }

  /**
   * How many control chunks may wait to be sent, those in packets of their own counted apart; 64 by
   * default. What asks for more answers gets none until some have left.
   */
  public int maxControlChunks() {
    return maxControlChunks;
  }

  /** How many of a peer's bytes an error cause sends back; 512 by default, below one packet. */
  public int maxEchoedBytes() {
    return maxEchoedBytes;
  }

  /**
   * How many resets of the peer's streams may wait for their event to be taken; 16 by default. What
   * comes above that is answered "in progress" and comes again.
   */
  public int maxPendingResets() {
    return maxPendingResets;
  }

  /**
   * How many DATA chunks may be unacknowledged; 32768 by default: gap ack blocks reach twice as
   * far.
   */
  public int maxOutstandingChunks() {
    return maxOutstandingChunks;
  }

  /** What the tables that these limits bound take on the heap when all are full. */
  long tableBytes() {
    // Two arrays that double from 16 on.
    long ranges = 2 * HeapSize.ofLongs(roundedUp(maxGapRanges));
    long outstanding = (long) roundedUp(maxOutstandingChunks) * OUTSTANDING_CHUNK_BYTES;
    // Five arrays; between two gap ack blocks there is a chunk.
    long gapAckBlocks = 5 * HeapSize.ofLongs(maxOutstandingChunks / 2 + 1);
    long controlChunks = 2L * maxControlChunks * (CONTROL_CHUNK_BYTES + maxEchoedBytes);
    long resets = (long) maxPendingResets * RESET_BYTES;
    return ranges + outstanding + gapAckBlocks + controlChunks + resets;
  }

  /** A slot of the ring with its reference. */
  private static final int OUTSTANDING_CHUNK_BYTES = 128;

  /** A control chunk besides what it echoes: INIT ACK with its cookie is the largest. */
  private static final int CONTROL_CHUNK_BYTES = 1024;

  /** A list of as many streams as fit one packet. */
  private static final int RESET_BYTES = 16_384;

  private static int roundedUp(int value) {
    return value <= 1 ? 1 : Integer.highestOneBit(value - 1) << 1;
  }

  /** Makes {@link AssociationLimits}. */
  public static final class Builder {
    private int maxTsnDistance = 65_535;
    private int maxGapRanges = 8_192;
    private int maxDuplicateTsns = 64;
    private int maxControlChunks = 64;
    private int maxEchoedBytes = 512;
    private int maxPendingResets = 16;
    private int maxOutstandingChunks = 32_768;

    private Builder() {}

    private Builder(AssociationLimits from) {
      maxTsnDistance = from.maxTsnDistance;
      maxGapRanges = from.maxGapRanges;
      maxDuplicateTsns = from.maxDuplicateTsns;
      maxControlChunks = from.maxControlChunks;
      maxEchoedBytes = from.maxEchoedBytes;
      maxPendingResets = from.maxPendingResets;
      maxOutstandingChunks = from.maxOutstandingChunks;
    }

    /** See {@link AssociationLimits#maxTsnDistance()}; 16 to 65535. */
    public Builder maxTsnDistance(int value) {
      maxTsnDistance = within("TSN distance", value, 16, 65_535);
      return this;
    }

    /** See {@link AssociationLimits#maxGapRanges()}; 16 to 32768. */
    public Builder maxGapRanges(int value) {
      maxGapRanges = within("gap ranges", value, 16, 32_768);
      return this;
    }

    /** See {@link AssociationLimits#maxDuplicateTsns()}; 0 to 256. */
    public Builder maxDuplicateTsns(int value) {
      maxDuplicateTsns = within("duplicate TSNs", value, 0, 256);
      return this;
    }

    /** See {@link AssociationLimits#maxControlChunks()}; 8 to 1024. */
    public Builder maxControlChunks(int value) {
      maxControlChunks = within("control chunks", value, 8, 1_024);
      return this;
    }

    /** See {@link AssociationLimits#maxEchoedBytes()}; 64 to 1024. */
    public Builder maxEchoedBytes(int value) {
      maxEchoedBytes = within("echoed bytes", value, 64, 1_024);
      return this;
    }

    /** See {@link AssociationLimits#maxPendingResets()}; 1 to 1024. */
    public Builder maxPendingResets(int value) {
      maxPendingResets = within("pending resets", value, 1, 1_024);
      return this;
    }

    /** See {@link AssociationLimits#maxOutstandingChunks()}; 64 to 65535. */
    public Builder maxOutstandingChunks(int value) {
      maxOutstandingChunks = within("outstanding chunks", value, 64, 65_535);
      return this;
    }

    /** The limits. */
    public AssociationLimits build() {
      return new AssociationLimits(this);
    }

    private static int within(String name, int value, int min, int max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            name + " " + value + " is not within " + min + " to " + max);
      }
      return value;
    }
  }
}
