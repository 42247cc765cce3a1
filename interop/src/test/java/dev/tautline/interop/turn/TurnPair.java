package dev.tautline.interop.turn;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.IceCandidateError;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Two connections in one JVM that trickle to each other. */
final class TurnPair implements AutoCloseable {
  final PeerConnection a;
  final PeerConnection b;
  final List<IceCandidateError> errors = new CopyOnWriteArrayList<>();
  final DataChannel channel;
  private final CompletableFuture<DataChannel> arrived = new CompletableFuture<>();
  private final List<IceCandidateInit> ofA = new CopyOnWriteArrayList<>();
  private final List<IceCandidateInit> ofB = new CopyOnWriteArrayList<>();
  private volatile boolean described;

  TurnPair(Tautline tautline, PeerConnectionOptions forA, PeerConnectionOptions forB) {
    a = tautline.createPeerConnection(forA);
    b = tautline.createPeerConnection(forB);
    a.onIceCandidateError(errors::add);
    a.onIceCandidate(c -> c.ifPresent(candidate -> trickle(ofA, b, candidate)));
    b.onIceCandidate(c -> c.ifPresent(candidate -> trickle(ofB, a, candidate)));
    b.onDataChannel(arrived::complete);
    channel = a.createDataChannel("relayed");
    get(a.setLocalDescription());
    get(b.setRemoteDescription(a.localDescription().orElseThrow()));
    get(b.setLocalDescription());
    get(a.setRemoteDescription(b.localDescription().orElseThrow()));
    described = true;
    tellAll();
  }

  /** Once descriptions are set: candidates that came before theirs were refused, as by any peer. */
  void tellAll() {
    ofA.forEach(b::addIceCandidate);
    ofB.forEach(a::addIceCandidate);
  }

  private void trickle(List<IceCandidateInit> told, PeerConnection to, IceCandidateInit candidate) {
    told.add(candidate);
    if (described) {
      to.addIceCandidate(candidate);
    }
  }

  TurnPair connect() {
    get(a.connected());
    get(b.connected());
    get(channel.opened());
    return this;
  }

  /** The channel's other end. */
  DataChannel arrived() {
    return get(arrived);
  }

  static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    a.close();
    b.close();
  }
}
