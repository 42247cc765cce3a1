package dev.tautline.stun.turn;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.base.WireReader;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.AdditionalAddressFamily;
import dev.tautline.stun.attribute.AlternateDomain;
import dev.tautline.stun.attribute.AlternateServer;
import dev.tautline.stun.attribute.ChannelNumber;
import dev.tautline.stun.attribute.Data;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Lifetime;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.RequestedAddressFamily;
import dev.tautline.stun.attribute.RequestedTransport;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UnknownAttribute;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.attribute.XorPeerAddress;
import dev.tautline.stun.attribute.XorRelayedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One allocation on one TURN server, RFC 8656: asks for it, keeps it, its permissions and its
 * channels alive, and frees it. Used by one thread at a time; does no I/O. Inputs are the methods
 * with {@code nowNanos}; after each the driver drains {@link #pollTransmit} and {@link #pollEvent}
 * and looks at {@link #nextDeadlineNanos}.
 *
 * <p>Nothing here can loop: a request is signed anew once after 401 and once after 438, and what a
 * server may want beyond that (another server, another port) ends the client with an event.
 */
public final class TurnClient {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  /** RFC 8656 section 3.2: what a server gives when nothing else is said. */
  private static final long DEFAULT_LIFETIME_SECONDS = 600;

  private static final long MAX_LIFETIME_SECONDS = 3600;

  /** Section 8: "refresh the allocation at about 1 minute prior to its timeout". */
  private static final long REFRESH_BEFORE = 60 * SECOND;

  /** Permissions last 300 s (section 9), and the one that a channel brings does, too. */
  private static final long PEER_REFRESH = 240 * SECOND;

  /** A request that got no answer is asked again after this time, where it is still wanted. */
  private static final long TRY_AGAIN = 5 * SECOND;

  /** How long after an unsigned error a signed answer may still come. */
  private static final long UNSIGNED_WAIT = SECOND;

  private static final long RTO = 500 * MILLI;
  private static final int MAX_PERMISSIONS = 160;
  private static final int MAX_CHANNELS = 64;
  private static final int MAX_HELD = 64;
  private static final int MAX_HELD_PER_PEER = 8;
  private static final int IPV6 = 2;
  private static final int UDP = 17;

  /**
   * coturn 4.6 knows the attribute by the number of a draft alone. Both numbers are comprehension-
   * optional, so each server takes the one it knows.
   */
  private static final UnknownAttribute DRAFT_ADDITIONAL_ADDRESS_FAMILY =
      new UnknownAttribute(0x8032, Octets.of(new byte[] {IPV6, 0, 0, 0}));

  /** Where the allocation stands. */
  public enum State {
    /** In: creation. Out: ALLOCATING by {@link #allocate}. */
    NEW,
    /** In: the request was sent. Out: ALLOCATED, ENDED. */
    ALLOCATING,
    /** In: a good answer. Out: ENDED when it is lost or freed. */
    ALLOCATED,
    /** Nothing is sent any more. */
    ENDED
  }

  private enum PermissionState {
    ASKED,
    INSTALLED,
    REFUSED
  }

  private static final class Permission {
    final InetSocketAddress peer;
    final Deque<Held> held = new ArrayDeque<>();
    PermissionState state = PermissionState.ASKED;
    long refreshAtNanos = Timer.NOT_RUNNING;

    Permission(InetSocketAddress peer) {
      this.peer = peer;
    }
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Held(InetSocketAddress peer, byte[] bytes) {}

  private static final class Channel {
    final int number;
    final InetSocketAddress peer;
    boolean bound;
    long refreshAtNanos = Timer.NOT_RUNNING;
    long expiresAtNanos = Timer.NOT_RUNNING;

    Channel(int number, InetSocketAddress peer) {
      this.number = number;
      this.peer = peer;
    }
  }

  private final TurnOptions options;
  private final InetSocketAddress server;
  private final RandomGenerator random;
  private final @Nullable LongTermAuth auth;
  private final DropCounters<TurnDrop> drops = new DropCounters<>(TurnDrop.class);
  private final Map<TransactionId, TurnRequest> requests = new LinkedHashMap<>();
  private final Map<InetAddress, Permission> permissions = new LinkedHashMap<>();
  private final Map<InetSocketAddress, Channel> channels = new LinkedHashMap<>();
  private final Channel[] channelByNumber = new Channel[MAX_CHANNELS];
  private final Deque<byte[]> transmits = new ArrayDeque<>();
  private final Deque<TurnEvent> events = new ArrayDeque<>();
  private final List<InetSocketAddress> relayed = new ArrayList<>();

  private State state = State.NEW;
  private TurnOptions.Families families;
  private int held;
  private long refreshAtNanos = Timer.NOT_RUNNING;
  private long expiresAtNanos = Timer.NOT_RUNNING;

  /**
   * A client that has not asked yet.
   *
   * @param options what to ask for
   * @param server the server's address; the driver sends there and gives what comes from there
   * @param random for transaction ids: a secure one in production
   */
  public TurnClient(TurnOptions options, InetSocketAddress server, RandomGenerator random) {
    this.options = options;
    this.server = server;
    this.random = random;
    this.families = options.families();
    this.auth = options.credentials().map(LongTermAuth::new).orElse(null);
  }

  // ---- What the driver asks for ----------------------------------------------------------------

  /** The next bytes to send to the server, a whole message or frame; or null. */
  public byte @Nullable [] pollTransmit() {
    return transmits.pollFirst();
  }

  /** The next event, or null. */
  public @Nullable TurnEvent pollEvent() {
    return events.pollFirst();
  }

  /** Where the allocation stands. */
  public State state() {
    return state;
  }

  /** The server. */
  public InetSocketAddress server() {
    return server;
  }

  /** What was dropped and why. */
  public DropCounters<TurnDrop> drops() {
    return drops;
  }

  /**
   * The channel to a peer, for sending without a copy: the driver puts {@link ChannelFrame#header}
   * in front of the data. 0 while none is bound; {@link #send} has another way then.
   */
  public int channelTo(InetSocketAddress peer) {
    Channel channel = channels.get(peer);
    return channel != null && channel.bound ? channel.number : 0;
  }

  /** Whether the server refuses to relay to an address. */
  public boolean isRefused(InetAddress peer) {
    Permission permission = permissions.get(peer);
    return permission != null && permission.state == PermissionState.REFUSED;
  }

  // ---- What the driver gives -------------------------------------------------------------------

  /** Asks for the allocation; a second call does nothing. */
  public void allocate(long nowNanos) {
    if (state == State.NEW) {
      state = State.ALLOCATING;
      // Section 9.2.3.1 of RFC 8489: the first request goes without credentials, and the server
      // says what it wants.
      ask(nowNanos, TurnRequest.Kind.ALLOCATE, null, allocateAttributes(), false);
    }
  }

  private List<StunAttribute> allocateAttributes() {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(new RequestedTransport(UDP));
    switch (families) {
      case IPV4 -> {}
      case IPV6 -> attributes.add(new RequestedAddressFamily(IPV6));
      case BOTH -> {
        attributes.add(new AdditionalAddressFamily(IPV6));
        attributes.add(DRAFT_ADDITIONAL_ADDRESS_FAMILY);
      }
    }
    return attributes;
  }

  /**
   * Asks the server at once whether the allocation lives: to one that was started anew it does not,
   * and what we send there would vanish until the next refresh is due. Ends in {@link
   * TurnEvent.Lost} if not. Does nothing without an allocation or while a refresh is on its way.
   */
  public void verify(long nowNanos) {
    if (state == State.ALLOCATED && refreshAtNanos != Timer.NOT_RUNNING) {
      refreshAtNanos = nowNanos;
      advanceTo(nowNanos);
    }
  }

  /** Asks that the peer's address may send to the relay, if that was not asked yet. */
  public void permit(long nowNanos, InetSocketAddress peer) {
    if (state == State.ALLOCATED && relays(peer)) {
      permission(nowNanos, peer);
    }
  }

  /** Whether one of the relayed addresses has the peer's family. */
  private boolean relays(InetSocketAddress peer) {
    for (InetSocketAddress address : relayed) {
      if (isV6(address.getAddress()) == isV6(peer.getAddress())) {
        return true;
      }
    }
    return false;
  }

  private @Nullable Permission permission(long nowNanos, InetSocketAddress peer) {
    Permission known = permissions.get(peer.getAddress());
    if (known != null || permissions.size() >= MAX_PERMISSIONS) {
      return known;
    }
    var permission = new Permission(peer);
    permissions.put(peer.getAddress(), permission);
    askPermission(nowNanos, peer);
    return permission;
  }

  private void askPermission(long nowNanos, InetSocketAddress peer) {
    ask(nowNanos, TurnRequest.Kind.PERMISSION, peer, List.of(new XorPeerAddress(peer)), false);
  }

  /**
   * Sends one datagram to a peer: over its channel, else in an indication, else once the permission
   * is there. Dropped and counted where the server refuses, or too many wait.
   */
  public void send(long nowNanos, InetSocketAddress peer, byte[] bytes) {
    if (state != State.ALLOCATED || !relays(peer)) {
      drops.count(TurnDrop.NOT_SENT);
      return;
    }
    int channel = channelTo(peer);
    if (channel != 0) {
      transmits.addLast(ChannelFrame.of(options.transport(), channel, bytes));
      return;
    }
    Permission permission = permission(nowNanos, peer);
    if (permission == null || permission.state == PermissionState.REFUSED) {
      drops.count(TurnDrop.NOT_SENT);
    } else if (permission.state == PermissionState.INSTALLED) {
      indicate(peer, bytes);
    } else if (held >= MAX_HELD || permission.held.size() >= MAX_HELD_PER_PEER) {
      drops.count(TurnDrop.NOT_SENT);
    } else {
      held++;
      permission.held.addLast(new Held(peer, bytes));
    }
  }

  private void indicate(InetSocketAddress peer, byte[] bytes) {
    transmits.addLast(
        new StunWriter(
                StunMessage.of(
                    StunClass.INDICATION,
                    StunMethod.SEND,
                    TransactionId.generate(random),
                    new XorPeerAddress(peer),
                    new Data(Octets.of(bytes))))
            .toBytes());
  }

  /** Binds a channel to a peer that gets data, so that a datagram costs 4 bytes instead of 36. */
  public void bindChannel(long nowNanos, InetSocketAddress peer) {
    if (state != State.ALLOCATED
        || !relays(peer)
        || channels.containsKey(peer)
        || channels.size() >= MAX_CHANNELS) {
      return;
    }
    var channel = new Channel(ChannelFrame.FIRST_NUMBER + channels.size(), peer);
    channels.put(peer, channel);
    channelByNumber[channel.number - ChannelFrame.FIRST_NUMBER] = channel;
    askChannel(nowNanos, channel);
  }

  private void askChannel(long nowNanos, Channel channel) {
    ask(
        nowNanos,
        TurnRequest.Kind.CHANNEL,
        channel.peer,
        List.of(new ChannelNumber(channel.number), new XorPeerAddress(channel.peer)),
        false);
  }

  /**
   * Frees the allocation: one request with LIFETIME 0, whose answer is not awaited, is the last
   * thing to send.
   */
  public void close(long nowNanos) {
    boolean mayExist = state == State.ALLOCATED || state == State.ALLOCATING && isSigned();
    if (mayExist) {
      TransactionId id = TransactionId.generate(random);
      transmits.addLast(
          encode(
              StunMessage.of(StunClass.REQUEST, StunMethod.REFRESH, id, new Lifetime(0)),
              isSigned()));
    }
    end();
  }

  private void end() {
    state = State.ENDED;
    requests.clear();
    permissions.clear();
    channels.clear();
    held = 0;
    refreshAtNanos = Timer.NOT_RUNNING;
    expiresAtNanos = Timer.NOT_RUNNING;
  }

  /**
   * Takes one datagram or frame from the server; never throws for bad input.
   *
   * @return what a peer sent, where it is that; null for what was for the client
   */
  public @Nullable PeerData receive(long nowNanos, byte[] buffer, int offset, int length) {
    if (state == State.ENDED || length == 0) {
      return null;
    }
    int kind = buffer[offset] >> 6 & 0b11;
    if (kind == 1) {
      return channelData(buffer, offset, length);
    }
    ReceivedStun received;
    try {
      received = StunParser.parse(buffer, offset, length);
    } catch (StunFormatException e) {
      drops.count(TurnDrop.MALFORMED);
      return null;
    }
    return receive(nowNanos, received);
  }

  /** Takes a message from the server that was read already; else as the other method. */
  public @Nullable PeerData receive(long nowNanos, ReceivedStun received) {
    switch (received.message().messageClass()) {
      case INDICATION -> {
        return dataIndication(received);
      }
      case SUCCESS, ERROR -> response(nowNanos, received);
      case REQUEST -> drops.count(TurnDrop.MALFORMED);
    }
    return null;
  }

  /** Whether a response belongs to a request of this client. */
  public boolean expects(TransactionId id) {
    return requests.containsKey(id);
  }

  private @Nullable PeerData channelData(byte[] buffer, int offset, int length) {
    if (length < ChannelFrame.HEADER_LENGTH) {
      drops.count(TurnDrop.MALFORMED);
      return null;
    }
    int number = WireReader.u16At(buffer, offset) - ChannelFrame.FIRST_NUMBER;
    int dataLength = WireReader.u16At(buffer, offset + 2);
    // A number counts from our request on: data may overtake the answer to it.
    Channel channel = number < MAX_CHANNELS ? channelByNumber[number] : null;
    if (channel == null || dataLength > length - ChannelFrame.HEADER_LENGTH) {
      drops.count(TurnDrop.UNKNOWN_CHANNEL);
      return null;
    }
    return new PeerData(channel.peer, buffer, offset + ChannelFrame.HEADER_LENGTH, dataLength);
  }

  private @Nullable PeerData dataIndication(ReceivedStun received) {
    StunMessage message = received.message();
    Optional<XorPeerAddress> peer = message.first(XorPeerAddress.class);
    Optional<Data> data = message.first(Data.class);
    if (message.method() != StunMethod.DATA
        || peer.isEmpty()
        || data.isEmpty()
        || !received.unknownRequired().isEmpty()
        || !permissions.containsKey(peer.get().address().getAddress())) {
      drops.count(TurnDrop.BAD_INDICATION);
      return null;
    }
    byte[] bytes = data.get().value().toArray();
    return new PeerData(peer.get().address(), bytes, 0, bytes.length);
  }

  // ---- Requests --------------------------------------------------------------------------------

  private boolean isSigned() {
    return auth != null && auth.isReady();
  }

  private static int method(TurnRequest.Kind kind) {
    return switch (kind) {
      case ALLOCATE -> StunMethod.ALLOCATE;
      case REFRESH -> StunMethod.REFRESH;
      case PERMISSION -> StunMethod.CREATE_PERMISSION;
      case CHANNEL -> StunMethod.CHANNEL_BIND;
    };
  }

  private void ask(
      long nowNanos,
      TurnRequest.Kind kind,
      @Nullable InetSocketAddress peer,
      List<StunAttribute> attributes,
      boolean renewed) {
    TransactionId id = TransactionId.generate(random);
    boolean signed = isSigned();
    byte[] bytes = encode(new StunMessage(StunClass.REQUEST, method(kind), id, attributes), signed);
    var transaction = new StunTransaction(id, method(kind), bytes, server, null, timers());
    var request = new TurnRequest(kind, peer, attributes, transaction, signed, renewed);
    requests.put(id, request);
    if (transaction.pollSend(nowNanos)) {
      transmits.addLast(transaction.request());
    }
  }

  private byte[] encode(StunMessage message, boolean signed) {
    return signed && auth != null ? auth.sign(message) : new StunWriter(message).toBytes();
  }

  /**
   * Over UDP sends at 0, 0.5, 1.5, 2.5 and 3.5 s with the default limit of 5 s: the 39.5 s of RFC
   * 8489 are longer than any person waits. Over a stream one send (RFC 8489 section 6.2.2).
   */
  private StunTimers timers() {
    long timeout = options.timeoutNanos();
    if (options.transport() == TurnOptions.Transport.STREAM) {
      return StunTimers.once(timeout);
    }
    long rto = Math.max(1, Math.min(RTO, timeout / 8));
    return new StunTimers(rto, 2 * rto, 5, Math.max(1, timeout - 7 * rto));
  }

  // ---- Responses -------------------------------------------------------------------------------

  private void response(long nowNanos, ReceivedStun received) {
    StunMessage message = received.message();
    TurnRequest request = requests.get(message.transactionId());
    if (request == null || message.method() != method(request.kind)) {
      drops.count(TurnDrop.UNKNOWN_TRANSACTION);
      return;
    }
    if (message.messageClass() == StunClass.SUCCESS) {
      if (request.signed && !isAuthentic(received)) {
        drops.count(TurnDrop.UNAUTHENTICATED);
      } else if (take(request, received)) {
        succeeded(nowNanos, request, message);
      }
      return;
    }
    int code = message.first(ErrorCode.class).map(ErrorCode::code).orElse(ErrorCode.SERVER_ERROR);
    String said = message.first(ErrorCode.class).map(ErrorCode::reason).orElse("");
    if (code == ErrorCode.UNAUTHENTICATED && !request.signed) {
      challenged(nowNanos, request, received);
    } else if (code == ErrorCode.STALE_NONCE && request.signed && !request.renewed) {
      challenged(nowNanos, request, received);
    } else if (!request.signed
        || code == ErrorCode.UNAUTHENTICATED
        || code == ErrorCode.STALE_NONCE
        || isAuthentic(received)) {
      // 401 and 438 never have integrity (RFC 8489 section 9.2.4), as the server has no key.
      if (take(request, received)) {
        failed(nowNanos, request, code, reason(code, said), Optional.of(message));
      }
    } else if (received.hasIntegrity()) {
      drops.count(TurnDrop.UNAUTHENTICATED);
    } else {
      unsignedError(nowNanos, request, code, said);
    }
  }

  /**
   * Some servers do not sign errors, and anybody on the way can forge one that is not signed
   * (section 9.2.5 wants it discarded): it ends nothing by itself, but when no signed answer comes
   * soon it is the best explanation there is.
   */
  private void unsignedError(long nowNanos, TurnRequest request, int code, String said) {
    drops.count(TurnDrop.UNAUTHENTICATED);
    if (request.unsignedCode == 0) {
      request.unsignedCode = code;
      request.unsignedReason = reason(code, said);
      request.unsignedUntilNanos = nowNanos + Math.min(UNSIGNED_WAIT, options.timeoutNanos());
    }
  }

  private boolean isAuthentic(ReceivedStun received) {
    return auth != null && auth.isAuthentic(received);
  }

  private boolean take(TurnRequest request, ReceivedStun received) {
    if (request.transaction.receive(received, server) == StunTransaction.Verdict.IGNORED) {
      return false;
    }
    requests.remove(request.transaction.id());
    return true;
  }

  private void challenged(long nowNanos, TurnRequest request, ReceivedStun received) {
    StunMessage message = received.message();
    boolean stale = request.signed;
    if (auth == null) {
      if (take(request, received)) {
        failed(
            nowNanos,
            request,
            ErrorCode.UNAUTHENTICATED,
            "wants credentials and none are configured (401)",
            Optional.empty());
      }
      return;
    }
    switch (auth.challenged(message)) {
      case BID_DOWN -> drops.count(TurnDrop.BID_DOWN);
      case UNUSABLE -> {
        if (take(request, received)) {
          failed(
              nowNanos,
              request,
              stale ? ErrorCode.STALE_NONCE : ErrorCode.UNAUTHENTICATED,
              "sent a challenge that lacks realm, nonce or a known algorithm",
              Optional.empty());
        }
      }
      case TAKEN -> {
        if (take(request, received)) {
          ask(nowNanos, request.kind, request.peer, request.attributes, stale);
        }
      }
    }
  }

  private static String reason(int code, String said) {
    String words = TurnErrors.inWords(code);
    // What a server says goes into logs: printable, and not much of it.
    String shown = said.replaceAll("[^\\x20-\\x7e]", "?");
    shown = shown.length() > 60 ? shown.substring(0, 60) : shown;
    return shown.isEmpty() ? words : words + ": \"" + shown + '"';
  }

  private void succeeded(long nowNanos, TurnRequest request, StunMessage message) {
    if (request.transaction.state() != StunTransaction.State.SUCCEEDED) {
      failed(
          nowNanos,
          request,
          ErrorCode.UNKNOWN_ATTRIBUTE,
          "answered with an attribute that is not known here",
          Optional.empty());
      return;
    }
    switch (request.kind) {
      case ALLOCATE -> allocated(nowNanos, message);
      case REFRESH -> lives(nowNanos, message);
      case PERMISSION -> permitted(nowNanos, request);
      case CHANNEL -> channelBound(nowNanos, request);
    }
  }

  private void allocated(long nowNanos, StunMessage message) {
    boolean unusable = false;
    for (StunAttribute attribute : message.attributes()) {
      if (attribute instanceof XorRelayedAddress told && relayed.size() < 2) {
        if (isUsable(told.address())) {
          relayed.add(told.address());
        } else {
          unusable = true;
        }
      }
    }
    state = State.ALLOCATED;
    if (relayed.isEmpty()) {
      close(nowNanos);
      events.addLast(
          new TurnEvent.Failed(
              ErrorCode.SERVER_ERROR,
              unusable
                  ? "relays from an address that nobody can reach"
                  : "told no relayed address"));
      return;
    }
    lives(nowNanos, message);
    events.addLast(
        new TurnEvent.Allocated(
            relayed, message.first(XorMappedAddress.class).map(XorMappedAddress::address)));
  }

  /** RFC 8656 section 7.3: such an address could be a service of the server's own host. */
  private boolean isUsable(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    return address.getPort() != 0
        && !ip.isAnyLocalAddress()
        && !ip.isMulticastAddress()
        && (!ip.isLoopbackAddress() || options.loopback() == TurnOptions.Loopback.ALLOW);
  }

  private void lives(long nowNanos, StunMessage message) {
    if (state != State.ALLOCATED) {
      return;
    }
    long seconds =
        message.first(Lifetime.class).map(Lifetime::seconds).orElse(DEFAULT_LIFETIME_SECONDS);
    long lifetime = Math.max(1, Math.min(MAX_LIFETIME_SECONDS, seconds)) * SECOND;
    expiresAtNanos = nowNanos + lifetime;
    refreshAtNanos = nowNanos + Math.max(lifetime / 2, lifetime - REFRESH_BEFORE);
  }

  private void permitted(long nowNanos, TurnRequest request) {
    InetSocketAddress peer = request.peer;
    Permission permission = peer == null ? null : permissions.get(peer.getAddress());
    if (permission == null) {
      return;
    }
    permission.state = PermissionState.INSTALLED;
    permission.refreshAtNanos = nowNanos + PEER_REFRESH;
    for (Held datagram = permission.held.pollFirst();
        datagram != null;
        datagram = permission.held.pollFirst()) {
      held--;
      send(nowNanos, datagram.peer(), datagram.bytes());
    }
  }

  private void channelBound(long nowNanos, TurnRequest request) {
    Channel channel = request.peer == null ? null : channels.get(request.peer);
    if (channel != null) {
      channel.bound = true;
      channel.refreshAtNanos = nowNanos + PEER_REFRESH;
      // Section 12: 10 minutes; past that the server drops what we send in it.
      channel.expiresAtNanos = nowNanos + DEFAULT_LIFETIME_SECONDS * SECOND;
    }
  }

  private void failed(
      long nowNanos, TurnRequest request, int code, String reason, Optional<StunMessage> message) {
    switch (request.kind) {
      case ALLOCATE -> allocateFailed(nowNanos, code, reason, message);
      case REFRESH -> refreshFailed(nowNanos, code, reason);
      case PERMISSION -> permissionFailed(nowNanos, request, code, reason);
      case CHANNEL -> channelFailed(nowNanos, request, code);
    }
  }

  private void allocateFailed(
      long nowNanos, int code, String reason, Optional<StunMessage> message) {
    boolean family = code == TurnErrors.FAMILY_NOT_SUPPORTED || code == ErrorCode.BAD_REQUEST;
    if (family && families == TurnOptions.Families.BOTH) {
      // It knows of one family alone, and should have left the attribute aside.
      families = TurnOptions.Families.IPV4;
      ask(nowNanos, TurnRequest.Kind.ALLOCATE, null, allocateAttributes(), false);
      return;
    }
    Optional<InetSocketAddress> alternate =
        message.flatMap(m -> m.first(AlternateServer.class)).map(AlternateServer::address);
    end();
    if (code == ErrorCode.TRY_ALTERNATE && alternate.isPresent()) {
      events.addLast(
          new TurnEvent.Redirected(
              alternate.get(),
              message.flatMap(m -> m.first(AlternateDomain.class)).map(AlternateDomain::domain)));
    } else if (code == TurnErrors.ALLOCATION_MISMATCH) {
      events.addLast(new TurnEvent.PortTaken());
    } else {
      events.addLast(new TurnEvent.Failed(code, reason));
    }
  }

  private void refreshFailed(long nowNanos, int code, String reason) {
    if (code == TurnEvent.NO_ANSWER && nowNanos < expiresAtNanos) {
      refreshAtNanos = nowNanos + TRY_AGAIN;
      return;
    }
    end();
    events.addLast(new TurnEvent.Lost(code, reason));
  }

  private void permissionFailed(long nowNanos, TurnRequest request, int code, String reason) {
    InetSocketAddress peer = request.peer;
    Permission permission = peer == null ? null : permissions.get(peer.getAddress());
    if (peer == null || permission == null) {
      return;
    }
    if (code == TurnErrors.ALLOCATION_MISMATCH) {
      end();
      events.addLast(new TurnEvent.Lost(code, reason));
    } else if (code == TurnEvent.NO_ANSWER) {
      permission.refreshAtNanos = nowNanos + TRY_AGAIN;
    } else {
      permission.state = PermissionState.REFUSED;
      permission.refreshAtNanos = Timer.NOT_RUNNING;
      held -= permission.held.size();
      permission.held.clear();
      events.addLast(new TurnEvent.PeerRefused(peer.getAddress(), code, reason));
    }
  }

  /** Data goes in indications then: longer by 32 bytes, but it goes. */
  private void channelFailed(long nowNanos, TurnRequest request, int code) {
    Channel channel = request.peer == null ? null : channels.get(request.peer);
    if (channel == null) {
      return;
    }
    if (code == TurnEvent.NO_ANSWER) {
      channel.refreshAtNanos = nowNanos + TRY_AGAIN;
    } else {
      channel.bound = false;
      channel.refreshAtNanos = Timer.NOT_RUNNING;
      channel.expiresAtNanos = Timer.NOT_RUNNING;
    }
  }

  // ---- Time ------------------------------------------------------------------------------------

  /** When {@link #advanceTo} has work again, or {@link Timer#NOT_RUNNING}. */
  public long nextDeadlineNanos() {
    if (state == State.ENDED) {
      return Timer.NOT_RUNNING;
    }
    long next = Math.min(refreshAtNanos, expiresAtNanos);
    for (TurnRequest request : requests.values()) {
      next = Math.min(next, request.transaction.nextDeadlineNanos());
      next = Math.min(next, request.unsignedUntilNanos);
    }
    for (Permission permission : permissions.values()) {
      next = Math.min(next, permission.refreshAtNanos);
    }
    for (Channel channel : channels.values()) {
      next = Math.min(next, Math.min(channel.refreshAtNanos, channel.expiresAtNanos));
    }
    return next;
  }

  /** Fires what is due. */
  public void advanceTo(long nowNanos) {
    if (state == State.ENDED) {
      return;
    }
    repeatOrGiveUp(nowNanos);
    if (state != State.ALLOCATED) {
      return;
    }
    if (nowNanos >= expiresAtNanos) {
      end();
      events.addLast(new TurnEvent.Lost(TurnEvent.NO_ANSWER, "answered no refresh any more"));
      return;
    }
    if (nowNanos >= refreshAtNanos) {
      refreshAtNanos = Timer.NOT_RUNNING;
      ask(
          nowNanos,
          TurnRequest.Kind.REFRESH,
          null,
          List.of(new Lifetime(DEFAULT_LIFETIME_SECONDS)),
          false);
    }
    for (Permission permission : permissions.values()) {
      if (nowNanos >= permission.refreshAtNanos) {
        permission.refreshAtNanos = Timer.NOT_RUNNING;
        askPermission(nowNanos, permission.peer);
      }
    }
    for (Channel channel : channels.values()) {
      if (nowNanos >= channel.expiresAtNanos) {
        channel.bound = false;
        channel.expiresAtNanos = Timer.NOT_RUNNING;
      }
      if (nowNanos >= channel.refreshAtNanos) {
        channel.refreshAtNanos = Timer.NOT_RUNNING;
        askChannel(nowNanos, channel);
      }
    }
  }

  private void repeatOrGiveUp(long nowNanos) {
    for (TurnRequest request : List.copyOf(requests.values())) {
      StunTransaction transaction = request.transaction;
      if (nowNanos >= request.unsignedUntilNanos) {
        requests.remove(transaction.id());
        failed(nowNanos, request, request.unsignedCode, request.unsignedReason, Optional.empty());
      } else if (transaction.pollSend(nowNanos)) {
        transmits.addLast(transaction.request());
      } else if (transaction.state() == StunTransaction.State.TIMED_OUT) {
        requests.remove(transaction.id());
        failed(
            nowNanos,
            request,
            TurnEvent.NO_ANSWER,
            "did not answer " + transaction.sends() + " requests",
            Optional.empty());
      }
      if (state == State.ENDED) {
        return;
      }
    }
  }

  private static boolean isV6(InetAddress address) {
    return address instanceof Inet6Address;
  }
}
