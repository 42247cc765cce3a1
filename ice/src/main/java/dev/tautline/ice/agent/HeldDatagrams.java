package dev.tautline.ice.agent;

import dev.tautline.ice.check.Route;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * DTLS datagrams from addresses whose check was authentic while ours has not succeeded yet: at most
 * 16 and 32 KiB for a connection, kept until the pair is valid.
 */
final class HeldDatagrams {
  private static final int MAX_DATAGRAMS = 16;
  private static final int MAX_BYTES = 32 * 1024;

  @SuppressWarnings("ArrayRecordComponent")
  private record Held(Route route, byte[] bytes) {}

  private final Deque<Held> held = new ArrayDeque<>();
  private int bytes;

  /** Keeps a copy; returns false when there is no room. */
  boolean hold(Route route, byte[] buffer, int offset, int length) {
    if (held.size() >= MAX_DATAGRAMS || bytes + length > MAX_BYTES) {
      return false;
    }
    held.addLast(new Held(route, Arrays.copyOfRange(buffer, offset, offset + length)));
    bytes += length;
    return true;
  }

  /** Those of a route, in order; they are forgotten here. */
  List<byte[]> release(Route route) {
    List<byte[]> released = new ArrayList<>();
    for (Iterator<Held> i = held.iterator(); i.hasNext(); ) {
      Held datagram = i.next();
      if (datagram.route().equals(route)) {
        i.remove();
        bytes -= datagram.bytes().length;
        released.add(datagram.bytes());
      }
    }
    return released;
  }

  void clear() {
    held.clear();
    bytes = 0;
  }
}
