package dev.tautline.sctp.association;

import dev.tautline.base.Timer;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.association.AssociationState.Closed;
import dev.tautline.sctp.association.AssociationState.CookieEchoed;
import dev.tautline.sctp.association.AssociationState.CookieWait;
import dev.tautline.sctp.association.AssociationState.Established;
import dev.tautline.sctp.association.AssociationState.ShutdownAckSent;
import dev.tautline.sctp.association.Outbox.Checksum;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.tx.CongestionControl;
import dev.tautline.sctp.tx.CubicCongestionControl;
import dev.tautline.sctp.tx.DataSender;
import dev.tautline.sctp.tx.DataSender.LossDetection;
import dev.tautline.sctp.tx.DataSender.Persistence;
import dev.tautline.sctp.tx.ModelBasedCongestionControl;
import dev.tautline.sctp.tx.RetransmissionTimeout;
import dev.tautline.sctp.tx.Rfc9260CongestionControl;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The handshake with all its collisions, RFC 9260 section 5. */
final class Establishment {
  /** RFC 9260 sections 3.3.2 and 3.3.3: a smaller a_rwnd is not acceptable. */
  private static final long MIN_WINDOW_BYTES = 1500;

  /** After so many unanswered INITs one goes without parameters that some peers choke on. */
  private static final int PLAIN_AFTER = 2;

  /** How often a stale cookie makes us begin again. */
  private static final int MAX_STALE_RETRIES = 3;

  private final Context context;
  private final CookieJar cookies;

  /** Our tag until an association gives us another one; also of INIT ACKs sent before connect(). */
  private final int localTag;

  private final int initialTsn;
  private final Set<Extension> offered;

  /** Takes messages before there is a peer. */
  private DataSender sender;

  private RetransmissionTimeout rto;
  private int initsSent;
  private int maxPacketBytes;

  /** Whether an INIT or INIT ACK of ours said that we take packets without a checksum. */
  private boolean zeroChecksumAnnounced;

  /** What INITs with this tag announced: a later one of the same peer may be a plain one. */
  private Set<Extension> seenExtensions = EnumSet.noneOf(Extension.class);

  private int seenTag;
  private int staleCookies;

  /** What the peer's cookie staleness asks for, added to the next INIT; 0 for none. */
  private int cookiePreservativeMillis;

  Establishment(Context context) {
    this.context = context;
    this.cookies = new CookieJar(context.random());
    this.localTag = context.randomTag();
    this.initialTsn = context.random().nextInt();
    this.offered = Extension.offeredBy(context.options());
    this.maxPacketBytes = context.options().maxPacketBytes();
    this.rto = newRto();
    this.sender = newSender(initialTsn);
  }

  private RetransmissionTimeout newRto() {
    AssociationOptions options = context.options();
    return new RetransmissionTimeout(
        options.rtoInitial().toNanos(), options.rtoMin().toNanos(), options.rtoMax().toNanos());
  }

  private DataSender newSender(int firstTsn) {
    AssociationOptions options = context.options();
    return new DataSender(
        firstTsn,
        rto,
        newCongestionControl(),
        maxPacketBytes,
        options.limits().maxOutstandingChunks(),
        options.congestionAlgorithm() == CongestionAlgorithm.RFC_9260
            ? LossDetection.MISS_INDICATIONS
            : LossDetection.RACK_TLP,
        options.maxRetransmits() == AssociationOptions.UNLIMITED
            ? Persistence.PROBE_BETWEEN_TIMEOUTS
            : Persistence.TIMEOUTS_ONLY);
  }

  private CongestionControl newCongestionControl() {
    int packets = context.options().initialWindowPackets();
    int packetBytes = maxPacketBytes;
    return switch (context.options().congestionAlgorithm()) {
      case RFC_9260 -> new Rfc9260CongestionControl(packets, packetBytes);
      case CUBIC -> new CubicCongestionControl(packets, packetBytes);
      case MODEL_BASED -> new ModelBasedCongestionControl(packets, packetBytes, context.random());
    };
  }

  DataSender sender() {
    return sender;
  }

  /** From now on packets are at most that long, those after a restart as well. */
  void setMaxPacketBytes(int bytes) {
    maxPacketBytes = bytes;
    sender.setMaxPacketBytes(bytes);
  }

  RetransmissionTimeout rto() {
    return rto;
  }

  /** The tag that packets to us carry while there is no TCB. */
  int localTag() {
    return localTag;
  }

  /**
   * Whether the peer may leave the checksum out. RFC 9653 section 5.3: who announced it must take
   * it; of several INITs and INIT ACKs that crossed, the peer may have seen any.
   */
  boolean isZeroChecksumAnnounced() {
    return zeroChecksumAnnounced;
  }

  /** Sends INIT, section 5.1 A. */
  void connect() {
    if (!context.state().equals(new Closed(Closed.Use.FRESH))) {
      return;
    }
    initsSent = 0;
    enterCookieWait(context.now());
  }

  private void enterCookieWait(long startedNanos) {
    sendInit();
    Timer t1Init = context.t1Timer();
    context.transitionTo(new CookieWait(t1Init, startedNanos));
  }

  private void sendInit() {
    initsSent++;
    Set<Extension> announced = EnumSet.copyOf(offered);
    if (initsSent > PLAIN_AFTER) {
      // Debian's pion drops an INIT with parameter 0x8001 whole.
      announced.remove(Extension.ZERO_CHECKSUM);
    }
    List<Parameter> parameters = new ArrayList<>();
    // With I-DATA the two sides must agree: it is not left out for one INIT of several.
    if (initsSent != PLAIN_AFTER + 1 || announced.contains(Extension.INTERLEAVING)) {
      parameters.addAll(Extension.toParameters(announced));
      zeroChecksumAnnounced |= announced.contains(Extension.ZERO_CHECKSUM);
    }
    if (cookiePreservativeMillis > 0) {
      parameters.add(
          new Parameter(
              Parameter.COOKIE_PRESERVATIVE,
              Octets.copyOf(new WireWriter(4).u32(cookiePreservativeMillis).array())));
    }
    context
        .outbox()
        .sendAlone(0, Checksum.REQUIRED, new InitChunk(ownBody(localTag, initialTsn, parameters)));
  }

  private InitBody ownBody(int tag, int tsn, List<Parameter> parameters) {
    AssociationOptions options = context.options();
    return new InitBody(
        tag,
        options.receiveWindowBytes(),
        options.outgoingStreams(),
        options.incomingStreams(),
        tsn,
        parameters);
  }

  /** T1-init or T1-cookie may be due. */
  void advanceTo(long now) {
    if (context.state() instanceof CookieWait state && state.t1Init().expire(now)) {
      if (gaveUp(state.t1Init(), state.startedNanos(), "INIT")) {
        return;
      }
      sendInit();
    } else if (context.state() instanceof CookieEchoed state && state.t1Cookie().expire(now)) {
      if (gaveUp(state.t1Cookie(), state.startedNanos(), "COOKIE ECHO")) {
        return;
      }
      context.outbox().sendFirst(state.echo());
      state.tcb().sender().cookieResent();
    }
  }

  private boolean gaveUp(Timer t1, long startedNanos, String what) {
    if (t1.expirations() <= context.options().maxInitRetransmits()
        && !context.isBeyondLimit(startedNanos)) {
      return false;
    }
    context.fail(
        FailureReason.HANDSHAKE_UNANSWERED,
        what + " got no answer after " + (t1.expirations() - 1) + " retransmissions");
    return true;
  }

  /** INIT, sections 5.1 B, 5.2.1 and 5.2.2. */
  void init(InitChunk chunk) {
    InitBody body = understood(chunk.body());
    if (body.initiateTag() == 0) {
      // Section 3.3.2: "the receiver MUST silently discard the packet".
      context.drop(DropReason.MALFORMED_CHUNK);
      return;
    }
    Optional<ErrorCause> refusal = refusalOf(body);
    if (refusal.isPresent()) {
      // "SHOULD … ABORT chunk with the Verification Tag set to the Initiate Tag", and the present
      // association stays as it is.
      refuse(body.initiateTag(), refusal.get());
      return;
    }
    AssociationState state = context.state();
    if (state instanceof Closed closed && closed.use() == Closed.Use.ENDED) {
      refuse(body.initiateTag(), ErrorCause.of(ErrorCause.OUT_OF_RESOURCE));
      return;
    }
    if (state instanceof ShutdownAckSent) {
      // Section 9.2: "discard the INIT chunk and retransmit the SHUTDOWN ACK chunk".
      context.outbox().send(new ShutdownAckChunk());
      return;
    }
    Tcb tcb = state.tcb();
    boolean ownTag = tcb == null || state instanceof CookieEchoed;
    int tag = ownTag ? localTag : context.randomTag();
    int tsn = ownTag ? initialTsn : context.random().nextInt();
    int localTieTag = tcb == null ? 0 : tcb.localTag();
    int peerTieTag = tcb == null ? 0 : tcb.peerTag();
    sendInitAck(body, unrecognized(chunk.body()), tag, tsn, localTieTag, peerTieTag);
  }

  private Optional<ErrorCause> refusalOf(InitBody body) {
    if (body.outboundStreams() == 0 || body.inboundStreams() == 0) {
      return Optional.of(ErrorCause.of(ErrorCause.INVALID_MANDATORY_PARAMETER));
    }
    if (body.aRwnd() < MIN_WINDOW_BYTES) {
      return Optional.of(ErrorCause.of(ErrorCause.PROTOCOL_VIOLATION, "a_rwnd below 1500 bytes"));
    }
    return body.parameter(Parameter.HOST_NAME_ADDRESS)
        .map(host -> new ErrorCause(ErrorCause.UNRESOLVABLE_ADDRESS, echo(host)));
  }

  private Octets echo(Parameter parameter) {
    return parameter.toOctets().truncatedTo(context.maxEchoedBytes());
  }

  private void refuse(int tag, ErrorCause cause) {
    context
        .outbox()
        .sendAlone(tag, Checksum.REQUIRED, new AbortChunk(TagBit.RECEIVERS_TAG, List.of(cause)));
  }

  private void sendInitAck(
      InitBody peer,
      List<Parameter> unrecognized,
      int tag,
      int tsn,
      int localTieTag,
      int peerTieTag) {
    Set<Extension> announced = Extension.announcedBy(peer);
    if (seenTag != peer.initiateTag()) {
      seenTag = peer.initiateTag();
      seenExtensions = EnumSet.noneOf(Extension.class);
    }
    seenExtensions.addAll(announced);
    Set<Extension> agreed = EnumSet.copyOf(seenExtensions);
    if (!announced.contains(Extension.ZERO_CHECKSUM)) {
      // Only what this exchange agrees on: the peer may never have seen the INIT ACK before it.
      agreed.remove(Extension.ZERO_CHECKSUM);
    }
    agreed.retainAll(offered);
    var cookie =
        new StateCookie(
            context.now(),
            tag,
            peer.initiateTag(),
            tsn,
            peer.initialTsn(),
            peer.aRwnd(),
            Math.min(context.options().outgoingStreams(), peer.inboundStreams()),
            Math.min(context.options().incomingStreams(), peer.outboundStreams()),
            agreed,
            localTieTag,
            peerTieTag);
    var parameters = new ArrayList<Parameter>();
    parameters.add(new Parameter(Parameter.STATE_COOKIE, cookies.sign(cookie)));
    Set<Extension> ours = EnumSet.copyOf(offered);
    if (!announced.contains(Extension.ZERO_CHECKSUM)) {
      // A peer that does not name it may choke on it, and it is of use only to both.
      ours.remove(Extension.ZERO_CHECKSUM);
    }
    zeroChecksumAnnounced |= ours.contains(Extension.ZERO_CHECKSUM);
    parameters.addAll(Extension.toParameters(ours));
    int room = context.maxEchoedBytes();
    for (Parameter unknown : unrecognized) {
      Octets whole = unknown.toOctets();
      if (whole.length() > room) {
        break;
      }
      parameters.add(new Parameter(Parameter.UNRECOGNIZED_PARAMETER, whole));
      room -= whole.length();
    }
    context
        .outbox()
        .sendAlone(
            peer.initiateTag(), Checksum.REQUIRED, new InitAckChunk(ownBody(tag, tsn, parameters)));
  }

  /** Without what follows an unknown parameter that ends the parameters, section 3.2.1. */
  private static InitBody understood(InitBody body) {
    List<Parameter> all = body.parameters();
    for (int i = 0; i < all.size(); i++) {
      if (!isKnown(all.get(i).type()) && !all.get(i).skipsWhenUnknown()) {
        return new InitBody(
            body.initiateTag(),
            body.aRwnd(),
            body.outboundStreams(),
            body.inboundStreams(),
            body.initialTsn(),
            all.subList(0, i));
      }
    }
    return body;
  }

  /** Unknown parameters that their sender wants to hear of, section 3.2.1. */
  private static List<Parameter> unrecognized(InitBody body) {
    var reported = new ArrayList<Parameter>();
    for (Parameter parameter : body.parameters()) {
      if (isKnown(parameter.type())) {
        continue;
      }
      if (parameter.reportsWhenUnknown()) {
        reported.add(parameter);
      }
      if (!parameter.skipsWhenUnknown()) {
        break;
      }
    }
    return reported;
  }

  private static boolean isKnown(int type) {
    return switch (type) {
      case Parameter.IPV4_ADDRESS,
          Parameter.IPV6_ADDRESS,
          Parameter.STATE_COOKIE,
          Parameter.UNRECOGNIZED_PARAMETER,
          Parameter.COOKIE_PRESERVATIVE,
          Parameter.HOST_NAME_ADDRESS,
          Parameter.SUPPORTED_ADDRESS_TYPES,
          Parameter.ZERO_CHECKSUM_ACCEPTABLE,
          Parameter.SUPPORTED_EXTENSIONS,
          Parameter.FORWARD_TSN_SUPPORTED ->
          true;
      default -> false;
    };
  }

  /** INIT ACK, section 5.1 C. In any other state than COOKIE-WAIT it is discarded, 5.2.3. */
  void initAck(InitAckChunk chunk) {
    if (!(context.state() instanceof CookieWait state)) {
      context.drop(DropReason.UNEXPECTED_CHUNK);
      return;
    }
    InitBody body = understood(chunk.body());
    if (body.initiateTag() == 0) {
      // Section 3.3.3: the association is destroyed.
      end(ErrorCause.INVALID_MANDATORY_PARAMETER, "INIT ACK with initiate tag 0");
      return;
    }
    Optional<ErrorCause> refusal = refusalOf(body);
    if (refusal.isPresent()) {
      refuse(body.initiateTag(), refusal.get());
      end(refusal.get().code(), "INIT ACK with unacceptable values");
      return;
    }
    Optional<Parameter> cookie = body.parameter(Parameter.STATE_COOKIE);
    if (cookie.isEmpty()) {
      // Section 3.3.10.2: the number of missing parameters, then their types.
      byte[] missing = new WireWriter(6).u32(1).u16(Parameter.STATE_COOKIE).array();
      refuse(
          body.initiateTag(),
          new ErrorCause(ErrorCause.MISSING_MANDATORY_PARAMETER, Octets.copyOf(missing)));
      end(ErrorCause.MISSING_MANDATORY_PARAMETER, "INIT ACK without a cookie");
      return;
    }
    Set<Extension> agreed = EnumSet.copyOf(offered);
    agreed.retainAll(Extension.announcedBy(body));
    if (initsSent > PLAIN_AFTER) {
      agreed.remove(Extension.ZERO_CHECKSUM);
    }
    Tcb tcb =
        newTcb(
            localTag,
            body.initiateTag(),
            initialTsn,
            body.initialTsn(),
            body.aRwnd(),
            Math.min(context.options().outgoingStreams(), body.inboundStreams()),
            Math.min(context.options().incomingStreams(), body.outboundStreams()),
            agreed);
    var echo = new CookieEchoChunk(cookie.get().value());
    if (echo.paddedLength() > maxPacketBytes - PacketHeader.BYTES) {
      refuse(body.initiateTag(), ErrorCause.of(ErrorCause.OUT_OF_RESOURCE));
      end(ErrorCause.OUT_OF_RESOURCE, "a cookie larger than a packet");
      return;
    }
    Timer t1Cookie = context.t1Timer();
    context.transitionTo(new CookieEchoed(t1Cookie, state.startedNanos(), echo, tcb));
    // What rode with a cookie that was stale rides with this one.
    sender.cookieResent();
    context.outbox().sendFirst(echo);
    reportUnrecognized(chunk.body());
  }

  private void reportUnrecognized(InitBody body) {
    List<Parameter> unknown = unrecognized(body);
    if (unknown.isEmpty()) {
      return;
    }
    var echoed = new WireWriter(context.maxEchoedBytes());
    for (Parameter parameter : unknown) {
      if (parameter.paddedLength() > echoed.remaining()) {
        break;
      }
      parameter.write(echoed);
    }
    if (echoed.written() > 0) {
      context.sendError(
          new ErrorCause(
              ErrorCause.UNRECOGNIZED_PARAMETERS,
              Octets.copyOf(echoed.array(), 0, echoed.written())));
    }
  }

  private void end(int causeCode, String detail) {
    context.end(new AssociationEvent.Aborted(causeCode, detail, Origin.LOCAL));
  }

  private Tcb newTcb(
      int ownTag,
      int peerTag,
      int ownInitialTsn,
      int peerInitialTsn,
      long peerWindowBytes,
      int outgoingStreams,
      int incomingStreams,
      Set<Extension> extensions) {
    AssociationOptions options = context.options();
    boolean interleaving = extensions.contains(Extension.INTERLEAVING);
    sender.peerKnown(peerWindowBytes, extensions.contains(Extension.FORWARD_TSN), interleaving);
    sender.queue().discardFrom(outgoingStreams);
    var receiver =
        new DataReceiver(
            peerInitialTsn,
            incomingStreams,
            options.receiveWindowBytes(),
            options.sackDelay().toNanos(),
            interleaving,
            options.limits(),
            (streamId, ppid, payload) ->
                context.emit(new AssociationEvent.MessageReceived(streamId, ppid, payload)));
    var streamResets =
        new StreamResets(
            context,
            rto,
            sender,
            receiver,
            outgoingStreams,
            incomingStreams,
            ownInitialTsn,
            peerInitialTsn);
    return new Tcb(
        ownTag,
        peerTag,
        outgoingStreams,
        incomingStreams,
        extensions,
        sender,
        receiver,
        new Heartbeats(context),
        streamResets);
  }

  private Tcb tcbFrom(StateCookie cookie) {
    return newTcb(
        cookie.localTag(),
        cookie.peerTag(),
        cookie.localInitialTsn(),
        cookie.peerInitialTsn(),
        cookie.peerWindowBytes(),
        cookie.outgoingStreams(),
        cookie.incomingStreams(),
        cookie.extensions());
  }

  /** COOKIE ECHO, sections 5.1 D and 5.2.4; returns whether what is bundled with it counts. */
  boolean cookieEcho(CookieEchoChunk chunk, int verificationTag) {
    Optional<StateCookie> opened = cookies.open(chunk.cookie());
    if (opened.isEmpty()) {
      context.drop(DropReason.FORGED_COOKIE);
      return false;
    }
    StateCookie cookie = opened.get();
    if (verificationTag != cookie.localTag()) {
      context.drop(DropReason.WRONG_TAG);
      return false;
    }
    AssociationState state = context.state();
    if (state instanceof Closed closed && closed.use() == Closed.Use.ENDED) {
      context.drop(DropReason.MISMATCHED_COOKIE);
      return false;
    }
    Tcb tcb = state.tcb();
    long staleNanos =
        context.now() - cookie.createdNanos() - context.options().cookieLife().toNanos();
    boolean bothTagsMatch =
        tcb != null && cookie.localTag() == tcb.localTag() && cookie.peerTag() == tcb.peerTag();
    if (staleNanos > 0 && !bothTagsMatch) {
      reportStale(cookie.peerTag(), staleNanos);
      return false;
    }
    if (tcb == null) {
      // CLOSED, or COOKIE-WAIT: case B with an unknown tag of the peer.
      establish(tcbFrom(cookie));
      return true;
    }
    if (bothTagsMatch) {
      return repeated(tcb);
    }
    if (cookie.localTag() == tcb.localTag()) {
      return collided(cookie, tcb);
    }
    if (cookie.peerTag() != tcb.peerTag()
        && cookie.localTieTag() == tcb.localTag()
        && cookie.peerTieTag() == tcb.peerTag()) {
      return restarted(cookie);
    }
    // Case C and all that the table does not name: a cookie of another time.
    context.drop(DropReason.MISMATCHED_COOKIE);
    return false;
  }

  /** Case D: ours and the peer's tag are those of the association. */
  private boolean repeated(Tcb tcb) {
    if (context.state() instanceof CookieEchoed) {
      establish(tcb);
    } else {
      context.outbox().sendFirst(new CookieAckChunk());
    }
    return true;
  }

  /** Case B: both sent INIT, and the peer answered ours with another tag than its INIT's. */
  private boolean collided(StateCookie cookie, Tcb tcb) {
    if (context.state() instanceof CookieEchoed) {
      establish(tcbFrom(cookie));
    } else {
      tcb.setPeerTag(cookie.peerTag());
      context.outbox().sendFirst(new CookieAckChunk());
    }
    return true;
  }

  /** Case A: the peer lost its association and began anew. */
  private boolean restarted(StateCookie cookie) {
    if (context.state() instanceof ShutdownAckSent) {
      // Section 5.2.4 A: no new association while one is being shut down.
      context.outbox().send(new ShutdownAckChunk());
      context.sendError(ErrorCause.of(ErrorCause.COOKIE_RECEIVED_WHILE_SHUTTING_DOWN));
      return false;
    }
    context.outbox().clear();
    rto = newRto();
    sender = newSender(cookie.localInitialTsn());
    context.emit(new AssociationEvent.Restarted());
    establish(tcbFrom(cookie));
    return true;
  }

  private void reportStale(int peerTag, long staleNanos) {
    context.drop(DropReason.STALE_COOKIE);
    long micros = Math.min(staleNanos / 1000, 0xffff_ffffL);
    Octets staleness = Octets.copyOf(new WireWriter(4).u32((int) micros).array());
    context
        .outbox()
        .sendAlone(
            peerTag,
            Checksum.REQUIRED,
            new ErrorChunk(List.of(new ErrorCause(ErrorCause.STALE_COOKIE, staleness))));
  }

  private void establish(Tcb tcb) {
    enterEstablished(tcb);
    context.outbox().sendFirst(new CookieAckChunk());
  }

  private void enterEstablished(Tcb tcb) {
    context.transitionTo(new Established(tcb));
    tcb.heartbeats().start(rto.rtoNanos());
    tcb.sender().established(context.now());
    context.emit(new AssociationEvent.Established(tcb.outgoingStreams(), tcb.incomingStreams()));
  }

  /** COOKIE ACK, or data, which proves as well that the peer took the cookie. */
  void cookieAcknowledged() {
    if (context.state() instanceof CookieEchoed state) {
      enterEstablished(state.tcb());
    }
  }

  /** ERROR "stale cookie" in COOKIE-ECHOED, section 5.2.6. */
  void staleCookie(ErrorCause cause) {
    if (!(context.state() instanceof CookieEchoed state)) {
      return;
    }
    staleCookies++;
    if (staleCookies > MAX_STALE_RETRIES) {
      context.fail(
          FailureReason.HANDSHAKE_UNANSWERED, "the peer found " + staleCookies + " cookies stale");
      return;
    }
    if (cause.info().length() >= 4) {
      // "adding an additional time … to the peer's measure of staleness": asked for twice over.
      long micros = WireReader.i32At(cause.info().toByteArray(), 0) & 0xffff_ffffL;
      cookiePreservativeMillis = (int) Math.min(Integer.MAX_VALUE, 2 * micros / 1000 + 1);
    }
    context.outbox().clear();
    enterCookieWait(state.startedNanos());
  }
}
