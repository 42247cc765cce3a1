package dev.tautline.signalling.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.signalling.protocol.RelayedMessage.Candidate;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCodecTest {
  private static final Candidate CANDIDATE = new Candidate("candidate:1 \"x\"", "0", 0, "ab12");

  static List<ClientMessage> clientMessages() {
    return List.of(
        new ClientMessage.Relay(1, 2, new Description("offer", "v=0\r\na=ünï\u2028\"\\\r\n")),
        new ClientMessage.Relay(RoomsProtocol.MAX_NUMBER, 2, new Description("pranswer", "")),
        new ClientMessage.Relay(3, 2, CANDIDATE),
        new ClientMessage.Relay(4, 2, new Candidate("", null, null, null)),
        new ClientMessage.Ack(0),
        new ClientMessage.Ping(),
        new ClientMessage.Leave());
  }

  static List<ServerMessage> serverMessages() {
    return List.of(
        new ServerMessage.Welcome(new RoomName("kitchen"), 7, Slot.B, 2, 5, 15_000),
        new ServerMessage.Numbered(1, new RoomEvent.PeerJoined(new Peer(Slot.A, 1))),
        new ServerMessage.Numbered(
            2, new RoomEvent.PeerLeft(new Peer(Slot.B, 2), LeaveReason.REPLACED)),
        new ServerMessage.Numbered(3, new RoomEvent.Relayed(1, new Description("answer", "v=0"))),
        new ServerMessage.Numbered(4, new RoomEvent.Relayed(1, CANDIDATE)),
        new ServerMessage.Accepted(9),
        new ServerMessage.Refused(9, ProblemKind.NO_SUCH_MEMBER.because("Gone.")),
        new ServerMessage.Pong());
  }

  @ParameterizedTest
  @MethodSource("clientMessages")
  void whatAClientWritesAServerReads(ClientMessage message) throws Exception {
    assertThat(JsonCodec.readClientMessage(JsonCodec.write(message))).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("serverMessages")
  void whatAServerWritesAClientReads(ServerMessage message) throws Exception {
    assertThat(JsonCodec.readServerMessage(JsonCodec.write(message))).isEqualTo(message);
  }

  @Test
  void theExamplesOfTheProtocolPageAreWrittenSo() {
    assertThat(
            JsonCodec.write(
                new ServerMessage.Numbered(1, new RoomEvent.PeerJoined(new Peer(Slot.B, 2)))))
        .isEqualTo("{\"event\":1,\"type\":\"peer-joined\",\"peer\":{\"slot\":\"b\",\"member\":2}}");
    assertThat(
            JsonCodec.write(
                new ServerMessage.Numbered(
                    4, new RoomEvent.PeerLeft(new Peer(Slot.B, 2), LeaveReason.LEFT))))
        .isEqualTo(
            "{\"event\":4,\"type\":\"peer-left\",\"peer\":{\"slot\":\"b\",\"member\":2},"
                + "\"reason\":\"left\"}");
    assertThat(JsonCodec.write(new ClientMessage.Ack(3)))
        .isEqualTo("{\"type\":\"ack\",\"event\":3}");
  }

  @Test
  void claimsAreReadAndWritten() throws Exception {
    assertThat(JsonCodec.readClaimRequest("")).isEqualTo(ClaimRequest.PLAIN);
    assertThat(JsonCodec.readClaimRequest("{}")).isEqualTo(ClaimRequest.PLAIN);
    assertThat(JsonCodec.readClaimRequest("{\"resume\":null,\"password\":\"later\"}"))
        .isEqualTo(ClaimRequest.PLAIN);
    var resume = new ClaimRequest("old", "s".repeat(43));
    assertThat(JsonCodec.readClaimRequest(JsonCodec.write(resume))).isEqualTo(resume);
    assertThat(resume.toString()).doesNotContain("old").doesNotContain("sss");
    var granted = new ClaimGranted(1, new RoomName("r"), 5, 2, Slot.A, 1, "secret", 15_000);
    assertThat(JsonCodec.readClaimGranted(JsonCodec.write(granted))).isEqualTo(granted);
    assertThat(granted.toString()).doesNotContain("secret");
  }

  @Test
  void whatLaterVersionsAddIsIgnored() throws Exception {
    assertThat(JsonCodec.readServerMessage("{\"event\":5,\"type\":\"new-thing\",\"x\":[1]}"))
        .isEqualTo(new ServerMessage.Numbered(5, new RoomEvent.Unknown("new-thing")));
    assertThat(JsonCodec.readServerMessage("{\"type\":\"new-thing\"}"))
        .isEqualTo(new ServerMessage.Unknown("new-thing"));
    assertThat(
            JsonCodec.readServerMessage(
                "{\"event\":5,\"type\":\"peer-left\",\"peer\":{\"slot\":\"a\",\"member\":1},"
                    + "\"reason\":\"kicked\"}"))
        .isEqualTo(
            new ServerMessage.Numbered(
                5, new RoomEvent.PeerLeft(new Peer(Slot.A, 1), LeaveReason.OTHER)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}x",
        "{} {}",
        "{\"type\":1}",
        "{\"type\":\"ping\",\"type\":\"leave\"}",
        "{\"type\":\"nonsense\"}",
        "{\"type\":\"ack\"}",
        "{\"type\":\"ack\",\"event\":-1}",
        "{\"type\":\"ack\",\"event\":1.0}",
        "{\"type\":\"ack\",\"event\":\"1\"}",
        "{\"type\":\"ack\",\"event\":9007199254740992}",
        "{\"type\":\"ack\",\"event\":99999999999999999999999999}",
        "{\"type\":\"description\",\"to\":1,\"description\":{\"type\":\"offer\",\"sdp\":\"\"}}",
        "{\"type\":\"description\",\"id\":0,\"to\":1,\"description\":{\"type\":\"offer\",\"sdp\":\"\"}}",
        "{\"type\":\"description\",\"id\":1,\"to\":1,\"description\":{\"type\":\"rollback\",\"sdp\":\"\"}}",
        "{\"type\":\"description\",\"id\":1,\"to\":1,\"description\":{\"type\":\"offer\"}}",
        "{\"type\":\"description\",\"id\":1,\"to\":1,\"description\":\"offer\"}",
        "{\"type\":\"candidate\",\"id\":1,\"to\":1,\"candidate\":null}",
        "{\"type\":\"candidate\",\"id\":1,\"to\":1,\"candidate\":{\"candidate\":5}}",
        "{\"type\":\"candidate\",\"id\":1,\"to\":1,\"candidate\":{\"candidate\":\"\",\"sdpMLineIndex\":70000}}",
      })
  void whatIsNoMessageIsRefusedWithoutAStackTrace(String json) {
    assertThatThrownBy(() -> JsonCodec.readClientMessage(json))
        .isInstanceOf(RoomsProtocolException.class)
        .satisfies(e -> assertThat(e.getStackTrace()).isEmpty())
        .satisfies(e -> assertThat(e.getMessage()).isNotBlank());
  }

  @Test
  void deepNestingIsRefused() {
    assertThatThrownBy(
            () -> JsonCodec.readClientMessage("{\"x\":" + "[".repeat(30_000) + "]".repeat(30_000)))
        .isInstanceOf(RoomsProtocolException.class);
  }

  /** Any change of one character gives a message or a refusal, never anything else. */
  @Test
  void mutatedMessagesNeverThrowAnythingElse() {
    var random = new Random(7);
    int messages = 0;
    for (int round = 0; round < 20_000; round++) {
      var text =
          new StringBuilder(
              JsonCodec.write(clientMessages().get(random.nextInt(clientMessages().size()))));
      int changes = 1 + random.nextInt(3);
      for (int i = 0; i < changes; i++) {
        text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(0x180));
      }
      try {
        JsonCodec.readClientMessage(text.toString());
        messages++;
      } catch (RoomsProtocolException e) {
        assertThat(e.kind()).isIn(ProblemKind.BAD_JSON, ProblemKind.BAD_MESSAGE);
      }
    }
    assertThat(messages).isPositive();
  }

  @Test
  void aProblemThatIsNoneIsMadeUpFromTheStatus() {
    Problem problem = ProblemKind.ROOM_FULL.because("Full.");
    assertThat(JsonCodec.readProblem(JsonCodec.write(problem), 409)).isEqualTo(problem);
    assertThat(JsonCodec.readProblem("<html>", 502))
        .isEqualTo(new Problem("about:blank", "", 502, ""));
  }
}
