package dev.tautline.rpc;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An exception whose name and message the peer may see. Everything else that an exposed method
 * throws reaches the peer as {@code Error} "internal error" with a reference that is also logged.
 */
public class RpcVisibleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String name;
  private final transient Map<String, Object> members = new LinkedHashMap<>();

  /** An error named after the simple class name, or {@code Error} for this class itself. */
  public RpcVisibleException(String message) {
    this(null, message);
  }

  /** An error with the given JavaScript name, such as {@code RangeError}. */
  public RpcVisibleException(@Nullable String name, String message) {
    super(message);
    this.name = name;
  }

  /** Adds a member such as {@code code}; the page sees it on the error object. */
  public RpcVisibleException with(String member, Object value) {
    members.put(member, value);
    return this;
  }

  /** The JavaScript name of the error. */
  public final String name() {
    if (name != null) {
      return name;
    }
    return getClass() == RpcVisibleException.class ? "Error" : getClass().getSimpleName();
  }

  /** Further members of the error object. */
  public final Map<String, Object> members() {
    return members == null ? Map.of() : Map.copyOf(members);
  }
}
