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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A peer played by hand: every packet to the association under test is made by the test, every
 * packet from it is looked at. Time moves only when the test says so.
 */
final class HandPeer {
  static final int TAG = 0x1234_5678;
  static final int INITIAL_TSN = 1000;
  static final long WINDOW = 1 << 20;

  /** FORWARD-TSN and RE-CONFIG, as browsers announce them. */
  static final List<Parameter> EXTENSIONS =
      List.of(
          new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0})));

  final Association association;
  final List<AssociationEvent> events = new ArrayList<>();
  private final PacketHeader header = new PacketHeader();
  long nowNanos;
  int peerTag;
  int peerInitialTsn;

  HandPeer(AssociationOptions options) {
    this(options, 1);
  }

  HandPeer(AssociationOptions options, long seed) {
    association = Association.create(options, new SplittableRandom(seed));
  }

  /** An association that is established with a peer that has these extensions. */
  static HandPeer established(AssociationOptions options, List<Parameter> extensions) {
    return established(options, extensions, WINDOW);
  }

  static HandPeer established(AssociationOptions options, List<Parameter> extensions, long window) {
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
    peer.drainEvents();
    peer.events.clear();
    return peer;
  }

  static HandPeer established() {
    return established(AssociationOptions.rfc(), EXTENSIONS);
  }

  static InitBody initBody(int tag, List<Parameter> parameters) {
    return initBody(tag, WINDOW, parameters);
  }

  static InitBody initBody(int tag, long window, List<Parameter> parameters) {
    return new InitBody(tag, window, 65_535, 65_535, INITIAL_TSN, parameters);
  }

  static Octets cookieOf(InitBody initAck) {
    return initAck.parameter(Parameter.STATE_COOKIE).orElseThrow().value();
  }

  List<byte[]> sendInit(InitBody body) {
    return sendWithTag(0, new InitChunk(body));
  }

  List<byte[]> send(Chunk... chunks) {
    return sendWithTag(peerTag, chunks);
  }

  List<byte[]> sendWithTag(int tag, Chunk... chunks) {
    return sendBytes(packet(tag, chunks));
  }

  /** Delivers a packet, then takes events and packets. */
  List<byte[]> sendBytes(byte[] packet) {
    deliver(packet);
    return poll();
  }

  /** Delivers without asking for output. */
  void deliver(byte[] packet) {
    byte[] scratch = new byte[packet.length + 14];
    System.arraycopy(packet, 0, scratch, 7, packet.length);
    association.receive(nowNanos, scratch, 7, packet.length);
    // Whatever the association keeps it has copied.
    Arrays.fill(scratch, (byte) 0x5a);
  }

  byte[] packet(int tag, Chunk... chunks) {
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

  byte[] seal(byte[] packet, int tag) {
    PacketHeader.write(packet, 0, 5000, 5000, tag);
    header.seal(packet, 0, packet.length);
    return packet;
  }

  List<byte[]> poll() {
    drainEvents();
    var packets = new ArrayList<byte[]>();
    byte[] out = new byte[2048];
    for (int length = association.pollPacket(nowNanos, out, 3, out.length);
        length > 0;
        length = association.pollPacket(nowNanos, out, 3, out.length)) {
      packets.add(Arrays.copyOfRange(out, 3, 3 + length));
      if (packets.size() > 10_000) {
        throw new AssertionError("the association sends without end");
      }
    }
    drainEvents();
    return packets;
  }

  void drainEvents() {
    for (AssociationEvent event = association.pollEvent();
        event != null;
        event = association.pollEvent()) {
      events.add(event);
    }
  }

  <E extends AssociationEvent> List<E> events(Class<E> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Moves time to the next deadline and returns what is sent then. */
  List<byte[]> nextTimer() {
    long deadline = association.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE) {
      throw new AssertionError("no timer runs");
    }
    nowNanos = Math.max(nowNanos, deadline);
    association.advanceTo(nowNanos);
    return poll();
  }

  /** Moves time from deadline to deadline until something is sent. */
  List<byte[]> nextPackets() {
    List<byte[]> packets = nextTimer();
    while (packets.isEmpty()) {
      packets = nextTimer();
    }
    return packets;
  }

  /** Lets time pass, firing timers on the way. */
  List<byte[]> pass(long nanos) {
    long end = nowNanos + nanos;
    var packets = new ArrayList<byte[]>();
    while (association.nextDeadlineNanos() <= end) {
      packets.addAll(nextTimer());
    }
    nowNanos = end;
    return packets;
  }

  SendResult userSends(int streamId, int bytes, SendOptions how) {
    return association.send(nowNanos, streamId, 53, new byte[bytes], 0, bytes, how);
  }

  SendResult userSends(int streamId, int bytes) {
    return userSends(streamId, bytes, SendOptions.RELIABLE_ORDERED);
  }

  /** A whole message in one DATA chunk. */
  static DataChunk data(int tsn, int streamId, int ssn, int bytes) {
    return fragment(tsn, streamId, ssn, DataFormat.B_BIT | DataFormat.E_BIT, bytes);
  }

  static DataChunk fragment(int tsn, int streamId, int ssn, int flags, int bytes) {
    byte[] payload = new byte[bytes];
    Arrays.fill(payload, (byte) tsn);
    return new DataChunk(flags, tsn, streamId, ssn, 53, Octets.copyOf(payload));
  }

  static SackChunk sack(int cumulative, long window, int... gaps) {
    var blocks = new ArrayList<GapAckBlock>();
    for (int i = 0; i < gaps.length; i += 2) {
      blocks.add(new GapAckBlock(gaps[i], gaps[i + 1]));
    }
    return new SackChunk(cumulative, window, blocks, List.of());
  }

  /** All chunks of one type in these packets. */
  static <C extends Chunk> List<C> all(List<byte[]> packets, Class<C> type) {
    return packets.stream().flatMap(p -> PacketText.chunks(p, type).stream()).toList();
  }

  /** The only chunk of that type in these packets. */
  static <C extends Chunk> C only(List<byte[]> packets, Class<C> type) {
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

  long drops(DropReason reason) {
    return association.statistics().drops().getOrDefault(reason, 0L);
  }
}
