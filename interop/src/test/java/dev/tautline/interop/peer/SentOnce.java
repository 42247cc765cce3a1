package dev.tautline.interop.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.interop.capture.PacketTap;
import dev.tautline.testkit.UdpLink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Ordered messages that are sent once, many in a round trip, over a path that loses. */
public final class SentOnce {
  private static final int COUNT = 400;
  private static final int PERIOD_MILLIS = 3;
  private static final String LABEL = "once";
  private static final String END = "end";

  /** Chunk types. */
  private static final int FORWARD_TSN = 192;

  private static final int I_FORWARD_TSN = 194;

  private SentOnce() {}

  /** The other stack gets what was not lost, in order, and is told of several gaps at once. */
  public static void overLoss(UdpLink link, OurPeer ours, ForeignPeer foreign) {
    var once = DataChannelOptions.builder().maxRetransmits(0).build();
    OurChannel channel = ours.channel(LABEL, once).awaitOpen();
    foreign.await("open", LABEL);
    List<Integer> came;
    try (var tap = new PacketTap()) {
      link.loss(0.1);
      sendInTime(channel);
      link.loss(0);
      channel.channel().send(END);
      came = takeUntilEnd(foreign);
      String id = ours.connection().id();
      assertThat(tap.packets())
          .as("packets that tell of several gaps")
          .anyMatch(packet -> packet.connection().equals(id) && forwardTsns(packet) > 1);
    }
    assertThat(came).isSorted().doesNotHaveDuplicates();
    assertThat(came).hasSizeBetween(COUNT * 8 / 10, COUNT - 1);
    await().until(() -> ours.statistics().sctp().orElseThrow().sendBufferBytes() == 0);
    channel.channel().send("alive");
    assertThat(foreign.awaitText(LABEL)).isEqualTo("alive");
  }

  private static void sendInTime(OurChannel channel) {
    var next = new AtomicInteger();
    var clock = Executors.newSingleThreadScheduledExecutor();
    try {
      var sending =
          clock.scheduleAtFixedRate(
              () -> {
                if (next.get() < COUNT) {
                  channel.channel().send(Integer.toString(next.getAndIncrement()));
                }
              },
              0,
              PERIOD_MILLIS,
              TimeUnit.MILLISECONDS);
      // A send that throws ends it early.
      await()
          .until(
              () ->
                  sending.isDone()
                      || next.get() == COUNT && channel.channel().bufferedAmount() == 0);
      assertThat(next.get()).isEqualTo(COUNT);
    } finally {
      clock.shutdownNow();
    }
  }

  private static List<Integer> takeUntilEnd(ForeignPeer foreign) {
    var came = new ArrayList<Integer>();
    for (String text = foreign.awaitText(LABEL);
        !text.equals(END);
        text = foreign.awaitText(LABEL)) {
      came.add(Integer.valueOf(text));
    }
    return came;
  }

  private static long forwardTsns(PacketTap.Packet packet) {
    return packet.chunkTypes().stream()
        .filter(type -> type == FORWARD_TSN || type == I_FORWARD_TSN)
        .count();
  }
}
