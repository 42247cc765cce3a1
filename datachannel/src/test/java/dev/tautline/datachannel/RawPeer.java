package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.get;

import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.datachannel.sdp.LocalSdp;
import dev.tautline.datachannel.sdp.LocalSection;
import dev.tautline.datachannel.sdp.RemoteSdp;
import dev.tautline.datachannel.sdp.RemoteSection;
import dev.tautline.datachannel.sdp.SdpFingerprint;
import dev.tautline.datachannel.sdp.SdpParseException;
import dev.tautline.datachannel.sdp.SdpSetup;
import dev.tautline.datachannel.transport.PeerTransport;
import dev.tautline.datachannel.transport.TransportListener;
import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IceParseException;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceRuntime;
import dev.tautline.ice.IceRuntimeOptions;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.SendOptions;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A peer below the data channels: real ICE, DTLS and SCTP, and messages as the test wants them. It
 * offers and is the DTLS server, so ids that it may open are odd.
 */
final class RawPeer implements AutoCloseable, TransportListener {
  final BlockingQueue<AssociationEvent> events = new LinkedBlockingQueue<>();
  final CompletableFuture<Void> established = new CompletableFuture<>();
  final CompletableFuture<Void> dtlsClosed = new CompletableFuture<>();
  private final IceRuntime runtime = IceRuntime.create(IceRuntimeOptions.defaults().withLoops(1));
  private final DtlsHandshakes handshakes = DtlsHandshakes.create();
  private final DtlsCertificate certificate = DtlsCertificate.generate();
  private final CompletableFuture<Void> gathered = new CompletableFuture<>();
  private final List<String> candidates = new ArrayList<>();
  private final PeerTransport transport;

  RawPeer() {
    transport =
        new PeerTransport(
            "raw",
            this,
            listener ->
                runtime.createAgent(
                    IceAgentOptions.builder().loopback(IceAgentOptions.Loopback.ONLY).build(),
                    listener),
            null);
  }

  /** Connects to a connection of ours, which answers. */
  void connect(PeerConnection connection) {
    connect(connection, offer -> offer);
  }

  void connect(PeerConnection connection, UnaryOperator<String> change) {
    var credentials = new CompletableFuture<IceCredentials>();
    transport.execute(
        () -> {
          credentials.complete(transport.agent().localCredentials());
          transport.agent().gather();
        });
    get(gathered);
    Fingerprint fingerprint = certificate.fingerprint();
    var data =
        new LocalSection.Data(
            "UDP/DTLS/SCTP",
            "webrtc-datachannel",
            "0",
            get(credentials).ufrag(),
            get(credentials).pwd(),
            List.of(new SdpFingerprint(fingerprint.algorithm(), fingerprint.value())),
            SdpSetup.ACTPASS,
            5000,
            262_144,
            new GatheredCandidates(candidates, GatheredCandidates.Progress.COMPLETE, "0.0.0.0", 9));
    String offer = new LocalSdp(1, 2, 5, List.of("0"), List.of(data)).toSdp();
    get(connection.setRemoteDescription(SessionDescription.offer(change.apply(offer))));
    get(connection.setLocalDescription());
    get(connection.gatheringComplete());
    RemoteSection theirs = parse(connection.localDescription().orElseThrow()).sections().get(0);
    transport.execute(() -> start(theirs));
    get(established);
  }

  private static RemoteSdp parse(SessionDescription description) {
    try {
      return RemoteSdp.parse(description.sdp());
    } catch (SdpParseException e) {
      throw new IllegalStateException(e);
    }
  }

  private void start(RemoteSection theirs) {
    Association association =
        Association.create(AssociationOptions.forDataChannels(), new SecureRandom());
    transport.join(
        (wakeup, sink) -> {
          DtlsEngine engine =
              DtlsEngines.bouncyCastle(
                  DtlsOptions.defaults(), DtlsRole.SERVER, certificate, handshakes, wakeup, sink);
          engine.setRemoteFingerprints(
              theirs.fingerprints().stream()
                  .map(f -> new Fingerprint(f.algorithm(), f.value()))
                  .toList());
          return engine;
        },
        association);
    transport
        .agent()
        .start(IceRole.CONTROLLING, IceRemote.of(new IceCredentials(theirs.ufrag(), theirs.pwd())));
    for (String line : theirs.candidates()) {
      try {
        transport.agent().addRemoteCandidate(IceCandidate.parse(line));
      } catch (IceParseException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  void send(int streamId, int ppid, byte[] payload) {
    send(streamId, ppid, payload, SendOptions.RELIABLE_ORDERED);
  }

  void send(int streamId, int ppid, byte[] payload, SendOptions options) {
    with(a -> a.send(transport.nowNanos(), streamId, ppid, payload, 0, payload.length, options));
  }

  void send(int streamId, int ppid, String text) {
    send(streamId, ppid, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Does something to the association on the loop. */
  void with(Consumer<Association> action) {
    transport.execute(() -> action.accept(transport.association()));
  }

  void reset(int streamId) {
    with(a -> a.resetStreams(transport.nowNanos(), new int[] {streamId}));
  }

  /** Ends as the session does: ABORT and close_notify. */
  void sayGoodbye() {
    transport.execute(() -> transport.sayGoodbye("the test is over"));
  }

  long nowNanos() {
    return transport.nowNanos();
  }

  @Override
  public void close() {
    transport.execute(() -> transport.close("the test is over"));
    handshakes.close();
    runtime.close();
  }

  @Override
  public void localCandidate(IceCandidate candidate) {
    candidates.add(candidate.toLine());
  }

  @Override
  public void gatheringStateChanged(IceGatheringState state) {
    if (state == IceGatheringState.COMPLETE) {
      gathered.complete(null);
    }
  }

  @Override
  public void candidateError(IceCandidateError error) {}

  @Override
  public void iceStateChanged(IceState state, long nowNanos) {}

  @Override
  public void selectedPairChanged(SelectedPair pair) {}

  @Override
  public void addressLost() {}

  @Override
  public void dtlsEvent(DtlsEvent event, long nowNanos) {
    if (event instanceof DtlsEvent.Established) {
      transport.connectAssociation(nowNanos);
    } else if (event instanceof DtlsEvent.PeerClosed) {
      dtlsClosed.complete(null);
    }
  }

  @Override
  public void associationEvent(AssociationEvent event, long nowNanos) {
    if (event instanceof AssociationEvent.Established) {
      established.complete(null);
    } else if (!(event instanceof AssociationEvent.BufferedAmountChanged)) {
      events.add(event);
    }
  }

  @Override
  public void turnStarts(long nowNanos) {}

  @Override
  public long nextDeadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void deadlineReached(long nowNanos) {}

  @Override
  public void internalError(Throwable fault) {
    established.completeExceptionally(fault);
    gathered.completeExceptionally(fault);
  }
}
