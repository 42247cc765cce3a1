package dev.tautline.sctp;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.scenario.Ladder;
import dev.tautline.sctp.scenario.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A peer played by hand: every packet to the association under test is made by the test, every
 * packet from it is looked at. Time moves only when the test says so.
 */
@SuppressWarnings("exports") // Public for the tests of other packages; nobody imports a test.
public final class HandPeer {
  public static final int TAG = 0x1234_5678;
  public static final int INITIAL_TSN = 1000;
  public static final long WINDOW = 1 << 20;

  /** FORWARD-TSN and RE-CONFIG, as browsers announce them. */
  public static final List<Parameter> EXTENSIONS =
      List.of(
          new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0})));

  /** The peer's cookie, which only the peer understands. */
  public static final Octets COOKIE = Octets.copyOf(new byte[20]);

  public final Association association;
  public final List<AssociationEvent> events = new ArrayList<>();
  private final PacketHeader header = new PacketHeader();
  private final Optional<Ladder> ladder = Ladder.current();
  private final int lane = ladder.map(Ladder::addLane).orElse(0);
  public long nowNanos;
  public int peerTag;
  public int peerInitialTsn;

  public HandPeer(AssociationOptions options) {
    this(options, 1);
  }

  public HandPeer(AssociationOptions options, long seed) {
    association = Association.create(options, new SplittableRandom(Seeds.of(seed)));
  }

  /** An association that is established with a peer that has these extensions. */
  public static HandPeer established(AssociationOptions options, List<Parameter> extensions) {
    return established(options, extensions, WINDOW);
  }

  public static HandPeer established(
      AssociationOptions options, List<Parameter> extensions, long window) {
    var peer = new HandPeer(options);
    // Peer -> INIT -> Z
    // Peer <- INIT ACK <- Z
    InitBody ack =
        only(peer.sendInit(initBody(TAG, window, extensions)), InitAckChunk.class).body();
    peer.peerTag = ack.initiateTag();
    peer.peerInitialTsn = ack.initialTsn();
    // Peer -> COOKIE ECHO -> Z
    // Peer <- COOKIE ACK <- Z
    only(peer.send(new CookieEchoChunk(cookieOf(ack))), CookieAckChunk.class);
    return peer.stageIsSet();
  }

  private HandPeer stageIsSet() {
    drainEvents();
    events.clear();
    ladder.ifPresent(Ladder::stageIsSet);
    return this;
  }

  /** An association in COOKIE-WAIT: its INIT has come. */
  public static HandPeer inCookieWait(AssociationOptions options) {
    var peer = new HandPeer(options);
    peer.association.connect(0);
    // Peer <- INIT <- A
    InitBody init = only(peer.poll(), InitChunk.class).body();
    peer.peerTag = init.initiateTag();
    peer.peerInitialTsn = init.initialTsn();
    return peer.stageIsSet();
  }

  /** An association in COOKIE-ECHOED: it has sent {@link #COOKIE} back. */
  public static HandPeer inCookieEchoed(AssociationOptions options) {
    HandPeer peer = inCookieWait(options);
    // Peer -> INIT ACK -> A
    // Peer <- COOKIE ECHO <- A
    only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);
    return peer.stageIsSet();
  }

  /** An association in this state; 100 bytes are outstanding where the state needs it. */
  public static HandPeer in(AssociationPhase phase) {
    AssociationOptions options = AssociationOptions.rfc();
    HandPeer peer =
        switch (phase) {
          case CLOSED -> new HandPeer(options);
          case COOKIE_WAIT -> inCookieWait(options);
          case COOKIE_ECHOED -> inCookieEchoed(options);
          case ESTABLISHED, SHUTDOWN_PENDING, SHUTDOWN_SENT, SHUTDOWN_RECEIVED, SHUTDOWN_ACK_SENT ->
              established();
        };
    if (phase == AssociationPhase.SHUTDOWN_PENDING || phase == AssociationPhase.SHUTDOWN_RECEIVED) {
      peer.userSends(0, 100);
      peer.poll();
    }
    if (phase == AssociationPhase.SHUTDOWN_PENDING || phase == AssociationPhase.SHUTDOWN_SENT) {
      peer.association.shutdown(0);
      peer.poll();
    }
    if (phase == AssociationPhase.SHUTDOWN_RECEIVED
        || phase == AssociationPhase.SHUTDOWN_ACK_SENT) {
      peer.send(new ShutdownChunk(peer.peerInitialTsn - 1));
    }
    if (peer.association.state() != phase) {
      throw new AssertionError("it is in " + peer.association.state() + " instead of " + phase);
    }
    return peer.stageIsSet();
  }

  /** What an INIT ACK of the peer says, with {@link #COOKIE}. */
  public static InitBody initAckBody(int tag) {
    var parameters = new ArrayList<>(EXTENSIONS);
    parameters.add(new Parameter(Parameter.STATE_COOKIE, COOKIE));
    return initBody(tag, parameters);
  }

  public static HandPeer established() {
    return established(AssociationOptions.rfc(), EXTENSIONS);
  }

  public static InitBody initBody(int tag, List<Parameter> parameters) {
    return initBody(tag, WINDOW, parameters);
  }

  public static InitBody initBody(int tag, long window, List<Parameter> parameters) {
    return new InitBody(tag, window, 65_535, 65_535, INITIAL_TSN, parameters);
  }

  public static Octets cookieOf(InitBody initAck) {
    return initAck.parameter(Parameter.STATE_COOKIE).orElseThrow().value();
  }

  public List<byte[]> sendInit(InitBody body) {
    return sendWithTag(0, new InitChunk(body));
  }

  public List<byte[]> send(Chunk... chunks) {
    return sendWithTag(peerTag, chunks);
  }

  public List<byte[]> sendWithTag(int tag, Chunk... chunks) {
    return sendBytes(packet(tag, chunks));
  }

  /** Delivers a packet, then takes events and packets. */
  public List<byte[]> sendBytes(byte[] packet) {
    deliver(packet);
    return poll();
  }

  /** Delivers without asking for output. */
  public void deliver(byte[] packet) {
    ladder.ifPresent(to -> to.toAssociation(lane, nowNanos, packet));
    byte[] scratch = new byte[packet.length + 14];
    System.arraycopy(packet, 0, scratch, 7, packet.length);
    association.receive(nowNanos, scratch, 7, packet.length);
    // Whatever the association keeps it has copied.
    Arrays.fill(scratch, (byte) 0x5a);
  }

  public byte[] packet(int tag, Chunk... chunks) {
    int length = PacketHeader.BYTES;
    for (Chunk chunk : chunks) {
      length += chunk.paddedLength();
    }
    byte[] packet = new byte[length];
    var out = new WireWriter(packet, PacketHeader.BYTES, length);
    for (Chunk chunk : chunks) {
      chunk.write(out);
    }
    return seal(packet, tag);
  }

  public byte[] seal(byte[] packet, int tag) {
    PacketHeader.write(packet, 0, 5000, 5000, tag);
    header.seal(packet, 0, packet.length);
    return packet;
  }

  public List<byte[]> poll() {
    drainEvents();
    var packets = new ArrayList<byte[]>();
    byte[] out = new byte[2048];
    for (int length = association.pollPacket(nowNanos, out, 3, out.length);
        length > 0;
        length = association.pollPacket(nowNanos, out, 3, out.length)) {
      byte[] packet = Arrays.copyOfRange(out, 3, 3 + length);
      ladder.ifPresent(to -> to.fromAssociation(lane, nowNanos, packet));
      packets.add(packet);
      if (packets.size() > 10_000) {
        throw new AssertionError("the association sends without end");
      }
    }
    drainEvents();
    return packets;
  }

  public void drainEvents() {
    for (AssociationEvent event = association.pollEvent();
        event != null;
        event = association.pollEvent()) {
      events.add(event);
    }
  }

  public <E extends AssociationEvent> List<E> events(Class<E> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Moves time to the next deadline and returns what is sent then. */
  public List<byte[]> nextTimer() {
    long deadline = association.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE) {
      throw new AssertionError("no timer runs");
    }
    nowNanos = Math.max(nowNanos, deadline);
    association.advanceTo(nowNanos);
    return poll();
  }

  /** Moves time from deadline to deadline until something is sent. */
  public List<byte[]> nextPackets() {
    List<byte[]> packets = nextTimer();
    while (packets.isEmpty()) {
      packets = nextTimer();
    }
    return packets;
  }

  /** Lets time pass, firing timers on the way. */
  public List<byte[]> pass(long nanos) {
    long end = nowNanos + nanos;
    var packets = new ArrayList<byte[]>();
    while (association.nextDeadlineNanos() <= end) {
      packets.addAll(nextTimer());
    }
    nowNanos = end;
    return packets;
  }

  public SendResult userSends(int streamId, int bytes, SendOptions how) {
    return association.send(nowNanos, streamId, 53, new byte[bytes], 0, bytes, how);
  }

  public SendResult userSends(int streamId, int bytes) {
    return userSends(streamId, bytes, SendOptions.RELIABLE_ORDERED);
  }

  /** A whole message in one DATA chunk. */
  public static DataChunk data(int tsn, int streamId, int ssn, int bytes) {
    return fragment(tsn, streamId, ssn, DataFormat.B_BIT | DataFormat.E_BIT, bytes);
  }

  public static DataChunk fragment(int tsn, int streamId, int ssn, int flags, int bytes) {
    byte[] payload = new byte[bytes];
    Arrays.fill(payload, (byte) tsn);
    return new DataChunk(flags, tsn, streamId, ssn, 53, Octets.copyOf(payload));
  }

  public static SackChunk sack(int cumulative, long window, int... gaps) {
    var blocks = new ArrayList<GapAckBlock>();
    for (int i = 0; i < gaps.length; i += 2) {
      blocks.add(new GapAckBlock(gaps[i], gaps[i + 1]));
    }
    return new SackChunk(cumulative, window, blocks, List.of());
  }

  /** All chunks of one type in these packets. */
  public static <C extends Chunk> List<C> all(List<byte[]> packets, Class<C> type) {
    return packets.stream().flatMap(p -> PacketText.chunks(p, type).stream()).toList();
  }

  /** The only chunk of that type in these packets. */
  public static <C extends Chunk> C only(List<byte[]> packets, Class<C> type) {
    List<C> found = all(packets, type);
    if (found.size() != 1) {
      throw new AssertionError(
          found.size()
              + " "
              + type.getSimpleName()
              + " in "
              + packets.stream().map(PacketText::describe).toList());
    }
    return found.get(0);
  }

  public long drops(DropReason reason) {
    return association.statistics().drops().getOrDefault(reason, 0L);
  }
}
