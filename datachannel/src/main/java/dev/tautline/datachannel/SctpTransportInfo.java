package dev.tautline.datachannel;

/**
 * What was negotiated for the channels.
 *
 * @param maxMessageSize the largest message in bytes that may be sent: what the peer takes, at most
 *     our own send buffer
 * @param maxChannels how many channel ids there are; 65535 until the association is up
 */
public record SctpTransportInfo(int maxMessageSize, int maxChannels) {}
