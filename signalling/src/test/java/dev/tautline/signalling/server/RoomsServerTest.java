package dev.tautline.signalling.server;

import static dev.tautline.signalling.server.RawMember.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.room.RoomLimits;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoomsServerTest {
  private static final String OFFER =
      "{\"type\":\"description\",\"id\":1,\"to\":2,\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}";

  private RoomsServer server;
  private URI uri;

  @BeforeEach
  void start() {
    server = RoomsServer.start(RoomsServerOptions.defaults());
    uri = server.uri();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String candidate(long id, long to, String line) {
    return "{\"type\":\"candidate\",\"id\":"
        + id
        + ",\"to\":"
        + to
        + ",\"candidate\":{\"candidate\":\""
        + line
        + "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":null}}";
  }

  @Test
  void firstClaimGetsSlotAAndTheSecondSlotB() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember b = RawMember.claim(uri, "kitchen");
    assertThat(a.slot()).isEqualTo("a");
    assertThat(b.slot()).isEqualTo("b");
    assertThat(a.number()).isEqualTo(1);
    assertThat(b.number()).isEqualTo(2);
    assertThat(a.token()).hasSize(43).isNotEqualTo(b.token());
    assertThat(a.claim.path("incarnation").asLong())
        .isPositive()
        .isEqualTo(b.claim.path("incarnation").asLong());
    assertThat(a.claim.path("version").asInt()).isEqualTo(1);
    assertThat(a.claim.path("expiresMillis").asLong()).isEqualTo(15_000);
  }

  @Test
  void thirdClaimIsToldThatTheRoomIsFull() throws Exception {
    RawMember.claim(uri, "kitchen");
    RawMember.claim(uri, "kitchen");
    HttpResponse<String> third = RawMember.tryClaim(uri, "kitchen", "{}");
    assertThat(third.statusCode()).isEqualTo(409);
    assertThat(third.headers().firstValue("content-type")).hasValue("application/problem+json");
    JsonNode problem = JSON.readTree(third.body());
    assertThat(problem.path("type").asText()).isEqualTo("urn:tautline:problem:room-full");
    assertThat(problem.path("status").asInt()).isEqualTo(409);
    assertThat(problem.path("detail").asText())
        .isEqualTo(
            "Both slots of room \"kitchen\" are taken. Wait until a peer leaves, or choose another"
                + " room name.");
  }

  @Test
  void eventsAndMessagesGoBothWays() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember.Events atA = a.connect(0);
    JsonNode welcome = atA.next();
    assertThat(welcome.path("type").asText()).isEqualTo("welcome");
    assertThat(welcome.path("slot").asText()).isEqualTo("a");
    assertThat(welcome.path("accepted").asLong()).isZero();
    assertThat(atA.socket().getSubprotocol()).isEqualTo("tautline.rooms.v1");

    RawMember b = RawMember.claim(uri, "kitchen");
    JsonNode joined = atA.next();
    assertThat(joined)
        .isEqualTo(
            JSON.readTree(
                "{\"event\":1,\"type\":\"peer-joined\",\"peer\":{\"slot\":\"b\",\"member\":2}}"));

    RawMember.Events atB = b.connect(0);
    assertThat(atB.next().path("type").asText()).isEqualTo("welcome");
    assertThat(atB.next().path("peer").path("member").asLong()).isEqualTo(1);

    atA.send(OFFER);
    assertThat(atA.next()).isEqualTo(JSON.readTree("{\"type\":\"accepted\",\"id\":1}"));
    assertThat(atB.next())
        .isEqualTo(
            JSON.readTree(
                "{\"event\":2,\"type\":\"description\",\"from\":1,"
                    + "\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}"));
    atB.send(candidate(1, 1, "candidate:1 1 udp 1 127.0.0.1 9 typ host"));
    JsonNode candidate = atA.next();
    assertThat(candidate.path("candidate").path("candidate").asText())
        .isEqualTo("candidate:1 1 udp 1 127.0.0.1 9 typ host");
    assertThat(candidate.path("candidate").path("usernameFragment").isNull()).isTrue();
    atB.send("{\"type\":\"leave\"}");
    assertThat(atB.closed().code()).isEqualTo(1000);
    JsonNode left = atA.next();
    assertThat(left.path("type").asText()).isEqualTo("peer-left");
    assertThat(left.path("reason").asText()).isEqualTo("left");
    assertThat(left.path("event").asLong()).isEqualTo(3);
  }

  @Test
  void eventsResumeAfterTheNumberThatWasSeen() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember b = RawMember.claim(uri, "kitchen");
    RawMember.Events atA = a.connect(0);
    RawMember.Events atB = b.connect(0);
    atB.next("peer-joined");
    atA.next("peer-joined");
    atA.send(candidate(1, 2, "one"));
    assertThat(atB.next().path("event").asLong()).isEqualTo(2);
    atB.abort();
    atA.send(candidate(2, 2, "two"));
    atA.send(candidate(3, 2, "three"));
    assertThat(atA.next("accepted").path("id").asLong()).isEqualTo(1);
    assertThat(atA.next("accepted").path("id").asLong()).isEqualTo(2);
    assertThat(atA.next("accepted").path("id").asLong()).isEqualTo(3);

    RawMember.Events again = b.connect(2);
    assertThat(again.next().path("type").asText()).isEqualTo("welcome");
    JsonNode third = again.next();
    assertThat(third.path("event").asLong()).isEqualTo(3);
    assertThat(third.path("candidate").path("candidate").asText()).isEqualTo("two");
    assertThat(again.next().path("candidate").path("candidate").asText()).isEqualTo("three");
    again.send("{\"type\":\"ack\",\"event\":4}");
    again.send("{\"type\":\"ping\"}");
    assertThat(again.next().path("type").asText()).isEqualTo("pong");
    atA.abort();
    again.send(candidate(1, 1, "back"));
    again.next("accepted");
    RawMember.Events atAAgain = a.connect(1);
    JsonNode welcome = atAAgain.next();
    assertThat(welcome.path("accepted").asLong()).as("what A need not send again").isEqualTo(3);
    assertThat(atAAgain.next().path("candidate").path("candidate").asText()).isEqualTo("back");
    atAAgain.send(candidate(3, 2, "three"));
    assertThat(atAAgain.next("accepted").path("id").asLong()).isEqualTo(3);
    atAAgain.send(candidate(4, 2, "four"));
    JsonNode four = again.next();
    assertThat(four.path("event").asLong()).as("three came once").isEqualTo(5);
    assertThat(four.path("candidate").path("candidate").asText()).isEqualTo("four");
  }

  @Test
  void theNewestWebSocketOfAMemberIsItsOnlyOne() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember.Events first = a.connect(0);
    first.next("welcome");
    RawMember.Events second = a.connect(0);
    second.next("welcome");
    assertThat(first.closed().code()).isEqualTo(4409);
    RawMember.claim(uri, "kitchen");
    assertThat(second.next().path("type").asText()).isEqualTo("peer-joined");
  }

  @Test
  void aReloadedPageReplacesItself() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember.Events atA = a.connect(0);
    RawMember b = RawMember.claim(uri, "kitchen");
    RawMember.Events atB = b.connect(0);
    atB.next("peer-joined");
    RawMember again = RawMember.claim(uri, "kitchen", "{\"resume\":\"" + a.token() + "\"}");
    assertThat(again.slot()).isEqualTo("a");
    assertThat(again.number()).isEqualTo(3);
    assertThat(atA.closed().code()).isEqualTo(4401);
    assertThat(atB.next("peer-left").path("reason").asText()).isEqualTo("replaced");
    assertThat(atB.next("peer-joined").path("peer").path("member").asLong()).isEqualTo(3);
  }

  @Test
  void membersWithoutWebSocketPostAndLeave() throws Exception {
    RawMember a = RawMember.claim(uri, "kitchen");
    RawMember b = RawMember.claim(uri, "kitchen");
    RawMember.Events atB = b.connect(0);
    String bearer = "Bearer " + a.token();
    HttpResponse<String> posted =
        RawMember.post(uri.resolve("/rooms/kitchen/messages"), OFFER, "Authorization", bearer);
    assertThat(posted.statusCode()).isEqualTo(202);
    assertThat(JSON.readTree(posted.body()).path("id").asLong()).isEqualTo(1);
    assertThat(atB.next("description").path("from").asLong()).isEqualTo(1);
    HttpResponse<String> notRelayed =
        RawMember.post(
            uri.resolve("/rooms/kitchen/messages"),
            "{\"type\":\"leave\"}",
            "Authorization",
            bearer);
    assertThat(notRelayed.statusCode()).isEqualTo(400);
    HttpResponse<String> left =
        RawMember.send("DELETE", uri.resolve("/rooms/kitchen/claim"), "Authorization", bearer);
    assertThat(left.statusCode()).isEqualTo(204);
    assertThat(atB.next("peer-left").path("reason").asText()).isEqualTo("left");
  }

  @Test
  void aMemberWhoseConnectionBreaksExpiresAfterTheGrace() throws Exception {
    try (RoomsServer quick =
        RoomsServer.start(
            RoomsServerOptions.builder()
                .roomLimits(
                    new RoomLimits(2, 100, 100, 256, Duration.ofSeconds(3), Duration.ofMillis(300)))
                .build())) {
      RawMember a = RawMember.claim(quick.uri(), "kitchen");
      RawMember.Events atA = a.connect(0);
      atA.next("welcome");
      RawMember b = RawMember.claim(quick.uri(), "kitchen");
      RawMember.Events atB = b.connect(0);
      atB.next("peer-joined");
      long before = System.nanoTime();
      atA.abort();
      assertThat(atB.next("peer-left").path("reason").asText()).isEqualTo("expired");
      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(Duration.ofMillis(300), Duration.ofMillis(2_500));
      assertThat(a.connect(0).closed().code()).isEqualTo(4401);
    }
  }

  @Test
  void aMemberThatAnswersPingsLivesOnWithoutAWord() throws Exception {
    try (RoomsServer quick =
        RoomsServer.start(
            RoomsServerOptions.builder()
                .roomLimits(
                    new RoomLimits(
                        2, 100, 100, 256, Duration.ofMillis(600), Duration.ofMillis(300)))
                .build())) {
      RawMember a = RawMember.claim(quick.uri(), "kitchen");
      RawMember.Events atA = a.connect(0);
      atA.next("welcome");
      // Claims that never connect expire; when the third has gone, three lives have passed.
      for (int i = 0; i < 3; i++) {
        RawMember.claim(quick.uri(), "kitchen");
        assertThat(atA.next("peer-joined").path("peer").path("slot").asText()).isEqualTo("b");
        assertThat(atA.next("peer-left").path("reason").asText()).isEqualTo("expired");
      }
      assertThat(atA.isClosed()).isFalse();
    }
  }

  @Test
  void aThousandRoomsAreClaimedByThreeAtOnceOverHttp() throws Exception {
    List<CompletableFuture<List<HttpResponse<String>>>> rooms = new ArrayList<>();
    var inFlight = new Semaphore(48);
    for (int i = 0; i < 1_000; i++) {
      inFlight.acquire();
      URI claim = uri.resolve("/rooms/room-" + i + "/claim");
      List<CompletableFuture<HttpResponse<String>>> claims = new ArrayList<>();
      for (int claimer = 0; claimer < 3; claimer++) {
        claims.add(
            RawMember.HTTP.sendAsync(
                HttpRequest.newBuilder(claim)
                    .version(HttpClient.Version.HTTP_1_1)
                    .timeout(RawMember.PATIENCE)
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build(),
                HttpResponse.BodyHandlers.ofString()));
      }
      rooms.add(
          CompletableFuture.allOf(claims.toArray(new CompletableFuture<?>[0]))
              .thenApply(done -> claims.stream().map(CompletableFuture::join).toList())
              .whenComplete((done, failure) -> inFlight.release()));
    }
    var tokens = new HashSet<String>();
    for (CompletableFuture<List<HttpResponse<String>>> room : rooms) {
      List<String> slots = new ArrayList<>();
      for (HttpResponse<String> answer : room.join()) {
        if (answer.statusCode() == 201) {
          JsonNode granted = JSON.readTree(answer.body());
          slots.add(granted.path("slot").asText());
          tokens.add(granted.path("token").asText());
        } else {
          assertThat(answer.statusCode()).isEqualTo(409);
        }
      }
      assertThat(slots).containsExactlyInAnyOrder("a", "b");
    }
    assertThat(tokens).hasSize(2_000);
  }

  @Test
  void saysThatItIsHealthy() throws Exception {
    HttpResponse<String> health = RawMember.send("GET", uri.resolve("/healthz"));
    assertThat(health.statusCode()).isEqualTo(200);
    assertThat(health.body()).isEqualTo("{\"status\":\"ok\"}");
  }

  @Test
  void servesThePagesOfTheClassPath() throws Exception {
    HttpResponse<String> page = RawMember.send("GET", uri.resolve("/test-page.html"));
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body()).contains("test page");
    assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("x-content-type-options")).hasValue("nosniff");
    assertThat(page.headers().firstValue("content-security-policy").orElse(""))
        .contains("default-src 'self'", "frame-ancestors 'none'");
    HttpResponse<String> module = RawMember.send("GET", uri.resolve("/sub/module.mjs"));
    assertThat(module.headers().firstValue("content-type"))
        .hasValue("text/javascript; charset=utf-8");
    assertThat(RawMember.send("GET", uri.resolve("/sub/")).body()).contains("index of sub");
    String etag = page.headers().firstValue("etag").orElseThrow();
    HttpResponse<String> unchanged =
        RawMember.send("GET", uri.resolve("/test-page.html"), "If-None-Match", etag);
    assertThat(unchanged.statusCode()).isEqualTo(304);
    HttpResponse<String> head = RawMember.send("HEAD", uri.resolve("/test-page.html"));
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void keepsTheCompatibilityLayer() throws Exception {
    URI slot = uri.resolve("/room/kitchen/offer");
    assertThat(RawMember.send("GET", slot).statusCode()).isEqualTo(404);
    assertThat(RawMember.post(slot, "{\"sdp\":1}").statusCode()).isEqualTo(204);
    HttpResponse<String> got = RawMember.send("GET", slot);
    assertThat(got.statusCode()).isEqualTo(200);
    assertThat(got.body()).isEqualTo("{\"sdp\":1}");
    assertThat(got.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(RawMember.send("DELETE", uri.resolve("/room/kitchen")).statusCode()).isEqualTo(204);
    assertThat(RawMember.send("GET", slot).statusCode()).isEqualTo(404);
  }

  @Test
  void whatStrangersPostIsNeverServedAsAPage() throws Exception {
    RawHttp.exchange(
        uri,
        "POST /room/kitchen/x HTTP/1.1\nHost: localhost\nContent-Type: text/html\n"
            + "Connection: close\nContent-Length: 8\n\n<script>");
    HttpResponse<String> got = RawMember.send("GET", uri.resolve("/room/kitchen/x"));
    assertThat(got.body()).isEqualTo("<script>");
    assertThat(got.headers().firstValue("content-type")).hasValue("text/plain; charset=utf-8");
    assertThat(got.headers().firstValue("x-content-type-options")).hasValue("nosniff");
  }

  @Test
  void theCompatibilityLayerCanBeOff() throws Exception {
    try (RoomsServer without =
        RoomsServer.start(
            RoomsServerOptions.builder()
                .compatibility(RoomsServerOptions.Compatibility.OFF)
                .build())) {
      assertThat(RawMember.post(without.uri().resolve("/room/kitchen/offer"), "{}").statusCode())
          .isEqualTo(404);
    }
  }

  @Test
  void bindsToTheLoopbackUnlessTold() throws Exception {
    assertThat(uri.getHost()).isEqualTo("127.0.0.1");
    for (InetAddress address : addressesOfThisMachine()) {
      assertThatThrownBy(() -> new Socket(address, server.port()).close())
          .as("%s", address)
          .isInstanceOf(ConnectException.class);
    }
    try (RoomsServer open =
        RoomsServer.start(RoomsServerOptions.builder().bindAddress("0.0.0.0").build())) {
      assertThat(open.uri().getHost()).isEqualTo("127.0.0.1");
      for (InetAddress address : addressesOfThisMachine()) {
        try (var connection = new Socket(address, open.port())) {
          assertThat(connection.isConnected()).isTrue();
        }
      }
    }
  }

  private static List<InetAddress> addressesOfThisMachine() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
        .toList();
  }

  @Test
  void listensOnIpv6WhenTold() throws Exception {
    try (RoomsServer six =
        RoomsServer.start(RoomsServerOptions.builder().bindAddress("::1").build())) {
      assertThat(six.uri().getHost()).startsWith("[");
      assertThat(RawMember.claim(six.uri(), "kitchen").slot()).isEqualTo("a");
    }
  }

  @Test
  void aTakenPortIsSaidInOneSentence() {
    var options = RoomsServerOptions.builder().port(server.port()).build();
    assertThatThrownBy(() -> RoomsServer.start(options))
        .isInstanceOfSatisfying(
            RoomsException.class,
            e -> assertThat(e.code()).isEqualTo(RoomsException.Code.PORT_TAKEN))
        .hasMessage(
            "Port "
                + server.port()
                + " on 127.0.0.1 is taken by another program. Stop that program or choose another"
                + " port (0 takes a free one).");
  }

  @Test
  void anAddressThatIsNotOursIsSaidInOneSentence() {
    var options = RoomsServerOptions.builder().bindAddress("192.0.2.1").build();
    assertThatThrownBy(() -> RoomsServer.start(options))
        .isInstanceOfSatisfying(
            RoomsException.class,
            e -> assertThat(e.code()).isEqualTo(RoomsException.Code.CANNOT_BIND))
        .hasMessageContaining("192.0.2.1");
  }

  @Test
  void closingTellsMembersAndFreesThePort() throws Exception {
    RawMember.Events atA = RawMember.claim(uri, "kitchen").connect(0);
    atA.next("welcome");
    server.close();
    assertThat(atA.closed().code()).isEqualTo(1001);
    server.close();
    RoomsServer.start(RoomsServerOptions.builder().port(server.port()).build()).close();
  }

  @Test
  void closingEndsConnectionsThatComeAtThatMoment() throws Exception {
    for (int round = 0; round < 20; round++) {
      List<Socket> sockets = new ArrayList<>();
      try (RoomsServer one = RoomsServer.start(RoomsServerOptions.defaults())) {
        for (int i = 0; i < 16; i++) {
          sockets.add(new Socket(InetAddress.getLoopbackAddress(), one.port()));
        }
      }
      for (Socket socket : sockets) {
        socket.setSoTimeout(5_000);
        try (socket) {
          assertThat(socket.getInputStream().read()).as("round %d", round).isEqualTo(-1);
        } catch (SocketTimeoutException e) {
          throw new AssertionError("round " + round + ": a connection outlives the server", e);
        } catch (SocketException e) {
          assertThat(e).hasMessageContaining("reset");
        }
      }
    }
  }

  @Test
  void leavesNoThreadBehind() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (RoomsServer one = RoomsServer.start(RoomsServerOptions.defaults())) {
        RawMember.claim(one.uri(), "kitchen").connect(0).next("welcome");
      }
    }
    server.close();
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("tautline-rooms-server")));
  }
}
