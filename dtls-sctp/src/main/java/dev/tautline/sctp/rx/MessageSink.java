package dev.tautline.sctp.rx;

/** Where complete messages go. */
@FunctionalInterface
public interface MessageSink {
  /** A message; the payload belongs to the sink. */
  void message(int streamId, int ppid, byte[] payload);
}
