package dev.tautline.ice.turn;

import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import java.net.InetSocketAddress;

/** Over one of the agent's own sockets, which stays open when this ends; or over one of its own. */
final class UdpCarrier implements TurnCarrier {
  /** Whose the socket is. */
  enum Ownership {
    /** Host candidates and other servers use it, too. */
    SHARED,
    /** It was opened for this allocation. */
    OWN
  }

  private final Endpoint socket;
  private final InetSocketAddress server;
  private final Ownership ownership;

  UdpCarrier(Endpoint socket, InetSocketAddress server, Ownership ownership) {
    this.socket = socket;
    this.server = server;
    this.ownership = ownership;
  }

  Endpoint socket() {
    return socket;
  }

  /** Whether a datagram that came to a socket is the server's. */
  boolean isFrom(Endpoint at, InetSocketAddress from) {
    return at == socket && from.equals(server);
  }

  @Override
  public void write(byte[] bytes) {
    socket.write(bytes, server);
  }

  @Override
  public void flush() {
    socket.flush();
  }

  @Override
  public DatagramSink sink() {
    return socket.sinkTo(server);
  }

  @Override
  public boolean isWritable() {
    return socket.isWritable();
  }

  @Override
  public String name() {
    return "UDP";
  }

  @Override
  public void close() {
    socket.flush();
    if (ownership == Ownership.OWN) {
      socket.close();
    }
  }
}
