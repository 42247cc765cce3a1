package dev.tautline.ice.tcp;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.udp.NettyLoop;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A passive TCP candidate as an endpoint: the peer's address tells which of its TCP connections is
 * meant. On the agent's loop.
 */
final class PassiveEndpoint implements Endpoint {
  /** TCP connections of one agent. */
  private static final int MAX_CONNECTIONS = 8;

  private static final int MAX_PAYLOAD = 65_535;

  private final NettyLoop loop;
  private final InetSocketAddress local;
  private final EndpointListener listener;
  private final Runnable onClose;
  private final Map<InetSocketAddress, PassiveConnection> connections = new LinkedHashMap<>();
  private @Nullable InetSocketAddress dataTo;
  private boolean closed;

  PassiveEndpoint(
      NettyLoop loop, InetSocketAddress local, EndpointListener listener, Runnable onClose) {
    this.loop = loop;
    this.local = local;
    this.listener = listener;
    this.onClose = onClose;
  }

  /** Frames came. */
  void received(PassiveConnection from, List<byte[]> frames) {
    if (!connections.containsKey(from.remote())) {
      if (closed || connections.size() >= MAX_CONNECTIONS) {
        from.close();
        return;
      }
      connections.put(from.remote(), from);
    }
    try {
      for (byte[] frame : frames) {
        if (!closed) {
          listener.datagram(this, frame, 0, frame.length, from.remote());
        }
      }
      if (!closed) {
        listener.readEnd();
      }
    } catch (RuntimeException e) {
      // A fault ends this connection, loudly.
      listener.sendFailed(this, e);
    }
  }

  void writabilityOf(PassiveConnection connection, boolean writable) {
    if (!closed && connection.remote().equals(dataTo)) {
      listener.writableChanged(this, writable);
    }
  }

  void ended(PassiveConnection connection) {
    if (connections.remove(connection.remote(), connection) && !closed) {
      listener.peerLost(this, connection.remote(), "the peer closed the TCP connection");
    }
  }

  @Override
  public InetSocketAddress localAddress() {
    return local;
  }

  @Override
  public String description() {
    return "TCP " + AddressText.of(local) + " (passive)";
  }

  @Override
  public void write(byte[] datagram, InetSocketAddress to) {
    PassiveConnection connection = connections.get(to);
    if (connection != null && !connection.isChoked()) {
      ByteBuf frame = connection.buffer(2 + datagram.length);
      connection.send(frame.writeShort(datagram.length).writeBytes(datagram));
    }
  }

  @Override
  public void flush() {
    // Each write left at once: checks are few.
  }

  @Override
  public DatagramSink sinkTo(InetSocketAddress to) {
    dataTo = to;
    return new Sink(to);
  }

  @Override
  public boolean isWritable() {
    PassiveConnection connection = dataTo == null ? null : connections.get(dataTo);
    return connection != null && connection.isWritable();
  }

  @Override
  public int maxPayload() {
    return MAX_PAYLOAD;
  }

  @Override
  public void authenticated(InetSocketAddress peer) {
    PassiveConnection connection = connections.get(peer);
    if (connection != null) {
      connection.authenticated();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // Behind what was sent last, which the loop of the connection has not sent yet.
      connections.values().forEach(connection -> loop.execute(connection::close));
      connections.clear();
      onClose.run();
    }
  }

  /** Frames for one connection, sent together. */
  private final class Sink implements DatagramSink {
    private final InetSocketAddress to;
    private @Nullable ByteBuf frames;

    Sink(InetSocketAddress to) {
      this.to = to;
    }

    @Override
    public void append(byte[] buffer, int offset, int length) {
      ByteBuf into = room(length);
      if (into != null) {
        into.writeShort(length).writeBytes(buffer, offset, length);
      }
    }

    @Override
    public void append(int header, byte[] buffer, int offset, int length) {
      ByteBuf into = room(length + 4);
      if (into != null) {
        into.writeShort(length + 4).writeInt(header).writeBytes(buffer, offset, length);
      }
    }

    private @Nullable ByteBuf room(int length) {
      if (frames == null) {
        PassiveConnection connection = connections.get(to);
        if (connection == null || connection.isChoked()) {
          return null;
        }
        frames = connection.buffer(Math.max(2_048, length + 2));
      }
      return frames;
    }

    @Override
    public void flush() {
      ByteBuf ready = frames;
      frames = null;
      if (ready == null) {
        return;
      }
      PassiveConnection connection = connections.get(to);
      if (connection == null) {
        ready.release();
      } else {
        connection.send(ready);
      }
    }

    @Override
    public void discard() {
      if (frames != null) {
        frames.release();
        frames = null;
      }
    }
  }
}
