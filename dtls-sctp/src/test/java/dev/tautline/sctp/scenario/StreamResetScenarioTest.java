package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.AssociationEvent.StreamsResetFailed;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** RFC 6525: streams are reset and used anew. */
class StreamResetScenarioTest extends Dialogues {
  private final Dialogue z = open();

  private static OutgoingStreamsReset outgoing(Integer... streams) {
    return new OutgoingStreamsReset(List.of(streams));
  }

  private static IncomingStreamsReset incoming(Integer... streams) {
    return new IncomingStreamsReset(List.of(streams));
  }

  private static StreamsResetFailed refused(int result, Integer... streams) {
    return new StreamsResetFailed(List.of(streams), "the peer answered with result " + result);
  }

  // --- our streams: when the request goes ---

  @Test
  void theRequestWaitsForTheLastDataOfItsStream() {
    z.user(3, 20).user(3, 21).resets(3).sends("DATA 0 s3.0 BE 20 + DATA 1 s3.1 IBE 21");
    z.gets("SACK 0").sendsNothing();

    z.gets("SACK 1").sends("RESET 0 last 1 s3");
    z.gets("RESPONSE 0 1").tells(outgoing(3));
  }

  @Test
  void dataThatIsOnlyGapAcknowledgedHoldsTheRequestBack() {
    z.user(1, 1160).user(3, 1160).resets(3);
    z.sends("DATA 0 s1.0 BE 1160", "DATA 1 s3.0 IBE 1160").gets("SACK -1 gaps 2").sendsNothing();

    z.gets("SACK 1").sends("RESET 0 last 1 s3").gets("RESPONSE 0 1").tells(outgoing(3));
  }

  @Test
  void dataOfOtherStreamsDoesNotHoldTheRequestBack() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").resets(3).sends("RESET 0 last 0 s3");

    // The peer misses that data and puts the request off; asked again, it performs it.
    z.gets("RESPONSE 0 6").timer(50).sends("RESET 0 last 0 s3");
    z.gets("RESPONSE 0 1").tells(outgoing(3)).gets("SACK 0");
  }

  @Test
  void theRequestRidesWithDataOfOtherStreams() {
    z.resets(3).user(1, 20).sends("RESET 0 last -1 s3 + DATA 0 s1.0 IBE 20");

    z.gets("RESPONSE 0 1 + SACK 0").tells(outgoing(3));
  }

  @Test
  void aMessageThatIsHalfSentIsSentToItsEndBeforeTheReset() {
    Dialogue one = open(setup().options(o -> o.initialWindowPackets(1)));
    one.user(3, 2000).resets(3).sends("DATA 0 s3.0 B 1160");

    one.gets("SACK 0").sends("DATA 1 s3.0 IE 840");
    one.gets("SACK 1").sends("RESET 0 last 1 s3").gets("RESPONSE 0 1").tells(outgoing(3));
  }

  @Test
  void messagesSentBeforeTheRequestGoBeforeIt() {
    Dialogue one = open(setup().options(o -> o.initialWindowPackets(1)));
    one.user(1, 1160).sends("DATA 0 s1.0 IBE 1160").user(3, 30).user(3, 31).resets(3).user(3, 32);
    one.sendsNothing().gets("SACK 0");
    one.sends("DATA 1 s3.0 BE 30 + DATA 2 s3.1 IBE 31");

    one.gets("SACK 2").sends("RESET 0 last 2 s3");
    one.gets("RESPONSE 0 1").sends("DATA 3 s3.0 IBE 32").tells(outgoing(3)).gets("SACK 3");
  }

  @Test
  void ofTwoStreamsTheDrainedOneGoesFirst() {
    z.user(5, 20).sends("DATA 0 s5.0 IBE 20").resets(5, 3).sends("RESET 0 last 0 s3");
    z.gets("SACK 0").sendsNothing();

    z.gets("RESPONSE 0 1").sends("RESET 1 last 0 s5").tells(outgoing(3));
    z.gets("RESPONSE 1 1").tells(outgoing(5));
  }

  @Test
  void moreThan200StreamsTakeSeveralRequests() {
    z.association().resetStreams(z.nanos(), IntStream.range(0, 410).toArray());
    String first = z.takeSent().get(0);
    assertThat(first).startsWith("RESET 0 last -1 s0,1,").endsWith(",199");

    assertThat(z.gets("RESPONSE 0 1").takeSent()).hasSize(1).first().asString().endsWith(",399");
    z.gets("RESPONSE 1 1").sends("RESET 2 last -1 s400,401,402,403,404,405,406,407,408,409");
    z.gets("RESPONSE 2 1");
    Integer[] ids = IntStream.range(0, 410).boxed().toArray(Integer[]::new);
    List<Integer> all = List.of(ids);
    z.tells(
        new OutgoingStreamsReset(all.subList(0, 200)),
        new OutgoingStreamsReset(all.subList(200, 400)),
        new OutgoingStreamsReset(all.subList(400, 410)));
  }

  @Test
  void aStreamIsAskedForOnceHoweverOftenTheUserAsks() {
    z.resets(3).resets(3).resets(3, 3).sends("RESET 0 last -1 s3");
    z.resets(3).gets("RESPONSE 0 1").sendsNothing().tells(outgoing(3));

    z.resets(3).sends("RESET 1 last -1 s3").gets("RESPONSE 1 1").tells(outgoing(3));
  }

  @Test
  void abandonedDataHoldsTheRequestBackUntilThePeerSkippedIt() {
    var once = new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
    z.user(3, 20, once).resets(3).sends("DATA 0 s3.0 IBE 20");
    z.timer(500).sends("FORWARD 0 s3.0");

    z.gets("SACK 0").sends("RESET 0 last 0 s3").gets("RESPONSE 0 1").tells(outgoing(3));
  }

  // --- our streams: loss and answers ---

  @Test
  void aLostRequestIsRepeatedWithBackOff() {
    z.resets(4).sends("RESET 0 last -1 s4").timer(500).sends("RESET 0 last -1 s4");
    z.timer(1500).sends("RESET 0 last -1 s4").timer(3500).sends("RESET 0 last -1 s4");

    z.gets("RESPONSE 0 1").tells(outgoing(4)).passes(10_000).sendsNothing();
  }

  @Test
  void aResponseThatComesTwiceIsTakenOnce() {
    z.resets(4).sends("RESET 0 last -1 s4").timer(500).sends("RESET 0 last -1 s4");

    z.gets("RESPONSE 0 1", "RESPONSE 0 1").tells(outgoing(4));
    z.user(4, 20).sends("DATA 0 s4.0 IBE 20").gets("RESPONSE 0 1", "SACK 0");
  }

  @Test
  void theStreamIsUsedAnewFromZero() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0");
    z.user(3, 21).sends("DATA 1 s3.1 IBE 21").gets("SACK 1").resets(3).sends("RESET 0 last 1 s3");
    z.user(3, 22).user(3, 23).sendsNothing();

    z.gets("RESPONSE 0 1").sends("DATA 2 s3.0 BE 22 + DATA 3 s3.1 IBE 23").tells(outgoing(3));
    z.gets("SACK 3").resets(3).sends("RESET 1 last 3 s3").gets("RESPONSE 1 1").tells(outgoing(3));
    z.user(3, 24).sends("DATA 4 s3.0 IBE 24").gets("SACK 4");
  }

  @Test
  void nothingToDoIsDone() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0").resets(3).sends("RESET 0 last 0 s3");

    z.gets("RESPONSE 0 0").tells(outgoing(3)).user(3, 21).sends("DATA 1 s3.0 IBE 21");
    z.gets("SACK 1");
  }

  @Test
  void aDeniedStreamGoesOnWithItsNumbersAndWhatWaited() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0").resets(3).sends("RESET 0 last 0 s3");
    z.user(3, 21).sendsNothing();

    z.gets("RESPONSE 0 2").sends("DATA 1 s3.1 IBE 21").tells(refused(2, 3)).gets("SACK 1");
  }

  @Test
  void wrongSsnAndBadNumberAndTheUnknownAreRefusals() {
    z.resets(1).sends("RESET 0 last -1 s1").gets("RESPONSE 0 3").tells(refused(3, 1));
    z.resets(2).sends("RESET 1 last -1 s2").gets("RESPONSE 1 5").tells(refused(5, 2));

    z.resets(3).sends("RESET 2 last -1 s3").gets("RESPONSE 2 77").tells(refused(77, 3));
  }

  @Test
  void inProgressIsAskedAgainUnderTheSameNumberUntilItIsFinal() {
    z.resets(3).sends("RESET 0 last -1 s3").gets("RESPONSE 0 6");
    for (int i = 0; i < 3; i++) {
      z.nextSending().sends("RESET 0 last -1 s3").gets("RESPONSE 0 6").sendsNothing();
    }

    z.nextSending().sends("RESET 0 last -1 s3").gets("RESPONSE 0 1").tells(outgoing(3));
  }

  @Test
  void alreadyInProgressIsAskedAgainToo() {
    z.resets(6).sends("RESET 0 last -1 s6").gets("RESPONSE 0 4").timer(50);

    z.sends("RESET 0 last -1 s6").gets("RESPONSE 0 1").tells(outgoing(6));
  }

  @Test
  void otherStreamsGoOnWhileAnAnswerIsAwaited() {
    z.resets(3).sends("RESET 0 last -1 s3").user(3, 20).user(4, 21).sends("DATA 0 s4.0 IBE 21");

    z.gets("RESPONSE 0 1").sends("DATA 1 s3.0 IBE 20").tells(outgoing(3)).gets("SACK 1");
  }

  @Test
  void unorderedMessagesWaitForTheAnswerToo() {
    z.resets(3).sends("RESET 0 last -1 s3");
    z.user(3, 20, SendOptions.RELIABLE_UNORDERED).sendsNothing();

    z.gets("RESPONSE 0 1").sends("DATA 0 s3.0 IUBE 20").tells(outgoing(3)).gets("SACK 0");
  }

  @Test
  void ourRequestNumbersWrap() {
    Dialogue wrap = open(setup().ownTsn(-1));
    wrap.resets(1).sends("RESET 0 last -1 s1").gets("RESPONSE 0 1").tells(outgoing(1));

    wrap.resets(2).sends("RESET 1 last -1 s2").gets("RESPONSE 1 1").tells(outgoing(2));
  }

  @Test
  void withoutThePeersSupportTheStreamGoesOnWhenItIsDrained() {
    Dialogue old = open(setup().peerLists(0xc0));
    old.user(3, 20).resets(3).user(3, 21).sends("DATA 0 s3.0 IBE 20");

    old.gets("SACK 0").sends("DATA 1 s3.1 IBE 21");
    old.tells(new StreamsResetFailed(List.of(3), "the peer cannot reset streams")).gets("SACK 1");
  }

  @Test
  void aPeerThatResetsStreamsCanResetStreams() {
    Dialogue old = open(setup().peerLists(0xc0));
    old.gets("RESET 0 last -1 s9").sends("RESPONSE 0 1").tells(incoming(9));

    old.resets(3).sends("RESET 0 last -1 answers 0 s3").gets("RESPONSE 0 1").tells(outgoing(3));
  }

  // --- the peer's streams ---

  @Test
  void aRequestInFrontOfItsDataIsPutOff() {
    z.gets("RESET 0 last 0 s3 + DATA 0 s3.0 BE 5").sends("RESPONSE 0 6").delivers("s3: 0x5");

    z.gets("RESET 0 last 0 s3").sends("RESPONSE 0 1").tells(incoming(3)).timer(200).sends("SACK 0");
  }

  @Test
  void aRequestBehindItsDataIsPerformedAtOnce() {
    z.gets("DATA 0 s3.0 BE 5 + RESET 0 last 0 s3").sends("RESPONSE 0 1").delivers("s3: 0x5");

    z.tells(incoming(3)).timer(200).sends("SACK 0");
  }

  @Test
  void aRequestIsPutOffAsLongAsAnyTsnBeforeItIsMissing() {
    z.gets("DATA 1 s3.1 BE 5").sends("SACK -1 gaps 2");
    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 6");
    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 6").deliversNothing();

    z.gets("DATA 0 s3.0 BE 5").sends("SACK 1").delivers("s3: 0x5", "s3: 1x5");
    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 1").tells(incoming(3));
  }

  @Test
  void aRequestThatIsRenewedUnderTheNextNumberIsJudgedLikeTheFirst() {
    z.gets("RESET 0 last 0 s3").sends("RESPONSE 0 6");
    z.gets("RESET 1 last 0 s3").sends("RESPONSE 1 6");
    z.gets("DATA 0 s3.0 BE 5").delivers("s3: 0x5");

    z.gets("RESET 2 last 0 s3").sends("RESPONSE 2 1").tells(incoming(3));
    z.gets("RESET 2 last 0 s3").sends("RESPONSE 2 1").tells();
    z.gets("RESET 1 last 0 s3").sends("RESPONSE 1 5").tells().timer(200).sends("SACK 0");
  }

  @Test
  void aRequestPerformedBeforeDataOfTheNextLifeIsNotPerformedAgain() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));
    z.gets("DATA 0 s3.0 BE 5", "DATA 1 s3.1 BE 5").sends("SACK 1").delivers("s3: 0x5", "s3: 1x5");

    // The response was lost.
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells();
    z.gets("DATA 2 s3.2 BE 5", "DATA 3 s3.3 BE 5").sends("SACK 3").delivers("s3: 2x5", "s3: 3x5");
  }

  @Test
  void aStreamIsReusedThreeTimes() {
    for (int life = 0; life < 3; life++) {
      int tsn = 2 * life;
      z.gets("DATA " + tsn + " s3.0 BE 5", "DATA " + (tsn + 1) + " s3.1 BE 5");
      z.sends("SACK " + (tsn + 1)).delivers("s3: " + tsn + "x5", "s3: " + (tsn + 1) + "x5");
      z.gets("RESET " + life + " last " + (tsn + 1) + " s3").sends("RESPONSE " + life + " 1");
      z.tells(incoming(3));
    }
  }

  @Test
  void withoutAResetTheNumberZeroIsOld() {
    z.gets("DATA 0 s3.0 BE 5", "RESET 0 last 0 s4").sends("RESPONSE 0 1").tells(incoming(4));

    z.gets("DATA 1 s3.0 BE 6").sends("SACK 1").delivers("s3: 0x5");
    z.drops(DropReason.INCONSISTENT_DATA, 1);
  }

  @Test
  void aMessageThatStillWaitsIsDroppedWithItsStream() {
    z.gets("DATA 0 s3.1 BE 5 + DATA 1 s4.1 BE 6").deliversNothing();

    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 1").tells(incoming(3));
    z.gets("DATA 2 s3.0 BE 7 + DATA 3 s3.1 BE 8 + DATA 4 s4.0 BE 9").sends("SACK 4");
    z.delivers("s3: 2x7", "s3: 3x8", "s4: 4x9", "s4: 1x6");
  }

  @Test
  void halfAMessageIsDroppedWithItsStream() {
    z.gets("DATA 0 s4.0 BE 5 + DATA 1 s3.0 UB 500").delivers("s4: 0x5");

    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 1").tells(incoming(3));
    z.gets("DATA 2 s4.1 BE 6").sends("SACK 2").delivers("s4: 2x6");
  }

  @Test
  void aResetOfAllStreamsStartsAllAnew() {
    z.gets("DATA 0 s1.0 BE 5 + DATA 1 s2.0 BE 5 + DATA 2 s65534.0 BE 5");
    z.delivers("s1: 0x5", "s2: 1x5", "s65534: 2x5");

    z.gets("RESET 0 last 2").sends("RESPONSE 0 1").tells(incoming());
    z.gets("DATA 3 s1.0 BE 5 + DATA 4 s2.0 BE 5 + DATA 5 s65534.0 BE 5").sends("SACK 5");
    z.delivers("s1: 3x5", "s2: 4x5", "s65534: 5x5");
  }

  @Test
  void aResetOfManyStreamsAtOnceNamesThemAll() {
    z.gets("RESET 0 last -1 s1,2,3,65534").sends("RESPONSE 0 1").tells(incoming(1, 2, 3, 65_534));
  }

  @Test
  void aStreamThatDoesNotExistSpoilsTheWholeRequestAndItsAnswerIsRepeated() {
    Dialogue few = open(setup().options(o -> o.incomingStreams(4)));
    few.gets("DATA 0 s3.0 BE 5").delivers("s3: 0x5");
    few.gets("RESET 0 last 0 s3,4").sends("RESPONSE 0 3");
    few.gets("RESET 0 last 0 s3,4").sends("RESPONSE 0 3").tells();

    few.gets("RESET 1 last 0 s3").sends("RESPONSE 1 1").tells(incoming(3)).timer(200);
    few.sends("SACK 0");
  }

  @Test
  void aRequestOutOfTurnDoesNotDisturbTheNext() {
    z.gets("RESET 7 last -1 s3").sends("RESPONSE 7 5").gets("RESET -1 last -1 s3");
    z.sends("RESPONSE -1 5").tells();

    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));
  }

  @Test
  void thePeersRequestNumbersWrap() {
    Dialogue wrap = open(setup().peerTsn(-1));
    wrap.gets("RESET 0 last -1 s1", "RESET 1 last -1 s2", "RESET 1 last -1 s2");

    wrap.sends("RESPONSE 0 1", "RESPONSE 1 1", "RESPONSE 1 1").tells(incoming(1), incoming(2));
  }

  @Test
  void aLastTsnFarAheadIsPutOffAndCostsNothing() {
    z.gets("RESET 0 last 1000000000 s3").sends("RESPONSE 0 6");

    z.gets("RESET 1 last -1 s3").sends("RESPONSE 1 1").tells(incoming(3));
  }

  @Test
  void sixteenRequestsOfOneReadAreAllAnswered() {
    var requests = new ArrayList<String>();
    var responses = new ArrayList<String>();
    var events = new ArrayList<IncomingStreamsReset>();
    for (int i = 0; i < 16; i++) {
      requests.add("RESET " + i + " last -1 s" + i);
      responses.add("RESPONSE " + i + " 1");
      events.add(incoming(i));
    }
    z.getsTogether(requests.toArray(String[]::new)).sends(String.join(" + ", responses));

    z.tells(events.toArray(IncomingStreamsReset[]::new));
  }

  @Test
  void unreadMessagesStayInTheWindowOverAReset() {
    Dialogue manual = open(setup().options(o -> o.receiveWindowBytes(10_000).manualWindow()));
    manual.gets("DATA 0 s3.0 BE 1000", "RESET 0 last 0 s3").sends("RESPONSE 0 1");
    manual.tells(incoming(3)).delivers("s3: 0x1000");
    assertThat(manual.statistics().receiveWindowBytes()).isLessThanOrEqualTo(9_000);

    manual.association().consumed(manual.nanos(), 1000);
    manual.timer(200).sends("SACK 0 rwnd 10000");
  }

  // --- the answer goes again in front of what is first on the stream ---

  @Test
  void theAnswerGoesAgainInFrontOfTheFirstMessage() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.user(3, 20).sends("RESPONSE 0 1 + DATA 0 s3.0 IBE 20").gets("SACK 0");
    z.user(3, 21).sends("DATA 1 s3.1 IBE 21").gets("SACK 1");
  }

  @Test
  void theAnswerGoesWithEachTransmissionOfTheFirstMessage() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.user(3, 20).sends("RESPONSE 0 1 + DATA 0 s3.0 IBE 20");
    z.timer(500).sends("RESPONSE 0 1 + DATA 0 s3.0 IBE 20");
    z.timer(1500).sends("RESPONSE 0 1 + DATA 0 s3.0 IBE 20").gets("SACK 0");
  }

  @Test
  void aStreamThatBothSidesResetBeginsWithTheAnswer() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0").resets(3).sends("RESET 0 last 0 s3");
    z.gets("RESPONSE 0 1 & RESET 0 last -1 s3").sends("RESPONSE 0 1");
    z.tells(outgoing(3), incoming(3));

    z.user(3, 21).sends("RESPONSE 0 1 + DATA 1 s3.0 IBE 21").gets("SACK 1");
  }

  @Test
  void theAnswerIsNotPutBehindData() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.user(5, 20).user(3, 21).user(6, 22);
    z.sends("DATA 0 s5.0 BE 20", "RESPONSE 0 1 + DATA 1 s3.0 BE 21 + DATA 2 s6.0 IBE 22");
    z.timer(500);
    z.sends("DATA 0 s5.0 BE 20", "RESPONSE 0 1 + DATA 1 s3.0 BE 21 + DATA 2 s6.0 IBE 22");
    z.gets("SACK 2");
  }

  @Test
  void otherStreamsAndLaterMessagesGoWithoutTheAnswer() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0");
    z.gets("RESET 0 last -1 s3,4").sends("RESPONSE 0 1").tells(incoming(3, 4));

    z.user(2, 21).user(5, 22).sends("DATA 1 s2.0 BE 21 + DATA 2 s5.0 IBE 22").gets("SACK 2");
    z.user(3, 23).sends("DATA 3 s3.1 IBE 23").gets("SACK 3");
  }

  @Test
  void oneAnswerIsEnoughForSeveralStreamsOfAPacket() {
    z.gets("RESET 0 last -1").sends("RESPONSE 0 1").tells(incoming());

    z.user(7, 20).user(65_534, 21).user(7, 22);
    z.sends("RESPONSE 0 1 + DATA 0 s7.0 BE 20 + DATA 1 s65534.0 BE 21 + DATA 2 s7.1 IBE 22");
    z.gets("SACK 2").user(1, 23).sends("RESPONSE 0 1 + DATA 3 s1.0 IBE 23").gets("SACK 3");
  }

  @Test
  void whatWasAnsweredBeforeHasCome() {
    z.gets("RESET 0 last -1 s3", "RESET 1 last -1 s4").sends("RESPONSE 0 1", "RESPONSE 1 1");
    z.tells(incoming(3), incoming(4));

    z.user(3, 20)
        .sends("DATA 0 s3.0 IBE 20")
        .user(4, 21)
        .sends("RESPONSE 1 1 + DATA 1 s4.0 IBE 21");
    z.gets("SACK 1");
  }

  @Test
  void whatWasPutOffIsNotAnsweredByTheWay() {
    z.gets("RESET 0 last 1 s3").sends("RESPONSE 0 6").user(3, 20).sends("DATA 0 s3.0 IBE 20");

    z.gets("SACK 0").sendsNothing();
  }

  @Test
  void aFirstMessageIsCutShorterForTheAnswer() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.user(3, 2000).sends("RESPONSE 0 1 + DATA 0 s3.0 B 1144", "DATA 1 s3.0 IE 856").gets("SACK 1");
  }

  @Test
  void aFirstMessageAsLongAsAPacketGoesAlone() {
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.user(3, 1150).sends("DATA 0 s3.0 IBE 1150").timer(500).sends("DATA 0 s3.0 IBE 1150");
    z.gets("SACK 0").user(3, 20).sends("DATA 1 s3.1 IBE 20").gets("SACK 1");
  }

  // --- both ways ---

  @Test
  void bothSidesResetTheSameStreamAtOnce() {
    z.resets(3).sends("RESET 0 last -1 s3");
    z.gets("RESET 0 last -1 s3").sends("RESPONSE 0 1").tells(incoming(3));

    z.gets("RESPONSE 0 1").tells(outgoing(3));
  }

  @Test
  void aRequestAndAResponseMayShareAChunk() {
    z.resets(3).sends("RESET 0 last -1 s3");

    z.gets("RESPONSE 0 1 & RESET 0 last -1 s3").sends("RESPONSE 0 1");
    z.tells(outgoing(3), incoming(3));
  }

  @Test
  void twoRequestsOfOneChunkAreAnsweredInOneChunk() {
    z.gets("RESET 0 last -1 s1 & WANTRESET 1 s2").sends("RESPONSE 0 1 & RESPONSE 1 0");

    z.tells(incoming(1));
  }

  @Test
  void theStreamThatThePeerWantsResetIsResetOnceItIsDrained() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20");
    z.gets("WANTRESET 0 s3").sends("RESPONSE 0 1");
    z.user(3, 21).sendsNothing();

    z.gets("SACK 0").sends("RESET 0 last 0 answers 0 s3");
    z.gets("RESPONSE 0 1").sends("DATA 1 s3.0 IBE 21").tells(outgoing(3)).gets("SACK 1");
  }

  @Test
  void aRepeatedWishMakesNoSecondRequest() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0");
    z.gets("WANTRESET 0 s3").sends("RESPONSE 0 1 + RESET 0 last 0 answers 0 s3");

    z.gets("WANTRESET 0 s3").sends("RESPONSE 0 1");
    z.gets("RESPONSE 0 1").tells(outgoing(3)).gets("WANTRESET 0 s3").sends("RESPONSE 0 1");
  }

  @Test
  void aWishForAllStreamsConcernsThoseInUse() {
    z.user(3, 20).user(8, 21).sends("DATA 0 s3.0 BE 20 + DATA 1 s8.0 IBE 21").gets("SACK 1");

    z.gets("WANTRESET 0").sends("RESPONSE 0 1 + RESET 0 last 1 answers 0 s3,8");
    z.gets("RESPONSE 0 1").tells(outgoing(3, 8));
  }

  @Test
  void aWishWhileOurOwnRequestIsUnderWayIsGrantedByIt() {
    z.user(3, 20).sends("DATA 0 s3.0 IBE 20").gets("SACK 0").resets(3).sends("RESET 0 last 0 s3");

    z.gets("WANTRESET 0 s3").sends("RESPONSE 0 1");
    z.gets("RESPONSE 0 1").tells(outgoing(3)).sendsNothing();
  }
}
