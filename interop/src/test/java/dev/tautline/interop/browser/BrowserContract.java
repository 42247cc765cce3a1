package dev.tautline.interop.browser;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.datachannel.DataChannelException;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.Links;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Candidates;
import dev.tautline.interop.peer.OurPeer.Offerer;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Data channels between a JVM and a page in a browser, in both roles. */
@Timeout(90)
@TestMethodOrder(OrderAnnotation.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BrowserContract {
  static final String LABEL = "grüße";

  /** The largest message that we take. */
  static final int LARGEST = 262_144;

  private static final int IDLE_SECONDS = 60;

  private Tautline runtime;
  private Browser browser;

  /** Opened first and left alone; the last test looks at it. */
  private Connection idle;

  /** Starts the browser that is tested. */
  abstract Browser startBrowser(LocalAddresses addresses);

  /** The largest message that we may send: what the browser takes, at most our send buffer. */
  abstract int largestOfOurs();

  /** The browser of this class's tests. */
  final Browser browser() {
    return browser;
  }

  /** A page and a JVM with one open channel between them. */
  record Connection(ForeignPeer page, OurPeer jvm, OurChannel channel) implements AutoCloseable {
    @Override
    public void close() {
      jvm.close();
      page.close();
    }
  }

  @BeforeAll
  void start() {
    browser = startBrowser(LocalAddresses.PLAIN);
    runtime = Tautline.create();
    idle = connect(Offerer.FOREIGN);
    idle.page()
        .call(
            "sendLater",
            Map.of("label", LABEL, "text", "still here", "delayMillis", IDLE_SECONDS * 1_000));
  }

  @AfterAll
  void stop() {
    try {
      if (idle != null) {
        idle.close();
      }
    } finally {
      if (runtime != null) {
        runtime.close();
      }
      if (browser != null) {
        browser.close();
      }
    }
  }

  /** A new tab connected to a new peer of ours. */
  final Connection connect(Offerer offerer) {
    return connect(browser.openPeer(), ourPeer(), offerer);
  }

  final OurPeer ourPeer() {
    return new OurPeer(runtime, PeerConnectionOptions.defaults());
  }

  static Connection connect(ForeignPeer page, OurPeer jvm, Offerer offerer) {
    OurChannel channel;
    if (offerer == Offerer.OURS) {
      channel = jvm.channel(LABEL);
      jvm.connect(page, offerer, Candidates.TRICKLED);
    } else {
      page.channel(LABEL, Map.of());
      jvm.connect(page, offerer, Candidates.TRICKLED);
      channel = jvm.awaitChannel();
    }
    channel.awaitOpen();
    page.await("open", LABEL);
    assertThat(channel.channel().label()).isEqualTo(LABEL);
    return new Connection(page, jvm, channel);
  }

  static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(Offerer.class)
  void messagesOfEveryKindGoBothWays(Offerer offerer) {
    try (Connection connection = connect(offerer)) {
      OurChannel ours = connection.channel();
      ForeignPeer page = connection.page();

      for (String text : List.of("hello", "", "smörgås 🎉 \u0000 end")) {
        ours.channel().send(text);
        assertThat(page.awaitText(LABEL)).isEqualTo(text);
        page.send(LABEL, text);
        assertThat(ours.awaitText()).isEqualTo(text);
      }
      for (int length : new int[] {1, 0, 1_200, 65_536, LARGEST}) {
        byte[] bytes = random(length);
        ours.channel().send(bytes);
        assertThat(page.awaitBytes(LABEL)).isEqualTo(bytes);
        page.send(LABEL, bytes);
        assertThat(ours.awaitBytes()).isEqualTo(bytes);
      }
      int largest = largestOfOurs();
      assertThat(ours.channel().maxMessageSize()).isEqualTo(largest);
      byte[] bytes = random(Math.min(largest, 1 << 20));
      ours.channel().send(bytes);
      assertThat(page.awaitBytes(LABEL)).isEqualTo(bytes);
      assertThatThrownBy(() -> ours.channel().send(new byte[largest + 1]))
          .isInstanceOfSatisfying(
              DataChannelException.class,
              e -> assertThat(e.code()).isEqualTo(DataChannelException.Code.TYPE_ERROR));
    }
  }

  @ParameterizedTest
  @EnumSource(Offerer.class)
  void messagesGoBothWaysWhileThePageHidesItsAddresses(Offerer offerer) {
    try (Browser hiding = startBrowser(LocalAddresses.MDNS_NAMES);
        Connection connection = connect(hiding.openPeer(), ourPeer(), offerer)) {
      String sdp = connection.page().call("state").get("localDescription").asText();
      assertThat(sdp).as("the page's candidates").contains(".local ");

      connection.channel().channel().send("ping");
      assertThat(connection.page().awaitText(LABEL)).isEqualTo("ping");
      connection.page().send(LABEL, "pong");
      assertThat(connection.channel().awaitText()).isEqualTo("pong");
    }
  }

  @ParameterizedTest
  @CsvSource({"FOREIGN,FOREIGN", "FOREIGN,OURS", "OURS,FOREIGN", "OURS,OURS"})
  void aChannelClosesForBothAndTheConnectionLives(Offerer offerer, Offerer closer) {
    try (Connection connection = connect(offerer)) {
      OurChannel second = connection.jvm().channel("second");
      second.awaitOpen();
      connection.page().await("open", "second");
      second.channel().send("last words");
      if (closer == Offerer.OURS) {
        connection.page().await("message", "second");
        second.channel().close();
      } else {
        connection.page().call("closeChannel", Map.of("label", "second"));
      }
      second.awaitClosed();
      connection.page().await("close", "second");

      connection.channel().channel().send("alive");
      assertThat(connection.page().awaitText(LABEL)).isEqualTo("alive");
      // The stream id is free again.
      OurChannel third = connection.jvm().channel("third").awaitOpen();
      connection.page().await("open", "third");
      connection.page().send("third", "again");
      assertThat(third.awaitText()).isEqualTo("again");
    }
  }

  @Test
  void aClosedTabIsNoticedWithinTwoSeconds() throws Exception {
    try (Connection connection = connect(Offerer.FOREIGN)) {
      connection.page().close();
      connection.channel().channel().closed().get(2, TimeUnit.SECONDS);
    }
  }

  @Test
  void aClosedConnectionIsNoticedByThePage() {
    try (Connection connection = connect(Offerer.OURS)) {
      connection.jvm().close();
      connection
          .page()
          .await("close", ofMillis(2_000), line -> LABEL.equals(line.path("label").asText()));
    }
  }

  @Test
  void channelOptionsArriveAtTheOtherSide() {
    try (Connection connection = connect(Offerer.FOREIGN)) {
      ForeignPeer page = connection.page();
      page.channel("p", Map.of("ordered", false, "maxRetransmits", 3, "protocol", "chat"));
      OurChannel ours = connection.jvm().awaitChannel().awaitOpen();
      assertThat(ours.channel().label()).isEqualTo("p");
      assertThat(ours.channel().protocol()).isEqualTo("chat");
      assertThat(ours.channel().ordered()).isFalse();
      assertThat(ours.channel().maxRetransmits()).hasValue(3);
      assertThat(ours.channel().negotiated()).isFalse();
      page.send("p", "unordered");
      assertThat(ours.awaitText()).isEqualTo("unordered");

      var options =
          DataChannelOptions.builder()
              .ordered(false)
              .maxPacketLifeTime(ofMillis(700))
              .protocol("life")
              .build();
      OurChannel lifetime = connection.jvm().channel("q", options).awaitOpen();
      JsonNode seen = page.await("channel", "q").get("channel");
      assertThat(seen.get("ordered").asBoolean()).isFalse();
      assertThat(seen.get("maxPacketLifeTime").asInt()).isEqualTo(700);
      assertThat(seen.get("maxRetransmits").isNull()).isTrue();
      assertThat(seen.get("protocol").asText()).isEqualTo("life");
      page.await("open", "q");
      lifetime.channel().send("for 700 ms");
      assertThat(page.awaitText("q")).isEqualTo("for 700 ms");
    }
  }

  @Test
  void channelsNegotiatedBeforehandWork() {
    try (Connection connection = connect(Offerer.OURS)) {
      connection.page().channel("n", Map.of("negotiated", true, "id", 40));
      var options = DataChannelOptions.builder().negotiated(true).id(40).build();
      OurChannel ours = connection.jvm().channel("n", options).awaitOpen();
      connection.page().await("open", "n");
      connection.page().send("n", "to the JVM");
      assertThat(ours.awaitText()).isEqualTo("to the JVM");
      ours.channel().send("to the page");
      assertThat(connection.page().awaitText("n")).isEqualTo("to the page");
    }
  }

  @ParameterizedTest
  @EnumSource(Offerer.class)
  void manyChannelsOfBothSides(Offerer offerer) {
    int each = 40;
    try (Connection connection = connect(offerer)) {
      List<OurChannel> mine = new ArrayList<>();
      for (int i = 0; i < each; i++) {
        mine.add(connection.jvm().channel("ours " + i));
        connection.page().channel("theirs " + i, Map.of());
      }
      Map<String, OurChannel> theirs = new HashMap<>();
      for (int i = 0; i < each; i++) {
        OurChannel channel = connection.jvm().awaitChannel().awaitOpen();
        theirs.put(channel.channel().label(), channel);
      }
      assertThat(theirs).hasSize(each);
      for (int i = 0; i < each; i++) {
        mine.get(i).awaitOpen().channel().send("number " + i);
        connection.page().await("open", "theirs " + i);
        connection.page().send("theirs " + i, "number " + i);
      }
      for (int i = 0; i < each; i++) {
        assertThat(connection.page().awaitText("ours " + i)).isEqualTo("number " + i);
        assertThat(theirs.get("theirs " + i).awaitText()).isEqualTo("number " + i);
      }
    }
  }

  @Test
  void largeTransfersRunInBothDirectionsAtOnce() {
    int count = 64;
    try (Connection connection = connect(Offerer.OURS)) {
      connection.page().call("echo", Map.of("label", LABEL));
      for (int i = 0; i < count; i++) {
        byte[] bytes = random(LARGEST - i);
        connection.jvm().await(connection.channel().channel().sendAsync(bytes), "there is room");
      }
      for (int i = 0; i < count; i++) {
        assertThat(connection.channel().awaitBytes()).isEqualTo(random(LARGEST - i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Offerer.class)
  void reliableMessagesSurviveALossyPath(Offerer offerer) throws IOException {
    int count = 200;
    try (UdpLink link = Links.start(4)) {
      link.oneWayDelay(ofMillis(15)).loss(0.03).reorder(0.02, ofMillis(8)).duplicate(0.01);
      try (Connection connection = connectThrough(link, offerer)) {
        connection.page().call("echo", Map.of("label", LABEL));
        for (int i = 0; i < count; i++) {
          connection.channel().channel().send(random(2_000 + i));
        }
        for (int i = 0; i < count; i++) {
          assertThat(connection.channel().awaitBytes()).isEqualTo(random(2_000 + i));
        }
      }
      assertThat(link.statistics(Direction.FORWARD).lostPackets()).isPositive();
      assertThat(link.statistics(Direction.BACKWARD).lostPackets()).isPositive();
    }
  }

  /** Connects a new tab and a new peer of ours by this path alone. */
  final Connection connectThrough(UdpLink link, Offerer offerer) {
    return connect(browser.openPeer(), Links.lead(ourPeer(), link), offerer);
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void afterAMinuteOfIdlenessMessagesGoBothWays() {
    var message = (DataChannelMessage.Text) idle.channel().await(IDLE_SECONDS + 15);
    assertThat(message.text()).isEqualTo("still here");
    idle.channel().channel().send("so am I");
    assertThat(idle.page().awaitText(LABEL)).isEqualTo("so am I");
  }
}
