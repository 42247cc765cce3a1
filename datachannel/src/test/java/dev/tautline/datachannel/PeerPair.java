package dev.tautline.datachannel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Two connections in one JVM over real loopback sockets, with a trickling signalling between. */
final class PeerPair implements AutoCloseable {
  static final PeerConnectionOptions LOOPBACK =
      PeerConnectionOptions.builder().loopback(Loopback.ONLY).build();

  final PeerConnection a;
  final PeerConnection b;
  private final Trickle toA = new Trickle();
  private final Trickle toB = new Trickle();

  /** Keeps candidates until the description they belong to was set. */
  private static final class Trickle {
    private final List<IceCandidateInit> early = new ArrayList<>();
    private PeerConnection target;

    synchronized void candidate(IceCandidateInit candidate) {
      if (target == null) {
        early.add(candidate);
      } else {
        target.addIceCandidate(candidate);
      }
    }

    synchronized void open(PeerConnection connection) {
      target = connection;
      early.forEach(connection::addIceCandidate);
      early.clear();
    }
  }

  PeerPair(Tautline tautline) {
    this(tautline, LOOPBACK, LOOPBACK);
  }

  PeerPair(Tautline tautline, PeerConnectionOptions forA, PeerConnectionOptions forB) {
    a = tautline.createPeerConnection(forA);
    b = tautline.createPeerConnection(forB);
    a.onIceCandidate(c -> toB.candidate(c.orElseGet(IceCandidateInit::endOfCandidates)));
    b.onIceCandidate(c -> toA.candidate(c.orElseGet(IceCandidateInit::endOfCandidates)));
  }

  /** a offers, b answers. */
  PeerPair negotiate() {
    get(a.setLocalDescription());
    get(b.setRemoteDescription(a.localDescription().orElseThrow()));
    toB.open(b);
    get(b.setLocalDescription());
    get(a.setRemoteDescription(b.localDescription().orElseThrow()));
    toA.open(a);
    return this;
  }

  /** Both are connected. */
  PeerPair connect() {
    negotiate();
    get(a.connected());
    get(b.connected());
    return this;
  }

  static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    a.close();
    b.close();
  }
}
