package dev.tautline.sctp.rx;

import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.Order;
import java.util.List;

/** Makes messages of fragments and puts ordered ones in order. */
interface Reassembly {
  /** What became of a fragment. */
  enum Outcome {
    /** It was kept or delivered. */
    TAKEN,
    /** It belongs to a message that was delivered or skipped; nothing is kept of it. */
    SUPERFLUOUS,
    /** It contradicts its neighbours: the peer broke RFC 9260 section 6.9. */
    CONTRADICTION
  }

  /** The last message skipped on a stream. */
  record Skip(int streamId, Order order, int messageId) {}

  /** Takes a fragment whose TSN is new. */
  Outcome add(long tsn, DataView data);

  /** The peer gave up all up to {@code cumulativeTsn}. */
  void skip(long cumulativeTsn, List<Skip> skips);

  /** The peer starts the numbers of these streams at 0 again; empty means all. */
  void reset(long lastTsn, List<Integer> streamIds);

  /** A TSN counts as received, and nothing was kept of it: its neighbours will never be whole. */
  void unusable(long tsn);

  /** What is kept, as it is on the heap; falls to 0 with nothing kept. */
  long heldBytes();

  /** What is on the heap for streams that were used, whether or not anything is kept. */
  long tableBytes();

  /** How many messages, fragments and streams were looked at one by one on account of a skip. */
  long steps();
}
