package dev.tautline.interop.browser;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.interop.capture.PacketTap;
import dev.tautline.interop.capture.PacketTap.Direction;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.Links;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Offerer;
import dev.tautline.interop.peer.SentOnce;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link BrowserContract} says of one channel or a few, said of thousands. */
abstract class ChannelsContract extends BrowserContract {
  private static final Duration LONG = Duration.ofSeconds(80);
  private static final String TO_THE_PAGE = "to the page on ";
  private static final String TO_THE_JVM = "to the JVM on ";

  /** Chunk types. */
  private static final int DATA = 0;

  private static final int I_DATA = 0x40;

  /** Whether I-DATA (RFC 8260) is agreed on with this browser. */
  abstract boolean interleaves();

  @Test
  void interleavingIsUsedWhereBothSidesHaveItAndNowhereElse() {
    try (var tap = new PacketTap();
        Connection connection = connect(Offerer.OURS)) {
      assertNoByteIsKept(connection);
      PeerConnectionStats.Sctp sctp = connection.jvm().statistics().sctp().orElseThrow();
      assertThat(sctp.interleaving()).isEqualTo(interleaves());
      String id = connection.jvm().connection().id();
      for (Direction direction : Direction.values()) {
        Set<Integer> dataTypes =
            tap.packets().stream()
                .filter(packet -> packet.connection().equals(id))
                .filter(packet -> packet.direction() == direction)
                .flatMap(packet -> packet.chunkTypes().stream())
                .filter(type -> type == DATA || type == I_DATA)
                .collect(Collectors.toSet());
        assertThat(dataTypes)
            .as("from " + direction)
            .containsExactly(interleaves() ? I_DATA : DATA);
      }
    }
  }

  /** Has the page count the events of channels whose label begins with {@code prefix}. */
  private static void tally(ForeignPeer page, String prefix) {
    page.call("tally", Map.of("prefix", prefix, "greeting", TO_THE_JVM, "expected", TO_THE_PAGE));
  }

  /** Waits until the page has counted so many. */
  private static JsonNode tallied(ForeignPeer page, String prefix, String what, int count) {
    JsonNode tally = page.call("tallied", Map.of("prefix", prefix, what, count));
    assertThat(tally.get("faults")).as("what went wrong in the page").isEmpty();
    return tally;
  }

  private static List<Integer> ids(JsonNode tally) {
    return StreamSupport.stream(tally.get("ids").spliterator(), false)
        .map(JsonNode::asInt)
        .toList();
  }

  @ParameterizedTest
  @EnumSource(Offerer.class)
  void aThousandChannelsAreOpenAtOnce(Offerer offerer) {
    int each = 500;
    try (Connection connection = connect(offerer)) {
      OurPeer jvm = connection.jvm();
      ForeignPeer page = connection.page();
      tally(page, "ours ");
      tally(page, "theirs ");

      // Both sides make theirs at the same time.
      var opening = page.submit("openMany", Map.of("prefix", "theirs ", "count", each));
      List<OurChannel> mine =
          IntStream.range(0, each).mapToObj(i -> jvm.channel("ours " + i)).toList();
      page.result("openMany", opening, ForeignPeer.LIMIT);
      List<OurChannel> theirs = IntStream.range(0, each).mapToObj(i -> jvm.awaitChannel()).toList();

      var all = new ArrayList<OurChannel>(mine);
      all.addAll(theirs);
      for (OurChannel channel : all) {
        channel.awaitOpen().channel().send(TO_THE_PAGE + channel.channel().label());
      }
      Set<Integer> myIds = new HashSet<>();
      Set<String> labels = new HashSet<>();
      for (OurChannel channel : all) {
        String label = channel.channel().label();
        assertThat(channel.awaitText()).isEqualTo(TO_THE_JVM + label);
        assertThat(channel.waiting()).isZero();
        labels.add(label);
        myIds.add(channel.channel().id().orElseThrow());
      }
      assertThat(labels).hasSize(2 * each);
      assertThat(myIds).as("different ids").hasSize(2 * each);
      Set<Integer> pageIds = new HashSet<>();
      for (String prefix : List.of("ours ", "theirs ")) {
        pageIds.addAll(ids(tallied(page, prefix, "messages", each)));
      }
      assertThat(pageIds).as("ids in the page").isEqualTo(myIds);
      assertThat(jvm.statistics().channels()).hasSize(2 * each + 1);

      // Each side closes its own.
      var closing = page.submit("closeEach", Map.of("prefix", "theirs "));
      mine.forEach(channel -> channel.channel().closeAsync());
      page.result("closeEach", closing, ForeignPeer.LIMIT);
      all.forEach(OurChannel::awaitClosed);
      for (String prefix : List.of("ours ", "theirs ")) {
        JsonNode tally = tallied(page, prefix, "closed", each);
        assertThat(tally.get("messages").asInt()).isEqualTo(each);
        assertThat(tally.get("left").asInt()).isZero();
      }
      assertNothingIsKept(connection);
      OurChannel next = jvm.channel("one more").awaitOpen();
      assertThat(next.channel().id().orElseThrow()).as("the lowest id that is free").isLessThan(4);
      page.await("open", "one more");
    }
  }

  /** Only the first channel is left, and no byte of what it or others sent. */
  private static void assertNothingIsKept(Connection connection) {
    assertNoByteIsKept(connection);
    assertThat(connection.jvm().statistics().channels())
        .extracting(PeerConnectionStats.Channel::label)
        .containsExactly(LABEL);
  }

  private static void assertNoByteIsKept(Connection connection) {
    // A message there and back: what SCTP still kept for an acknowledgement is gone with it.
    connection.channel().channel().send("still here?");
    assertThat(connection.page().awaitText(LABEL)).isEqualTo("still here?");
    connection.page().send(LABEL, "still here");
    assertThat(connection.channel().awaitText()).isEqualTo("still here");
    assertThat(connection.jvm().statistics().messagesDropped()).isZero();
    // What was given up is kept until the other side knows: where a FORWARD-TSN was lost, that is
    // some round trips later.
    await()
        .untilAsserted(
            () -> {
              PeerConnectionStats.Sctp sctp = connection.jvm().statistics().sctp().orElseThrow();
              assertThat(sctp.sendBufferBytes()).isZero();
              assertThat(sctp.receiveBufferBytes()).isZero();
            });
  }

  private static long liveHeapBytes() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Half of them made by the JVM, half by the page; a message goes there and back on each. */
  @Test
  void fiveThousandChannelsOneAfterAnotherLeaveNothingBehind() {
    int each = 2_500;
    int before = 200;
    try (Connection connection = connect(Offerer.OURS)) {
      OurPeer jvm = connection.jvm();
      ForeignPeer page = connection.page();
      page.call("tally", Map.of("prefix", "echo ", "echo", true));
      jvm.onChannel(ChannelsContract::echo);

      // What classes, buffers and tables grow to for one channel is there after a few.
      Set<Integer> myIds = openAndClose(connection, before);
      Set<Integer> pageIds = openAndCloseInPage(connection, before);
      long heapBefore = liveHeapBytes();
      myIds.addAll(openAndClose(connection, each - before));
      pageIds.addAll(openAndCloseInPage(connection, each - before));

      assertThat(myIds).as("ids of channels that we made").hasSize(1);
      assertThat(pageIds).as("ids of channels that the page made").hasSize(1);
      JsonNode tally = tallied(page, "echo ", "closed", each);
      assertThat(tally.get("opened").asInt()).isEqualTo(each);
      assertThat(tally.get("messages").asInt()).isEqualTo(each);
      assertThat(tally.get("left").asInt()).isZero();
      assertNothingIsKept(connection);
      assertThat(liveHeapBytes() - heapBefore)
          .as("growth of the heap by %d channels", 2 * (each - before))
          .isLessThan(2L << 20);
      assertThat(channelsLeftInPage(page)).as("channels that the browser counts").isEqualTo(1);
    }
  }

  private static void echo(DataChannel channel) {
    channel.onMessage(message -> channel.send(((DataChannelMessage.Text) message).text()));
  }

  private static Set<Integer> openAndClose(Connection connection, int count) {
    var ids = new TreeSet<Integer>();
    for (int i = 0; i < count; i++) {
      OurChannel channel = connection.jvm().channel("echo " + i).awaitOpen();
      ids.add(channel.channel().id().orElseThrow());
      channel.channel().send("number " + i);
      assertThat(channel.awaitText()).isEqualTo("number " + i);
      channel.channel().closeAsync();
      channel.awaitClosed();
    }
    return ids;
  }

  private static Set<Integer> openAndCloseInPage(Connection connection, int count) {
    JsonNode result =
        connection.page().call("openAndClose", Map.of("label", "short", "count", count), LONG);
    return new TreeSet<>(ids(result));
  }

  /** How many channels are open by the browser's own statistics. */
  private static int channelsLeftInPage(ForeignPeer page) {
    for (JsonNode entry : page.call("statistics")) {
      if ("peer-connection".equals(entry.path("type").asText())) {
        return entry.get("dataChannelsOpened").asInt() - entry.get("dataChannelsClosed").asInt();
      }
    }
    throw page.failure("no statistics of the connection", null);
  }

  private static final DataChannelOptions UNORDERED =
      DataChannelOptions.builder().ordered(false).build();

  /** Kinds of channels, with what they are to the page. */
  private enum Kind {
    /** Shorter than a round trip: what is lost is not sent again. */
    ORDERED_SHORT_LIVED(
        Map.of("maxPacketLifeTime", 25),
        DataChannelOptions.builder().maxPacketLifeTime(ofMillis(25)).build()),
    UNORDERED_RELIABLE(Map.of("ordered", false), UNORDERED),
    ORDERED_NO_RETRANSMIT(
        Map.of("maxRetransmits", 0), DataChannelOptions.builder().maxRetransmits(0).build()),
    UNORDERED_NO_RETRANSMIT(
        Map.of("ordered", false, "maxRetransmits", 0),
        DataChannelOptions.builder().ordered(false).maxRetransmits(0).build()),
    ORDERED_RELIABLE(Map.of(), DataChannelOptions.defaults());

    final Map<String, ?> pageOptions;
    final DataChannelOptions options;

    Kind(Map<String, ?> pageOptions, DataChannelOptions options) {
      this.pageOptions = pageOptions;
      this.options = options;
    }

    boolean reliable() {
      return this == UNORDERED_RELIABLE || this == ORDERED_RELIABLE;
    }

    boolean ordered() {
      return this != UNORDERED_RELIABLE && this != UNORDERED_NO_RETRANSMIT;
    }
  }

  /** Messages of two packets each, over a path that loses, from both sides at once. */
  @Test
  void unorderedAndPartiallyReliableChannelsKeepTheirPromises() throws IOException {
    int count = 120;
    int fillBytes = 1_700;
    try (UdpLink link = Links.start(7)) {
      link.oneWayDelay(ofMillis(15));
      try (Connection connection = connectThrough(link, Offerer.OURS)) {
        ForeignPeer page = connection.page();
        Map<Kind, OurChannel> channels = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
          String label = kind.name();
          page.call("tally", Map.of("prefix", "ours " + label, "keep", true));
          channels.put(kind, connection.jvm().channel("ours " + label, kind.options).awaitOpen());
          tallied(page, "ours " + label, "opened", 1);
        }
        Map<String, OurChannel> theirs = new HashMap<>();
        for (Kind kind : Kind.values()) {
          page.channel("theirs " + kind, kind.pageOptions);
          OurChannel channel = connection.jvm().awaitChannel().awaitOpen();
          theirs.put(channel.channel().label(), channel);
          page.await("open", "theirs " + kind);
        }

        link.loss(0.05);
        var labels = List.copyOf(theirs.keySet());
        var sending =
            page.submit("sendNumbers", Map.of("labels", labels, "count", count, "size", fillBytes));
        String fill = ".".repeat(fillBytes);
        for (int i = 0; i < count; i++) {
          for (OurChannel channel : channels.values()) {
            channel.channel().send(i + " " + fill);
          }
          awaitAllSent(channels.values());
        }
        page.result("sendNumbers", sending, LONG);
        link.loss(0);
        // What comes last comes through: behind it nothing of an ordered channel is missing.
        for (Kind kind : Kind.values()) {
          channels.get(kind).channel().send("end");
          page.send("theirs " + kind, "end");
        }
        for (Kind kind : Kind.values()) {
          assertPromise(kind, Sender.OURS, count, awaitEndInPage(page, kind, count));
          OurChannel channel = theirs.get("theirs " + kind);
          assertPromise(kind, Sender.PAGE, count, awaitEnd(channel, kind, count));
        }
        assertNoByteIsKept(connection);
      }
    }
  }

  @Test
  void messagesThatAreSentOnceComeInOrderOverAPathThatLoses() throws IOException {
    try (UdpLink link = Links.start(17).oneWayDelay(ofMillis(30));
        Connection connection = connectThrough(link, Offerer.OURS)) {
      SentOnce.overLoss(link, connection.jvm(), connection.page());
    }
  }

  /**
   * Of a long message only the first packet fits the window of congestion control, and when it is
   * acknowledged the time of the message is over. dcSCTP then sends nothing of what waits behind
   * it, on any channel, until it hears from us once more.
   */
  @Test
  void aMessageThatOutlivesItsTimeHalfSentHoldsUpNoOther() throws IOException {
    try (UdpLink link = Links.start(13)) {
      link.oneWayDelay(ofMillis(30));
      try (Connection connection = connectThrough(link, Offerer.OURS)) {
        ForeignPeer page = connection.page();
        OurPeer jvm = connection.jvm();
        page.channel("reliable", Map.of());
        OurChannel reliable = jvm.awaitChannel().awaitOpen();
        page.channel("short-lived", Map.of("maxPacketLifeTime", 25));
        jvm.awaitChannel().awaitOpen();
        page.await("open", "short-lived");
        for (int i = 0; i < 3; i++) {
          // A timeout leaves the page a congestion window of one packet.
          link.outage(link.now(), link.now().plusMillis(1_200));
          page.send("reliable", "late " + i);
          assertThat(reliable.awaitText()).isEqualTo("late " + i);

          String tooLong = i + " ".repeat(5_000);
          var sending =
              List.of(
                  page.submit("send", Map.of("label", "short-lived", "text", tooLong)),
                  page.submit("send", Map.of("label", "reliable", "text", "behind it " + i)));
          assertThat(reliable.awaitText()).isEqualTo("behind it " + i);
          sending.forEach(sent -> page.result("send", sent, ForeignPeer.LIMIT));
        }
        assertNoByteIsKept(connection);
      }
    }
  }

  /** Until SCTP has put all into packets. */
  private static void awaitAllSent(Collection<OurChannel> channels) {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(ofMillis(2))
        .until(() -> channels.stream().allMatch(c -> c.channel().bufferedAmount() == 0));
  }

  private static List<String> awaitEnd(OurChannel channel, Kind kind, int count) {
    var texts = new ArrayList<String>();
    while (!texts.contains("end") || (kind.reliable() && texts.size() <= count)) {
      texts.add(channel.awaitText());
    }
    return texts;
  }

  private static List<String> awaitEndInPage(ForeignPeer page, Kind kind, int count) {
    int atLeast = kind.reliable() ? count + 1 : 1;
    while (true) {
      JsonNode tally = tallied(page, "ours " + kind, "messages", atLeast);
      List<String> texts =
          StreamSupport.stream(tally.get("kept").spliterator(), false)
              .map(JsonNode::asText)
              .toList();
      if (texts.contains("end")) {
        return texts;
      }
      atLeast = texts.size() + 1;
    }
  }

  private enum Sender {
    OURS,
    PAGE
  }

  private static void assertPromise(Kind kind, Sender sender, int count, List<String> texts) {
    List<Integer> numbers =
        texts.stream()
            .filter(text -> !text.equals("end"))
            .map(text -> Integer.valueOf(text.substring(0, text.indexOf(' '))))
            .toList();
    String name = kind + " from " + sender + " got " + numbers;
    assertThat(numbers).as(name).doesNotHaveDuplicates().allMatch(n -> n >= 0 && n < count);
    List<Integer> ascending = numbers.stream().sorted().toList();
    if (kind.ordered()) {
      assertThat(numbers).as(name).isEqualTo(ascending);
      assertThat(texts.get(texts.size() - 1)).isEqualTo("end");
    }
    if (kind.reliable()) {
      assertThat(ascending).as(name).hasSize(count);
    } else {
      // Of messages of two packets, 10 % are lost at 5 % loss; others wait too long for their turn.
      // Firefox 153 sends again what has outlived its time; it may.
      boolean shortLived = kind == Kind.ORDERED_SHORT_LIVED;
      int most = shortLived && sender == Sender.PAGE ? count : count - 1;
      assertThat(numbers.size()).as(name).isBetween(shortLived ? 1 : count / 2, most);
    }
    if (kind == Kind.UNORDERED_RELIABLE) {
      assertThat(numbers).as(name).isNotEqualTo(ascending);
    }
  }

  /**
   * Each channel has the id of the one before. Of the packets that end that one some are lost, and
   * yet the page must not get the new one while it still ends the old.
   */
  @Test
  void channelsComeAndGoOverAPathThatLoses() throws IOException {
    int count = 40;
    try (UdpLink link = Links.start(11)) {
      link.oneWayDelay(ofMillis(2));
      try (Connection connection = connectThrough(link, Offerer.OURS)) {
        ForeignPeer page = connection.page();
        page.call("tally", Map.of("prefix", "echo ", "echo", true));
        link.loss(0.1);
        openAndClose(connection, count);
        link.loss(0);
        JsonNode tally = tallied(page, "echo ", "closed", count);
        assertThat(tally.get("messages").asInt()).isEqualTo(count);
        assertThat(tally.get("left").asInt()).isZero();
        assertNothingIsKept(connection);
      }
    }
  }

  @Test
  void bulkDataIsUndisturbedByStreamResetsBesideIt() {
    // 15 MiB: a page that sends all of it back stays below the 16 MiB that Chromium queues.
    int messages = 60;
    int shortLived = 100;
    try (Connection connection = connect(Offerer.FOREIGN)) {
      ForeignPeer page = connection.page();
      OurPeer jvm = connection.jvm();
      page.call("echo", Map.of("label", LABEL));
      page.call("tally", Map.of("prefix", "echo ", "echo", true));
      jvm.onChannel(ChannelsContract::echo);

      DataChannel bulk = connection.channel().channel();
      var sender =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < messages; i++) {
                  jvm.await(bulk.sendAsync(random(LARGEST - i)), "there is room");
                }
              });
      var inPage = page.submit("openAndClose", Map.of("label", "short", "count", shortLived));
      openAndClose(connection, shortLived);
      page.result("openAndClose", inPage, LONG);
      jvm.await(sender, "all is sent");
      for (int i = 0; i < messages; i++) {
        assertThat(connection.channel().awaitBytes()).isEqualTo(random(LARGEST - i));
      }
      JsonNode tally = tallied(page, "echo ", "closed", shortLived);
      assertThat(tally.get("left").asInt()).isZero();
    }
  }
}
