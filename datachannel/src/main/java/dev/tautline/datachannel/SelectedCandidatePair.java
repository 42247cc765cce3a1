package dev.tautline.datachannel;

/**
 * The pair of candidates that carries the data.
 *
 * @param local our end
 * @param remote the peer's end
 */
public record SelectedCandidatePair(Candidate local, Candidate remote) {
  /**
   * One end.
   *
   * @param type host, srflx, prflx or relay
   * @param protocol udp or tcp
   * @param address an IP address, or a {@code .local} name
   * @param port the port
   */
  public record Candidate(String type, String protocol, String address, int port) {
    /** For example {@code host udp 192.0.2.7:49152}. */
    @Override
    public String toString() {
      String host = address.indexOf(':') >= 0 ? '[' + address + ']' : address;
      return type + ' ' + protocol + ' ' + host + ':' + port;
    }
  }

  /** For example {@code host udp 192.0.2.7:49152 <-> srflx udp 198.51.100.3:3478}. */
  @Override
  public String toString() {
    return local + " <-> " + remote;
  }
}
