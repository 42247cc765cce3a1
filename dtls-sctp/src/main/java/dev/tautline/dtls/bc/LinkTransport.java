package dev.tautline.dtls.bc;

import dev.tautline.dtls.engine.ComputeGate;
import dev.tautline.dtls.engine.HandshakeCancelledException;
import dev.tautline.dtls.engine.HandshakeLink;
import dev.tautline.dtls.record.RecordHeader;
import java.util.Arrays;
import org.bouncycastle.tls.DatagramTransport;
import org.jspecify.annotations.Nullable;

/**
 * What Bouncy Castle takes for a network. Sending never waits: the library holds a monitor while it
 * sends. Each datagram it sends is one record, and gets the number that is really used: in epoch 0
 * the link's next one, in epoch 1 the one that our cipher sealed it with.
 */
final class LinkTransport implements DatagramTransport {
  /** A record of the greatest length with the greatest expansion. */
  private static final int RECEIVE_LIMIT =
      RecordHeader.LENGTH + RecordHeader.MAX_PLAINTEXT_BYTES + 256;

  private final HandshakeLink link;
  private final ComputeGate gate;
  private final int sendLimit;
  private @Nullable SealedRecord sealed;
  private boolean closed;

  /**
   * What the cipher made last.
   *
   * @param number epoch and sequence number of the nonce
   * @param plaintext what it holds
   */
  @SuppressWarnings("ArrayRecordComponent") // Handed over at once, never compared.
  record SealedRecord(long number, byte[] plaintext) {}

  LinkTransport(HandshakeLink link, ComputeGate gate, int sendLimit) {
    this.link = link;
    this.gate = gate;
    this.sendLimit = sendLimit;
  }

  /** Told by the cipher, on the same thread, right before {@link #send} gets the record. */
  void sealed(SealedRecord record) {
    sealed = record;
  }

  @Override
  public int getReceiveLimit() {
    return RECEIVE_LIMIT;
  }

  @Override
  public int getSendLimit() {
    return sendLimit;
  }

  @Override
  public int receive(byte[] buffer, int offset, int length, int waitMillis)
      throws HandshakeCancelledException {
    if (closed) {
      // After a close_notify the library would go on waiting to the end of its time.
      throw new HandshakeCancelledException("the peer closed during the handshake");
    }
    byte[] record = link.awaitRecord(waitMillis, gate);
    if (record == null || record.length > length) {
      return -1;
    }
    System.arraycopy(record, 0, buffer, offset, record.length);
    return record.length;
  }

  @Override
  public void send(byte[] buffer, int offset, int length) {
    int type = RecordHeader.type(buffer, offset);
    if (RecordHeader.epoch(buffer, offset) == 0) {
      link.sendPlain(
          type, Arrays.copyOfRange(buffer, offset + RecordHeader.LENGTH, offset + length));
      return;
    }
    SealedRecord made = sealed;
    if (made == null) {
      throw new IllegalStateException("a sealed record that our cipher did not make");
    }
    sealed = null;
    byte[] record = Arrays.copyOfRange(buffer, offset, offset + length);
    RecordHeader.write(record, 0, type, made.number(), length - RecordHeader.LENGTH);
    link.sendSealed(type, made.plaintext(), record);
  }

  /** Whether the library gave up: after an alert of the peer, or after its own. */
  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
  }
}
