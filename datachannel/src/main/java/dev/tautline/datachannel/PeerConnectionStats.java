package dev.tautline.datachannel;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Counters of one connection at one moment.
 *
 * @param bytesSent payload of SCTP packets and handshake, as handed to the path
 * @param packetsSent datagrams handed to the path
 * @param bytesReceived bytes of DTLS datagrams received
 * @param packetsReceived DTLS datagrams received
 * @param messagesDropped messages of the peer that no channel could take
 * @param selectedPair the pair in use
 * @param transport what lies under the association, once both descriptions were there
 * @param sctp figures of the association, once there is one
 * @param channels the channels that are not closed, by id
 */
public record PeerConnectionStats(
    long bytesSent,
    long packetsSent,
    long bytesReceived,
    long packetsReceived,
    long messagesDropped,
    Optional<SelectedCandidatePair> selectedPair,
    Optional<Transport> transport,
    Optional<Sctp> sctp,
    List<Channel> channels) {
  /** The list is immutable. */
  public PeerConnectionStats {
    channels = List.copyOf(channels);
  }

  /**
   * ICE and DTLS.
   *
   * @param iceGeneration 1 at first, one more with each restart whose pair took the data over
   * @param localUfrag ours in that generation
   * @param remoteUfrag the peer's
   * @param selectedPairChanges how often another pair came to carry data, the first included; the
   *     first of a restart counts also where it is between the same two addresses
   * @param dtlsHandshakes how many handshakes were completed: 1 for the life of a connection
   */
  public record Transport(
      int iceGeneration,
      String localUfrag,
      String remoteUfrag,
      int selectedPairChanges,
      int dtlsHandshakes) {}

  /**
   * Figures of the association.
   *
   * @param smoothedRoundTrip the smoothed round-trip time; zero until it was measured
   * @param congestionWindowBytes how much may be under way by congestion control
   * @param peerWindowBytes how much more the peer takes
   * @param chunksSent data chunks sent, without repetitions
   * @param chunksRetransmitted data chunks sent again
   * @param timeouts how often the retransmission timer expired
   * @param sendBufferBytes payload that is kept until the peer has acknowledged it
   * @param receiveBufferBytes what is kept of messages that are not whole or not yet delivered
   * @param interleaving whether both sides agreed that messages may interleave (I-DATA, RFC 8260)
   */
  public record Sctp(
      Duration smoothedRoundTrip,
      long congestionWindowBytes,
      long peerWindowBytes,
      long chunksSent,
      long chunksRetransmitted,
      long timeouts,
      long sendBufferBytes,
      long receiveBufferBytes,
      boolean interleaving) {}

  /**
   * Counters of one channel.
   *
   * @param label its label
   * @param id its id, once it has one
   * @param state its state
   * @param messagesSent messages accepted for sending
   * @param bytesSent payload bytes accepted for sending
   * @param messagesReceived messages received
   * @param bytesReceived payload bytes received
   */
  public record Channel(
      String label,
      OptionalInt id,
      DataChannelState state,
      long messagesSent,
      long bytesSent,
      long messagesReceived,
      long bytesReceived) {}
}
