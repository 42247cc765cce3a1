package dev.tautline.rpc.message;

/**
 * A request or value that this layer refuses, with what the peer is told: the error's name and a
 * text that says nothing of Java. Has no stack trace, since hostile input makes them by the
 * thousand.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What JavaScript servers answer when a result cannot be cloned. */
  public static final String UNSERIALISABLE = "Unserializable return value";

  private final String name;
  private final String text;

  private Refusal(String name, String text) {
    super(text, null, false, false);
    this.name = name;
    this.text = text;
  }

  /** Something has the wrong shape or may not be done. */
  public static Refusal typeError(String text) {
    return new Refusal("TypeError", text);
  }

  /** A limit was exceeded. */
  public static Refusal rangeError(String text) {
    return new Refusal("RangeError", text);
  }

  /** The call took too long here. */
  public static Refusal timeout(String text) {
    return new Refusal("TimeoutError", text);
  }

  /** A value without a form on the wire. */
  public static Refusal unserialisable() {
    return typeError(UNSERIALISABLE);
  }

  /** The error's name, such as {@code TypeError}. */
  public String name() {
    return name;
  }

  /** The error's message. */
  public String text() {
    return text;
  }

  /** The same refusal with words in front that say where. */
  public Refusal in(String where) {
    return new Refusal(name, where + ": " + text);
  }
}
