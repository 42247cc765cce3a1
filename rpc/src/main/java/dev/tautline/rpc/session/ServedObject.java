package dev.tautline.rpc.session;

import dev.tautline.rpc.expose.Exposed;

/**
 * An object as one port serves it, and how many ports and calls keep it in use. Guarded by the
 * session's lock.
 */
final class ServedObject {
  /** Shared by all ports to the same object, through whichever interface. */
  static final class Use {
    final Exposed first;
    int ports;
    int running;
    boolean released;

    Use(Exposed first) {
      this.first = first;
    }
  }

  final Exposed exposed;
  final Use use;

  ServedObject(Exposed exposed, Use use) {
    this.exposed = exposed;
    this.use = use;
  }
}
