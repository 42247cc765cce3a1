package dev.tautline.sctp.schedule;

import dev.tautline.base.ProtocolMachine;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * An association below which something else holds packets whole, as DTLS does: only over such a
 * path may SCTP leave its own checksum out (RFC 9653). Here it is a CRC32c behind each packet,
 * which finds every damage that lies within four bytes.
 */
final class Sealed implements ProtocolMachine<AssociationEvent> {
  static final int SEAL_BYTES = 4;

  /** Whether packets are sealed below SCTP. */
  enum Below {
    /** They are: the association need not look for damage. */
    SEALED,
    /** They are not: SCTP's own checksum has to find the damage. */
    BARE
  }

  final Association association;
  private final Below below;
  private final CRC32C crc = new CRC32C();

  Sealed(Association association, Below below) {
    this.association = association;
    this.below = below;
  }

  private int sealOf(byte[] packet, int offset, int length) {
    crc.reset();
    crc.update(packet, offset, length);
    return (int) crc.getValue();
  }

  @Override
  public void receive(long nowNanos, byte[] packet, int offset, int length) {
    if (below == Below.BARE) {
      association.receive(nowNanos, packet, offset, length);
      return;
    }
    int inner = length - SEAL_BYTES;
    if (inner < 0) {
      return;
    }
    int seal = sealOf(packet, offset, inner);
    for (int i = 0; i < SEAL_BYTES; i++) {
      if (packet[offset + inner + i] != (byte) (seal >> 8 * i)) {
        return;
      }
    }
    association.receive(nowNanos, packet, offset, inner);
  }

  @Override
  public int pollPacket(long nowNanos, byte[] out, int offset, int limit) {
    if (below == Below.BARE) {
      return association.pollPacket(nowNanos, out, offset, limit);
    }
    int length = association.pollPacket(nowNanos, out, offset, limit - SEAL_BYTES);
    if (length == 0) {
      return 0;
    }
    int seal = sealOf(out, offset, length);
    for (int i = 0; i < SEAL_BYTES; i++) {
      out[offset + length + i] = (byte) (seal >> 8 * i);
    }
    return length + SEAL_BYTES;
  }

  @Override
  public void advanceTo(long nowNanos) {
    association.advanceTo(nowNanos);
  }

  @Override
  public long nextDeadlineNanos() {
    return association.nextDeadlineNanos();
  }

  @Override
  public @Nullable AssociationEvent pollEvent() {
    return association.pollEvent();
  }
}
