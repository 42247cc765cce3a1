package dev.tautline.dtls;

import java.util.Map;

/**
 * Counters of one engine.
 *
 * @param recordsSealed application records sealed
 * @param recordsOpened application records handed to the sink
 * @param flightRetransmissions how often a handshake flight was sent again
 * @param dropped what was dropped, by reason; reasons without a drop are absent
 */
public record DtlsStatistics(
    long recordsSealed,
    long recordsOpened,
    long flightRetransmissions,
    Map<DtlsDrop, Long> dropped) {
  /** Copies the map. */
  public DtlsStatistics {
    dropped = Map.copyOf(dropped);
  }
}
