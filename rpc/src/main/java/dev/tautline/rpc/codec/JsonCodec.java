package dev.tautline.rpc.codec;

import dev.tautline.rpc.JsValue;
import org.jspecify.annotations.Nullable;

/** Text to values and back. */
public interface JsonCodec {
  /**
   * What a text said.
   *
   * @param value the value; with a violation as much of it as could be taken
   * @param violation the limit or rule that the text breaks, if it does; what the peer is told
   */
  record Parsed(JsValue value, @Nullable Refusal violation) {
    /** A refusal by another name, so that this record needs no import of an exception. */
    public record Refusal(String name, String text) {}
  }

  /** How much of a text is taken. */
  enum Depth {
    /** Everything. */
    WHOLE,
    /**
     * Only what is needed to answer: members {@code uid} of the root, {@code id} and {@code type}
     * of its {@code data}. For texts above the size limit.
     */
    ENVELOPE
  }

  /**
   * Reads a text, with constant stack use.
   *
   * @return the value, or null if the text is not JSON
   */
  @Nullable Parsed parse(String text, Depth depth);

  /** Writes a value without ports or binary values; {@code undefined} members must not occur. */
  void write(JsValue value, StringBuilder out);

  /** Writes a string literal; lone surrogates as escapes, since channels carry UTF-8. */
  void writeString(String text, StringBuilder out);
}
