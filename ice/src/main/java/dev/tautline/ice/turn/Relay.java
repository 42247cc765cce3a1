package dev.tautline.ice.turn;

import dev.tautline.base.Timer;
import dev.tautline.ice.IceLoop;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.stun.turn.PeerData;
import dev.tautline.stun.turn.TurnClient;
import dev.tautline.stun.turn.TurnEvent;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One allocation with its carrier, and the endpoint of each address it relays from. */
final class Relay {
  /** Who asked for the allocation. */
  interface Owner {
    /** Something happened to it; see {@link TurnEvent}. */
    void relayEvent(Relay relay, TurnEvent event);
  }

  private final IceLoop loop;
  private final TurnClient client;
  private final TurnCarrier carrier;
  private final EndpointListener listener;
  private final Owner owner;
  private final List<TurnEndpoint> endpoints = new ArrayList<>();
  private boolean pumping;
  private boolean closed;

  Relay(
      IceLoop loop,
      TurnClient client,
      TurnCarrier carrier,
      EndpointListener listener,
      Owner owner) {
    this.loop = loop;
    this.client = client;
    this.carrier = carrier;
    this.listener = listener;
    this.owner = owner;
  }

  void allocate() {
    client.allocate(loop.nowNanos());
    pump();
  }

  void verify() {
    client.verify(loop.nowNanos());
    pump();
  }

  TurnClient client() {
    return client;
  }

  TurnCarrier carrier() {
    return carrier;
  }

  long nowNanos() {
    return loop.nowNanos();
  }

  List<TurnEndpoint> endpoints() {
    return endpoints;
  }

  TurnEndpoint addEndpoint(InetSocketAddress relayed) {
    var endpoint = new TurnEndpoint(this, relayed);
    endpoints.add(endpoint);
    return endpoint;
  }

  /** Takes a message or frame of the server. */
  void receive(byte[] buffer, int offset, int length) {
    PeerData data = client.receive(loop.nowNanos(), buffer, offset, length);
    if (data != null) {
      TurnEndpoint to = endpointFor(data.peer());
      if (to != null) {
        listener.datagram(to, data.buffer(), data.offset(), data.length(), data.peer());
      }
    } else {
      pump();
    }
  }

  private @Nullable TurnEndpoint endpointFor(InetSocketAddress peer) {
    for (TurnEndpoint endpoint : endpoints) {
      if (endpoint.localAddress().getAddress() instanceof Inet6Address
          == peer.getAddress() instanceof Inet6Address) {
        return endpoint;
      }
    }
    return null;
  }

  void readEnd() {
    listener.readEnd();
  }

  /** The carrier takes more, or does not: so do the endpoints. */
  void writableChanged(boolean writable) {
    for (TurnEndpoint endpoint : endpoints) {
      listener.writableChanged(endpoint, writable);
    }
  }

  void advanceTo(long nowNanos) {
    client.advanceTo(nowNanos);
    pump();
  }

  long nextDeadlineNanos() {
    return closed ? Timer.NOT_RUNNING : client.nextDeadlineNanos();
  }

  /** Sends what the client has to send, and tells what it has to say. */
  void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    try {
      boolean sent = false;
      for (byte[] bytes = client.pollTransmit(); bytes != null; bytes = client.pollTransmit()) {
        carrier.write(bytes);
        sent = true;
      }
      if (sent) {
        carrier.flush();
      }
    } finally {
      pumping = false;
    }
    for (TurnEvent event = client.pollEvent(); event != null; event = client.pollEvent()) {
      owner.relayEvent(this, event);
    }
  }

  /** The last endpoint that is closed frees the allocation. */
  void endpointClosed(TurnEndpoint endpoint) {
    endpoints.remove(endpoint);
    if (endpoints.isEmpty()) {
      close();
    }
  }

  void close() {
    if (closed) {
      return;
    }
    closed = true;
    client.close(loop.nowNanos());
    pump();
    carrier.close();
  }
}
