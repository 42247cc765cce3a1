package dev.tautline.cli;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.IceCandidateError;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A connection of this process to itself, which shows whether a way works. */
final class SelfConnection {
  private static final int TYPE_COLUMN = 7;
  private static final int ADDRESS_COLUMN = 4;

  private final Tautline tautline;
  private final Duration limit;

  SelfConnection(Tautline tautline, Duration limit) {
    this.tautline = tautline;
    this.limit = limit;
  }

  /**
   * What came of it.
   *
   * @param connected whether a message went there and back
   * @param millis how long that took
   * @param reason why not
   * @param hostAddresses our own addresses, as they were offered
   * @param relayAddresses those that a server gave
   */
  record Result(
      boolean connected,
      long millis,
      String reason,
      List<String> hostAddresses,
      List<String> relayAddresses) {}

  /** Connects two peers of these options and sends a message there and back. */
  Result connect(PeerConnectionOptions options) throws InterruptedException {
    long start = System.nanoTime();
    var candidates = new CopyOnWriteArrayList<String>();
    var errors = new CopyOnWriteArrayList<IceCandidateError>();
    try (PeerConnection one = tautline.createPeerConnection(options);
        PeerConnection two = tautline.createPeerConnection(options)) {
      one.onIceCandidate(c -> c.ifPresent(told -> candidates.add(told.candidate())));
      one.onIceCandidateError(errors::add);
      two.onDataChannel(
          channel -> channel.onMessage(m -> channel.send(((DataChannelMessage.Text) m).text())));
      var back = new CompletableFuture<Void>();
      DataChannel channel = one.createDataChannel("doctor");
      channel.onOpen(() -> channel.send("there and back"));
      channel.onMessage(message -> back.complete(null));
      String reason = "";
      try {
        // Whole descriptions: what a server does not give is known before anything is tried.
        one.setLocalDescription()
            .thenCompose(done -> one.gatheringComplete())
            .thenCompose(done -> candidates.isEmpty() ? nothingGathered() : meet(one, two))
            .thenCompose(done -> back)
            .get(limit.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        reason = hint(one).orElse("no connection within " + limit.toSeconds() + " s");
      } catch (ExecutionException e) {
        Throwable cause = CommandFailure.unwrap(e);
        reason = CommandFailure.sentence(cause);
      }
      if (!errors.isEmpty()) {
        IceCandidateError error = errors.get(0);
        reason = error.errorText() + " (" + error.errorCode() + ")";
      }
      return new Result(
          back.isDone(),
          (System.nanoTime() - start) / 1_000_000,
          reason,
          addresses(candidates, "host"),
          addresses(candidates, "relay"));
    }
  }

  private static CompletableFuture<Void> nothingGathered() {
    return CompletableFuture.failedFuture(new CommandFailure("no candidate was gathered"));
  }

  private static CompletableFuture<Void> meet(PeerConnection one, PeerConnection two) {
    return two.setRemoteDescription(description(one))
        .thenCompose(done -> two.setLocalDescription())
        .thenCompose(done -> two.gatheringComplete())
        .thenCompose(done -> one.setRemoteDescription(description(two)))
        .thenCompose(done -> one.connected());
  }

  private static SessionDescription description(PeerConnection of) {
    return of.localDescription().orElseThrow();
  }

  /** What ICE thinks of it. */
  private Optional<String> hint(PeerConnection of) throws InterruptedException {
    try {
      return Optional.of(of.iceReport().get(limit.toMillis(), TimeUnit.MILLISECONDS).hint());
    } catch (ExecutionException | TimeoutException e) {
      return Optional.of("no report of ICE: " + CommandFailure.sentence(e));
    }
  }

  private static List<String> addresses(List<String> candidates, String type) {
    return candidates.stream()
        .map(line -> line.split(" "))
        .filter(columns -> columns.length > TYPE_COLUMN && columns[TYPE_COLUMN].equals(type))
        .map(columns -> columns[ADDRESS_COLUMN])
        .distinct()
        .toList();
  }
}
