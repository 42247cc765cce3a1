package dev.tautline.dtls.engine;

import dev.tautline.dtls.record.RecordHeader;
import dev.tautline.dtls.record.RecordNumbers;
import dev.tautline.dtls.record.RecordNumbersExhaustedException;
import dev.tautline.dtls.record.RecordSealer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Between the loop and the thread that computes the handshake: records in, in order and each once;
 * records out, never waiting; and how it ended. The numbers of plaintext records are given here, so
 * that the loop can send a flight again while the other thread computes the next one.
 *
 * <p>Thread rule: the methods say which of the two threads calls them.
 */
public final class HandshakeLink {
  /** What may wait for the handshake's thread. */
  static final int MAX_INBOUND_BYTES = 128 * 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final RecordNumbers plainNumbers = new RecordNumbers(0);
  private final Runnable wakeup;

  // All guarded by the lock.
  private final ArrayDeque<byte[]> inbound = new ArrayDeque<>();
  private final ArrayDeque<byte[]> outbound = new ArrayDeque<>();
  private final List<FlightRecord> flight = new ArrayList<>();
  private int inboundBytes;
  private int flightNumber;
  private boolean flightEnded = true;
  private boolean cancelled;
  private boolean waiting;
  private @Nullable RecordSealer loopSealer;
  private @Nullable HandshakeOutcome outcome;

  /**
   * A link on which nothing was sent.
   *
   * @param wakeup told, on the handshake's thread, when there is something for the loop
   */
  public HandshakeLink(Runnable wakeup) {
    this.wakeup = wakeup;
  }

  // ---- The handshake's thread

  /**
   * Waits for the peer's next record; whatever was sent before is a flight, and goes out now.
   *
   * @param waitMillis how long, in milliseconds; 0 for ever
   * @param gate given back while waiting
   * @return the record, or null when the time is over
   * @throws HandshakeCancelledException if the loop gave the handshake up
   */
  public byte @Nullable [] awaitRecord(long waitMillis, ComputeGate gate)
      throws HandshakeCancelledException {
    boolean tell;
    lock.lock();
    try {
      flightEnded = true;
      tell = !outbound.isEmpty();
      byte[] record = tell ? null : poll();
      if (record != null) {
        return record;
      }
    } finally {
      lock.unlock();
    }
    if (tell) {
      wakeup.run();
    }
    gate.leave();
    try {
      return block(waitMillis);
    } finally {
      gate.enter();
    }
  }

  private byte @Nullable [] block(long waitMillis) throws HandshakeCancelledException {
    lock.lock();
    try {
      long left = waitMillis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(waitMillis);
      while (true) {
        byte[] record = poll();
        if (record != null) {
          return record;
        }
        if (left <= 0) {
          return null;
        }
        waiting = true;
        left = arrived.awaitNanos(left);
        waiting = false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HandshakeCancelledException("the thread of the handshake was interrupted");
    } finally {
      lock.unlock();
    }
  }

  private byte @Nullable [] poll() throws HandshakeCancelledException {
    if (cancelled) {
      throw new HandshakeCancelledException("the handshake was given up");
    }
    byte[] record = inbound.poll();
    if (record != null) {
      inboundBytes -= record.length;
    }
    return record;
  }

  /** Sends a plaintext record under the next number of epoch 0. */
  public void sendPlain(int type, byte[] fragment) {
    lock.lock();
    try {
      if (!cancelled) {
        remember(type, 0, fragment);
        outbound.add(plainRecord(type, fragment));
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends a record that the handshake's thread sealed.
   *
   * @param plaintext what is in it, to be sealed anew when the flight has to be sent again
   */
  public void sendSealed(int type, byte[] plaintext, byte[] record) {
    lock.lock();
    try {
      if (!cancelled) {
        remember(type, 1, plaintext);
        outbound.add(record);
      }
    } finally {
      lock.unlock();
    }
  }

  private void remember(int type, int epoch, byte[] plaintext) {
    if (type == RecordHeader.ALERT) {
      return;
    }
    if (flightEnded) {
      flightEnded = false;
      flight.clear();
      flightNumber++;
    }
    flight.add(new FlightRecord(type, epoch, plaintext));
  }

  /** Publishes what the loop seals with. Comes before the first sealed record. */
  public void publish(HandshakeOutcome.Keys keys) {
    lock.lock();
    try {
      loopSealer = keys.loopSealer();
    } finally {
      lock.unlock();
    }
  }

  /** Says how it ended. Nothing is sent after this. */
  public void end(HandshakeOutcome how) {
    lock.lock();
    try {
      if (outcome == null) {
        outcome = how;
      }
    } finally {
      lock.unlock();
    }
    wakeup.run();
  }

  // ---- The loop

  /**
   * Hands a record to the handshake's thread, which reads it after {@link #wakeReader}; false when
   * too much waits.
   */
  boolean offer(byte[] record) {
    lock.lock();
    try {
      if (inboundBytes + record.length > MAX_INBOUND_BYTES) {
        return false;
      }
      inbound.add(record);
      inboundBytes += record.length;
      waiting = false;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Wakes the handshake's thread: once for all records of a datagram. */
  void wakeReader() {
    lock.lock();
    try {
      if (!inbound.isEmpty()) {
        arrived.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the handshake's thread has nothing to do until the peer says something, or is done. */
  boolean isIdle() {
    lock.lock();
    try {
      return waiting || outcome != null;
    } finally {
      lock.unlock();
    }
  }

  /** Moves what is to be sent. */
  void drainTo(ArrayDeque<byte[]> out) {
    lock.lock();
    try {
      out.addAll(outbound);
      outbound.clear();
    } finally {
      lock.unlock();
    }
  }

  /** What the handshake's thread did not read. */
  List<byte[]> drainUnread() {
    lock.lock();
    try {
      var unread = List.copyOf(inbound);
      inbound.clear();
      inboundBytes = 0;
      return unread;
    } finally {
      lock.unlock();
    }
  }

  /** Counts flights; grows with each new one. */
  int flightNumber() {
    lock.lock();
    try {
      return flightNumber;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the flight is complete: the handshake's thread waits for the peer, or is done. */
  boolean flightComplete() {
    lock.lock();
    try {
      return flightEnded || outcome != null;
    } finally {
      lock.unlock();
    }
  }

  /** The records of the last flight. */
  List<FlightRecord> flight() {
    lock.lock();
    try {
      return List.copyOf(flight);
    } finally {
      lock.unlock();
    }
  }

  /** Takes the last flight away: nobody asks the link for it again. */
  List<FlightRecord> takeFlight() {
    lock.lock();
    try {
      var taken = List.copyOf(flight);
      flight.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** The loop's sealer, once there are keys. */
  @Nullable RecordSealer loopSealer() {
    lock.lock();
    try {
      return loopSealer;
    } finally {
      lock.unlock();
    }
  }

  /** How it ended, or null while it runs. */
  @Nullable HandshakeOutcome outcome() {
    lock.lock();
    try {
      return outcome;
    } finally {
      lock.unlock();
    }
  }

  /** A plaintext record under the next number of epoch 0. */
  byte[] plainRecord(int type, byte[] fragment) {
    byte[] record;
    try {
      record = RecordHeader.record(type, plainNumbers.take(), fragment);
    } catch (RecordNumbersExhaustedException e) {
      throw new IllegalStateException("a handshake of 2^48 records", e);
    }
    if (type == RecordHeader.HANDSHAKE
        && fragment.length > 0
        && fragment[0] == HandshakeReassembly.CLIENT_HELLO) {
      // What a server speaks is not known yet; RFC 5246 appendix E.1 has the lowest version here,
      // and so do all browsers.
      RecordHeader.putVersion(record, 0, RecordHeader.VERSION_1_0);
    }
    return record;
  }

  /** Gives the handshake up: its thread ends at its next wait, and sends nothing more. */
  void cancel() {
    lock.lock();
    try {
      cancelled = true;
      waiting = false;
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }
}
