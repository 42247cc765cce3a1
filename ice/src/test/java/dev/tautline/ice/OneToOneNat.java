package dev.tautline.ice;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A published port of one address that leads to a port behind it, as a container has it. */
final class OneToOneNat implements AutoCloseable {
  private final DatagramSocket front;
  private final InetSocketAddress inside;
  private final Map<SocketAddress, DatagramSocket> back = new HashMap<>();
  private final AtomicInteger forwarded = new AtomicInteger();

  private OneToOneNat(DatagramSocket front, InetSocketAddress inside) {
    this.front = front;
    this.inside = inside;
  }

  /** Forwards until both are closed. */
  static OneToOneNat start(DatagramSocket front, InetSocketAddress inside) {
    var nat = new OneToOneNat(front, inside);
    thread(nat::forward);
    return nat;
  }

  int forwarded() {
    return forwarded.get();
  }

  private void forward() {
    byte[] buffer = new byte[4096];
    while (!front.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        front.receive(packet);
        forwarded.incrementAndGet();
        way(packet.getSocketAddress()).send(new DatagramPacket(buffer, packet.getLength(), inside));
      } catch (IOException e) {
        if (!front.isClosed()) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    }
  }

  private synchronized DatagramSocket way(SocketAddress client) throws IOException {
    DatagramSocket socket = back.get(client);
    if (socket == null) {
      DatagramSocket made =
          new DatagramSocket(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
      back.put(client, made);
      thread(() -> giveBack(made, client));
      socket = made;
    }
    return socket;
  }

  private void giveBack(DatagramSocket from, SocketAddress client) {
    byte[] buffer = new byte[4096];
    while (!from.isClosed() && !front.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        from.receive(packet);
        front.send(new DatagramPacket(buffer, packet.getLength(), client));
      } catch (IOException e) {
        if (!from.isClosed() && !front.isClosed()) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    }
  }

  private static void thread(Runnable task) {
    var thread = new Thread(task, "test-nat");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public synchronized void close() {
    front.close();
    back.values().forEach(DatagramSocket::close);
  }
}
