package dev.tautline.rpc;

/**
 * The JavaScript class of a binary value; the order is the {@code subtype} number on the wire.
 * Elements of more than one byte are little-endian.
 */
public enum BinaryKind {
  /** Plain bytes without a view. */
  ARRAY_BUFFER(1),
  INT8_ARRAY(1),
  /** What {@code byte[]} and {@code ByteBuffer} are sent as. */
  UINT8_ARRAY(1),
  UINT8_CLAMPED_ARRAY(1),
  INT16_ARRAY(2),
  UINT16_ARRAY(2),
  INT32_ARRAY(4),
  UINT32_ARRAY(4),
  FLOAT32_ARRAY(4),
  FLOAT64_ARRAY(8),
  BIGINT64_ARRAY(8),
  BIGUINT64_ARRAY(8);

  private final int elementBytes;

  BinaryKind(int elementBytes) {
    this.elementBytes = elementBytes;
  }

  /** Bytes of one element; the length of a value is a multiple of it. */
  public int elementBytes() {
    return elementBytes;
  }
}
