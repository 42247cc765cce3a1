package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.interop.peer.ForeignPeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A page and a JVM of the laboratory with one channel; this process carries what they signal. */
final class LabLink implements AutoCloseable {
  /** One of the two. */
  enum Side {
    /** The browser. */
    PAGE,
    /** Ours. */
    JVM;

    Side other() {
      return this == PAGE ? JVM : PAGE;
    }
  }

  /** How candidates travel. */
  enum Candidates {
    /** Each on its own. */
    TRICKLED,
    /** All of them in the description. */
    IN_DESCRIPTION
  }

  /** What a browser says of the pair in use. */
  record BrowserPair(String localType, String protocol, String relayProtocol, String remoteType) {}

  private static final String LABEL = "lab";
  private static final int EVERY_MILLIS = 10;
  private static final Pattern UFRAG = Pattern.compile("a=ice-ufrag:(\\S+)");

  private final ForeignPeer page;
  private final ForeignPeer jvm;
  private final Candidates candidates;
  private final @Nullable Side uninformed;
  private final Way fromPage;
  private final Way fromJvm;
  private final List<String> problems = new ArrayList<>();

  private LabLink(
      ForeignPeer page, ForeignPeer jvm, Candidates candidates, @Nullable Side uninformed) {
    this.page = page;
    this.jvm = jvm;
    this.candidates = candidates;
    this.uninformed = uninformed;
    fromPage = new Way(jvm);
    fromJvm = new Way(page);
    page.onCandidate(fromPage);
    jvm.onCandidate(fromJvm);
  }

  /** Connects them and opens a channel. */
  static LabLink connect(ForeignPeer page, ForeignPeer jvm, Side offerer, Candidates candidates) {
    return connect(offerer, new LabLink(page, jvm, candidates, null));
  }

  /** Connects them while one is told no candidate: it is for the other to find it. */
  static LabLink connectBlind(ForeignPeer page, ForeignPeer jvm, Side offerer, Side uninformed) {
    return connect(offerer, new LabLink(page, jvm, Candidates.IN_DESCRIPTION, uninformed));
  }

  private static LabLink connect(Side offerer, LabLink link) {
    ForeignPeer page = link.page;
    ForeignPeer jvm = link.jvm;
    link.peer(offerer).call("channel", Map.of("label", LABEL));
    link.describe(offerer);
    try {
      page.await("open", LABEL);
      jvm.await("open", LABEL);
    } catch (AssertionError e) {
      throw link.failure("no channel between " + page.name() + " and " + jvm.name(), e);
    }
    return link;
  }

  private ForeignPeer peer(Side side) {
    return side == Side.PAGE ? page : jvm;
  }

  /** Offer, answer, and the candidates as they are to travel. */
  private void describe(Side by) {
    fromPage.hold();
    fromJvm.hold();
    ForeignPeer offerer = peer(by);
    ForeignPeer answerer = peer(by.other());
    String offer = whole(offerer, offerer.call("offer"), by.other());
    String answer = whole(answerer, answerer.call("answer", Map.of("sdp", offer)), by);
    offerer.call("accept", Map.of("sdp", answer));
    if (candidates == Candidates.TRICKLED) {
      fromPage.release();
      fromJvm.release();
    }
  }

  private String whole(ForeignPeer peer, JsonNode description, Side reader) {
    boolean trickled = candidates == Candidates.TRICKLED;
    String sdp = (trickled ? description : peer.call("gathered")).get("sdp").asText();
    return reader == uninformed ? sdp.replaceAll("(?m)^a=candidate:.*\\r\\n", "") : sdp;
  }

  /** Sends bytes to the page, which sends them back; returns the milliseconds it took. */
  long thereAndBack(int bytes) {
    page.call("echo", Map.of("label", LABEL));
    long begin = System.nanoTime();
    jvm.call("thereAndBack", Map.of("label", LABEL, "bytes", bytes));
    return (System.nanoTime() - begin) / 1_000_000;
  }

  /**
   * Restarts ICE while numbers go both ways, and checks that each came once and in order.
   *
   * @return the longest time without one of them
   */
  Duration restartWhileCounting(Side by) {
    for (ForeignPeer peer : List.of(page, jvm)) {
      peer.call("follow", Map.of("label", LABEL));
    }
    for (ForeignPeer peer : List.of(page, jvm)) {
      peer.call("count", Map.of("label", LABEL, "everyMillis", EVERY_MILLIS));
    }
    restart(by);
    int fromThePage = page.call("stopCounting", Map.of("label", LABEL)).get("sent").asInt();
    int fromTheJvm = jvm.call("stopCounting", Map.of("label", LABEL)).get("sent").asInt();
    long gap = Math.max(followed(jvm, fromThePage), followed(page, fromTheJvm));
    return Duration.ofMillis(gap);
  }

  private long followed(ForeignPeer peer, int count) {
    JsonNode came = peer.call("followed", Map.of("label", LABEL, "count", count));
    assertThat(came.get("faults")).as("what came to %s", peer.name()).isEmpty();
    assertThat(came.get("received").asInt()).isEqualTo(count).isPositive();
    return came.get("longestGap").asLong();
  }

  private void restart(Side by) {
    JsonNode before = state();
    peer(by).call("restartIce");
    describe(by);
    try {
      await()
          .atMost(ForeignPeer.LIMIT)
          .until(() -> state().get("generation").asInt() > before.get("generation").asInt());
    } catch (RuntimeException e) {
      throw failure("no pair of the new generation", e);
    }
    JsonNode after = state();
    assertThat(after.get("localUfrag")).isNotEqualTo(before.get("localUfrag"));
    assertThat(after.get("remoteUfrag")).isNotEqualTo(before.get("remoteUfrag"));
    assertThat(after.get("handshakes").asInt()).isEqualTo(1);
    JsonNode pages = page.call("state");
    assertThat(ufrag(pages.get("localDescription"))).isEqualTo(after.get("remoteUfrag").asText());
    assertThat(ufrag(pages.get("remoteDescription"))).isEqualTo(after.get("localUfrag").asText());
  }

  private static String ufrag(JsonNode sdp) {
    Matcher matcher = UFRAG.matcher(sdp.asText());
    assertThat(matcher.find()).as(sdp.asText()).isTrue();
    return matcher.group(1);
  }

  /** What ours says of itself. */
  JsonNode state() {
    return jvm.call("state");
  }

  /** The browser's UDP candidates in our report, once none of their names is being resolved. */
  List<JsonNode> theirUdpCandidates() {
    return await()
        .atMost(ForeignPeer.LIMIT)
        .until(
            this::reportedUdpCandidates,
            all -> all.stream().noneMatch(told -> outcome(told).contains("being resolved")));
  }

  private List<JsonNode> reportedUdpCandidates() {
    List<JsonNode> candidates = new ArrayList<>();
    for (JsonNode told : jvm.call("report").at("/json/remoteCandidates")) {
      if (told.get("candidate").asText().contains(" udp ")) {
        candidates.add(told);
      }
    }
    return candidates;
  }

  /** What became of a candidate in our report. */
  static String outcome(JsonNode told) {
    return told.get("outcome").asText();
  }

  /** What the browser's statistics say of the pair in use. */
  BrowserPair browserPair() {
    Map<String, JsonNode> byId = new HashMap<>();
    JsonNode selected = null;
    JsonNode statistics = page.call("statistics");
    for (JsonNode one : statistics) {
      byId.put(one.get("id").asText(), one);
    }
    for (JsonNode one : statistics) {
      // Firefox marks the pair, Chromium names it in the transport.
      if (one.path("selected").asBoolean()) {
        selected = one;
      } else if (one.has("selectedCandidatePairId")) {
        selected = byId.get(one.get("selectedCandidatePairId").asText());
      }
    }
    if (selected == null) {
      throw failure("no pair in use: " + statistics, null);
    }
    JsonNode local = byId.get(selected.get("localCandidateId").asText());
    JsonNode remote = byId.get(selected.get("remoteCandidateId").asText());
    return new BrowserPair(
        local.get("candidateType").asText(),
        local.get("protocol").asText(),
        local.path("relayProtocol").asText(""),
        remote.get("candidateType").asText());
  }

  /** A failure with all that both know. */
  AssertionError failure(String what, @Nullable Throwable cause) {
    return new AssertionError(
        what
            + "\n"
            + page.call("state").toPrettyString()
            + "\n"
            + jvm.call("report").get("text").asText()
            + "\n"
            + page.call("statistics").toPrettyString()
            + "\n"
            + page.failure("the page", null).getMessage()
            + "\n"
            + jvm.failure("the JVM", null).getMessage(),
        cause);
  }

  @Override
  public void close() {
    jvm.close();
    page.close();
    synchronized (problems) {
      assertThat(problems).isEmpty();
    }
  }

  /** Candidates of one side on their way to the other, which has to know the description first. */
  private final class Way implements Consumer<JsonNode> {
    private final ForeignPeer to;
    private final List<JsonNode> held = new ArrayList<>();
    private boolean holds = true;

    Way(ForeignPeer to) {
      this.to = to;
    }

    synchronized void hold() {
      holds = true;
    }

    synchronized void release() {
      holds = false;
      held.forEach(this::send);
      held.clear();
    }

    @Override
    public synchronized void accept(JsonNode line) {
      if (holds) {
        held.add(line);
      } else {
        send(line);
      }
    }

    private void send(JsonNode line) {
      Map<String, Object> candidate = new HashMap<>();
      line.properties().forEach(field -> candidate.put(field.getKey(), field.getValue()));
      candidate.remove("event");
      var unused =
          to.submit("candidate", candidate)
              .whenComplete(
                  (done, refused) -> {
                    if (refused != null) {
                      synchronized (problems) {
                        problems.add(to.name() + " refused " + line + ": " + refused);
                      }
                    }
                  });
    }
  }
}
