package dev.tautline.ice;

import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A controlling peer on a plain socket, written by hand: it does exactly what a test tells it. */
final class RawIcePeer implements AutoCloseable {
  final IceCredentials credentials = IceCredentials.generate(new Random(7));
  private final Random random = new Random(8);
  private final @Nullable DatagramSocket udp;
  private final @Nullable Socket tcp;
  private final InetSocketAddress to;
  final List<byte[]> data = new ArrayList<>();

  private RawIcePeer(@Nullable DatagramSocket udp, @Nullable Socket tcp, InetSocketAddress to) {
    this.udp = udp;
    this.tcp = tcp;
    this.to = to;
  }

  static RawIcePeer udp(InetSocketAddress to) throws IOException {
    var socket = new DatagramSocket(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
    return new RawIcePeer(socket, null, to);
  }

  static RawIcePeer tcp(InetSocketAddress to) throws IOException {
    return new RawIcePeer(null, new Socket(to.getAddress(), to.getPort()), to);
  }

  IceRemote asRemote() {
    return new IceRemote(credentials, IceMode.FULL, java.util.OptionalInt.of(5));
  }

  byte[] check(String ufrag, String pwd) {
    return new StunWriter(
            StunMessage.of(
                StunClass.REQUEST,
                StunMethod.BINDING,
                TransactionId.generate(random),
                new Username(ufrag + ':' + credentials.ufrag()),
                new Priority(0x6e7f_00ff),
                new IceControlling(42),
                new UseCandidate()))
        .withIntegrity(IntegrityKey.shortTerm(pwd))
        .withFingerprint()
        .toBytes();
  }

  void send(byte[] bytes) throws IOException {
    if (udp != null) {
      udp.send(new DatagramPacket(bytes, bytes.length, to));
    } else if (tcp != null) {
      byte[] frame = new byte[bytes.length + 2];
      frame[0] = (byte) (bytes.length >> 8);
      frame[1] = (byte) bytes.length;
      System.arraycopy(bytes, 0, frame, 2, bytes.length);
      tcp.getOutputStream().write(frame);
    }
  }

  void sendRaw(byte[] bytes) throws IOException {
    if (tcp != null) {
      tcp.getOutputStream().write(bytes);
    }
  }

  /** The next datagram or frame; null when none came in time. */
  byte @Nullable [] receive(int millis) throws IOException {
    try {
      if (udp != null) {
        udp.setSoTimeout(millis);
        var packet = new DatagramPacket(new byte[4096], 4096);
        udp.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
      }
      if (tcp == null) {
        return null;
      }
      tcp.setSoTimeout(millis);
      var in = new DataInputStream(tcp.getInputStream());
      byte[] frame = new byte[in.readUnsignedShort()];
      in.readFully(frame);
      return frame;
    } catch (SocketTimeoutException e) {
      return null;
    }
  }

  /** Whether the other side has closed the TCP connection within this time. */
  boolean isClosedWithin(int millis) throws IOException {
    if (tcp == null) {
      return false;
    }
    tcp.setSoTimeout(millis);
    try {
      return tcp.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (EOFException | SocketException e) {
      return true;
    }
  }

  /** Checks, answers checks and keeps data until its check and one of the other side succeeded. */
  void connect(IceCredentials theirs) throws Exception {
    send(check(theirs.ufrag(), theirs.pwd()));
    boolean answered = false;
    boolean checked = false;
    for (int i = 0; i < 200 && !(answered && checked); i++) {
      byte[] bytes = receive(100);
      if (bytes == null) {
        continue;
      }
      if ((bytes[0] & 0xff) > 3) {
        data.add(bytes);
        continue;
      }
      ReceivedStun stun = StunParser.parse(bytes, 0, bytes.length);
      if (stun.message().messageClass() == StunClass.SUCCESS) {
        answered |= stun.isAuthentic(IntegrityKey.shortTerm(theirs.pwd()));
      } else if (answer(stun)) {
        checked = true;
      }
    }
    if (!answered || !checked) {
      throw new AssertionError("connected: answer " + answered + ", check " + checked);
    }
  }

  /** Answers a check of the other side; returns whether it was one. */
  boolean answer(ReceivedStun stun) throws IOException {
    if (stun.message().messageClass() != StunClass.REQUEST
        || !stun.isAuthentic(IntegrityKey.shortTerm(credentials.pwd()))) {
      return false;
    }
    send(
        new StunWriter(
                StunMessage.of(
                    StunClass.SUCCESS,
                    StunMethod.BINDING,
                    stun.message().transactionId(),
                    new XorMappedAddress(to)))
            .withIntegrity(IntegrityKey.shortTerm(credentials.pwd()))
            .withFingerprint()
            .toBytes());
    return true;
  }

  /** Waits for data, answering checks meanwhile. */
  byte[] awaitData() throws Exception {
    for (int i = 0; i < 200; i++) {
      if (!data.isEmpty()) {
        return data.remove(0);
      }
      byte[] bytes = receive(100);
      if (bytes == null) {
        continue;
      }
      if ((bytes[0] & 0xff) > 3) {
        data.add(bytes);
      } else {
        answer(StunParser.parse(bytes, 0, bytes.length));
      }
    }
    throw new AssertionError("no data came");
  }

  @Override
  public void close() throws IOException {
    if (udp != null) {
      udp.close();
    }
    if (tcp != null) {
      tcp.close();
    }
  }
}
