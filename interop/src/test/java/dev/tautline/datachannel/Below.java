package dev.tautline.datachannel;

import dev.tautline.datachannel.transport.PeerTransport;
import dev.tautline.sctp.Association;

/** What the API does not offer and other stacks are to be asked for. */
public final class Below {
  private Below() {}

  /** Ends the association by SHUTDOWN, as it stands in RFC 9260; a connection closes by ABORT. */
  public static void shutDown(PeerConnection connection) {
    PeerTransport transport = connection.transport();
    transport.execute(
        () -> {
          Association association = transport.association();
          if (association == null) {
            throw new IllegalStateException("there is no association");
          }
          association.shutdown(transport.nowNanos());
        });
  }
}
