package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.packet.ErrorCause;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 6.5, 6.6 and 6.9: streams, order, fragments. */
class ReassemblyScenarioTest extends Dialogues {
  private final Dialogue z = open();

  static List<List<Integer>> permutations(int n) {
    var all = new ArrayList<List<Integer>>();
    permute(new ArrayList<>(), n, all);
    return all;
  }

  private static void permute(List<Integer> begun, int n, List<List<Integer>> all) {
    if (begun.size() == n) {
      all.add(List.copyOf(begun));
      return;
    }
    for (int i = 0; i < n; i++) {
      if (!begun.contains(i)) {
        begun.add(i);
        permute(begun, n, all);
        begun.remove((Integer) i);
      }
    }
  }

  // --- five fragments ---

  private void fragments(int... order) {
    String[] flags = {"B", "-", "-", "-", "E"};
    for (int i : order) {
      z.deliversNothing().gets("DATA " + i + " s1.0 " + flags[i] + " " + (10 + i));
    }
    z.delivers("s1: 0x10,1x11,2x12,3x13,4x14");
  }

  @Test
  void fiveFragmentsInOrder() {
    fragments(0, 1, 2, 3, 4);

    z.sends("SACK 1", "SACK 3").timer(200).sends("SACK 4");
  }

  @Test
  void fiveFragmentsBackwards() {
    fragments(4, 3, 2, 1, 0);

    z.sends("SACK -1 gaps 5", "SACK -1 gaps 4-5", "SACK -1 gaps 3-5", "SACK -1 gaps 2-5", "SACK 4");
  }

  @Test
  void fiveFragmentsFromTheMiddleOutwards() {
    fragments(2, 1, 3, 0, 4);

    z.sends("SACK -1 gaps 3", "SACK -1 gaps 2-3", "SACK -1 gaps 2-4", "SACK 3");
    z.timer(200).sends("SACK 4");
  }

  @Test
  void fiveFragmentsFromTheEndsInwards() {
    fragments(0, 4, 1, 3, 2);

    z.sends("SACK 0 gaps 4", "SACK 1 gaps 3", "SACK 1 gaps 2-3", "SACK 4");
  }

  @Test
  void fiveFragmentsEvenOnesFirst() {
    fragments(0, 2, 4, 1, 3);

    z.sends("SACK 0 gaps 2", "SACK 0 gaps 2,4", "SACK 2 gaps 2", "SACK 4");
  }

  @Test
  void fiveFragmentsWithTheFirstLast() {
    fragments(1, 2, 3, 4, 0);

    z.sends("SACK -1 gaps 2", "SACK -1 gaps 2-3", "SACK -1 gaps 2-4", "SACK -1 gaps 2-5", "SACK 4");
  }

  @Test
  void everyPermutationOfFiveUnorderedFragmentsMakesTheMessage() {
    String[] flags = {"UB", "U", "U", "U", "UE"};
    int first = 0;
    for (List<Integer> order : permutations(5)) {
      var parts = new ArrayList<String>();
      for (int i : order) {
        z.deliversNothing().gets("DATA " + (first + i) + " s1.0 " + flags[i] + " 3");
      }
      for (int i = 0; i < 5; i++) {
        parts.add((byte) (first + i) + "x3");
      }
      z.delivers("s1: " + String.join(",", parts));
      first += 5;
    }
    assertThat(z.takeSent()).last().isEqualTo("SACK 599");
  }

  @Test
  void everyPermutationOfFiveMessagesIsDeliveredInTheOrderOfTheirStream() {
    int first = 0;
    for (List<Integer> order : permutations(5)) {
      for (int i : order) {
        z.gets("DATA " + (first + i) + " s1." + (first + i) + " BE 3");
      }
      String[] messages = new String[5];
      for (int i = 0; i < 5; i++) {
        messages[i] = "s1: " + (byte) (first + i) + "x3";
      }
      z.delivers(messages);
      first += 5;
    }
    assertThat(z.takeSent()).last().isEqualTo("SACK 599");
  }

  @Test
  void aMessageOf100FragmentsArrivesBackwardsInOneRead() {
    String[] packets = new String[100];
    for (int i = 0; i < 100; i++) {
      String flags = i == 0 ? "B" : i == 99 ? "E" : "-";
      packets[99 - i] = "DATA " + i + " s1.0 " + flags + " 1";
    }
    z.getsTogether(packets).sends("SACK 99");

    var parts = new ArrayList<String>();
    for (int i = 0; i < 100; i++) {
      parts.add(i + "x1");
    }
    z.delivers("s1: " + String.join(",", parts));
  }

  // --- several messages ---

  @Test
  void twoMessagesOfTwoStreamsCompleteIndependently() {
    z.getsTogether("DATA 0 s1.0 B 2", "DATA 3 s2.0 B 2", "DATA 1 s1.0 - 2", "DATA 4 s2.0 E 2");
    z.sends("SACK 1 gaps 2-3").delivers("s2: 3x2,4x2");

    z.gets("DATA 2 s1.0 E 2").sends("SACK 4").delivers("s1: 0x2,1x2,2x2");
  }

  @Test
  void aCompleteMessageWaitsForTheFragmentsOfTheOneBefore() {
    z.getsTogether("DATA 0 s1.0 B 2", "DATA 2 s1.0 E 2", "DATA 3 s1.1 BE 4");
    z.sends("SACK 0 gaps 2-3").deliversNothing();

    z.gets("DATA 1 s1.0 - 2").sends("SACK 3").delivers("s1: 0x2,1x2,2x2", "s1: 3x4");
  }

  @Test
  void anUnorderedMessageOvertakesAnIncompleteOne() {
    z.getsTogether("DATA 0 s1.0 B 2", "DATA 2 s1.0 UBE 4").sends("SACK 0 gaps 2");
    z.delivers("s1: 2x4");

    z.gets("DATA 1 s1.0 E 2").sends("SACK 2").delivers("s1: 0x2,1x2");
  }

  @Test
  void unorderedFragmentsAmongOrderedMessagesDisturbNoNumbers() {
    z.getsTogether("DATA 3 s1.1 BE 3", "DATA 1 s1.0 UB 3", "DATA 0 s1.0 BE 3");
    z.sends("SACK 1 gaps 2").delivers("s1: 0x3", "s1: 3x3");

    z.gets("DATA 2 s1.0 UE 3").sends("SACK 3").delivers("s1: 1x3,2x3");
  }

  @Test
  void unorderedFragmentsMayDifferInTheirSsn() {
    z.getsTogether("DATA 0 s1.5 UB 3", "DATA 1 s1.6 UE 3").sends("SACK 1");

    z.delivers("s1: 0x3,1x3");
  }

  @Test
  void streamsDoNotWaitForEachOther() {
    z.getsTogether("DATA 1 s1.1 BE 1", "DATA 2 s65534.0 BE 2", "DATA 3 s0.0 BE 3");
    z.sends("SACK -1 gaps 2-4").delivers("s65534: 2x2", "s0: 3x3");

    z.gets("DATA 0 s1.0 BE 4").sends("SACK 3").delivers("s1: 0x4", "s1: 1x1");
  }

  @Test
  void messagesOfOnePacketAreDeliveredAsTheyStandInIt() {
    z.gets("DATA 0 s2.0 BE 1 + DATA 1 s1.0 BE 2 + DATA 2 s2.1 BE 3 + DATA 3 s1.0 UBE 5");

    z.delivers("s2: 0x1", "s1: 1x2", "s2: 2x3", "s1: 3x5").timer(200).sends("SACK 3");
  }

  // --- sequence numbers ---

  @Test
  void messagesWaitAcrossTheWrapOfTheSsn() {
    // Nothing but a FORWARD-TSN brings the number there quickly.
    z.gets("FORWARD 0 s1.32767", "FORWARD 1 s1.65534").sends("SACK 0", "SACK 1");
    z.getsTogether("DATA 4 s1.1 BE 5", "DATA 3 s1.0 BE 5").sends("SACK 1 gaps 2-3");
    z.deliversNothing();

    z.gets("DATA 2 s1.65535 BE 5").sends("SACK 4").delivers("s1: 2x5", "s1: 3x5", "s1: 4x5");
  }

  @Test
  void anSsnThatWasDeliveredIsAcknowledgedAndDropped() {
    z.getsTogether("DATA 0 s1.0 BE 5", "DATA 1 s1.0 BE 6").sends("SACK 1").delivers("s1: 0x5");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.getsTogether("DATA 2 s1.1 BE 7", "DATA 3 s1.2 BE 8").sends("SACK 3");
    z.delivers("s1: 2x7", "s1: 3x8");
  }

  @Test
  void anSsnThatWaitsAlreadyIsAcknowledgedAndDropped() {
    z.getsTogether("DATA 1 s1.1 BE 5", "DATA 2 s1.1 BE 6").sends("SACK -1 gaps 2-3");
    z.drops(DropReason.INCONSISTENT_DATA, 1);

    z.gets("DATA 0 s1.0 BE 7").sends("SACK 2").delivers("s1: 0x7", "s1: 1x5");
  }

  @Test
  void anSsnHalfTheNumbersAheadIsBehind() {
    z.getsTogether("DATA 0 s1.32768 BE 5", "DATA 1 s1.32767 BE 6").sends("SACK 1");

    z.drops(DropReason.INCONSISTENT_DATA, 1).deliversNothing().keepsReceivedData();
  }

  @Test
  void fragmentsOfADeliveredSsnAreNotKept() {
    z.getsTogether("DATA 0 s1.0 BE 5", "DATA 1 s1.0 B 6", "DATA 2 s1.0 E 6").sends("SACK 2");

    z.delivers("s1: 0x5").drops(DropReason.INCONSISTENT_DATA, 2);
  }

  // --- payload protocol identifiers ---

  @Test
  void eachMessageHasItsOwnPpid() {
    z.getsTogether("DATA 0 s1.0 BE 5 ppid 50", "DATA 1 s1.1 BE 5 ppid 51", "DATA 2 s1.2 BE 5");

    z.sends("SACK 2").delivers("s1 ppid 50: 0x5", "s1 ppid 51: 1x5", "s1: 2x5");
  }

  @Test
  void theFirstFragmentsPpidCounts() {
    z.getsTogether("DATA 0 s1.0 B 5 ppid 51", "DATA 1 s1.0 E 5 ppid 57").sends("SACK 1");

    z.delivers("s1 ppid 51: 0x5,1x5");
  }

  @Test
  void theFirstFragmentsPpidCountsAlsoWhenItComesLast() {
    z.getsTogether("DATA 2 s1.0 E 5 ppid 57", "DATA 1 s1.0 - 5 ppid 56");
    z.gets("DATA 0 s1.0 B 5 ppid 51").sends("SACK -1 gaps 2-3", "SACK 2");

    z.delivers("s1 ppid 51: 0x5,1x5,2x5");
  }

  // --- violations ---

  @Test
  void aMiddleFragmentWithAnotherSsnIsAViolation() {
    z.gets("DATA 0 s1.0 B 5", "DATA 1 s1.1 E 5").sends("ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void anUnorderedFragmentInsideAnOrderedMessageIsAViolation() {
    z.gets("DATA 0 s1.0 B 5", "DATA 1 s1.0 UE 5").sends("ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aMessageThatEndsTwiceIsAViolation() {
    z.gets("DATA 1 s1.0 E 5", "DATA 2 s1.0 E 5").sends("SACK -1 gaps 2", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aBeginningBeforeTheMiddleOfAnotherStreamIsAViolation() {
    z.gets("DATA 1 s1.0 E 5", "DATA 0 s2.0 B 5").sends("SACK -1 gaps 2", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aWholeMessageBeforeAMiddleIsAViolation() {
    z.gets("DATA 1 s1.0 - 5", "DATA 0 s1.0 BE 5").sends("SACK -1 gaps 2", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1).deliversNothing();
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void aMiddleBeforeABeginningIsAViolation() {
    z.gets("DATA 1 s1.1 B 5", "DATA 0 s1.0 B 5").sends("SACK -1 gaps 2", "ABORT 13");

    z.drops(DropReason.INCONSISTENT_DATA, 1);
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void emptyDataBehindGoodDataAborts() {
    z.gets("DATA 0 s1.0 BE 5 + DATA 1 s1.1 BE 0").delivers("s1: 0x5").sends("ABORT 9");

    z.isAborted(ErrorCause.NO_USER_DATA, Origin.LOCAL);
  }

  // --- streams that do not exist ---

  @Test
  void aStreamThatDoesNotExistIsReportedAndTheRestOfThePacketTaken() {
    Dialogue few = open(setup().options(o -> o.incomingStreams(4)));
    few.gets("DATA 0 s4.0 BE 5 + DATA 1 s3.0 BE 6").sends("ERROR 1 00040000");

    few.delivers("s3: 1x6").drops(DropReason.INVALID_STREAM, 1).timer(200).sends("SACK 1");
  }

  @Test
  void eachChunkOnAStreamThatDoesNotExistIsReported() {
    Dialogue few = open(setup().options(o -> o.incomingStreams(1)));
    few.gets("DATA 0 s1.0 BE 5 + DATA 1 s65535.0 IBE 6");

    few.sends("ERROR 1 00010000 + ERROR 1 ffff0000 + SACK 1").deliversNothing();
    few.drops(DropReason.INVALID_STREAM, 2);
  }

  @Test
  void stream65535DoesNotExistAmong65535() {
    z.gets("DATA 0 s65535.0 UBE 5").sends("ERROR 1 ffff0000").timer(200).sends("SACK 0");

    z.drops(DropReason.INVALID_STREAM, 1).deliversNothing();
  }

  @Test
  void fragmentsOnAStreamThatDoesNotExistAreNotKept() {
    Dialogue few = open(setup().options(o -> o.incomingStreams(4)));
    few.gets("DATA 0 s9.0 B 500", "DATA 1 s9.0 E 500");

    few.sends("ERROR 1 00090000", "ERROR 1 00090000 + SACK 1").deliversNothing();
    few.drops(DropReason.INVALID_STREAM, 2);
  }
}
