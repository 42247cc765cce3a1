package dev.tautline.sctp.packet;

/** A method for each kind of chunk, so that a new one does not compile until it is handled. */
public interface ControlChunkHandler {
  /** INIT. */
  void init(InitChunk chunk);

  /** INIT ACK. */
  void initAck(InitAckChunk chunk);

  /** HEARTBEAT. */
  void heartbeat(HeartbeatChunk chunk);

  /** HEARTBEAT ACK. */
  void heartbeatAck(HeartbeatAckChunk chunk);

  /** ABORT. */
  void abort(AbortChunk chunk);

  /** SHUTDOWN. */
  void shutdown(ShutdownChunk chunk);

  /** SHUTDOWN ACK. */
  void shutdownAck(ShutdownAckChunk chunk);

  /** SHUTDOWN COMPLETE. */
  void shutdownComplete(ShutdownCompleteChunk chunk);

  /** ERROR. */
  void error(ErrorChunk chunk);

  /** COOKIE ECHO. */
  void cookieEcho(CookieEchoChunk chunk);

  /** COOKIE ACK. */
  void cookieAck(CookieAckChunk chunk);

  /** RE-CONFIG. */
  void reconfig(ReconfigChunk chunk);

  /** PAD. */
  void pad(PadChunk chunk);

  /** FORWARD-TSN. */
  void forwardTsn(ForwardTsnChunk chunk);

  /** I-FORWARD-TSN. */
  void iForwardTsn(IForwardTsnChunk chunk);

  /** A type that this implementation does not know. */
  void unknown(UnknownChunk chunk);
}
