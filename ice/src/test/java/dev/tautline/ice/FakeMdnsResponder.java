package dev.tautline.ice;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Answers A questions for one name by unicast, as RFC 6762 section 6.7 wants for questions from
 * another port than 5353, or to the group, as browsers do. Before each answer it sends rubbish,
 * which must do no harm.
 */
final class FakeMdnsResponder implements AutoCloseable {
  private final DatagramSocket socket;
  private final @Nullable InetSocketAddress group;
  private final List<String> questions = new CopyOnWriteArrayList<>();

  FakeMdnsResponder(String name, String address) throws IOException {
    this(name, address, null, new DatagramSocket(new InetSocketAddress("127.0.0.1", 0)));
  }

  private FakeMdnsResponder(
      String name, String address, @Nullable InetSocketAddress group, DatagramSocket socket)
      throws IOException {
    this.group = group;
    this.socket = socket;
    byte[] ip = InetAddress.getByName(address).getAddress();
    var thread = new Thread(() -> serve(name + ".", ip), "fake-mdns");
    thread.setDaemon(true);
    thread.start();
  }

  /** One in a group on the loopback interface, that answers to the group and nowhere else. */
  static FakeMdnsResponder inGroup(String name, String address, InetSocketAddress group)
      throws IOException {
    var socket = new MulticastSocket(group.getPort());
    var loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    socket.setNetworkInterface(loopback);
    socket.joinGroup(group, loopback);
    return new FakeMdnsResponder(name, address, group, socket);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  List<String> questions() {
    return questions;
  }

  private void serve(String name, byte[] ip) {
    byte[] buffer = new byte[2048];
    while (!socket.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        answer(packet, name, ip);
      } catch (IOException e) {
        if (!socket.isClosed()) {
          throw new AssertionError(e);
        }
      }
    }
  }

  private void answer(DatagramPacket packet, String name, byte[] ip) throws IOException {
    byte[] query = packet.getData();
    if (packet.getLength() <= 12 || query[2] < 0) {
      // What it said itself comes back from the group.
      return;
    }
    SocketAddress to = group == null ? packet.getSocketAddress() : group;
    var asked = new StringBuilder();
    int at = 12;
    while (query[at] != 0) {
      asked.append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII)).append('.');
      at += query[at] + 1;
    }
    int type = query[at + 2];
    String question = asked.toString().toLowerCase(Locale.ROOT);
    questions.add(question);
    for (int length : new int[] {0, 1, 11, 12, 40}) {
      socket.send(new DatagramPacket(new byte[length], length, to));
    }
    if (!question.equals(name) || type != 1) {
      return;
    }
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeShort(0);
    out.writeShort(0x8400);
    out.writeShort(0);
    out.writeShort(1);
    out.writeInt(0);
    for (String label : name.split("\\.")) {
      out.writeByte(label.length());
      out.write(label.getBytes(StandardCharsets.US_ASCII));
    }
    out.writeByte(0);
    out.writeShort(1);
    out.writeShort(0x8001);
    out.writeInt(10);
    out.writeShort(ip.length);
    out.write(ip);
    byte[] answer = bytes.toByteArray();
    socket.send(new DatagramPacket(answer, answer.length, to));
  }

  @Override
  public void close() {
    socket.close();
  }
}
