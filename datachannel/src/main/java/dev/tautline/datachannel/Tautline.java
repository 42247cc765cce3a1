package dev.tautline.datachannel;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The runtime: event loops, handshake threads and the certificate that its connections share.
 * Several may live in one JVM. Closing it closes its connections and leaves no thread behind.
 *
 * <p>Thread rule: any thread.
 */
@SuppressWarnings("DoNotCallSuggester") // The transports join next.
public final class Tautline implements AutoCloseable {
  private Tautline() {}

  /** Which sockets the loops use. */
  public enum Transport {
    /** Epoll where its native library loads, else NIO. */
    AUTO,
    /** Epoll; making the runtime fails where its native library does not load. */
    EPOLL,
    /** The JDK's own selectors: everywhere. */
    NIO
  }

  /** A runtime with all defaults. */
  public static Tautline create() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A connection with default options. */
  public PeerConnection createPeerConnection() {
    return createPeerConnection(PeerConnectionOptions.defaults());
  }

  /**
   * A connection.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public PeerConnection createPeerConnection(PeerConnectionOptions options) {
    throw new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** The sockets in use: {@code epoll} or {@code nio}. */
  public String transportName() {
    throw new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** Closes all connections and ends all threads. Calling it again gives the same future. */
  public CompletableFuture<Void> closeAsync() {
    throw new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** {@link #closeAsync}, waited for. Not to be called from a handler. */
  @Override
  public void close() {
    throw new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** Collects settings. Not for several threads at once. */
  public static final class Builder {
    private Builder() {}

    /** Which sockets the loops use; {@link Transport#AUTO} by default. */
    public Builder transport(Transport value) {
      return this;
    }

    /** How many event loops, 1 to 256; by default the number of cores, at most 4. */
    public Builder loops(int value) {
      return this;
    }

    /** What thread names start with; {@code tautline} by default. */
    public Builder threadNamePrefix(String value) {
      return this;
    }

    /**
     * Where handlers run, in order for each connection; by default the connection's loop. The
     * executor belongs to the caller and is not shut down.
     */
    public Builder callbackExecutor(Executor value) {
      return this;
    }

    /** The runtime. */
    public Tautline build() {
      return new Tautline();
    }
  }
}
