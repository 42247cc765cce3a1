package dev.tautline.rpc.frame;

import dev.tautline.rpc.JsValue;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts chunks together. Used by one thread at a time. */
public final class ChunkAssembler {
  private static final int MAX_UNFINISHED = 8;
  private static final int MAX_LABEL_CHARS = 128;

  /** A message waits so long for its next chunk. */
  public static final long IDLE_NANOS = 30_000_000_000L;

  /** A chunk that breaks the rules: the channel is closed with this as the reason. */
  public static final class ChunkException extends Exception {
    private static final long serialVersionUID = 1L;

    ChunkException(String reason) {
      super(reason, null, false, false);
    }
  }

  private static final class Unfinished {
    final int total;
    final StringBuilder text = new StringBuilder();
    int next;
    long bytes;
    long lastNanos;

    Unfinished(int total) {
      this.total = total;
    }
  }

  private final Map<String, Unfinished> unfinished = new HashMap<>();
  private final long maxBytes;
  private long bytes;

  /** An assembler for messages up to so many UTF-8 bytes; all unfinished ones share that. */
  public ChunkAssembler(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Takes the member {@code chunk} of a control frame.
   *
   * @return the whole text when this chunk was the last
   */
  public @Nullable String add(JsValue.Obj chunk, long nowNanos) throws ChunkException {
    if (!(chunk.get("m") instanceof JsValue.Text label)
        || !(chunk.get("s") instanceof JsValue.Text piece)) {
      throw new ChunkException("chunk without a label or text");
    }
    int index = count(chunk.get("i"));
    int total = count(chunk.get("n"));
    if (label.value().isEmpty() || label.value().length() > MAX_LABEL_CHARS) {
      throw new ChunkException("chunk label of " + label.value().length() + " characters");
    }
    if (total < 1 || total > Chunker.MAX_CHUNKS || index < 0 || index >= total) {
      throw new ChunkException("chunk number out of range");
    }
    Unfinished message = unfinished.get(label.value());
    if (message == null) {
      if (index != 0) {
        throw new ChunkException("chunk " + index + " came without those before it");
      }
      if (unfinished.size() >= MAX_UNFINISHED) {
        throw new ChunkException("more than " + MAX_UNFINISHED + " unfinished messages");
      }
      message = new Unfinished(total);
      unfinished.put(label.value(), message);
    }
    if (message.total != total || message.next != index) {
      throw new ChunkException("chunk " + index + " where " + message.next + " was due");
    }
    int pieceBytes = Utf8.length(piece.value());
    if (bytes + pieceBytes > maxBytes) {
      throw new ChunkException("chunks of more than " + maxBytes + " bytes");
    }
    bytes += pieceBytes;
    message.bytes += pieceBytes;
    message.text.append(piece.value());
    message.next++;
    message.lastNanos = nowNanos;
    if (message.next < total) {
      return null;
    }
    unfinished.remove(label.value());
    bytes -= message.bytes;
    return message.text.toString();
  }

  private static int count(JsValue json) {
    return json instanceof JsValue.Num number
            && number.value() instanceof Long n
            && n >= 0
            && n <= Chunker.MAX_CHUNKS
        ? n.intValue()
        : -1;
  }

  /** Whether a message has waited too long for its next chunk. */
  public boolean isStalled(long nowNanos) {
    for (Iterator<Unfinished> it = unfinished.values().iterator(); it.hasNext(); ) {
      if (nowNanos - it.next().lastNanos >= IDLE_NANOS) {
        return true;
      }
    }
    return false;
  }

  /** Whether anything is unfinished. */
  public boolean isEmpty() {
    return unfinished.isEmpty();
  }
}
