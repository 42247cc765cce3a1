package dev.tautline.stun;

import dev.tautline.stun.attribute.StunAttribute;
import java.util.List;
import java.util.Optional;

/**
 * A STUN message, RFC 8489 section 5.
 *
 * @param messageClass request, indication, success or error
 * @param method 0 to 0xFFF, see {@link StunMethod}
 * @param transactionId joins request and response
 * @param attributes in the order of the wire, without integrity and fingerprint
 */
public record StunMessage(
    StunClass messageClass,
    int method,
    TransactionId transactionId,
    List<StunAttribute> attributes) {
  /** Distinguishes STUN from what else comes over the same socket. */
  public static final int MAGIC_COOKIE = 0x2112A442;

  /** The header's length in bytes. */
  public static final int HEADER_LENGTH = 20;

  /** Checks the method and copies the list. */
  public StunMessage {
    if (method < 0 || method > 0xfff) {
      throw new IllegalArgumentException("method " + method + " does not fit into 12 bits");
    }
    attributes = List.copyOf(attributes);
  }

  /** A message with these attributes. */
  public static StunMessage of(
      StunClass messageClass, int method, TransactionId id, StunAttribute... attributes) {
    return new StunMessage(messageClass, method, id, List.of(attributes));
  }

  /** The first attribute of a kind: of one given twice the first counts, section 14. */
  public <A extends StunAttribute> Optional<A> first(Class<A> kind) {
    for (StunAttribute attribute : attributes) {
      if (kind.isInstance(attribute)) {
        return Optional.of(kind.cast(attribute));
      }
    }
    return Optional.empty();
  }

  /** Whether an attribute of the kind is there. */
  public boolean has(Class<? extends StunAttribute> kind) {
    return first(kind).isPresent();
  }

  /**
   * Class and method as the first 16 bits: M11–M7 C1 M6–M4 C0 M3–M0.
   *
   * @param messageClass the class
   * @param method 0 to 0xFFF
   */
  public static int typeBits(StunClass messageClass, int method) {
    int c = messageClass.bits();
    return (method & 0xf80) << 2
        | (c & 0b10) << 7
        | (method & 0x070) << 1
        | (c & 0b01) << 4
        | (method & 0x00f);
  }

  /** The class in the first 16 bits. */
  public static StunClass classOf(int typeBits) {
    return StunClass.ofBits(typeBits >> 7 & 0b10 | typeBits >> 4 & 0b01);
  }

  /** The method in the first 16 bits. */
  public static int methodOf(int typeBits) {
    return typeBits >> 2 & 0xf80 | typeBits >> 1 & 0x070 | typeBits & 0x00f;
  }
}
