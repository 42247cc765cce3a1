package dev.tautline.signalling.server;

import static dev.tautline.signalling.server.RawMember.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpResponse;
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
}
