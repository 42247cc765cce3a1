package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.scenario.Dialogue.Setup;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 sections 3.3.4 and 6.2: the receive window. What keeping a fragment costs is the
 * receiver's own affair: windows are compared, not named, except where nothing is kept.
 */
class ReceiveWindowScenarioTest extends Dialogues {
  private static final long WINDOW = 20_000;

  private static Setup narrow() {
    return setup().options(o -> o.receiveWindowBytes(WINDOW));
  }

  private static Setup manual() {
    return setup().options(o -> o.receiveWindowBytes(WINDOW).manualWindow());
  }

  /** The windows of the SACKs that left since the last look. */
  private static List<Long> windows(Dialogue z) {
    return z.takeSentBytes().stream()
        .flatMap(packet -> DialogueText.chunks(packet).stream())
        .filter(SackChunk.class::isInstance)
        .map(chunk -> ((SackChunk) chunk).aRwnd())
        .toList();
  }

  private static String message(int tsn, int bytes) {
    return "DATA " + tsn + " s1." + tsn + " BE " + bytes;
  }

  @Test
  void whatIsDeliveredAtOnceDoesNotNarrowTheWindow() {
    Dialogue z = open(narrow());
    z.gets("DATA 0 s1.0 BE 1000").delivers("s1: 0x1000");

    z.gets("DATA 1 s1.1 BE 1").delivers("s1: 1x1").sends("SACK 1 rwnd " + WINDOW);
  }

  @Test
  void unreadMessagesNarrowTheWindowUntilTheyAreTaken() {
    Dialogue z = open(narrow());
    z.leavesEvents();
    z.getsTogether(message(0, 2000), message(1, 2000));
    long narrowed = windows(z).get(0);
    assertThat(narrowed).isLessThanOrEqualTo(WINDOW - 4000);

    z.takesEvents().delivers("s1: 0x2000", "s1: 1x2000").sendsNothing();
    z.gets(message(2, 1), message(3, 1)).sends("SACK 3 rwnd " + WINDOW);
    z.delivers("s1: 2x1", "s1: 3x1");
  }

  @Test
  void aFragmentCostsMoreThanItsPayload() {
    Dialogue z = open(narrow());
    z.getsTogether("DATA 0 s1.0 B 1", "DATA 2 s1.0 - 1", "DATA 4 s1.0 - 1");
    long window = windows(z).get(0);
    assertThat(window).isLessThan(WINDOW - 3 * 40);

    z.getsTogether("DATA 1 s1.0 - 1", "DATA 3 s1.0 - 1", "DATA 5 s1.0 E 1");
    z.takeSent();
    z.delivers("s1: 0x1,1x1,2x1,3x1,4x1,5x1");
  }

  @Test
  void aMessageThatWaitsForItsTurnNarrowsTheWindow() {
    Dialogue z = open(narrow());
    z.gets("DATA 1 s1.1 BE 3000");
    assertThat(windows(z).get(0)).isLessThanOrEqualTo(WINDOW - 3000);

    z.gets("DATA 0 s1.0 BE 1").takeSent();
    z.delivers("s1: 0x1", "s1: 1x3000");
  }

  @Test
  void theReopenedWindowIsToldUnasked() {
    Dialogue z = open(narrow());
    z.leavesEvents();
    for (int i = 0; i < 9; i++) {
      z.getsTogether(message(2 * i, 1000), message(2 * i + 1, 1000));
    }
    assertThat(windows(z)).isNotEmpty().last().satisfies(w -> assertThat(w).isLessThan(5_000));

    z.takesEvents().sends("SACK 17 rwnd " + WINDOW);
    String[] messages = new String[18];
    for (int i = 0; i < 18; i++) {
      messages[i] = "s1: " + i + "x1000";
    }
    z.delivers(messages);
  }

  @Test
  void aLittleRoomIsNotTold() {
    // RFC 9260 section 6.2 with RFC 1122's cure for the silly window.
    Dialogue z = open(manual());
    z.getsTogether(
        message(0, 4000), message(1, 4000), message(2, 4000), message(3, 4000), message(4, 1000));
    assertThat(windows(z)).hasSize(1).allSatisfy(w -> assertThat(w).isLessThan(WINDOW / 4));
    z.delivers("s1: 0x4000", "s1: 1x4000", "s1: 2x4000", "s1: 3x4000", "s1: 4x1000");

    z.association().consumed(z.nanos(), 1_000);
    z.sendsNothing();
    z.association().consumed(z.nanos(), 4, 16_000);
    z.sends("SACK 4 rwnd " + WINDOW);
  }

  @Test
  void aWindowThatWasNeverNarrowIsNotToldAgain() {
    Dialogue z = open(manual());
    z.getsTogether(message(0, 4000), message(1, 4000)).takeSent();

    z.association().consumed(z.nanos(), 2, 8_000);
    z.sendsNothing().delivers("s1: 0x4000", "s1: 1x4000");
  }

  @Test
  void moreConsumedThanWasReceivedOpensTheWindowNoFurther() {
    Dialogue z = open(manual());
    z.getsTogether(message(0, 4000), message(1, 4000)).takeSent();
    z.association().consumed(z.nanos(), 1_000_000);

    z.gets("DATA 2 s1.2 IBE 10").delivers("s1: 0x4000", "s1: 1x4000", "s1: 2x10");
    z.association().consumed(z.nanos(), 10);
    assertThat(windows(z)).containsExactly(WINDOW - 10 - DataReceiver.MESSAGE_OVERHEAD);
  }

  @Test
  void consumedCountsForNothingWhereTakingEventsDoes() {
    Dialogue z = open(narrow());
    z.leavesEvents();
    z.getsTogether(message(0, 3000), message(1, 3000)).takeSent();
    z.association().consumed(z.nanos(), 6_000);

    z.gets("DATA 2 s1.2 IBE 10");
    assertThat(windows(z).get(0)).isLessThanOrEqualTo(WINDOW - 6_010);
    z.takesEvents().delivers("s1: 0x3000", "s1: 1x3000", "s1: 2x10");
  }

  /** Fills the window with unread messages until one is refused; returns its number. */
  private static int fill(Dialogue z) {
    z.leavesEvents();
    int tsn = 0;
    while (z.statistics().drops().getOrDefault(DropReason.RECEIVE_BUFFER_FULL, 0L) == 0) {
      z.gets(message(tsn++, 1000));
    }
    z.drops(DropReason.RECEIVE_BUFFER_FULL, 1).takeSent();
    return tsn - 1;
  }

  private static String[] thousands(int messages) {
    String[] texts = new String[messages];
    for (int i = 0; i < messages; i++) {
      texts[i] = "s1: " + i + "x1000";
    }
    return texts;
  }

  @Test
  void aProbeIntoTheFullWindowIsDroppedAndAnswered() {
    Dialogue z = open(narrow());
    int refused = fill(z);
    assertThat(refused).isBetween(10, 20);

    z.gets(message(refused, 1000)).sends("SACK " + (refused - 1));
    z.drops(DropReason.RECEIVE_BUFFER_FULL, 1);
    z.takesEvents().delivers(thousands(refused)).sends("SACK " + (refused - 1) + " rwnd " + WINDOW);
    z.gets(message(refused, 1000)).delivers("s1: " + refused + "x1000");
  }

  @Test
  void whatWasRefusedIsTakenWhenItComesAgain() {
    Dialogue z = open(narrow());
    int refused = fill(z);
    z.takesEvents().delivers(thousands(refused)).sends("SACK " + (refused - 1));

    z.gets(message(refused, 999), message(refused + 1, 1)).sends("SACK " + (refused + 1));
    z.delivers("s1: " + refused + "x999", "s1: " + (refused + 1) + "x1");
  }

  @Test
  void aPeerThatGoesOnSendingIntoTheClosedWindowIsAborted() {
    Dialogue z = open(narrow());
    int refused = fill(z);
    int again = 0;
    while (z.association().state() != dev.tautline.sctp.AssociationPhase.CLOSED) {
      z.gets(message(refused + again, 1000));
      again++;
    }

    // A whole window of refused data is patience enough.
    assertThat(again).isBetween(15, 25);
    assertThat(z.takeSent()).last().isEqualTo("ABORT 13");
    z.drops(DropReason.RECEIVE_BUFFER_FULL, again - 1);
    z.takesEvents().delivers(thousands(refused));
    z.isAborted(ErrorCause.PROTOCOL_VIOLATION, Origin.LOCAL);
  }

  @Test
  void dataBehindGapsLeavesRoomForTheMissingTsn() {
    Dialogue z = open(narrow());
    int tsn = 1;
    while (z.statistics().drops().getOrDefault(DropReason.RECEIVE_BUFFER_FULL, 0L) == 0) {
      z.gets(message(tsn++, 1000));
    }
    z.drops(DropReason.RECEIVE_BUFFER_FULL, 1).takeSent();

    // The one that all wait for is taken although the last behind the gap was not.
    z.gets(message(0, 1000)).sends("SACK " + (tsn - 2)).delivers(thousands(tsn - 1));
  }

  @Test
  void forwardTsnOpensTheWindowAgain() {
    Dialogue z = open(narrow());
    z.getsTogether("DATA 0 s1.0 B 5000", "DATA 2 s1.0 - 5000");
    assertThat(windows(z).get(0)).isLessThanOrEqualTo(WINDOW - 10_000);

    z.gets("FORWARD 3 s1.0").sends("SACK 3 rwnd " + WINDOW).deliversNothing();
  }

  @Test
  void aMessageThatFillsTheWholeWindowIsGivenUpWithTheAssociation() {
    Dialogue z = open(narrow());
    int tsn = 0;
    while (z.association().state() != dev.tautline.sctp.AssociationPhase.CLOSED) {
      z.gets("DATA " + tsn + " s1.0 " + (tsn == 0 ? "B" : "-") + " 1000");
      tsn++;
    }

    assertThat(z.takeSent()).last().isEqualTo("ABORT 4");
    assertThat(tsn).isBetween(15, 20);
    z.deliversNothing().isAborted(ErrorCause.OUT_OF_RESOURCE, Origin.LOCAL);
  }

  @Test
  void theLargestWindowIsToldWithAll32Bits() {
    Dialogue z = open(setup().options(o -> o.receiveWindowBytes(0xffff_ffffL)));

    z.gets("DATA 1 s1.1 BE 10").takeSent();
    assertThat(z.statistics().receiveWindowBytes()).isLessThan(0xffff_ffffL - 10);
    z.gets("DATA 0 s1.0 BE 10").sends("SACK 1 rwnd " + 0xffff_ffffL);
    z.delivers("s1: 0x10", "s1: 1x10");
  }
}
