package dev.tautline.rpc;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** How a connection behaves. Immutable; {@link #builder()} starts from the defaults. */
public final class RpcOptions {
  /** What the peer gets to see of an exception. */
  public record VisibleError(String name, String message) {}

  private static final RpcOptions DEFAULTS = builder().build();

  private final RpcLimits limits;
  private final Duration callDeadline;
  private final Duration serveDeadline;
  private final @Nullable Executor executor;
  private final @Nullable RpcScheduler scheduler;
  private final RandomGenerator random;
  private final LongPolicy longPolicy;
  private final NonFinite nonFinite;
  private final boolean bigDecimalAsNumber;
  private final boolean typedArrays;
  private final boolean refuseUnknownMembers;
  private final boolean refuseExtraArguments;
  private final boolean developmentMode;
  private final Function<Throwable, Optional<VisibleError>> errorMapper;
  private final PeerQuirks quirks;
  private final List<RpcHandler<?>> handlers;
  private final boolean hello;
  private final boolean releaseGarbage;

  private RpcOptions(Builder b) {
    limits = b.limits;
    callDeadline = b.callDeadline;
    serveDeadline = b.serveDeadline;
    executor = b.executor;
    scheduler = b.scheduler;
    random = b.random == null ? new SecureRandom() : b.random;
    longPolicy = b.longPolicy;
    nonFinite = b.nonFinite;
    bigDecimalAsNumber = b.bigDecimalAsNumber;
    typedArrays = b.typedArrays;
    refuseUnknownMembers = b.refuseUnknownMembers;
    refuseExtraArguments = b.refuseExtraArguments;
    developmentMode = b.developmentMode;
    errorMapper = b.errorMapper;
    quirks = b.quirks;
    handlers = List.copyOf(b.handlers);
    hello = b.hello;
    releaseGarbage = b.releaseGarbage;
  }

  /** What holds when nothing is said. */
  public static RpcOptions defaults() {
    return DEFAULTS;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Limits for what the peer may use up. */
  public RpcLimits limits() {
    return limits;
  }

  /** How long an own call waits for its answer; 30 s. */
  public Duration callDeadline() {
    return callDeadline;
  }

  /** How long a served call may take; 2 min. */
  public Duration serveDeadline() {
    return serveDeadline;
  }

  /** Where served calls and callbacks run; empty: threads of the connection's own. */
  public Optional<Executor> executor() {
    return Optional.ofNullable(executor);
  }

  /** Time; empty: the system's. */
  public Optional<RpcScheduler> scheduler() {
    return Optional.ofNullable(scheduler);
  }

  /** Where ids come from; a {@code SecureRandom} unless a test gives another. */
  public RandomGenerator random() {
    return random;
  }

  /** Integers beyond 2^53 - 1. */
  public LongPolicy longPolicy() {
    return longPolicy;
  }

  /** NaN and the infinities. */
  public NonFinite nonFinite() {
    return nonFinite;
  }

  /** Whether {@code BigDecimal} is sent as a number instead of a decimal string. */
  public boolean bigDecimalAsNumber() {
    return bigDecimalAsNumber;
  }

  /** Whether {@code int[]}, {@code double[]} and the like are sent as typed arrays. */
  public boolean typedArrays() {
    return typedArrays;
  }

  /** Whether members that a record does not have refuse the argument. */
  public boolean refuseUnknownMembers() {
    return refuseUnknownMembers;
  }

  /** Whether more arguments than parameters refuse the call. */
  public boolean refuseExtraArguments() {
    return refuseExtraArguments;
  }

  /** Whether every exception's class and message go to the peer. */
  public boolean developmentMode() {
    return developmentMode;
  }

  /** What the peer sees of exceptions that do not say so themselves. */
  public Function<Throwable, Optional<VisibleError>> errorMapper() {
    return errorMapper;
  }

  /** Faults of the peer to work around. */
  public PeerQuirks quirks() {
    return quirks;
  }

  /** Transfer handlers of the application. */
  public List<RpcHandler<?>> handlers() {
    return handlers;
  }

  /** Whether a hello is sent, which offers chunks, port closing and base64. */
  public boolean hello() {
    return hello;
  }

  /** Whether proxies that were dropped without being released are released for the peer. */
  public boolean releaseGarbage() {
    return releaseGarbage;
  }

  /** Collects options. */
  public static final class Builder {
    private RpcLimits limits = RpcLimits.DEFAULTS;
    private Duration callDeadline = Duration.ofSeconds(30);
    private Duration serveDeadline = Duration.ofMinutes(2);
    private @Nullable Executor executor;
    private @Nullable RpcScheduler scheduler;
    private @Nullable RandomGenerator random;
    private LongPolicy longPolicy = LongPolicy.AUTO_STRING;
    private NonFinite nonFinite = NonFinite.ERROR;
    private boolean bigDecimalAsNumber;
    private boolean typedArrays;
    private boolean refuseUnknownMembers;
    private boolean refuseExtraArguments;
    private boolean developmentMode;
    private Function<Throwable, Optional<VisibleError>> errorMapper = e -> Optional.empty();
    private PeerQuirks quirks = PeerQuirks.NONE;
    private final List<RpcHandler<?>> handlers = new ArrayList<>();
    private boolean hello = true;
    private boolean releaseGarbage = true;

    private Builder() {}

    /** See {@link RpcOptions#limits()}. */
    public Builder limits(RpcLimits value) {
      limits = value;
      return this;
    }

    /** See {@link RpcOptions#callDeadline()}; at least 1 ms. */
    public Builder callDeadline(Duration value) {
      callDeadline = atLeastOneMilli(value);
      return this;
    }

    /** See {@link RpcOptions#serveDeadline()}; at least 1 ms. */
    public Builder serveDeadline(Duration value) {
      serveDeadline = atLeastOneMilli(value);
      return this;
    }

    /** See {@link RpcOptions#executor()}; it must not run tasks on the caller's thread. */
    public Builder executor(Executor value) {
      executor = value;
      return this;
    }

    /** See {@link RpcOptions#scheduler()}. */
    public Builder scheduler(RpcScheduler value) {
      scheduler = value;
      return this;
    }

    /** See {@link RpcOptions#random()}. */
    public Builder random(RandomGenerator value) {
      random = value;
      return this;
    }

    /** See {@link RpcOptions#longPolicy()}. */
    public Builder longPolicy(LongPolicy value) {
      longPolicy = value;
      return this;
    }

    /** See {@link RpcOptions#nonFinite()}. */
    public Builder nonFinite(NonFinite value) {
      nonFinite = value;
      return this;
    }

    /** See {@link RpcOptions#bigDecimalAsNumber()}; off by default. */
    public Builder bigDecimalAsNumber(boolean value) {
      bigDecimalAsNumber = value;
      return this;
    }

    /** See {@link RpcOptions#typedArrays()}; off by default. */
    public Builder typedArrays(boolean value) {
      typedArrays = value;
      return this;
    }

    /** See {@link RpcOptions#refuseUnknownMembers()}; off by default. */
    public Builder refuseUnknownMembers(boolean value) {
      refuseUnknownMembers = value;
      return this;
    }

    /** See {@link RpcOptions#refuseExtraArguments()}; off by default, as in JavaScript. */
    public Builder refuseExtraArguments(boolean value) {
      refuseExtraArguments = value;
      return this;
    }

    /** See {@link RpcOptions#developmentMode()}; off by default. */
    public Builder developmentMode(boolean value) {
      developmentMode = value;
      return this;
    }

    /** See {@link RpcOptions#errorMapper()}; shows nothing by default. */
    public Builder errorMapper(Function<Throwable, Optional<VisibleError>> value) {
      errorMapper = value;
      return this;
    }

    /** See {@link RpcOptions#quirks()}; none by default. */
    public Builder quirks(PeerQuirks value) {
      quirks = value;
      return this;
    }

    /** Adds a transfer handler. */
    public Builder handler(RpcHandler<?> handler) {
      String name = handler.name();
      if (name.isEmpty() || name.equals("proxy") || name.equals("throw")) {
        throw new IllegalArgumentException("a handler cannot be named '" + name + "'");
      }
      handlers.add(handler);
      return this;
    }

    /** See {@link RpcOptions#hello()}; on by default. */
    public Builder hello(boolean value) {
      hello = value;
      return this;
    }

    /** See {@link RpcOptions#releaseGarbage()}; on by default. */
    public Builder releaseGarbage(boolean value) {
      releaseGarbage = value;
      return this;
    }

    private static Duration atLeastOneMilli(Duration value) {
      if (value.compareTo(Duration.ofMillis(1)) < 0) {
        throw new IllegalArgumentException("deadline " + value + " is below 1 ms");
      }
      return value;
    }

    /** The options. */
    public RpcOptions build() {
      return new RpcOptions(this);
    }
  }
}
