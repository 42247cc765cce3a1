package dev.tautline.signalling.server;

import static dev.tautline.signalling.server.RawMember.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.room.RoomLimits;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes in, the next honest member is served. */
class HostileInputTest {
  private static final int MAX_CONNECTIONS = 20;

  private RoomsServer server;
  private URI uri;

  @BeforeEach
  void start() {
    server =
        RoomsServer.start(
            RoomsServerOptions.builder()
                .requestTimeout(Duration.ofMillis(500))
                .idleTimeout(Duration.ofSeconds(3))
                .maxMessageBytes(4_096)
                .maxConnectionsPerAddress(MAX_CONNECTIONS)
                .messagesPerSecond(10)
                .messageBurst(40)
                .allowedOrigins(Set.of("https://friend.example"))
                .roomLimits(
                    new RoomLimits(2, 100, 50, 16, Duration.ofSeconds(15), Duration.ofSeconds(5)))
                .build());
    uri = server.uri();
  }

  /** Still well, seen by an honest pair. */
  @AfterEach
  void stop() throws Exception {
    try {
      RawMember a = RawMember.claim(uri, "honest");
      RawMember b = RawMember.claim(uri, "honest");
      RawMember.Events atB = b.connect(0);
      RawMember.Events atA = a.connect(0);
      atA.next("peer-joined");
      atA.send(offer(1, b.number(), "v=0"));
      assertThat(atB.next("description").path("from").asLong()).isEqualTo(a.number());
      atA.abort();
      atB.abort();
    } finally {
      server.close();
    }
  }

  private static String offer(long id, long to, String sdp) {
    return "{\"type\":\"description\",\"id\":"
        + id
        + ",\"to\":"
        + to
        + ",\"description\":{\"type\":\"offer\",\"sdp\":\""
        + sdp
        + "\"}}";
  }

  private String host() {
    return uri.getAuthority();
  }

  // HTTP.

  @Test
  void aBodyThatClaimsToBeHugeIsRefusedAtOnce() throws Exception {
    String answer =
        RawHttp.exchange(
            uri,
            "POST /rooms/x/claim HTTP/1.1\nHost: "
                + host()
                + "\nContent-Type: application/json\nContent-Length: 100000000\n\n"
                + "x".repeat(10_000));
    assertThat(answer)
        .startsWith("HTTP/1.1 413 ")
        .contains("application/problem+json", "urn:tautline:problem:too-large");
  }

  @Test
  void aBodyThatGrowsWithoutEndIsRefused() throws Exception {
    var chunks = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      chunks.append("200\n").append("x".repeat(512)).append("\n");
    }
    String answer =
        RawHttp.exchange(
            uri,
            "POST /room/x/offer HTTP/1.1\nHost: "
                + host()
                + "\nTransfer-Encoding: chunked\n\n"
                + chunks);
    assertThat(answer).startsWith("HTTP/1.1 413 ");
  }

  @Test
  void aLongRequestLineAndLongHeadersAreRefused() throws Exception {
    assertThat(RawHttp.exchange(uri, "GET /" + "x".repeat(5_000) + " HTTP/1.1\nHost: h\n\n"))
        .startsWith("HTTP/1.1 413 ");
    assertThat(
            RawHttp.exchange(
                uri, "GET / HTTP/1.1\nHost: " + host() + "\nX: " + "x".repeat(20_000) + "\n\n"))
        .startsWith("HTTP/1.1 413 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\n\n",
        "GET\n\n",
        "GET / HTTP/9.9.9\nHost: localhost\n\n",
        "GET / HTTP/1.1\nConnection: close\n\n",
        "GET / HTTP/1.1\nHost: localhost\nHost: localhost\nConnection: close\n\n",
        "GET http://localhost/ HTTP/1.1\nHost: localhost\nConnection: close\n\n",
        "POST /rooms/x/claim HTTP/1.1\nHost: localhost\nContent-Length: -5\n\n",
        "POST /rooms/x/claim HTTP/1.1\nHost: localhost\nContent-Length: 2\nContent-Length: 3\n\n{}",
      })
  void whatIsNotHttpIsRefused(String request) throws Exception {
    String answer = RawHttp.exchange(uri, request);
    assertThat(answer).matches(text -> text.isEmpty() || text.startsWith("HTTP/1.1 400 "), answer);
  }

  @Test
  void aRequestThatTricklesInIsEnded() throws Exception {
    long before = System.nanoTime();
    String answer =
        RawHttp.exchange(uri, "POST /rooms/x/claim HTTP/1.1\nHost: " + host() + "\nX-A: b\n");
    assertThat(answer).startsWith("HTTP/1.1 408 ").contains("urn:tautline:problem:request-timeout");
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isBetween(Duration.ofMillis(450), Duration.ofSeconds(5));
  }

  @Test
  void aBodyThatNeverComesIsEnded() throws Exception {
    String answer =
        RawHttp.exchange(
            uri, "POST /rooms/x/claim HTTP/1.1\nHost: " + host() + "\nContent-Length: 100\n\n{");
    assertThat(answer).startsWith("HTTP/1.1 408 ");
  }

  @Test
  void aSilentConnectionIsEnded() throws Exception {
    try (var connection = new RawHttp(uri)) {
      assertThat(connection.readAll()).isEmpty();
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    var requests = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      requests.append("GET /healthz HTTP/1.1\nHost: ").append(host()).append("\n\n");
    }
    requests
        .append("GET /healthz HTTP/1.1\nHost: ")
        .append(host())
        .append("\nConnection: close\n\n");
    String answers = RawHttp.exchange(uri, requests.toString());
    assertThat(answers.split("HTTP/1\\.1 200 OK", -1)).hasSize(202);
  }

  @Test
  void connectionsOfOneAddressAreLimited() throws Exception {
    List<RawHttp> open = new ArrayList<>();
    try {
      String answer = "";
      for (int i = 0; i <= MAX_CONNECTIONS && answer.isEmpty(); i++) {
        var connection = new RawHttp(uri);
        open.add(connection);
        if (i == MAX_CONNECTIONS) {
          answer = connection.readAll();
        }
      }
      assertThat(answer).startsWith("HTTP/1.1 429 ").contains("urn:tautline:problem:too-many");
    } finally {
      for (RawHttp connection : open) {
        connection.close();
      }
    }
    Awaitility.await()
        .until(() -> RawMember.send("GET", uri.resolve("/healthz")).statusCode() == 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "nonsense",
        "{\"resume\":5}",
        "{\"token\":5}",
        "{\"token\":\"\"}",
        "{\"token\":\"too short to be a secret\"}",
        "{\"token\":\"0123456789abcdefghijklmnopqrstuvwxyz.:!?0123456789\"}",
        "{\"a\":1,\"a\":2}",
        "{} {}"
      })
  void aBadClaimBodyIsRefused(String body) throws Exception {
    HttpResponse<String> response = RawMember.tryClaim(uri, "x", body);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(JSON.readTree(response.body()).path("type").asText())
        .isIn("urn:tautline:problem:bad-json", "urn:tautline:problem:bad-message");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/rooms/../claim",
        "/rooms/%2e%2e/claim",
        "/rooms/a%20b/claim",
        "/rooms/-x/claim",
        "/rooms//claim",
        "/rooms/k%C3%BCche/claim",
        "/rooms/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/claim",
      })
  void aBadRoomNameIsRefused(String path) throws Exception {
    String answer =
        RawHttp.exchange(
            uri,
            "POST "
                + path
                + " HTTP/1.1\nHost: "
                + host()
                + "\nConnection: close\nContent-Length: 0\n\n");
    assertThat(answer).startsWith("HTTP/1.1 400 ").contains("urn:tautline:problem:bad-room-name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../../../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/room/Rooms.class",
        "/../signalling/server/RoomsServer.class",
        "/./test-page.html",
        "//test-page.html",
        "/test-page.html/",
        "/test%2Dpage.html",
        "/sub/../test-page.html",
        "/sub\\..\\test-page.html",
        "/sub",
        "/sub/../sub/",
        "/META-INF/",
        "/.hidden.html",
        "/secret.properties",
        "/test-page.html\u0000.js",
        "/META-INF/MANIFEST.MF",
      })
  void noPathLeadsOutOfThePages(String path) throws Exception {
    String answer =
        RawHttp.exchange(
            uri, "GET " + path + " HTTP/1.1\nHost: " + host() + "\nConnection: close\n\n");
    assertThat(answer).matches(text -> text.matches("(?s)HTTP/1\\.1 40[04] .*"), answer);
    assertThat(answer).doesNotContain("root:", "test page", "not for the public");
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /rooms/x/claim, 405",
    "PUT, /rooms/x/messages, 405",
    "POST, /rooms/x/events, 405",
    "POST, /healthz, 405",
    "PUT, /room/x/a, 405",
    "GET, /room/x, 405",
    "GET, /rooms/x/events, 426",
    "GET, /rooms/x, 404",
    "GET, /rooms/x/nonsense, 404",
    "GET, /rooms/x/claim/y, 404",
    "DELETE, /rooms/x/claim, 401",
    "POST, /rooms/x/messages, 401",
    "POST, /test-page.html, 405",
    "OPTIONS, /rooms/x/claim, 405",
  })
  void wrongMethodsAndPathsAreProblems(String method, String path, int status) throws Exception {
    HttpResponse<String> response = RawMember.send(method, uri.resolve(path));
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(JSON.readTree(response.body()).path("status").asInt()).isEqualTo(status);
    if (status == 405) {
      assertThat(response.headers().firstValue("allow")).isPresent();
    }
  }

  @Test
  void aBodyThatIsNotJsonIsRefused() throws Exception {
    String answer =
        RawHttp.exchange(
            uri,
            "POST /rooms/x/claim HTTP/1.1\nHost: "
                + host()
                + "\nContent-Type: text/plain\nConnection: close\nContent-Length: 2\n\n{}");
    assertThat(answer).startsWith("HTTP/1.1 415 ");
  }

  // Origins and hosts.

  private String withHeaders(String requestLine, String host, String headers) throws Exception {
    return RawHttp.exchange(
        uri,
        requestLine
            + " HTTP/1.1\nHost: "
            + host
            + "\nConnection: close\n"
            + headers
            + "Content-Length: 0\n\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://evil.example", "null", "file://", "http://localhost:1", "nonsense"})
  void pagesOfOtherOriginsAreRefused(String origin) throws Exception {
    String answer = withHeaders("POST /rooms/x/claim", host(), "Origin: " + origin + "\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 403 ")
        .contains("urn:tautline:problem:foreign-origin")
        .doesNotContainIgnoringCase("access-control-allow-origin");
    String upgrade =
        RawHttp.exchange(
            uri,
            "GET /rooms/x/events HTTP/1.1\nHost: "
                + host()
                + "\nOrigin: "
                + origin
                + "\nUpgrade: websocket\nConnection: Upgrade, close\nSec-WebSocket-Version: 13\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
                + "Sec-WebSocket-Protocol: tautline.rooms.v1, token.x\n\n");
    assertThat(upgrade).startsWith("HTTP/1.1 403 ");
  }

  @Test
  void theServersOwnPagesAndFriendsAreServed() throws Exception {
    assertThat(withHeaders("POST /rooms/x/claim", host(), "Origin: http://" + host() + "\n"))
        .startsWith("HTTP/1.1 201 ");
    assertThat(
            withHeaders(
                "POST /rooms/x/claim",
                "localhost:" + uri.getPort(),
                "Origin: http://localhost:" + uri.getPort() + "\n"))
        .startsWith("HTTP/1.1 201 ");
    assertThat(withHeaders("POST /rooms/y/claim", host(), "Origin: https://friend.example\n"))
        .startsWith("HTTP/1.1 201 ")
        .containsIgnoringCase("access-control-allow-origin: https://friend.example");
  }

  @Test
  void preflightsOfFriendsAreAnsweredAndTheConnectionGoesOn() throws Exception {
    try (var connection = new RawHttp(uri)) {
      connection.send(
          "OPTIONS /rooms/x/claim HTTP/1.1\nHost: "
              + host()
              + "\nOrigin: https://friend.example\nAccess-Control-Request-Method: POST\n"
              + "Access-Control-Request-Headers: content-type\n\n");
      assertThat(connection.readHead())
          .startsWith("HTTP/1.1 200 ")
          .containsIgnoringCase("access-control-allow-origin: https://friend.example")
          .containsIgnoringCase("access-control-allow-headers")
          .containsIgnoringCase("DELETE");
      connection.send("GET /healthz HTTP/1.1\nHost: " + host() + "\nConnection: close\n\n");
      assertThat(connection.readAll()).startsWith("HTTP/1.1 200 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1"})
  void aServerOnTheLoopbackServesLoopbackNamesOnly(String host) throws Exception {
    assertThat(withHeaders("POST /rooms/x/claim", host, "Origin: http://" + host + "\n"))
        .startsWith("HTTP/1.1 403 ")
        .contains("urn:tautline:problem:foreign-host");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:99", "rooms.localhost", "[::1]:80", "127.1.2.3"})
  void namesOfTheLoopbackAreServed(String host) throws Exception {
    assertThat(withHeaders("GET /healthz", host, "")).startsWith("HTTP/1.1 200 ");
  }

  // WebSockets.

  private RawMember.Closed closedAfter(String... messages) throws Exception {
    RawMember.Events events = RawMember.claim(uri, "hostile").connect(0);
    events.next("welcome");
    for (String message : messages) {
      events.send(message);
    }
    return events.closed();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "{\"type\":\"ack\",\"event\":5}",
        "{\"type\":\"claim\"}",
        "{\"type\":\"candidate\",\"id\":1,\"to\":2}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
      })
  void aBrokenMessageClosesWith4400(String message) throws Exception {
    RawMember.Closed closed = closedAfter(message);
    assertThat(closed.code()).isEqualTo(4400);
    assertThat(closed.reason()).isNotBlank();
  }

  @Test
  void aMessageOverTheLimitClosesWith1009() throws Exception {
    assertThat(closedAfter(offer(1, 2, "x".repeat(5_000))).code()).isEqualTo(1009);
  }

  @Test
  void aMessageInManyFragmentsOverTheLimitClosesWith1009() throws Exception {
    RawMember.Events events = RawMember.claim(uri, "hostile").connect(0);
    events.next("welcome");
    for (int i = 0; i < 6 && !events.isClosed(); i++) {
      events.sendFragment("x".repeat(1_000));
    }
    assertThat(events.closed().code()).isEqualTo(1009);
  }

  @Test
  void aBinaryMessageClosesWith1003() throws Exception {
    RawMember.Events events = RawMember.claim(uri, "hostile").connect(0);
    events.next("welcome");
    events.sendBinary(new byte[] {1, 2, 3});
    assertThat(events.closed().code()).isEqualTo(1003);
  }

  @Test
  void aFloodClosesWith4429() throws Exception {
    RawMember.Events events = RawMember.claim(uri, "hostile").connect(0);
    events.next("welcome");
    for (int i = 0; i < 200 && !events.isClosed(); i++) {
      events.trySend("{\"type\":\"ping\"}");
    }
    assertThat(events.closed().code()).isEqualTo(4429);
  }

  @Test
  void aPeerThatReadsNothingGetsNoMoreThanItsMailboxHolds() throws Exception {
    RawMember a = RawMember.claim(uri, "hostile");
    RawMember b = RawMember.claim(uri, "hostile");
    RawMember.Events atA = a.connect(0);
    atA.next("welcome");
    int refused = 0;
    for (int id = 1; id <= 20; id++) {
      atA.send(offer(id, b.number(), "v=0"));
      String type = atA.next().path("type").asText();
      while (type.equals("peer-joined")) {
        type = atA.next().path("type").asText();
      }
      refused += type.equals("refused") ? 1 : 0;
    }
    assertThat(refused).isEqualTo(20 - 15);
  }

  @Test
  void wrongTokensGetNothing() throws Exception {
    RawMember a = RawMember.claim(uri, "hostile");
    RawMember b = RawMember.claim(uri, "hostile");
    a.connect(0).next("welcome");
    RawMember other = RawMember.claim(uri, "other");
    String changed = (a.token().charAt(0) == 'A' ? "B" : "A") + a.token().substring(1);
    for (String token : List.of("wrong", changed, other.token(), a.token() + "A")) {
      RawMember.Events events = RawMember.connect(uri, "hostile", token, 0);
      assertThat(events.closed().code()).isEqualTo(4401);
      assertThat(events.received()).isZero();
      HttpResponse<String> posted =
          RawMember.post(
              uri.resolve("/rooms/hostile/messages"),
              offer(1, b.number(), "v=0"),
              "Authorization",
              "Bearer " + token);
      assertThat(posted.statusCode()).isEqualTo(401);
      assertThat(posted.headers().firstValue("www-authenticate")).hasValue("Bearer");
      assertThat(
              RawMember.send(
                      "DELETE",
                      uri.resolve("/rooms/hostile/claim"),
                      "Authorization",
                      "Bearer " + token)
                  .statusCode())
          .isEqualTo(401);
    }
    assertThat(
            RawMember.post(
                    uri.resolve("/rooms/none/messages"),
                    "x",
                    "Authorization",
                    "Bearer " + a.token())
                .statusCode())
        .as("whether or not the room exists")
        .isEqualTo(401);
    assertThat(RawMember.tryClaim(uri, "hostile", "{\"resume\":\"wrong\"}").statusCode())
        .isEqualTo(409);
  }

  @Test
  void anUpgradeWithoutOurSubprotocolIsRefused() throws Exception {
    String answer =
        RawHttp.exchange(
            uri,
            "GET /rooms/x/events HTTP/1.1\nHost: "
                + host()
                + "\nUpgrade: websocket\nConnection: Upgrade, close\nSec-WebSocket-Version: 13\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n");
    assertThat(answer).startsWith("HTTP/1.1 400 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "99999999999999999999", "1.5", ""})
  void anAfterThatIsNoNumberIsRefused(String after) throws Exception {
    RawMember a = RawMember.claim(uri, "hostile");
    String answer =
        RawHttp.exchange(
            uri,
            "GET /rooms/hostile/events?after="
                + after
                + " HTTP/1.1\nHost: "
                + host()
                + "\nUpgrade: websocket\nConnection: Upgrade, close\nSec-WebSocket-Version: 13\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
                + "Sec-WebSocket-Protocol: tautline.rooms.v1, token."
                + a.token()
                + "\n\n");
    assertThat(answer).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void anAfterThatNeverWasClosesWith4400() throws Exception {
    RawMember a = RawMember.claim(uri, "hostile");
    assertThat(a.connect(7).closed().code()).isEqualTo(4400);
  }
}
