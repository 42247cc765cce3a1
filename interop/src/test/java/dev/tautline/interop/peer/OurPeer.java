package dev.tautline.interop.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.OfferOptions;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Our end of a connection to a {@link ForeignPeer}. */
public final class OurPeer implements AutoCloseable {
  /** Who makes the offer. */
  public enum Offerer {
    /** The other stack. */
    FOREIGN,
    /** We. */
    OURS
  }

  /** How candidates travel. */
  public enum Candidates {
    /** Each on its own, as soon as it is known. */
    TRICKLED,
    /** All in the description. */
    IN_DESCRIPTION
  }

  private final PeerConnection connection;
  private final BlockingQueue<OurChannel> incoming = new LinkedBlockingQueue<>();
  private final List<String> problems = new ArrayList<>();
  private UnaryOperator<String> addressRewriting = UnaryOperator.identity();
  private boolean theirsHidden;

  /** A connection of {@code runtime}. */
  public OurPeer(Tautline runtime, PeerConnectionOptions options) {
    connection = runtime.createPeerConnection(options);
    connection.onDataChannel(channel -> incoming.add(new OurChannel(this, channel)));
  }

  /** The connection itself. */
  public PeerConnection connection() {
    return connection;
  }

  /** Gives each channel that the other side makes from now on to {@code taker}, nobody else. */
  public void onChannel(Consumer<DataChannel> taker) {
    connection.onDataChannel(taker);
  }

  /** The counters of now. */
  public PeerConnectionStats statistics() {
    return await(connection.getStats(), "there are statistics");
  }

  /** Makes a channel. */
  public OurChannel channel(String label, DataChannelOptions options) {
    DataChannel channel = connection.createDataChannel(label, options);
    return new OurChannel(this, channel);
  }

  /** Makes a reliable ordered channel. */
  public OurChannel channel(String label) {
    return channel(label, DataChannelOptions.defaults());
  }

  /** Waits for the next channel that the other side makes. */
  public OurChannel awaitChannel() {
    try {
      OurChannel channel = incoming.poll(ForeignPeer.LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (channel == null) {
        throw failure("no channel came", null);
      }
      return channel;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted while waiting for a channel", e);
    }
  }

  /** Changes our candidates on their way to the other side, to lead it over another path. */
  public OurPeer rewriteCandidates(UnaryOperator<String> rewriting) {
    addressRewriting = rewriting;
    return this;
  }

  /** Takes none of the other side's candidates: its checks alone tell where it is. */
  public OurPeer hideTheirCandidates() {
    theirsHidden = true;
    return this;
  }

  /**
   * Exchanges descriptions and candidates and waits until we are connected. The offerer must have a
   * channel.
   */
  public void connect(ForeignPeer foreign, Offerer offerer, Candidates candidates) {
    List<IceCandidateInit> early = new ArrayList<>();
    var relay = new CompletableFuture<ForeignPeer>();
    if (candidates == Candidates.TRICKLED) {
      connection.onIceCandidate(
          candidate -> {
            IceCandidateInit line = candidate.orElseGet(IceCandidateInit::endOfCandidates);
            synchronized (early) {
              if (!relay.isDone()) {
                early.add(line);
                return;
              }
            }
            send(foreign, line);
          });
    }
    if (offerer == Offerer.OURS) {
      await(connection.setLocalDescription(), "we make an offer");
      String offer = localSdp(candidates);
      JsonNode answer = foreign.call("answer", Map.of("sdp", offer));
      set(SessionDescription.answer(visible(answer.get("sdp").asText())));
    } else {
      String offer = foreign.call("offer").get("sdp").asText();
      set(SessionDescription.offer(visible(offer)));
      await(connection.setLocalDescription(), "we make an answer");
      foreign.call("accept", Map.of("sdp", localSdp(candidates)));
    }
    synchronized (early) {
      early.forEach(candidate -> send(foreign, candidate));
      relay.complete(foreign);
    }
    if (!theirsHidden) {
      foreign.onCandidate(this::add);
    }
    await(connection.connected(), "we are connected to " + foreign.name());
  }

  /**
   * Restarts ICE and waits until the new generation carries the data. Whole descriptions are
   * exchanged, with all candidates of ours; theirs come one by one.
   *
   * @param by who offers it
   */
  public void restart(ForeignPeer foreign, Offerer by) {
    PeerConnectionStats.Transport before = transport();
    connection.onIceCandidate(candidate -> {});
    BlockingQueue<JsonNode> theirs = new LinkedBlockingQueue<>();
    foreign.onCandidate(theirs::add);
    if (by == Offerer.OURS) {
      SessionDescription offer =
          await(connection.createOffer(OfferOptions.restartingIce()), "we make a restarting offer");
      await(connection.setLocalDescription(offer), "we set it");
      String sdp = localSdp(Candidates.IN_DESCRIPTION);
      JsonNode answer = foreign.call("answer", Map.of("sdp", sdp));
      set(SessionDescription.answer(visible(answer.get("sdp").asText())));
    } else {
      String offer = foreign.call("offer", Map.of("iceRestart", true)).get("sdp").asText();
      set(SessionDescription.offer(visible(offer)));
      await(connection.setLocalDescription(), "we make an answer");
      foreign.call("accept", Map.of("sdp", localSdp(Candidates.IN_DESCRIPTION)));
    }
    foreign.onCandidate(this::add);
    theirs.forEach(this::add);
    Awaitility.await()
        .atMost(ForeignPeer.LIMIT)
        .until(() -> transport().iceGeneration() > before.iceGeneration());
    PeerConnectionStats.Transport after = transport();
    assertThat(after.localUfrag()).isNotEqualTo(before.localUfrag());
    assertThat(after.remoteUfrag()).isNotEqualTo(before.remoteUfrag());
    assertThat(after.dtlsHandshakes()).isEqualTo(1);
  }

  private PeerConnectionStats.Transport transport() {
    return await(connection.getStats(), "we tell our statistics").transport().orElseThrow();
  }

  /** Waits for something of ours and fails with our state when it does not come. */
  public <T> T await(CompletableFuture<T> future, String what) {
    try {
      return future.get(ForeignPeer.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted while waiting until " + what, e);
    } catch (ExecutionException e) {
      throw failure(what + ": " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw failure(what + ": not within " + ForeignPeer.LIMIT.toSeconds() + " s", e);
    }
  }

  /** A failure that tells our state. */
  public AssertionError failure(String what, @Nullable Throwable cause) {
    String report;
    try {
      report = connection.iceReport().get(2, TimeUnit.SECONDS).toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      report = "(interrupted)";
    } catch (ExecutionException | TimeoutException e) {
      report = "(no ICE report: " + e + ")";
    }
    return new AssertionError(
        what
            + ("\nwe: " + connection.connectionState() + ", ICE " + connection.iceConnectionState())
            + ("\nour description: " + connection.localDescription())
            + ("\ntheir description: " + connection.remoteDescription())
            + ("\nproblems: " + problems + "\n" + report),
        cause);
  }

  /** Closes the connection; fails when a candidate of the other side was refused. */
  @Override
  public void close() {
    connection.close();
    synchronized (problems) {
      if (!problems.isEmpty()) {
        throw new AssertionError("candidates were refused: " + problems);
      }
    }
  }

  private String localSdp(Candidates candidates) {
    if (candidates == Candidates.IN_DESCRIPTION) {
      await(connection.gatheringComplete(), "our gathering ends");
    }
    return rewritten(connection.localDescription().orElseThrow().sdp());
  }

  private String visible(String sdp) {
    return theirsHidden
        ? sdp.replaceAll("(?m)^a=(candidate:.*|end-of-candidates)\\r?\\n", "")
        : sdp;
  }

  private String rewritten(String sdp) {
    var text = new StringBuilder();
    for (String line : sdp.split("\r\n")) {
      boolean candidate = line.startsWith("a=candidate:");
      text.append(candidate ? "a=" + addressRewriting.apply(line.substring(2)) : line);
      text.append("\r\n");
    }
    return text.toString();
  }

  private void set(SessionDescription description) {
    await(connection.setRemoteDescription(description), "we take the " + description.type());
  }

  private void send(ForeignPeer foreign, IceCandidateInit candidate) {
    Map<String, Object> arguments = new HashMap<>();
    String line = candidate.candidate();
    arguments.put("candidate", line.isEmpty() ? line : addressRewriting.apply(line));
    arguments.put("sdpMid", candidate.sdpMid() == null ? "0" : candidate.sdpMid());
    arguments.put(
        "sdpMLineIndex", candidate.sdpMLineIndex() == null ? 0 : candidate.sdpMLineIndex());
    var unused =
        foreign
            .submit("candidate", arguments)
            .whenComplete((result, error) -> note("they refused " + line, error));
  }

  private void add(JsonNode line) {
    String candidate = line.get("candidate").asText();
    var init =
        new IceCandidateInit(
            candidate,
            line.get("sdpMid").textValue(),
            line.get("sdpMLineIndex").isNull() ? null : line.get("sdpMLineIndex").intValue(),
            line.get("usernameFragment").textValue());
    var unused =
        connection
            .addIceCandidate(init)
            .whenComplete((result, error) -> note("we refused " + candidate, error));
  }

  private void note(String what, @Nullable Throwable error) {
    if (error != null) {
      synchronized (problems) {
        problems.add(what + ": " + error);
      }
    }
  }
}
