package dev.tautline.sctp.hostile;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.association.AssociationCore;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One association and the peer that attacks it. Keeps nothing of what passes, so that all that
 * grows is the association's.
 */
final class HostilePeer {
  static final int TSN = 1000;
  static final int TAG = 0x1234_5678;
  static final long WINDOW = 0xffff_ffffL;
  static final int B = DataFormat.B_BIT;
  static final int E = DataFormat.E_BIT;
  static final int U = DataFormat.U_BIT;

  static final List<Parameter> EXTENSIONS =
      List.of(
          new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0})));

  static final List<Parameter> WITH_I_DATA =
      List.of(
          new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0, 0x40, (byte) 0xc2})));

  private static final PacketHeader HEADER = new PacketHeader();

  final AssociationCore association;
  long nowNanos;
  int tag;

  /** The first TSN of the association under attack. */
  int theirTsn;

  byte[] lastCookieEcho = new byte[0];

  HostilePeer(AssociationOptions options) {
    association = new AssociationCore(options, new SplittableRandom(1));
  }

  /** An association that is established. */
  static HostilePeer established(AssociationOptions options, List<Parameter> extensions) {
    var peer = new HostilePeer(options);
    peer.deliver(peer.packet(0, new InitChunk(initBody(TAG, extensions))));
    byte[] initAck = new byte[2048];
    int length = peer.association.pollPacket(0, initAck, 0, initAck.length);
    // Behind packet and chunk header: tag, window, streams, TSN; the cookie is the first parameter.
    peer.tag = u32(initAck, 16);
    peer.theirTsn = u32(initAck, 28);
    int cookieLength = u32(initAck, 32) & 0xffff;
    byte[] cookie = java.util.Arrays.copyOfRange(initAck, 36, 32 + cookieLength);
    peer.lastCookieEcho = peer.packet(peer.tag, new CookieEchoChunk(Octets.copyOf(cookie)));
    peer.deliver(peer.lastCookieEcho);
    peer.drain();
    if (length == 0 || peer.association.phase() != AssociationPhase.ESTABLISHED) {
      throw new AssertionError("not established but " + peer.association.phase());
    }
    return peer;
  }

  private static int u32(byte[] bytes, int at) {
    return dev.tautline.base.WireReader.i32At(bytes, at);
  }

  static InitBody initBody(int tag, List<Parameter> parameters) {
    return new InitBody(tag, WINDOW, 65_535, 65_535, TSN, parameters);
  }

  boolean isEstablished() {
    return association.phase() == AssociationPhase.ESTABLISHED;
  }

  /** Sends chunks in one packet and asks for nothing. */
  void send(Chunk... chunks) {
    deliver(packet(tag, chunks));
  }

  void deliver(byte[] packet) {
    association.receive(nowNanos, packet, 0, packet.length);
  }

  byte[] packet(int verificationTag, Chunk... chunks) {
    int length = PacketHeader.BYTES;
    for (Chunk chunk : chunks) {
      length += chunk.paddedLength();
    }
    byte[] packet = new byte[length];
    var out = new WireWriter(packet, PacketHeader.BYTES, length);
    for (Chunk chunk : chunks) {
      chunk.write(out);
    }
    return seal(packet, verificationTag);
  }

  byte[] seal(byte[] packet, int verificationTag) {
    PacketHeader.write(packet, 0, 5000, 5000, verificationTag);
    HEADER.seal(packet, 0, packet.length);
    return packet;
  }

  /** Takes packets out until there are none; returns how many there were. */
  int drainPackets() {
    byte[] out = new byte[2048];
    int packets = 0;
    while (association.pollPacket(nowNanos, out, 0, out.length) > 0) {
      packets++;
    }
    return packets;
  }

  /** Takes events out until there are none; returns the last one. */
  @Nullable AssociationEvent drainEvents() {
    AssociationEvent last = null;
    for (AssociationEvent event = association.pollEvent();
        event != null;
        event = association.pollEvent()) {
      last = event;
    }
    return last;
  }

  void drain() {
    drainPackets();
    drainEvents();
    drainPackets();
  }

  SendResult userSends(int streamId, int bytes) {
    return association.send(
        nowNanos, streamId, 53, new byte[bytes], 0, bytes, SendOptions.RELIABLE_ORDERED);
  }

  static DataChunk data(int tsn, int streamId, int ssn, int flags, int bytes) {
    return new DataChunk(flags, tsn, streamId, ssn, 53, Octets.copyOf(new byte[bytes]));
  }

  static IDataChunk iData(int tsn, int streamId, int mid, int fsn, int flags, int bytes) {
    return new IDataChunk(flags, tsn, streamId, mid, fsn, Octets.copyOf(new byte[bytes]));
  }

  SackChunk sack(int acknowledged, int... gaps) {
    var blocks = new ArrayList<GapAckBlock>();
    for (int i = 0; i < gaps.length; i += 2) {
      blocks.add(new GapAckBlock(gaps[i], gaps[i + 1]));
    }
    return new SackChunk(theirTsn - 1 + acknowledged, WINDOW, blocks, List.of());
  }
}
