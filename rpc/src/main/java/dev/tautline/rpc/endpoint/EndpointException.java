package dev.tautline.rpc.endpoint;

/** A text that an endpoint did not take. */
public final class EndpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** No room at present; {@link RpcEndpoint.Listener#drained()} is called when there is some. */
    FULL,
    /** More bytes than {@link RpcEndpoint#maxMessageBytes()}. */
    TOO_LARGE,
    /** Closed, or closing. */
    CLOSED
  }

  private final Reason reason;

  /** An exception for the reason. */
  public EndpointException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
