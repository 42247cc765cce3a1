package dev.tautline.ice.check;

import dev.tautline.ice.IceCandidate;
import java.net.InetSocketAddress;

/** A candidate of the peer; what it told replaces what its check showed. */
final class RemotePeer {
  private final InetSocketAddress address;
  private IceCandidate candidate;

  RemotePeer(InetSocketAddress address, IceCandidate candidate) {
    this.address = address;
    this.candidate = candidate;
  }

  InetSocketAddress address() {
    return address;
  }

  IceCandidate candidate() {
    return candidate;
  }

  /**
   * RFC 8445 section 7.3.1.3: the signalled candidate takes the place of the peer-reflexive one.
   */
  void replaceBy(IceCandidate signalled) {
    candidate = signalled;
  }
}
