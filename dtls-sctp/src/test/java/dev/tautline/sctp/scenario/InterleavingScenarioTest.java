package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.packet.ErrorCause;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 8260: I-DATA, I-FORWARD-TSN and the schedulers. */
class InterleavingScenarioTest extends Dialogues {
  private static final SendOptions ONCE =
      new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));

  private final Dialogue z = open(setup().interleaving());

  // --- agreement ---

  @Test
  void iDataIsUsedWhenBothListBothChunks() {
    z.user(1, 20).sends("IDATA 0 s1.0 IBE 20").gets("SACK 0");
  }

  @Test
  void withoutIForwardTsnOfThePeerDataIsUsed() {
    Dialogue half = open(setup().options(o -> o.interleaving(true)).peerLists(0x82, 0xc0, 0x40));

    half.user(1, 21).sends("DATA 0 s1.0 IBE 21").gets("SACK 0", "DATA 0 s1.0 BE 5");
    half.delivers("s1: 0x5").timer(200).sends("SACK 0");
  }

  @Test
  void withoutIDataOfThePeerDataIsUsed() {
    Dialogue half = open(setup().options(o -> o.interleaving(true)).peerLists(0x82, 0xc0, 0xc2));

    half.user(1, 22).sends("DATA 0 s1.0 IBE 22").gets("SACK 0");
  }

  @Test
  void whatOnlyThePeerListsIsNotUsed() {
    Dialogue off = open(setup().peerLists(0x82, 0xc0, 0x40, 0xc2));

    off.user(1, 23).sends("DATA 0 s1.0 IBE 23").gets("SACK 0");
  }

  @Test
  void iDataThatWasNotAgreedOnIsAViolation() {
    Dialogue off = open(setup().peerLists(0x82, 0xc0, 0x40, 0xc2));

    off.gets("IDATA 0 s1.0 BE 5").sends("ABORT 13");
    off.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL).deliversNothing();
  }

  @Test
  void dataBehindIDataIsAViolation() {
    z.gets("IDATA 0 s1.0 BE 5 + DATA 1 s1.1 BE 5").delivers("s1: 0x5").sends("ABORT 13");

    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  // --- receiving ---

  @Test
  void everyPermutationOfFiveFragmentsMakesTheMessage() {
    String[] flags = {"B", "-", "-", "-", "E"};
    int first = 0;
    for (List<Integer> order : ReassemblyScenarioTest.permutations(5)) {
      int mid = first / 5;
      var parts = new ArrayList<String>();
      for (int i : order) {
        z.deliversNothing();
        z.gets(
            "IDATA "
                + (first + i)
                + " s1."
                + mid
                + " "
                + flags[i]
                + " 4"
                + (i == 0 ? "" : " fsn " + i));
      }
      for (int i = 0; i < 5; i++) {
        parts.add((byte) (first + i) + "x4");
      }
      z.delivers("s1: " + String.join(",", parts));
      first += 5;
    }
    assertThat(z.takeSent()).last().isEqualTo("SACK 599");
  }

  @Test
  void messagesOfThreeStreamsComeMixed() {
    z.getsTogether(
        "IDATA 0 s1.0 B 4",
        "IDATA 1 s2.0 B 4",
        "IDATA 2 s3.0 B 4",
        "IDATA 3 s2.0 E 4 fsn 1",
        "IDATA 4 s1.0 - 4 fsn 1",
        "IDATA 5 s3.0 E 4 fsn 1",
        "IDATA 6 s1.0 E 4 fsn 2");

    z.sends("SACK 6").delivers("s2: 1x4,3x4", "s3: 2x4,5x4", "s1: 0x4,4x4,6x4");
  }

  @Test
  void fragmentsOfTwoMessagesOfOneStreamMayMixAndKeepTheirOrder() {
    z.getsTogether(
        "IDATA 0 s1.1 B 4", "IDATA 1 s1.0 B 4", "IDATA 2 s1.1 E 4 fsn 1", "IDATA 3 s1.0 E 4 fsn 1");

    z.sends("SACK 3").delivers("s1: 1x4,3x4", "s1: 0x4,2x4");
  }

  @Test
  void orderedAndUnorderedMessagesCountApart() {
    z.getsTogether(
        "IDATA 0 s1.0 B 4",
        "IDATA 1 s1.0 UB 4",
        "IDATA 2 s1.0 E 4 fsn 1",
        "IDATA 3 s1.0 UE 4 fsn 1");

    z.sends("SACK 3").delivers("s1: 0x4,2x4", "s1: 1x4,3x4");
  }

  @Test
  void unorderedMessagesNeedNoOrderOfTheirIdentifiers() {
    z.getsTogether("IDATA 0 s1.9 UBE 4", "IDATA 1 s1.3 UBE 5", "IDATA 2 s1.4000000000 UBE 6");

    z.sends("SACK 2").delivers("s1: 0x4", "s1: 1x5", "s1: 2x6");
  }

  @Test
  void thePpidOfTheFirstFragmentCountsWhenItComesLast() {
    z.getsTogether("IDATA 2 s1.0 E 4 fsn 2", "IDATA 1 s1.0 - 4 fsn 1", "IDATA 0 s1.0 B 4 ppid 51");

    z.sends("SACK 2").delivers("s1 ppid 51: 0x4,1x4,2x4");
  }

  @Test
  void theMessageIdentifierWraps() {
    z.gets("IFORWARD 0 s1.2147483647", "IFORWARD 1 s1.4294967294").sends("SACK 0", "SACK 1");
    z.getsTogether("IDATA 3 s1.0 BE 4", "IDATA 2 s1.4294967295 BE 5", "IDATA 4 s1.1 BE 6");

    z.sends("SACK 4").delivers("s1: 2x5", "s1: 3x4", "s1: 4x6");
  }

  @Test
  void fragmentsAcrossTheWrapOfTheMessageIdentifierAreKeptApart() {
    z.gets("IFORWARD 0 s1.2147483647", "IFORWARD 1 s1.4294967294").sends("SACK 0", "SACK 1");
    z.getsTogether(
        "IDATA 2 s1.4294967295 B 4",
        "IDATA 3 s1.0 B 4",
        "IDATA 4 s1.0 E 4 fsn 1",
        "IDATA 5 s1.4294967295 E 4 fsn 1");

    z.sends("SACK 5").delivers("s1: 2x4,5x4", "s1: 3x4,4x4");
  }

  @Test
  void aFragmentBehindTheLastIsAViolation() {
    z.gets("IDATA 1 s1.0 E 4 fsn 1", "IDATA 2 s1.0 - 4 fsn 2").sends("SACK -1 gaps 2", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aSecondLastFragmentIsAViolation() {
    z.gets("IDATA 2 s1.0 E 4 fsn 2", "IDATA 1 s1.0 E 4 fsn 1").sends("SACK -1 gaps 3", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aFragmentNumberThatWaitsAlreadyIsAViolation() {
    z.gets("IDATA 2 s1.0 - 4 fsn 2", "IDATA 3 s1.0 - 4 fsn 2");

    z.sends("SACK -1 gaps 3", "ABORT 13").drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aMiddleFragmentWithTheNumberZeroIsAViolation() {
    z.gets("IDATA 0 s1.0 - 4 fsn 0").sends("ABORT 13").drops(DropReason.INCONSISTENT_DATA, 1);

    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aWholeMessageInsideItsOwnFragmentsIsAViolation() {
    z.gets("IDATA 0 s1.0 B 4", "IDATA 1 s1.0 BE 5").sends("ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void anIdentifierThatWasDeliveredIsAcknowledgedAndDropped() {
    z.gets("IDATA 0 s1.0 BE 4", "IDATA 1 s1.0 B 5").sends("SACK 1").delivers("s1: 0x4");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
  }

  @Test
  void anIDataOnAStreamThatDoesNotExistIsReported() {
    Dialogue few = open(setup().interleaving().options(o -> o.incomingStreams(4)));
    few.gets("IDATA 0 s4.0 BE 4").sends("ERROR 1 00040000").drops(DropReason.INVALID_STREAM, 1);

    few.timer(200).sends("SACK 0");
  }

  // --- I-FORWARD-TSN ---

  @Test
  void skippingUnorderedMessagesKeepsOrderedOnes() {
    z.getsTogether("IDATA 0 s1.0 B 4", "IDATA 1 s1.0 UB 4").sends("SACK 1").deliversNothing();
    z.gets("IFORWARD 2 s1.0u").sends("SACK 2");

    z.gets("IDATA 3 s1.0 E 4 fsn 1").delivers("s1: 0x4,3x4").timer(200).sends("SACK 3");
  }

  @Test
  void skippingOrderedMessagesKeepsUnorderedOnes() {
    z.getsTogether("IDATA 0 s1.0 B 4", "IDATA 1 s1.0 UB 4", "IDATA 2 s1.1 BE 4").sends("SACK 2");
    z.gets("IFORWARD 3 s1.0").sends("SACK 3").delivers("s1: 2x4");

    z.gets("IDATA 4 s1.0 UE 4 fsn 1").delivers("s1: 1x4,4x4").timer(200).sends("SACK 4");
  }

  @Test
  void aMessageThatIsNotNamedSurvivesTheSkippedTsns() {
    // Other than with DATA, its fragments need not stand in a row.
    z.gets("IDATA 0 s1.0 B 4", "IFORWARD 5 s2.0").sends("SACK 5");

    z.gets("IDATA 6 s1.0 E 4 fsn 1").delivers("s1: 0x4,6x4").timer(200).sends("SACK 6");
  }

  @Test
  void skippingReleasesWhatWaitsOnEachStream() {
    z.getsTogether("IDATA 2 s1.1 BE 4", "IDATA 3 s2.2 BE 5", "IDATA 4 s3.1 BE 6");
    z.sends("SACK -1 gaps 3-5");

    z.gets("IFORWARD 1 s2.1 s1.0").sends("SACK 4").delivers("s2: 3x5", "s1: 2x4");
    z.keepsReceivedData();
  }

  @Test
  void anOldIForwardTsnSkipsNothing() {
    z.gets("IDATA 0 s1.0 BE 4").delivers("s1: 0x4");
    z.gets("IFORWARD 0 s1.7").sends("SACK 0").drops(DropReason.OLD_FORWARD_TSN, 1);

    z.gets("IDATA 1 s1.1 BE 5").delivers("s1: 1x5").timer(200).sends("SACK 1");
  }

  @Test
  void aReliableMessageStopsTheSkippingOfTheOneItIsMixedWith() {
    z.user(1, 2312, ONCE).user(2, 2312);
    z.sends(
        "IDATA 0 s1.0 B 1156",
        "IDATA 1 s2.0 B 1156",
        "IDATA 2 s1.0 E 1156 fsn 1",
        "IDATA 3 s2.0 IE 1156 fsn 1");

    z.timer(500).sends("IFORWARD 0 s1.0", "IDATA 1 s2.0 B 1156");
    z.passes(50).gets("SACK 1").sends("IFORWARD 2 s1.0", "IDATA 3 s2.0 IE 1156 fsn 1");
    // One TSN that was never sent ends the message, should the peer have kept a piece of it.
    z.gets("SACK 3").sends("IFORWARD 4 s1.0").gets("SACK 4");
  }

  @Test
  void bothOrdersOfAStreamAreNamed() {
    z.user(1, 9, ONCE);
    z.user(1, 10, new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0)));
    z.user(1, 11, ONCE).sends("IDATA 0 s1.0 BE 9 + IDATA 1 s1.0 UBE 10 + IDATA 2 s1.1 IBE 11");

    z.timer(500).sends("IFORWARD 2 s1.1 s1.0u").gets("SACK 2");
  }

  // --- sending ---

  @Test
  void aMessageThatFillsThePacketIsOneIData() {
    z.user(1, 1156).sends("IDATA 0 s1.0 IBE 1156").gets("SACK 0");
  }

  @Test
  void oneByteMoreMakesTwoIData() {
    z.user(1, 1157).sends("IDATA 0 s1.0 B 1156", "IDATA 1 s1.0 IE 1 fsn 1").gets("SACK 1");
  }

  @Test
  void threeLongMessagesTakeTurnsByFragment() {
    z.user(1, 2000).user(2, 2001).user(3, 2002);

    assertThat(streams(z.takeSent()).subList(0, 3)).containsExactly(1, 2, 3);
    z.gets("SACK 7");
  }

  @Test
  void aWeightOfTwiceGetsTwiceTheTurns() {
    Dialogue w = open(setup().interleaving().options(o -> o.initialWindowPackets(12)));
    w.association().setStreamPriority(1, 256);
    w.association().setStreamPriority(2, 512);
    w.user(1, 100_000).user(2, 100_000);

    List<Integer> turns = streams(w.takeSent());
    assertThat(turns).hasSize(12);
    assertThat(turns.stream().filter(s -> s == 2)).hasSizeBetween(7, 9);
    w.keepsSentData();
  }

  @Test
  void aShortMessageOfLowWeightIsNotStarved() {
    Dialogue w = open(setup().interleaving().options(o -> o.initialWindowPackets(20)));
    w.association().setStreamPriority(1, 2560);
    w.user(1, 100_000).user(2, 100);

    // A hundredth of the bytes at a tenth of the weight: it has its turn within the first ten.
    assertThat(streams(w.takeSent()).subList(0, 10)).contains(2);
    w.keepsSentData();
  }

  @Test
  void retransmittedFragmentsKeepTheirNumbers() {
    z.user(1, 2312).user(3, 2312).takeSent();

    z.timer(500).sends("IDATA 0 s1.0 B 1156");
    z.passes(10).gets("SACK 0").sends("IDATA 1 s3.0 B 1156", "IDATA 2 s1.0 E 1156 fsn 1");
    z.gets("SACK 3");
  }

  private static List<Integer> streams(List<String> packets) {
    var streams = new ArrayList<Integer>();
    for (String packet : packets) {
      for (String chunk : packet.split(" \\+ ", -1)) {
        String stream = chunk.split(" ", -1)[2];
        streams.add(Integer.valueOf(stream.substring(1, stream.indexOf('.'))));
      }
    }
    return streams;
  }

  // --- resets ---

  @Test
  void messageIdentifiersStartAnewAfterOurReset() {
    z.user(3, 20).user(3, 21, SendOptions.RELIABLE_UNORDERED);
    z.sends("IDATA 0 s3.0 BE 20 + IDATA 1 s3.0 IUBE 21").gets("SACK 1").resets(3);
    z.sends("RESET 0 last 1 s3").gets("RESPONSE 0 1").tells(new OutgoingStreamsReset(List.of(3)));

    z.user(3, 22).user(3, 23, SendOptions.RELIABLE_UNORDERED);
    z.sends("IDATA 2 s3.0 BE 22 + IDATA 3 s3.0 IUBE 23").gets("SACK 3");
  }

  @Test
  void theAnswerToAResetGoesAgainInFrontOfTheFirstMessagesOfBothOrders() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1");
    z.tells(new IncomingStreamsReset(List.of(3)));
    z.user(3, 20).sends("RESPONSE 0 1 + IDATA 0 s3.0 IBE 20").gets("SACK 0");
    z.user(3, 21, SendOptions.RELIABLE_UNORDERED)
        .sends("RESPONSE 0 1 + IDATA 1 s3.0 IUBE 21")
        .gets("SACK 1");
    z.user(3, 22).user(3, 23, SendOptions.RELIABLE_UNORDERED);
    z.sends("IDATA 2 s3.1 BE 22 + IDATA 3 s3.1 IUBE 23").gets("SACK 3");
  }

  @Test
  void messageIdentifiersStartAnewAfterThePeersReset() {
    z.gets("IDATA 0 s3.0 BE 4 + IDATA 1 s3.1 B 4 + IDATA 2 s3.0 UB 4").delivers("s3: 0x4");
    z.gets("RESET 0 last 2 s3").sends("RESPONSE 0 1");
    z.tells(new IncomingStreamsReset(List.of(3)));

    z.gets("IDATA 3 s3.0 BE 4 + IDATA 4 s3.0 UBE 5").sends("SACK 4").delivers("s3: 3x4", "s3: 4x5");
  }
}
