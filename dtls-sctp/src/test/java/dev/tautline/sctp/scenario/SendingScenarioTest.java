package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 6.1, 6.9 and 6.10: fragments, bundles, the peer's window. */
class SendingScenarioTest extends Dialogues {
  private final Dialogue z = open();

  // --- cutting ---

  @Test
  void aMessageThatFillsThePacketIsOneFragment() {
    z.user(1, 1160).sends("DATA 0 s1.0 IBE 1160").gets("SACK 0");
  }

  @Test
  void oneByteMoreMakesTwoFragments() {
    z.user(1, 1161).sends("DATA 0 s1.0 B 1160", "DATA 1 s1.0 IE 1").gets("SACK 1");
  }

  @Test
  void twoPacketsAreTwoFragments() {
    z.user(1, 2320).sends("DATA 0 s1.0 B 1160", "DATA 1 s1.0 IE 1160").gets("SACK 1");
  }

  @Test
  void aMessageWhosePaddingFillsThePacketIsOneFragment() {
    z.user(1, 1157).user(1, 1).sends("DATA 0 s1.0 BE 1157", "DATA 1 s1.1 IBE 1").gets("SACK 1");
  }

  @Test
  void theSmallestPacketsAreCutAt480Bytes() {
    Dialogue small = open(setup().options(o -> o.maxPacketBytes(508)));
    small.user(1, 961);

    small.sends("DATA 0 s1.0 B 480", "DATA 1 s1.0 - 480", "DATA 2 s1.0 IE 1").gets("SACK 2");
  }

  @Test
  void aSmallerPacketSizeCutsFromNowOn() {
    z.user(1, 1160).sends("DATA 0 s1.0 IBE 1160");
    z.maxPacketBytes(508);

    z.user(1, 500).sends("DATA 1 s1.1 B 480", "DATA 2 s1.1 IE 20").gets("SACK 2");
  }

  @Test
  void aLargerPacketSizeCutsFromNowOn() {
    z.user(1, 1161).sends("DATA 0 s1.0 B 1160", "DATA 1 s1.0 IE 1").gets("SACK 1");
    z.maxPacketBytes(1400);

    z.user(1, 1372).sends("DATA 2 s1.1 IBE 1372").gets("SACK 2");
  }

  // --- bundling ---

  @Test
  void twoMessagesThatFillThePacketExactlyShareIt() {
    z.user(1, 572).user(1, 572).sends("DATA 0 s1.0 BE 572 + DATA 1 s1.1 IBE 572");

    z.gets("SACK 1");
  }

  @Test
  void oneByteMoreAndTheSecondWaitsForItsOwnPacket() {
    z.user(1, 572).user(1, 573).sends("DATA 0 s1.0 BE 572", "DATA 1 s1.1 IBE 573");

    z.gets("SACK 1");
  }

  @Test
  void aLongMessageBeginsInTheRestOfThePacket() {
    z.user(1, 100).user(2, 2000);

    z.sends("DATA 0 s1.0 BE 100 + DATA 1 s2.0 B 1044", "DATA 2 s2.0 IE 956").gets("SACK 2");
  }

  @Test
  void aRestOf16BytesIsWorthAFragment() {
    z.user(1, 1128).user(1, 2000);

    z.sends("DATA 0 s1.0 BE 1128 + DATA 1 s1.1 B 16", "DATA 2 s1.1 - 1160", "DATA 3 s1.1 IE 824");
    z.gets("SACK 3");
  }

  @Test
  void aRestOf12BytesIsNotWorthAFragment() {
    z.user(1, 1132).user(1, 2000);

    z.sends("DATA 0 s1.0 BE 1132", "DATA 1 s1.1 B 1160", "DATA 2 s1.1 IE 840").gets("SACK 2");
  }

  @Test
  void theEndOfALongMessageSharesItsPacketWithTheNext() {
    z.user(1, 1500).user(1, 30);

    z.sends("DATA 0 s1.0 B 1160", "DATA 1 s1.0 E 340 + DATA 2 s1.1 IBE 30").gets("SACK 2");
  }

  @Test
  void theAnswerToAHeartbeatGoesBeforeTheData() {
    z.user(1, 30).gets("HEARTBEAT 3").sends("HEARTBEATACK 3 + DATA 0 s1.0 IBE 30");

    z.gets("SACK 0");
  }

  @Test
  void aResponseAndASackGoBeforeTheData() {
    z.user(1, 30);

    z.gets("DATA 0 s2.0 BE 4 + WANTRESET 0 s9");
    z.sends("RESPONSE 0 0 + SACK 0 + DATA 0 s1.0 IBE 30").delivers("s2: 0x4").gets("SACK 0");
  }

  // --- numbers ---

  @Test
  void eachStreamCountsForItself() {
    z.user(1, 4).user(65534, 4).user(1, 4).user(0, 4);

    assertThat(z.takeSent())
        .containsExactly(
            "DATA 0 s1.0 BE 4 + DATA 1 s65534.0 BE 4 + DATA 2 s0.0 BE 4 + DATA 3 s1.1 IBE 4");
    z.gets("SACK 3");
  }

  @Test
  void unorderedMessagesTakeNoNumbersFromOrderedOnes() {
    z.user(1, 4).sends("DATA 0 s1.0 IBE 4");
    z.user(1, 4, SendOptions.RELIABLE_UNORDERED).sends("DATA 1 s1.0 IUBE 4");
    z.user(1, 4, SendOptions.RELIABLE_UNORDERED).takeSent();

    z.user(1, 4).sends("DATA 3 s1.1 IBE 4").gets("SACK 3");
  }

  @Test
  void theSsnWrapsFrom65535To0() {
    int acked = -1;
    var lastSsns = new ArrayList<String>();
    for (int sent = 0; sent < 65_538; ) {
      for (int i = 0; i < 50 && sent < 65_538; i++) {
        z.user(1, 1);
        sent++;
      }
      for (String packet : z.takeSent()) {
        for (String chunk : packet.split(" \\+ ", -1)) {
          acked++;
          assertThat(chunk).startsWith("DATA " + acked + " s1." + (acked & 0xffff) + " ");
          if (acked >= 65_535) {
            lastSsns.add(chunk.split(" ", -1)[2]);
          }
        }
      }
      z.gets("SACK " + acked);
    }
    assertThat(lastSsns).containsExactly("s1.65535", "s1.0", "s1.1");
  }

  @Test
  void theLastOfWhatWaitsAsksForASackAndLaterDataAsksAnew() {
    z.user(1, 4).user(1, 4).sends("DATA 0 s1.0 BE 4 + DATA 1 s1.1 IBE 4");

    z.user(1, 4).sends("DATA 2 s1.2 IBE 4").gets("SACK 2");
  }

  @Test
  void aMessageBehindTheWindowIsNotTheLast() {
    Dialogue one = open(setup().options(o -> o.initialWindowPackets(1)));
    one.user(1, 1160).user(1, 1160).sends("DATA 0 s1.0 BE 1160");

    one.gets("SACK 0").sends("DATA 1 s1.1 IBE 1160").gets("SACK 1");
  }

  @Test
  void streamsThatThePeerDoesNotTakeAreRefused() {
    Dialogue few = open(setup().peerStreams(4));
    assertThat(few.offer(4, 10, SendOptions.RELIABLE_ORDERED)).isEqualTo(SendResult.UNKNOWN_STREAM);

    few.user(3, 10).sends("DATA 0 s3.0 IBE 10").gets("SACK 0");
  }

  @Test
  void aMessageWithoutBytesIsRefusedAndTakesNoNumber() {
    assertThat(z.offer(1, 0, SendOptions.RELIABLE_ORDERED)).isEqualTo(SendResult.EMPTY);

    z.user(1, 11).sends("DATA 0 s1.0 IBE 11").gets("SACK 0");
  }

  // --- the peer's window ---

  private Dialogue narrow() {
    return open(setup().peerWindow(1500));
  }

  @Test
  void onlyWhatFitsThePeersWindowIsInFlight() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 1160).sends("DATA 0 s1.0 BE 1160");

    w.gets("SACK 0 rwnd 1500").sends("DATA 1 s1.1 IBE 1160").gets("SACK 1");
  }

  @Test
  void theClosedWindowIsProbedWithOneChunk() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 1160).user(1, 1160).sends("DATA 0 s1.0 BE 1160");

    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 BE 1160");

    w.gets("SACK 1 rwnd 10000").sends("DATA 2 s1.2 IBE 1160").gets("SACK 2");
  }

  @Test
  void aProbeThatIsTakenWhileTheWindowStaysClosedIsFollowedByTheNext() {
    Dialogue w = narrow();
    w.user(1, 900).user(1, 901).user(1, 902).sends("DATA 0 s1.0 BE 900");

    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 BE 901");
    w.gets("SACK 1 rwnd 0").sends("DATA 2 s1.2 IBE 902").gets("SACK 2");
  }

  @Test
  void aRefusedProbeIsRepeatedByTimerAndBacksOff() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 310).sends("DATA 0 s1.0 BE 1160");
    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 IBE 310").gets("SACK 0 rwnd 0");

    long before = w.millis();
    w.fire().sends("DATA 1 s1.1 IBE 310").gets("SACK 0 rwnd 0");
    long first = w.millis() - before;
    before = w.millis();
    w.fire().sends("DATA 1 s1.1 IBE 310").gets("SACK 0 rwnd 0");
    assertThat(w.millis() - before).isEqualTo(2 * first);
    w.gets("SACK 1");
  }

  @Test
  void theAnswerToTheProbeMakesUpForALostWindowUpdate() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 700).user(1, 700).sends("DATA 0 s1.0 BE 1160");
    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 BE 700").gets("SACK 0 rwnd 0");

    // The SACK that told of room was lost; the next probe is taken and its SACK tells again.
    w.fire().sends("DATA 1 s1.1 BE 700").gets("SACK 1 rwnd 9000").sends("DATA 2 s1.2 IBE 700");
    w.gets("SACK 2");
  }

  @Test
  void theWindowUpdateReleasesTheProbeWithoutItsTimer() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 600).user(1, 600).sends("DATA 0 s1.0 BE 1160");
    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 BE 600").gets("SACK 0 rwnd 0").passes(20);

    w.gets("SACK 0 rwnd 9000").sends("DATA 1 s1.1 BE 600", "DATA 2 s1.2 IBE 600").gets("SACK 2");
  }

  @Test
  void aPeerThatStaysClosedButAnswersIsNotGivenUp() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 312).sends("DATA 0 s1.0 BE 1160");
    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 IBE 312");
    for (int i = 0; i < 25; i++) {
      w.gets("SACK 0 rwnd 0").nextSending().sends("DATA 1 s1.1 IBE 312");
    }

    assertThat(w.statistics().cwndBytes()).isGreaterThanOrEqualTo(10 * 1176);
    w.gets("SACK 1");
  }

  @Test
  void aClosedPeerThatFallsSilentIsGivenUp() {
    Dialogue w = narrow();
    w.user(1, 1160).user(1, 309).sends("DATA 0 s1.0 BE 1160");
    w.gets("SACK 0 rwnd 0").sends("DATA 1 s1.1 IBE 309").gets("SACK 0 rwnd 0");
    while (w.association().state() == dev.tautline.sctp.AssociationPhase.ESTABLISHED) {
      w.fire();
    }

    // The first expiration is forgiven, as the peer had answered; ten more, and the last ends it.
    assertThat(w.takeSent()).hasSize(12).last().isEqualTo("ABORT 13");
    w.hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED);
  }

  @Test
  void aWindowThatShrinksBelowTheFlightStopsNewDataOnly() {
    for (int i = 0; i < 5; i++) {
      z.user(1, 1160);
    }
    z.sends(
        "DATA 0 s1.0 BE 1160",
        "DATA 1 s1.1 BE 1160",
        "DATA 2 s1.2 BE 1160",
        "DATA 3 s1.3 BE 1160",
        "DATA 4 s1.4 IBE 1160");
    z.gets("SACK 0 rwnd 2000").user(1, 50).sendsNothing();

    // What was sent is sent again whatever the window: the peer's space for it was promised.
    z.fire().sends("DATA 1 s1.1 BE 1160");
    z.gets("SACK 4 rwnd 2000").sends("DATA 5 s1.5 IBE 50").gets("SACK 5");
  }

  @Test
  void aWindowOfOneByteTakesOneChunkAtATime() {
    Dialogue w = narrow();
    w.user(1, 500).user(1, 501).user(1, 502);
    w.sends("DATA 0 s1.0 BE 500 + DATA 1 s1.1 BE 501");

    w.gets("SACK 1 rwnd 1").sends("DATA 2 s1.2 IBE 502").gets("SACK 2");
  }

  @Test
  void packetsLostBehindAClosedWindowComeAgainOneByOne() {
    Dialogue w = open();
    w.user(1, 1160).user(1, 1160).user(1, 1160);
    w.sends("DATA 0 s1.0 BE 1160", "DATA 1 s1.1 BE 1160", "DATA 2 s1.2 IBE 1160");
    w.gets("SACK 0 rwnd 0");
    w.fire().sends("DATA 1 s1.1 BE 1160");

    List<String> rest = w.gets("SACK 1 rwnd 0").takeSent();
    assertThat(rest).containsExactly("DATA 2 s1.2 IBE 1160");
    w.gets("SACK 2");
  }
}
