package dev.tautline.rpc.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.PayloadTooLargeException;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcLimits;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcTimeoutException;
import dev.tautline.rpc.ScriptedEndpoint;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a peer may use up, and that every call ends; in time that the test controls. */
@Timeout(30)
class SessionLimitsTest {
  private static final JsonCodec JSON = new JacksonJson(1 << 24, 1000);
  private final ManualScheduler scheduler = new ManualScheduler();
  private final ScriptedEndpoint endpoint = new ScriptedEndpoint();

  private RpcConnection connect(RpcLimits limits) {
    return Rpc.connect(endpoint, RpcOptions.builder().limits(limits).scheduler(scheduler).build());
  }

  private static String request(String uid, String id, String type, String rest) {
    return "{\"uid\":\""
        + uid
        + "\",\"data\":{\"id\":\""
        + id
        + "\",\"type\":\""
        + type
        + "\""
        + rest
        + "},\"transfer\":[]}";
  }

  private static String call(String id, String name) {
    return request("", id, "APPLY", ",\"path\":[\"" + name + "\"],\"argumentList\":[]");
  }

  private JsValue take() throws InterruptedException {
    JsonCodec.Parsed parsed = JSON.parse(endpoint.take(), JsonCodec.Depth.WHOLE);
    assertThat(parsed).isNotNull();
    return parsed.value();
  }

  private static String errorName(JsValue frame) {
    return frame.get("data").get("value").get("value").get("name").asString();
  }

  private void hello(String features) {
    endpoint.deliver(
        "{\"uid\":\"~\",\"data\":{\"hello\":{\"v\":1,\"features\":["
            + features
            + "],\"maxMessage\":16777216,\"handlers\":[]}},\"transfer\":[]}");
  }

  @Test
  void aCallThatIsNotAnsweredFailsAtItsDeadlineAndALateReplyIsIgnored() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    Remote remote = connection.remote().withDeadline(Duration.ofSeconds(3));
    CompletableFuture<JsValue> call = remote.call("slow");
    CompletableFuture<JsValue> patient = connection.remote().call("other");
    JsValue frame = take();
    take();
    scheduler.advance(Duration.ofMillis(2999));
    assertThat(call).isNotDone();
    scheduler.advance(Duration.ofMillis(1));
    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(RpcTimeoutException.class)
        .hasMessageContaining("slow");
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"type\":\"RAW\",\"id\":"
            + frame.get("data").get("id")
            + "},\"transfer\":[]}");
    assertThat(connection.stats().dropped()).containsEntry("reply to no call", 1L);
    assertThat(patient).isNotDone();
    scheduler.advance(Duration.ofSeconds(27));
    assertThatThrownBy(() -> patient.get(10, TimeUnit.SECONDS)).isNotNull();
    assertThat(connection.stats().pendingCalls()).isZero();
  }

  @Test
  void aProxyInAReplyThatComesTooLateIsReleased() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    CompletableFuture<JsValue> call =
        connection.remote().withDeadline(Duration.ofSeconds(3)).call("slow");
    JsValue id = take().get("data").get("id");
    scheduler.advance(Duration.ofSeconds(3));
    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS)).isNotNull();
    String late =
        "{\"uid\":\"\",\"data\":{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null,\"id\":"
            + id
            + "},\"transfer\":[{\"type\":0,\"path\":[\"value\"],\"value\":\"p1\"}]}";
    endpoint.deliver(late);
    JsValue release = take();
    assertThat(release.get("uid").asString()).isEqualTo("p1");
    assertThat(release.get("data").get("type").asString()).isEqualTo("RELEASE");
    endpoint.deliver(late);
    assertThat(endpoint.untaken()).isEmpty();
    endpoint.deliver(
        "{\"uid\":\"p1\",\"data\":{\"type\":\"RAW\",\"id\":"
            + release.get("data").get("id")
            + "},\"transfer\":[]}");
    Awaitility.await().until(() -> connection.stats().importedPorts() == 0);
    assertThat(connection.stats().pendingCalls()).isZero();
  }

  @Test
  void aServedCallThatTakesTooLongIsAnsweredAndInterrupted() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    connection.expose(
        RpcObject.builder()
            .function(
                "hang",
                a -> {
                  entered.countDown();
                  try {
                    new CountDownLatch(1).await();
                    return null;
                  } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                  }
                })
            .function("never", a -> new CompletableFuture<String>())
            .build());
    endpoint.deliver(call("i1", "hang"));
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    scheduler.advance(Duration.ofMinutes(2));
    JsValue reply = take();
    assertThat(reply.get("data").get("id").asString()).isEqualTo("i1");
    assertThat(errorName(reply)).isEqualTo("TimeoutError");
    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    endpoint.deliver(call("i2", "never"));
    Awaitility.await().until(() -> connection.stats().callsRunning() == 1);
    scheduler.advance(Duration.ofMinutes(2));
    assertThat(errorName(take())).isEqualTo("TimeoutError");
    Awaitility.await().until(() -> connection.stats().callsRunning() == 0);
    assertThat(endpoint.untaken()).isEmpty();
  }

  @Test
  void requestsToNothingAreAnsweredAfterAWhile() throws Exception {
    connect(RpcLimits.DEFAULTS);
    endpoint.deliver(call("i1", "f"));
    assertThat(endpoint.untaken()).isEmpty();
    scheduler.advance(Duration.ofMinutes(2));
    assertThat(errorName(take())).isEqualTo("TypeError");
  }

  @Test
  void callsBeyondTheLimitsAreRefusedAndTheOthersRun() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withCalls(3, 2));
    ConcurrentLinkedQueue<CompletableFuture<String>> running = new ConcurrentLinkedQueue<>();
    connection.expose(
        RpcObject.builder()
            .function(
                "f",
                a -> {
                  CompletableFuture<String> result = new CompletableFuture<>();
                  running.add(result);
                  return result;
                })
            .build());
    for (int i = 0; i < 6; i++) {
      endpoint.deliver(call("i" + i, "f"));
    }
    JsValue refused = take();
    assertThat(refused.get("data").get("id").asString()).isEqualTo("i5");
    assertThat(errorName(refused)).isEqualTo("RangeError");
    Awaitility.await().until(() -> running.size() == 3);
    assertThat(connection.stats().callsRunning()).isEqualTo(3);
    assertThat(connection.stats().callsWaiting()).isEqualTo(2);
    Set<String> answered = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      Awaitility.await().until(() -> !running.isEmpty());
      running.remove().complete("x");
      answered.add(take().get("data").get("id").asString());
    }
    assertThat(answered).containsExactlyInAnyOrder("i0", "i1", "i2", "i3", "i4");
  }

  @Test
  void noCallStartsWhileThePeerDoesNotRead() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withCalls(1000, 1000));
    AtomicInteger started = new AtomicInteger();
    String big = "x".repeat(200_000);
    connection.expose(
        RpcObject.builder()
            .function(
                "big",
                a -> {
                  started.incrementAndGet();
                  return big;
                })
            .build());
    endpoint.stopReading();
    for (int i = 0; i < 300; i++) {
      endpoint.deliver(call("i" + i, "big"));
    }
    // Each of the channel's 256 KiB and our 1 MiB takes a few; what was running then is the rest.
    Awaitility.await().until(() -> connection.stats().callsWaiting() > 0);
    int startedWhileStuck = started.get();
    assertThat(startedWhileStuck).isLessThan(300);
    endpoint.readAll();
    Set<String> answered = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      answered.add(take().get("data").get("id").asString());
    }
    assertThat(answered).hasSize(300);
  }

  @Test
  void aPeerThatNeverReadsLosesTheConnection() {
    RpcConnection connection =
        connect(RpcLimits.DEFAULTS.withCalls(1000, 0).withSendBuffers(1 << 20, 3 << 20));
    String big = "x".repeat(250_000);
    connection.expose(RpcObject.builder().function("big", a -> big).build());
    endpoint.stopReading();
    // Requests are refused too, and the refusals pile up until the queue is full.
    for (int i = 0; i < 100_000 && !connection.isClosed(); i++) {
      scheduler.advance(Duration.ofMillis(1));
      endpoint.deliver(call("i" + i, "big"));
    }
    Awaitility.await().until(connection::isClosed);
    assertThat(connection.closed().join()).contains("does not read");
    assertThat(endpoint.isClosed()).isTrue();
  }

  @Test
  void tooManyFramesAreRefusedUntilTimeHasPassed() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withFramesPerSecond(10));
    connection.expose(RpcObject.builder().value("v", 1).build());
    String get = ",\"path\":[\"v\"]";
    for (int i = 0; i < 10; i++) {
      endpoint.deliver(request("", "i" + i, "GET", get));
      assertThat(take().get("data").get("type").asString()).isEqualTo("RAW");
    }
    endpoint.deliver(request("", "late", "GET", get));
    assertThat(errorName(take())).isEqualTo("RangeError");
    scheduler.advance(Duration.ofMillis(100));
    endpoint.deliver(request("", "again", "GET", get));
    assertThat(take().get("data").get("type").asString()).isEqualTo("RAW");
  }

  @Test
  void portsBeyondTheLimitAreRefusedAndTheThirdTimeClosesTheChannel() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withPorts(2));
    connection.expose(RpcObject.builder().function("keep", a -> 1).build());
    int port = 0;
    for (int i = 0; i < 4; i++) {
      endpoint.deliver(
          "{\"uid\":\"\",\"data\":{\"id\":\"i"
              + i
              + "\",\"type\":\"APPLY\",\"path\":[\"keep\"],\"argumentList\":[{\"type\":\"HANDLER\","
              + "\"name\":\"proxy\",\"value\":null}]},\"transfer\":[{\"type\":0,"
              + "\"path\":[\"argumentList\",\"0\",\"value\"],\"value\":\"p"
              + port++
              + "\"}]}");
      JsValue reply = take();
      if (i < 2) {
        assertThat(reply.get("data").get("value").asInt()).isEqualTo(1);
      } else {
        assertThat(errorName(reply)).isEqualTo("RangeError");
      }
    }
    assertThat(connection.stats().importedPorts()).isEqualTo(2);
    assertThat(connection.isClosed()).isFalse();
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"i9\",\"type\":\"APPLY\",\"path\":[\"keep\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"p9\"}]}");
    assertThat(connection.isClosed()).isTrue();
    assertThat(connection.closed().join()).contains("ports");
  }

  @Test
  void aPortNameInUseIsRefusedAndThePortStays() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    List<Remote> kept = new ArrayList<>();
    connection.expose(
        RpcObject.builder()
            .function(
                "keep",
                a -> {
                  kept.add(a.get(0).asRemote());
                  return RpcObject.builder().value("v", 5).build();
                })
            .build());
    String frame =
        "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"type\":\"APPLY\",\"path\":[\"keep\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"P\"}]}";
    endpoint.deliver(frame.replace("P\"}]", "mine\"}]"));
    String ours = take().get("transfer").get(0).get("value").asString();
    endpoint.deliver(frame.replace("P\"}]", "mine\"}]").replace("i1", "i2"));
    assertThat(errorName(take())).isEqualTo("TypeError");
    endpoint.deliver(frame.replace("P\"}]", ours + "\"}]").replace("i1", "i3"));
    assertThat(errorName(take())).isEqualTo("TypeError");
    endpoint.deliver(request(ours, "i4", "GET", ",\"path\":[\"v\"]"));
    assertThat(take().get("data").get("value").asInt()).isEqualTo(5);
    kept.get(0).call("x");
    assertThat(take().get("uid").asString()).isEqualTo("mine");
    // Requests are not served on ports that the peer made.
    endpoint.deliver(request("mine", "i5", "GET", ",\"path\":[\"v\"]"));
    assertThat(connection.stats().dropped()).containsKey("request on a port that is not served");
  }

  @Test
  void framesAboveTheLimitAreAnsweredIfTheyCanBeAndTheThirdClosesTheChannel() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withMessageSizes(1000, 100_000));
    connection.expose(RpcObject.builder().function("f", a -> 1).build());
    String large = ",\"path\":[\"f\"],\"argumentList\":[],\"x\":\"" + "y".repeat(1000) + "\"";
    endpoint.deliver(request("", "i1", "APPLY", large));
    assertThat(errorName(take())).isEqualTo("RangeError");
    endpoint.deliver("z".repeat(2000));
    assertThat(endpoint.untaken()).isEmpty();
    assertThat(connection.isClosed()).isFalse();
    endpoint.deliver(request("", "i2", "APPLY", large));
    assertThat(errorName(take())).isEqualTo("RangeError");
    assertThat(connection.isClosed()).isTrue();
  }

  @Test
  void aDeepOrOddAnswerFailsItsCallInsteadOfLettingItHang() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    for (String value :
        List.of("[".repeat(200) + "]".repeat(200), "1e999999", "{\"a\":1,\"a\":2}")) {
      CompletableFuture<JsValue> call = connection.remote().call("f");
      JsValue id = take().get("data").get("id");
      endpoint.deliver(
          "{\"uid\":\"\",\"data\":{\"type\":\"RAW\",\"value\":"
              + value
              + ",\"id\":"
              + id
              + "},\"transfer\":[]}");
      assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.PROTOCOL));
    }
    CompletableFuture<JsValue> call = connection.remote().call("f");
    JsValue id = take().get("data").get("id");
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"type\":\"HANDLER\",\"name\":\"NOPE\",\"id\":"
            + id
            + "},\"transfer\":[]}");
    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(RpcException.class);
  }

  @Test
  void aRequestThatDoesNotFitFailsHereAndAReplyThatDoesNotFitIsReplaced() throws Exception {
    ScriptedEndpoint small = new ScriptedEndpoint(2000);
    try (RpcConnection connection = Rpc.connect(small)) {
      AtomicInteger released = new AtomicInteger();
      connection.expose(RpcObject.builder().function("big", a -> "ü".repeat(1500)).build());
      assertThatThrownBy(
              () ->
                  connection
                      .remote()
                      .call(
                          "f",
                          "x".repeat(2000),
                          Rpc.proxy(
                              RpcObject.builder().onRelease(released::incrementAndGet).build()))
                      .get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              PayloadTooLargeException.class, e -> assertThat(e.limitBytes()).isEqualTo(2000));
      assertThat(small.untaken()).isEmpty();
      assertThat(connection.stats().exportedPorts()).isZero();
      Awaitility.await().until(() -> released.get() == 1);
      small.deliver(call("i1", "big"));
      JsonCodec.Parsed reply = JSON.parse(small.take(), JsonCodec.Depth.WHOLE);
      assertThat(reply).isNotNull();
      assertThat(errorName(reply.value())).isEqualTo("RangeError");
      assertThat(reply.value().get("data").get("value").get("value").get("message").asString())
          .matches("reply of \\d+ bytes exceeds the channel limit");
    }
  }

  private static String chunk(String label, int i, int n, String text) {
    StringBuilder literal = new StringBuilder();
    JSON.writeString(text, literal);
    return "{\"uid\":\"~\",\"data\":{\"chunk\":{\"m\":\""
        + label
        + "\",\"i\":"
        + i
        + ",\"n\":"
        + n
        + ",\"s\":"
        + literal
        + "}},\"transfer\":[]}";
  }

  @Test
  void chunksOfDifferentMessagesMayBeMixedWithWholeFrames() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    connection.expose(RpcObject.builder().value("v", 1).function("f", a -> 2).build());
    String one = request("", "one", "GET", ",\"path\":[\"v\"]");
    String two = call("two", "f");
    endpoint.deliver(chunk("a", 0, 2, one.substring(0, 10)));
    endpoint.deliver(chunk("b", 0, 3, two.substring(0, 5)));
    endpoint.deliver(request("", "whole", "GET", ",\"path\":[\"v\"]"));
    assertThat(take().get("data").get("id").asString()).isEqualTo("whole");
    endpoint.deliver(chunk("b", 1, 3, two.substring(5, 9)));
    endpoint.deliver(chunk("b", 2, 3, two.substring(9)));
    assertThat(take().get("data").get("id").asString()).isEqualTo("two");
    endpoint.deliver(chunk("a", 1, 2, one.substring(10)));
    assertThat(take().get("data").get("id").asString()).isEqualTo("one");
  }

  @Test
  void chunksThatBreakTheRulesCloseTheChannel() {
    List<List<String>> bad =
        List.of(
            List.of(chunk("a", 1, 2, "x")),
            List.of(chunk("a", 0, 2, "x"), chunk("a", 0, 2, "x")),
            List.of(chunk("a", 0, 3, "x"), chunk("a", 2, 3, "x")),
            List.of(chunk("a", 0, 3, "x"), chunk("a", 1, 4, "x")),
            List.of(chunk("a", 0, 4097, "x")),
            List.of(chunk("a", 0, 0, "x")),
            List.of(chunk("a", -1, 2, "x")),
            List.of(chunk("", 0, 2, "x")),
            List.of(chunk("a", 0, 2, "x".repeat(60_000)), chunk("b", 0, 2, "x".repeat(60_000))),
            java.util.stream.IntStream.range(0, 9)
                .mapToObj(i -> chunk("m" + i, 0, 2, "x"))
                .toList());
    for (List<String> frames : bad) {
      ScriptedEndpoint channel = new ScriptedEndpoint();
      RpcConnection connection =
          Rpc.connect(
              channel,
              RpcOptions.builder()
                  .limits(RpcLimits.DEFAULTS.withMessageSizes(100_000, 100_000))
                  .build());
      frames.forEach(channel::deliver);
      assertThat(connection.isClosed()).as(frames.toString()).isTrue();
      assertThat(connection.closed().join()).contains("chunk");
    }
  }

  @Test
  void aMessageThatIsNeverFinishedClosesTheChannel() {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    endpoint.deliver(chunk("a", 0, 2, "x"));
    scheduler.advance(Duration.ofMillis(29_999));
    assertThat(connection.isClosed()).isFalse();
    scheduler.advance(Duration.ofMillis(1));
    assertThat(connection.isClosed()).isTrue();
  }

  @Test
  void aLargeReplyDoesNotHoldUpAnotherPort() throws Exception {
    ScriptedEndpoint small = new ScriptedEndpoint(20_000);
    try (RpcConnection connection = Rpc.connect(small)) {
      String big = "x".repeat(500_000);
      connection.expose(RpcObject.builder().function("big", a -> big).value("v", 1).build());
      small.deliver(
          "{\"uid\":\"~\",\"data\":{\"hello\":{\"v\":1,\"features\":[\"chunk\"],"
              + "\"maxMessage\":16777216,\"handlers\":[]}},\"transfer\":[]}");
      small.deliver(request("", "e", "ENDPOINT", ""));
      JsonCodec.Parsed endpointReply = JSON.parse(small.take(), JsonCodec.Depth.WHOLE);
      String port = endpointReply.value().get("transfer").get(0).get("value").asString();
      small.stopReading();
      small.deliver(call("i1", "big"));
      // The first chunks fill the channel's buffer; then the other port's answer is there too.
      Awaitility.await().until(() -> small.bufferedAmount() >= Outbox.CHANNEL_BUFFER_BYTES);
      small.deliver(request(port, "i2", "GET", ",\"path\":[\"v\"]"));
      Awaitility.await()
          .until(() -> connection.stats().callsServed() + connection.stats().callsRunning() >= 2);
      Awaitility.await()
          .until(
              () -> {
                small.readAll();
                return true;
              });
      int chunksAfterTheSmallOne = 0;
      boolean seen = false;
      StringBuilder whole = new StringBuilder();
      while (whole.length() < 500_000 || !seen) {
        JsValue frame = JSON.parse(small.take(), JsonCodec.Depth.WHOLE).value();
        if (frame.get("uid").asString().equals(port)) {
          seen = true;
        } else {
          whole.append(frame.get("data").get("chunk").get("s").asString());
          chunksAfterTheSmallOne += seen ? 1 : 0;
        }
      }
      assertThat(chunksAfterTheSmallOne).isPositive();
      assertThat(
              JSON.parse(whole.toString(), JsonCodec.Depth.WHOLE).value().get("data").get("value"))
          .isEqualTo(JsValue.of(big));
    }
  }

  @Test
  void releaseDuringARunningCallDropsItsReplyAndRunsTheFinaliserAfterIt() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    CompletableFuture<String> result = new CompletableFuture<>();
    AtomicInteger released = new AtomicInteger();
    connection.expose(
        RpcObject.builder()
            .function(
                "give",
                a ->
                    RpcObject.builder()
                        .function("wait", b -> result)
                        .onRelease(released::incrementAndGet)
                        .build())
            .build());
    endpoint.deliver(call("i1", "give"));
    String port = take().get("transfer").get(0).get("value").asString();
    endpoint.deliver(request(port, "i2", "APPLY", ",\"path\":[\"wait\"],\"argumentList\":[]"));
    Awaitility.await().until(() -> connection.stats().callsRunning() == 1);
    endpoint.deliver(request(port, "i3", "RELEASE", ""));
    assertThat(take().get("data").get("id").asString()).isEqualTo("i3");
    assertThat(released).hasValue(0);
    result.complete("too late");
    Awaitility.await().until(() -> released.get() == 1);
    assertThat(endpoint.untaken()).isEmpty();
    endpoint.deliver(request(port, "i4", "RELEASE", ""));
    assertThat(endpoint.untaken()).isEmpty();
    endpoint.deliver(call("i5", "give"));
    assertThat(take().get("data").get("id").asString()).isEqualTo("i5");
  }

  @Test
  void releasingTheRootEndsItsServiceButNotThatOfOtherPorts() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    AtomicInteger released = new AtomicInteger();
    connection.expose(
        RpcObject.builder().value("v", 1).onRelease(released::incrementAndGet).build());
    endpoint.deliver(request("", "i1", "ENDPOINT", ""));
    String port = take().get("transfer").get(0).get("value").asString();
    endpoint.deliver(request("", "i2", "RELEASE", ""));
    assertThat(take().get("data").get("id").asString()).isEqualTo("i2");
    endpoint.deliver(request("", "i3", "GET", ",\"path\":[\"v\"]"));
    endpoint.deliver(request(port, "i4", "GET", ",\"path\":[\"v\"]"));
    assertThat(take().get("data").get("id").asString()).isEqualTo("i4");
    assertThat(released).hasValue(0);
    hello("\"close\"");
    endpoint.deliver("{\"uid\":\"~\",\"data\":{\"close\":[\"" + port + "\"]},\"transfer\":[]}");
    Awaitility.await().until(() -> released.get() == 1);
    assertThat(endpoint.untaken()).isEmpty();
    // The other direction of the root lives on.
    connection.remote().call("x");
    assertThat(take().get("uid").asString()).isEmpty();
  }

  @Test
  void callsOnAPortThatThePeerForgotFail() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    CompletableFuture<Remote> given = new CompletableFuture<>();
    connection.expose(
        RpcObject.builder().function("keep", a -> given.complete(a.get(0).asRemote())).build());
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"type\":\"APPLY\",\"path\":[\"keep\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"cb\"}]}");
    take();
    CompletableFuture<JsValue> pending = given.get().invoke();
    take();
    endpoint.deliver("{\"uid\":\"~\",\"data\":{\"close\":[\"cb\"]},\"transfer\":[]}");
    assertThatThrownBy(() -> pending.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.RELEASED));
    assertThat(connection.stats().importedPorts()).isZero();
  }

  @Test
  void droppedProxiesAreReleasedForThePeer() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    connection.expose(RpcObject.builder().function("drop", a -> 1).build());
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"type\":\"APPLY\",\"path\":[\"drop\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"cb\"}]}");
    take();
    List<String> frames = new ArrayList<>();
    Awaitility.await()
        .until(
            () -> {
              System.gc();
              scheduler.advance(Duration.ofSeconds(5));
              frames.addAll(endpoint.untaken());
              return frames.stream()
                  .anyMatch(f -> f.startsWith("{\"uid\":\"cb\"") && f.contains("RELEASE"));
            });
    assertThat(frames).hasSize(1);
  }

  @Test
  void whatCameWithARefusedCallIsGivenBack() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    connection.expose(RpcObject.builder().value("v", 1).build());
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"type\":\"APPLY\",\"path\":[\"nothing\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"cb\"}]}");
    List<String> types = new ArrayList<>();
    types.add(take().get("data").get("type").asString());
    types.add(take().get("data").get("type").asString());
    assertThat(types).containsExactlyInAnyOrder("HANDLER", "RELEASE");
  }

  @Test
  void binaryMessagesAreIgnoredAndCounted() {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    endpoint.deliver(new byte[] {1, 2, 3});
    assertThat(connection.stats().dropped()).containsEntry("binary message", 1L);
    assertThat(connection.isClosed()).isFalse();
  }

  @Test
  void aBrokenChannelEndsPendingAndLaterCalls() {
    RpcConnection connection = connect(RpcLimits.DEFAULTS);
    CompletableFuture<JsValue> pending = connection.remote().call("f");
    endpoint.breakOff("the tab was closed");
    assertThatThrownBy(() -> pending.get(10, TimeUnit.SECONDS))
        .cause()
        .hasMessageContaining("the tab was closed");
    assertThatThrownBy(() -> connection.remote().call("f").get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.CLOSED));
    assertThat(connection.stats().pendingCalls()).isZero();
  }

  @Test
  void assignmentsAreSeenByWhatComesAfterThem() throws Exception {
    RpcConnection connection = connect(RpcLimits.DEFAULTS.withFramesPerSecond(1_000_000));
    int[] value = {0};
    connection.expose(
        RpcObject.builder()
            .property("v", () -> value[0], Integer.class, v -> value[0] = v)
            .function("f", a -> value[0])
            .build());
    for (int i = 1; i <= 200; i++) {
      endpoint.deliver(
          request(
              "",
              "s" + i,
              "SET",
              ",\"path\":[\"v\"],\"value\":{\"type\":\"RAW\",\"value\":" + i + "}"));
      boolean read = i % 2 == 0;
      endpoint.deliver(
          read ? request("", "g" + i, "GET", ",\"path\":[\"v\"]") : call("g" + i, "f"));
      for (int k = 0; k < 2; k++) {
        JsValue data = take().get("data");
        if (data.get("id").asString().startsWith("g")) {
          assertThat(data.get("value").asInt()).isEqualTo(i);
        }
      }
    }
  }
}
