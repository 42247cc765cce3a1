package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import dev.tautline.sctp.packet.DataView;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The payload of one DATA chunk in a list of such. */
final class Fragment {
  private static final long OBJECT_BYTES = HeapSize.ofObject(4 + 4);

  final byte[] payload;
  @Nullable Fragment next;

  Fragment(byte[] payload) {
    this.payload = payload;
  }

  /** A copy of the chunk's payload. */
  static Fragment of(DataView data) {
    int offset = data.payloadOffset();
    return new Fragment(Arrays.copyOfRange(data.bytes(), offset, offset + data.payloadLength()));
  }

  /** What a fragment with that much payload takes on the heap. */
  static long memoryBytes(int payloadLength) {
    return OBJECT_BYTES + HeapSize.ofBytes(payloadLength);
  }

  /** Joins the payloads of the list that starts with {@code head}. */
  static byte[] join(@Nullable Fragment head, int bytes) {
    byte[] whole = new byte[bytes];
    int at = 0;
    for (Fragment fragment = head; fragment != null; fragment = fragment.next) {
      System.arraycopy(fragment.payload, 0, whole, at, fragment.payload.length);
      at += fragment.payload.length;
    }
    return whole;
  }
}
