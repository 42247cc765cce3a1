package dev.tautline.stun.turn;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** What a {@link TurnClient} tells its driver. */
public sealed interface TurnEvent {
  /** In place of an error code: the server said nothing. */
  int NO_ANSWER = 0;

  /**
   * The allocation is there.
   *
   * @param relayed its addresses, of which each was checked: one, or one of each family
   * @param mapped our address as the server sees it
   */
  record Allocated(List<InetSocketAddress> relayed, Optional<InetSocketAddress> mapped)
      implements TurnEvent {
    /** Copies the list. */
    public Allocated {
      relayed = List.copyOf(relayed);
    }
  }

  /**
   * There is no allocation and there will be none.
   *
   * @param code a STUN error code, or {@link #NO_ANSWER}
   * @param reason in plain words: what the server did
   */
  record Failed(int code, String reason) implements TurnEvent {}

  /**
   * The server names another one (300). The client is at its end; a new one may ask there.
   *
   * @param server where
   * @param domain the name its certificate has, when the server told one
   */
  record Redirected(InetSocketAddress server, Optional<String> domain) implements TurnEvent {}

  /**
   * The server has an allocation for our address already, of an earlier life (437). The client is
   * at its end; a new one may ask from another port.
   */
  record PortTaken() implements TurnEvent {}

  /**
   * The server does not relay to a peer; the others go on.
   *
   * @param peer its address
   * @param code a STUN error code, usually 403, or 443 for the wrong family
   * @param reason in plain words
   */
  record PeerRefused(InetAddress peer, int code, String reason) implements TurnEvent {}

  /**
   * The allocation that was there is gone.
   *
   * @param code a STUN error code, or {@link #NO_ANSWER}
   * @param reason in plain words
   */
  record Lost(int code, String reason) implements TurnEvent {}
}
