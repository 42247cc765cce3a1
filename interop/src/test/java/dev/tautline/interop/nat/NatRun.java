package dev.tautline.interop.nat;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.interop.nat.NatCase.Arrangement;
import dev.tautline.interop.nat.NatCase.Result;
import dev.tautline.interop.nat.NatCase.Servers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** The laboratory with its hosts, peers and servers; runs lines of the table, several at a time. */
final class NatRun implements AutoCloseable {
  /** RFC 8863's patience and what comes around it. */
  private static final long LIMIT_SECONDS = 30;

  /** Until a relayed pair is left for a direct one. */
  private static final long DIRECT_SECONDS = 5;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final NetLab lab = NetLab.create();
  private final LabTurn turn;
  private final Map<String, LabHost[]> pairs = new HashMap<>();
  private final AtomicInteger sessions = new AtomicInteger();

  NatRun() {
    turn = new LabTurn(lab.internet());
  }

  /** What came of a line. */
  record Outcome(
      NatCase expected, Result result, String detail, long millis, @Nullable String fault) {
    /** A row for people. */
    String row() {
      return "| "
          + (expected.toString().replace(", ", " | ") + " | ")
          + (result.toString().toLowerCase(Locale.ROOT) + " | " + detail + " | ")
          + millis
          + (fault == null ? " |" : " | **" + fault + "** |");
    }
  }

  /** Peers for a line; those of one network kind serve all its lines. */
  synchronized LabHost[] hosts(NatCase line) {
    if (line.arrangement() == Arrangement.APART) {
      return new LabHost[] {
        pairs.computeIfAbsent(line.first() + " 1", k -> one(line.first()))[0],
        pairs.computeIfAbsent(line.second() + " 2", k -> one(line.second()))[0]
      };
    }
    return pairs.computeIfAbsent(
        line.first() + " " + line.arrangement(),
        k -> {
          List<NetLab.Host> two =
              line.arrangement() == Arrangement.NEIGHBOURS
                  ? lab.neighbours(line.first())
                  : lab.separated(line.first());
          return new LabHost[] {new LabHost(two.get(0)), new LabHost(two.get(1))};
        });
  }

  private LabHost[] one(NetworkKind kind) {
    return new LabHost[] {new LabHost(lab.host(kind))};
  }

  /** Runs a line to its end and compares. */
  Outcome run(NatCase line) throws InterruptedException {
    LabHost[] peers = hosts(line);
    int session = sessions.incrementAndGet();
    var first = new End();
    var second = new End();
    peers[0].listen(session, event -> take(event, session, first, peers[1]));
    peers[1].listen(session, event -> take(event, session, second, peers[0]));
    peers[1].tell(session, "open", open(line, false));
    peers[0].tell(session, "open", open(line, true));
    boolean over = first.over.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    over &= second.over.await(1, TimeUnit.SECONDS);
    if (first.connected() && second.connected()) {
      over &= first.echoed.await(5, TimeUnit.SECONDS);
      if (line.result() == Result.DIRECT) {
        awaitDirect(session, peers, first, second);
      }
    }
    peers[0].tell(session, "close", JSON.createObjectNode());
    peers[1].tell(session, "close", JSON.createObjectNode());
    boolean closed =
        first.closed.await(5, TimeUnit.SECONDS) && second.closed.await(5, TimeUnit.SECONDS);
    return outcome(line, first, second, over && closed);
  }

  /** A relayed pair may carry the first bytes; it is left as soon as a direct one works. */
  private static void awaitDirect(int session, LabHost[] peers, End first, End second) {
    try {
      await()
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofSeconds(DIRECT_SECONDS))
          .until(
              () -> {
                peers[0].tell(session, "pair", JSON.createObjectNode());
                peers[1].tell(session, "pair", JSON.createObjectNode());
                return first.isDirect() && second.isDirect();
              });
    } catch (ConditionTimeoutException e) {
      // What it came to is compared below, and told there.
      return;
    }
  }

  private void take(JsonNode event, int session, End end, LabHost other) {
    switch (event.get("event").asText()) {
      case "description", "candidate" ->
          other.tell(session, event.get("event").asText(), (ObjectNode) event.deepCopy());
      case "connected" -> end.end("connected", event);
      case "failed" -> end.end("failed", event);
      case "echo" -> end.echoed.countDown();
      case "pair" -> end.pair = event;
      case "closed" -> {
        end.pair = event;
        end.closed.countDown();
      }
      default -> end.problems.add(event.toString());
    }
  }

  private ObjectNode open(NatCase line, boolean offers) {
    ObjectNode command = JSON.createObjectNode().put("offers", offers);
    ArrayNode servers = command.putArray("servers");
    servers.addAll(turn.servers(line.servers() == Servers.TURN));
    command.put("trust", turn.authority());
    return command;
  }

  private static Outcome outcome(NatCase line, End first, End second, boolean over) {
    long millis = Math.max(first.millis(), second.millis());
    if (!over || first.connected() != second.connected()) {
      return new Outcome(
          line,
          Result.FAILED,
          first + " / " + second,
          millis,
          "not over within " + LIMIT_SECONDS + " s, or the two disagree");
    }
    if (!first.connected()) {
      String text = first.text() + second.text();
      String fault =
          line.result() != Result.FAILED
              ? "expected " + line.result() + ": " + text
              : text.contains(line.cause()) ? null : "no word of " + line.cause() + ": " + text;
      return new Outcome(line, Result.FAILED, first.message(), millis, fault);
    }
    String firstSeen = second.seen();
    String secondSeen = first.seen();
    Result result =
        firstSeen.equals("relay") || secondSeen.equals("relay") ? Result.RELAYED : Result.DIRECT;
    boolean right =
        result == line.result()
            && (result == Result.RELAYED
                || (firstSeen.equals(line.firstSeen()) && secondSeen.equals(line.secondSeen())));
    String fault =
        right
            ? null
            : "expected " + line.result() + " " + line.firstSeen() + " " + line.secondSeen();
    if (!first.problems.isEmpty() || !second.problems.isEmpty()) {
      fault = first.problems + " " + second.problems;
    }
    return new Outcome(line, result, firstSeen + " - " + secondSeen, millis, fault);
  }

  @Override
  public void close() {
    pairs.values().forEach(hosts -> List.of(hosts).forEach(LabHost::close));
    turn.close();
    lab.close();
  }

  /** One side of a session. */
  private static final class End {
    private final CountDownLatch over = new CountDownLatch(1);
    private final CountDownLatch echoed = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<String> problems = new ArrayList<>();
    private volatile @Nullable String state;
    private volatile @Nullable JsonNode event;
    private volatile @Nullable JsonNode pair;

    void end(String how, JsonNode with) {
      state = how;
      event = with;
      over.countDown();
    }

    boolean connected() {
      return "connected".equals(state);
    }

    long millis() {
      JsonNode ended = event;
      return ended == null ? 0 : ended.get("millis").asLong();
    }

    /** The peer's candidate in the pair that carried data at the end. */
    String seen() {
      JsonNode last = pair;
      return last == null ? "" : last.get("remote").asText();
    }

    boolean isDirect() {
      return !seen().isEmpty() && !seen().equals("relay");
    }

    String message() {
      JsonNode ended = event;
      return ended == null ? "nothing" : ended.get("message").asText();
    }

    String text() {
      JsonNode ended = event;
      return ended == null
          ? "nothing"
          : ended.get("message").asText() + "\n" + ended.get("report").asText();
    }

    @Override
    public String toString() {
      return state + " " + event + " " + problems;
    }
  }
}
