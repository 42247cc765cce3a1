package dev.tautline.signalling.client;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.signalling.protocol.Slot;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A room in which two peers found each other: the connection between them and its channel. The slot
 * is kept until {@link #close}, or until the connection is over, so that both can negotiate anew
 * when the network changes.
 *
 * <p>Thread rule: any thread. What depends on the futures runs on event loops and must not block.
 */
public final class Room implements AutoCloseable {
  /** The label of the channel that joining makes. */
  public static final String CHANNEL_LABEL = "tautline";

  private final RoomSession session;
  private final String name;
  private final Slot slot;
  private final PeerConnection peerConnection;
  private final DataChannel channel;

  Room(
      RoomSession session,
      String name,
      Slot slot,
      PeerConnection peerConnection,
      DataChannel channel) {
    this.session = session;
    this.name = name;
    this.slot = slot;
    this.peerConnection = peerConnection;
    this.channel = channel;
  }

  /**
   * Claims a slot, waits for the other peer, connects to it.
   *
   * @return completes when the channel is open; exceptionally with a {@link
   *     dev.tautline.signalling.RoomsException} that says what went wrong and what to do.
   *     Cancelling it gives the slot back
   */
  public static CompletableFuture<Room> join(RoomOptions options) {
    return new RoomSession(options).join();
  }

  /** The room's name. */
  public String name() {
    return name;
  }

  /** Our slot: who sits in {@link Slot#A} made the offer. */
  public Slot slot() {
    return slot;
  }

  /** The connection to the other peer. */
  public PeerConnection peerConnection() {
    return peerConnection;
  }

  /** The channel with the label {@value #CHANNEL_LABEL}: reliable, ordered, open. */
  public DataChannel channel() {
    return channel;
  }

  /**
   * Hands over further channels of the peer, those first that came before. To be used in place of
   * {@link PeerConnection#onDataChannel}, whose one handler the room needs itself: the peer may
   * open channels before {@link #join} has completed here.
   */
  public Room onDataChannel(Consumer<DataChannel> handler) {
    session.onDataChannel(handler);
    return this;
  }

  /**
   * Completes when the slot is free again: after {@link #close}, or when the connection is over.
   */
  public CompletableFuture<Void> left() {
    return session.left();
  }

  /**
   * Closes the connection and leaves the room. Idempotent.
   *
   * @return completes when both are done
   */
  public CompletableFuture<Void> closeAsync() {
    return session.close();
  }

  /** As {@link #closeAsync}, not waited for. */
  @Override
  public void close() {
    closeAsync();
  }
}
