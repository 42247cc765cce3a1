package dev.tautline.rpc.session;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;

/**
 * Shared by everything that uses one port of the peer. When the last of them is garbage the port is
 * released, as a page does it. A safety net, not a plan: {@code release()} is sooner.
 */
final class Lease {
  /** What is left of a lease: the name of its port. */
  static final class Ended extends PhantomReference<Lease> {
    final String uid;

    Ended(Lease lease, ReferenceQueue<Lease> queue, String uid) {
      super(lease, queue);
      this.uid = uid;
    }
  }
}
