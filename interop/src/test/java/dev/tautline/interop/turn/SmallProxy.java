package dev.tautline.interop.turn;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** An HTTP proxy that knows CONNECT alone and asks for a password. */
final class SmallProxy implements AutoCloseable {
  final List<String> requests = new CopyOnWriteArrayList<>();
  final AtomicLong bytes = new AtomicLong();
  private final ServerSocket listener;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final String authorization;

  /**
   * Starts it.
   *
   * @param authorization the header's value that it wants
   */
  SmallProxy(String authorization) throws IOException {
    this.authorization = authorization;
    listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    start("small-proxy", this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  private static void start(String name, Runnable task) {
    var thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        sockets.add(client);
        start("small-proxy-client", () -> serve(client));
      } catch (IOException e) {
        requests.add("listener ended: " + e.getMessage());
        return;
      }
    }
  }

  private void serve(Socket client) {
    try {
      String header = header(client.getInputStream());
      requests.add(header);
      OutputStream out = client.getOutputStream();
      if (!header.contains("Proxy-Authorization: " + authorization + "\r\n")) {
        out.write(
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        client.close();
        return;
      }
      String target = header.split(" ", -1)[1];
      int colon = target.lastIndexOf(':');
      var server =
          new Socket(target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)));
      sockets.add(server);
      out.write(
          "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      start("small-proxy-back", () -> copy(server, client));
      copy(client, server);
    } catch (IOException e) {
      requests.add("client ended: " + e.getMessage());
    }
  }

  private static String header(InputStream in) throws IOException {
    var header = new StringBuilder();
    while (header.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("no whole header");
      }
      header.append((char) b);
    }
    return header.toString();
  }

  private void copy(Socket from, Socket to) {
    byte[] buffer = new byte[8192];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        bytes.addAndGet(n);
        to.getOutputStream().write(buffer, 0, n);
      }
    } catch (IOException e) {
      requests.add("copy ended: " + e.getMessage());
    }
  }

  /** Ends the tunnels that are there; new ones are taken. */
  void cut() throws IOException {
    for (Socket socket : sockets) {
      sockets.remove(socket);
      socket.close();
    }
  }

  /** Ends the tunnels that are there, and takes none any more. */
  void stop() throws IOException {
    listener.close();
    cut();
  }

  @Override
  public void close() throws IOException {
    stop();
  }
}
