package dev.tautline.rpc.frame;

import dev.tautline.rpc.codec.JsonCodec;
import java.util.ArrayList;
import java.util.List;

/** Cuts the text of a frame into chunks that fit the channel. */
public final class Chunker {
  /** Most chunks that a message may have; receivers refuse more. */
  public static final int MAX_CHUNKS = 4096;

  /** Small enough that other ports' frames do not wait long behind one. */
  public static final int PREFERRED_BYTES = 16 * 1024;

  private Chunker() {}

  /**
   * Cuts a text.
   *
   * @param label names the message among the unfinished ones of this sender
   * @param limitBytes what a whole chunk frame may have, in UTF-8 bytes
   * @return the chunk frames; empty if it cannot be done within {@link #MAX_CHUNKS}
   */
  public static List<String> cut(JsonCodec json, String text, String label, int limitBytes) {
    int size = Math.min(PREFERRED_BYTES, limitBytes);
    // Escaping at most doubles what is common in JSON; the pieces are measured after it all the
    // same. Larger pieces only where the preferred size would need too many of them.
    while (true) {
      List<String> pieces = pieces(json, text, size - envelopeBytes(label));
      if (!pieces.isEmpty() && pieces.size() <= MAX_CHUNKS) {
        return frames(label, pieces);
      }
      if (size >= limitBytes) {
        return List.of();
      }
      size = (int) Math.min(limitBytes, size * 2L);
    }
  }

  private static int envelopeBytes(String label) {
    // Both counters may take four digits.
    return "{\"uid\":\"~\",\"data\":{\"chunk\":{\"m\":\"\",\"i\":,\"n\":,\"s\":}},\"transfer\":[]}"
            .length()
        + label.length()
        + 8;
  }

  /** Returns the escaped literals of the pieces; empty if the room is too small for any. */
  private static List<String> pieces(JsonCodec json, String text, int roomBytes) {
    List<String> pieces = new ArrayList<>();
    if (roomBytes < 16) {
      return pieces;
    }
    int start = 0;
    while (start < text.length()) {
      int end = start;
      int bytes = 2;
      while (end < text.length()) {
        char c = text.charAt(end);
        boolean pair =
            Character.isHighSurrogate(c)
                && end + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(end + 1));
        int cost = pair ? 4 : escapedBytes(c);
        if (bytes + cost > roomBytes) {
          break;
        }
        bytes += cost;
        end += pair ? 2 : 1;
      }
      StringBuilder literal = new StringBuilder(bytes);
      json.writeString(text.substring(start, end), literal);
      pieces.add(literal.toString());
      if (pieces.size() > MAX_CHUNKS) {
        return pieces;
      }
      start = end;
    }
    return pieces;
  }

  private static int escapedBytes(char c) {
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') {
      return 2;
    }
    if (c < ' ' || Character.isSurrogate(c)) {
      return 6;
    }
    return c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
  }

  private static List<String> frames(String label, List<String> pieces) {
    List<String> frames = new ArrayList<>(pieces.size());
    for (int i = 0; i < pieces.size(); i++) {
      frames.add(
          "{\"uid\":\"~\",\"data\":{\"chunk\":{\"m\":\""
              + label
              + "\",\"i\":"
              + i
              + ",\"n\":"
              + pieces.size()
              + ",\"s\":"
              + pieces.get(i)
              + "}},\"transfer\":[]}");
    }
    return frames;
  }
}
