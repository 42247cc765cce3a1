package dev.tautline.ice.check;

import dev.tautline.ice.IceCandidate;
import java.net.InetSocketAddress;

/**
 * An address of ours that datagrams leave from and arrive at: one socket.
 *
 * @param index which socket, from 0
 * @param address its address and port
 * @param candidate the host candidate
 */
public record LocalBase(int index, InetSocketAddress address, IceCandidate candidate) {
  /** The same socket in another generation. */
  LocalBase inGeneration(String ufrag) {
    return new LocalBase(index, address, candidate.withUfrag(ufrag));
  }
}
