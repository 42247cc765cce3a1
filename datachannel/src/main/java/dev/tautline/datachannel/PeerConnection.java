package dev.tautline.datachannel;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One session with one peer: the W3C's RTCPeerConnection for data channels.
 *
 * <p>Thread rule: every method may be called from any thread. Handlers and the futures' dependents
 * run on the connection's event loop, or in order on the executor that {@link
 * Tautline.Builder#callbackExecutor} named; on the loop they must not block. Setting a handler
 * replaces the one before.
 */
@SuppressWarnings("DoNotCallSuggester") // The transports join next.
public final class PeerConnection implements AutoCloseable {
  PeerConnection() {}

  private static UnsupportedOperationException unjoined() {
    return new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** A short id that stands in front of each log line of this connection. */
  public String id() {
    throw unjoined();
  }

  /**
   * Makes an offer. It always holds a section for data channels.
   *
   * @return the offer, for {@link #setLocalDescription(SessionDescription)}
   */
  public CompletableFuture<SessionDescription> createOffer() {
    throw unjoined();
  }

  /**
   * Makes an answer to the offer that was set.
   *
   * @return the answer, or INVALID_STATE when no offer of the peer was set
   */
  public CompletableFuture<SessionDescription> createAnswer() {
    throw unjoined();
  }

  /** Makes the offer or answer that the signalling state asks for, and sets it. */
  public CompletableFuture<Void> setLocalDescription() {
    throw unjoined();
  }

  /**
   * Sets our description; gathering begins.
   *
   * @param description what {@link #createOffer} or {@link #createAnswer} gave last, or a rollback
   */
  public CompletableFuture<Void> setLocalDescription(SessionDescription description) {
    throw unjoined();
  }

  /**
   * Sets the peer's description. An offer that meets our own offer rolls ours back, as perfect
   * negotiation needs it.
   */
  public CompletableFuture<Void> setRemoteDescription(SessionDescription description) {
    throw unjoined();
  }

  /**
   * Adds a candidate of the peer.
   *
   * @return fails with INVALID_STATE before a description of the peer was set, with TYPE_ERROR when
   *     neither mid nor index is given, with OPERATION_ERROR when the section or the generation is
   *     unknown or the line is malformed. One that cannot be reached is no error.
   */
  public CompletableFuture<Void> addIceCandidate(IceCandidateInit candidate) {
    throw unjoined();
  }

  /** Our description with the candidates gathered so far; the pending one where there is one. */
  public Optional<SessionDescription> localDescription() {
    throw unjoined();
  }

  /** The peer's description with the candidates added so far; the pending one if there is one. */
  public Optional<SessionDescription> remoteDescription() {
    throw unjoined();
  }

  /** A reliable, ordered channel. */
  public DataChannel createDataChannel(String label) {
    return createDataChannel(label, DataChannelOptions.defaults());
  }

  /**
   * A channel.
   *
   * @param label at most 65535 bytes of UTF-8
   * @param options how it behaves
   * @throws PeerConnectionException with TYPE_ERROR when label, protocol or options are out of
   *     range or contradict each other, OPERATION_ERROR when the id is in use or no id is left,
   *     INVALID_STATE after {@link #close}
   */
  public DataChannel createDataChannel(String label, DataChannelOptions options) {
    throw unjoined();
  }

  /** How the connection as a whole is doing. */
  public PeerConnectionState connectionState() {
    throw unjoined();
  }

  /** How ICE is doing. */
  public IceConnectionState iceConnectionState() {
    throw unjoined();
  }

  /** How far the search for local candidates is. */
  public IceGatheringState iceGatheringState() {
    throw unjoined();
  }

  /** Where the exchange of offer and answer stands. */
  public SignalingState signalingState() {
    throw unjoined();
  }

  /** Each candidate of ours; empty when there are no more. */
  public PeerConnection onIceCandidate(Consumer<Optional<IceCandidateInit>> handler) {
    throw unjoined();
  }

  /** A server gave no candidate. */
  public PeerConnection onIceCandidateError(Consumer<IceCandidateError> handler) {
    throw unjoined();
  }

  /** The peer made a channel. Channels that came before a handler was set wait for it. */
  public PeerConnection onDataChannel(Consumer<DataChannel> handler) {
    throw unjoined();
  }

  /** {@link #connectionState} changed. */
  public PeerConnection onConnectionStateChange(Consumer<PeerConnectionState> handler) {
    throw unjoined();
  }

  /** {@link #iceConnectionState} changed. */
  public PeerConnection onIceConnectionStateChange(Consumer<IceConnectionState> handler) {
    throw unjoined();
  }

  /** {@link #iceGatheringState} changed. */
  public PeerConnection onIceGatheringStateChange(Consumer<IceGatheringState> handler) {
    throw unjoined();
  }

  /** {@link #signalingState} changed. */
  public PeerConnection onSignalingStateChange(Consumer<SignalingState> handler) {
    throw unjoined();
  }

  /** An exchange of offer and answer is needed; only fires while the signalling state is stable. */
  public PeerConnection onNegotiationNeeded(Runnable handler) {
    throw unjoined();
  }

  /**
   * Completes when {@link #connectionState} becomes connected for the first time; fails with a
   * {@link PeerConnectionException} that names the cause when that cannot happen any more.
   */
  public CompletableFuture<Void> connected() {
    throw unjoined();
  }

  /** Completes when all local candidates are known. */
  public CompletableFuture<Void> gatheringComplete() {
    throw unjoined();
  }

  /** Why the connection failed, once {@link #connectionState} is failed. */
  public Optional<PeerConnectionException> failure() {
    throw unjoined();
  }

  /** The pair that carries the data. */
  public Optional<SelectedCandidatePair> selectedCandidatePair() {
    throw unjoined();
  }

  /** How long the phases took. */
  public ConnectTimings timings() {
    throw unjoined();
  }

  /** What was negotiated for the channels. */
  public SctpTransportInfo sctp() {
    throw unjoined();
  }

  /** What ICE gathered and tried, for people. */
  public CompletableFuture<String> iceReport() {
    throw unjoined();
  }

  /** The counters of now. */
  public CompletableFuture<PeerConnectionStats> getStats() {
    throw unjoined();
  }

  /**
   * Ends the connection: tells the peer, closes all channels, frees the socket. Whatever waits
   * fails with CLOSED. Calling it again gives the same future.
   */
  public CompletableFuture<Void> closeAsync() {
    throw unjoined();
  }

  /** {@link #closeAsync}, waited for unless the caller is on the loop. */
  @Override
  public void close() {
    throw unjoined();
  }
}
