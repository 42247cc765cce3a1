package dev.tautline.dtls.engine;

import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.dtls.DtlsDrop;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts the peer's plaintext handshake messages together, RFC 6347 section 4.2.3: fragments may
 * overlap, repeat and come in any order; messages are handed out whole, in order and once.
 *
 * <pre>{@code
 * msg_type (8) | length (24) | message_seq (16) | fragment_offset (24) | fragment_length (24)
 * }</pre>
 *
 * <p>Thread rule: used by one thread.
 */
final class HandshakeReassembly {
  static final int HEADER_BYTES = 12;
  static final int CLIENT_HELLO = 1;
  static final int SERVER_HELLO_DONE = 14;
  static final int CERTIFICATE_VERIFY = 15;

  /** No message may claim more: its room is taken before anything is authenticated. */
  static final int MAX_MESSAGE_BYTES = 32 * 1024;

  /** All messages that wait together. */
  static final int MAX_BUFFERED_BYTES = 128 * 1024;

  /** How far ahead of the next message one may be; a flight has at most six. */
  private static final int MAX_AHEAD = 8;

  private static final int RANDOM_OFFSET = 2;
  private static final int RANDOM_BYTES = 32;

  /** What became of a record. */
  enum Taken {
    /** It holds something new, or nothing of interest. */
    OK,
    /** It repeats the last message that was handed out: the peer waits for our flight. */
    REPEATED_LAST,
    /** The peer makes us hold more than is allowed: the handshake fails. */
    OVERFLOW
  }

  private final Map<Integer, Partial> partials = new HashMap<>();
  private final DropListener drops;
  private int nextSeq;
  private int bufferedBytes;
  private byte @Nullable [] clientRandom;

  /** Told of each dropped fragment. */
  interface DropListener {
    void dropped(DtlsDrop reason);
  }

  HandshakeReassembly(DropListener drops) {
    this.drops = drops;
  }

  /** Takes the fragments of one record. */
  Taken take(byte[] bytes, int offset, int length) {
    var taken = Taken.OK;
    int end = offset + length;
    int at = offset;
    while (at < end) {
      if (end - at < HEADER_BYTES) {
        drops.dropped(DtlsDrop.MALFORMED_HANDSHAKE);
        break;
      }
      int total = u24(bytes, at + 1);
      int fragmentOffset = u24(bytes, at + 6);
      int fragmentLength = u24(bytes, at + 9);
      if (fragmentLength > end - at - HEADER_BYTES || fragmentOffset + fragmentLength > total) {
        drops.dropped(DtlsDrop.MALFORMED_HANDSHAKE);
        break;
      }
      int type = bytes[at] & 0xff;
      int seq = WireReader.u16At(bytes, at + 4);
      int body = at + HEADER_BYTES;
      at = body + fragmentLength;
      if (isOtherClientHello(type, bytes, body, fragmentOffset, fragmentLength)) {
        drops.dropped(DtlsDrop.OTHER_CLIENT_HELLO);
      } else if (seq < nextSeq) {
        taken = seq == nextSeq - 1 && taken == Taken.OK ? Taken.REPEATED_LAST : taken;
      } else if (total > MAX_MESSAGE_BYTES || seq >= nextSeq + MAX_AHEAD) {
        drops.dropped(DtlsDrop.HANDSHAKE_LIMIT);
      } else if (!merge(type, seq, total, bytes, body, fragmentOffset, fragmentLength)) {
        return Taken.OVERFLOW;
      }
    }
    return taken;
  }

  /** The next message in order, whole, with a header that says so; null when it is not complete. */
  byte @Nullable [] poll() {
    Partial partial = partials.get(nextSeq);
    if (partial == null || partial.covered.nextClearBit(0) < partial.body.length) {
      return null;
    }
    partials.remove(nextSeq);
    bufferedBytes -= partial.body.length;
    var out = new WireWriter(HEADER_BYTES + partial.body.length);
    out.u8(partial.type);
    u24(out, partial.body.length);
    out.u16(nextSeq);
    u24(out, 0);
    u24(out, partial.body.length);
    out.bytes(partial.body);
    nextSeq++;
    return out.array();
  }

  private boolean merge(
      int type, int seq, int total, byte[] bytes, int body, int offset, int length) {
    Partial partial = partials.get(seq);
    if (partial == null) {
      if (bufferedBytes + total > MAX_BUFFERED_BYTES) {
        drops.dropped(DtlsDrop.HANDSHAKE_LIMIT);
        return false;
      }
      bufferedBytes += total;
      partial = new Partial(type, new byte[total], new BitSet(total));
      partials.put(seq, partial);
    }
    if (partial.type != type || partial.body.length != total) {
      drops.dropped(DtlsDrop.MALFORMED_HANDSHAKE);
      return true;
    }
    if (type == CLIENT_HELLO
        && offset == 0
        && length >= RANDOM_OFFSET + RANDOM_BYTES
        && clientRandom == null) {
      clientRandom =
          Arrays.copyOfRange(bytes, body + RANDOM_OFFSET, body + RANDOM_OFFSET + RANDOM_BYTES);
    }
    // What came first stays: nobody changes a byte that is there.
    int end = offset + length;
    for (int from = partial.covered.nextClearBit(offset); from < end; ) {
      int next = partial.covered.nextSetBit(from);
      int to = next < 0 ? end : Math.min(next, end);
      System.arraycopy(bytes, body + from - offset, partial.body, from, to - from);
      from = partial.covered.nextClearBit(to);
    }
    partial.covered.set(offset, end);
    return true;
  }

  private boolean isOtherClientHello(int type, byte[] bytes, int body, int offset, int length) {
    byte[] known = clientRandom;
    return type == CLIENT_HELLO
        && known != null
        && offset == 0
        && length >= RANDOM_OFFSET + RANDOM_BYTES
        && !Arrays.equals(
            known,
            0,
            RANDOM_BYTES,
            bytes,
            body + RANDOM_OFFSET,
            body + RANDOM_OFFSET + RANDOM_BYTES);
  }

  private static int u24(byte[] bytes, int index) {
    return (bytes[index] & 0xff) << 16 | WireReader.u16At(bytes, index + 1);
  }

  private static void u24(WireWriter out, int value) {
    out.u8(value >>> 16).u16(value);
  }

  /** A message of which something is there. */
  @SuppressWarnings("ArrayRecordComponent") // Filled in place, never compared.
  private record Partial(int type, byte[] body, BitSet covered) {}
}
