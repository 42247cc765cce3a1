package dev.tautline.stun.turn;

import java.net.InetSocketAddress;

/**
 * A datagram that the relay got from a peer.
 *
 * @param peer who sent it
 * @param buffer holds it; may be the one that was received, so its bytes are good no longer
 * @param offset where it starts
 * @param length its length in bytes
 */
@SuppressWarnings("ArrayRecordComponent")
public record PeerData(InetSocketAddress peer, byte[] buffer, int offset, int length) {}
