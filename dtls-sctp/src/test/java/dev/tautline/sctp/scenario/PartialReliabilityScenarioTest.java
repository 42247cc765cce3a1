package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 3758 and RFC 7496: messages that are given up. */
class PartialReliabilityScenarioTest extends Dialogues {
  private static final SendOptions ONCE = retransmits(0);
  private static final SendOptions ONCE_UNORDERED =
      new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0));

  private final Dialogue z = open();

  private static SendOptions retransmits(int count) {
    return new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(count));
  }

  private static SendOptions lives(long millis) {
    return new SendOptions(Ordering.ORDERED, new Reliability.MaxLifetime(millis * Dialogue.MILLI));
  }

  // --- how often ---

  @Test
  void aMessageThatIsSentOnceAndAcknowledgedIsLikeAnyOther() {
    z.user(4, 20, ONCE).sends("DATA 0 s4.0 IBE 20").passes(100).gets("SACK 0");

    z.passes(5_000).sendsNothing();
    assertThat(z.statistics().forwardTsnsSent()).isZero();
  }

  @Test
  void aMessageThatMayBeSentTwiceMoreIsGivenUpTheThirdTime() {
    z.user(4, 21, retransmits(2)).sends("DATA 0 s4.0 IBE 21");
    z.timer(500).sends("DATA 0 s4.0 IBE 21").timer(1500).sends("DATA 0 s4.0 IBE 21");

    z.timer(3500).sends("FORWARD 0 s4.0").gets("SACK 0");
  }

  @Test
  void threeMissesGiveUpWhatIsSentOnce() {
    z.user(4, 1160, ONCE).user(1, 1160).user(1, 1160).user(1, 1160);
    z.sends(
        "DATA 0 s4.0 BE 1160",
        "DATA 1 s1.0 BE 1160",
        "DATA 2 s1.1 BE 1160",
        "DATA 3 s1.2 IBE 1160");

    z.gets("SACK -1 gaps 2-4").sends("FORWARD 0 s4.0").gets("SACK 3");
  }

  @Test
  void aFastRetransmissionIsOneOfTheAllowed() {
    z.user(4, 1160, retransmits(1)).user(1, 1160).user(1, 1160).user(1, 1160).takeSent();

    z.passes(10).gets("SACK -1 gaps 2-4").sends("DATA 0 s4.0 BE 1160");
    z.timer(410).sends("FORWARD 0 s4.0").gets("SACK 3");
  }

  @Test
  void theLossOfOneFragmentGivesUpTheWholeMessage() {
    z.user(4, 3480, ONCE);
    z.sends("DATA 0 s4.0 B 1160", "DATA 1 s4.0 - 1160", "DATA 2 s4.0 IE 1160");

    z.gets("SACK 0 gaps 2").nextSending().sends("FORWARD 2 s4.0");
    assertThat(z.statistics().heldSendBytes()).isPositive();
    z.gets("SACK 2");
  }

  @Test
  void eachFragmentCountsItsOwnRetransmissions() {
    z.user(4, 2320, retransmits(1)).sends("DATA 0 s4.0 B 1160", "DATA 1 s4.0 IE 1160");
    z.timer(500).sends("DATA 0 s4.0 B 1160").passes(100).gets("SACK 0");
    z.sends("DATA 1 s4.0 IE 1160");

    // The second fragment's one retransmission is lost.
    z.nextSending().sends("FORWARD 1 s4.0").gets("SACK 1");
  }

  @Test
  void theUnsentRestOfAMessageGoesWithItAndTheNextMessageFollows() {
    z.user(4, 20_000, ONCE).user(4, 30);
    assertThat(z.takeSent()).hasSize(10);

    z.timer(500).sends("FORWARD 10 s4.0 + DATA 11 s4.1 IBE 30").gets("SACK 11");
  }

  // --- how long ---

  @Test
  void aMessageWhoseLifeEndsInTheQueueTakesNoNumber() {
    Dialogue one = open(setup().options(o -> o.initialWindowPackets(1)));
    one.user(4, 1160).user(4, 31, lives(100)).user(4, 32).sends("DATA 0 s4.0 BE 1160");

    one.passes(150).gets("SACK 0").sends("DATA 1 s4.1 IBE 32").gets("SACK 1");
  }

  @Test
  void aMessageWhoseLifeEndsInFlightIsNotSentAgain() {
    z.user(4, 22, lives(499)).sends("DATA 0 s4.0 IBE 22");

    z.timer(500).sends("FORWARD 0 s4.0").gets("SACK 0");
  }

  @Test
  void aMessageWhoseLifeEndedIsAcknowledgedLikeAnyOther() {
    z.user(4, 23, lives(100)).sends("DATA 0 s4.0 IBE 23").passes(300).gets("SACK 0");

    z.passes(5_000).sendsNothing();
  }

  @Test
  void aMessageIsSentAgainAsLongAsItLives() {
    z.user(4, 24, lives(4_000)).sends("DATA 0 s4.0 IBE 24").timer(500).sends("DATA 0 s4.0 IBE 24");
    z.timer(1500).sends("DATA 0 s4.0 IBE 24").timer(3500).sends("DATA 0 s4.0 IBE 24");

    z.timer(7500).sends("FORWARD 0 s4.0").gets("SACK 0");
  }

  @Test
  void aLifetimeOfZeroIsLongEnoughToLeaveAtOnce() {
    z.user(4, 25, lives(0)).sends("DATA 0 s4.0 IBE 25");

    z.timer(500).sends("FORWARD 0 s4.0").gets("SACK 0");
  }

  @Test
  void aHalfSentMessageWhoseLifeEndsIsGivenUpThoughAllOfItThatWasSentArrived() {
    z.user(4, 12_000, lives(100));
    assertThat(z.takeSent()).hasSize(10);

    // One TSN that was never sent stands for the rest.
    z.passes(150).gets("SACK 9").sends("FORWARD 10 s4.0").gets("SACK 10");
    z.user(4, 33).sends("DATA 11 s4.1 IBE 33").gets("SACK 11");
  }

  @Test
  void lifetimesGoOnWhileThereIsNoPath() {
    z.association().suspend(z.nanos());
    z.user(4, 26, lives(1_000)).user(4, 27).passes(2_000);
    z.association().resume(z.nanos());

    z.sends("DATA 0 s4.0 IBE 27").gets("SACK 0");
  }

  // --- FORWARD-TSN ---

  @Test
  void unorderedMessagesAreSkippedWithoutAStream() {
    z.user(4, 20, ONCE_UNORDERED).user(4, 21, ONCE);
    z.sends("DATA 0 s4.0 UBE 20 + DATA 1 s4.0 IBE 21");

    z.timer(500).sends("FORWARD 1 s4.0").gets("SACK 1");
  }

  @Test
  void eachStreamIsNamedOnceWithItsLastNumber() {
    z.user(4, 9, ONCE).user(7, 9, ONCE).user(4, 9, ONCE).user(9, 9, ONCE_UNORDERED).takeSent();

    z.timer(500).sends("FORWARD 3 s4.1 s7.0").gets("SACK 3");
  }

  @Test
  void forwardTsnStopsBeforeAReliableMessageAndGoesOnBehindIt() {
    z.user(4, 1160, ONCE).user(5, 1160).user(6, 1160, ONCE);
    z.sends("DATA 0 s4.0 BE 1160", "DATA 1 s5.0 BE 1160", "DATA 2 s6.0 IBE 1160");

    z.timer(500).sends("FORWARD 0 s4.0", "DATA 1 s5.0 BE 1160");
    z.passes(50).gets("SACK 1").sends("FORWARD 2 s6.0").gets("SACK 2");
  }

  @Test
  void aLostForwardTsnIsRepeatedWithBackOff() {
    z.user(4, 28, ONCE).sends("DATA 0 s4.0 IBE 28").timer(500).sends("FORWARD 0 s4.0");

    z.timer(1500).sends("FORWARD 0 s4.0").timer(3500).sends("FORWARD 0 s4.0").gets("SACK 0");
    assertThat(z.statistics().forwardTsnsSent()).isEqualTo(3);
  }

  @Test
  void aForwardTsnThatIsNeverAcknowledgedEndsTheAssociation() {
    z.user(4, 29, ONCE).sends("DATA 0 s4.0 IBE 29");
    while (z.association().state() == AssociationPhase.ESTABLISHED) {
      z.fire();
    }

    List<String> sent = z.takeSent();
    assertThat(sent).hasSize(11).endsWith("ABORT 13").startsWith("FORWARD 0 s4.0");
    z.hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED);
  }

  @Test
  void forwardTsnRidesWithNewData() {
    z.user(4, 30, ONCE).sends("DATA 0 s4.0 IBE 30").passes(100).user(4, 31);
    z.sends("DATA 1 s4.1 IBE 31");

    z.timer(500).sends("FORWARD 0 s4.0 + DATA 1 s4.1 IBE 31").gets("SACK 1");
  }

  @Test
  void aSackBelowTheSkippedPointBringsForwardTsnAgain() {
    z.user(4, 1160, ONCE).user(4, 1160, ONCE).user(4, 1160, ONCE).takeSent();
    z.passes(100).gets("SACK 0").nextSending().sends("FORWARD 2 s4.2");

    // Lost; a SACK a round trip later shows it.
    z.passes(200).gets("SACK 0").sends("FORWARD 2 s4.2").gets("SACK 2");
  }

  @Test
  void forwardTsnWraps() {
    Dialogue wrap = open(setup().ownTsn(-1));
    wrap.user(4, 20, ONCE).user(4, 21, ONCE).sends("DATA 0 s4.0 BE 20 + DATA 1 s4.1 IBE 21");

    wrap.timer(500).sends("FORWARD 1 s4.1").gets("SACK 1");
  }

  @Test
  void moreStreamsThanFitOneForwardTsnTakeTwo() {
    for (int stream = 0; stream < 300; stream++) {
      z.user(stream, 1, ONCE);
    }
    assertThat(z.takeSent()).hasSize(6);
    z.fire();

    List<String> first = z.takeSent();
    assertThat(first).hasSize(1);
    assertThat(first.get(0)).startsWith("FORWARD 291 s0.0 s1.0 ").endsWith(" s291.0");
    z.passes(20).gets("SACK 291");
    z.sends("FORWARD 299 s292.0 s293.0 s294.0 s295.0 s296.0 s297.0 s298.0 s299.0");
    z.gets("SACK 299");
  }

  @Test
  void forwardTsnWaitsForAPacketWithRoomForAStream() {
    z.user(4, 34, ONCE).sends("DATA 0 s4.0 IBE 34").passes(490);
    for (int i = 0; i < 64; i++) {
      z.getsUnanswered("HEARTBEAT 5");
    }
    String[] messages = new String[96];
    for (int i = 0; i < 96; i++) {
      z.getsUnanswered("DATA " + (2 * i + 1) + " s1.0 UBE 1");
      messages[i] = "s1: " + (byte) (2 * i + 1) + "x1";
    }

    // 64 answers and a SACK of 96 gaps leave 8 bytes of the packet.
    List<String> sent = z.timer(500).takeSent();
    assertThat(sent).hasSize(2);
    assertThat(sent.get(0)).startsWith("HEARTBEATACK 5").endsWith(",192");
    assertThat(sent.get(1)).isEqualTo("FORWARD 0 s4.0");
    z.delivers(messages).gets("SACK 0");
  }

  @Test
  void withoutThePeersSupportAllIsReliable() {
    Dialogue old = open(setup().peerLists(0x82));
    old.user(4, 20, ONCE).user(4, 21, lives(10)).sends("DATA 0 s4.0 BE 20 + DATA 1 s4.1 IBE 21");

    old.timer(500).sends("DATA 0 s4.0 BE 20 + DATA 1 s4.1 IBE 21").gets("SACK 1");
  }

  @Test
  void aPeerThatSendsForwardTsnTakesIt() {
    Dialogue old = open(setup().peerLists(0x82));
    old.gets("FORWARD 0 s1.0").sends("SACK 0");

    old.user(4, 22, ONCE).sends("DATA 0 s4.0 IBE 22").timer(500).sends("FORWARD 0 s4.0");
    old.gets("SACK 0");
  }

  @Test
  void withoutOurSupportForwardTsnIsReportedAsUnknown() {
    Dialogue old = open(setup().options(o -> o.partialReliability(false)));
    old.gets("FORWARD 0 + DATA 0 s1.0 BE 5").sends("ERROR 6 c0000008000003e8");

    old.delivers("s1: 0x5").timer(200).sends("SACK 0");
  }

  // --- the peer gives up ---

  @Test
  void aLateOriginalOfASkippedMessageIsADuplicate() {
    z.gets("FORWARD 0 s4.0").sends("SACK 0");

    z.gets("DATA 0 s4.0 BE 5").sends("SACK 0 dups 0").deliversNothing();
  }

  @Test
  void aForwardTsnThatComesTwiceIsAcknowledgedTwice() {
    z.gets("DATA 1 s4.1 BE 5").sends("SACK -1 gaps 2");
    z.gets("FORWARD 0 s4.0").sends("SACK 1").delivers("s4: 1x5");

    z.gets("FORWARD 0 s4.0").sends("SACK 1").drops(DropReason.OLD_FORWARD_TSN, 1);
  }

  @Test
  void forwardTsnAndDataOfOnePacket() {
    z.gets("FORWARD 0 s4.0 + DATA 1 s4.1 BE 5").sends("SACK 1").delivers("s4: 1x5");
  }

  @Test
  void forwardTsnReleasesWhatWaitsOnSeveralStreams() {
    z.getsTogether("DATA 3 s4.1 BE 5", "DATA 4 s5.1 BE 6", "DATA 5 s6.1 BE 7");
    z.sends("SACK -1 gaps 4-6").deliversNothing();

    z.gets("FORWARD 2 s6.0 s4.0").sends("SACK 5").delivers("s6: 5x7", "s4: 3x5");
    z.keepsReceivedData();
  }

  @Test
  void theFarthestForwardTsnIsObeyedAndTheNextIsNot() {
    z.gets("FORWARD 65535").sends("SACK -1").drops(DropReason.TSN_OUTSIDE_WINDOW, 1);

    z.gets("FORWARD 65534").sends("SACK 65534");
  }

  @Test
  void aForwardTsnFromBehindIsOld() {
    z.gets("FORWARD -5 s1.9").sends("SACK -1").drops(DropReason.OLD_FORWARD_TSN, 1);

    z.gets("DATA 0 s1.0 BE 5").timer(200).sends("SACK 0").delivers("s1: 0x5");
  }

  @Test
  void forwardTsnOfThePeerWraps() {
    Dialogue wrap = open(setup().peerTsn(-2));
    wrap.gets("DATA 3 s4.3 BE 5").sends("SACK -1 gaps 4");

    wrap.gets("FORWARD 1 s4.1", "FORWARD 2 s4.2").sends("SACK 1 gaps 2", "SACK 3");
    wrap.delivers("s4: 3x5");
  }

  @Test
  void aMessageCutOffInItsMiddleIsDroppedAndTheNextDelivered() {
    z.getsTogether("DATA 0 s4.0 B 100", "DATA 1 s4.0 - 100", "DATA 4 s4.1 B 5", "DATA 5 s4.1 E 6");
    z.sends("SACK 1 gaps 3-4").deliversNothing();

    z.gets("FORWARD 3 s4.0").sends("SACK 5").delivers("s4: 4x5,5x6");
  }

  @Test
  void unorderedFragmentsAreDroppedWithoutAStreamBeingNamed() {
    z.gets("DATA 0 s4.0 UB 100 + DATA 1 s4.0 U 100").deliversNothing();

    z.gets("FORWARD 2").sends("SACK 2");
    z.gets("DATA 3 s4.0 BE 5").delivers("s4: 3x5").timer(200).sends("SACK 3");
  }

  @Test
  void aStreamNamedTwiceIsSkippedToTheLaterNumber() {
    z.gets("DATA 3 s4.3 BE 5").sends("SACK -1 gaps 4");

    z.gets("FORWARD 2 s4.0 s4.2").sends("SACK 3").delivers("s4: 3x5");
  }

  @Test
  void skippingIntoTheFutureOfAStreamMakesItsPastSuperfluous() {
    z.gets("FORWARD 0 s4.5").sends("SACK 0");
    z.gets("DATA 1 s4.5 BE 5 + DATA 2 s4.6 BE 6").delivers("s4: 2x6");

    z.drops(DropReason.INCONSISTENT_DATA, 1).timer(200).sends("SACK 2");
  }

  @Test
  void forwardTsnForAStreamThatDoesNotExistOnlyMovesTheTsn() {
    Dialogue few = open(setup().options(o -> o.incomingStreams(4)));

    few.gets("FORWARD 0 s9.0").sends("SACK 0");
  }

  @Test
  void manyGapsAreSwallowedByOneForwardTsn() {
    var packets = new ArrayList<String>();
    for (int i = 1; i < 20; i += 2) {
      packets.add("DATA " + i + " s1.0 UBE 1");
    }
    z.getsTogether(packets.toArray(String[]::new));
    z.sends("SACK -1 gaps 2,4,6,8,10,12,14,16,18,20");
    String[] messages = new String[10];
    for (int i = 0; i < 10; i++) {
      messages[i] = "s1: " + (2 * i + 1) + "x1";
    }
    z.delivers(messages);

    z.gets("FORWARD 10").sends("SACK 11 gaps 2,4,6,8").gets("FORWARD 18").sends("SACK 19");
  }
}
