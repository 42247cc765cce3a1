package dev.tautline.ice.check;

/**
 * A datagram to send.
 *
 * @param route whence and where to
 * @param bytes the datagram, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent")
public record Transmit(Route route, byte[] bytes) {}
