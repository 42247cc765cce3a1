package dev.tautline.datachannel.transport;

/**
 * What went through the transports.
 *
 * @param bytesSent bytes of datagrams handed to the path
 * @param packetsSent datagrams handed to the path
 * @param bytesReceived bytes of DTLS datagrams received
 * @param packetsReceived DTLS datagrams received
 */
public record TransportCounters(
    long bytesSent, long packetsSent, long bytesReceived, long packetsReceived) {}
