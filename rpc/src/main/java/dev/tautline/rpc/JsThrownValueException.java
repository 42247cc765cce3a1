package dev.tautline.rpc;

/**
 * The peer threw something that is not an {@code Error}: a text, a number, an object, {@code
 * undefined}. Thrown by an exposed Java method, it does the same at the peer.
 */
public final class JsThrownValueException extends RpcException {
  private static final long serialVersionUID = 1L;

  private final transient JsValue value;

  /** An exception that carries the value. */
  public JsThrownValueException(JsValue value) {
    super(Code.REMOTE_ERROR, "the peer threw " + value);
    this.value = value;
  }

  /** What was thrown. */
  public JsValue value() {
    return value == null ? JsValue.undefined() : value;
  }
}
