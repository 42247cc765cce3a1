package dev.tautline.sctp.association;

import dev.tautline.base.Timer;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.mtu.PathMtuSearch;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketBuffer;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Path MTU probing, RFC 8899 section 6.2: a probe is a HEARTBEAT with a PAD (RFC 4820) behind it,
 * alone in its packet. A lost one costs nothing but itself: no data is in it, and neither the
 * congestion control nor the error counter hears of it.
 */
final class PathMtuProbes {
  private static final int HEARTBEAT_BYTES = 16;

  private final Context context;

  /** Null while probing is off. */
  private @Nullable PathMtuSearch search;

  /** What the answer to the present size's probes has to repeat. */
  private long nonce;

  private int noncesSize;

  PathMtuProbes(Context context) {
    this.context = context;
  }

  /** The association is up, or its packets have another size. */
  void start(int baseBytes) {
    int max = context.options().maxProbedPacketBytes();
    search = max <= baseBytes ? null : new PathMtuSearch(baseBytes, max, context.now());
    noncesSize = 0;
  }

  /** How large packets with data may be. */
  int packetBytes(int baseBytes) {
    return search == null ? baseBytes : Math.max(baseBytes, search.packetBytes());
  }

  long deadlineNanos() {
    return search == null ? Timer.NOT_RUNNING : search.deadlineNanos();
  }

  /**
   * Fires the timers.
   *
   * @param dead whether the path answers nothing at present
   */
  void advanceTo(boolean dead) {
    if (search == null || context.now() < search.deadlineNanos()) {
      return;
    }
    if (dead) {
      search.pause(context.now());
    } else {
      search.advanceTo(context.now());
    }
  }

  /** Large packets are lost while small ones pass. */
  void blackHole() {
    if (search != null) {
      search.blackHole(context.now());
    }
  }

  void pathChanged() {
    if (search != null) {
      search.pathChanged(context.now());
      noncesSize = 0;
    }
  }

  /** Writes a probe if one is due: then the packet is full. */
  boolean write(PacketBuffer packet, byte[] out, int offset, int limit, long rtoNanos) {
    if (search == null) {
      return false;
    }
    int bytes = search.probeBytes(context.now());
    while (bytes > limit - offset) {
      search.cannotSend(context.now());
      bytes = search.probeBytes(context.now());
    }
    if (bytes == PathMtuSearch.NO_PROBE) {
      return false;
    }
    if (bytes != noncesSize) {
      // A late answer to an earlier repetition of the same size tells as much as one to the last.
      nonce = context.random().nextLong();
      noncesSize = bytes;
    }
    packet.begin(out, offset, bytes);
    packet.add(new HeartbeatChunk(info()));
    int padding = bytes - PacketHeader.BYTES - HEARTBEAT_BYTES - Chunk.HEADER_BYTES;
    packet.add(new PadChunk(Octets.copyOf(new byte[padding])));
    search.probeSent(context.now(), rtoNanos);
    return true;
  }

  private Octets info() {
    return new Parameter(
            Parameter.HEARTBEAT_INFO, Octets.copyOf(new WireWriter(8).u64(nonce).array()))
        .toOctets();
  }

  /** Whether the answer is to a probe. */
  boolean acknowledged(HeartbeatAckChunk chunk) {
    if (search == null || noncesSize == 0 || !chunk.info().equals(info())) {
      return false;
    }
    noncesSize = 0;
    search.acknowledged(context.now());
    return true;
  }
}
