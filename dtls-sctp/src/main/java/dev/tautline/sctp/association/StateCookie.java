package dev.tautline.sctp.association;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.util.Set;

/**
 * All that is needed to set an association up when the cookie comes back, RFC 9260 section 5.1.3.
 *
 * @param createdNanos when it was made
 * @param localTag our initiate tag in the INIT ACK
 * @param peerTag the initiate tag of the peer's INIT
 * @param localInitialTsn our first TSN
 * @param peerInitialTsn the peer's first TSN
 * @param peerWindowBytes the a_rwnd of the peer's INIT
 * @param outgoingStreams how many streams we may send on
 * @param incomingStreams how many streams the peer may send on
 * @param extensions those that both want
 * @param localTieTag our tag in the association that existed then, 0 for none
 * @param peerTieTag the peer's tag in it, 0 for none
 */
record StateCookie(
    long createdNanos,
    int localTag,
    int peerTag,
    int localInitialTsn,
    int peerInitialTsn,
    long peerWindowBytes,
    int outgoingStreams,
    int incomingStreams,
    Set<Extension> extensions,
    int localTieTag,
    int peerTieTag) {
  static final int BYTES = 44;

  StateCookie {
    extensions = Set.copyOf(extensions);
  }

  static StateCookie parse(WireReader in) throws WireFormatException {
    return new StateCookie(
        in.u64Bits(),
        in.u32Bits(),
        in.u32Bits(),
        in.u32Bits(),
        in.u32Bits(),
        in.u32(),
        in.u16(),
        in.u16(),
        Extension.fromBits(in.u32Bits()),
        in.u32Bits(),
        in.u32Bits());
  }

  void write(WireWriter out) {
    out.u64(createdNanos)
        .u32(localTag)
        .u32(peerTag)
        .u32(localInitialTsn)
        .u32(peerInitialTsn)
        .u32((int) peerWindowBytes)
        .u16(outgoingStreams)
        .u16(incomingStreams)
        .u32(Extension.toBits(extensions))
        .u32(localTieTag)
        .u32(peerTieTag);
  }
}
