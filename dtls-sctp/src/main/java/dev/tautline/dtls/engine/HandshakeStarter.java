package dev.tautline.dtls.engine;

/** Starts the computation of a handshake on a thread that is not the loop. */
@FunctionalInterface
public interface HandshakeStarter {
  /**
   * Starts it.
   *
   * @param link where it reads, writes and says how it ended
   * @param trust asked once with the peer's certificate
   * @throws java.util.concurrent.RejectedExecutionException if no thread takes it
   */
  void start(HandshakeLink link, PeerTrust trust);
}
