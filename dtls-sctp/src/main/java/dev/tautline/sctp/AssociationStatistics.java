package dev.tautline.sctp;

import java.util.Map;

/**
 * Counters and gauges of an association at one moment. Byte counts of chunks include their headers
 * and padding.
 *
 * @param phase the state
 * @param interleaving whether both sides agreed on I-DATA, RFC 8260: then all user data travels so
 * @param cwndBytes how much may be in flight
 * @param ssthreshBytes the slow start threshold, {@link Long#MAX_VALUE} before the first loss
 * @param flightBytes chunks in flight
 * @param peerWindowBytes the peer's receive window as it last told
 * @param srttNanos the smoothed round trip, 0 before one was measured
 * @param minRttNanos the shortest round trip, 0 before one was measured
 * @param rtoNanos the present retransmission timeout
 * @param burstPackets how many packets leave in one go
 * @param packetsSent packets written
 * @param packetsReceived packets taken, dropped ones included
 * @param dataChunksSent DATA chunks sent, retransmissions included
 * @param dataChunksRetransmitted DATA chunks sent again
 * @param dataChunksReceived DATA chunks received, duplicates included
 * @param duplicateChunksReceived DATA chunks that had come before
 * @param payloadBytesSent payload bytes sent, retransmissions included
 * @param payloadBytesReceived payload bytes received, duplicates included
 * @param messagesSent messages accepted by send
 * @param messagesReceived messages delivered
 * @param sacksSent SACKs sent
 * @param sacksReceived SACKs received
 * @param timeouts expirations of T3-rtx
 * @param fastRecoveries how often loss was noticed by missing acknowledgements
 * @param forwardTsnsSent FORWARD-TSN chunks sent
 * @param bufferedBytes payload bytes not yet put into a packet
 * @param heldSendBytes payload bytes kept until they are acknowledged
 * @param heldReceiveBytes what the receiving half keeps, overhead included
 * @param receiveWindowBytes the window that the next SACK would tell
 * @param drops what was dropped, by reason; reasons without a drop are absent
 */
public record AssociationStatistics(
    AssociationPhase phase,
    boolean interleaving,
    long cwndBytes,
    long ssthreshBytes,
    long flightBytes,
    long peerWindowBytes,
    long srttNanos,
    long minRttNanos,
    long rtoNanos,
    int burstPackets,
    long packetsSent,
    long packetsReceived,
    long dataChunksSent,
    long dataChunksRetransmitted,
    long dataChunksReceived,
    long duplicateChunksReceived,
    long payloadBytesSent,
    long payloadBytesReceived,
    long messagesSent,
    long messagesReceived,
    long sacksSent,
    long sacksReceived,
    long timeouts,
    long fastRecoveries,
    long forwardTsnsSent,
    long bufferedBytes,
    long heldSendBytes,
    long heldReceiveBytes,
    long receiveWindowBytes,
    Map<DropReason, Long> drops) {
  /** Copies the map. */
  public AssociationStatistics {
    drops = Map.copyOf(drops);
  }
}
