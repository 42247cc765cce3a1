package dev.tautline.datachannel;

import dev.tautline.datachannel.PeerConnectionException.Code;
import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.datachannel.sdp.LocalSdp;
import dev.tautline.datachannel.sdp.LocalSection;
import dev.tautline.datachannel.sdp.RemoteSdp;
import dev.tautline.datachannel.sdp.RemoteSection;
import dev.tautline.datachannel.sdp.SdpFingerprint;
import dev.tautline.datachannel.sdp.SdpParseException;
import dev.tautline.datachannel.sdp.SdpSetup;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Offer and answer, RFC 9429 sections 3 to 5: which description may be set when, what ours say, and
 * what both together mean. Does nothing by itself: no I/O, no events.
 *
 * <p>Thread rule: used on the connection's loop.
 */
final class Negotiation {
  /** What of ours goes into descriptions. */
  record Own(
      long sessionId,
      String ufrag,
      String pwd,
      List<SdpFingerprint> fingerprints,
      int pacingMillis,
      int sctpPort,
      int maxMessageSize) {}

  /** The first exchange fixed who controls and who is which in DTLS; later ones must not differ. */
  enum Side {
    OFFERER,
    ANSWERER
  }

  /** Who sends the ClientHello. */
  enum DtlsPart {
    CLIENT,
    SERVER
  }

  /**
   * What both descriptions together say.
   *
   * @param side which side we were in this exchange
   * @param dtlsPart our part in the DTLS handshake
   * @param remote the peer's description
   * @param data the peer's data section
   * @param fingerprints of the peer's certificate; at least one of a supported hash
   * @param candidates in the peer's data section
   * @param local our ICE credentials
   * @param ice whether both sides have other credentials than before
   */
  record Agreement(
      Side side,
      DtlsPart dtlsPart,
      RemoteSdp remote,
      RemoteSection data,
      List<Fingerprint> fingerprints,
      List<IceCandidate> candidates,
      IceCredentials local,
      Ice ice) {
    /** The credentials of the peer's ICE agent. */
    IceCredentials credentials() {
      return new IceCredentials(
          Objects.requireNonNull(data.ufrag()), Objects.requireNonNull(data.pwd()));
    }
  }

  /** What an exchange means for ICE. */
  enum Ice {
    /** The first one starts it, later ones leave it as it is. */
    GOES_ON,
    /** RFC 8445 section 9. */
    RESTARTS
  }

  /** Whether an offer is to restart ICE. */
  enum Restart {
    /** If it was asked for by {@link #restartIce}. */
    IF_ASKED,
    /** In any case. */
    NOW
  }

  /** An m-section of the session: its place never changes. */
  private record Slot(
      String kind, String protocol, String formats, @Nullable String mid, SlotUse use) {}

  private enum SlotUse {
    DATA,
    REJECTED
  }

  private record Local(SdpType type, LocalSdp sdp) {}

  private record Remote(SdpType type, RemoteSdp sdp, String text) {}

  private final Own own;
  private SignalingState state = SignalingState.STABLE;
  private @Nullable Local currentLocal;
  private @Nullable Local pendingLocal;
  private @Nullable Remote currentRemote;
  private @Nullable Remote pendingRemote;
  private List<Slot> stableSlots = List.of();
  private @Nullable LocalSdp lastOffer;
  private @Nullable String lastOfferText;
  private @Nullable LocalSdp lastAnswer;
  private @Nullable String lastAnswerText;
  private @Nullable LocalSdp lastCreated;
  private @Nullable DtlsPart dtlsPart;
  private @Nullable Agreement agreed;

  /** Ours in the generation that is agreed on. */
  private IceCredentials settled;

  /** Ours for a restart that was described, in an offer or answer, and is not agreed on. */
  private @Nullable IceCredentials offered;

  /** W3C's [[LocalIceCredentialsToReplace]]: those that a restart was asked for. */
  private final Set<IceCredentials> toReplace = new HashSet<>();

  private final Supplier<IceCredentials> freshCredentials;

  /**
   * Nothing is described yet.
   *
   * @param own what our descriptions say
   * @param freshCredentials makes those of later generations
   */
  Negotiation(Own own, Supplier<IceCredentials> freshCredentials) {
    this.own = own;
    this.settled = new IceCredentials(own.ufrag, own.pwd);
    this.freshCredentials = freshCredentials;
  }

  // ---- ICE's generations

  /** The next offer brings new credentials, W3C section 4.4.2 (restartIce). */
  void restartIce() {
    if (currentLocal != null) {
      toReplace.add(settled);
    }
    if (pendingLocal != null) {
      toReplace.add(credentials(pendingLocal.sdp).orElse(settled));
    }
  }

  /** Whether a restart was asked for that no exchange has brought yet. */
  boolean wantsRestart() {
    return !toReplace.isEmpty();
  }

  /** Ours of the description that is pending, or else of what is agreed on. */
  IceCredentials credentials() {
    return pendingLocal == null ? settled : credentials(pendingLocal.sdp).orElse(settled);
  }

  private static Optional<IceCredentials> credentials(LocalSdp sdp) {
    for (LocalSection section : sdp.sections()) {
      if (section instanceof LocalSection.Data data) {
        return Optional.of(new IceCredentials(data.ufrag(), data.pwd()));
      }
    }
    return Optional.empty();
  }

  private IceCredentials credentialsForOffer(Restart restart) {
    if (agreed == null) {
      // Nothing runs that could be restarted.
      return settled;
    }
    IceCredentials present = credentials();
    if (!toReplace.contains(present) && restart == Restart.IF_ASKED) {
      return present;
    }
    IceCredentials before = offered;
    if (before != null
        && !toReplace.contains(before)
        && (restart == Restart.NOW || !before.equals(present))) {
      // Made before, for an offer that was not answered.
      return before;
    }
    IceCredentials fresh = freshCredentials.get();
    offered = fresh;
    return fresh;
  }

  private IceCredentials credentialsForAnswer(RemoteSection data) {
    Agreement before = agreed;
    if (before == null || !isRestart(before, data)) {
      return settled;
    }
    IceCredentials fresh = offered == null ? freshCredentials.get() : offered;
    offered = fresh;
    return fresh;
  }

  /**
   * RFC 8839 section 4.4.1.1.1 has both values change; one that keeps the password is understood
   * all the same.
   */
  private static boolean isRestart(Agreement before, RemoteSection data) {
    return !before.credentials().equals(new IceCredentials(text(data.ufrag()), text(data.pwd())));
  }

  private static String text(@Nullable String value) {
    return Objects.requireNonNull(value, "was checked when the description was set");
  }

  SignalingState state() {
    return state;
  }

  // ---- Creating

  /**
   * Makes an offer.
   *
   * @param candidates what was gathered with a ufrag
   */
  SessionDescription createOffer(Function<String, GatheredCandidates> candidates, Restart restart) {
    if (state != SignalingState.STABLE && state != SignalingState.HAVE_LOCAL_OFFER) {
      throw new PeerConnectionException(
          Code.INVALID_STATE, "an offer cannot be made in the signalling state " + state);
    }
    IceCredentials credentials = credentialsForOffer(restart);
    GatheredCandidates gathered = candidates.apply(credentials.ufrag());
    List<LocalSection> sections = new ArrayList<>();
    String dataMid = null;
    Set<String> mids = new HashSet<>();
    for (Slot slot : stableSlots) {
      if (slot.mid != null) {
        mids.add(slot.mid);
      }
      if (slot.use == SlotUse.DATA) {
        dataMid = slot.mid;
        sections.add(
            data(slot.protocol, slot.formats, slot.mid, SdpSetup.ACTPASS, credentials, gathered));
      } else {
        sections.add(new LocalSection.Rejected(slot.kind, slot.protocol, slot.formats, slot.mid));
      }
    }
    if (stableSlots.stream().noneMatch(s -> s.use == SlotUse.DATA)) {
      int next = sections.size();
      while (mids.contains(Integer.toString(next))) {
        next++;
      }
      dataMid = Integer.toString(next);
      sections.add(
          data(
              "UDP/DTLS/SCTP",
              "webrtc-datachannel",
              dataMid,
              SdpSetup.ACTPASS,
              credentials,
              gathered));
    }
    LocalSdp offer = versioned(dataMid == null ? List.of() : List.of(dataMid), sections);
    lastOffer = offer;
    lastOfferText = offer.toSdp();
    return new SessionDescription(SdpType.OFFER, lastOfferText);
  }

  /**
   * Makes an answer.
   *
   * @param candidates what was gathered with a ufrag
   */
  SessionDescription createAnswer(Function<String, GatheredCandidates> candidates) {
    if (state != SignalingState.HAVE_REMOTE_OFFER && state != SignalingState.HAVE_LOCAL_PRANSWER) {
      throw new PeerConnectionException(
          Code.INVALID_STATE, "there is no offer to answer in the signalling state " + state);
    }
    RemoteSdp offer = Objects.requireNonNull(pendingRemote).sdp;
    int dataIndex = dataIndexOf(offer);
    List<LocalSection> sections = new ArrayList<>();
    List<String> bundle = new ArrayList<>();
    for (int i = 0; i < offer.sections().size(); i++) {
      RemoteSection section = offer.sections().get(i);
      if (i == dataIndex) {
        IceCredentials credentials = credentialsForAnswer(section);
        sections.add(
            data(
                section.protocol(),
                section.formats(),
                section.mid(),
                answerSetup(section.setup()),
                credentials,
                candidates.apply(credentials.ufrag())));
        if (section.mid() != null && offer.bundleMids().contains(section.mid())) {
          bundle.add(section.mid());
        }
      } else {
        sections.add(
            new LocalSection.Rejected(
                section.kind(), section.protocol(), section.formats(), section.mid()));
      }
    }
    LocalSdp answer = versioned(bundle, sections);
    lastAnswer = answer;
    lastAnswerText = answer.toSdp();
    return new SessionDescription(SdpType.ANSWER, lastAnswerText);
  }

  private LocalSection.Data data(
      String protocol,
      String formats,
      @Nullable String mid,
      SdpSetup setup,
      IceCredentials credentials,
      GatheredCandidates gathered) {
    return new LocalSection.Data(
        protocol,
        formats,
        mid,
        credentials.ufrag(),
        credentials.pwd(),
        own.fingerprints,
        setup,
        own.sctpPort,
        own.maxMessageSize,
        gathered);
  }

  /**
   * RFC 8842 section 5.3: the first answer is active unless the offer leaves no choice; later ones
   * state the part that the living association has.
   */
  private SdpSetup answerSetup(@Nullable SdpSetup offered) {
    if (dtlsPart != null) {
      return dtlsPart == DtlsPart.CLIENT ? SdpSetup.ACTIVE : SdpSetup.PASSIVE;
    }
    return offered == SdpSetup.ACTIVE ? SdpSetup.PASSIVE : SdpSetup.ACTIVE;
  }

  /** RFC 9429 section 5.2.2: the version grows with each description that differs. */
  private LocalSdp versioned(List<String> bundle, List<LocalSection> sections) {
    LocalSdp before = lastCreated;
    long version = before == null ? 2 : before.version();
    var created = new LocalSdp(own.sessionId, version, own.pacingMillis, bundle, sections);
    if (before != null && !created.equals(before)) {
      created = created.withVersion(version + 1);
    }
    lastCreated = created;
    return created;
  }

  // ---- Setting ours

  /** The type that setLocalDescription without arguments makes, W3C section 4.4.1.5. */
  SdpType implicitType() {
    return state == SignalingState.HAVE_REMOTE_OFFER || state == SignalingState.HAVE_LOCAL_PRANSWER
        ? SdpType.ANSWER
        : SdpType.OFFER;
  }

  /** Sets ours; returns what was agreed on when both are there now. */
  Optional<Agreement> setLocal(SessionDescription description) {
    switch (description.type()) {
      case OFFER -> {
        require(
            state == SignalingState.STABLE || state == SignalingState.HAVE_LOCAL_OFFER,
            description.type(),
            "local");
        if (lastOffer == null || !description.sdp().equals(lastOfferText)) {
          throw modified("offer");
        }
        pendingLocal = new Local(SdpType.OFFER, lastOffer);
        state = SignalingState.HAVE_LOCAL_OFFER;
        return Optional.empty();
      }
      case ANSWER, PRANSWER -> {
        require(
            state == SignalingState.HAVE_REMOTE_OFFER
                || state == SignalingState.HAVE_LOCAL_PRANSWER,
            description.type(),
            "local");
        if (lastAnswer == null || !description.sdp().equals(lastAnswerText)) {
          throw modified("answer");
        }
        var local = new Local(description.type(), lastAnswer);
        Remote offer = Objects.requireNonNull(pendingRemote);
        Optional<Agreement> agreement = agreementAsAnswerer(local, offer.sdp);
        if (description.type() == SdpType.PRANSWER) {
          pendingLocal = local;
          state = SignalingState.HAVE_LOCAL_PRANSWER;
        } else {
          settle(local, offer);
          stableSlots = slotsOf(offer.sdp, local.sdp);
        }
        return agreement;
      }
      case ROLLBACK -> {
        require(state == SignalingState.HAVE_LOCAL_OFFER, description.type(), "local");
        rollBack();
        return Optional.empty();
      }
    }
    throw new IllegalStateException("no such type");
  }

  private PeerConnectionException modified(String what) {
    return new PeerConnectionException(
        Code.INVALID_MODIFICATION,
        "the local description is not the " + what + " that was created last");
  }

  // ---- Setting the peer's

  /** Sets the peer's; returns what was agreed on when both are there now. */
  Optional<Agreement> setRemote(SessionDescription description) {
    if (description.type() == SdpType.ROLLBACK) {
      require(state == SignalingState.HAVE_REMOTE_OFFER, description.type(), "remote");
      rollBack();
      return Optional.empty();
    }
    if (description.type() == SdpType.OFFER) {
      require(
          state == SignalingState.STABLE
              || state == SignalingState.HAVE_LOCAL_OFFER
              || state == SignalingState.HAVE_REMOTE_OFFER,
          description.type(),
          "remote");
      RemoteSdp offer = parse(description.sdp());
      checkOffer(offer);
      if (state == SignalingState.HAVE_LOCAL_OFFER) {
        // W3C, perfect negotiation: a polite peer takes its own offer back.
        rollBack();
      }
      offered = null;
      pendingRemote = new Remote(SdpType.OFFER, offer, description.sdp());
      state = SignalingState.HAVE_REMOTE_OFFER;
      return Optional.empty();
    }
    require(
        state == SignalingState.HAVE_LOCAL_OFFER || state == SignalingState.HAVE_REMOTE_PRANSWER,
        description.type(),
        "remote");
    RemoteSdp answer = parse(description.sdp());
    Local offer = Objects.requireNonNull(pendingLocal);
    Optional<Agreement> agreement = agreementAsOfferer(offer.sdp, answer);
    var remote = new Remote(description.type(), answer, description.sdp());
    if (description.type() == SdpType.PRANSWER) {
      pendingRemote = remote;
      state = SignalingState.HAVE_REMOTE_PRANSWER;
    } else {
      settle(offer, remote);
      stableSlots = slotsOf(answer, offer.sdp);
    }
    return agreement;
  }

  private static RemoteSdp parse(String sdp) {
    try {
      return RemoteSdp.parse(sdp);
    } catch (SdpParseException e) {
      throw new PeerConnectionException(
          Code.SDP_SYNTAX, "the description cannot be read: " + e.getMessage(), null, e);
    }
  }

  private void checkOffer(RemoteSdp offer) {
    if (offer.sections().size() < stableSlots.size()) {
      throw new PeerConnectionException(
          Code.INVALID_ACCESS,
          "the offer has "
              + offer.sections().size()
              + " sections where the session has "
              + stableSlots.size());
    }
    int dataIndex = dataIndexOf(offer);
    if (dataIndex >= 0) {
      RemoteSection data = offer.sections().get(dataIndex);
      checkData(offer, data);
      if (dtlsPart == DtlsPart.CLIENT && data.setup() == SdpSetup.ACTIVE
          || dtlsPart == DtlsPart.SERVER && data.setup() == SdpSetup.PASSIVE) {
        throw new PeerConnectionException(
            Code.INVALID_ACCESS, "the offer changes the DTLS roles of the living association");
      }
    }
  }

  private void checkData(RemoteSdp sdp, RemoteSection data) {
    if (data.ufrag() == null || data.pwd() == null) {
      throw new PeerConnectionException(
          Code.SDP_SYNTAX, "the data section has no ICE user name fragment and password");
    }
    if (data.fingerprints().isEmpty()) {
      throw new PeerConnectionException(
          Code.SDP_SYNTAX, "the data section has no certificate fingerprint");
    }
    List<Fingerprint> fingerprints = fingerprints(data);
    candidates(data);
    Agreement before = agreed;
    if (before != null) {
      if (!new HashSet<>(fingerprints).equals(new HashSet<>(before.fingerprints))) {
        throw new PeerConnectionException(
            Code.INVALID_ACCESS, "the description changes the certificate of a living session");
      }
    }
    if (data.setup() == SdpSetup.HOLDCONN) {
      throw new PeerConnectionException(Code.INVALID_ACCESS, "a=setup:holdconn is refused");
    }
    if (data.sctpPort() == 0) {
      throw new PeerConnectionException(Code.INVALID_ACCESS, "SCTP's port is 0");
    }
    if (!sdp.bundleMids().isEmpty() && data.mid() == null) {
      throw new PeerConnectionException(
          Code.SDP_SYNTAX, "the description bundles sections, but the data section has no a=mid");
    }
  }

  /** The session's data section stays where it is; else the first that could be one. */
  private int dataIndexOf(RemoteSdp sdp) {
    for (int i = 0; i < stableSlots.size() && i < sdp.sections().size(); i++) {
      if (stableSlots.get(i).use == SlotUse.DATA) {
        RemoteSection section = sdp.sections().get(i);
        return section.isData() && !section.isRejected() ? i : -1;
      }
    }
    return sdp.dataSectionIndex();
  }

  // ---- What both mean

  private Optional<Agreement> agreementAsAnswerer(Local answer, RemoteSdp offer) {
    for (int i = 0; i < answer.sdp.sections().size(); i++) {
      if (answer.sdp.sections().get(i) instanceof LocalSection.Data data) {
        DtlsPart part = data.setup() == SdpSetup.ACTIVE ? DtlsPart.CLIENT : DtlsPart.SERVER;
        dtlsPart = part;
        return Optional.of(
            agreed(
                Side.ANSWERER,
                part,
                offer,
                offer.sections().get(i),
                new IceCredentials(data.ufrag(), data.pwd())));
      }
    }
    return Optional.empty();
  }

  private Optional<Agreement> agreementAsOfferer(LocalSdp offer, RemoteSdp answer) {
    if (answer.sections().size() != offer.sections().size()) {
      throw new PeerConnectionException(
          Code.INVALID_ACCESS,
          "the answer has "
              + answer.sections().size()
              + " sections where the offer has "
              + offer.sections().size());
    }
    for (int i = 0; i < offer.sections().size(); i++) {
      if (!(offer.sections().get(i) instanceof LocalSection.Data own)) {
        continue;
      }
      RemoteSection data = answer.sections().get(i);
      if (data.mid() != null && !data.mid().equals(own.mid())) {
        throw new PeerConnectionException(
            Code.INVALID_ACCESS, "the answer's section has another a=mid than the offer's");
      }
      if (data.isRejected() || !data.isData()) {
        return Optional.empty();
      }
      checkData(answer, data);
      IceCredentials local = new IceCredentials(own.ufrag(), own.pwd());
      Agreement before = agreed;
      if (before != null && isRestart(before, data) && local.equals(before.local)) {
        throw new PeerConnectionException(
            Code.INVALID_ACCESS, "the answer restarts ICE, which the offer did not");
      }
      if (data.setup() == SdpSetup.ACTPASS) {
        throw new PeerConnectionException(
            Code.INVALID_ACCESS, "an answer cannot say a=setup:actpass");
      }
      // The certificates are the same (checkData), so the association lives on with its roles,
      // whatever a later answer calls them: Firefox 153 answers a second offer with active although
      // it is the passive side.
      DtlsPart answered = data.setup() == SdpSetup.PASSIVE ? DtlsPart.CLIENT : DtlsPart.SERVER;
      DtlsPart part = dtlsPart == null ? answered : dtlsPart;
      dtlsPart = part;
      return Optional.of(agreed(Side.OFFERER, part, answer, data, local));
    }
    return Optional.empty();
  }

  private Agreement agreed(
      Side side, DtlsPart part, RemoteSdp remote, RemoteSection data, IceCredentials local) {
    Agreement before = agreed;
    boolean restarts = before != null && isRestart(before, data);
    // A peer that knows no restarts answers with the credentials it has, and goes on with ours of
    // before: then so do we.
    IceCredentials ours = before != null && !restarts ? before.local : local;
    var agreement =
        new Agreement(
            side,
            part,
            remote,
            data,
            fingerprints(data),
            candidates(data),
            ours,
            restarts ? Ice.RESTARTS : Ice.GOES_ON);
    agreed = agreement;
    return agreement;
  }

  private static List<Fingerprint> fingerprints(RemoteSection data) {
    List<Fingerprint> fingerprints = new ArrayList<>();
    for (SdpFingerprint fingerprint : data.fingerprints()) {
      try {
        fingerprints.add(new Fingerprint(fingerprint.algorithm(), fingerprint.value()));
      } catch (IllegalArgumentException e) {
        throw new PeerConnectionException(
            Code.SDP_SYNTAX, "a=fingerprint is malformed: " + e.getMessage(), null, e);
      }
    }
    if (Fingerprint.strongest(fingerprints).isEmpty()) {
      throw new PeerConnectionException(
          Code.INVALID_ACCESS, "none of the fingerprints has a hash that is supported");
    }
    return fingerprints;
  }

  private static List<IceCandidate> candidates(RemoteSection data) {
    List<IceCandidate> candidates = new ArrayList<>();
    for (String line : data.candidates()) {
      try {
        Candidates.parse(line).ifPresent(candidates::add);
      } catch (IceParseException e) {
        throw new PeerConnectionException(
            Code.SDP_SYNTAX, "a=candidate is malformed: " + e.getMessage(), null, e);
      }
    }
    return candidates;
  }

  private List<Slot> slotsOf(RemoteSdp remote, LocalSdp local) {
    List<Slot> slots = new ArrayList<>(remote.sections().size());
    for (int i = 0; i < remote.sections().size(); i++) {
      RemoteSection section = remote.sections().get(i);
      boolean data = local.sections().get(i) instanceof LocalSection.Data && !section.isRejected();
      slots.add(
          new Slot(
              section.kind(),
              section.protocol(),
              section.formats(),
              local.sections().get(i).mid(),
              data ? SlotUse.DATA : SlotUse.REJECTED));
    }
    return slots;
  }

  private void settle(Local local, Remote remote) {
    currentLocal = local;
    currentRemote = remote;
    if (agreed != null) {
      settled = agreed.local;
    }
    // Also when the peer did not restart: asking it for ever would lead nowhere.
    if (credentials(local.sdp).filter(toReplace::contains).isEmpty()) {
      toReplace.clear();
    }
    offered = null;
    pendingLocal = null;
    pendingRemote = null;
    lastOffer = null;
    lastOfferText = null;
    lastAnswer = null;
    lastAnswerText = null;
    state = SignalingState.STABLE;
  }

  private void rollBack() {
    offered = null;
    pendingLocal = null;
    pendingRemote = null;
    lastOffer = null;
    lastOfferText = null;
    lastAnswer = null;
    lastAnswerText = null;
    state = SignalingState.STABLE;
  }

  private void require(boolean allowed, SdpType type, String whose) {
    if (!allowed) {
      throw new PeerConnectionException(
          Code.INVALID_STATE,
          "a " + whose + " " + type + " does not fit the signalling state " + state);
    }
  }

  void close() {
    state = SignalingState.CLOSED;
  }

  // ---- What was set

  /** Our description, the pending one where there is one. */
  @Nullable LocalSdp local() {
    Local local = pendingLocal != null ? pendingLocal : currentLocal;
    return local == null ? null : local.sdp;
  }

  /** Its type, with {@link #local}. */
  @Nullable SdpType localType() {
    Local local = pendingLocal != null ? pendingLocal : currentLocal;
    return local == null ? null : local.type;
  }

  /** The peer's description, the pending one where there is one. */
  @Nullable RemoteSdp remote() {
    Remote remote = pendingRemote != null ? pendingRemote : currentRemote;
    return remote == null ? null : remote.sdp;
  }

  /** As it was given, with {@link #remote}. */
  @Nullable SessionDescription remoteDescription() {
    Remote remote = pendingRemote != null ? pendingRemote : currentRemote;
    return remote == null ? null : new SessionDescription(remote.type, remote.text);
  }

  /** The peer's data section in the present description, or null. */
  @Nullable RemoteSection remoteData() {
    RemoteSdp remote = remote();
    if (remote == null) {
      return null;
    }
    int index = dataIndexOf(remote);
    return index < 0 ? null : remote.sections().get(index);
  }

  /** Whether a ufrag is that of a description of the peer that is in force or pending. */
  boolean knowsUfrag(String ufrag) {
    return hasUfrag(pendingRemote, ufrag) || hasUfrag(currentRemote, ufrag);
  }

  private static boolean hasUfrag(@Nullable Remote remote, String ufrag) {
    return remote != null && remote.sdp.sections().stream().anyMatch(s -> ufrag.equals(s.ufrag()));
  }

  /** Whether the session has a data section that both sides accepted. */
  boolean hasDataSection() {
    return stableSlots.stream().anyMatch(s -> s.use == SlotUse.DATA);
  }

  /** Whether a description of ours, in force or pending, has that ufrag. */
  boolean describes(String ufrag) {
    return has(pendingLocal, ufrag) || has(currentLocal, ufrag);
  }

  private static boolean has(@Nullable Local local, String ufrag) {
    return local != null && credentials(local.sdp).filter(c -> c.ufrag().equals(ufrag)).isPresent();
  }

  /** The tag and index of our data section, for candidates. */
  Optional<DataPlace> dataPlace() {
    LocalSdp local = local();
    if (local == null) {
      return Optional.empty();
    }
    for (int i = 0; i < local.sections().size(); i++) {
      if (local.sections().get(i) instanceof LocalSection.Data data) {
        return Optional.of(new DataPlace(data.mid(), i));
      }
    }
    return Optional.empty();
  }

  /** Where the data section is. */
  record DataPlace(@Nullable String mid, int index) {}
}
