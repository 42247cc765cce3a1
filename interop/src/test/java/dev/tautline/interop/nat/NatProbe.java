package dev.tautline.interop.nat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Shows what a router of the laboratory does to UDP, with nothing of ours on the wire: plain text
 * in single datagrams. The server half listens on two addresses and two ports each and tells where
 * a datagram came from; asked to, it answers from another address or port.
 */
public final class NatProbe {
  private static final int PORT = 7001;
  private static final int OTHER_PORT = 7002;
  private static final int TCP_PORT = 443;
  private static final int PATIENCE_MILLIS = 300;
  private static final int TRIES = 3;

  private NatProbe() {}

  /** {@code server}, or {@code client}, which prints one line: mapping, filtering. */
  public static void main(String[] arguments) throws IOException {
    if (arguments[0].equals("server")) {
      serve();
    } else {
      System.out.println(probe());
    }
  }

  private static void serve() throws IOException {
    List<DatagramSocket> sockets =
        List.of(
            socket(NetLab.SERVER, PORT),
            socket(NetLab.SERVER, OTHER_PORT),
            socket(NetLab.SERVER_ALTERNATE, PORT),
            socket(NetLab.SERVER_ALTERNATE, OTHER_PORT));
    for (DatagramSocket socket : sockets) {
      new Thread(() -> answer(socket, sockets)).start();
    }
    try (var tcp = new ServerSocket(TCP_PORT, 5, InetAddress.getByName(NetLab.SERVER))) {
      System.out.println("ready");
      while (true) {
        try (Socket client = tcp.accept()) {
          client.getOutputStream().write('t');
        }
      }
    }
  }

  private static DatagramSocket socket(String address, int port) throws IOException {
    return new DatagramSocket(new InetSocketAddress(address, port));
  }

  /** The datagram's text is the number of the socket that is to answer, or "-" for the same one. */
  private static void answer(DatagramSocket socket, List<DatagramSocket> sockets) {
    try {
      while (true) {
        var packet = new DatagramPacket(new byte[64], 64);
        socket.receive(packet);
        String text = text(packet);
        DatagramSocket by = text.equals("-") ? socket : sockets.get(Integer.parseInt(text));
        byte[] seen = packet.getSocketAddress().toString().getBytes(StandardCharsets.UTF_8);
        by.send(new DatagramPacket(seen, seen.length, packet.getSocketAddress()));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String probe() throws IOException {
    boolean tcp = tcpAnswers();
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      String first = ask(socket, NetLab.SERVER, PORT, "-");
      if (first.isEmpty()) {
        return (tcp ? "TCP 443" : "nothing") + ", no UDP";
      }
      String otherPort = ask(socket, NetLab.SERVER, OTHER_PORT, "-");
      String otherAddress = ask(socket, NetLab.SERVER_ALTERNATE, PORT, "-");
      String mapping =
          first.equals(otherPort) && first.equals(otherAddress)
              ? "EIM"
              : first.equals(otherPort) ? "ADM" : "APDM";
      // A socket that has sent to one address and port only.
      try (var fresh = new DatagramSocket()) {
        fresh.setSoTimeout(PATIENCE_MILLIS);
        boolean anyAddress = !ask(fresh, NetLab.SERVER, PORT, "3").isEmpty();
        boolean anyPort = !ask(fresh, NetLab.SERVER, PORT, "1").isEmpty();
        String filtering = anyAddress ? "EIF" : anyPort ? "ADF" : "APDF";
        return mapping + "/" + filtering + (isOurs(first, socket) ? " without NAT" : " behind NAT");
      }
    }
  }

  /** Whether the address that the server saw is one of this host's. */
  private static boolean isOurs(String seen, DatagramSocket socket) {
    try {
      String address = seen.substring(seen.indexOf('/') + 1, seen.lastIndexOf(':'));
      return NetworkInterface.getByInetAddress(InetAddress.getByName(address)) != null
          && seen.endsWith(":" + socket.getLocalPort());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean tcpAnswers() {
    try (var client = new Socket()) {
      client.connect(new InetSocketAddress(NetLab.SERVER, TCP_PORT), PATIENCE_MILLIS * TRIES);
      return client.getInputStream().read() == 't';
    } catch (IOException e) {
      // Refused or silent: both mean that there is no way through.
      return false;
    }
  }

  private static String ask(DatagramSocket socket, String address, int port, String by)
      throws IOException {
    byte[] request = by.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < TRIES; i++) {
      try {
        socket.send(
            new DatagramPacket(request, request.length, new InetSocketAddress(address, port)));
        var answer = new DatagramPacket(new byte[64], 64);
        socket.receive(answer);
        return text(answer);
      } catch (SocketTimeoutException e) {
        // Asked again; the caller reads three silences as "does not get through".
        continue;
      } catch (IOException e) {
        // No route, or refused by the network: the same.
        return "";
      }
    }
    return "";
  }

  private static String text(DatagramPacket packet) {
    return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
  }
}
