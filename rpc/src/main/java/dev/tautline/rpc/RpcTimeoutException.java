package dev.tautline.rpc;

/** No answer came before the call's deadline; a late one is ignored. */
public final class RpcTimeoutException extends RpcException {
  private static final long serialVersionUID = 1L;

  /** An exception that names the call. */
  public RpcTimeoutException(String message) {
    super(Code.TIMEOUT, message);
  }
}
