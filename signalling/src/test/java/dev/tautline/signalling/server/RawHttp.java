package dev.tautline.signalling.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A connection that sends exactly what it is told. */
final class RawHttp implements AutoCloseable {
  private final Socket socket;

  RawHttp(URI server) throws IOException {
    socket = new Socket(server.getHost(), server.getPort());
    socket.setSoTimeout(10_000);
  }

  /** Sends text whose line ends are written as in Java. */
  RawHttp send(String text) throws IOException {
    socket
        .getOutputStream()
        .write(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
    return this;
  }

  /** Everything until the server closes. */
  String readAll() throws IOException {
    var out = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    in.transferTo(out);
    return out.toString(StandardCharsets.UTF_8);
  }

  /** One answer's headers, without its body. */
  String readHead() throws IOException {
    var out = new StringBuilder();
    InputStream in = socket.getInputStream();
    int b;
    while (out.indexOf("\r\n\r\n") < 0 && (b = in.read()) >= 0) {
      out.append((char) b);
    }
    return out.toString();
  }

  /** One request on a connection of its own, and the whole answer. */
  static String exchange(URI server, String request) throws IOException {
    try (var connection = new RawHttp(server)) {
      return connection.send(request).readAll();
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
