package dev.tautline.ice;

import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** Tells everybody the same address, as a server beyond a NAT would. */
final class FakeStunServer implements AutoCloseable {
  private final DatagramSocket socket;
  private final AtomicInteger requests = new AtomicInteger();
  private volatile InetSocketAddress mapped;

  FakeStunServer(InetSocketAddress mapped) throws IOException {
    this.mapped = mapped;
    socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    var thread = new Thread(this::serve, "fake-stun");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return socket.getLocalPort();
  }

  /** What it tells from now on. */
  void tell(InetSocketAddress address) {
    mapped = address;
  }

  int requests() {
    return requests.get();
  }

  private void serve() {
    byte[] buffer = new byte[2048];
    while (!socket.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        StunMessage request = StunParser.parse(buffer, 0, packet.getLength()).message();
        requests.incrementAndGet();
        byte[] answer =
            new StunWriter(
                    StunMessage.of(
                        StunClass.SUCCESS,
                        StunMethod.BINDING,
                        request.transactionId(),
                        new XorMappedAddress(mapped)))
                .toBytes();
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException | StunFormatException e) {
        if (!socket.isClosed()) {
          throw new AssertionError(e);
        }
      }
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
