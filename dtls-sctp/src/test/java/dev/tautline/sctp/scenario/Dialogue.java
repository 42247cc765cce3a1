package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.BufferedAmountChanged;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.AssociationStatistics;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.scenario.DialogueText.Side;
import dev.tautline.sctp.scenario.DialogueText.Windows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * The association Z and a peer that the scenario plays: what Z gets, and, complete, what it sends,
 * delivers, tells and drops. What a scenario does not name must not happen; {@link #finish} looks.
 * Rungs are written as in {@link DialogueText}; time is in milliseconds since Z was established.
 */
final class Dialogue {
  static final long PEER_WINDOW = 1 << 20;
  static final long MILLI = 1_000_000L;

  private static final int PEER_TAG = 0x1234_5678;

  /** What a dialogue begins with. */
  static final class Setup {
    private AssociationOptions options =
        AssociationOptions.rfc().toBuilder()
            .congestionAlgorithm(CongestionAlgorithm.RFC_9260)
            .build();
    private byte[] chunkTypes = {(byte) 0x82, (byte) 0xc0};
    private boolean forwardTsn = true;
    private boolean zeroChecksum;
    private long window = PEER_WINDOW;
    private int peerTsn = 1000;
    private int ownTsn = 70_000;
    private int peerStreams = 65_535;

    /** For data channels instead of RFC 9260's limits. */
    Setup dataChannels() {
      options =
          AssociationOptions.forDataChannels().toBuilder()
              .congestionAlgorithm(CongestionAlgorithm.RFC_9260)
              .zeroChecksum(false)
              .build();
      return this;
    }

    Setup options(UnaryOperator<AssociationOptions.Builder> change) {
      options = change.apply(options.toBuilder()).build();
      return this;
    }

    /** The chunk types that the peer lists as its extensions. */
    Setup peerLists(int... types) {
      chunkTypes = new byte[types.length];
      for (int i = 0; i < types.length; i++) {
        chunkTypes[i] = (byte) types[i];
      }
      forwardTsn = false;
      return this;
    }

    /** Both sides have I-DATA. */
    Setup interleaving() {
      options = options.toBuilder().interleaving(true).build();
      chunkTypes = new byte[] {(byte) 0x82, (byte) 0xc0, 0x40, (byte) 0xc2};
      return this;
    }

    /** The peer takes zero checksums over DTLS. */
    Setup peerTakesZeroChecksums() {
      zeroChecksum = true;
      return this;
    }

    Setup peerWindow(long bytes) {
      window = bytes;
      return this;
    }

    Setup peerTsn(int tsn) {
      peerTsn = tsn;
      return this;
    }

    Setup ownTsn(int tsn) {
      ownTsn = tsn;
      return this;
    }

    /** How many streams the peer takes. */
    Setup peerStreams(int streams) {
      peerStreams = streams;
      return this;
    }

    private List<Parameter> parameters() {
      var parameters = new ArrayList<Parameter>();
      if (forwardTsn) {
        parameters.add(new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY));
      }
      parameters.add(new Parameter(Parameter.SUPPORTED_EXTENSIONS, Octets.copyOf(chunkTypes)));
      if (zeroChecksum) {
        parameters.add(
            new Parameter(
                Parameter.ZERO_CHECKSUM_ACCEPTABLE,
                Octets.copyOf(new WireWriter(4).u32(1).array())));
      }
      return parameters;
    }

    /** Z as it answers this peer's INIT and COOKIE ECHO. */
    Dialogue open() {
      return new Dialogue(this);
    }
  }

  /** A tag, an initial TSN, and then chance. */
  private static RandomGenerator random(int initialTsn) {
    var chance = new SplittableRandom(1);
    var given = new ArrayDeque<>(List.of(0x0abc_def1, initialTsn));
    return new RandomGenerator() {
      @Override
      public int nextInt() {
        return given.isEmpty() ? chance.nextInt() : given.remove();
      }

      @Override
      public long nextLong() {
        return chance.nextLong();
      }
    };
  }

  private final AssociationOptions options;
  private final Association z;
  private final DialogueText text;
  private final PacketHeader header = new PacketHeader();
  private final int tag;
  private final List<String> rungs = new ArrayList<>();
  private final Optional<Ladder> ladder = Ladder.current();
  private final int lane = ladder.map(Ladder::addLane).orElse(0);
  private final ArrayDeque<byte[]> sent = new ArrayDeque<>();
  private final ArrayDeque<MessageReceived> delivered = new ArrayDeque<>();
  private final ArrayDeque<AssociationEvent> told = new ArrayDeque<>();
  private final Map<DropReason, Long> dropsSeen = new EnumMap<>(DropReason.class);
  private final Map<Integer, Octets> payloads = new HashMap<>();
  private final boolean zeroChecksums;
  private long nowNanos;
  private int cumulativeSacked;
  private boolean sackSeen;
  private boolean keepsSent;
  private boolean keepsReceived;
  private boolean drainsEvents = true;
  private Octets heartbeat = Octets.EMPTY;
  private int maxPacketBytes;

  private Dialogue(Setup setup) {
    options = setup.options;
    maxPacketBytes = options.maxPacketBytes();
    zeroChecksums = setup.zeroChecksum && options.zeroChecksum();
    z = Association.create(options, random(setup.ownTsn));
    text = new DialogueText(setup.peerTsn, setup.ownTsn);
    List<Parameter> parameters = setup.parameters();
    var init =
        new InitChunk(
            new InitBody(
                PEER_TAG, setup.window, 65_535, setup.peerStreams, setup.peerTsn, parameters));
    receive(packet(0, init));
    InitBody ack = ((InitAckChunk) DialogueText.chunks(pollOne()).get(0)).body();
    assertThat(ack.initialTsn()).isEqualTo(setup.ownTsn);
    tag = ack.initiateTag();
    Octets cookie = ack.parameter(Parameter.STATE_COOKIE).orElseThrow().value();
    receive(packet(tag, new CookieEchoChunk(cookie)));
    assertThat(text.render(pollOne(), Side.Z, Windows.HIDDEN)).isEqualTo("COOKIEACK");
    assertThat(z.pollEvent()).isInstanceOf(AssociationEvent.Established.class);
    assertThat(z.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    ladder.ifPresent(Ladder::stageIsSet);
  }

  private byte[] pollOne() {
    byte[] out = new byte[2048];
    int length = z.pollPacket(nowNanos, out, 0, out.length);
    assertThat(length).isPositive();
    byte[] packet = Arrays.copyOf(out, length);
    ladder.ifPresent(to -> to.fromAssociation(lane, nowNanos, packet));
    return packet;
  }

  // --- the peer ---

  /** The peer sends these packets; Z is asked for its answer after each. */
  Dialogue gets(String... packets) {
    for (String packet : packets) {
      getsOne(packet);
      poll();
    }
    return this;
  }

  /** The peer sends these packets, and they come in one read. */
  Dialogue getsTogether(String... packets) {
    return getsUnanswered(packets).poll();
  }

  /** The peer sends these packets, and Z is not asked for its answer yet. */
  Dialogue getsUnanswered(String... packets) {
    for (String packet : packets) {
      getsOne(packet);
    }
    return this;
  }

  private void getsOne(String packet) {
    rung("peer -> " + packet + " -> Z");
    Chunk[] chunks =
        packet.equals("HEARTBEATACK")
            ? new Chunk[] {new HeartbeatAckChunk(heartbeat)}
            : text.parse(packet, Side.PEER).toArray(Chunk[]::new);
    receive(packet(tag, chunks));
  }

  /** The peer sends bytes of its own making. */
  Dialogue getsBytes(String what, byte[] packet) {
    rung("peer -> " + what + " -> Z");
    receive(packet);
    poll();
    return this;
  }

  /** A packet of the peer as bytes with a checksum. */
  byte[] bytes(String packet) {
    return packet(tag, text.parse(packet, Side.PEER).toArray(Chunk[]::new));
  }

  private void receive(byte[] packet) {
    ladder.ifPresent(to -> to.toAssociation(lane, nowNanos, packet));
    byte[] scratch = new byte[packet.length + 8];
    System.arraycopy(packet, 0, scratch, 5, packet.length);
    z.receive(nowNanos, scratch, 5, packet.length);
    // Whatever the association keeps it has copied.
    Arrays.fill(scratch, (byte) 0x5a);
  }

  private byte[] packet(int verificationTag, Chunk... chunks) {
    int length = PacketHeader.BYTES;
    for (Chunk chunk : chunks) {
      length += chunk.paddedLength();
    }
    byte[] packet = new byte[length];
    var out = new WireWriter(packet, PacketHeader.BYTES, length);
    for (Chunk chunk : chunks) {
      chunk.write(out);
    }
    PacketHeader.write(packet, 0, options.peerPort(), options.localPort(), verificationTag);
    header.seal(packet, 0, length);
    return packet;
  }

  // --- the user ---

  /** The user sends a reliable, ordered message. */
  Dialogue user(int streamId, int bytes) {
    return user(streamId, bytes, SendOptions.RELIABLE_ORDERED);
  }

  Dialogue user(int streamId, int bytes, SendOptions how) {
    assertThat(offer(streamId, bytes, how)).isEqualTo(SendResult.ACCEPTED);
    return this;
  }

  SendResult offer(int streamId, int bytes, SendOptions how) {
    byte[] payload = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      payload[i] = (byte) (i ^ i >> 8);
    }
    return z.send(nowNanos, streamId, 53, payload, 0, bytes, how);
  }

  Association association() {
    return z;
  }

  Dialogue resets(int... streamIds) {
    z.resetStreams(nowNanos, streamIds);
    return this;
  }

  /** From now on nobody takes events, so that the receive window does not open. */
  Dialogue leavesEvents() {
    drainsEvents = false;
    return this;
  }

  /** Events are taken again, those that waited first. */
  Dialogue takesEvents() {
    drainsEvents = true;
    poll();
    return this;
  }

  void maxPacketBytes(int bytes) {
    maxPacketBytes = Math.max(maxPacketBytes, bytes);
    z.setMaxPacketBytes(bytes);
  }

  // --- what Z does ---

  /** Exactly these packets left since the last look. */
  Dialogue sends(String... packets) {
    poll();
    var actual = new ArrayList<String>();
    for (int i = 0; !sent.isEmpty(); i++) {
      Windows windows =
          i < packets.length && packets[i].contains("rwnd") ? Windows.SHOWN : Windows.HIDDEN;
      actual.add(text.render(sent.remove(), Side.Z, windows));
    }
    assertThat(actual).as(this::toString).containsExactly(packets);
    return this;
  }

  /** Nothing left since the last look. */
  Dialogue sendsNothing() {
    return sends();
  }

  /** The packets that left since the last look, for scenarios that count instead of naming. */
  List<String> takeSent() {
    poll();
    var actual = new ArrayList<String>();
    while (!sent.isEmpty()) {
      actual.add(text.render(sent.remove(), Side.Z, Windows.HIDDEN));
    }
    return actual;
  }

  /** The same as bytes. */
  List<byte[]> takeSentBytes() {
    poll();
    var actual = new ArrayList<>(sent);
    sent.clear();
    return actual;
  }

  /** Exactly these messages were delivered since the last look: {@code s1: 0x10,1x11}. */
  Dialogue delivers(String... messages) {
    var actual = new ArrayList<String>();
    while (!delivered.isEmpty()) {
      MessageReceived message = delivered.remove();
      actual.add(
          "s"
              + message.streamId()
              + (message.ppid() == 53 ? "" : " ppid " + message.ppid())
              + ": "
              + DialogueText.runs(message.payload()));
    }
    assertThat(actual).as(this::toString).containsExactly(messages);
    return this;
  }

  Dialogue deliversNothing() {
    return delivers();
  }

  /** Exactly these other events came since the last look. */
  Dialogue tells(AssociationEvent... events) {
    poll();
    assertThat(told).as(this::toString).containsExactly(events);
    told.clear();
    return this;
  }

  /** Z aborted, or the peer did, with this cause. */
  Dialogue isAborted(int cause, Origin origin) {
    assertThat(told).as(this::toString).hasSize(1);
    var event = (Aborted) told.remove();
    assertThat(event.causeCode()).as(this::toString).isEqualTo(cause);
    assertThat(event.origin()).as(this::toString).isEqualTo(origin);
    assertThat(z.state()).isEqualTo(AssociationPhase.CLOSED);
    return this;
  }

  Dialogue hasFailed(FailureReason reason) {
    assertThat(told).as(this::toString).hasSize(1);
    assertThat(((Failed) told.remove()).reason()).as(this::toString).isEqualTo(reason);
    assertThat(z.state()).isEqualTo(AssociationPhase.CLOSED);
    return this;
  }

  /** Exactly so many were dropped for that reason since the last look. */
  Dialogue drops(DropReason reason, int times) {
    long before = dropsSeen.getOrDefault(reason, 0L);
    long now = z.statistics().drops().getOrDefault(reason, 0L);
    assertThat(now - before).as(() -> reason + "\n" + this).isEqualTo(times);
    dropsSeen.put(reason, now);
    return this;
  }

  AssociationStatistics statistics() {
    return z.statistics();
  }

  // --- time ---

  /** Lets time pass, firing timers on the way. */
  Dialogue passes(long millis) {
    long end = nowNanos + millis * MILLI;
    while (z.nextDeadlineNanos() <= end) {
      fire();
    }
    nowNanos = end;
    return this;
  }

  /** The next timer is due exactly then, and fires. */
  Dialogue timer(long atMillis) {
    assertThat(z.nextDeadlineNanos()).as(this::toString).isEqualTo(atMillis * MILLI);
    return fire();
  }

  /** No timer is due before that time. */
  Dialogue noTimerBefore(long atMillis) {
    assertThat(z.nextDeadlineNanos()).as(this::toString).isGreaterThanOrEqualTo(atMillis * MILLI);
    return this;
  }

  /** Fires the next timer, whenever it is due. */
  Dialogue fire() {
    // Within an hour all is over, or the scenario waits for what never comes.
    assertThat(z.nextDeadlineNanos()).as(this::toString).isLessThan(3_600_000 * MILLI);
    nowNanos = Math.max(nowNanos, z.nextDeadlineNanos());
    z.advanceTo(nowNanos);
    poll();
    return this;
  }

  /** Fires timers until something leaves. */
  Dialogue nextSending() {
    while (sent.isEmpty()) {
      fire();
    }
    return this;
  }

  long millis() {
    return nowNanos / MILLI;
  }

  long nanos() {
    return nowNanos;
  }

  // --- the rules that hold for every packet ---

  /** Takes events, packets, and the events that those cause. */
  Dialogue poll() {
    drainEvents();
    byte[] out = new byte[4096];
    for (int n = z.pollPacket(nowNanos, out, 3, out.length);
        n > 0;
        n = z.pollPacket(nowNanos, out, 3, out.length)) {
      byte[] packet = Arrays.copyOfRange(out, 3, 3 + n);
      rung("Z -> " + text.render(packet, Side.Z, Windows.HIDDEN) + " -> peer");
      ladder.ifPresent(to -> to.fromAssociation(lane, nowNanos, packet));
      check(packet);
      sent.add(packet);
      assertThat(sent).as("sends without end").hasSizeLessThan(100_000);
    }
    drainEvents();
    return this;
  }

  private void drainEvents() {
    if (!drainsEvents) {
      return;
    }
    for (AssociationEvent event = z.pollEvent(); event != null; event = z.pollEvent()) {
      if (event instanceof MessageReceived message) {
        delivered.add(message);
      } else if (!(event instanceof BufferedAmountChanged)) {
        told.add(event);
      }
    }
  }

  private void check(byte[] packet) {
    require(packet.length % 4 == 0, "a length that is no multiple of 4");
    require(packet.length <= maxPacketBytes, "a packet too long");
    boolean checksum =
        zeroChecksums
            ? PacketHeader.hasZeroChecksum(packet, 0)
            : header.isSealed(packet, 0, packet.length);
    require(checksum, "a wrong checksum");
    require(PacketHeader.verificationTag(packet, 0) == PEER_TAG, "a wrong tag");
    boolean dataSeen = false;
    int sacks = 0;
    for (Chunk chunk : DialogueText.chunks(packet)) {
      boolean data = chunk.type() == ChunkType.DATA || chunk.type() == ChunkType.I_DATA;
      // RFC 9260 section 6.10.
      require(data || !dataSeen, "control chunks go before DATA");
      dataSeen |= data;
      if (chunk instanceof DataChunk d) {
        checkPayload(d.tsn(), d.payload());
      } else if (chunk instanceof IDataChunk d) {
        checkPayload(d.tsn(), d.payload());
      } else if (chunk instanceof HeartbeatChunk h) {
        heartbeat = h.info();
      } else if (chunk instanceof SackChunk s) {
        sacks++;
        boolean goesOn = !sackSeen || s.cumulativeTsnAck() - cumulativeSacked >= 0;
        require(goesOn, "the cumulative TSN ack goes back");
        sackSeen = true;
        cumulativeSacked = s.cumulativeTsnAck();
      }
    }
    require(sacks <= 1, "two SACKs in one packet");
  }

  /** A TSN stands for the same bytes each time it is sent. */
  private void checkPayload(int tsn, Octets payload) {
    require(payload.length() > 0, "DATA without payload");
    Octets before = payloads.putIfAbsent(tsn, payload);
    require(before == null || before.equals(payload), "a TSN with other bytes than before");
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise + "\n" + this);
    }
  }

  // --- the end ---

  /** At the end Z still keeps what it sent. */
  Dialogue keepsSentData() {
    keepsSent = true;
    return this;
  }

  /** At the end Z still keeps what it got. */
  Dialogue keepsReceivedData() {
    keepsReceived = true;
    return this;
  }

  /** Nothing happened that the scenario did not name, and nothing is left. */
  void finish() {
    sends();
    delivers();
    tells();
    AssociationStatistics end = z.statistics();
    var unexpected = new HashMap<>(end.drops());
    dropsSeen.forEach(unexpected::remove);
    assertThat(unexpected).as(this::toString).isEmpty();
    dropsSeen.forEach(
        (reason, seen) ->
            assertThat(end.drops().getOrDefault(reason, 0L)).as(this::toString).isEqualTo(seen));
    if (end.phase() == AssociationPhase.CLOSED) {
      return;
    }
    assertThat(end.heldSendBytes() > 0).as("keeps sent data\n" + this).isEqualTo(keepsSent);
    if (!keepsSent) {
      assertThat(end.flightBytes()).as(this::toString).isZero();
      assertThat(end.bufferedBytes()).as(this::toString).isZero();
    }
    assertThat(end.heldReceiveBytes() > 0)
        .as("keeps received data\n" + this)
        .isEqualTo(keepsReceived);
    if (!keepsReceived) {
      assertThat(end.receiveWindowBytes())
          .as(this::toString)
          .isEqualTo(options.receiveWindowBytes());
    }
  }

  private void rung(String line) {
    rungs.add(millis() + " ms: " + line);
  }

  @Override
  public String toString() {
    int from = Math.max(0, rungs.size() - 60);
    return String.join("\n", rungs.subList(from, rungs.size()));
  }
}
