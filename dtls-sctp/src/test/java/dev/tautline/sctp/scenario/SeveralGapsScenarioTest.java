package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * FORWARD-TSN where what was given up has among it what the peer has. By RFC 3758 each stop there
 * would cost a round trip.
 */
class SeveralGapsScenarioTest extends Dialogues {
  private static final SendOptions ONCE = how(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
  private static final SendOptions ONCE_UNORDERED =
      how(Ordering.UNORDERED, new Reliability.MaxRetransmits(0));

  private final Dialogue z = open();

  private static SendOptions how(Ordering ordering, Reliability reliability) {
    return new SendOptions(ordering, reliability);
  }

  /** Messages on stream 4, which leave together; what the peer has of them comes as a SACK. */
  private static Dialogue sent(Dialogue z, int messages, SendOptions how, String sack) {
    for (int i = 0; i < messages; i++) {
      z.user(4, 20, how);
    }
    z.poll().takeSent();
    return z.gets(sack);
  }

  @Test
  void eachGapIsToldInOnePacket() {
    sent(z, 6, ONCE, "SACK -1 gaps 2,5");

    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 3 s4.3 + FORWARD 5 s4.5").gets("SACK 5");
    assertThat(z.statistics().forwardTsnsSent()).isEqualTo(3);
  }

  @Test
  void aLostPacketOfThemGoesAgainWhole() {
    sent(z, 5, ONCE, "SACK -1 gaps 2,4");

    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 2 s4.2 + FORWARD 4 s4.4");
    z.timer(1300).sends("FORWARD 0 s4.0 + FORWARD 2 s4.2 + FORWARD 4 s4.4").gets("SACK 4");
  }

  @Test
  void whatIsBehindTheLastGapIsNotSkipped() {
    sent(z, 5, ONCE, "SACK -1 gaps 2,4-5");

    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 2 s4.2").gets("SACK 4");
  }

  @Test
  void aGapAckBlockRightBehindTheCumulativeTsnIsNoGap() {
    sent(z, 3, ONCE, "SACK -1 gaps 1");

    z.timer(500).sends("FORWARD 2 s4.2").gets("SACK 2");
  }

  @Test
  void unorderedMessagesNeedNoStream() {
    sent(z, 4, ONCE_UNORDERED, "SACK -1 gaps 2");

    z.timer(500).sends("FORWARD 0 + FORWARD 3").gets("SACK 3");
  }

  @Test
  void messagesOfALifetimeArePassedOverAsWell() {
    SendOptions lives = how(Ordering.ORDERED, new Reliability.MaxLifetime(100 * Dialogue.MILLI));
    sent(z, 4, lives, "SACK -1 gaps 2-3");

    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 3 s4.3").gets("SACK 3");
  }

  @Test
  void aReliableMessageIsNotPassedOver() {
    z.user(4, 20, ONCE).user(5, 20).user(4, 20, ONCE).poll().takeSent();
    z.gets("SACK -1 gaps 2");

    z.timer(500).sends("FORWARD 0 s4.0").passes(50).gets("SACK 1").sends("FORWARD 2 s4.1");
    z.gets("SACK 2");
  }

  @Test
  void aMessageOfWhichAFragmentIsMissingIsNotPassedOver() {
    z.user(4, 20, ONCE).user(5, 1500, how(Ordering.ORDERED, new Reliability.MaxRetransmits(3)));
    z.sends("DATA 0 s4.0 BE 20 + DATA 1 s5.0 B 1124", "DATA 2 s5.0 IE 376");
    z.user(4, 20, ONCE).sends("DATA 3 s4.1 IBE 20").gets("SACK -1 gaps 2");

    z.timer(500).sends("FORWARD 0 s4.0 + DATA 2 s5.0 IE 376").passes(50).gets("SACK 2");
    z.sends("FORWARD 3 s4.1").gets("SACK 3");
  }

  @Test
  void aMessageOfSeveralFragmentsIsPassedOverWhole() {
    z.user(4, 20, ONCE).user(5, 1500, ONCE);
    z.sends("DATA 0 s4.0 BE 20 + DATA 1 s5.0 B 1124", "DATA 2 s5.0 IE 376");
    z.user(4, 20, ONCE).sends("DATA 3 s4.1 IBE 20").gets("SACK -1 gaps 2-3");

    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 3 s4.1").gets("SACK 3");
  }

  @Test
  void ofManyGapsTheFirst32AreToldAndTheRestARoundTripLater() {
    var gaps = new ArrayList<String>();
    for (int at = 2; at <= 80; at += 2) {
      gaps.add(Integer.toString(at));
    }
    for (int i = 0; i < 80; i++) {
      z.user(4, 5, ONCE);
    }
    z.poll().takeSent();
    z.gets("SACK -1 gaps " + String.join(",", gaps)).fire();

    assertThat(forwards(z)).hasSize(32).startsWith("FORWARD 0 s4.0").endsWith("FORWARD 62 s4.62");
    z.passes(50).gets("SACK 63 gaps 2,4,6,8,10,12,14,16");
    assertThat(forwards(z)).hasSize(8).startsWith("FORWARD 64 s4.64").endsWith("FORWARD 78 s4.78");
    z.gets("SACK 79");
  }

  private static List<String> forwards(Dialogue z) {
    List<String> packets = z.takeSent();
    assertThat(packets).hasSize(1);
    return List.of(packets.get(0).split(" \\+ "));
  }

  // --- a peer that takes back what it acknowledged ---

  @Test
  void whoTookBackAnAcknowledgementIsToldOneGapARoundTrip() {
    z.user(4, 20, ONCE).user(5, 20).user(4, 20, ONCE).user(4, 20, ONCE).user(4, 20, ONCE);
    z.poll().takeSent();
    z.gets("SACK -1 gaps 4", "SACK -1", "SACK -1 gaps 4");

    z.nextSending().sends("FORWARD 0 s4.0 + DATA 1 s5.0 BE 20").gets("SACK 1");
    z.sends("FORWARD 2 s4.1").passes(50).gets("SACK 3").sends("FORWARD 4 s4.3").gets("SACK 4");
  }

  @Test
  void whatIsTakenBackAfterItWasPassedOverIsGivenUp() {
    sent(z, 3, ONCE, "SACK -1 gaps 2");
    z.timer(500).sends("FORWARD 0 s4.0 + FORWARD 2 s4.2");

    z.passes(50).gets("SACK 0").sends("FORWARD 2 s4.2").gets("SACK 2");
  }

  // --- I-DATA ---

  @Test
  void iForwardTsnGoesInARowAsWell() {
    Dialogue interleaving = open(setup().interleaving());
    sent(interleaving, 4, ONCE, "SACK -1 gaps 2");

    interleaving.timer(500).sends("IFORWARD 0 s4.0 + IFORWARD 3 s4.3").gets("SACK 3");
  }

  // --- receiving ---

  @Test
  void whatWaitsBetweenTwoGapsIsDelivered() {
    z.gets("DATA 1 s4.1 BE 5", "DATA 3 s4.3 BE 5").sends("SACK -1 gaps 2", "SACK -1 gaps 2,4");

    z.gets("FORWARD 0 s4.0 + FORWARD 2 s4.2").sends("SACK 3").delivers("s4: 1x5", "s4: 3x5");
  }
}
