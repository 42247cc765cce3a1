package dev.tautline.datachannel;

import dev.tautline.base.Timer;
import dev.tautline.datachannel.Negotiation.Agreement;
import dev.tautline.datachannel.Negotiation.DataPlace;
import dev.tautline.datachannel.Negotiation.DtlsPart;
import dev.tautline.datachannel.Negotiation.Ice;
import dev.tautline.datachannel.Negotiation.Own;
import dev.tautline.datachannel.Negotiation.Restart;
import dev.tautline.datachannel.Negotiation.Side;
import dev.tautline.datachannel.PeerConnectionException.Code;
import dev.tautline.datachannel.dcep.StreamIds;
import dev.tautline.datachannel.dcep.StreamIds.Parity;
import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.datachannel.sdp.LocalSdp;
import dev.tautline.datachannel.sdp.RemoteSdp;
import dev.tautline.datachannel.sdp.RemoteSection;
import dev.tautline.datachannel.sdp.SdpFingerprint;
import dev.tautline.datachannel.transport.Callbacks;
import dev.tautline.datachannel.transport.PeerTransport;
import dev.tautline.datachannel.transport.TransportCounters;
import dev.tautline.datachannel.transport.TransportListener;
import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceMode;
import dev.tautline.ice.IceParseException;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationStatistics;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session with one peer: the W3C's RTCPeerConnection for data channels.
 *
 * <p>Thread rule: every method may be called from any thread. Handlers and the futures' dependents
 * run on the connection's event loop, or in order on the executor that {@link
 * Tautline.Builder#callbackExecutor} named; on the loop they must not block. Setting a handler
 * replaces the one before.
 */
public final class PeerConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerConnection.class);

  /** Ids of log lines start anywhere, so that those of two processes seldom are the same. */
  private static final AtomicInteger NEXT_ID =
      new AtomicInteger(ThreadLocalRandom.current().nextInt());

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int SCTP_PORT = 5000;
  private static final int PACING_MILLIS = 5;
  private static final long SCTP_SLACK_BYTES = 1L << 30;
  private static final int MAX_REMOTE_CANDIDATES = 128;

  /** How long it may be disconnected before it restarts by itself; the controlled side is later. */
  private static final long DISCONNECTED_NANOS = 1_000_000_000L;

  private static final long DISCONNECTED_CONTROLLED_NANOS = 4_000_000_000L;

  private final Tautline runtime;
  private final PeerConnectionOptions options;
  private final String id;
  private final PeerTransport transport;
  private final Channels channels;
  private final Events events = new Events();
  private final AtomicLong buffered = new AtomicLong();
  private final AtomicLong consumedBytes = new AtomicLong();
  private final AtomicInteger consumedMessages = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> connected = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /** Guards the states against an end that comes from another thread. */
  private final Object states = new Object();

  // What other threads may read.
  private volatile CompletableFuture<Void> gatheringComplete = new CompletableFuture<>();
  private volatile PeerConnectionState connectionState = PeerConnectionState.NEW;
  private volatile IceConnectionState iceConnectionState = IceConnectionState.NEW;
  private volatile IceGatheringState gatheringState = IceGatheringState.NEW;
  private volatile SignalingState signalingState = SignalingState.STABLE;
  private volatile @Nullable LocalSnapshot localSnapshot;
  private volatile @Nullable RemoteSnapshot remoteSnapshot;
  private volatile @Nullable PeerConnectionException failure;
  private volatile @Nullable SelectedCandidatePair selectedPair;
  private volatile int maxMessageSize;
  private volatile boolean roomRefused;
  private volatile Milestones milestones = new Milestones(-1, -1, -1, -1, -1, -1);

  // On the loop only.
  private final ArrayDeque<Runnable> waitingForInit = new ArrayDeque<>();
  private final ArrayDeque<Runnable> afterOperation = new ArrayDeque<>();
  private final Map<String, LocalGeneration> localGenerations = new HashMap<>();
  private final List<IceCandidate> earlyRemoteCandidates = new ArrayList<>();
  private final Set<String> knownRemoteCandidates = new HashSet<>();
  private final List<RemoteLine> addedRemoteLines = new ArrayList<>();
  private @Nullable Negotiation negotiation;
  private @Nullable DtlsCertificate certificate;
  private @Nullable IceCredentials agentCredentials;
  private @Nullable IceCredentials preparedCredentials;
  private String remoteUfrag = "";
  private boolean transportStarted;
  private boolean remoteCandidatesEnded;
  private boolean dtlsConnected;
  private boolean negotiationNeeded;
  private boolean ended;
  private IceState iceState = IceState.NEW;
  private PeerConnectionState computedState = PeerConnectionState.NEW;
  private long connectDeadlineNanos = Timer.NOT_RUNNING;
  private long restartDeadlineNanos = Timer.NOT_RUNNING;
  private long automaticRestartNanos = Timer.NOT_RUNNING;
  private @Nullable PeerConnectionException restartCause;
  private int selectedPairChanges;
  private int dtlsHandshakes;
  private long messagesDropped;

  /** Our description and what was gathered for it. */
  private record LocalSnapshot(SdpType type, LocalSdp sdp, LocalGeneration.Snapshot gathered) {
    SessionDescription describe() {
      return new SessionDescription(type, sdp.withCandidates(gathered.describe()).toSdp());
    }
  }

  /** The peer's description and what was added to it. */
  private record RemoteSnapshot(SessionDescription described, List<RemoteLine> added) {
    SessionDescription describe() {
      if (added.isEmpty()) {
        return described;
      }
      var out = new StringBuilder(described.sdp().length() + 100 * added.size());
      int section = -1;
      for (String line : described.sdp().lines().toList()) {
        if (line.startsWith("m=")) {
          appendAdded(out, section);
          section++;
        }
        out.append(line).append("\r\n");
      }
      appendAdded(out, section);
      return new SessionDescription(described.type(), out.toString());
    }

    private void appendAdded(StringBuilder out, int section) {
      for (RemoteLine line : added) {
        if (line.section == section) {
          out.append("a=").append(line.line).append("\r\n");
        }
      }
    }
  }

  /** A candidate that came after the description it belongs to. */
  private record RemoteLine(int section, String line) {}

  /** When what happened, in the connection's time; -1 for not yet. */
  private record Milestones(
      long gatherStart, long gatherEnd, long iceStart, long iceEnd, long dtlsEnd, long sctpEnd) {}

  /** The handlers; set and called in tasks only. */
  private static final class Events {
    @Nullable Consumer<Optional<IceCandidateInit>> iceCandidate;
    @Nullable Consumer<IceCandidateError> iceCandidateError;
    @Nullable Consumer<DataChannel> dataChannel;
    @Nullable Consumer<PeerConnectionState> connectionState;
    @Nullable Consumer<IceConnectionState> iceConnectionState;
    @Nullable Consumer<IceGatheringState> gatheringState;
    @Nullable Consumer<SignalingState> signalingState;
    @Nullable Runnable negotiationNeeded;
    final ArrayDeque<DataChannel> unannounced = new ArrayDeque<>();
  }

  PeerConnection(Tautline runtime, PeerConnectionOptions options) {
    this.runtime = runtime;
    this.options = options;
    this.id = String.format(Locale.ROOT, "pc-%04x", NEXT_ID.getAndIncrement() & 0xffff);
    this.maxMessageSize = capToSendBuffer(RemoteSection.DEFAULT_MAX_MESSAGE_SIZE);
    this.transport =
        new PeerTransport(
            id,
            new Joined(),
            listener -> runtime.createAgent(id, options, listener),
            runtime.callbackExecutor());
    this.channels = new Channels(this);
    runtime
        .certificate()
        .whenComplete(
            (own, fault) -> {
              if (own != null) {
                transport.execute(() -> init(own));
              } else {
                transport.execute(
                    () ->
                        fail(
                            new PeerConnectionException(
                                Code.INTERNAL, "no certificate could be made", null, fault)));
              }
            });
  }

  /** On the loop, once the certificate is there: descriptions can be made from now on. */
  private void init(DtlsCertificate own) {
    if (closing.get()) {
      return;
    }
    certificate = own;
    IceCredentials credentials = transport.agent().localCredentials();
    agentCredentials = credentials;
    localGenerations.put(credentials.ufrag(), new LocalGeneration(credentials.ufrag()));
    Fingerprint fingerprint = own.fingerprint();
    negotiation =
        new Negotiation(
            new Own(
                // RFC 9429 section 5.2.1: 63 bits, as some read it as a signed number.
                RANDOM.nextLong() >>> 1,
                credentials.ufrag(),
                credentials.pwd(),
                List.of(new SdpFingerprint(fingerprint.algorithm(), fingerprint.value())),
                PACING_MILLIS,
                SCTP_PORT,
                options.maxMessageSize()),
            () -> IceCredentials.generate(RANDOM));
    LOG.debug("{} made, ufrag {}", id, credentials.ufrag());
    runWaiting();
  }

  /** What was asked before init; it succeeds or fails now. */
  private void runWaiting() {
    Runnable waiting;
    while ((waiting = waitingForInit.poll()) != null) {
      waiting.run();
    }
  }

  private Negotiation negotiation() {
    return Objects.requireNonNull(negotiation, "operations wait for init");
  }

  // ---- What channels ask for

  PeerTransport transport() {
    return transport;
  }

  Callbacks callbacks() {
    return transport.callbacks();
  }

  Channels channels() {
    return channels;
  }

  PeerConnectionOptions options() {
    return options;
  }

  int maxMessageSize() {
    return maxMessageSize;
  }

  boolean isClosed() {
    return closing.get();
  }

  /** Takes room in the connection's send buffer. Any thread. */
  boolean reserve(long bytes) {
    long after = buffered.addAndGet(bytes);
    if (after > options.connectionSendBufferBytes() && after > bytes) {
      buffered.addAndGet(-bytes);
      roomRefused = true;
      return false;
    }
    return true;
  }

  /** Gives room back; on the loop. */
  void release(long bytes) {
    buffered.addAndGet(-bytes);
    if (roomRefused) {
      roomRefused = false;
      transport.execute(channels::admitWaiters);
    }
  }

  /** The application has read a message of that many bytes. In tasks, or on the loop. */
  void consumed(int bytes) {
    if (transport.loop().inLoop()) {
      Association association = transport.association();
      if (association != null) {
        association.consumed(transport.nowNanos(), bytes);
      }
    } else {
      consumedBytes.addAndGet(bytes);
      consumedMessages.incrementAndGet();
      transport.wake();
    }
  }

  /** A message that no channel can take; its room in the window is given back. */
  void dropMessage(String why, int streamId, int bytes) {
    messagesDropped++;
    LOG.debug("{} dropped {} bytes on stream {}: {}", id, bytes, streamId, why);
    consumed(bytes);
  }

  void countDropped() {
    messagesDropped++;
  }

  /** Fails a future of the user's, in a task. */
  void fail(CompletableFuture<?> future, RuntimeException cause) {
    callbacks().add(() -> future.completeExceptionally(cause));
  }

  /** The datachannel event, or its wait for a handler. */
  void announce(DataChannel channel) {
    callbacks()
        .add(
            () -> {
              if (closing.get()) {
                return;
              }
              channel.announcedTask();
              if (events.dataChannel == null) {
                events.unannounced.add(channel);
              } else {
                events.dataChannel.accept(channel);
              }
            });
  }

  /** A channel ended; one that nobody was told of is not kept. In tasks. */
  void ended(DataChannel channel) {
    events.unannounced.remove(channel);
  }

  // ---- The operations chain

  /** One step of the W3C's operations chain; ours are done as soon as they begin. */
  @FunctionalInterface
  private interface Operation<T> {
    @Nullable T run();
  }

  private <T> CompletableFuture<T> chain(Operation<T> operation) {
    var future = new CompletableFuture<T>();
    if (closing.get()) {
      future.completeExceptionally(closedAlready());
      return future;
    }
    Runnable step = () -> runOperation(operation, future);
    boolean queued =
        transport.execute(
            () -> {
              if (negotiation == null && !ended && !closing.get()) {
                waitingForInit.add(step);
              } else {
                step.run();
              }
            });
    if (!queued) {
      future.completeExceptionally(closedMeanwhile());
    }
    return future;
  }

  private <T> void runOperation(Operation<T> operation, CompletableFuture<T> future) {
    // A stage of the operation before may have called this one.
    runAfterOperation();
    if (closing.get()) {
      fail(future, closedMeanwhile());
      return;
    }
    PeerConnectionException early = failure;
    if (negotiation == null && early != null) {
      fail(future, early);
      return;
    }
    try {
      T result = operation.run();
      callbacks().add(() -> future.complete(result));
    } catch (PeerConnectionException e) {
      LOG.debug("{} refused: {}", id, e.getMessage());
      fail(future, e);
    } catch (RuntimeException e) {
      fail(future, new PeerConnectionException(Code.INTERNAL, "a fault in an operation", null, e));
      fault(e);
    }
    // Gathering and checks begin behind the future's completion: their events come later, and the
    // description need not wait for the sockets on its way to the peer.
    callbacks().drainOnLoop();
    runAfterOperation();
  }

  private void runAfterOperation() {
    Runnable next;
    while ((next = afterOperation.poll()) != null) {
      next.run();
    }
  }

  private static PeerConnectionException closedAlready() {
    return new PeerConnectionException(Code.INVALID_STATE, "the connection is closed");
  }

  private static PeerConnectionException closedMeanwhile() {
    return new PeerConnectionException(Code.CLOSED, "the connection was closed");
  }

  /** A short id that stands in front of each log line of this connection. */
  public String id() {
    return id;
  }

  /**
   * Makes an offer. It always holds a section for data channels.
   *
   * @return the offer, for {@link #setLocalDescription(SessionDescription)}
   */
  public CompletableFuture<SessionDescription> createOffer() {
    return createOffer(OfferOptions.defaults());
  }

  /**
   * Makes an offer.
   *
   * @param offer whether it restarts ICE
   * @return the offer, for {@link #setLocalDescription(SessionDescription)}
   */
  public CompletableFuture<SessionDescription> createOffer(OfferOptions offer) {
    Restart restart = offer.iceRestart() ? Restart.NOW : Restart.IF_ASKED;
    return chain(() -> negotiation().createOffer(this::gathered, restart));
  }

  /**
   * Asks for a restart of ICE: the next offer brings new credentials, and {@link
   * #onNegotiationNeeded} is called as soon as one may be made. The channels stay; data goes the
   * old way until a new one is found. An offer that is never answered changes nothing of that and
   * is taken back with {@link SessionDescription#rollback}, upon which {@link #onNegotiationNeeded}
   * is called again. Does nothing before the first exchange and after the end.
   */
  public void restartIce() {
    if (!closing.get()) {
      transport.execute(this::askForRestart);
    }
  }

  private void askForRestart() {
    if (negotiation != null && transportStarted && !ended) {
      negotiation.restartIce();
      updateNegotiationNeeded();
    }
  }

  /**
   * Makes an answer to the offer that was set.
   *
   * @return the answer, or INVALID_STATE when no offer of the peer was set
   */
  public CompletableFuture<SessionDescription> createAnswer() {
    return chain(() -> negotiation().createAnswer(this::gathered));
  }

  /** Makes the offer or answer that the signalling state asks for, and sets it. */
  public CompletableFuture<Void> setLocalDescription() {
    return chain(
        () -> {
          setLocal(created(negotiation().implicitType()));
          return null;
        });
  }

  /**
   * Sets our description; gathering begins. {@link SessionDescription#rollback} takes an offer back
   * that is not answered: the state is stable again, and what was agreed on before goes on, its ICE
   * credentials, too. An answer that comes all the same is refused with {@code INVALID_STATE}.
   *
   * @param description what {@link #createOffer} or {@link #createAnswer} gave last, or a rollback;
   *     with an empty text, one is made
   */
  public CompletableFuture<Void> setLocalDescription(SessionDescription description) {
    Objects.requireNonNull(description);
    return chain(
        () -> {
          boolean make = description.type() != SdpType.ROLLBACK && description.sdp().isEmpty();
          setLocal(make ? created(description.type()) : description);
          return null;
        });
  }

  private SessionDescription created(SdpType type) {
    SessionDescription made =
        type == SdpType.OFFER
            ? negotiation().createOffer(this::gathered, Restart.IF_ASKED)
            : negotiation().createAnswer(this::gathered);
    return new SessionDescription(type, made.sdp());
  }

  private void setLocal(SessionDescription description) {
    Optional<Agreement> agreement = negotiation().setLocal(description);
    LOG.debug("{} local {} set", id, description.type());
    if (description.type() == SdpType.ROLLBACK) {
      forgetEarlyCandidates();
    }
    followGeneration();
    descriptionsChanged();
    if (description.type() != SdpType.ROLLBACK && negotiation().dataPlace().isPresent()) {
      afterOperation.add(this::gather);
      afterOperation.add(this::tellCandidates);
    }
    agreement.ifPresent(a -> afterOperation.add(() -> agreed(a)));
  }

  /**
   * Sets the peer's description. An offer that meets our own offer rolls ours back, as perfect
   * negotiation needs it.
   */
  public CompletableFuture<Void> setRemoteDescription(SessionDescription description) {
    Objects.requireNonNull(description);
    return chain(
        () -> {
          setRemote(description);
          return null;
        });
  }

  private void setRemote(SessionDescription description) {
    Negotiation session = negotiation();
    Optional<Agreement> agreement = session.setRemote(description);
    LOG.debug("{} remote {} set", id, description.type());
    addedRemoteLines.clear();
    if (description.type() == SdpType.ROLLBACK || description.type() == SdpType.OFFER) {
      forgetEarlyCandidates();
      remoteCandidatesEnded = false;
    }
    RemoteSection data = session.remoteData();
    if (data != null) {
      maxMessageSize = capToSendBuffer(data.maxMessageSize());
    }
    followGeneration();
    descriptionsChanged();
    if (agreement.isPresent()) {
      afterOperation.add(() -> agreed(agreement.get()));
    } else if (description.type() == SdpType.ANSWER && !transportStarted) {
      afterOperation.add(
          () ->
              fail(
                  new PeerConnectionException(
                      Code.OPERATION_ERROR, "the peer's answer refuses data channels")));
    }
  }

  /** 0 means any size: then our own send buffer is the limit. */
  private int capToSendBuffer(long peersLimit) {
    long own = Math.min(options.channelSendBufferBytes(), Integer.MAX_VALUE);
    return (int) (peersLimit == 0 ? own : Math.min(peersLimit, own));
  }

  private void descriptionsChanged() {
    Negotiation session = negotiation();
    LocalSdp local = session.local();
    SdpType localType = session.localType();
    localSnapshot =
        local == null || localType == null
            ? null
            : new LocalSnapshot(localType, local, snapshot(session.credentials().ufrag()));
    remoteSnapshot = remoteWithCandidates();
    SignalingState now = session.state();
    boolean changed = now != computedSignaling;
    computedSignaling = now;
    if (changed) {
      task(
          () -> signalingState = now,
          () -> {
            if (events.signalingState != null) {
              events.signalingState.accept(now);
            }
          });
    }
    if (now == SignalingState.STABLE) {
      negotiationNeeded = false;
      afterOperation.add(this::updateNegotiationNeeded);
    }
  }

  private SignalingState computedSignaling = SignalingState.STABLE;

  /** W3C section 4.7.3: fires only while nothing is under negotiation. */
  private void updateNegotiationNeeded() {
    Negotiation session = negotiation;
    if (closing.get() || ended || negotiationNeeded) {
      return;
    }
    if (session != null && session.state() != SignalingState.STABLE) {
      return;
    }
    boolean restart = session != null && session.wantsRestart();
    boolean section = !channels.isEmpty() && (session == null || !session.hasDataSection());
    if (!restart && !section) {
      return;
    }
    negotiationNeeded = true;
    task(
        () -> {
          if (signalingState == SignalingState.STABLE && events.negotiationNeeded != null) {
            events.negotiationNeeded.run();
          }
        });
  }

  /** A state that others may read becomes another, then user code runs; not once it is closed. */
  private void task(Runnable change, Runnable event) {
    callbacks()
        .add(
            () -> {
              synchronized (states) {
                if (closing.get()) {
                  return;
                }
                change.run();
              }
              event.run();
            });
  }

  /** User code that must not run once the connection is closed. */
  private void task(Runnable task) {
    callbacks()
        .add(
            () -> {
              if (!closing.get()) {
                task.run();
              }
            });
  }

  // ---- Candidates

  private LocalGeneration.Snapshot snapshot(String ufrag) {
    LocalGeneration generation = localGenerations.get(ufrag);
    return generation == null ? LocalGeneration.Snapshot.NONE : generation.snapshot();
  }

  private GatheredCandidates gathered(String ufrag) {
    return snapshot(ufrag).describe();
  }

  /** The agent answers checks with the credentials that our description has, from now on. */
  private void followGeneration() {
    IceCredentials wanted = negotiation().credentials();
    IceCredentials prepared = preparedCredentials;
    if (wanted.equals(prepared)) {
      return;
    }
    if (prepared != null) {
      localGenerations.remove(prepared.ufrag());
      preparedCredentials = null;
      transport.agent().abandonRestart();
    }
    if (!wanted.equals(agentCredentials)) {
      LOG.debug("{} a restart is described, ufrag {}", id, wanted.ufrag());
      preparedCredentials = wanted;
      localGenerations.put(wanted.ufrag(), new LocalGeneration(wanted.ufrag()));
      if (gatheringComplete.isDone()) {
        gatheringComplete = new CompletableFuture<>();
      }
      transport.agent().prepareRestart(wanted);
    }
  }

  private IceGatheringState computedGathering = IceGatheringState.NEW;

  private void gather() {
    if (!ended) {
      transport.agent().gather();
    }
  }

  /** Candidates wait for the description that they belong to. */
  private void tellCandidates() {
    Negotiation session = negotiation();
    for (LocalGeneration generation : localGenerations.values()) {
      if (session.describes(generation.ufrag())) {
        IceCandidate candidate;
        while ((candidate = generation.pollUntold()) != null) {
          tellCandidate(candidate, generation.ufrag());
        }
      }
    }
  }

  private void tellCandidate(IceCandidate candidate, String ufrag) {
    Optional<DataPlace> place = negotiation().dataPlace();
    var init =
        new IceCandidateInit(
            candidate.toLine(),
            place.map(DataPlace::mid).orElse(null),
            place.map(DataPlace::index).orElse(0),
            ufrag);
    task(
        () -> {
          if (events.iceCandidate != null) {
            events.iceCandidate.accept(Optional.of(init));
          }
        });
  }

  /**
   * Adds a candidate of the peer.
   *
   * @return fails with INVALID_STATE before a description of the peer was set, with TYPE_ERROR when
   *     neither mid nor index is given, with OPERATION_ERROR when the section or the generation is
   *     unknown or the line is malformed. One that cannot be reached is no error.
   */
  public CompletableFuture<Void> addIceCandidate(IceCandidateInit candidate) {
    Objects.requireNonNull(candidate);
    if (!candidate.candidate().isEmpty()
        && candidate.sdpMid() == null
        && candidate.sdpMLineIndex() == null) {
      return CompletableFuture.failedFuture(
          new PeerConnectionException(
              Code.TYPE_ERROR, "a candidate names its section by sdpMid or sdpMLineIndex"));
    }
    return chain(
        () -> {
          addCandidate(candidate);
          return null;
        });
  }

  private void addCandidate(IceCandidateInit candidate) {
    RemoteSdp remote = negotiation().remote();
    if (remote == null) {
      throw new PeerConnectionException(
          Code.INVALID_STATE, "a candidate came before the peer's description was set");
    }
    int index = sectionOf(candidate, remote);
    String ufrag = candidate.usernameFragment();
    if (ufrag != null && !negotiation().knowsUfrag(ufrag)) {
      throw new PeerConnectionException(
          Code.OPERATION_ERROR, "the candidate belongs to an unknown generation");
    }
    if (candidate.candidate().isEmpty()) {
      endOfRemoteCandidates();
      return;
    }
    Optional<IceCandidate> parsed;
    try {
      parsed = Candidates.parse(candidate.candidate());
    } catch (IceParseException e) {
      throw new PeerConnectionException(
          Code.OPERATION_ERROR, "the candidate is malformed: " + e.getMessage(), null, e);
    }
    if (parsed.isEmpty() || !isForData(index, remote)) {
      return;
    }
    if (parsed.get().ufrag().isPresent() && !negotiation().knowsUfrag(parsed.get().ufrag().get())) {
      throw new PeerConnectionException(
          Code.OPERATION_ERROR, "the candidate belongs to an unknown generation");
    }
    RemoteSection data = negotiation().remoteData();
    String present = data == null || data.ufrag() == null ? remoteUfrag : data.ufrag();
    String generation = parsed.get().ufrag().orElse(ufrag == null ? present : ufrag);
    if (addRemoteCandidate(parsed.get(), generation)) {
      addedRemoteLines.add(new RemoteLine(index, parsed.get().toLine()));
      remoteSnapshot = remoteWithCandidates();
    }
  }

  /** In a bundle the candidates may name the section whose transport the data section shares. */
  private static boolean isForData(int index, RemoteSdp remote) {
    if (index < 0) {
      return false;
    }
    RemoteSection named = remote.sections().get(index);
    int data = remote.dataSectionIndex();
    return named.isData()
        || data >= 0
            && named.ufrag() != null
            && named.ufrag().equals(remote.sections().get(data).ufrag());
  }

  private static int sectionOf(IceCandidateInit candidate, RemoteSdp remote) {
    String mid = candidate.sdpMid();
    Integer lineIndex = candidate.sdpMLineIndex();
    if (mid != null && !(mid.isEmpty() && lineIndex != null)) {
      int index = remote.indexOfMid(mid);
      if (index >= 0) {
        return index;
      }
      // Stacks of old write no a=mid; a lone section is then meant whatever its name.
      boolean unnamed = remote.sections().stream().allMatch(s -> s.mid() == null);
      if (!unnamed) {
        throw new PeerConnectionException(
            Code.OPERATION_ERROR, "no section has the tag " + Logs.quoted(mid));
      }
    }
    if (lineIndex != null) {
      if (lineIndex < 0 || lineIndex >= remote.sections().size()) {
        throw new PeerConnectionException(
            Code.OPERATION_ERROR,
            "there is no section " + lineIndex + " of " + remote.sections().size());
      }
      return lineIndex;
    }
    return remote.dataSectionIndex();
  }

  /** Returns whether it is new. */
  private boolean addRemoteCandidate(IceCandidate told, String ufrag) {
    IceCandidate candidate = told.withUfrag(ufrag);
    if (knownRemoteCandidates.size() >= MAX_REMOTE_CANDIDATES) {
      LOG.debug("{} more than {} candidates of the peer", id, MAX_REMOTE_CANDIDATES);
      return false;
    }
    if (!knownRemoteCandidates.add(candidate.toLine())) {
      return false;
    }
    if (transportStarted && ufrag.equals(remoteUfrag)) {
      transport.agent().addRemoteCandidate(candidate);
    } else {
      earlyRemoteCandidates.add(candidate);
    }
    return true;
  }

  /** They belong to a description that is no more. */
  private void forgetEarlyCandidates() {
    earlyRemoteCandidates.forEach(early -> knownRemoteCandidates.remove(early.toLine()));
    earlyRemoteCandidates.clear();
  }

  private void endOfRemoteCandidates() {
    remoteCandidatesEnded = true;
    if (transportStarted) {
      transport.agent().remoteEndOfCandidates();
    }
  }

  private @Nullable RemoteSnapshot remoteWithCandidates() {
    Negotiation session = negotiation;
    SessionDescription description = session == null ? null : session.remoteDescription();
    return description == null
        ? null
        : new RemoteSnapshot(description, List.copyOf(addedRemoteLines));
  }

  // ---- Both descriptions are there

  private void agreed(Agreement agreement) {
    if (ended || closing.get()) {
      return;
    }
    remoteUfrag = agreement.credentials().ufrag();
    if (!transportStarted) {
      startTransports(agreement);
    } else if (agreement.ice() == Ice.RESTARTS) {
      restartTransports(agreement);
    }
    for (IceCandidate candidate : agreement.candidates()) {
      addRemoteCandidate(candidate, remoteUfrag);
    }
    for (IceCandidate early : earlyRemoteCandidates) {
      if (early.ufrag().filter(remoteUfrag::equals).isPresent()) {
        transport.agent().addRemoteCandidate(early);
      }
    }
    earlyRemoteCandidates.clear();
    if (agreement.data().endOfCandidates() || remoteCandidatesEnded) {
      transport.agent().remoteEndOfCandidates();
    }
  }

  /** New credentials on both sides: the way is looked for anew, what runs over it stays. */
  private void restartTransports(Agreement agreement) {
    LOG.debug("{} ICE restarts, ufrags {} and {}", id, agreement.local().ufrag(), remoteUfrag);
    knownRemoteCandidates.clear();
    earlyRemoteCandidates.forEach(early -> knownRemoteCandidates.add(early.toLine()));
    transport.agent().restart(remote(agreement));
    agentCredentials = agreement.local();
    preparedCredentials = null;
    localGenerations.keySet().retainAll(Set.of(agreement.local().ufrag()));
    automaticRestartNanos = Timer.NOT_RUNNING;
  }

  private static IceRemote remote(Agreement agreement) {
    boolean lite = agreement.remote().iceLite() == RemoteSdp.IceMode.LITE;
    return new IceRemote(
        agreement.credentials(),
        lite ? IceMode.LITE : IceMode.FULL,
        agreement.remote().icePacingMillis());
  }

  private void startTransports(Agreement agreement) {
    transportStarted = true;
    long now = transport.nowNanos();
    boolean lite = agreement.remote().iceLite() == RemoteSdp.IceMode.LITE;
    // RFC 8445 section 6.1.1: the offerer of the first exchange controls, a lite peer never does.
    IceRole iceRole =
        lite || agreement.side() == Side.OFFERER ? IceRole.CONTROLLING : IceRole.CONTROLLED;
    DtlsRole dtlsRole = agreement.dtlsPart() == DtlsPart.CLIENT ? DtlsRole.CLIENT : DtlsRole.SERVER;
    LOG.debug("{} starts: ICE {}, DTLS {}", id, iceRole, dtlsRole);
    milestones = new Milestones(milestones.gatherStart, milestones.gatherEnd, now, -1, -1, -1);
    connectDeadlineNanos = now + saturatedNanos(options.connectTimeout());
    Association association =
        Association.create(associationOptions(agreement.data().sctpPort()), RANDOM);
    DtlsCertificate own = Objects.requireNonNull(certificate);
    transport.join(
        (wakeup, sink) -> {
          DtlsEngine engine =
              DtlsEngines.bouncyCastle(
                  dtlsOptions(), dtlsRole, own, runtime.handshakes(), wakeup, sink);
          engine.setRemoteFingerprints(agreement.fingerprints());
          if (runtime.handshakes().mayStartAhead()) {
            engine.prepare();
          }
          return engine;
        },
        association);
    transport.agent().start(iceRole, remote(agreement));
  }

  /**
   * The answerer's checks succeed, and its DTLS begins, before the other side has the answer; who
   * is patient with ICE because the answer is slow has to be so with DTLS, too.
   */
  private DtlsOptions dtlsOptions() {
    Duration limit = DtlsOptions.defaults().handshakeTimeout();
    Duration longest = Duration.ofMinutes(10);
    if (options.icePatience().compareTo(limit) > 0) {
      limit = options.icePatience().compareTo(longest) < 0 ? options.icePatience() : longest;
    }
    return DtlsOptions.builder().handshakeTimeout(limit).build();
  }

  private AssociationOptions associationOptions(int peerPort) {
    return AssociationOptions.forDataChannels().toBuilder()
        .localPort(SCTP_PORT)
        .peerPort(peerPort)
        .manualWindow()
        .congestionAlgorithm(options.congestionAlgorithm().forSctp())
        .interleaving(options.interleaving())
        .receiveWindowBytes(Math.max(options.receiveWindowBytes(), 2L * options.maxMessageSize()))
        // What waits is limited here, where refusals can be told apart; SCTP also keeps what is
        // under way, as much as the peer's window lets it.
        .sendBufferBytes(options.connectionSendBufferBytes() + SCTP_SLACK_BYTES)
        .streamSendBufferBytes(options.connectionSendBufferBytes() + SCTP_SLACK_BYTES)
        .build();
  }

  private static long saturatedNanos(Duration duration) {
    return duration.compareTo(Duration.ofDays(365)) > 0
        ? Duration.ofDays(365).toNanos()
        : duration.toNanos();
  }

  // ---- What the transports tell

  /** The listener, apart from the public face. */
  private final class Joined implements TransportListener {
    @Override
    public void localCandidate(IceCandidate candidate) {
      LocalGeneration generation = localGenerations.get(candidate.ufrag().orElse(""));
      if (generation != null) {
        generation.add(candidate);
        refreshLocalSnapshot();
        tellCandidates();
      }
    }

    @Override
    public void gatheringStateChanged(dev.tautline.ice.IceGatheringState state) {
      IceGatheringState now =
          switch (state) {
            case NEW -> IceGatheringState.NEW;
            case GATHERING -> IceGatheringState.GATHERING;
            case COMPLETE -> IceGatheringState.COMPLETE;
          };
      if (now == computedGathering) {
        return;
      }
      computedGathering = now;
      if (now == IceGatheringState.COMPLETE) {
        localGenerations.values().forEach(LocalGeneration::complete);
      }
      long time = transport.nowNanos();
      Milestones m = milestones;
      milestones =
          new Milestones(
              now == IceGatheringState.GATHERING ? time : m.gatherStart,
              now == IceGatheringState.COMPLETE ? time : m.gatherEnd,
              m.iceStart,
              m.iceEnd,
              m.dtlsEnd,
              m.sctpEnd);
      refreshLocalSnapshot();
      LOG.debug("{} gathering {}", id, now);
      task(
          () -> gatheringState = now,
          () -> {
            if (events.gatheringState != null) {
              events.gatheringState.accept(now);
            }
          });
      if (now == IceGatheringState.COMPLETE) {
        task(
            () -> {
              if (events.iceCandidate != null) {
                events.iceCandidate.accept(Optional.empty());
              }
            });
        CompletableFuture<Void> complete = gatheringComplete;
        callbacks().add(() -> complete.complete(null));
      }
    }

    @Override
    public void candidateError(dev.tautline.ice.IceCandidateError error) {
      LOG.debug("{} server {}: {} {}", id, error.url(), error.errorCode(), error.errorText());
      var event = new IceCandidateError(error.url(), error.errorCode(), error.errorText());
      task(
          () -> {
            if (events.iceCandidateError != null) {
              events.iceCandidateError.accept(event);
            }
          });
    }

    @Override
    public void iceStateChanged(IceState state, long nowNanos) {
      if (state == IceState.CLOSED) {
        // Not by us: our own end is not told. A fault closed the agent, and nothing will come of
        // it.
        fail(
            new PeerConnectionException(
                Code.INTERNAL, "the ICE agent ended by itself; the log says why"));
        return;
      }
      if (state == iceState) {
        return;
      }
      iceState = state;
      Milestones m = milestones;
      if (m.iceEnd < 0 && (state == IceState.CONNECTED || state == IceState.COMPLETED)) {
        milestones =
            new Milestones(m.gatherStart, m.gatherEnd, m.iceStart, nowNanos, m.dtlsEnd, m.sctpEnd);
      }
      IceConnectionState visible = IceConnectionState.valueOf(state.name());
      task(
          () -> iceConnectionState = visible,
          () -> {
            if (events.iceConnectionState != null) {
              events.iceConnectionState.accept(visible);
            }
          });
      if (state == IceState.FAILED) {
        var report = transport.agent().report();
        iceFailed(
            new PeerConnectionException(
                Code.ICE_FAILED,
                (m.iceEnd < 0 ? "no candidate pair works: " : "the peer does not answer any more: ")
                    + report.hint(),
                new IceReport(report),
                null),
            nowNanos);
        return;
      }
      automaticRestartNanos = Timer.NOT_RUNNING;
      if (state == IceState.CONNECTED || state == IceState.COMPLETED) {
        restartDeadlineNanos = Timer.NOT_RUNNING;
        restartCause = null;
      } else if (state == IceState.DISCONNECTED
          && options.iceRestart() == IceRestart.AUTOMATIC
          && dtlsConnected) {
        boolean controlling =
            transport.agent().role().filter(r -> r == IceRole.CONTROLLING).isPresent();
        automaticRestartNanos =
            nowNanos + (controlling ? DISCONNECTED_NANOS : DISCONNECTED_CONTROLLED_NANOS);
      }
      updateConnectionState();
    }

    /** An established connection may wait for a restart; else it ends. */
    private void iceFailed(PeerConnectionException cause, long nowNanos) {
      if (!dtlsConnected || options.restartWindow().isZero() || ended) {
        fail(cause);
        return;
      }
      if (restartCause == null) {
        restartCause = cause;
        restartDeadlineNanos = nowNanos + saturatedNanos(options.restartWindow());
      }
      updateConnectionState();
      restartByItself("ICE failed");
    }

    private void restartByItself(String why) {
      automaticRestartNanos = Timer.NOT_RUNNING;
      if (options.iceRestart() == IceRestart.AUTOMATIC && dtlsConnected && !ended) {
        LOG.debug("{} asks for a restart: {}", id, why);
        askForRestart();
      }
    }

    @Override
    public void selectedPairChanged(SelectedPair pair) {
      var described =
          new SelectedCandidatePair(
              Candidates.describe(pair.local()), Candidates.describe(pair.remote()));
      selectedPair = described;
      selectedPairChanges++;
    }

    @Override
    public void addressLost() {
      restartByItself("the address in use vanished");
    }

    @Override
    public void dtlsEvent(DtlsEvent event, long nowNanos) {
      if (event instanceof DtlsEvent.Established established) {
        LOG.debug("{} DTLS established, {} {}", id, established.role(), established.cipherSuite());
        Milestones m = milestones;
        milestones =
            new Milestones(m.gatherStart, m.gatherEnd, m.iceStart, m.iceEnd, nowNanos, m.sctpEnd);
        dtlsConnected = true;
        dtlsHandshakes++;
        updateConnectionState();
        channels.roleKnown(established.role() == DtlsRole.CLIENT ? Parity.EVEN : Parity.ODD);
        transport.connectAssociation(nowNanos);
      } else if (event instanceof DtlsEvent.PeerClosed) {
        LOG.debug("{} the peer closed DTLS", id);
        fail(new PeerConnectionException(Code.PEER_CLOSED, "the peer closed the connection"));
      } else if (event instanceof DtlsEvent.Failed failed) {
        Code code =
            failed.code() == DtlsFailure.FINGERPRINT_MISMATCH
                ? Code.FINGERPRINT_MISMATCH
                : failed.code() == DtlsFailure.TIMEOUT ? Code.TIMEOUT : Code.DTLS_FAILED;
        fail(
            new PeerConnectionException(
                code, "DTLS failed (" + failed.code() + "): " + failed.detail()));
      }
    }

    @Override
    public void associationEvent(AssociationEvent event, long nowNanos) {
      if (event instanceof AssociationEvent.MessageReceived message) {
        channels.received(message.streamId(), message.ppid(), message.payload());
      } else if (event instanceof AssociationEvent.BufferedAmountChanged changed) {
        Association association = transport.association();
        if (association != null) {
          channels.bufferedAmountChanged(association, changed.streamId());
        }
      } else if (event instanceof AssociationEvent.IncomingStreamsReset reset) {
        channels.incomingReset(reset.streamIds());
      } else if (event instanceof AssociationEvent.OutgoingStreamsReset reset) {
        channels.outgoingReset(reset.streamIds(), nowNanos);
      } else if (event instanceof AssociationEvent.StreamsResetFailed failed) {
        channels.resetFailed(failed.streamIds());
      } else if (event instanceof AssociationEvent.Established established) {
        associationEstablished(established, nowNanos);
      } else if (event instanceof AssociationEvent.StreamsAdded added) {
        channels.streamsAdded(Math.min(added.outgoingStreams(), added.incomingStreams()));
      } else if (!(event instanceof AssociationEvent.SendSpaceAvailable)) {
        associationEnded(event);
      }
    }

    @Override
    public long nextDeadlineNanos() {
      return Math.min(
          Math.min(connectDeadlineNanos, channels.nextDeadlineNanos()),
          Math.min(restartDeadlineNanos, automaticRestartNanos));
    }

    @Override
    public void deadlineReached(long nowNanos) {
      channels.deadlineReached(nowNanos);
      if (nowNanos >= automaticRestartNanos) {
        restartByItself("it stays disconnected");
      }
      if (nowNanos >= restartDeadlineNanos) {
        restartDeadlineNanos = Timer.NOT_RUNNING;
        fail(Objects.requireNonNull(restartCause));
      }
      if (nowNanos >= connectDeadlineNanos) {
        connectDeadlineNanos = Timer.NOT_RUNNING;
        Milestones m = milestones;
        String phase = m.iceEnd < 0 ? "ICE" : m.dtlsEnd < 0 ? "DTLS" : "SCTP";
        fail(
            new PeerConnectionException(
                Code.TIMEOUT,
                "connecting took longer than "
                    + options.connectTimeout().toMillis()
                    + " ms; it stood at "
                    + phase,
                new IceReport(transport.agent().report()),
                null));
      }
    }

    @Override
    public void turnStarts(long nowNanos) {
      int messages = consumedMessages.getAndSet(0);
      Association association = transport.association();
      if (messages > 0 && association != null) {
        association.consumed(nowNanos, messages, consumedBytes.getAndSet(0));
      }
    }

    @Override
    public void internalError(Throwable fault) {
      fault(fault);
    }
  }

  private void refreshLocalSnapshot() {
    LocalSnapshot before = localSnapshot;
    if (before != null) {
      localSnapshot =
          new LocalSnapshot(before.type, before.sdp, snapshot(negotiation().credentials().ufrag()));
    }
  }

  private void associationEstablished(AssociationEvent.Established event, long nowNanos) {
    Milestones m = milestones;
    milestones =
        new Milestones(m.gatherStart, m.gatherEnd, m.iceStart, m.iceEnd, m.dtlsEnd, nowNanos);
    connectDeadlineNanos = Timer.NOT_RUNNING;
    LOG.debug(
        "{} SCTP established, {} streams out, {} in; {}",
        id,
        event.outgoingStreams(),
        event.incomingStreams(),
        timings());
    int streams = Math.min(event.outgoingStreams(), event.incomingStreams());
    channels.associationEstablished(Math.min(streams, StreamIds.MAX_ID + 1));
  }

  private void associationEnded(AssociationEvent event) {
    LOG.debug("{} SCTP ended: {}", id, event);
    transport.associationEnded();
    DataChannelException error = null;
    PeerConnectionException cause;
    if (event instanceof AssociationEvent.ShutdownComplete) {
      cause = new PeerConnectionException(Code.PEER_CLOSED, "the peer closed the association");
    } else if (event instanceof AssociationEvent.Aborted aborted) {
      // Cause 12, "user initiated abort", is how browsers close; RFC 9260 section 3.3.10.12.
      Code code = aborted.causeCode() == 12 ? Code.PEER_CLOSED : Code.SCTP_FAILED;
      String text =
          "the association was aborted, cause "
              + aborted.causeCode()
              + (aborted.detail().isEmpty() ? "" : ": " + Logs.quoted(aborted.detail()));
      error =
          new DataChannelException(
              DataChannelException.Code.SCTP_FAILURE, text, aborted.causeCode());
      cause = new PeerConnectionException(code, text);
    } else {
      String text =
          event instanceof AssociationEvent.Restarted
              ? "the peer's association died and came back as another one"
              : "the association failed: " + event;
      error = new DataChannelException(DataChannelException.Code.SCTP_FAILURE, text);
      cause = new PeerConnectionException(Code.SCTP_FAILED, text);
    }
    channels.endAll(error);
    fail(cause);
  }

  /** A fault of ours: the connection ends, the others live on. */
  private void fault(Throwable fault) {
    LOG.error("{} a fault of this library ends the connection", id, fault);
    fail(
        new PeerConnectionException(
            Code.INTERNAL, "a fault of this library: " + fault, null, fault));
  }

  /** The connection has failed for good; what waits ends with the cause. */
  private void fail(PeerConnectionException cause) {
    if (ended || closing.get()) {
      return;
    }
    ended = true;
    failure = cause;
    connectDeadlineNanos = Timer.NOT_RUNNING;
    restartDeadlineNanos = Timer.NOT_RUNNING;
    automaticRestartNanos = Timer.NOT_RUNNING;
    LOG.debug("{} failed: {} {}", id, cause.code(), cause.getMessage());
    channels.endAll(
        cause.code() == Code.PEER_CLOSED
            ? null
            : new DataChannelException(
                DataChannelException.Code.TRANSPORT_FAILURE, String.valueOf(cause.getMessage())));
    transport.sayGoodbye("the connection failed");
    if (cause.code() == Code.PEER_CLOSED) {
      // An authentic closure revokes consent (RFC 7675 section 5.2): no check goes out any more.
      transport.agent().close();
    }
    updateConnectionState();
    fail(connected, cause);
    runWaiting();
  }

  /** W3C section 4.4.3, for one transport. */
  private void updateConnectionState() {
    PeerConnectionState now;
    if (ended) {
      now = PeerConnectionState.FAILED;
    } else {
      now =
          switch (iceState) {
            case NEW -> PeerConnectionState.NEW;
            case CHECKING -> PeerConnectionState.CONNECTING;
            case CONNECTED, COMPLETED ->
                dtlsConnected ? PeerConnectionState.CONNECTED : PeerConnectionState.CONNECTING;
            case DISCONNECTED -> PeerConnectionState.DISCONNECTED;
            case FAILED -> PeerConnectionState.FAILED;
            case CLOSED -> PeerConnectionState.CLOSED;
          };
    }
    if (now == computedState) {
      return;
    }
    computedState = now;
    LOG.debug("{} connection {}", id, now);
    task(
        () -> connectionState = now,
        () -> {
          if (events.connectionState != null) {
            events.connectionState.accept(now);
          }
        });
    if (now == PeerConnectionState.CONNECTED) {
      callbacks().add(() -> connected.complete(null));
    }
  }

  // ---- What can be asked

  /** Our description with the candidates gathered so far; the pending one where there is one. */
  public Optional<SessionDescription> localDescription() {
    return Optional.ofNullable(localSnapshot).map(LocalSnapshot::describe);
  }

  /** The peer's description with the candidates added so far; the pending one if there is one. */
  public Optional<SessionDescription> remoteDescription() {
    return Optional.ofNullable(remoteSnapshot).map(RemoteSnapshot::describe);
  }

  /** A reliable, ordered channel. */
  public DataChannel createDataChannel(String label) {
    return createDataChannel(label, DataChannelOptions.defaults());
  }

  /**
   * A channel.
   *
   * @param label at most 65535 bytes of UTF-8
   * @param channelOptions how it behaves
   * @throws PeerConnectionException with TYPE_ERROR when label, protocol or options are out of
   *     range or contradict each other, OPERATION_ERROR when the id is in use or no id is left,
   *     INVALID_STATE after {@link #close}
   */
  public DataChannel createDataChannel(String label, DataChannelOptions channelOptions) {
    if (closing.get()) {
      throw closedAlready();
    }
    checkOptions(label, channelOptions);
    DataChannel channel = channels.create(label, channelOptions);
    boolean queued =
        transport.execute(
            () -> {
              channels.register(channel);
              updateNegotiationNeeded();
            });
    if (!queued) {
      throw closedAlready();
    }
    return channel;
  }

  private static void checkOptions(String label, DataChannelOptions o) {
    checkLength("label", label);
    checkLength("protocol", o.protocol());
    if (o.maxRetransmits().isPresent() && o.maxPacketLifeTime().isPresent()) {
      throw typeError("a channel has maxRetransmits or maxPacketLifeTime, not both");
    }
    o.maxRetransmits().ifPresent(n -> checkShort("maxRetransmits", n));
    o.maxPacketLifeTime().ifPresent(t -> checkShort("maxPacketLifeTime", millis(t)));
    if (o.negotiated()) {
      if (o.id().isEmpty()) {
        throw typeError("a negotiated channel has an id");
      }
      int id = o.id().getAsInt();
      if (id < 0 || id > StreamIds.MAX_ID) {
        throw typeError("the id " + id + " is not between 0 and " + StreamIds.MAX_ID);
      }
    }
  }

  private static long millis(Duration duration) {
    return duration.compareTo(Duration.ofDays(1)) > 0 ? Long.MAX_VALUE : duration.toMillis();
  }

  private static void checkShort(String name, long value) {
    if (value < 0 || value > 65_535) {
      throw typeError(name + ' ' + value + " is not between 0 and 65535");
    }
  }

  private static void checkLength(String name, String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > 65_535) {
      throw typeError("the " + name + " has " + bytes + " bytes of UTF-8, where 65535 may be");
    }
  }

  private static PeerConnectionException typeError(String message) {
    return new PeerConnectionException(Code.TYPE_ERROR, message);
  }

  /** How the connection as a whole is doing. */
  public PeerConnectionState connectionState() {
    return connectionState;
  }

  /** How ICE is doing. */
  public IceConnectionState iceConnectionState() {
    return iceConnectionState;
  }

  /** How far the search for local candidates is. */
  public IceGatheringState iceGatheringState() {
    return gatheringState;
  }

  /** Where the exchange of offer and answer stands. */
  public SignalingState signalingState() {
    return signalingState;
  }

  // ---- Handlers

  /** Each candidate of ours; empty when there are no more. */
  public PeerConnection onIceCandidate(Consumer<Optional<IceCandidateInit>> handler) {
    transport.callback(() -> events.iceCandidate = handler);
    return this;
  }

  /** A server gave no candidate. */
  public PeerConnection onIceCandidateError(Consumer<IceCandidateError> handler) {
    transport.callback(() -> events.iceCandidateError = handler);
    return this;
  }

  /** The peer made a channel. Channels that came before a handler was set wait for it. */
  public PeerConnection onDataChannel(Consumer<DataChannel> handler) {
    transport.callback(
        () -> {
          events.dataChannel = handler;
          // A task each: a handler that throws does not keep the others from being announced.
          for (int i = events.unannounced.size(); i > 0; i--) {
            callbacks().add(this::announceWaiting);
          }
        });
    return this;
  }

  private void announceWaiting() {
    if (!closing.get() && events.dataChannel != null) {
      DataChannel channel = events.unannounced.poll();
      if (channel != null) {
        events.dataChannel.accept(channel);
      }
    }
  }

  /** {@link #connectionState} changed. */
  public PeerConnection onConnectionStateChange(Consumer<PeerConnectionState> handler) {
    transport.callback(() -> events.connectionState = handler);
    return this;
  }

  /** {@link #iceConnectionState} changed. */
  public PeerConnection onIceConnectionStateChange(Consumer<IceConnectionState> handler) {
    transport.callback(() -> events.iceConnectionState = handler);
    return this;
  }

  /** {@link #iceGatheringState} changed. */
  public PeerConnection onIceGatheringStateChange(Consumer<IceGatheringState> handler) {
    transport.callback(() -> events.gatheringState = handler);
    return this;
  }

  /** {@link #signalingState} changed. */
  public PeerConnection onSignalingStateChange(Consumer<SignalingState> handler) {
    transport.callback(() -> events.signalingState = handler);
    return this;
  }

  /** An exchange of offer and answer is needed; only fires while the signalling state is stable. */
  public PeerConnection onNegotiationNeeded(Runnable handler) {
    transport.callback(() -> events.negotiationNeeded = handler);
    return this;
  }

  /**
   * Completes when {@link #connectionState} becomes connected for the first time; fails with a
   * {@link PeerConnectionException} that names the cause when that cannot happen any more.
   */
  public CompletableFuture<Void> connected() {
    return connected;
  }

  /**
   * Completes when all local candidates are known. Once a description that restarts ICE was set,
   * this gives another future, for the candidates that belong to it.
   */
  public CompletableFuture<Void> gatheringComplete() {
    return gatheringComplete;
  }

  /** Why the connection failed, once {@link #connectionState} is failed. */
  public Optional<PeerConnectionException> failure() {
    return Optional.ofNullable(failure);
  }

  /** The pair that carries the data. */
  public Optional<SelectedCandidatePair> selectedCandidatePair() {
    return Optional.ofNullable(selectedPair);
  }

  /** How long the phases took. */
  public ConnectTimings timings() {
    Milestones m = milestones;
    return new ConnectTimings(
        between(m.gatherStart, m.gatherEnd),
        between(m.iceStart, m.iceEnd),
        between(m.iceEnd, m.dtlsEnd),
        between(m.dtlsEnd, m.sctpEnd));
  }

  private static Optional<Duration> between(long start, long end) {
    return start < 0 || end < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(end - start));
  }

  /** What was negotiated for the channels. */
  public SctpTransportInfo sctp() {
    return new SctpTransportInfo(maxMessageSize, channels.maxChannels());
  }

  /** What ICE has gathered and tried so far; also after the connection failed. */
  public CompletableFuture<IceReport> iceReport() {
    return chain(() -> new IceReport(transport.agent().report()));
  }

  /** The counters of now. */
  public CompletableFuture<PeerConnectionStats> getStats() {
    return chain(
        () -> {
          TransportCounters counters = transport.counters();
          return new PeerConnectionStats(
              counters.bytesSent(),
              counters.packetsSent(),
              counters.bytesReceived(),
              counters.packetsReceived(),
              messagesDropped,
              Optional.ofNullable(selectedPair),
              transport
                  .agent()
                  .generation()
                  .map(
                      g ->
                          new PeerConnectionStats.Transport(
                              g.number(),
                              g.localUfrag(),
                              g.remoteUfrag(),
                              selectedPairChanges,
                              dtlsHandshakes)),
              Optional.ofNullable(transport.association()).map(PeerConnection::figures),
              channels.statistics());
        });
  }

  private static PeerConnectionStats.Sctp figures(Association association) {
    AssociationStatistics s = association.statistics();
    return new PeerConnectionStats.Sctp(
        Duration.ofNanos(Math.max(0, s.srttNanos())),
        s.cwndBytes(),
        s.peerWindowBytes(),
        s.dataChunksSent(),
        s.dataChunksRetransmitted(),
        s.timeouts(),
        s.heldSendBytes(),
        s.heldReceiveBytes(),
        s.interleaving());
  }

  // ---- The end

  /**
   * Ends the connection: tells the peer, closes all channels, frees the socket. Whatever waits
   * fails with CLOSED; channels see their close event, nothing else fires. Calling it again gives
   * the same future.
   */
  public CompletableFuture<Void> closeAsync() {
    boolean first;
    synchronized (states) {
      first = closing.compareAndSet(false, true);
      if (first) {
        signalingState = SignalingState.CLOSED;
        iceConnectionState = IceConnectionState.CLOSED;
        connectionState = PeerConnectionState.CLOSED;
      }
    }
    if (first) {
      if (!transport.execute(this::end)) {
        // The loop ended without us: the runtime's end closes the sockets.
        closed.complete(null);
      }
    }
    return closed;
  }

  /** {@link #closeAsync}, waited for unless the caller is a handler or on the loop. */
  @Override
  public void close() {
    CompletableFuture<Void> end = closeAsync();
    if (transport.loop().inLoop() || callbacks().inTask()) {
      return;
    }
    try {
      end.join();
    } catch (CompletionException e) {
      LOG.warn("{} closing failed", id, e);
    }
  }

  private void end() {
    LOG.debug("{} closes", id);
    ended = true;
    try {
      if (negotiation != null) {
        negotiation.close();
      }
      transport.close("closed by the application");
      runWaiting();
      channels.endAll(null);
      fail(connected, closedMeanwhile());
      fail(gatheringComplete, closedMeanwhile());
    } finally {
      runtime.closed(this);
      // Behind the close events, where they run on the loop.
      if (callbacks().onLoop()) {
        callbacks().add(() -> closed.complete(null));
      } else {
        closed.complete(null);
      }
    }
  }
}
