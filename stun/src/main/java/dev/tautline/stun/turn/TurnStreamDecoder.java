package dev.tautline.stun.turn;

import dev.tautline.base.WireReader;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunFormatException.Reason;
import dev.tautline.stun.StunMessage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a TCP or TLS stream into STUN messages and channel data, RFC 8489 section 6.2.2 and RFC 8656
 * section 12.5. A stream has no way back once it is out of step, so the first wrong byte ends it.
 * Keeps one incomplete frame at most, of 64 KiB.
 */
public final class TurnStreamDecoder {
  private byte[] buffer = new byte[2048];
  private int start;
  private int end;

  /** At the beginning of a stream. */
  public TurnStreamDecoder() {}

  /**
   * A frame; its bytes are good until the next {@link #append}.
   *
   * @param buffer holds it
   * @param offset where it starts
   * @param length its length in bytes, of channel data without the padding
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Frame(byte[] buffer, int offset, int length) {}

  /** Takes bytes of the stream; {@link #poll} all frames before the next call. */
  public void append(byte[] bytes, int offset, int length) {
    if (start > 0) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    if (buffer.length - end < length) {
      buffer = Arrays.copyOf(buffer, Math.max(end + length, 2 * buffer.length));
    }
    System.arraycopy(bytes, offset, buffer, end, length);
    end += length;
  }

  /**
   * The next whole frame, or null when more bytes are needed.
   *
   * @throws StunFormatException if what comes is neither STUN nor channel data
   */
  public @Nullable Frame poll() throws StunFormatException {
    int there = end - start;
    if (there == 0) {
      return null;
    }
    int first = buffer[start] & 0xff;
    int kind = first >> 6;
    if (kind > 1 || kind == 1 && first > ChannelFrame.LAST_NUMBER >> 8) {
      throw new StunFormatException(Reason.NOT_STUN, "neither STUN nor channel data");
    }
    if (there < 4) {
      return null;
    }
    int length = WireReader.u16At(buffer, start + 2);
    int frame;
    int total;
    if (kind == 0) {
      if (length % 4 != 0) {
        throw new StunFormatException(Reason.BAD_LENGTH, "a STUN message of no whole words");
      }
      if (there >= 8 && WireReader.i32At(buffer, start + 4) != StunMessage.MAGIC_COOKIE) {
        throw new StunFormatException(Reason.NOT_STUN, "no STUN header");
      }
      frame = StunMessage.HEADER_LENGTH + length;
      total = frame;
    } else {
      frame = ChannelFrame.HEADER_LENGTH + length;
      total = frame + (-length & 3);
    }
    if (there < total) {
      return null;
    }
    var whole = new Frame(buffer, start, frame);
    start += total;
    return whole;
  }

  /** How many bytes wait for the rest of their frame. */
  public int buffered() {
    return end - start;
  }
}
