package dev.tautline.sctp.rx;

import org.jspecify.annotations.Nullable;

/** The payload of one DATA chunk in a list of such. */
final class Fragment {
  final byte[] payload;
  @Nullable Fragment next;

  Fragment(byte[] payload) {
    this.payload = payload;
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
