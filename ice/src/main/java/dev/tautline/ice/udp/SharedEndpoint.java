package dev.tautline.ice.udp;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** One connection's share of the shared port on one local address. On the connection's loop. */
final class SharedEndpoint implements Endpoint {
  /** Addresses of the peer that may be this connection's at the same time. */
  static final int MAX_ADDRESSES = 64;

  /** Answers that are waited for; there are at most 100 pairs. */
  static final int MAX_TRANSACTIONS = 256;

  private final SharedAddress shared;
  private final UdpSocket socket;
  private final int loop;
  private final EndpointListener listener;
  private final SharedPort.Member member;
  private final Map<InetSocketAddress, Claim> claimed = new LinkedHashMap<>();
  private final Deque<StunPeek.Transaction> asked = new ArrayDeque<>();
  private boolean touched;
  private boolean closed;

  SharedEndpoint(
      SharedAddress shared,
      UdpSocket socket,
      int loop,
      EndpointListener listener,
      SharedPort.Member member) {
    this.shared = shared;
    this.socket = socket;
    this.loop = loop;
    this.listener = listener;
    this.member = member;
  }

  /** May be called from any thread. */
  int loopIndex() {
    return loop;
  }

  /** Notes that it gets datagrams in this turn; returns whether it did not before. */
  boolean touch() {
    boolean first = !touched;
    touched = true;
    return first;
  }

  void deliver(byte[] buffer, int offset, int length, InetSocketAddress from) {
    if (closed) {
      return;
    }
    try {
      listener.datagram(this, buffer, offset, length, from);
    } catch (RuntimeException e) {
      // It ends this connection and not its neighbours.
      listener.sendFailed(this, e);
    }
  }

  void readEnd() {
    touched = false;
    if (closed) {
      return;
    }
    try {
      listener.readEnd();
    } catch (RuntimeException e) {
      listener.sendFailed(this, e);
    }
  }

  void writableAgain() {
    if (!closed) {
      listener.writableChanged(this, true);
    }
  }

  @Override
  public InetSocketAddress localAddress() {
    return shared.local();
  }

  @Override
  public String description() {
    return "UDP " + AddressText.of(shared.local()) + " (shared)";
  }

  @Override
  public void write(byte[] datagram, InetSocketAddress to) {
    if (closed) {
      return;
    }
    if (StunPeek.isStun(datagram, 0, datagram.length) && StunPeek.isRequest(datagram, 0)) {
      awaitAnswer(StunPeek.transaction(datagram, 0));
      if (StunPeek.isAllocate(datagram, 0)) {
        // What a TURN server relays comes from its own address. One allocation is all that it
        // gives to one address of ours: the next connection is answered 437 and takes a socket of
        // its own.
        claim(to, Claim.Of.SERVER);
      }
    }
    socket.write(datagram, to);
  }

  private void awaitAnswer(StunPeek.Transaction id) {
    if (shared.asked.putIfAbsent(id, this) == null) {
      asked.addLast(id);
      if (asked.size() > MAX_TRANSACTIONS) {
        shared.asked.remove(asked.removeFirst());
      }
    }
  }

  @Override
  public void flush() {
    socket.flush();
  }

  @Override
  public DatagramSink sinkTo(InetSocketAddress to) {
    return new DatagramBatch(socket, to, new Own());
  }

  @Override
  public boolean isWritable() {
    boolean writable = socket.isWritable();
    if (!writable && !closed) {
      shared.awaitWritable(this);
    }
    return writable;
  }

  @Override
  public int maxPayload() {
    return socket.maxPayload();
  }

  // ---- Whose an address is ---------------------------------------------------------------------

  @Override
  public void authenticated(InetSocketAddress peer) {
    claim(peer, Claim.Of.PEER);
  }

  @Override
  public void consented(InetSocketAddress peer, long nanos) {
    if (claim(peer, Claim.Of.PEER)) {
      Claim mine = claimed.get(peer);
      if (mine != null) {
        mine.consented(nanos);
      }
    }
  }

  /** Makes an address this connection's unless it is another's with fresh consent. */
  private boolean claim(InetSocketAddress peer, Claim.Of of) {
    Claim now = shared.claims.get(peer);
    if (now != null && now.owner() == this) {
      return true;
    }
    claimed.remove(peer);
    if (closed || claimed.size() >= MAX_ADDRESSES && !dropOldest()) {
      return false;
    }
    Claim mine = new Claim(this, of);
    Claim holder =
        shared.claims.compute(
            peer, (address, other) -> other != null && other.isFresh() ? other : mine);
    if (holder == mine) {
      claimed.put(peer, mine);
      return true;
    }
    if (of == Claim.Of.PEER) {
      shared.count(PortDrop.ADDRESS_TAKEN);
    }
    return false;
  }

  private boolean dropOldest() {
    for (Iterator<Map.Entry<InetSocketAddress, Claim>> i = claimed.entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<InetSocketAddress, Claim> entry = i.next();
      if (!entry.getValue().isFresh()) {
        shared.claims.remove(entry.getKey(), entry.getValue());
        i.remove();
        return true;
      }
    }
    return false;
  }

  @Override
  public void forgetPeers() {
    claimed.forEach((address, claim) -> shared.claims.remove(address, claim));
    claimed.clear();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    socket.flush();
    closed = true;
    forgetPeers();
    asked.forEach(id -> shared.asked.remove(id, this));
    asked.clear();
    shared.awaitsNoMore(this);
    member.closed(shared);
  }

  /** What the batch tells of the socket is told of this endpoint. */
  private final class Own implements EndpointListener {
    @Override
    public void datagram(
        Endpoint endpoint, byte[] buffer, int offset, int length, InetSocketAddress from) {
      listener.datagram(SharedEndpoint.this, buffer, offset, length, from);
    }

    @Override
    public void readEnd() {
      listener.readEnd();
    }

    @Override
    public void writableChanged(Endpoint endpoint, boolean writable) {
      listener.writableChanged(SharedEndpoint.this, writable);
    }

    @Override
    public void sendFailed(Endpoint endpoint, Throwable cause) {
      if (!closed) {
        listener.sendFailed(SharedEndpoint.this, cause);
      }
    }

    @Override
    public void segmentationFailed(Endpoint endpoint, Throwable cause) {
      if (!closed) {
        listener.segmentationFailed(SharedEndpoint.this, cause);
      }
    }

    @Override
    public void endpointLost(Endpoint endpoint, String why) {
      listener.endpointLost(SharedEndpoint.this, why);
    }
  }
}
