package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each mistake ends with an exit code above 0 and one sentence that says what to do. */
class BadInputIT {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static String fails(int code, String... arguments) throws Exception {
    try (TautlineProcess process = TautlineProcess.start(arguments)) {
      process.endOfInput();
      process.exits(code);
      assertThat(process.seconds()).isLessThan(TautlineProcess.LONGEST_SECONDS);
      return oneSentence(process.errLines());
    }
  }

  private static String oneSentence(List<String> err) {
    assertThat(err).as("one line on standard error").hasSize(1);
    assertThat(err.get(0)).doesNotContain("Exception").doesNotContain("\tat ");
    return err.get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo --colour", "serve --port eighty", "conect", "demo --mib"})
  void aWrongCommandLineNamesTheMistakeAndTheHelp(String line) throws Exception {
    assertThat(fails(2, line.split(" "))).contains("--help");
  }

  @Test
  void aPortOutOfRangeIsNamed() throws Exception {
    assertThat(fails(1, "serve", "--port", "70000")).contains("70000").contains("65535");
  }

  @Test
  void aTakenPortIsNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
      String port = Integer.toString(taken.getLocalPort());

      assertThat(fails(1, "serve", "--bind", "127.0.0.1", "--port", port)).contains(port);
      assertThat(fails(1, "demo", "--bind", "127.0.0.1", "--port", port)).contains(port);
    }
  }

  @Test
  void anAddressThatIsNotOursIsNamed() throws Exception {
    assertThat(fails(1, "serve", "--bind", "192.0.2.1", "--port", "0")).contains("192.0.2.1");
  }

  @Test
  void anUnreachableServerIsNamed() throws Exception {
    int port;
    try (var closed = new ServerSocket(0, 1, LOOPBACK)) {
      port = closed.getLocalPort();
    }
    String server = "http://127.0.0.1:" + port;

    assertThat(fails(1, "connect", "--server", server, "--room", "kitchen")).contains(server);
  }

  @Test
  void theDemoNamesAnUnreachableServerOnce() throws Exception {
    int port;
    try (var closed = new ServerSocket(0, 1, LOOPBACK)) {
      port = closed.getLocalPort();
    }
    String server = "http://127.0.0.1:" + port;

    assertThat(fails(1, "demo", "--server", server)).contains(server);
  }

  @Test
  void theDemoNamesAFullRoomOnce() throws Exception {
    try (RoomsServer server = RoomsServer.start(RoomsServerOptions.builder().port(0).build())) {
      fill(server, "full");

      assertThat(fails(1, "demo", "--server", server.uri().toString(), "--room", "full"))
          .contains("full");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:8080", "http://a b", "[::1]:8080"})
  void anAddressThatIsNoUriIsNamed(String server) throws Exception {
    assertThat(fails(2, "connect", "--server", server, "--room", "kitchen"))
        .contains(server)
        .contains("such as http://");
    assertThat(fails(2, "demo", "--server", server)).contains(server).contains("such as http://");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8080", "ftp://localhost", "http://127.0.0.1:99999"})
  void anAddressOfNoRoomsServerIsNamed(String server) throws Exception {
    assertThat(fails(1, "connect", "--server", server, "--room", "kitchen")).contains(server);
    assertThat(fails(1, "demo", "--server", server)).contains(server);
  }

  @Test
  void aRoomNameWithOtherCharactersSaysWhichAreAllowed() throws Exception {
    assertThat(fails(1, "demo", "--room", "my kitchen")).contains("letters, digits");
    assertThat(fails(1, "connect", "--server", "http://127.0.0.1:1", "--room", "../kitchen"))
        .contains("letters, digits");
  }

  @Test
  void aServerThatNeverAnswersIsGivenUp() throws Exception {
    try (var silent = new ServerSocket(0, 5, LOOPBACK)) {
      String server = "http://127.0.0.1:" + silent.getLocalPort();
      String sentence =
          fails(1, "connect", "--server", server, "--room", "kitchen", "--timeout", "3");

      assertThat(sentence).containsPattern("\\d+(\\.\\d+)? s");
    }
  }

  @Test
  void aFullRoomIsNamed() throws Exception {
    try (RoomsServer server = RoomsServer.start(RoomsServerOptions.builder().port(0).build())) {
      fill(server, "full");

      assertThat(fails(1, "connect", "--server", server.uri().toString(), "--room", "full"))
          .contains("full");
    }
  }

  private static void fill(RoomsServer server, String room)
      throws IOException, InterruptedException {
    HttpClient http = HttpClient.newHttpClient();
    URI claim = server.uri().resolve("/rooms/" + room + "/claim");
    for (int slot = 0; slot < 2; slot++) {
      var request = HttpRequest.newBuilder(claim).POST(HttpRequest.BodyPublishers.noBody()).build();
      assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(201);
    }
  }

  @Test
  void aPeerThatNeverComesIsNotWaitedForForEver() throws Exception {
    try (RoomsServer server = RoomsServer.start(RoomsServerOptions.builder().port(0).build())) {
      String sentence =
          fails(
              1,
              "connect",
              "--server",
              server.uri().toString(),
              "--room",
              "alone",
              "--timeout",
              "3");

      assertThat(sentence).contains("alone").containsPattern("3(\\.0)? s");
    }
  }

  @Test
  void connectWithoutAWayToConnectSaysWhichThereAre() throws Exception {
    assertThat(fails(1, "connect")).contains("--manual").contains("--room");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hello",
        "{\"type\":\"offer\",\"sdp\":\"v=0",
        "[]",
        "{\"type\":\"offer\"}",
        "{\"type\":\"answer\",\"sdp\":\"v=0\"}",
        "{\"type\":\"offer\",\"sdp\":\"nonsense\"}",
        "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n"
            + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\\r\\n\"}"
      })
  void aMalformedOfferIsRefusedWithAdvice(String pasted) throws Exception {
    assertThat(refused(pasted, "--answer")).contains("offer").contains("whole and unchanged");
  }

  @Test
  void aLineOfManyCharactersIsRefusedWithItsLength() throws Exception {
    assertThat(refused("x".repeat(300_000), "--answer")).contains("300000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello", "{\"type\":\"offer\",\"sdp\":\"v=0\"}", "{\"type\":1}"})
  void aMalformedAnswerIsRefusedWithAdvice(String pasted) throws Exception {
    assertThat(refused(pasted)).contains("answer");
  }

  private static String refused(String pasted, String... more)
      throws IOException, InterruptedException {
    String[] arguments = new String[2 + more.length];
    arguments[0] = "connect";
    arguments[1] = "--manual";
    System.arraycopy(more, 0, arguments, 2, more.length);
    try (TautlineProcess process = TautlineProcess.start(arguments)) {
      process.awaitErr("aste the ");
      process.type(pasted).exits(1);
      return oneSentence(process.errLines());
    }
  }

  @Test
  void theEndOfInputBeforeAnythingWasPastedIsNamed() throws Exception {
    try (TautlineProcess process = TautlineProcess.start("connect", "--manual", "--answer")) {
      process.awaitErr("Paste the offer");
      process.endOfInput();
      process.exits(1);
      assertThat(oneSentence(process.errLines())).contains("offer");
    }
  }

  @Test
  void nothingPastedEndsWithTheTimeLimit() throws Exception {
    try (TautlineProcess process =
        TautlineProcess.start("connect", "--manual", "--answer", "--paste-timeout", "2")) {
      process.awaitErr("Paste the offer");
      process.exits(1);
      assertThat(oneSentence(process.errLines())).contains("2 s");
    }
  }
}
