package dev.tautline.signalling.client;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionState;
import dev.tautline.datachannel.SdpType;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.SignalingState;
import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.RoomsException.Code;
import dev.tautline.signalling.protocol.Peer;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RelayedMessage.Candidate;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomEvent;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins a room and a peer connection: the server is asked for a slot, the other peer is waited for,
 * descriptions and candidates go back and forth, the channel opens. Each phase has a limit of its
 * own, named in the exception when it strikes. Afterwards it carries later offers and answers.
 *
 * <p>All state lives on the client's event loop; whatever comes from elsewhere hops there.
 */
final class RoomSession {
  private static final Logger LOG = LoggerFactory.getLogger(RoomSession.class);

  private static final long OVER_SLACK_MILLIS = 500;

  private final RoomOptions options;
  private final EventLoop loop = SharedLoop.acquire();
  private final CompletableFuture<Room> joined = new CompletableFuture<>();
  private final CompletableFuture<Void> left = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final List<DataChannel> furtherChannels = new ArrayList<>();

  // On the loop only, from here on.
  private @Nullable CompletableFuture<RoomMember> claiming;
  private @Nullable RoomMember member;
  private @Nullable Negotiation negotiation;
  private @Nullable Consumer<DataChannel> furtherHandler;
  private @Nullable Future<?> phaseTimer;
  private final List<RoomEvent> early = new ArrayList<>();
  private long waitUntilNanos;
  private boolean peerWasThere;
  private boolean peerLeftAfterwards;
  private boolean closing;

  RoomSession(RoomOptions options) {
    this.options = options;
  }

  CompletableFuture<Room> join() {
    onLoop(this::claim);
    joined.whenComplete(
        (room, failure) -> {
          if (failure instanceof CancellationException) {
            close();
          }
        });
    return joined;
  }

  CompletableFuture<Void> left() {
    return left;
  }

  void onDataChannel(Consumer<DataChannel> handler) {
    onLoop(
        () -> {
          furtherHandler = handler;
          furtherChannels.forEach(handler);
          furtherChannels.clear();
        });
  }

  CompletableFuture<Void> close() {
    onLoop(
        () ->
            end(
                new RoomsException(
                    Code.CLOSED, "The room \"" + options.name() + "\" was closed.", null)));
    return closed;
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
      return;
    }
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The loop ends with the last room; this one was over before.
      LOG.trace("room {}: ended", options.name(), e);
    }
  }

  // Phase 1: the server gives a slot.

  private void claim() {
    claiming =
        RoomMember.claim(
            options.server(), options.name(), options.serverTimeout(), new MemberEvents());
    claiming.whenComplete(
        (claimed, failure) ->
            onLoop(
                () -> {
                  if (failure != null) {
                    end(asRoomsException(failure));
                  } else if (closing) {
                    claimed.leave();
                  } else {
                    claimed(claimed);
                  }
                }));
  }

  private void claimed(RoomMember claimed) {
    member = claimed;
    waitUntilNanos = System.nanoTime() + options.joinTimeout().toNanos();
    LOG.debug("room {}: slot {}", options.name(), claimed.slot());
    startPhase(waitUntilNanos - System.nanoTime(), this::peerDidNotCome);
    early.forEach(this::happened);
    early.clear();
  }

  // Phase 2: the other peer comes.

  private void peerDidNotCome() {
    String limit = RoomMember.seconds(options.joinTimeout());
    end(
        peerWasThere
            ? new RoomsException(
                Code.PEER_LEFT,
                "The other peer left room \""
                    + options.name()
                    + "\" before the connection was up, and nobody came again within "
                    + limit
                    + ". Start the other peer again, then join again.",
                null)
            : new RoomsException(
                Code.PEER_DID_NOT_COME,
                "Nobody else came into room \""
                    + options.name()
                    + "\" within "
                    + limit
                    + ". Start the other peer with the same server and room name, then join again.",
                null));
  }

  private final class MemberEvents implements RoomMember.Listener {
    @Override
    public void event(RoomEvent event) {
      if (member == null) {
        early.add(event);
      } else {
        happened(event);
      }
    }

    @Override
    public void lost(RoomsException cause) {
      if (joined.isDone()) {
        // The connection needs no server; only a later restart of ICE would.
        LOG.info("room {}: {}", options.name(), cause.getMessage());
        left.complete(null);
      } else {
        end(cause);
      }
    }
  }

  private void happened(RoomEvent event) {
    if (closing) {
      return;
    }
    Negotiation current = negotiation;
    if (event instanceof RoomEvent.PeerJoined peerJoined) {
      if (current == null) {
        peerCame(peerJoined.peer());
      }
    } else if (event instanceof RoomEvent.PeerLeft peerLeft) {
      if (current != null && current.peer.member() == peerLeft.peer().member()) {
        peerLeft(current);
      }
    } else if (event instanceof RoomEvent.Relayed relayed) {
      if (current != null && current.peer.member() == relayed.from()) {
        current.said(relayed.message());
      }
    }
  }

  private void peerLeft(Negotiation gone) {
    if (joined.isDone()) {
      // The connection itself tells when the peer is really gone.
      peerLeftAfterwards = true;
      if (gone.connection.connectionState() == PeerConnectionState.FAILED) {
        connectionIsOver();
      }
      return;
    }
    negotiation = null;
    gone.connection.closeAsync();
    furtherChannels.clear();
    // The first limit goes on: peers that come and go do not make us wait forever.
    startPhase(waitUntilNanos - System.nanoTime(), this::peerDidNotCome);
  }

  // Phase 3: the connection comes up.

  private void peerCame(Peer peer) {
    RoomMember self = member;
    if (self == null) {
      throw new IllegalStateException("events wait until the claim is answered");
    }
    peerWasThere = true;
    LOG.debug("room {}: peer in slot {}", options.name(), peer.slot());
    startPhase(options.connectTimeout().toNanos(), this::connectTimedOut);
    PeerConnection connection;
    try {
      connection = options.runtime().createPeerConnection(options.connectionOptions());
    } catch (RuntimeException e) {
      end(connectFailed("no peer connection can be made: " + e.getMessage(), e));
      return;
    }
    var started = new Negotiation(self, peer, connection);
    negotiation = started;
    started.begin();
  }

  private void connectTimedOut() {
    Negotiation current = negotiation;
    String state = current == null ? "" : ", its state is " + current.connection.connectionState();
    end(
        connectFailed(
            "it was not up within " + RoomMember.seconds(options.connectTimeout()) + state, null));
  }

  private RoomsException connectFailed(String why, @Nullable Throwable cause) {
    return new RoomsException(
        Code.CONNECT_FAILED,
        "Both peers are in room \""
            + options.name()
            + "\", but the connection between them failed: "
            + why
            + ". Check that UDP passes between the two, or use a TURN server.",
        cause);
  }

  private void connected(Negotiation done, DataChannel channel) {
    if (closing || negotiation != done || joined.isDone()) {
      return;
    }
    stopPhase();
    var room = new Room(this, options.name(), done.self.slot(), done.connection, channel);
    done.connection.onConnectionStateChange(
        state -> {
          if (state == PeerConnectionState.CLOSED || state == PeerConnectionState.FAILED) {
            onLoop(() -> connectionMayBeOver(done.connection));
          }
        });
    // The application may replace that handler; a connection that is over ends its channels, too.
    channel
        .closed()
        .whenComplete(
            (nothing, failure) -> {
              PeerConnectionState state = done.connection.connectionState();
              if (state == PeerConnectionState.CLOSED || state == PeerConnectionState.FAILED) {
                onLoop(() -> connectionMayBeOver(done.connection));
              }
            });
    if (!joined.complete(room)) {
      close();
    }
  }

  /** One that only failed on the way may come back by a restart, unless the peer has left. */
  private void connectionMayBeOver(PeerConnection connection) {
    if (connection.connectionState() == PeerConnectionState.CLOSED
        || connection.failure().isPresent()
        || peerLeftAfterwards) {
      connectionIsOver();
    } else if (connection.connectionState() == PeerConnectionState.FAILED && !closing) {
      var unused =
          loop.schedule(
              () -> connectionMayBeOver(connection),
              options.connectionOptions().restartWindow().toMillis() + OVER_SLACK_MILLIS,
              TimeUnit.MILLISECONDS);
    }
  }

  private void connectionIsOver() {
    end(
        new RoomsException(
            Code.CLOSED,
            "The connection of room \"" + options.name() + "\" is over. Join again.",
            null));
  }

  private void leave() {
    if (member == null) {
      left.complete(null);
    } else {
      member.leave().whenComplete((nothing, failure) -> left.complete(null));
    }
  }

  /** Ends everything; who still waits for the room gets the cause. */
  private void end(RoomsException cause) {
    if (closing) {
      return;
    }
    closing = true;
    stopPhase();
    if (claiming != null) {
      claiming.cancel(false);
    }
    leave();
    CompletableFuture<Void> connectionClosed =
        negotiation == null
            ? CompletableFuture.completedFuture(null)
            : negotiation.connection.closeAsync();
    joined.completeExceptionally(cause);
    CompletableFuture.allOf(left, connectionClosed)
        .whenComplete(
            (nothing, failure) -> {
              if (failure != null) {
                closed.completeExceptionally(failure);
              } else {
                closed.complete(null);
              }
              SharedLoop.release();
            });
  }

  private void startPhase(long nanos, Runnable onLimit) {
    stopPhase();
    phaseTimer = loop.schedule(onLimit, Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  private void stopPhase() {
    if (phaseTimer != null) {
      phaseTimer.cancel(false);
      phaseTimer = null;
    }
  }

  private static RoomsException asRoomsException(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof RoomsException known
        ? known
        : new RoomsException(Code.CLOSED, "Joining was ended.", cause);
  }

  /** Offer, answer and candidates with one peer. */
  private final class Negotiation {
    final RoomMember self;
    final Peer peer;
    final PeerConnection connection;

    /** One description or candidate at a time, in the order in which they came. */
    private CompletableFuture<Void> steps = CompletableFuture.completedFuture(null);

    /** A candidate must not overtake the description that it belongs to. */
    private @Nullable List<Candidate> heldCandidates = new ArrayList<>();

    Negotiation(RoomMember self, Peer peer, PeerConnection connection) {
      this.self = self;
      this.peer = peer;
      this.connection = connection;
    }

    void begin() {
      connection.onIceCandidate(found -> onLoop(() -> localCandidate(found.orElse(null))));
      connection
          .connected()
          .whenComplete(
              (nothing, failure) -> {
                if (failure != null) {
                  onLoop(() -> failed(failure));
                }
              });
      connection.onDataChannel(channel -> onLoop(() -> channelCame(channel)));
      connection.onNegotiationNeeded(() -> onLoop(this::renegotiate));
      if (self.slot().offersTo(peer.slot())) {
        DataChannel channel = connection.createDataChannel(Room.CHANNEL_LABEL);
        awaitOpen(channel);
        negotiate(connection::createOffer);
      }
    }

    /** Makes an offer or answer, sets it, sends it, then the candidates that came meanwhile. */
    private void negotiate(Supplier<CompletableFuture<SessionDescription>> make) {
      step(() -> describeOurs(make));
    }

    private CompletableFuture<Void> describeOurs(
        Supplier<CompletableFuture<SessionDescription>> make) {
      return make.get()
          .thenCompose(
              description -> {
                onLoop(this::holdCandidates);
                return connection
                    .setLocalDescription(description)
                    .thenRun(() -> onLoop(() -> describe(description)));
              });
    }

    /** ICE restarts, asked for by the application or the connection itself. */
    private void renegotiate() {
      if (negotiation != this || closing || !joined.isDone()) {
        return;
      }
      // While an exchange runs nothing is offered: the event comes again when it has ended.
      step(
          () ->
              connection.signalingState() == SignalingState.STABLE
                  ? describeOurs(connection::createOffer)
                  : CompletableFuture.completedFuture(null));
    }

    /** Takes an offer and answers it; of two that cross, the one of the first slot counts. */
    private CompletableFuture<Void> takeOffer(SessionDescription offer) {
      boolean crossed = connection.signalingState() != SignalingState.STABLE;
      if (crossed && self.slot().offersTo(peer.slot())) {
        LOG.debug("room {}: two offers crossed, ours counts", options.name());
        return CompletableFuture.completedFuture(null);
      }
      return connection
          .setRemoteDescription(offer)
          .thenCompose(nothing -> describeOurs(connection::createAnswer));
    }

    private void holdCandidates() {
      if (heldCandidates == null) {
        heldCandidates = new ArrayList<>();
      }
    }

    private void channelCame(DataChannel channel) {
      if (!joined.isDone()
          && !self.slot().offersTo(peer.slot())
          && channel.label().equals(Room.CHANNEL_LABEL)) {
        awaitOpen(channel);
      } else if (furtherHandler != null) {
        furtherHandler.accept(channel);
      } else {
        furtherChannels.add(channel);
      }
    }

    private void awaitOpen(DataChannel channel) {
      channel
          .opened()
          .whenComplete(
              (open, failure) ->
                  onLoop(
                      () -> {
                        if (failure != null) {
                          failed(failure);
                        } else {
                          connected(this, channel);
                        }
                      }));
    }

    /**
     * Queues a step behind those before. A step that fails before the connection is up ends all.
     */
    private void step(Supplier<CompletableFuture<Void>> step) {
      steps =
          steps
              .thenCompose(nothing -> step.get())
              .exceptionally(
                  failure -> {
                    onLoop(() -> failed(failure));
                    return null;
                  });
    }

    void said(RelayedMessage message) {
      if (message instanceof Description description) {
        var remote = new SessionDescription(SdpType.of(description.type()), description.sdp());
        step(
            () ->
                description.isOffer()
                    ? takeOffer(remote)
                    : connection.setRemoteDescription(remote));
      } else if (message instanceof Candidate candidate) {
        var init =
            new IceCandidateInit(
                candidate.candidate(),
                candidate.sdpMid(),
                candidate.sdpMLineIndex(),
                candidate.usernameFragment());
        step(
            () ->
                connection
                    .addIceCandidate(init)
                    .exceptionally(
                        failure -> {
                          // One bad candidate does not spoil the others.
                          LOG.debug(
                              "room {}: candidate \"{}\" not added: {}",
                              options.name(),
                              candidate.candidate(),
                              failure.toString());
                          return null;
                        }));
      }
    }

    private void describe(SessionDescription description) {
      self.send(peer.member(), new Description(description.type().toString(), description.sdp()));
      List<Candidate> held = heldCandidates;
      heldCandidates = null;
      if (held != null) {
        held.forEach(candidate -> self.send(peer.member(), candidate));
      }
    }

    private void localCandidate(@Nullable IceCandidateInit found) {
      IceCandidateInit init = found == null ? IceCandidateInit.endOfCandidates() : found;
      var candidate =
          new Candidate(
              init.candidate(), init.sdpMid(), init.sdpMLineIndex(), init.usernameFragment());
      if (heldCandidates != null) {
        heldCandidates.add(candidate);
      } else {
        self.send(peer.member(), candidate);
      }
    }

    private void failed(Throwable failure) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      if (negotiation != this || closing) {
        return;
      }
      if (joined.isDone()) {
        LOG.warn("room {}: a later negotiation failed: {}", options.name(), cause.toString());
      } else {
        end(connectFailed(String.valueOf(cause.getMessage()), cause));
      }
    }
  }
}
