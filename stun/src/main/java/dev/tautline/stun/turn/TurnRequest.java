package dev.tautline.stun.turn;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.attribute.StunAttribute;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request on its way: what it is about, and what came of it so far. */
final class TurnRequest {
  /** What it asks. */
  enum Kind {
    ALLOCATE,
    REFRESH,
    PERMISSION,
    CHANNEL
  }

  final Kind kind;

  /** The peer of a permission or a channel. */
  final @Nullable InetSocketAddress peer;

  /** Without credentials and integrity. */
  final List<StunAttribute> attributes;

  final StunTransaction transaction;

  /** Whether it carries credentials, so that its answer has to be signed, too. */
  final boolean signed;

  /** Whether it was sent again with a new nonce already: that is done once for a request. */
  final boolean renewed;

  /** An error without integrity, which anybody may have sent; 0 when none came. */
  int unsignedCode;

  String unsignedReason = "";

  /** Until when a signed answer may take its place. */
  long unsignedUntilNanos = Timer.NOT_RUNNING;

  TurnRequest(
      Kind kind,
      @Nullable InetSocketAddress peer,
      List<StunAttribute> attributes,
      StunTransaction transaction,
      boolean signed,
      boolean renewed) {
    this.kind = kind;
    this.peer = peer;
    this.attributes = List.copyOf(attributes);
    this.transaction = transaction;
    this.signed = signed;
    this.renewed = renewed;
  }
}
