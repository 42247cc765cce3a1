package dev.tautline.sctp.tx;

import org.jspecify.annotations.Nullable;

/** Decides which stream's message goes next. A stream is added when it has one, and only then. */
interface StreamScheduler {
  /** How long what a stream sends in one go is. */
  enum Length {
    /** Short enough to go before the rest of a long one. */
    SHORT,
    /** Not so. */
    LONG
  }

  /**
   * A stream has something to send.
   *
   * @param stream not in the schedule
   * @param bytes what it would send in one go
   */
  void add(StreamQueue stream, int bytes, Length length);

  /** Takes the stream that goes next out of the schedule; null when there is none. */
  @Nullable StreamQueue poll();

  /**
   * Takes out the stream that goes next of those that were added with something short, if it goes
   * before {@code other}; null when there is none.
   */
  @Nullable StreamQueue pollShortBefore(StreamQueue other);

  /** What was polled last had nothing sent: it is in again, at its old place. */
  void putBack(StreamQueue stream);

  /** Takes a stream out, if it is in. */
  void remove(StreamQueue stream);

  /** Whether no stream has anything to send. */
  boolean isEmpty();
}
