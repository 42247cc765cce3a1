package dev.tautline.signalling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpServer;
import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.protocol.LeaveReason;
import dev.tautline.signalling.protocol.Peer;
import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RelayedMessage.Candidate;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomEvent;
import dev.tautline.signalling.protocol.Slot;
import dev.tautline.signalling.room.RoomLimits;
import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoomMemberTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private RoomsServer server;

  private static final class Recorder implements RoomMember.Listener {
    final BlockingQueue<RoomEvent> events = new LinkedBlockingQueue<>();
    final CompletableFuture<RoomsException> lost = new CompletableFuture<>();
    final BlockingQueue<Problem> refusals = new LinkedBlockingQueue<>();

    @Override
    public void event(RoomEvent event) {
      events.add(event);
    }

    @Override
    public void refused(RelayedMessage message, Problem problem) {
      refusals.add(problem);
    }

    @Override
    public void lost(RoomsException cause) {
      lost.complete(cause);
    }

    RoomEvent next() throws InterruptedException {
      RoomEvent event = events.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(event).as("no event came; lost: %s", lost).isNotNull();
      return event;
    }

    RoomsException.Code lostCode() {
      return lost.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join().code();
    }
  }

  @BeforeEach
  void start() {
    server = RoomsServer.start(RoomsServerOptions.defaults());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static RoomMember claim(URI uri, Recorder recorder) {
    return RoomMember.claim(uri, "kitchen", PATIENCE, recorder).join();
  }

  private static RoomsException failure(URI uri, Duration timeout) {
    Throwable thrown =
        catchThrowable(() -> RoomMember.claim(uri, "kitchen", timeout, new Recorder()).join());
    assertThat(thrown).isInstanceOf(CompletionException.class);
    assertThat(thrown.getCause()).isInstanceOf(RoomsException.class);
    return (RoomsException) thrown.getCause();
  }

  private static Candidate candidate(int number) {
    return new Candidate("candidate:" + number, "0", 0, null);
  }

  @Test
  void twoMembersMeetTalkAndPart() throws Exception {
    var atA = new Recorder();
    var atB = new Recorder();
    RoomMember a = claim(server.uri(), atA);
    RoomMember b = claim(server.uri(), atB);
    assertThat(a.slot()).isEqualTo(Slot.A);
    assertThat(b.slot()).isEqualTo(Slot.B);
    assertThat(a.incarnation()).isEqualTo(b.incarnation());
    assertThat(atA.next()).isEqualTo(new RoomEvent.PeerJoined(new Peer(Slot.B, 2)));
    assertThat(atB.next()).isEqualTo(new RoomEvent.PeerJoined(new Peer(Slot.A, 1)));
    a.send(2, new Description("offer", "v=0"));
    a.send(2, candidate(1));
    assertThat(atB.next()).isEqualTo(new RoomEvent.Relayed(1, new Description("offer", "v=0")));
    assertThat(atB.next()).isEqualTo(new RoomEvent.Relayed(1, candidate(1)));
    b.leave().get(10, TimeUnit.SECONDS);
    assertThat(atA.next()).isEqualTo(new RoomEvent.PeerLeft(new Peer(Slot.B, 2), LeaveReason.LEFT));
    a.leave().get(10, TimeUnit.SECONDS);
    assertThat(atB.lost).isNotDone();
  }

  @Test
  void nothingIsLostOrDoubledWhileTheConnectionBreaksAgainAndAgain() throws Exception {
    int messages = 120;
    try (var proxy = new CuttableProxy(server.uri())) {
      var atA = new Recorder();
      var atB = new Recorder();
      RoomMember a = claim(proxy.uri(), atA);
      RoomMember b = claim(proxy.uri(), atB);
      atA.next();
      atB.next();
      for (int i = 1; i <= messages; i++) {
        a.send(2, candidate(i));
        b.send(1, candidate(i));
        if (i % 40 == 0) {
          proxy.cut();
          a.send(2, candidate(10_000 + i));
          proxy.mend();
        }
      }
      int expected = 0;
      for (int i = 1; i <= messages; i++) {
        assertThat(atB.next()).isEqualTo(new RoomEvent.Relayed(1, candidate(i)));
        if (i % 40 == 0) {
          assertThat(atB.next()).isEqualTo(new RoomEvent.Relayed(1, candidate(10_000 + i)));
        }
        assertThat(atA.next()).isEqualTo(new RoomEvent.Relayed(2, candidate(i)));
        expected++;
      }
      assertThat(expected).isEqualTo(messages);
      a.leave().join();
      b.leave().join();
      assertThat(atA.events).isEmpty();
      assertThat(atA.refusals).isEmpty();
      assertThat(atA.lost).isNotDone();
    }
  }

  @Test
  void aMessageToAPeerThatLeftIsRefused() throws Exception {
    var atA = new Recorder();
    RoomMember a = claim(server.uri(), atA);
    claim(server.uri(), new Recorder()).leave().join();
    a.send(2, candidate(1));
    Problem problem = atA.refusals.poll(10, TimeUnit.SECONDS);
    assertThat(problem).isNotNull();
    assertThat(problem.is(ProblemKind.NO_SUCH_MEMBER)).isTrue();
    a.leave().join();
  }

  @Test
  void aServerThatStopsForGoodIsTold() {
    try (RoomsServer quick =
        RoomsServer.start(
            RoomsServerOptions.builder()
                .roomLimits(
                    new RoomLimits(2, 100, 100, 256, Duration.ofSeconds(1), Duration.ofMillis(500)))
                .build())) {
      var recorder = new Recorder();
      claim(quick.uri(), recorder);
      quick.closeAsync().join();
      assertThat(recorder.lostCode()).isEqualTo(RoomsException.Code.SLOT_LOST);
      assertThat(recorder.lost.join().getMessage()).contains("within 1 s");
    }
  }

  @Test
  void aServerThatForgotUsIsTold() {
    var recorder = new Recorder();
    claim(server.uri(), recorder);
    int port = server.port();
    server.close();
    try (RoomsServer again = RoomsServer.start(RoomsServerOptions.builder().port(port).build())) {
      assertThat(recorder.lostCode()).isEqualTo(RoomsException.Code.SLOT_LOST);
      assertThat(recorder.lost.join().getMessage()).contains("restarted");
      assertThat(again.port()).isEqualTo(port);
    }
  }

  @Test
  void leavingWhileTheConnectionIsBrokenFreesTheSlot() throws Exception {
    try (var proxy = new CuttableProxy(server.uri())) {
      var atA = new Recorder();
      RoomMember a = claim(server.uri(), atA);
      var atB = new Recorder();
      RoomMember b = claim(proxy.uri(), atB);
      atA.next();
      atB.next();
      proxy.cut();
      proxy.mend();
      b.leave().get(10, TimeUnit.SECONDS);
      assertThat(atA.next())
          .isEqualTo(new RoomEvent.PeerLeft(new Peer(Slot.B, 2), LeaveReason.LEFT));
      a.leave().join();
    }
  }

  @Test
  void aFullRoomIsSaidInOneSentence() {
    RoomMember a = claim(server.uri(), new Recorder());
    RoomMember b = claim(server.uri(), new Recorder());
    RoomsException full = failure(server.uri(), PATIENCE);
    assertThat(full.code()).isEqualTo(RoomsException.Code.ROOM_FULL);
    assertThat(full)
        .hasMessage(
            "Both slots of room \"kitchen\" are taken. Wait until a peer leaves, or choose another"
                + " room name.");
    a.close();
    b.close();
  }

  @Test
  void aServerThatIsNotThereIsSaidInOneSentence() throws IOException {
    int port;
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    for (String host : new String[] {"127.0.0.1", "localhost", "[::1]"}) {
      RoomsException e = failure(URI.create("http://" + host + ":" + port), PATIENCE);
      assertThat(e.code()).isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
      assertThat(e)
          .hasMessage(
              "No rooms server listens at http://"
                  + host
                  + ":"
                  + port
                  + "/ (connection refused). Start one there, or check the address.");
    }
  }

  @Test
  void aHostThatIsUnknownIsSaidInOneSentence() {
    RoomsException e = failure(URI.create("http://no-such-host.invalid/"), PATIENCE);
    assertThat(e.code()).isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
    assertThat(e.getMessage()).contains("no-such-host.invalid", "unknown");
  }

  @Test
  void aClaimWhoseAnswerIsLostIsMadeAgainAndTakesNoSecondSlot() throws Exception {
    try (var proxy = new CuttableProxy(server.uri())) {
      proxy.loseAnswers(2);
      var atA = new Recorder();
      RoomMember a = claim(proxy.uri(), atA);
      assertThat(a.slot()).isEqualTo(Slot.A);
      assertThat(a.number()).isEqualTo(1);
      RoomMember b = claim(server.uri(), new Recorder());
      assertThat(b.slot()).isEqualTo(Slot.B);
      assertThat(atA.next()).isEqualTo(new RoomEvent.PeerJoined(new Peer(Slot.B, 2)));
      b.leave().join();
      a.leave().join();
    }
  }

  @Test
  void aServerThatEndsEveryConnectionIsGivenUp() throws Exception {
    try (var proxy = new CuttableProxy(server.uri())) {
      proxy.cut();
      RoomsException e = failure(proxy.uri(), Duration.ofMillis(500));
      assertThat(e.code()).isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
      assertThat(e.getMessage()).contains("the connection ended before the answer");
    }
  }

  @Test
  void aServerThatNeverAnswersIsGivenUp() throws IOException {
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      RoomsException e =
          failure(
              URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/"),
              Duration.ofMillis(300));
      assertThat(e.code()).isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
      assertThat(e.getMessage()).contains("did not answer within 300 ms");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>hello</html>", "{}", "{\"version\":1}"})
  void whatIsNoRoomsServerIsSaidInOneSentence(String body) throws IOException {
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(201, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    other.start();
    try {
      RoomsException e =
          failure(URI.create("http://127.0.0.1:" + other.getAddress().getPort() + "/"), PATIENCE);
      assertThat(e.code()).isEqualTo(RoomsException.Code.NOT_A_ROOMS_SERVER);
      assertThat(e.getMessage()).endsWith("Check the address.");
    } finally {
      other.stop(0);
    }
  }

  @Test
  void aPrefixInTheAddressIsKept() {
    RoomsException e = failure(server.uri().resolve("/prefix"), PATIENCE);
    assertThat(e.code()).isEqualTo(RoomsException.Code.REFUSED);
    assertThat(ServerAddress.of(URI.create("https://h/p/")).toString()).isEqualTo("https://h/p/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://h/", "kitchen", "http:///x", "//h/"})
  void anAddressThatIsNoneIsTheCallersMistake(String uri) {
    assertThatThrownBy(() -> RoomMember.claim(URI.create(uri), "kitchen", PATIENCE, new Recorder()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not the address of a rooms server");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:99999/", "http://localhost:65536/", "https://h:0/"})
  void aPortThatCannotBeIsTheCallersMistake(String uri) {
    assertThatThrownBy(() -> RoomMember.claim(URI.create(uri), "kitchen", PATIENCE, new Recorder()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not between 1 and 65535");
  }

  @Test
  void httpsToAServerWithoutTlsIsSaidInOneSentence() {
    RoomsException e = failure(URI.create("https://127.0.0.1:" + server.port()), PATIENCE);
    assertThat(e.code()).isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
    assertThat(e.getMessage())
        .contains("does not speak https")
        .contains("http instead")
        .doesNotContain("Exception");
  }

  @Test
  void aClaimThatIsCancelledLeavesTheSlot() {
    CompletableFuture<RoomMember> cancelled =
        RoomMember.claim(server.uri(), "kitchen", PATIENCE, new Recorder());
    cancelled.cancel(false);
    Awaitility.await()
        .untilAsserted(
            () -> {
              RoomMember next = claim(server.uri(), new Recorder());
              next.leave().join();
              assertThat(next.slot()).isEqualTo(Slot.A);
            });
  }

  @Test
  void leavesNoThreadBehind() {
    RoomMember a = claim(server.uri(), new Recorder());
    assertThat(threads()).isTrue();
    a.leave().join();
    catchThrowable(
        () ->
            RoomMember.claim(URI.create("http://127.0.0.1:1/"), "kitchen", PATIENCE, new Recorder())
                .join());
    Awaitility.await().until(() -> !threads());
  }

  private static boolean threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().startsWith("tautline-rooms-client"));
  }
}
