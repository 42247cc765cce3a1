package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import org.junit.jupiter.api.Test;

/**
 * A peer stops within a message. All it sent was acknowledged, so that no timer of its own runs:
 * dcSCTP then forgets what waits when its message has outlived its time, until a SACK comes.
 */
class UnfinishedMessageScenarioTest extends Dialogues {
  private final Dialogue z = open();

  @Test
  void theSackGoesAgainAfter200Milliseconds() {
    z.gets("DATA 0 s1.0 B 1160", "DATA 1 s1.0 - 500").sends("SACK 1").noTimerBefore(200);

    z.timer(200).sends("SACK 1").deliversNothing();
    z.gets("FORWARD 2 s1.0 + DATA 3 s2.0 BE 7").sends("SACK 3").delivers("s2: 3x7");
    z.passes(10_000).sendsNothing();
  }

  @Test
  void theWaitDoublesUpTo8Seconds() {
    z.gets("DATA 0 s1.0 B 1160", "DATA 1 s1.0 - 501").sends("SACK 1");

    for (int at : new int[] {200, 600, 1400, 3000, 6200, 12_600, 20_600, 28_600}) {
      z.timer(at).sends("SACK 1");
    }
    z.gets("DATA 2 s1.0 E 9").sendsNothing().delivers("s1: 0x1160,1x501,2x9");
    z.timer(28_800).sends("SACK 2");
  }

  @Test
  void eachPieceOfTheMessageStartsTheWaitAnew() {
    z.gets("DATA 0 s1.0 B 1160", "DATA 1 s1.0 - 502").sends("SACK 1").timer(200).sends("SACK 1");

    z.passes(150).gets("DATA 2 s1.0 - 1160", "DATA 3 s1.0 - 1160").sends("SACK 3");
    z.timer(550).sends("SACK 3").timer(950).sends("SACK 3").passes(150);
    z.gets("DATA 4 s1.0 - 1160", "DATA 5 s1.0 E 1").sends("SACK 5");
    z.delivers("s1: 0x1160,1x502,2x1160,3x1160,4x1160,5x1").passes(10_000).sendsNothing();
  }

  @Test
  void theWaitBeginsWithTheFirstSack() {
    z.gets("DATA 0 s1.0 B 503").sendsNothing().timer(200).sends("SACK 0");

    z.timer(400).sends("SACK 0").gets("DATA 1 s1.0 E 9 + DATA 2 s1.1 BE 9").sendsNothing();
    z.delivers("s1: 0x503,1x9", "s1: 2x9").timer(600).sends("SACK 2");
    z.passes(10_000).sendsNothing();
  }

  @Test
  void anUnorderedMessageIsWaitedForLikeAnother() {
    z.gets("DATA 0 s1.0 UB 504", "DATA 1 s1.0 U 505").sends("SACK 1").timer(200).sends("SACK 1");

    z.gets("FORWARD 2").sends("SACK 2").passes(10_000).sendsNothing().deliversNothing();
  }

  @Test
  void theRestOfAMessageWhoseBeginningWasGivenUpIsNotWaitedFor() {
    z.gets("FORWARD 1 s1.0").sends("SACK 1");

    z.gets("DATA 2 s1.0 - 9", "DATA 3 s1.0 - 9").sends("SACK 3").passes(10_000).sendsNothing();
    z.gets("DATA 4 s1.0 E 9", "DATA 5 s1.1 BE 9").sends("SACK 5").delivers("s1: 5x9");
    z.drops(DropReason.INCONSISTENT_DATA, 3);
  }

  @Test
  void whileATsnIsMissingThePeersOwnTimerBringsIt() {
    z.gets("DATA 0 s1.0 B 506", "DATA 2 s1.0 E 507").sends("SACK 0 gaps 2");

    z.passes(10_000).sendsNothing();
    z.gets("DATA 1 s1.0 - 508").sends("SACK 2").delivers("s1: 0x506,1x508,2x507");
  }

  @Test
  void aLaterMessageDoesNotEndTheWaitForAnEarlierOfAnotherStream() {
    Dialogue interleaving = open(setup().interleaving());
    interleaving.gets("IDATA 0 s1.0 B0 509", "IDATA 1 s2.0 BE 6").sends("SACK 1");

    interleaving.delivers("s2: 1x6").timer(200).sends("SACK 1").timer(600).sends("SACK 1");
    interleaving.gets("IFORWARD 2 s1.0").sends("SACK 2").passes(10_000).sendsNothing();
  }

  @Test
  void whoHasShutDownOwesNothing() {
    z.gets("DATA 0 s1.0 B 510", "DATA 1 s1.0 - 511").sends("SACK 1");

    z.gets("SHUTDOWN -1").sends("SHUTDOWNACK").timer(500).sends("SHUTDOWNACK");
    assertThat(z.association().state()).isEqualTo(AssociationPhase.SHUTDOWN_ACK_SENT);
    z.gets("COMPLETE").tells(new ShutdownComplete()).deliversNothing();
  }

  @Test
  void afterOurShutdownThePeerIsStillWaitedFor() {
    z.gets("DATA 0 s1.0 B 512", "DATA 1 s1.0 - 513").sends("SACK 1");
    z.association().shutdown(z.nanos());
    z.poll().sends("SHUTDOWN 1").timer(200).sends("SACK 1");

    z.gets("DATA 2 s1.0 E 9").sends("SHUTDOWN 2 + SACK 2").delivers("s1: 0x512,1x513,2x9");
    z.gets("SHUTDOWNACK").sends("COMPLETE").tells(new ShutdownComplete());
  }
}
