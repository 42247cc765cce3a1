package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.datachannel.Negotiation.Agreement;
import dev.tautline.datachannel.Negotiation.DtlsPart;
import dev.tautline.datachannel.Negotiation.Ice;
import dev.tautline.datachannel.Negotiation.Own;
import dev.tautline.datachannel.Negotiation.Restart;
import dev.tautline.datachannel.Negotiation.Side;
import dev.tautline.datachannel.PeerConnectionException.Code;
import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.datachannel.sdp.RemoteSdp;
import dev.tautline.datachannel.sdp.RemoteSection;
import dev.tautline.datachannel.sdp.SdpFingerprint;
import dev.tautline.datachannel.sdp.SdpParseException;
import dev.tautline.datachannel.sdp.SdpSetup;
import dev.tautline.ice.IceCredentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NegotiationTest {
  private final Negotiation a = negotiation("aaaa");
  private final Negotiation b = negotiation("bbbb");

  private static int generations;

  private static Negotiation negotiation(String ufrag) {
    String hash = "AB:".repeat(31) + "CD";
    return new Negotiation(
        new Own(
            7,
            ufrag,
            "0123456789012345678901",
            List.of(new SdpFingerprint("sha-256", hash)),
            5,
            5000,
            262_144),
        () -> new IceCredentials(ufrag + ++generations, "9876543210987654321098"));
  }

  private static String sample(String name) {
    try (var in = NegotiationTest.class.getResourceAsStream("/sdp/" + name + ".sdp")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("no sample " + name, e);
    }
  }

  private static SessionDescription offer(Negotiation side) {
    return side.createOffer(ufrag -> GatheredCandidates.NONE, Restart.IF_ASKED);
  }

  private static SessionDescription answer(Negotiation side) {
    return side.createAnswer(ufrag -> GatheredCandidates.NONE);
  }

  private static RemoteSdp parsed(SessionDescription description) {
    try {
      return RemoteSdp.parse(description.sdp());
    } catch (SdpParseException e) {
      throw new IllegalStateException("ours cannot be read", e);
    }
  }

  private Agreement exchange(Negotiation from, Negotiation to) {
    SessionDescription offer = offer(from);
    from.setLocal(offer);
    to.setRemote(offer);
    SessionDescription answer = answer(to);
    Optional<Agreement> answerers = to.setLocal(answer);
    assertThat(answerers).isPresent();
    return from.setRemote(answer).orElseThrow();
  }

  private static void refuses(Code code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PeerConnectionException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void offerAndAnswerAgreeOnRoles() {
    SessionDescription offer = offer(a);
    assertThat(parsed(offer).sections().get(0).setup()).isEqualTo(SdpSetup.ACTPASS);
    assertThat(a.setLocal(offer)).isEmpty();
    assertThat(a.state()).isEqualTo(SignalingState.HAVE_LOCAL_OFFER);
    assertThat(b.setRemote(offer)).isEmpty();
    assertThat(b.state()).isEqualTo(SignalingState.HAVE_REMOTE_OFFER);

    SessionDescription answer = answer(b);
    assertThat(parsed(answer).sections().get(0).setup()).isEqualTo(SdpSetup.ACTIVE);
    Agreement answerers = b.setLocal(answer).orElseThrow();
    Agreement offerers = a.setRemote(answer).orElseThrow();

    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(b.state()).isEqualTo(SignalingState.STABLE);
    assertThat(answerers.side()).isEqualTo(Side.ANSWERER);
    assertThat(answerers.dtlsPart()).isEqualTo(DtlsPart.CLIENT);
    assertThat(offerers.side()).isEqualTo(Side.OFFERER);
    assertThat(offerers.dtlsPart()).isEqualTo(DtlsPart.SERVER);
    assertThat(offerers.credentials().ufrag()).isEqualTo("bbbb");
    assertThat(answerers.credentials().ufrag()).isEqualTo("aaaa");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aiortc",
        "chromium",
        "chromium-mdns",
        "firefox",
        "node-datachannel",
        "pion",
        "webrtc-java",
        "werift",
        "wrtc"
      })
  void answersTheOffersOfOtherStacks(String peer) {
    a.setRemote(SessionDescription.offer(sample(peer + "-offer")));
    SessionDescription answer = answer(a);
    Agreement agreement = a.setLocal(answer).orElseThrow();

    RemoteSdp ours = parsed(answer);
    RemoteSection section = ours.sections().get(0);
    RemoteSection theirs = agreement.data();
    assertThat(section.mid()).isEqualTo(theirs.mid());
    assertThat(section.protocol()).isEqualTo(theirs.protocol());
    assertThat(section.formats()).isEqualTo(theirs.formats());
    assertThat(section.setup()).isEqualTo(SdpSetup.ACTIVE);
    assertThat(ours.bundleMids()).containsExactly("0");
    assertThat(agreement.dtlsPart()).isEqualTo(DtlsPart.CLIENT);
    assertThat(agreement.candidates()).isNotEmpty();
    assertThat(agreement.fingerprints()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aiortc",
        "chromium",
        "chromium-mdns",
        "firefox",
        "node-datachannel",
        "pion",
        "webrtc-java",
        "werift",
        "wrtc"
      })
  void takesTheAnswersOfOtherStacks(String peer) {
    a.setLocal(offer(a));
    Agreement agreement =
        a.setRemote(SessionDescription.answer(sample(peer + "-answer"))).orElseThrow();

    assertThat(agreement.dtlsPart()).isEqualTo(DtlsPart.SERVER);
    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
  }

  @Test
  void audioAndVideoAreAnsweredWithPortZeroAndTheSameMid() {
    a.setRemote(
        SessionDescription.offer(
            sample("chromium-offer")
                .replace("a=group:BUNDLE 0", "a=group:BUNDLE aud 0 vid")
                .replaceFirst(
                    "m=application",
                    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:aud\r\nm=application")
                .concat("m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:vid\r\n")));
    SessionDescription answer = answer(a);
    a.setLocal(answer);

    RemoteSdp ours = parsed(answer);
    assertThat(ours.sections()).extracting(RemoteSection::mid).containsExactly("aud", "0", "vid");
    assertThat(ours.sections())
        .extracting(RemoteSection::isRejected)
        .containsExactly(true, false, true);
    assertThat(ours.bundleMids()).containsExactly("0");
    assertThat(ours.sections().get(2).formats()).isEqualTo("96 97");
    // A later offer of ours keeps the places.
    RemoteSdp later = parsed(offer(a));
    assertThat(later.sections()).extracting(RemoteSection::mid).containsExactly("aud", "0", "vid");
    assertThat(later.dataSectionIndex()).isEqualTo(1);
  }

  @Test
  void anOfferWithoutDataIsAnsweredAndAgreesOnNothing() {
    a.setRemote(
        SessionDescription.offer(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"));
    SessionDescription answer = answer(a);

    assertThat(a.setLocal(answer)).isEmpty();
    assertThat(a.hasDataSection()).isFalse();
    RemoteSdp later = parsed(offer(a));
    assertThat(later.sections()).hasSize(2);
    assertThat(later.sections().get(1).isData()).isTrue();
    assertThat(later.sections().get(1).mid()).isNotEqualTo("0");
  }

  @Test
  void anAnswerThatRejectsTheSectionAgreesOnNothing() {
    SessionDescription offer = offer(a);
    a.setLocal(offer);

    assertThat(
            a.setRemote(
                SessionDescription.answer(
                    sample("chromium-answer")
                        .replaceFirst("m=application \\d+", "m=application 0"))))
        .isEmpty();
    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(a.hasDataSection()).isFalse();
  }

  @Test
  void aSecondExchangeKeepsRolesWhoeverOffers() {
    exchange(a, b);

    Agreement again = exchange(b, a);

    // a was the DTLS server; the answer it gives now says so.
    assertThat(again.dtlsPart()).isEqualTo(DtlsPart.CLIENT);
    assertThat(exchange(a, b).dtlsPart()).isEqualTo(DtlsPart.SERVER);
  }

  @Test
  void theVersionGrowsWithEachDescriptionThatDiffers() {
    SessionDescription first = offer(a);
    SessionDescription same = offer(a);
    assertThat(same.sdp()).isEqualTo(first.sdp()).contains("o=- 7 2 IN");
    exchange(b, a);

    assertThat(a.local().toSdp()).contains("o=- 7 3 IN");
    assertThat(offer(a).sdp()).contains("o=- 7 4 IN");
  }

  @Test
  void aLocalDescriptionIsTheOneThatWasCreatedLast() {
    SessionDescription offer = offer(a);

    refuses(
        Code.INVALID_MODIFICATION,
        () -> a.setLocal(SessionDescription.offer(offer.sdp().replace("a=mid:0", "a=mid:1"))));
    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    a.setLocal(offer);
  }

  @Test
  void descriptionsThatDoNotFitTheStateAreRefused() {
    refuses(Code.INVALID_STATE, () -> answer(a));
    refuses(
        Code.INVALID_STATE,
        () -> a.setRemote(SessionDescription.answer(sample("chromium-answer"))));
    refuses(Code.INVALID_STATE, () -> a.setLocal(new SessionDescription(SdpType.ROLLBACK, "")));
    a.setRemote(SessionDescription.offer(sample("chromium-offer")));
    refuses(Code.INVALID_STATE, () -> offer(a));
    refuses(
        Code.INVALID_STATE,
        () -> a.setRemote(SessionDescription.answer(sample("chromium-answer"))));
  }

  @Test
  void aRefusedDescriptionChangesNothing() {
    SessionDescription offer = offer(a);
    a.setLocal(offer);

    refuses(Code.SDP_SYNTAX, () -> a.setRemote(SessionDescription.answer("rubbish")));
    refuses(
        Code.SDP_SYNTAX,
        () ->
            a.setRemote(
                SessionDescription.answer(
                    sample("chromium-answer").replaceAll("a=fingerprint[^\n]*\n", ""))));
    refuses(
        Code.INVALID_ACCESS,
        () ->
            a.setRemote(
                SessionDescription.answer(sample("chromium-answer").replace("sha-256", "md5"))));
    refuses(
        Code.INVALID_ACCESS,
        () ->
            a.setRemote(
                SessionDescription.answer(
                    sample("chromium-answer").replace("setup:active", "setup:actpass"))));
    refuses(
        Code.INVALID_ACCESS,
        () ->
            a.setRemote(
                SessionDescription.answer(
                    sample("chromium-answer").replace("a=mid:0", "a=mid:7"))));
    refuses(
        Code.SDP_SYNTAX,
        () ->
            a.setRemote(
                SessionDescription.answer(
                    sample("chromium-answer").replaceAll("typ host[^\r\n]*", ""))));

    assertThat(a.state()).isEqualTo(SignalingState.HAVE_LOCAL_OFFER);
    a.setRemote(SessionDescription.answer(sample("chromium-answer")));
    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
  }

  @Test
  void ourOfferCanBeTakenBack() {
    a.setLocal(offer(a));
    a.setLocal(new SessionDescription(SdpType.ROLLBACK, ""));

    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(a.local()).isNull();
    a.setLocal(offer(a));
    assertThat(a.state()).isEqualTo(SignalingState.HAVE_LOCAL_OFFER);
  }

  @Test
  void thePeersOfferCanBeTakenBack() {
    a.setRemote(SessionDescription.offer(sample("chromium-offer")));
    a.setRemote(new SessionDescription(SdpType.ROLLBACK, ""));

    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(a.remote()).isNull();
  }

  @Test
  void anOfferThatMeetsOursRollsOursBack() {
    a.setLocal(offer(a));
    SessionDescription other = offer(b);
    b.setLocal(other);

    a.setRemote(other);
    SessionDescription answer = answer(a);
    a.setLocal(answer);
    b.setRemote(answer);

    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(b.state()).isEqualTo(SignalingState.STABLE);
  }

  @Test
  void aBadOfferDoesNotTakeOursBack() {
    a.setLocal(offer(a));

    refuses(Code.SDP_SYNTAX, () -> a.setRemote(SessionDescription.offer("v=0\n=")));

    assertThat(a.state()).isEqualTo(SignalingState.HAVE_LOCAL_OFFER);
  }

  @Test
  void aProvisionalAnswerStartsAndAFinalOneEnds() {
    SessionDescription offer = offer(a);
    a.setLocal(offer);
    b.setRemote(offer);
    SessionDescription answer = answer(b);
    var provisional = new SessionDescription(SdpType.PRANSWER, answer.sdp());

    assertThat(b.setLocal(provisional)).isPresent();
    assertThat(b.state()).isEqualTo(SignalingState.HAVE_LOCAL_PRANSWER);
    assertThat(a.setRemote(provisional)).isPresent();
    assertThat(a.state()).isEqualTo(SignalingState.HAVE_REMOTE_PRANSWER);

    b.setLocal(answer(b));
    a.setRemote(SessionDescription.answer(b.local().toSdp()));
    assertThat(a.state()).isEqualTo(SignalingState.STABLE);
    assertThat(b.state()).isEqualTo(SignalingState.STABLE);
  }

  @Test
  void anOfferThatLeavesNoChoiceDecidesTheDtlsRole() {
    a.setRemote(
        SessionDescription.offer(
            sample("chromium-offer").replace("setup:actpass", "setup:active")));
    Agreement agreement = a.setLocal(answer(a)).orElseThrow();

    assertThat(agreement.dtlsPart()).isEqualTo(DtlsPart.SERVER);
  }

  @Test
  void holdconnIsRefused() {
    refuses(
        Code.INVALID_ACCESS,
        () ->
            a.setRemote(
                SessionDescription.offer(
                    sample("chromium-offer").replace("setup:actpass", "setup:holdconn"))));
  }

  @Test
  void anotherCertificateInALivingSessionIsRefused() {
    SessionDescription first = SessionDescription.offer(sample("chromium-offer"));
    a.setRemote(first);
    a.setLocal(answer(a));

    refuses(
        Code.INVALID_ACCESS,
        () -> a.setRemote(SessionDescription.offer(first.sdp().replace("72:D7:08", "72:D7:09"))));
  }

  @Test
  void knowsTheUfragOfTheDescriptionInForce() {
    a.setRemote(SessionDescription.offer(sample("chromium-offer")));

    assertThat(a.knowsUfrag("3i7/")).isTrue();
    assertThat(a.knowsUfrag("other")).isFalse();
  }

  // ---- Restart

  private static IceCredentials credentials(SessionDescription description) {
    RemoteSection data = parsed(description).sections().get(0);
    return new IceCredentials(data.ufrag(), data.pwd());
  }

  private static SessionDescription restartOffer(Negotiation side) {
    return side.createOffer(ufrag -> GatheredCandidates.NONE, Restart.NOW);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRestartBringsNewCredentialsOnBothSidesAndKeepsTheDtlsRoles(boolean byFirstOfferer) {
    Agreement first = exchange(a, b);
    Negotiation from = byFirstOfferer ? a : b;
    Negotiation to = byFirstOfferer ? b : a;
    SessionDescription offer = restartOffer(from);
    from.setLocal(offer);
    to.setRemote(offer);
    SessionDescription answer = answer(to);
    Agreement answerers = to.setLocal(answer).orElseThrow();
    Agreement offerers = from.setRemote(answer).orElseThrow();

    assertThat(first.ice()).isEqualTo(Ice.GOES_ON);
    assertThat(answerers.ice()).isEqualTo(Ice.RESTARTS);
    assertThat(offerers.ice()).isEqualTo(Ice.RESTARTS);
    assertThat(offerers.local()).isEqualTo(credentials(offer)).isEqualTo(answerers.credentials());
    assertThat(answerers.local()).isEqualTo(credentials(answer)).isEqualTo(offerers.credentials());
    assertThat(credentials(offer).ufrag()).isNotIn("aaaa", "bbbb");
    assertThat(credentials(answer).ufrag()).isNotIn("aaaa", "bbbb");
    // a was the DTLS server, whoever offers now.
    assertThat(offerers.dtlsPart()).isEqualTo(byFirstOfferer ? DtlsPart.SERVER : DtlsPart.CLIENT);
    assertThat(parsed(answer).sections().get(0).setup())
        .isEqualTo(byFirstOfferer ? SdpSetup.ACTIVE : SdpSetup.PASSIVE);
    assertThat(answer.sdp()).contains("o=- 7 3 IN");
    // What follows leaves ICE alone.
    Agreement again = exchange(a, b);
    assertThat(again.ice()).isEqualTo(Ice.GOES_ON);
    assertThat(again.local()).isEqualTo(byFirstOfferer ? offerers.local() : answerers.local());
  }

  /** As Firefox 153 answers: it was the passive side, and calls itself active. */
  @Test
  void anAnswerThatCallsTheRolesOtherwiseChangesNothing() {
    exchange(a, b);
    SessionDescription offer = restartOffer(b);
    b.setLocal(offer);
    a.setRemote(offer);
    String answer = answer(a).sdp();
    assertThat(answer).contains("setup:passive");

    Agreement agreement =
        b.setRemote(SessionDescription.answer(answer.replace("setup:passive", "setup:active")))
            .orElseThrow();

    assertThat(agreement.dtlsPart()).isEqualTo(DtlsPart.CLIENT);
    assertThat(agreement.ice()).isEqualTo(Ice.RESTARTS);
  }

  @Test
  void beforeTheFirstAnswerThereIsNothingToRestart() {
    a.restartIce();
    assertThat(a.wantsRestart()).isFalse();
    assertThat(credentials(restartOffer(a)).ufrag()).isEqualTo("aaaa");
  }

  @Test
  void aRestartThatWasAskedForComesWithTheNextOffer() {
    exchange(a, b);
    a.restartIce();
    assertThat(a.wantsRestart()).isTrue();
    SessionDescription offer = offer(a);
    assertThat(credentials(offer).ufrag()).isNotEqualTo("aaaa");
    assertThat(offer(a)).as("asked again, it is the same").isEqualTo(offer);

    assertThat(exchange(a, b).ice()).isEqualTo(Ice.RESTARTS);
    assertThat(a.wantsRestart()).isFalse();
  }

  @Test
  void anAnswerDoesNotBringTheRestartThatWasAskedFor() {
    exchange(a, b);
    a.restartIce();
    assertThat(exchange(b, a).ice()).isEqualTo(Ice.GOES_ON);
    assertThat(a.wantsRestart()).isTrue();
  }

  @Test
  void thePeersRestartSettlesOurWish() {
    exchange(a, b);
    a.restartIce();
    b.restartIce();
    assertThat(exchange(b, a).ice()).isEqualTo(Ice.RESTARTS);
    assertThat(a.wantsRestart()).isFalse();
    assertThat(b.wantsRestart()).isFalse();
  }

  @Test
  void twoRestartsAtOnceEndInOneWhenOneSideIsPolite() {
    exchange(a, b);
    SessionDescription ofA = restartOffer(a);
    SessionDescription ofB = restartOffer(b);
    a.setLocal(ofA);
    b.setLocal(ofB);

    b.setRemote(ofA);
    assertThat(b.credentials().ufrag()).as("taken back").isEqualTo("bbbb");
    SessionDescription answer = answer(b);
    assertThat(credentials(answer)).isNotEqualTo(credentials(ofB));
    assertThat(b.setLocal(answer).orElseThrow().ice()).isEqualTo(Ice.RESTARTS);
    assertThat(a.setRemote(answer).orElseThrow().ice()).isEqualTo(Ice.RESTARTS);
  }

  @Test
  void anOfferThatIsTakenBackLeavesTheCredentials() {
    exchange(a, b);
    IceCredentials before = a.credentials();
    a.setLocal(restartOffer(a));
    assertThat(a.credentials()).isNotEqualTo(before);
    a.setLocal(new SessionDescription(SdpType.ROLLBACK, ""));
    assertThat(a.credentials()).isEqualTo(before);
  }

  @Test
  void aPeerThatDoesNotRestartIsTakenAsItIs() {
    exchange(a, b);
    String answerBefore = b.local().toSdp();
    IceCredentials before = a.credentials();
    a.restartIce();
    a.setLocal(offer(a));
    Agreement agreement = a.setRemote(SessionDescription.answer(answerBefore)).orElseThrow();

    assertThat(agreement.ice()).isEqualTo(Ice.GOES_ON);
    assertThat(agreement.local()).isEqualTo(before).isEqualTo(a.credentials());
    assertThat(a.wantsRestart()).isFalse();
  }

  @Test
  void anAnswerCannotRestartWhatTheOfferDidNot() {
    exchange(a, b);
    SessionDescription offer = offer(a);
    a.setLocal(offer);
    b.setRemote(offer);
    String answer = answer(b).sdp().replace("a=ice-ufrag:bbbb", "a=ice-ufrag:other");
    refuses(Code.INVALID_ACCESS, () -> a.setRemote(SessionDescription.answer(answer)));
  }

  @Test
  void aDataSectionTakesItsTransportFromTheBundlesFirstSection() {
    String offer =
        sample("chromium-offer")
            .replace("a=group:BUNDLE 0", "a=group:BUNDLE aud 0")
            .replaceAll("a=(ice-|fingerprint|setup|candidate)[^\n]*\n", "");
    int at = offer.indexOf("m=application");
    String tagged =
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:aud\r\na=ice-ufrag:tagg\r\n"
            + "a=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=fingerprint:sha-256 "
            + "AB:".repeat(31)
            + "CD\r\na=candidate:1 1 udp 2113937151 192.0.2.1 5000 typ host\r\n";
    a.setRemote(SessionDescription.offer(offer.substring(0, at) + tagged + offer.substring(at)));
    Agreement agreement = a.setLocal(answer(a)).orElseThrow();

    assertThat(agreement.credentials().ufrag()).isEqualTo("tagg");
    assertThat(agreement.candidates()).hasSize(1);
    assertThat(agreement.fingerprints()).hasSize(1);
    assertThat(agreement.dtlsPart()).isEqualTo(DtlsPart.CLIENT);
  }
}
