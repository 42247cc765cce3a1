package dev.tautline.base;

/**
 * What objects cost on the heap, for limits that are to hold in memory and not only in payload
 * bytes.
 *
 * <p>The figures are those of a 64-bit JVM with compressed references, which is every heap below 32
 * GiB: 12 bytes before an object's fields, 16 before an array's elements, 4 for a reference, all
 * rounded up to 8. Above that the same objects take up to half as much again.
 */
public final class HeapSize {
  /** An object's header. */
  private static final int HEADER_BYTES = 12;

  private static final int ARRAY_HEADER_BYTES = 16;

  /** With 4 bytes between header and value. */
  private static final long BOXED_LONG_BYTES = 24;

  private HeapSize() {}

  /** An object whose fields take that many bytes. */
  public static long ofObject(int fieldBytes) {
    return rounded(HEADER_BYTES + (long) fieldBytes);
  }

  /** An array of that many bytes. */
  public static long ofBytes(int length) {
    return rounded(ARRAY_HEADER_BYTES + (long) length);
  }

  /** An array of that many longs. */
  public static long ofLongs(int length) {
    return ARRAY_HEADER_BYTES + 8L * length;
  }

  /** An array of that many references. */
  public static long ofReferences(int length) {
    return rounded(ARRAY_HEADER_BYTES + 4L * length);
  }

  /** A boxed long; the JDK keeps those of a byte's range for all. */
  public static long ofBoxed(long value) {
    return value == (byte) value ? 0 : BOXED_LONG_BYTES;
  }

  private static long rounded(long bytes) {
    return bytes + 7 & ~7L;
  }
}
