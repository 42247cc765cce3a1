package dev.tautline.datachannel;

import java.time.Duration;
import java.util.Optional;

/**
 * How long each phase of setting the connection up took; a phase that has not ended is empty.
 *
 * @param gather from the start of gathering to its end; it runs beside the other phases
 * @param ice from the moment both descriptions were there to the first working pair
 * @param dtls from there to the end of the handshake
 * @param sctp from there to the established association
 */
public record ConnectTimings(
    Optional<Duration> gather,
    Optional<Duration> ice,
    Optional<Duration> dtls,
    Optional<Duration> sctp) {
  /** ICE, DTLS and SCTP together; empty until all three are done. */
  public Optional<Duration> total() {
    return ice.flatMap(i -> dtls.flatMap(d -> sctp.map(s -> i.plus(d).plus(s))));
  }
}
