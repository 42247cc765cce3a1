package dev.tautline.dtls.record;

/** All record numbers of an epoch were used: another record would repeat a nonce. */
public final class RecordNumbersExhaustedException extends Exception {
  private static final long serialVersionUID = 1L;

  RecordNumbersExhaustedException() {
    super("all record numbers were used");
  }
}
