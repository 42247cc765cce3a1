package dev.tautline.datachannel;

import dev.tautline.datachannel.dcep.ChannelType;
import dev.tautline.datachannel.dcep.DcepMessage;
import dev.tautline.datachannel.dcep.Ppid;
import dev.tautline.datachannel.transport.LoopEntry;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A channel for messages: the W3C's RTCDataChannel.
 *
 * <p>Thread rule: every method may be called from any thread. Handlers run on the connection's
 * event loop, or in order on the executor that {@link Tautline.Builder#callbackExecutor} named; on
 * the loop they must not block. Setting a handler replaces the one before.
 */
public final class DataChannel implements AutoCloseable {
  private static final byte[] ONE_ZERO_BYTE = new byte[1];

  /**
   * What a message takes besides its payload until it is in packets: SCTP's record of it, an array,
   * places in queues. An empty message has one byte and a note that it is none of the user's.
   */
  private static final int MESSAGE_OVERHEAD = 144;

  private static final DataChannelState[] STATES = DataChannelState.values();

  /** Where the channel stands on the wire; on the loop only. */
  enum Phase {
    /** Waits for its id or for the association. */
    WAITING,
    /** Both directions are usable. */
    OPEN,
    /** Our direction is being reset, or waits for the peer to reset its own. */
    CLOSING,
    /** Both directions have ended, or the association under them. */
    CLOSED
  }

  /** Who made the channel. */
  enum Origin {
    /** This side; OPEN is sent unless it is negotiated. */
    LOCAL,
    /** The peer, by OPEN. */
    REMOTE
  }

  private final PeerConnection connection;
  private final Origin origin;
  private final String label;
  private final DataChannelOptions options;
  private final SendOptions sendOptions;
  private final SendOptions sendOptionsBeforeAck;

  /** The ordinal of the {@link DataChannelState} that everybody sees; never falls. */
  private final AtomicInteger state = new AtomicInteger();

  private final AtomicLong buffered = new AtomicLong();

  /** How many messages were accepted and are not wholly in packets. */
  private final AtomicInteger queued = new AtomicInteger();

  private final AtomicInteger waiting = new AtomicInteger();
  private final CompletableFuture<DataChannel> opened = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile int id = -1;
  private volatile long lowThreshold;
  private volatile boolean closedHere;

  /** A task for the low event is queued: the next crossing before it runs is the same news. */
  private volatile boolean lowQueued;

  // On the loop only.
  private Phase phase = Phase.WAITING;
  private boolean peerSpoke;
  private boolean outgoingReset;
  private boolean incomingReset;
  private long finishByNanos = Long.MAX_VALUE;
  private long handedBytes;
  private long goneUserBytes;
  private long handedMessages;
  private long goneMessages;

  /** Messages of the establishment protocol: the first on the stream. */
  private int dcepMessages;

  private long passedOverheadBytes;
  private final ArrayDeque<Overhead> overheads = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private long waitingBytes;
  private long messagesSent;
  private long bytesSent;
  private long messagesReceived;
  private long bytesReceived;

  // In tasks only.
  private @Nullable Runnable openHandler;
  private @Nullable Consumer<DataChannelMessage> messageHandler;
  private @Nullable Runnable closingHandler;
  private @Nullable Runnable closeHandler;
  private @Nullable Consumer<DataChannelException> errorHandler;
  private @Nullable Runnable lowHandler;
  private final ArrayDeque<Delivery> unread = new ArrayDeque<>();

  /** The channel has ended: what is unread fills the window no longer. */
  private boolean unreadReleased;

  /** Bytes of ours among the user's in the send queue, up to which position they reach. */
  private record Overhead(long endPosition, int bytes) {}

  /** A message of sendAsync that found no room. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Waiter(int ppid, byte[] payload, CompletableFuture<Void> future) {}

  DataChannel(PeerConnection connection, Origin origin, String label, DataChannelOptions options) {
    this.connection = connection;
    this.origin = origin;
    this.label = label;
    this.options = options;
    SendOptions.Reliability reliability =
        options.maxRetransmits().isPresent()
            ? new SendOptions.Reliability.MaxRetransmits(options.maxRetransmits().getAsInt())
            : options
                .maxPacketLifeTime()
                .<SendOptions.Reliability>map(
                    t -> new SendOptions.Reliability.MaxLifetime(t.toNanos()))
                .orElse(SendOptions.RELIABLE_ORDERED.reliability());
    this.sendOptionsBeforeAck = new SendOptions(SendOptions.Ordering.ORDERED, reliability);
    this.sendOptions =
        new SendOptions(
            options.ordered() ? SendOptions.Ordering.ORDERED : SendOptions.Ordering.UNORDERED,
            reliability);
    // Negotiated channels have no OPEN that unordered data could overtake, and the answer to the
    // peer's OPEN needs no order either (RFC 8832 section 6).
    this.peerSpoke = options.negotiated() || origin == Origin.REMOTE;
  }

  /** The name that its maker gave it. */
  public String label() {
    return label;
  }

  /** The protocol that its maker named. */
  public String protocol() {
    return options.protocol();
  }

  /** The stream id; empty until it is known. */
  public OptionalInt id() {
    int known = id;
    return known < 0 ? OptionalInt.empty() : OptionalInt.of(known);
  }

  /** Whether messages keep their order. */
  public boolean ordered() {
    return options.ordered();
  }

  /** How often a message is sent again before it is given up; empty: for ever. */
  public OptionalInt maxRetransmits() {
    return options.maxRetransmits();
  }

  /** How long a message is tried before it is given up; empty: for ever. */
  public Optional<Duration> maxPacketLifeTime() {
    return options.maxPacketLifeTime();
  }

  /** Whether both sides made it by themselves. */
  public boolean negotiated() {
    return options.negotiated();
  }

  /** How far it is. */
  public DataChannelState readyState() {
    return STATES[state.get()];
  }

  /** Payload bytes accepted for sending that were not handed to the network yet. */
  public long bufferedAmount() {
    return buffered.get();
  }

  /** At which {@link #bufferedAmount} the low event fires; 0 by default. */
  public long bufferedAmountLowThreshold() {
    return lowThreshold;
  }

  /**
   * At which {@link #bufferedAmount} the low event fires.
   *
   * @param bytes 0 or more
   */
  public void setBufferedAmountLowThreshold(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("the threshold " + bytes + " is negative");
    }
    lowThreshold = bytes;
  }

  /** The largest message in bytes that may be sent. */
  public int maxMessageSize() {
    return connection.maxMessageSize();
  }

  // ---- Sending

  /**
   * Sends a string.
   *
   * @throws DataChannelException with INVALID_STATE when the channel is not open, TYPE_ERROR when
   *     the string is larger than {@link #maxMessageSize}, OPERATION_ERROR when the send buffer is
   *     full; then nothing of it is sent
   */
  public void send(String text) {
    byte[] bytes = utf8(text);
    accept(offer(Ppid.STRING, bytes, 0, bytes.length, Ownership.OURS), bytes.length);
  }

  /** Sends a copy of {@code data}; errors as {@link #send(String)}. */
  public void send(byte[] data) {
    accept(offer(Ppid.BINARY, data, 0, data.length, Ownership.CALLERS), data.length);
  }

  /** Sends a copy of what remains in {@code data}, whose position stays. */
  public void send(ByteBuffer data) {
    accept(trySend(data), data.remaining());
  }

  /** Sends a string, or says why not. */
  public SendStatus trySend(String text) {
    byte[] bytes = utf8(text);
    return offer(Ppid.STRING, bytes, 0, bytes.length, Ownership.OURS);
  }

  /** Sends a copy of {@code data}, or says why not. */
  public SendStatus trySend(byte[] data) {
    return offer(Ppid.BINARY, data, 0, data.length, Ownership.CALLERS);
  }

  /** Sends a copy of what remains in {@code data}, or says why not. */
  public SendStatus trySend(ByteBuffer data) {
    if (data.hasArray()) {
      return offer(
          Ppid.BINARY,
          data.array(),
          data.arrayOffset() + data.position(),
          data.remaining(),
          Ownership.CALLERS);
    }
    if (data.remaining() > maxMessageSize()) {
      return refuseBySize();
    }
    byte[] bytes = copy(data);
    return offer(Ppid.BINARY, bytes, 0, bytes.length, Ownership.OURS);
  }

  /**
   * Sends a string as soon as there is room.
   *
   * @return completes when it was accepted; fails with a {@link DataChannelException} as {@link
   *     #send(String)} would, save that a full buffer makes it wait. As much as fits into the
   *     connection's send buffer may wait; what is above that fails with OPERATION_ERROR.
   */
  public CompletableFuture<Void> sendAsync(String text) {
    return sendWhenThereIsRoom(Ppid.STRING, utf8(text), Ownership.OURS);
  }

  /** Sends a copy of {@code data} as soon as there is room; see {@link #sendAsync(String)}. */
  public CompletableFuture<Void> sendAsync(byte[] data) {
    return sendWhenThereIsRoom(Ppid.BINARY, data, Ownership.CALLERS);
  }

  /** Sends a copy of what remains in {@code data} as soon as there is room. */
  public CompletableFuture<Void> sendAsync(ByteBuffer data) {
    if (data.remaining() > maxMessageSize()) {
      return CompletableFuture.failedFuture(refusal(refuseBySize(), data.remaining()));
    }
    return sendWhenThereIsRoom(Ppid.BINARY, copy(data), Ownership.OURS);
  }

  private enum Ownership {
    /** The array may change after the call: copy it before the call returns. */
    CALLERS,
    /** Nobody else has the array. */
    OURS
  }

  /** Lone surrogates become U+FFFD, as the W3C's USVString wants it. */
  private static byte[] utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    // The JDK writes '?' for a lone surrogate: only then does the slow way make a difference.
    return hasLoneSurrogate(text) ? toUsvString(text).getBytes(StandardCharsets.UTF_8) : bytes;
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return true;
      }
    }
    return false;
  }

  private static String toUsvString(String text) {
    var out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c ->
                out.appendCodePoint(
                    c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c));
    return out.toString();
  }

  private static byte[] copy(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    return bytes;
  }

  private SendStatus refuseBySize() {
    return readyState() == DataChannelState.OPEN ? SendStatus.TOO_LARGE : SendStatus.NOT_OPEN;
  }

  private void accept(SendStatus status, int length) {
    if (status != SendStatus.ACCEPTED) {
      throw refusal(status, length);
    }
  }

  private DataChannelException refusal(SendStatus status, int length) {
    return switch (status) {
      case NOT_OPEN ->
          new DataChannelException(
              DataChannelException.Code.INVALID_STATE,
              "the channel is " + readyState() + ", not open");
      case TOO_LARGE ->
          new DataChannelException(
              DataChannelException.Code.TYPE_ERROR,
              "a message of " + length + " bytes, where " + maxMessageSize() + " may be sent");
      case BUFFER_FULL ->
          new DataChannelException(
              DataChannelException.Code.OPERATION_ERROR,
              "the send buffer is full: " + buffered.get() + " bytes wait");
      case ACCEPTED -> throw new IllegalStateException("no refusal");
    };
  }

  private SendStatus offer(int ppid, byte[] data, int offset, int length, Ownership ownership) {
    if (readyState() != DataChannelState.OPEN) {
      return SendStatus.NOT_OPEN;
    }
    if (length > connection.maxMessageSize()) {
      return SendStatus.TOO_LARGE;
    }
    // Messages of sendAsync that wait were there first.
    if (waiting.get() > 0 || !reserve(length)) {
      return SendStatus.BUFFER_FULL;
    }
    hand(ppid, data, offset, length, ownership);
    return SendStatus.ACCEPTED;
  }

  private void hand(int ppid, byte[] data, int offset, int length, Ownership ownership) {
    if (connection.transport().loop().inLoop()) {
      connection.transport().drainEntries();
      transmit(ppid, data, offset, length);
      connection.transport().requestTurn();
    } else {
      byte[] payload =
          ownership == Ownership.OURS ? data : Arrays.copyOfRange(data, offset, offset + length);
      connection.transport().enqueue(new Outgoing(this, ppid, payload));
    }
  }

  /** A message on its way to the loop. */
  private static final class Outgoing extends LoopEntry {
    private final DataChannel channel;
    private final int ppid;
    private byte[] payload;

    Outgoing(DataChannel channel, int ppid, byte[] payload) {
      this.channel = channel;
      this.ppid = ppid;
      this.payload = payload;
    }

    @Override
    protected void run() {
      byte[] bytes = payload;
      // The queue keeps its last entry for a while.
      payload = ONE_ZERO_BYTE;
      channel.transmit(ppid, bytes, 0, bytes.length);
    }
  }

  private boolean reserve(int length) {
    long bytes = buffered.addAndGet(length);
    int messages = queued.incrementAndGet();
    long after = bytes + (long) messages * MESSAGE_OVERHEAD;
    // A message as large as the whole buffer is let into an empty one.
    if (after > connection.options().channelSendBufferBytes() && messages > 1
        || !connection.reserve((long) length + MESSAGE_OVERHEAD)) {
      buffered.addAndGet(-length);
      queued.decrementAndGet();
      return false;
    }
    return true;
  }

  private CompletableFuture<Void> sendWhenThereIsRoom(int ppid, byte[] data, Ownership ownership) {
    SendStatus status = offer(ppid, data, 0, data.length, ownership);
    if (status == SendStatus.ACCEPTED) {
      return CompletableFuture.completedFuture(null);
    }
    if (status != SendStatus.BUFFER_FULL) {
      return CompletableFuture.failedFuture(refusal(status, data.length));
    }
    waiting.incrementAndGet();
    var waiter =
        new Waiter(
            ppid, ownership == Ownership.OURS ? data : data.clone(), new CompletableFuture<>());
    if (!connection.transport().execute(() -> addWaiter(waiter))) {
      waiting.decrementAndGet();
      return CompletableFuture.failedFuture(refusal(SendStatus.NOT_OPEN, data.length));
    }
    return waiter.future;
  }

  // ---- On the loop: sending

  private void addWaiter(Waiter waiter) {
    if (phase != Phase.OPEN) {
      waiting.decrementAndGet();
      connection.fail(waiter.future, refusal(SendStatus.NOT_OPEN, waiter.payload.length));
      return;
    }
    long cost = (long) waiter.payload.length + MESSAGE_OVERHEAD;
    if (waitingBytes + cost > connection.options().connectionSendBufferBytes()) {
      waiting.decrementAndGet();
      connection.fail(waiter.future, refusal(SendStatus.BUFFER_FULL, waiter.payload.length));
      return;
    }
    waiters.add(waiter);
    waitingBytes += cost;
    admitWaiters();
  }

  /** Takes in what waits as far as there is room. */
  void admitWaiters() {
    Waiter next;
    while ((next = waiters.peek()) != null && reserve(next.payload.length)) {
      waiters.remove();
      waiting.decrementAndGet();
      waitingBytes -= (long) next.payload.length + MESSAGE_OVERHEAD;
      transmit(next.ppid, next.payload, 0, next.payload.length);
      CompletableFuture<Void> future = next.future;
      connection.callbacks().add(() -> future.complete(null));
    }
  }

  boolean hasWaiters() {
    return !waiters.isEmpty();
  }

  private void transmit(int ppid, byte[] data, int offset, int length) {
    Association association = connection.transport().association();
    if (association == null || phase != Phase.OPEN) {
      // It closed while the message was on its way; bufferedAmount stays, as the W3C says.
      connection.release((long) length + MESSAGE_OVERHEAD);
      return;
    }
    SendOptions how = peerSpoke ? sendOptions : sendOptionsBeforeAck;
    long now = connection.transport().nowNanos();
    SendResult result;
    if (length == 0) {
      // RFC 8831 section 6.6: SCTP has no empty messages, so one zero byte travels.
      int emptyPpid = ppid == Ppid.STRING ? Ppid.STRING_EMPTY : Ppid.BINARY_EMPTY;
      result = association.send(now, id, emptyPpid, ONE_ZERO_BYTE, 0, 1, how);
      if (result == SendResult.ACCEPTED) {
        addOverhead(1);
      }
    } else {
      result = association.send(now, id, ppid, data, offset, length, how);
      if (result == SendResult.ACCEPTED) {
        handedBytes += length;
      }
    }
    if (result == SendResult.ACCEPTED) {
      handedMessages++;
      messagesSent++;
      bytesSent += length;
    } else {
      connection.release((long) length + MESSAGE_OVERHEAD);
      connection
          .channels()
          .fail(
              this,
              new DataChannelException(
                  DataChannelException.Code.DATA_CHANNEL_FAILURE,
                  "SCTP refused a message of " + length + " bytes: " + result));
    }
  }

  private void addOverhead(int bytes) {
    handedBytes += bytes;
    overheads.add(new Overhead(handedBytes, bytes));
  }

  /** Sends a message of the establishment protocol: always reliable and in order. */
  boolean sendDcep(Association association, DcepMessage message) {
    byte[] bytes = message.toBytes();
    SendResult result =
        association.send(
            connection.transport().nowNanos(),
            id,
            Ppid.DCEP,
            bytes,
            0,
            bytes.length,
            SendOptions.RELIABLE_ORDERED);
    if (result == SendResult.ACCEPTED) {
      addOverhead(bytes.length);
      handedMessages++;
      dcepMessages++;
      return true;
    }
    return false;
  }

  /** What OPEN says of it. */
  DcepMessage.Open toOpen() {
    boolean ordered = options.ordered();
    ChannelType type;
    long parameter = 0;
    if (options.maxRetransmits().isPresent()) {
      type =
          ordered
              ? ChannelType.PARTIAL_RELIABLE_REXMIT
              : ChannelType.PARTIAL_RELIABLE_REXMIT_UNORDERED;
      parameter = options.maxRetransmits().getAsInt();
    } else if (options.maxPacketLifeTime().isPresent()) {
      type =
          ordered
              ? ChannelType.PARTIAL_RELIABLE_TIMED
              : ChannelType.PARTIAL_RELIABLE_TIMED_UNORDERED;
      parameter = options.maxPacketLifeTime().get().toMillis();
    } else {
      type = ordered ? ChannelType.RELIABLE : ChannelType.RELIABLE_UNORDERED;
    }
    return new DcepMessage.Open(type, priorityValue(), parameter, label, options.protocol());
  }

  /** RFC 8831 section 6.4. */
  int priorityValue() {
    return switch (options.priority()) {
      case VERY_LOW -> 128;
      case LOW -> 256;
      case MEDIUM -> 512;
      case HIGH -> 1024;
    };
  }

  /** SCTP put more of the channel's bytes into packets. */
  void bufferedAmountChanged(Association association) {
    long gone = handedBytes - association.bufferedAmount(id);
    Overhead overhead;
    while ((overhead = overheads.peek()) != null && overhead.endPosition <= gone) {
      overheads.remove();
      passedOverheadBytes += overhead.bytes;
    }
    // What is ours counts as gone once all of it is: until then a few bytes of the user's seem to
    // have left early, never late.
    long user = Math.max(0, gone - passedOverheadBytes - goneUserBytes);
    int messages = (int) (handedMessages - association.bufferedMessages(id) - goneMessages);
    goneMessages += messages;
    // The establishment protocol's took no room.
    int fromUser = (int) Math.min(messages, Math.max(0, goneMessages - dcepMessages));
    if (user == 0 && fromUser == 0) {
      return;
    }
    goneUserBytes += user;
    queued.addAndGet(-fromUser);
    long before = buffered.getAndAdd(-user);
    connection.release(user + (long) fromUser * MESSAGE_OVERHEAD);
    long threshold = lowThreshold;
    if (before > threshold && before - user <= threshold && !lowQueued) {
      lowQueued = true;
      connection.callbacks().add(this::bufferedAmountLowTask);
    }
    admitWaiters();
  }

  // ---- On the loop: receiving

  /** A message of the user's came. */
  void receive(int ppid, byte[] payload) {
    peerSpoke = true;
    switch (ppid) {
      case Ppid.STRING, Ppid.BINARY -> bytesReceived += payload.length;
      case Ppid.STRING_EMPTY, Ppid.BINARY_EMPTY -> {
        // Its one byte is none of the user's.
      }
      default -> {
        connection.dropMessage("unknown payload protocol " + ppid, id, payload.length);
        return;
      }
    }
    messagesReceived++;
    connection.callbacks().add(new Delivery(this, ppid, payload));
  }

  /** The peer acknowledged OPEN. */
  void acknowledged() {
    peerSpoke = true;
  }

  /**
   * A message on its way to the handler. A string stays in the bytes that came, which the receive
   * window counts, until somebody reads it: as a {@code String} it may take twice as much.
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Delivery(DataChannel channel, int ppid, byte[] payload) implements Runnable {
    @Override
    public void run() {
      channel.deliver(this);
    }

    DataChannelMessage message() {
      return switch (ppid) {
        case Ppid.STRING ->
            new DataChannelMessage.Text(
                new String(payload, StandardCharsets.UTF_8), payload.length);
        case Ppid.STRING_EMPTY -> new DataChannelMessage.Text("", 0);
        case Ppid.BINARY -> new DataChannelMessage.Binary(payload);
        default -> new DataChannelMessage.Binary(new byte[0]);
      };
    }
  }

  // ---- On the loop: states

  Phase phase() {
    return phase;
  }

  Origin origin() {
    return origin;
  }

  DataChannelOptions options() {
    return options;
  }

  void assignId(int streamId) {
    id = streamId;
  }

  /** The stream id, -1 while it has none. */
  int streamId() {
    return id;
  }

  boolean outgoingReset() {
    return outgoingReset;
  }

  boolean incomingReset() {
    return incomingReset;
  }

  long finishByNanos() {
    return finishByNanos;
  }

  void outgoingResetDone(long finishBy) {
    outgoingReset = true;
    finishByNanos = finishBy;
  }

  void incomingResetDone() {
    incomingReset = true;
  }

  void phaseOpen() {
    phase = Phase.OPEN;
    if (origin == Origin.LOCAL) {
      connection.callbacks().add(this::openTask);
    }
  }

  /** Our direction ends; {@code passive} when the peer began. */
  void phaseClosing() {
    phase = Phase.CLOSING;
    failWaiters();
  }

  void phaseClosed(@Nullable DataChannelException error) {
    phase = Phase.CLOSED;
    failWaiters();
    connection.release(
        Math.max(0, handedBytes - passedOverheadBytes - overheadBytes() - goneUserBytes)
            + (handedMessages - Math.max(goneMessages, dcepMessages)) * MESSAGE_OVERHEAD);
    overheads.clear();
    connection
        .callbacks()
        .add(
            () -> {
              connection.channels().told(this);
              closedTask(error);
            });
  }

  private long overheadBytes() {
    long bytes = 0;
    for (Overhead overhead : overheads) {
      bytes += overhead.bytes;
    }
    return bytes;
  }

  private void failWaiters() {
    Waiter waiter;
    while ((waiter = waiters.poll()) != null) {
      waiting.decrementAndGet();
      connection.fail(
          waiter.future,
          new DataChannelException(
              DataChannelException.Code.INVALID_STATE, "the channel closed before there was room"));
    }
    waitingBytes = 0;
  }

  PeerConnectionStats.Channel statistics() {
    return new PeerConnectionStats.Channel(
        label, id(), readyState(), messagesSent, bytesSent, messagesReceived, bytesReceived);
  }

  // ---- In tasks

  /** Moves the state forward, never back; returns whether it moved. */
  private boolean advance(DataChannelState to) {
    return state.getAndAccumulate(to.ordinal(), Math::max) < to.ordinal();
  }

  /** The channel is there for its handler: open, but the event comes after the announcement. */
  void announcedTask() {
    advance(DataChannelState.OPEN);
  }

  void openTask() {
    if (connection.isClosed()) {
      return;
    }
    boolean announced = origin == Origin.REMOTE && readyState() == DataChannelState.OPEN;
    if (!advance(DataChannelState.OPEN) && !announced) {
      return;
    }
    try {
      if (openHandler != null) {
        openHandler.run();
      }
    } finally {
      opened.complete(this);
    }
  }

  private void deliver(Delivery delivery) {
    if (connection.isClosed()) {
      return;
    }
    if (closedHere) {
      // W3C, "receiving messages on a data channel": only an open channel takes them.
      consumed(delivery);
      return;
    }
    Consumer<DataChannelMessage> handler = messageHandler;
    if (handler == null) {
      unread.add(delivery);
      return;
    }
    try {
      handler.accept(delivery.message());
    } finally {
      consumed(delivery);
    }
  }

  private void consumed(Delivery delivery) {
    if (!unreadReleased) {
      connection.consumed(delivery.payload.length);
    }
  }

  /**
   * What nobody has read of an ended channel fills the window no longer: the other channels need
   * it. A handler that comes late still gets the messages, unless this side closed the channel.
   */
  private void releaseUnread() {
    unread.forEach(this::consumed);
    unreadReleased = true;
    if (closedHere) {
      unread.clear();
    }
  }

  private void deliverUnread() {
    RuntimeException fault = null;
    Delivery delivery;
    while ((delivery = unread.poll()) != null) {
      try {
        deliver(delivery);
      } catch (RuntimeException e) {
        // As with messages that come now: the ones behind it are delivered all the same.
        if (fault == null) {
          fault = e;
        } else {
          fault.addSuppressed(e);
        }
      }
    }
    if (fault != null) {
      throw fault;
    }
  }

  private void bufferedAmountLowTask() {
    lowQueued = false;
    if (!connection.isClosed() && lowHandler != null) {
      lowHandler.run();
    }
  }

  void closingTask() {
    if (!connection.isClosed() && advance(DataChannelState.CLOSING) && closingHandler != null) {
      closingHandler.run();
    }
  }

  private void closedTask(@Nullable DataChannelException error) {
    if (!advance(DataChannelState.CLOSED) && closed.isDone()) {
      return;
    }
    connection.ended(this);
    releaseUnread();
    try {
      if (error != null && errorHandler != null && !connection.isClosed()) {
        errorHandler.accept(error);
      }
    } finally {
      try {
        if (closeHandler != null) {
          closeHandler.run();
        }
      } finally {
        opened.completeExceptionally(
            error != null
                ? error
                : new DataChannelException(
                    DataChannelException.Code.CLOSED, "the channel closed before it opened"));
        closed.complete(null);
      }
    }
  }

  // ---- Handlers

  /** It is open; runs too when it was open already. */
  public DataChannel onOpen(Runnable handler) {
    connection
        .transport()
        .callback(
            () -> {
              openHandler = handler;
              if (opened.isDone() && readyState() == DataChannelState.OPEN) {
                handler.run();
              }
            });
    return this;
  }

  /**
   * A message came. Those that came before a handler was set wait for it, and fill the receive
   * window meanwhile.
   */
  public DataChannel onMessage(Consumer<DataChannelMessage> handler) {
    connection
        .transport()
        .callback(
            () -> {
              messageHandler = handler;
              deliverUnread();
            });
    return this;
  }

  /** The peer began to close it. */
  public DataChannel onClosing(Runnable handler) {
    connection.transport().callback(() -> closingHandler = handler);
    return this;
  }

  /** It ended; runs too when it had ended already. */
  public DataChannel onClose(Runnable handler) {
    connection
        .transport()
        .callback(
            () -> {
              closeHandler = handler;
              if (closed.isDone()) {
                handler.run();
              }
            });
    return this;
  }

  /** It ends by a fault; {@link #onClose} follows. */
  public DataChannel onError(Consumer<DataChannelException> handler) {
    connection.transport().callback(() -> errorHandler = handler);
    return this;
  }

  /** {@link #bufferedAmount} fell to the threshold or below it. */
  public DataChannel onBufferedAmountLow(Runnable handler) {
    connection.transport().callback(() -> lowHandler = handler);
    return this;
  }

  /** Completes when it is open; fails when it ends before. */
  public CompletableFuture<DataChannel> opened() {
    return opened;
  }

  /** Completes when it ended, for whatever reason. */
  public CompletableFuture<Void> closed() {
    return closed;
  }

  /**
   * Closes it: what was sent before still goes out, the peer is told, both directions end.
   *
   * @return {@link #closed}
   */
  public CompletableFuture<Void> closeAsync() {
    if (advance(DataChannelState.CLOSING)) {
      closedHere = true;
      connection.transport().execute(() -> connection.channels().close(this));
    }
    return closed;
  }

  /** Begins to close it, without waiting. */
  @Override
  public void close() {
    closeAsync();
  }

  /** Its label and id. */
  @Override
  public String toString() {
    return "DataChannel[" + Logs.quoted(label) + ", id=" + id + ", " + readyState() + ']';
  }
}
