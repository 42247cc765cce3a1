package dev.tautline.rpc;

import java.util.Map;

/** The peer answered with an {@code Error}. */
public final class JsException extends RpcException {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final String message;
  private final String remoteStack;
  private final transient Map<String, JsValue> members;

  /** An error with every member that came with it. */
  public JsException(
      String name, String message, String remoteStack, Map<String, JsValue> members) {
    super(Code.REMOTE_ERROR, message.isEmpty() ? name : name + ": " + message);
    this.name = name;
    this.message = message;
    this.remoteStack = remoteStack;
    this.members = Map.copyOf(members);
  }

  /** The error's {@code name}, such as {@code TypeError}. */
  public String name() {
    return name;
  }

  /** The error's {@code message}, without the name. */
  public String message() {
    return message;
  }

  /** The peer's stack as text, empty if none came. Written by the peer: not to be trusted. */
  public String remoteStack() {
    return remoteStack;
  }

  /** All members as they came, such as {@code code} or {@code details}. */
  public Map<String, JsValue> members() {
    return members == null ? Map.of() : members;
  }
}
