package dev.tautline.ice.udp;

import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shared port on one local address: its sockets, and whose the peers' addresses are. */
final class SharedAddress {
  private static final Logger LOG = LoggerFactory.getLogger(SharedAddress.class);

  private final SharedPort port;
  private final InetSocketAddress local;
  private final @Nullable UdpSocket[] sockets;
  private final List<Reader> readers = new ArrayList<>();
  private final AtomicInteger pending;
  private final CompletableFuture<List<UdpSocket>> opened = SharedPort.pending();
  private volatile @Nullable Throwable failure;

  /** Whose what comes from an address is. */
  final Map<InetSocketAddress, Claim> claims = new ConcurrentHashMap<>();

  /** Who waits for which answer. */
  final Map<StunPeek.Transaction, SharedEndpoint> asked = new ConcurrentHashMap<>();

  SharedAddress(SharedPort port, InetSocketAddress local, int loops) {
    this.port = port;
    this.local = local;
    this.sockets = new UdpSocket[loops];
    this.pending = new AtomicInteger(loops);
    for (int i = 0; i < loops; i++) {
      readers.add(new Reader(i));
    }
  }

  InetSocketAddress local() {
    return local;
  }

  EndpointListener reader(int loop) {
    return readers.get(loop);
  }

  CompletableFuture<List<UdpSocket>> opened() {
    return opened;
  }

  int knownAddresses() {
    return claims.size();
  }

  int openTransactions() {
    return asked.size();
  }

  void count(PortDrop reason) {
    port.count(reason);
  }

  /** One of the binds ended. */
  void bound(int loop, @Nullable UdpSocket socket, @Nullable Throwable why) {
    synchronized (sockets) {
      sockets[loop] = socket;
    }
    if (why != null) {
      failure = why;
    }
    if (pending.decrementAndGet() > 0) {
      return;
    }
    List<UdpSocket> all = new ArrayList<>();
    synchronized (sockets) {
      for (UdpSocket one : sockets) {
        if (one != null) {
          all.add(one);
        }
      }
    }
    if (all.size() == sockets.length) {
      opened.complete(List.copyOf(all));
    } else {
      all.forEach(UdpSocket::close);
      opened.completeExceptionally(
          Objects.requireNonNullElseGet(failure, () -> new IOException("no socket")));
    }
  }

  /** Whose a datagram is; null, and counted, when it is nobody's. */
  private @Nullable SharedEndpoint recipient(
      byte[] buffer, int offset, int length, InetSocketAddress from) {
    if (length == 0) {
      count(PortDrop.MALFORMED);
      return null;
    }
    Claim claim = claims.get(from);
    if ((buffer[offset] & 0xff) > 3) {
      if (claim == null) {
        count(PortDrop.UNKNOWN_ADDRESS);
        return null;
      }
      return claim.owner();
    }
    if (!StunPeek.isStun(buffer, offset, length)) {
      count(PortDrop.MALFORMED);
      return null;
    }
    SharedEndpoint to;
    if (StunPeek.isRequest(buffer, offset)) {
      String ufrag = StunPeek.ufrag(buffer, offset, length);
      SharedPort.Member member = ufrag == null ? null : port.memberOf(ufrag);
      to = member == null ? null : member.endpoint(this);
      if (to == null) {
        count(PortDrop.UNKNOWN_UFRAG);
        return null;
      }
    } else {
      boolean indication = StunPeek.isIndication(buffer, offset);
      to =
          indication
              ? claim == null ? null : claim.owner()
              : asked.get(StunPeek.transaction(buffer, offset));
      if (to == null) {
        count(PortDrop.UNKNOWN_TRANSACTION);
        return null;
      }
    }
    if (claim != null
        && claim.owner() != to
        && claim.isFresh()
        && !answers(claim, buffer, offset)) {
      // No answer: whoever sends it learns nothing, and nothing moves. Two connections between the
      // same two addresses cannot be told apart, so the second has no pair here.
      count(PortDrop.ADDRESS_TAKEN);
      return null;
    }
    return to;
  }

  /** A server answers everybody who asked it. */
  private static boolean answers(Claim claim, byte[] buffer, int offset) {
    return claim.isServer() && !StunPeek.isRequest(buffer, offset);
  }

  /** One socket's listener, on the socket's loop. */
  private final class Reader implements EndpointListener {
    private final int loop;
    private final List<SharedEndpoint> touched = new ArrayList<>();

    /** Those that found the socket full, and wait. */
    final Set<SharedEndpoint> waiting = ConcurrentHashMap.newKeySet();

    Reader(int loop) {
      this.loop = loop;
    }

    @Override
    public void datagram(
        Endpoint socket, byte[] buffer, int offset, int length, InetSocketAddress from) {
      SharedEndpoint to = recipient(buffer, offset, length, from);
      if (to == null) {
        return;
      }
      if (to.loopIndex() == loop) {
        if (to.touch()) {
          touched.add(to);
        }
        to.deliver(buffer, offset, length, from);
      } else {
        byte[] copy = Arrays.copyOfRange(buffer, offset, offset + length);
        if (!port.queue(to.loopIndex()).offer(to, copy, from)) {
          count(PortDrop.LOOP_BEHIND);
        }
      }
    }

    @Override
    public void readEnd() {
      for (SharedEndpoint endpoint : touched) {
        endpoint.readEnd();
      }
      touched.clear();
    }

    @Override
    public void writableChanged(Endpoint socket, boolean writable) {
      if (writable) {
        List<SharedEndpoint> told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(SharedEndpoint::writableAgain);
      }
    }

    @Override
    public void sendFailed(Endpoint socket, Throwable cause) {
      count(PortDrop.SEND_ERROR);
      if (!(cause instanceof IOException)) {
        LOG.error("a fault on the shared UDP port", cause);
      }
    }

    @Override
    public void segmentationFailed(Endpoint socket, Throwable cause) {
      LOG.debug("GSO is off for a path of the shared UDP port: {}", cause.toString());
    }

    @Override
    public void endpointLost(Endpoint socket, String why) {
      LOG.warn("{} is lost: {}", socket.description(), why);
    }
  }

  void awaitWritable(SharedEndpoint endpoint) {
    readers.get(endpoint.loopIndex()).waiting.add(endpoint);
  }

  void awaitsNoMore(SharedEndpoint endpoint) {
    readers.get(endpoint.loopIndex()).waiting.remove(endpoint);
  }
}
