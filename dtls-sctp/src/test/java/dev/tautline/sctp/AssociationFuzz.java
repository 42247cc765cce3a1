package dev.tautline.sctp;

import dev.tautline.base.Timer;
import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ShutdownChunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A whole association, brought into a state and then given packets and time.
 *
 * <p>The input: a byte for the state, a byte for the options, then records. A record is a byte that
 * says what it is, a length in two bytes where it has bytes, and these: a packet whose ports, tag
 * and checksum are made right, one with the peer's own tag, one as it is, or a step in time.
 */
final class AssociationFuzz {
  /** Who opened the association. */
  enum Role {
    OPENER,
    ANSWERER
  }

  /** The state in which the input begins. */
  enum Start {
    CLOSED,
    COOKIE_WAIT,
    COOKIE_ECHOED,
    ESTABLISHED,
    ESTABLISHED_AND_BUSY,
    SHUTDOWN_PENDING,
    SHUTDOWN_SENT,
    SHUTDOWN_RECEIVED,
    SHUTDOWN_ACK_SENT,
    ENDED
  }

  private static final int MAX_PACKETS_AT_ONCE = 5_000;
  private static final long STEP_NANOS = 7_000_000;
  private static final Octets COOKIE = Octets.copyOf(new byte[] {1, 2, 3, 4});

  private final byte[] input;
  private final Cost cost;
  private final HandPeer peer;
  private final byte[] out = new byte[2048];
  private final byte[] in = new byte[66_000];
  private int position = 2;

  private AssociationFuzz(byte[] input, Role role, Cost cost) {
    this.input = input;
    this.cost = cost;
    this.peer = peerIn(Start.values()[(input[0] & 0xff) % Start.values().length], role, input[1]);
  }

  static void run(byte[] input, Role role) {
    Cost.check(
        input,
        (bytes, cost) -> {
          if (bytes.length > 2) {
            new AssociationFuzz(bytes, role, cost).play();
          }
        });
  }

  // --- set-up ---

  private static HandPeer peerIn(Start start, Role role, int bits) {
    boolean interleaving = (bits & 1) != 0;
    AssociationOptions.Builder options =
        AssociationOptions.forDataChannels().toBuilder()
            .interleaving(interleaving)
            .zeroChecksum((bits & 2) != 0)
            .partialReliability((bits & 4) == 0)
            .congestionAlgorithm(CongestionAlgorithm.values()[(bits >> 3 & 3) % 3])
            .receiveWindowBytes((bits & 32) == 0 ? 1 << 20 : 4_000);
    if ((bits & 64) != 0) {
      options.manualWindow();
    }
    var extensions = new ArrayList<>(HandPeer.EXTENSIONS);
    if (interleaving) {
      extensions.set(
          1,
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0, 0x40, (byte) 0xc2})));
    }
    HandPeer peer =
        switch (start) {
          case CLOSED, COOKIE_WAIT, COOKIE_ECHOED -> begun(options.build(), extensions, start);
          default ->
              role == Role.OPENER
                  ? opened(options.build(), extensions)
                  : HandPeer.established(options.build(), extensions);
        };
    boolean busy =
        start == Start.ESTABLISHED_AND_BUSY
            || start == Start.SHUTDOWN_PENDING
            || start == Start.SHUTDOWN_RECEIVED;
    if (busy) {
      peer.userSends(1, 4_000);
      peer.userSends(2, 700, SendOptions.RELIABLE_UNORDERED);
      peer.userSends(
          3,
          2_000,
          new SendOptions(
              SendOptions.Ordering.ORDERED, new SendOptions.Reliability.MaxRetransmits(0)));
      peer.association.resetStreams(0, new int[] {2});
      peer.poll();
    }
    switch (start) {
      case SHUTDOWN_PENDING, SHUTDOWN_SENT -> peer.association.shutdown(0);
      case SHUTDOWN_RECEIVED, SHUTDOWN_ACK_SENT ->
          peer.deliver(peer.packet(peer.peerTag, new ShutdownChunk(peer.peerInitialTsn - 1)));
      case ENDED -> peer.association.abort(0, "fuzz");
      default -> {
        // Stays where it is.
      }
    }
    peer.poll();
    return peer;
  }

  private static HandPeer begun(
      AssociationOptions options, List<Parameter> extensions, Start start) {
    var peer = new HandPeer(options);
    if (start != Start.CLOSED) {
      InitBody init = connect(peer);
      if (start == Start.COOKIE_ECHOED) {
        peer.userSends(1, 3_000);
        peer.deliver(peer.packet(init.initiateTag(), initAck(extensions)));
        peer.poll();
      }
    }
    return peer;
  }

  private static HandPeer opened(AssociationOptions options, List<Parameter> extensions) {
    var peer = new HandPeer(options);
    InitBody init = connect(peer);
    peer.deliver(peer.packet(init.initiateTag(), initAck(extensions)));
    peer.poll();
    peer.deliver(peer.packet(init.initiateTag(), new CookieAckChunk()));
    peer.poll();
    return peer;
  }

  private static InitBody connect(HandPeer peer) {
    peer.association.connect(0);
    InitBody init = HandPeer.only(peer.poll(), InitChunk.class).body();
    peer.peerTag = init.initiateTag();
    peer.peerInitialTsn = init.initialTsn();
    return init;
  }

  private static InitAckChunk initAck(List<Parameter> extensions) {
    var parameters = new ArrayList<>(extensions);
    parameters.add(new Parameter(Parameter.STATE_COOKIE, COOKIE));
    return new InitAckChunk(HandPeer.initBody(HandPeer.TAG, parameters));
  }

  // --- the input ---

  private void play() {
    while (position < input.length) {
      int kind = input[position++] & 7;
      if (kind == 7) {
        passTime(position < input.length ? input[position++] & 0xff : 0);
      } else {
        takePacket(kind);
      }
      checkFigures();
    }
  }

  private void takePacket(int kind) {
    int left = input.length - position;
    if (left < 2) {
      position = input.length;
      return;
    }
    int length = (input[position] & 0xff) << 8 | (input[position + 1] & 0xff);
    position += 2;
    length = Math.min(length, left - 2);
    int header = kind == 6 ? 0 : PacketHeader.BYTES;
    byte[] packet = new byte[header + length];
    System.arraycopy(input, position, packet, header, length);
    position += length;
    if (kind < 6) {
      boolean init = length > 0 && packet[header] == ChunkType.INIT;
      peer.seal(packet, init ? 0 : kind == 5 ? HandPeer.TAG : peer.peerTag);
    }
    System.arraycopy(packet, 0, in, 5, packet.length);
    cost.begin();
    peer.association.receive(peer.nowNanos, in, 5, packet.length);
    drain();
    cost.end(packet.length);
    Arrays.fill(in, 0, packet.length + 10, (byte) 0x5a);
  }

  private void passTime(int step) {
    long deadline = peer.association.nextDeadlineNanos();
    if (step >= 200 && deadline != Timer.NOT_RUNNING) {
      peer.nowNanos = Math.max(peer.nowNanos, deadline);
    } else {
      peer.nowNanos += step * STEP_NANOS;
    }
    cost.begin();
    peer.association.advanceTo(peer.nowNanos);
    drain();
    cost.endOfTime();
  }

  private void drain() {
    int packets = 0;
    boolean more;
    do {
      more = false;
      while (peer.association.pollEvent() != null) {
        more = true;
      }
      for (int length = poll(); length > 0; length = poll()) {
        more = true;
        packets++;
        if (packets > MAX_PACKETS_AT_ONCE || length % 4 != 0) {
          throw new AssertionError(packets + " packets at once, the last of " + length + " bytes");
        }
      }
    } while (more);
  }

  private int poll() {
    return peer.association.pollPacket(peer.nowNanos, out, 3, out.length);
  }

  private void checkFigures() {
    AssociationStatistics now = peer.association.statistics();
    boolean sound =
        now.flightBytes() >= 0
            && now.heldSendBytes() >= 0
            && now.bufferedBytes() >= 0
            && now.heldReceiveBytes() >= 0
            && now.receiveWindowBytes() >= 0
            && now.cwndBytes() > 0;
    if (!sound) {
      throw new AssertionError("figures that cannot be: " + now);
    }
  }
}
