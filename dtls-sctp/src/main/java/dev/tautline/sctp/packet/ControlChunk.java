package dev.tautline.sctp.packet;

/** Every chunk but DATA, I-DATA and SACK: rare enough to be an object each. */
public sealed interface ControlChunk extends Chunk
    permits AbortChunk,
        CookieAckChunk,
        CookieEchoChunk,
        ErrorChunk,
        ForwardTsnChunk,
        HeartbeatAckChunk,
        HeartbeatChunk,
        IForwardTsnChunk,
        InitAckChunk,
        InitChunk,
        PadChunk,
        ReconfigChunk,
        ShutdownAckChunk,
        ShutdownChunk,
        ShutdownCompleteChunk,
        UnknownChunk {
  /** Calls the handler's method for this chunk. */
  void accept(ControlChunkHandler handler);
}
