package dev.tautline.sctp.tx;

import java.util.ArrayList;

/**
 * Notices that packets larger than the base size no longer pass, RFC 8899 section 4.3: three of
 * them are lost in a row, and then a smaller one passes.
 */
final class BlackHole {
  private static final int LOST_IN_A_ROW = 3;
  private static final long NONE = 0;

  private final ArrayList<OutstandingChunk> inPacket = new ArrayList<>();
  private boolean mayBeLarge;
  private long largePackets = NONE;
  private long lastLost = NONE;
  private int lostInARow;
  private boolean smallPassed;

  /** A packet with data begins, which may become that long. */
  void beginPacket(int maxBytes, int baseBytes) {
    inPacket.clear();
    mayBeLarge = maxBytes > baseBytes;
  }

  /** The chunk is in it. */
  void written(OutstandingChunk chunk) {
    chunk.largePacket = NONE;
    if (mayBeLarge) {
      inPacket.add(chunk);
    }
  }

  /** The packet ends. */
  void endPacket(int packetBytes, int baseBytes) {
    if (packetBytes <= baseBytes) {
      return;
    }
    largePackets++;
    for (OutstandingChunk chunk : inPacket) {
      chunk.largePacket = largePackets;
    }
  }

  /** The chunk is acknowledged for the first time. */
  void acknowledged(OutstandingChunk chunk) {
    if (chunk.largePacket != NONE) {
      reset();
    } else if (lostInARow >= LOST_IN_A_ROW) {
      smallPassed = true;
    }
  }

  /** The chunk is taken for lost. */
  void lost(OutstandingChunk chunk) {
    if (chunk.largePacket != NONE && chunk.largePacket != lastLost) {
      lastLost = chunk.largePacket;
      lostInARow++;
    }
  }

  boolean isFound() {
    return smallPassed;
  }

  /** The association is over. */
  void discard() {
    inPacket.clear();
    reset();
  }

  /** The size of packets is another one, or a large one passed. */
  void reset() {
    lostInARow = 0;
    smallPassed = false;
  }
}
