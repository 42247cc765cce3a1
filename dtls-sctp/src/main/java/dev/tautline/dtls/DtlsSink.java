package dev.tautline.dtls;

/** Where opened application records go. */
@FunctionalInterface
public interface DtlsSink {
  /**
   * Takes the plaintext of one record. Called by the thread that drives the engine, from within one
   * of the engine's methods, and never before {@link DtlsEvent.Established} was polled.
   *
   * @param nowNanos the time given to the engine
   * @param buffer holds the plaintext; it is overwritten after this method returns
   * @param offset where the plaintext starts
   * @param length its length in bytes, at least 1
   */
  void applicationData(long nowNanos, byte[] buffer, int offset, int length);
}
