package dev.tautline.sctp.tx;

import org.jspecify.annotations.Nullable;

/** Decides which stream's message goes next. A stream is added when it has one, and only then. */
interface StreamScheduler {
  /**
   * A stream has something to send.
   *
   * @param stream not in the schedule
   * @param bytes what it would send in one go
   */
  void add(StreamQueue stream, int bytes);

  /** Takes the stream that goes next out of the schedule; null when there is none. */
  @Nullable StreamQueue poll();

  /** Takes a stream out, if it is in. */
  void remove(StreamQueue stream);

  /** Whether no stream has anything to send. */
  boolean isEmpty();
}
