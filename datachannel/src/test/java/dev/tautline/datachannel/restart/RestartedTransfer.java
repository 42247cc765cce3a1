package dev.tautline.datachannel.restart;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.datachannel.SendStatus;
import dev.tautline.datachannel.Tautline;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * One transfer at a limited rate between two connections over real sockets, during which ICE
 * restarts, asked for by one of them. Offer, answer and candidates go by hand-over between the two.
 */
final class RestartedTransfer {
  /** Who asks for the restart. */
  enum By {
    /** Who sends, and made the first offer. */
    SENDER,
    /** Who receives. */
    RECEIVER
  }

  /**
   * What is to be done.
   *
   * @param bytes how much is sent
   * @param bytesPerSecond how fast at most
   * @param by who restarts
   * @param restartAt the part of the bytes that has arrived then, 0 to 1
   * @param seed of the bytes
   */
  record Plan(long bytes, long bytesPerSecond, By by, double restartAt, long seed) {}

  /**
   * What came of it.
   *
   * @param bytes how much arrived
   * @param sent SHA-256 of what was sent
   * @param arrived SHA-256 of what arrived
   * @param before the transports before, the sender's first
   * @param after the transports at the end
   * @param newPairAt the part of the bytes that had arrived when the new pair carried data on both
   *     sides; 1 or more if that was after the end
   * @param longestGap between two arrivals
   * @param gapAt the part of the bytes that had arrived at its start
   * @param took from the first arrival to the last
   */
  record Outcome(
      long bytes,
      String sent,
      String arrived,
      List<PeerConnectionStats.Transport> before,
      List<PeerConnectionStats.Transport> after,
      double newPairAt,
      Duration longestGap,
      double gapAt,
      Duration took) {
    /** What is not as it has to be; empty if all is well. */
    List<String> faults(Plan plan) {
      List<String> faults = new ArrayList<>();
      if (bytes != plan.bytes()) {
        faults.add(bytes + " of " + plan.bytes() + " bytes arrived");
      }
      if (!sent.equals(arrived)) {
        faults.add("SHA-256 " + arrived + " instead of " + sent);
      }
      for (int side = 0; side < 2; side++) {
        if (after.get(side).localUfrag().equals(before.get(side).localUfrag())) {
          faults.add("the ufrag of side " + side + " is the old one");
        }
        if (after.get(side).selectedPairChanges() <= before.get(side).selectedPairChanges()) {
          faults.add("side " + side + " has no new pair");
        }
        if (after.get(side).dtlsHandshakes() != 1) {
          faults.add(after.get(side).dtlsHandshakes() + " DTLS handshakes on side " + side);
        }
      }
      if (!(newPairAt < 1)) {
        faults.add("the new pair came after the end");
      }
      if (longestGap.compareTo(Duration.ofSeconds(1)) > 0) {
        faults.add("a gap of " + longestGap.toMillis() + " ms");
      }
      return faults;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d bytes in %.1f s, new pair at %.1f %%, longest gap %d ms at %.1f %%",
          bytes,
          took.toMillis() / 1e3,
          newPairAt * 100,
          longestGap.toMillis(),
          gapAt * 100);
    }
  }

  private static final int MESSAGE_BYTES = 64 << 10;
  private static final long TICK_MILLIS = 5;
  private static final long LIMIT_SECONDS = 240;

  private final Plan plan;
  private final ScheduledExecutorService scheduler;
  private final PeerConnection sender;
  private final PeerConnection receiver;
  private final Random content;
  private final MessageDigest sentDigest = sha256();
  private final MessageDigest arrivedDigest = sha256();
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  // By the scheduler's ticks only.
  private byte[] next = new byte[0];
  private long sentBytes;
  private long startNanos;

  // By the receiver's loop, read by the ticks.
  private volatile long arrivedBytes;
  private long firstNanos;
  private long lastNanos;
  private long longestGapNanos;
  private long gapBytes;
  private volatile long newPairBytes = Long.MAX_VALUE;
  private boolean restarted;

  private RestartedTransfer(
      Plan plan, Tautline runtime, PeerConnectionOptions options, ScheduledExecutorService ticks) {
    this.plan = plan;
    this.scheduler = ticks;
    this.content = new Random(plan.seed());
    this.sender = runtime.createPeerConnection(options);
    this.receiver = runtime.createPeerConnection(options);
  }

  static Outcome run(
      Plan plan, Tautline runtime, PeerConnectionOptions options, ScheduledExecutorService ticks) {
    var transfer = new RestartedTransfer(plan, runtime, options, ticks);
    try (transfer.sender;
        transfer.receiver) {
      return transfer.run();
    }
  }

  private Outcome run() {
    receiver.onDataChannel(channel -> channel.onMessage(this::arrived));
    DataChannel channel = sender.createDataChannel("bulk");
    get(negotiate(sender, receiver));
    // From now on candidates go one by one, as the descriptions are on both sides.
    sender.onIceCandidate(c -> c.ifPresent(candidate -> trickle(receiver, candidate)));
    receiver.onIceCandidate(c -> c.ifPresent(candidate -> trickle(sender, candidate)));
    get(channel.opened());
    List<PeerConnectionStats.Transport> before = List.of(transport(sender), transport(receiver));
    sender.onNegotiationNeeded(() -> exchange(sender, receiver));
    receiver.onNegotiationNeeded(() -> exchange(receiver, sender));

    startNanos = System.nanoTime();
    ScheduledFuture<?> ticks =
        scheduler.scheduleAtFixedRate(() -> tick(channel), 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    try {
      get(done);
    } finally {
      ticks.cancel(false);
    }
    return new Outcome(
        arrivedBytes,
        HexFormat.of().formatHex(sentDigest.digest()),
        HexFormat.of().formatHex(arrivedDigest.digest()),
        before,
        List.of(transport(sender), transport(receiver)),
        newPairBytes / (double) plan.bytes(),
        Duration.ofNanos(longestGapNanos),
        gapBytes / (double) plan.bytes(),
        Duration.ofNanos(lastNanos - firstNanos));
  }

  /** The first exchange, whole descriptions. */
  private static CompletableFuture<Void> negotiate(PeerConnection from, PeerConnection to) {
    return from.setLocalDescription()
        .thenCompose(v -> from.gatheringComplete())
        .thenCompose(v -> to.setRemoteDescription(from.localDescription().orElseThrow()))
        .thenCompose(v -> to.setLocalDescription())
        .thenCompose(v -> to.gatheringComplete())
        .thenCompose(v -> from.setRemoteDescription(to.localDescription().orElseThrow()));
  }

  private void exchange(PeerConnection from, PeerConnection to) {
    failing(
        from.setLocalDescription()
            .thenCompose(v -> to.setRemoteDescription(from.localDescription().orElseThrow()))
            .thenCompose(v -> to.setLocalDescription())
            .thenCompose(v -> from.setRemoteDescription(to.localDescription().orElseThrow())));
  }

  /** One that overtakes its description is in the description as well. */
  private static void trickle(PeerConnection to, IceCandidateInit candidate) {
    var unused = to.addIceCandidate(candidate);
  }

  private void failing(CompletableFuture<?> future) {
    future.whenComplete(
        (v, failure) -> {
          if (failure != null) {
            done.completeExceptionally(failure);
          }
        });
  }

  private void tick(DataChannel channel) {
    try {
      send(channel);
      if (!restarted && arrivedBytes >= plan.restartAt() * plan.bytes()) {
        restarted = true;
        (plan.by() == By.SENDER ? sender : receiver).restartIce();
      }
      if (restarted && newPairBytes == Long.MAX_VALUE) {
        failing(
            sender
                .getStats()
                .thenCombine(
                    receiver.getStats(),
                    (s, r) -> {
                      if (s.transport().orElseThrow().iceGeneration() > 1
                          && r.transport().orElseThrow().iceGeneration() > 1) {
                        newPairBytes = Math.min(newPairBytes, arrivedBytes);
                      }
                      return s;
                    }));
      }
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
      throw e;
    }
  }

  private void send(DataChannel channel) {
    double elapsed = (System.nanoTime() - startNanos) / 1e9;
    long due = Math.min(plan.bytes(), (long) (elapsed * plan.bytesPerSecond()));
    while (sentBytes < due) {
      if (next.length == 0) {
        next = new byte[(int) Math.min(MESSAGE_BYTES, plan.bytes() - sentBytes)];
        content.nextBytes(next);
        // Before it is sent: the last one may arrive before this thread comes to the next line.
        sentDigest.update(next);
      }
      if (channel.trySend(next) != SendStatus.ACCEPTED) {
        return;
      }
      sentBytes += next.length;
      next = new byte[0];
    }
  }

  private void arrived(DataChannelMessage message) {
    byte[] data = ((DataChannelMessage.Binary) message).data();
    long now = System.nanoTime();
    if (firstNanos == 0) {
      firstNanos = now;
    } else if (now - lastNanos > longestGapNanos) {
      longestGapNanos = now - lastNanos;
      gapBytes = arrivedBytes;
    }
    lastNanos = now;
    arrivedDigest.update(data);
    long bytes = arrivedBytes + data.length;
    arrivedBytes = bytes;
    if (bytes >= plan.bytes()) {
      done.complete(null);
    }
  }

  private static PeerConnectionStats.Transport transport(PeerConnection connection) {
    return get(connection.getStats()).transport().orElseThrow();
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.copy().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
