package dev.tautline.rpc;

import org.jspecify.annotations.Nullable;

/** A call that did not give its result, or a connection that could not do what was asked. */
public class RpcException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Code {
    /** The channel or connection is closed; the message says why. */
    CLOSED,
    /** No answer before the deadline. */
    TIMEOUT,
    /** The message does not fit the channel, and the peer takes no chunks. */
    PAYLOAD_TOO_LARGE,
    /** The proxy or port was released. */
    RELEASED,
    /** The peer answered with an error. */
    REMOTE_ERROR,
    /** The peer's answer breaks the protocol or a limit. */
    PROTOCOL,
    /** A value cannot be sent: its type has no form on the wire. */
    NOT_SERIALISABLE,
    /** A received value does not fit the declared Java type. */
    CONVERSION,
    /** A limit of this side: pending calls or ports. */
    LIMIT,
    /** The waiting thread was interrupted. */
    INTERRUPTED
  }

  private final Code code;

  /** An exception with a cause. */
  public RpcException(Code code, @Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** An exception without a cause. */
  public RpcException(Code code, String message) {
    this(code, message, null);
  }

  /** Why. */
  public final Code code() {
    return code;
  }
}
