package dev.tautline.sctp.association;

import dev.tautline.base.ProtocolMachine;
import dev.tautline.base.Timer;
import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationOptions.WindowMode;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.AssociationStatistics;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability.MaxLifetime;
import dev.tautline.sctp.SendOptions.Reliability.MaxRetransmits;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.association.AssociationState.Closed;
import dev.tautline.sctp.association.AssociationState.CookieEchoed;
import dev.tautline.sctp.association.AssociationState.CookieWait;
import dev.tautline.sctp.association.AssociationState.Established;
import dev.tautline.sctp.association.AssociationState.ShutdownPending;
import dev.tautline.sctp.association.AssociationState.ShutdownReceived;
import dev.tautline.sctp.association.AssociationState.ShutdownSent;
import dev.tautline.sctp.association.Outbox.Checksum;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.ControlChunkHandler;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketBuffer;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.packet.UnknownChunk;
import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.rx.DataReceiver.ForwardOutcome;
import dev.tautline.sctp.tx.DataSender;
import dev.tautline.sctp.tx.DataSender.TimerOutcome;
import dev.tautline.sctp.tx.OutgoingMessage;
import dev.tautline.sctp.tx.SendQueue;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Joins the procedures: takes packets apart, puts packets together, fires timers. What each chunk
 * means stands in the procedure that it belongs to.
 */
public final class AssociationCore implements ProtocolMachine<AssociationEvent> {
  /** Lifetimes are in milliseconds: 0 means to send now or never, not never. */
  private static final long SHORTEST_LIFETIME_NANOS = 1_000_000;

  private static final int MIN_PACKET_BYTES = PacketHeader.BYTES + Chunk.HEADER_BYTES;

  private final AssociationOptions options;
  private final Context context;
  private final Establishment establishment;
  private final Ending ending;
  private final PauseClock clock = new PauseClock();
  private final PacketHeader header = new PacketHeader();
  private final PacketBuffer packetOut = new PacketBuffer();
  private final DataView dataView = new DataView();
  private final SackView sackView = new SackView();
  private final Dispatcher dispatcher = new Dispatcher();
  private final PathMtuProbes pathMtu;

  /** Probing of the path's MTU begins with the first turn in which the association is up. */
  private boolean probesPathMtu;

  private int maxPacketBytes;

  /** A SACK left and no data since: where both do not fit one packet, data follows alone. */
  private boolean sackJustSent;

  /** Streams on which a message was refused for want of room. */
  private final Set<Integer> refusedStreams = new HashSet<>();

  private long packetsSent;
  private long packetsReceived;
  private long messagesSent;
  private long messagesReceived;
  private long sacksReceived;

  /** See {@link dev.tautline.sctp.Association#create}. */
  public AssociationCore(AssociationOptions options, RandomGenerator random) {
    this.options = options;
    this.context = new Context(options, random);
    this.establishment = new Establishment(context);
    this.ending = new Ending(context);
    this.maxPacketBytes = options.maxPacketBytes();
    this.pathMtu = new PathMtuProbes(context);
    context.whenEnded(this::release);
  }

  /** Who keeps an association that is over, for its statistics, keeps no payload with it. */
  private void release() {
    establishment.sender().discard();
    Tcb tcb = context.tcbOrLast();
    if (tcb != null) {
      tcb.receiver().discard();
    }
    refusedStreams.clear();
  }

  private void enter(long nowNanos) {
    context.setTime(clock.internal(nowNanos), nowNanos);
  }

  private long rtoNanos() {
    return establishment.rto().rtoNanos();
  }

  // --- what the user asks for ---

  /** See {@link dev.tautline.sctp.Association#connect}. */
  public void connect(long nowNanos) {
    enter(nowNanos);
    establishment.connect();
  }

  /** See {@link dev.tautline.sctp.Association#state}. */
  public AssociationPhase phase() {
    return context.state().phase();
  }

  /** See {@link dev.tautline.sctp.Association#send}. */
  public SendResult send(
      long nowNanos,
      int streamId,
      int ppid,
      byte[] payload,
      int offset,
      int length,
      SendOptions how) {
    enter(nowNanos);
    AssociationState state = context.state();
    boolean open =
        state instanceof Established
            || state instanceof CookieWait
            || state instanceof CookieEchoed
            || state instanceof Closed closed && closed.use() == Closed.Use.FRESH;
    if (!open) {
      return SendResult.CLOSED;
    }
    Tcb tcb = state.tcb();
    if (streamId >= (tcb == null ? options.outgoingStreams() : tcb.outgoingStreams())) {
      return SendResult.UNKNOWN_STREAM;
    }
    if (length == 0) {
      return SendResult.EMPTY;
    }
    DataSender sender = establishment.sender();
    if (length > Math.min(options.streamSendBufferBytes(), options.sendBufferBytes())) {
      return SendResult.TOO_LARGE;
    }
    if (!sender.queue().takes(streamId, length, options)) {
      refusedStreams.add(streamId);
      return SendResult.BUFFER_FULL;
    }
    int maxRetransmits = OutgoingMessage.UNLIMITED;
    long expires = OutgoingMessage.NEVER;
    if (how.reliability() instanceof MaxRetransmits max) {
      maxRetransmits = max.count();
    } else if (how.reliability() instanceof MaxLifetime max) {
      // Saturated: a lifetime that reaches past the end of time never ends.
      long lifetime = Math.max(max.nanos(), SHORTEST_LIFETIME_NANOS);
      expires = nowNanos > Long.MAX_VALUE - lifetime ? expires : nowNanos + lifetime;
    }
    Order order = how.ordering() == Ordering.ORDERED ? Order.ORDERED : Order.UNORDERED;
    byte[] copy = Arrays.copyOfRange(payload, offset, offset + length);
    sender.send(streamId, ppid, order, maxRetransmits, expires, copy);
    messagesSent++;
    return SendResult.ACCEPTED;
  }

  /** See {@link dev.tautline.sctp.Association#resetStreams}. */
  public void resetStreams(long nowNanos, int[] streamIds) {
    enter(nowNanos);
    for (int streamId : streamIds) {
      establishment.sender().queue().beginReset(streamId);
    }
    progress();
  }

  /** See {@link dev.tautline.sctp.Association#setStreamPriority}. */
  public void setStreamPriority(int streamId, int priority) {
    establishment.sender().queue().setWeight(streamId, priority);
  }

  /** See {@link dev.tautline.sctp.Association#bufferedAmount(int)}. */
  public long bufferedAmount(int streamId) {
    return establishment.sender().queue().bufferedBytes(streamId);
  }

  /** See {@link dev.tautline.sctp.Association#bufferedMessages}. */
  public int bufferedMessages(int streamId) {
    return establishment.sender().queue().bufferedMessages(streamId);
  }

  /** See {@link dev.tautline.sctp.Association#bufferedAmount()}. */
  public long bufferedAmount() {
    return establishment.sender().queue().bufferedBytes();
  }

  /** See {@link dev.tautline.sctp.Association#shutdown}. */
  public void shutdown(long nowNanos) {
    enter(nowNanos);
    ending.shutdown();
    progress();
  }

  /** See {@link dev.tautline.sctp.Association#abort}. */
  public void abort(long nowNanos, String reason) {
    enter(nowNanos);
    if (!isEnded()) {
      context.abort(ErrorCause.of(ErrorCause.USER_INITIATED_ABORT, reason), reason);
    }
  }

  /** See {@link dev.tautline.sctp.Association#pathChanged}. */
  public void pathChanged(long nowNanos) {
    enter(nowNanos);
    Tcb tcb = context.tcb();
    if (tcb != null) {
      tcb.sender().pathChanged(context.now());
      pathMtu.pathChanged();
      tcb.clearErrors();
    }
  }

  /** See {@link dev.tautline.sctp.Association#suspend}. */
  public void suspend(long nowNanos) {
    clock.suspend(nowNanos);
  }

  /** See {@link dev.tautline.sctp.Association#resume}. */
  public void resume(long nowNanos) {
    clock.resume(nowNanos);
    enter(nowNanos);
  }

  /** See {@link dev.tautline.sctp.Association#consumed}. */
  public void consumed(long nowNanos, int messages, long bytes) {
    enter(nowNanos);
    Tcb tcb = context.tcbOrLast();
    if (tcb != null && options.windowMode() == WindowMode.MANUAL) {
      tcb.receiver().consumed(messages, bytes);
    }
  }

  /** See {@link dev.tautline.sctp.Association#setMaxPacketBytes}. */
  public void setMaxPacketBytes(int bytes) {
    maxPacketBytes = bytes;
    establishment.setMaxPacketBytes(bytes);
    // The search starts anew from there.
    probesPathMtu = false;
  }

  /** See {@link dev.tautline.sctp.Association#packetBytes}. */
  public int packetBytes() {
    return pathMtu.packetBytes(maxPacketBytes);
  }

  private boolean isEnded() {
    return context.state() instanceof Closed closed && closed.use() == Closed.Use.ENDED;
  }

  // --- packets in ---

  @Override
  public void receive(long nowNanos, byte[] packet, int offset, int length) {
    enter(nowNanos);
    packetsReceived++;
    if (length < MIN_PACKET_BYTES) {
      context.drop(DropReason.TOO_SHORT);
      return;
    }
    if (PacketHeader.sourcePort(packet, offset) != options.peerPort()
        || PacketHeader.destinationPort(packet, offset) != options.localPort()) {
      context.drop(DropReason.WRONG_PORTS);
      return;
    }
    int firstType = packet[offset + PacketHeader.BYTES] & 0xff;
    if (!(PacketHeader.hasZeroChecksum(packet, offset) && takesZeroChecksum(firstType))
        && !header.isSealed(packet, offset, length)) {
      context.drop(DropReason.BAD_CHECKSUM);
      return;
    }
    int tag = PacketHeader.verificationTag(packet, offset);
    if (isForUs(packet, offset, length, firstType, tag)) {
      walkChunks(packet, offset, length, tag);
      progress();
    }
  }

  /** RFC 9653 section 5.3: never for INIT and COOKIE ECHO, which come before the agreement. */
  private boolean takesZeroChecksum(int firstType) {
    if (firstType == ChunkType.INIT || firstType == ChunkType.COOKIE_ECHO) {
      return false;
    }
    return establishment.isZeroChecksumAnnounced();
  }

  /** Verification tags, RFC 9260 section 8.5. Answers packets out of the blue. */
  private boolean isForUs(byte[] packet, int offset, int length, int firstType, int tag) {
    AssociationState state = context.state();
    Tcb tcb = state.tcb();
    switch (firstType) {
      case ChunkType.INIT -> {
        // Section 8.5.1 A.
        return tag == 0 || drop(DropReason.WRONG_TAG);
      }
      case ChunkType.COOKIE_ECHO -> {
        // Establishment holds the tag against the cookie's.
        return true;
      }
      default -> {
        if (state instanceof Closed) {
          outOfTheBlue(packet, offset, length, tag);
          return drop(DropReason.OUT_OF_THE_BLUE);
        }
      }
    }
    int own = tcb == null ? establishment.localTag() : tcb.localTag();
    switch (firstType) {
      case ChunkType.ABORT, ChunkType.SHUTDOWN_COMPLETE -> {
        // Section 8.5.1 B and C: our tag without the T bit, the peer's with it.
        boolean reflected =
            TagBit.of(packet[offset + PacketHeader.BYTES + 1]) == TagBit.REFLECTED_TAG;
        boolean matches = reflected ? tcb != null && tag == tcb.peerTag() : tag == own;
        return matches || drop(DropReason.WRONG_TAG);
      }
      case ChunkType.SHUTDOWN_ACK -> {
        if (state instanceof CookieWait || state instanceof CookieEchoed) {
          // Section 8.5.1 E: an old association of the peer is still ending.
          outOfTheBlue(packet, offset, length, tag);
          return drop(DropReason.UNEXPECTED_CHUNK);
        }
        return tag == own || drop(DropReason.WRONG_TAG);
      }
      default -> {
        return tag == own || drop(DropReason.WRONG_TAG);
      }
    }
  }

  private boolean drop(DropReason reason) {
    context.drop(reason);
    return false;
  }

  /** RFC 9260 section 8.4. */
  private void outOfTheBlue(byte[] packet, int offset, int length, int tag) {
    boolean shutdownAck = false;
    boolean silent = false;
    int end = offset + length;
    for (int at = offset + PacketHeader.BYTES; end - at >= Chunk.HEADER_BYTES; ) {
      int chunkLength = WireReader.u16At(packet, at + 2);
      if (chunkLength < Chunk.HEADER_BYTES || chunkLength > end - at) {
        return;
      }
      switch (packet[at] & 0xff) {
        case ChunkType.ABORT -> {
          return;
        }
        case ChunkType.SHUTDOWN_ACK -> shutdownAck = true;
        case ChunkType.SHUTDOWN_COMPLETE, ChunkType.COOKIE_ACK -> silent = true;
        case ChunkType.ERROR -> silent |= saysStaleCookie(packet, at, chunkLength);
        default -> {
          // Gets an ABORT.
        }
      }
      at += Chunk.padded(chunkLength);
    }
    if (shutdownAck) {
      answerAlone(tag, new ShutdownCompleteChunk(TagBit.REFLECTED_TAG));
    } else if (!silent) {
      answerAlone(tag, new AbortChunk(TagBit.REFLECTED_TAG, List.of()));
    }
  }

  private void answerAlone(int tag, Chunk chunk) {
    context.outbox().sendAlone(tag, Checksum.REQUIRED, chunk);
  }

  private static boolean saysStaleCookie(byte[] packet, int at, int chunkLength) {
    return chunkLength >= Chunk.HEADER_BYTES + ErrorCause.HEADER_BYTES
        && WireReader.u16At(packet, at + Chunk.HEADER_BYTES) == ErrorCause.STALE_COOKIE;
  }

  private void walkChunks(byte[] packet, int offset, int length, int tag) {
    int end = offset + length;
    int at = offset + PacketHeader.BYTES;
    dispatcher.begin(tag);
    beginDataPacket();
    while (end - at >= Chunk.HEADER_BYTES && dispatcher.goesOn()) {
      int type = packet[at] & 0xff;
      int chunkLength = WireReader.u16At(packet, at + 2);
      if (chunkLength < Chunk.HEADER_BYTES || chunkLength > end - at) {
        malformed(type, "a chunk of " + chunkLength + " bytes");
        break;
      }
      int next = at + Chunk.padded(chunkLength);
      if (mustBeAlone(type) && (at != offset + PacketHeader.BYTES || next < end)) {
        context.drop(DropReason.BAD_BUNDLE);
        break;
      }
      try {
        chunk(type, packet, at, chunkLength);
      } catch (WireFormatException e) {
        malformed(type, e.getMessage());
        break;
      }
      at = next;
    }
    endDataPacket();
  }

  /** RFC 9260 section 6.10. */
  private static boolean mustBeAlone(int type) {
    return type == ChunkType.INIT
        || type == ChunkType.INIT_ACK
        || type == ChunkType.SHUTDOWN_COMPLETE;
  }

  private void malformed(int type, @Nullable String what) {
    context.drop(DropReason.MALFORMED_CHUNK);
    // An INIT proves nothing of its sender, nor does a COOKIE ECHO that was not read; an ABORT is
    // never answered by one, section 3.3.7.
    boolean dropped =
        type == ChunkType.INIT || type == ChunkType.COOKIE_ECHO || type == ChunkType.ABORT;
    if (context.state() instanceof Established && !dropped) {
      context.abortForViolation(what == null ? "a malformed chunk" : what);
    }
  }

  private @Nullable DataReceiver receiverInPacket;
  private boolean dataTaken;
  private boolean newDataTaken;

  private void beginDataPacket() {
    receiverInPacket = null;
    dataTaken = false;
    newDataTaken = false;
    useReceiver();
  }

  /** A COOKIE ECHO in front may make the receiver that the DATA behind it needs. */
  private @Nullable DataReceiver useReceiver() {
    Tcb tcb = context.tcb();
    DataReceiver present = tcb == null ? null : tcb.receiver();
    if (present != receiverInPacket) {
      receiverInPacket = present;
      if (present != null) {
        present.beginPacket();
      }
    }
    return present;
  }

  private void endDataPacket() {
    if (receiverInPacket != null && dataTaken) {
      receiverInPacket.endPacket(context.now());
      ending.dataWhileShuttingDown(rtoNanos(), newDataTaken);
    }
  }

  private void chunk(int type, byte[] packet, int at, int length) throws WireFormatException {
    switch (type) {
      case ChunkType.DATA, ChunkType.I_DATA -> {
        dataView.wrap(packet, at, length);
        data(type);
      }
      case ChunkType.SACK -> {
        if (readsSack(packet, at, length)) {
          sack();
        }
      }
      default -> {
        var value = new WireReader(packet, at + Chunk.HEADER_BYTES, length - Chunk.HEADER_BYTES);
        ChunkParser.parse(type, packet[at + 1] & 0xff, value).accept(dispatcher);
      }
    }
  }

  /** A SACK whose gap ack blocks contradict each other is dropped whole, and nothing more. */
  private boolean readsSack(byte[] packet, int at, int length) throws SctpParseException {
    try {
      sackView.wrap(packet, at, length);
      return true;
    } catch (SctpParseException e) {
      if (e.reason() != SctpParseException.Reason.BAD_VALUE) {
        throw e;
      }
      context.drop(DropReason.IMPOSSIBLE_SACK);
      return false;
    }
  }

  private void data(int type) {
    establishment.cookieAcknowledged();
    AssociationState state = context.state();
    boolean takesData =
        state instanceof Established
            || state instanceof ShutdownPending
            || state instanceof ShutdownSent;
    Tcb tcb = state.tcb();
    DataReceiver receiver = useReceiver();
    if (!takesData || tcb == null || receiver == null) {
      context.drop(DropReason.UNEXPECTED_CHUNK);
      return;
    }
    if ((type == ChunkType.I_DATA) != tcb.has(Extension.INTERLEAVING)) {
      context.abortForViolation("DATA and I-DATA must not mix");
      return;
    }
    if (dataView.payloadLength() == 0) {
      // RFC 9260 section 6.2: "the endpoint MUST send back an ABORT … No User Data".
      byte[] tsn = new WireWriter(4).u32(dataView.tsn()).array();
      context.abort(
          new ErrorCause(ErrorCause.NO_USER_DATA, Octets.copyOf(tsn)), "DATA without payload");
      return;
    }
    dataTaken = true;
    switch (receiver.data(dataView)) {
      case TAKEN -> newDataTaken = true;
      case DUPLICATE -> {
        // As it often is.
      }
      case OUTSIDE_WINDOW -> context.drop(DropReason.TSN_OUTSIDE_WINDOW);
      case NO_ROOM -> context.drop(DropReason.RECEIVE_BUFFER_FULL);
      case MESSAGE_TOO_LARGE ->
          context.abort(
              ErrorCause.of(ErrorCause.OUT_OF_RESOURCE),
              "an incomplete message fills the receive window");
      case WINDOW_IGNORED -> context.abortForViolation("data beyond the receive window");
      case INVALID_STREAM -> {
        context.drop(DropReason.INVALID_STREAM);
        byte[] info = new WireWriter(4).u16(dataView.streamId()).u16(0).array();
        context.sendError(
            new ErrorCause(ErrorCause.INVALID_STREAM_IDENTIFIER, Octets.copyOf(info)));
      }
      case SUPERFLUOUS -> context.drop(DropReason.INCONSISTENT_DATA);
      case CONTRADICTION -> {
        context.drop(DropReason.INCONSISTENT_DATA);
        context.abortForViolation("fragments that contradict each other");
      }
    }
  }

  private void sack() {
    sacksReceived++;
    Tcb tcb = context.tcb();
    if (tcb == null || context.state() instanceof CookieEchoed) {
      context.drop(DropReason.UNEXPECTED_CHUNK);
      return;
    }
    switch (tcb.sender().sack(context.now(), sackView)) {
      case APPLIED -> {
        tcb.clearErrors();
        tcb.heartbeats().pathAnswered();
      }
      case OLD -> context.drop(DropReason.OLD_SACK);
      case IMPOSSIBLE -> context.drop(DropReason.IMPOSSIBLE_SACK);
    }
  }

  /** Hands control chunks to their procedures. */
  private final class Dispatcher implements ControlChunkHandler {
    private int verificationTag;
    private boolean stopped;

    /** INIT and COOKIE ECHO are answered after the end as well. */
    private boolean endedBefore;

    void begin(int tag) {
      verificationTag = tag;
      stopped = false;
      endedBefore = isEnded();
    }

    boolean goesOn() {
      return !stopped && (endedBefore || !isEnded());
    }

    @Override
    public void init(InitChunk chunk) {
      establishment.init(chunk);
    }

    @Override
    public void initAck(InitAckChunk chunk) {
      establishment.initAck(chunk);
    }

    @Override
    public void cookieEcho(CookieEchoChunk chunk) {
      stopped = !establishment.cookieEcho(chunk, verificationTag);
    }

    @Override
    public void cookieAck(CookieAckChunk chunk) {
      establishment.cookieAcknowledged();
    }

    @Override
    public void heartbeat(HeartbeatChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb != null) {
        tcb.heartbeats().received(chunk);
      }
    }

    @Override
    public void heartbeatAck(HeartbeatAckChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb == null || pathMtu.acknowledged(chunk)) {
        return;
      }
      if (tcb.heartbeats().acknowledged(chunk)) {
        tcb.clearErrors();
      }
    }

    @Override
    public void abort(AbortChunk chunk) {
      ending.abort(chunk);
    }

    @Override
    public void shutdown(ShutdownChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb != null) {
        tcb.receiver().peerHasFinished();
      }
      ending.shutdown(chunk, rtoNanos());
    }

    @Override
    public void shutdownAck(ShutdownAckChunk chunk) {
      ending.shutdownAck();
    }

    @Override
    public void shutdownComplete(ShutdownCompleteChunk chunk) {
      ending.shutdownComplete();
    }

    @Override
    public void error(ErrorChunk chunk) {
      for (ErrorCause cause : chunk.causes()) {
        if (cause.code() == ErrorCause.STALE_COOKIE) {
          establishment.staleCookie(cause);
          return;
        }
      }
    }

    @Override
    public void reconfig(ReconfigChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb != null) {
        tcb.learn(Extension.RE_CONFIG);
        tcb.streamResets().received(chunk);
      }
    }

    @Override
    public void pad(PadChunk chunk) {
      // RFC 4820 section 3: "MUST silently discard".
    }

    @Override
    public void forwardTsn(ForwardTsnChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb == null) {
        return;
      }
      if (tcb.has(Extension.INTERLEAVING)) {
        context.abortForViolation("FORWARD-TSN although I-DATA was agreed on");
      } else if (!options.partialReliability()) {
        unsupported(chunk);
      } else {
        tcb.learn(Extension.FORWARD_TSN);
        tcb.sender().allowPartialReliability();
        skipped(tcb.receiver().forwardTsn(chunk));
      }
    }

    @Override
    public void iForwardTsn(IForwardTsnChunk chunk) {
      Tcb tcb = context.tcb();
      if (tcb == null) {
        return;
      }
      if (!tcb.has(Extension.INTERLEAVING)) {
        context.abortForViolation("I-FORWARD-TSN although I-DATA was not agreed on");
      } else {
        skipped(tcb.receiver().forwardTsn(chunk));
      }
    }

    private void skipped(ForwardOutcome outcome) {
      switch (outcome) {
        case APPLIED -> {
          // The next SACK tells.
        }
        case OLD -> context.drop(DropReason.OLD_FORWARD_TSN);
        case TOO_FAR -> context.drop(DropReason.TSN_OUTSIDE_WINDOW);
      }
    }

    @Override
    public void unknown(UnknownChunk chunk) {
      context.drop(DropReason.UNKNOWN_CHUNK);
      unsupported(chunk);
    }

    /** RFC 9260 section 3.2: the two high bits of the type decide. */
    private void unsupported(Chunk chunk) {
      if (ChunkType.reportsWhenUnknown(chunk.type()) && context.tcb() != null) {
        var whole = new WireWriter(chunk.paddedLength());
        chunk.write(whole);
        context.sendError(
            new ErrorCause(
                ErrorCause.UNRECOGNIZED_CHUNK_TYPE,
                Octets.copyOf(whole.array()).truncatedTo(context.maxEchoedBytes())));
      }
      stopped = !ChunkType.skipsWhenUnknown(chunk.type());
    }
  }

  // --- time ---

  @Override
  public void advanceTo(long nowNanos) {
    if (clock.isSuspended()) {
      return;
    }
    enter(nowNanos);
    long now = context.now();
    establishment.advanceTo(now);
    ending.advanceTo(now);
    Tcb tcb = context.tcb();
    if (tcb != null) {
      advance(tcb, now);
    }
    progress();
  }

  private void advance(Tcb tcb, long now) {
    tcb.receiver().advanceTo(now);
    if (mindsData()) {
      if (tcb.sender().advanceTo(now) == TimerOutcome.TIMED_OUT) {
        countError(tcb);
      }
      if (tcb.sender().hasOutstanding()
          && context.isBeyondLimit(tcb.sender().lastProgressNanos())
          && !isEnded()) {
        context.fail(
            FailureReason.NO_ACKNOWLEDGEMENT,
            "outstanding data got no acknowledgement for "
                + (now - tcb.sender().lastProgressNanos()) / 1_000_000
                + " ms");
      }
    }
    if (context.state() instanceof Established) {
      pathMtu.advanceTo(tcb.sender().isPathSilent());
      if (tcb.sender().hasOutstanding()) {
        // T3-rtx watches over the path already; a heartbeat would count the same fault twice.
        tcb.heartbeats().pathUsed();
      }
      if (tcb.heartbeats().advanceTo(rtoNanos()) == Heartbeats.Outcome.UNANSWERED) {
        countError(tcb);
      }
    }
    if (!isEnded()) {
      tcb.streamResets().advanceTo();
    }
  }

  private void countError(Tcb tcb) {
    int errors = tcb.countError();
    if (errors > options.maxRetransmits() && !isEnded()) {
      context.fail(
          FailureReason.RETRANSMISSIONS_EXHAUSTED,
          errors + " errors in a row, " + options.maxRetransmits() + " are allowed");
    }
  }

  @Override
  public long nextDeadlineNanos() {
    if (clock.isSuspended()) {
      return Timer.NOT_RUNNING;
    }
    long deadline = context.state().deadlineNanos();
    Tcb tcb = context.tcb();
    if (tcb != null) {
      deadline = Math.min(deadline, tcb.receiver().nextDeadlineNanos());
      if (mindsData()) {
        deadline = Math.min(deadline, tcb.sender().nextDeadlineNanos());
        if (tcb.sender().hasOutstanding()) {
          deadline = Math.min(deadline, context.limitFrom(tcb.sender().lastProgressNanos()));
        }
      }
      if (context.state() instanceof Established) {
        deadline = Math.min(deadline, tcb.heartbeats().deadlineNanos());
        deadline = Math.min(deadline, pathMtu.deadlineNanos());
      }
      deadline = Math.min(deadline, tcb.streamResets().deadlineNanos());
    }
    return clock.external(deadline);
  }

  /** What became possible by the last input. */
  private void progress() {
    Tcb tcb = context.tcb();
    if (tcb == null) {
      return;
    }
    if (mindsData()) {
      if (tcb.has(Extension.RE_CONFIG)) {
        tcb.streamResets().progress();
      } else {
        tcb.streamResets().failAll();
      }
    }
    ending.progress(rtoNanos());
    mindPathMtu(tcb);
    if (!refusedStreams.isEmpty()) {
      tellAboutSpace(tcb.sender().queue());
    }
  }

  private void mindPathMtu(Tcb tcb) {
    if (!probesPathMtu && context.state() instanceof Established) {
      probesPathMtu = true;
      pathMtu.start(maxPacketBytes);
    }
    if (tcb.sender().isBlackHole()) {
      tcb.sender().leaveBlackHole();
      pathMtu.blackHole();
    }
  }

  /** Only once half is free, so that a refused sender is not woken for each packet. */
  private void tellAboutSpace(SendQueue queue) {
    long half = options.streamSendBufferBytes() / 2;
    if (queue.heldBytes() <= options.sendBufferBytes() / 2
        && refusedStreams.removeIf(streamId -> queue.heldBytes(streamId) <= half)) {
      context.emit(new AssociationEvent.SendSpaceAvailable());
    }
  }

  // --- packets out ---

  @Override
  public int pollPacket(long nowNanos, byte[] out, int offset, int limit) {
    if (clock.isSuspended()) {
      return 0;
    }
    enter(nowNanos);
    int room = Math.min(limit - offset, maxPacketBytes);
    Outbox.Alone alone = context.outbox().pollAlone();
    if (alone != null) {
      return writeAlone(alone, out, offset, limit);
    }
    Tcb tcb = context.tcb();
    if (tcb == null) {
      return 0;
    }
    if (context.state() instanceof Established
        && pathMtu.write(packetOut, out, offset, limit, rtoNanos())) {
      return sealed(tcb, out, offset, Checksum.AS_NEGOTIATED);
    }
    int least = PacketHeader.BYTES + tcb.sender().leastRoom();
    packetOut.begin(out, offset, Math.max(room, Math.min(least, limit - offset)));
    boolean echoesCookie = addControlChunks(packetOut);
    if (!(context.state() instanceof CookieEchoed) || echoesCookie) {
      addData(tcb, packetOut, limit - offset);
    }
    if (packetOut.isEmpty()) {
      return 0;
    }
    return sealed(tcb, out, offset, echoesCookie ? Checksum.REQUIRED : Checksum.AS_NEGOTIATED);
  }

  private int sealed(Tcb tcb, byte[] out, int offset, Checksum checksum) {
    int length = packetOut.length();
    PacketHeader.write(out, offset, options.localPort(), options.peerPort(), tcb.peerTag());
    if (checksum == Checksum.REQUIRED || !tcb.has(Extension.ZERO_CHECKSUM)) {
      header.seal(out, offset, length);
    }
    packetsSent++;
    return length;
  }

  private int writeAlone(Outbox.Alone alone, byte[] out, int offset, int limit) {
    packetOut.begin(out, offset, limit - offset);
    packetOut.add(alone.chunk());
    int length = packetOut.length();
    PacketHeader.write(
        out, offset, options.localPort(), options.peerPort(), alone.verificationTag());
    Tcb tcb = context.tcbOrLast();
    boolean zero =
        alone.checksum() == Checksum.AS_NEGOTIATED
            && tcb != null
            && tcb.has(Extension.ZERO_CHECKSUM);
    if (!zero) {
      header.seal(out, offset, length);
    }
    packetsSent++;
    return length;
  }

  /** Adds what waits and fits; returns whether a COOKIE ECHO is among it. */
  private boolean addControlChunks(PacketBuffer packet) {
    boolean echoesCookie = false;
    while (true) {
      Chunk chunk = context.outbox().peek();
      if (chunk == null || chunk.paddedLength() > packet.room()) {
        return echoesCookie;
      }
      packet.add(chunk);
      context.outbox().removeFirst();
      echoesCookie |= chunk.type() == ChunkType.COOKIE_ECHO;
    }
  }

  private void addData(Tcb tcb, PacketBuffer packet, int limit) {
    boolean sends = sendsData() && tcb.sender().hasWork(context.now());
    DataReceiver receiver = tcb.receiver();
    boolean rides =
        receiver.isSackWorthBundling() || receiver.isSackWorthRepeating() && !sackJustSent;
    if (receiver.isSackDue() || sends && rides) {
      sackJustSent = receiver.writeSack(packet);
    }
    if (sends) {
      int before = packet.length();
      // Only data makes a packet longer than the base size, and only data that was not just lost:
      // its loss is noticed, and what goes again after silence passes in any case.
      if (!tcb.sender().isPathSilent()) {
        packet.extendTo(Math.min(limit, pathMtu.packetBytes(maxPacketBytes)));
      }
      tcb.sender().fill(context.now(), context.lifetimeNow(), packet);
      tcb.heartbeats().pathUsed();
      if (packet.length() > before) {
        sackJustSent = false;
      }
    }
  }

  /** Whether timers of data run: not while only what rides with the cookie is out. */
  private boolean mindsData() {
    return sendsData() && !(context.state() instanceof CookieEchoed);
  }

  private boolean sendsData() {
    AssociationState state = context.state();
    return state instanceof Established
        || state instanceof CookieEchoed
        || state instanceof ShutdownPending
        || state instanceof ShutdownReceived;
  }

  // --- events ---

  @Override
  public @Nullable AssociationEvent pollEvent() {
    AssociationEvent event = context.pollEvent();
    if (event instanceof MessageReceived message) {
      messagesReceived++;
      Tcb tcb = context.tcbOrLast();
      if (options.windowMode() == WindowMode.AUTOMATIC && tcb != null) {
        tcb.receiver().consumed(1, message.payload().length);
      }
    }
    if (event != null) {
      return event;
    }
    int streamId = establishment.sender().queue().pollChangedAmount();
    return streamId < 0
        ? null
        : new AssociationEvent.BufferedAmountChanged(streamId, bufferedAmount(streamId));
  }

  /** See {@link dev.tautline.sctp.Association#memoryBytes}. */
  public long memoryBytes() {
    Tcb tcb = context.tcbOrLast();
    return establishment.sender().memoryBytes()
        + (tcb == null ? 0 : tcb.receiver().memoryBytes())
        + context.outbox().memoryBytes()
        + context.eventBytes();
  }

  /**
   * What was looked at one by one on account of SACKs, FORWARD-TSNs and resets: fragments, ranges,
   * streams. For tests that bound the work which a peer can cause.
   */
  public long steps() {
    Tcb tcb = context.tcbOrLast();
    return establishment.sender().steps() + (tcb == null ? 0 : tcb.receiver().steps());
  }

  /** See {@link dev.tautline.sctp.Association#statistics}. */
  public AssociationStatistics statistics() {
    DataSender sender = establishment.sender();
    Tcb tcb = context.tcbOrLast();
    DataReceiver receiver = tcb == null ? null : tcb.receiver();
    return new AssociationStatistics(
        phase(),
        tcb != null && tcb.has(Extension.INTERLEAVING),
        sender.congestion().cwndBytes(),
        sender.congestion().ssthreshBytes(),
        sender.flightBytes(),
        sender.peerWindow(),
        establishment.rto().srttNanos(),
        establishment.rto().minRttNanos(),
        establishment.rto().rtoNanos(),
        sender.burstPackets(),
        packetsSent,
        packetsReceived,
        sender.chunksSent(),
        sender.chunksRetransmitted(),
        receiver == null ? 0 : receiver.chunksReceived(),
        receiver == null ? 0 : receiver.duplicatesReceived(),
        sender.bytesSent(),
        receiver == null ? 0 : receiver.bytesReceived(),
        messagesSent,
        messagesReceived,
        receiver == null ? 0 : receiver.sacksSent(),
        sacksReceived,
        sender.timeouts(),
        sender.fastRecoveries(),
        sender.forwardTsns(),
        sender.queue().bufferedBytes(),
        sender.queue().heldBytes(),
        receiver == null ? 0 : receiver.heldBytes(),
        receiver == null ? options.receiveWindowBytes() : receiver.windowNow(),
        context.drops().snapshot());
  }
}
