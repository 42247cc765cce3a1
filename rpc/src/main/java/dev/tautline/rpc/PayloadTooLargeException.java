package dev.tautline.rpc;

/** The request does not fit the channel; nothing was sent. */
public final class PayloadTooLargeException extends RpcException {
  private static final long serialVersionUID = 1L;

  private final long bytes;
  private final long limitBytes;

  /** An exception for a message of so many UTF-8 bytes. */
  public PayloadTooLargeException(long bytes, long limitBytes) {
    super(
        Code.PAYLOAD_TOO_LARGE,
        "message of " + bytes + " bytes exceeds the channel limit of " + limitBytes + " bytes");
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }

  /** Size of the message in UTF-8 bytes. */
  public long bytes() {
    return bytes;
  }

  /** What the channel takes, in UTF-8 bytes. */
  public long limitBytes() {
    return limitBytes;
  }
}
