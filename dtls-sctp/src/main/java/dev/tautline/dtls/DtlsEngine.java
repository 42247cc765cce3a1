package dev.tautline.dtls;

import dev.tautline.base.ProtocolMachine;
import java.util.List;

/**
 * One DTLS association over one validated path. Datagrams go in by {@link #receive}, handshake
 * flights and alerts come out of {@link #pollPacket}, application data is sealed in place by {@link
 * #seal} and arrives at the {@link DtlsSink} given at creation.
 *
 * <p>Thread rule: all methods are called by one thread at a time, the connection's loop. The
 * handshake is computed elsewhere; the {@code wakeup} given at creation is called, from any thread,
 * when {@link #pollPacket} or {@link #pollEvent} has something new.
 */
public interface DtlsEngine extends ProtocolMachine<DtlsEvent> {
  /**
   * Starts: a client sends its ClientHello, a server waits for one. The handshake's time limit
   * counts from here. What comes in before is dropped.
   *
   * @throws IllegalStateException if it was started or closed before
   */
  void start(long nowNanos);

  /**
   * Starts the computation ahead of {@link #start}, on its own thread, which waits from then on:
   * nothing is sent and no time limit runs. Saves the handshake a millisecond or more where the
   * path is still being looked for. Does nothing after {@code start}.
   */
  void prepare();

  /**
   * Says which certificates of the peer are good: of these fingerprints those of the strongest hash
   * count, and one of them has to match (RFC 8122 section 5). May be called before, during and
   * after the handshake; {@link DtlsEvent.Established} waits for it. A mismatch ends the
   * association with the alert bad_certificate. After Established it has no effect: another
   * fingerprint needs another association.
   *
   * @param fingerprints at least one of a supported hash
   * @throws IllegalArgumentException if none is of a supported hash
   */
  void setRemoteFingerprints(List<Fingerprint> fingerprints);

  /**
   * Takes one datagram whose first byte is 20 to 63. What comes early is held within limits; a bad
   * record is dropped and counted, never answered.
   */
  @Override
  void receive(long nowNanos, byte[] packet, int offset, int length);

  /**
   * How many bytes a record needs in front of the plaintext: 21 with AES-GCM (13 of header, 8 of
   * explicit nonce), 13 with ChaCha20-Poly1305. Before Established the most that any suite needs.
   */
  int headroom();

  /** How many bytes a record needs behind the plaintext: 16. */
  int tailroom();

  /**
   * Seals application data in place. The record then starts at {@code offset - headroom()}.
   *
   * @param buffer holds the plaintext, with headroom before it and tailroom behind it
   * @param offset where the plaintext starts
   * @param length the plaintext's length in bytes, 1 to 16384
   * @return the record's length in bytes
   * @throws IllegalStateException if the association is not established, or has used up its record
   *     numbers, which closes it
   * @throws IndexOutOfBoundsException if the rooms do not lie within the array
   */
  int seal(byte[] buffer, int offset, int length);

  /**
   * Closes: queues one close_notify, after which nothing is sent or handed up. Closing again has no
   * effect.
   */
  void close(long nowNanos);

  /** Whether data may be sealed. */
  boolean isEstablished();

  /** Our role, as given at creation. */
  DtlsRole role();

  /** The counters of now. */
  DtlsStatistics statistics();
}
