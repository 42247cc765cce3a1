package dev.tautline.datachannel;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a channel behaves: the W3C's RTCDataChannelInit. Immutable. The values are checked by {@link
 * PeerConnection#createDataChannel(String, DataChannelOptions)}.
 */
public final class DataChannelOptions {
  private static final DataChannelOptions DEFAULTS = builder().build();

  private final boolean ordered;
  private final @Nullable Integer maxRetransmits;
  private final @Nullable Duration maxPacketLifeTime;
  private final String protocol;
  private final boolean negotiated;
  private final @Nullable Integer id;
  private final DataChannelPriority priority;

  private DataChannelOptions(Builder builder) {
    this.ordered = builder.ordered;
    this.maxRetransmits = builder.maxRetransmits;
    this.maxPacketLifeTime = builder.maxPacketLifeTime;
    this.protocol = builder.protocol;
    this.negotiated = builder.negotiated;
    this.id = builder.id;
    this.priority = builder.priority;
  }

  /** Reliable, ordered, announced to the peer. */
  public static DataChannelOptions defaults() {
    return DEFAULTS;
  }

  /** Starts from {@link #defaults()}. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whether messages arrive in the order they were sent; true by default. */
  public boolean ordered() {
    return ordered;
  }

  /** How often a message is sent again before it is given up; empty by default: for ever. */
  public OptionalInt maxRetransmits() {
    return maxRetransmits == null ? OptionalInt.empty() : OptionalInt.of(maxRetransmits);
  }

  /** How long a message is tried before it is given up; empty by default: for ever. */
  public Optional<Duration> maxPacketLifeTime() {
    return Optional.ofNullable(maxPacketLifeTime);
  }

  /** The name of the protocol spoken on the channel; empty by default. */
  public String protocol() {
    return protocol;
  }

  /** Whether both sides make the channel by themselves, with the same id; false by default. */
  public boolean negotiated() {
    return negotiated;
  }

  /** The id, for negotiated channels; ignored for others, as the W3C says. */
  public OptionalInt id() {
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Its share of a busy path; low by default. */
  public DataChannelPriority priority() {
    return priority;
  }

  /** Collects options. Not for several threads at once. */
  public static final class Builder {
    private boolean ordered = true;
    private @Nullable Integer maxRetransmits;
    private @Nullable Duration maxPacketLifeTime;
    private String protocol = "";
    private boolean negotiated;
    private @Nullable Integer id;
    private DataChannelPriority priority = DataChannelPriority.LOW;

    private Builder() {}

    /** Whether messages arrive in the order they were sent; true by default. */
    public Builder ordered(boolean value) {
      ordered = value;
      return this;
    }

    /**
     * How often a message is sent again before it is given up.
     *
     * @param value 0 to 65535
     */
    public Builder maxRetransmits(int value) {
      maxRetransmits = value;
      return this;
    }

    /**
     * How long a message is tried before it is given up.
     *
     * @param value 0 to 65535 milliseconds
     */
    public Builder maxPacketLifeTime(Duration value) {
      maxPacketLifeTime = Objects.requireNonNull(value);
      return this;
    }

    /**
     * The name of the protocol spoken on the channel.
     *
     * @param value at most 65535 bytes of UTF-8
     */
    public Builder protocol(String value) {
      protocol = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Both sides make the channel by themselves, with this id; nothing is announced.
     *
     * @param channelId 0 to 65534
     */
    public Builder negotiated(int channelId) {
      negotiated = true;
      id = channelId;
      return this;
    }

    /** Whether both sides make the channel by themselves; needs an {@link #id}. */
    public Builder negotiated(boolean value) {
      negotiated = value;
      return this;
    }

    /**
     * The id of a negotiated channel.
     *
     * @param value 0 to 65534
     */
    public Builder id(int value) {
      id = value;
      return this;
    }

    /** Its share of a busy path. */
    public Builder priority(DataChannelPriority value) {
      priority = Objects.requireNonNull(value);
      return this;
    }

    /** The options as they stand now. */
    public DataChannelOptions build() {
      return new DataChannelOptions(this);
    }
  }
}
