package dev.tautline.datachannel;

import dev.tautline.datachannel.DataChannel.Origin;
import dev.tautline.datachannel.DataChannel.Phase;
import dev.tautline.datachannel.dcep.ChannelType;
import dev.tautline.datachannel.dcep.DcepException;
import dev.tautline.datachannel.dcep.DcepMessage;
import dev.tautline.datachannel.dcep.Ppid;
import dev.tautline.datachannel.dcep.StreamIds;
import dev.tautline.datachannel.dcep.StreamIds.Parity;
import dev.tautline.sctp.Association;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channels of one connection: their stream ids, their establishment (RFC 8832) and their
 * closing (RFC 8831 section 6.7).
 *
 * <p>Thread rule: {@link #create} on any thread, the rest on the loop.
 */
final class Channels {
  private static final Logger LOG = LoggerFactory.getLogger(Channels.class);

  /** How long the peer may take to reset its direction after ours was; then we stop waiting. */
  private static final long CLOSING_LIMIT_NANOS = 30_000_000_000L;

  private final PeerConnection connection;
  private final StreamIds ids = new StreamIds();

  /** What a held message takes besides its payload. */
  private static final int HELD_OVERHEAD = 56;

  /**
   * How many channels there are whose end the application was not told of: a peer that opens and
   * closes channels while the callback executor is busy queues no more tasks than for so many.
   */
  private final AtomicInteger live = new AtomicInteger();

  private final AtomicInteger peerLabelBytes = new AtomicInteger();

  /** All that are not closed, in the order they were made. */
  private final Set<DataChannel> channels = new LinkedHashSet<>();

  /** Those whose own direction has ended and that wait for the peer's. */
  private final Set<DataChannel> halfClosed = new LinkedHashSet<>();

  private @Nullable DataChannel[] byStream = new @Nullable DataChannel[16];
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private int heldBytes;
  private boolean associationUp;
  private @Nullable DataChannelException ended;

  /** A message of a stream that has no channel yet. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Held(int streamId, int ppid, byte[] payload) {}

  Channels(PeerConnection connection) {
    this.connection = connection;
  }

  // ---- Making channels

  /** Checks, takes an id where it can, and makes the channel; it is opened on the loop. */
  DataChannel create(String label, DataChannelOptions options) {
    int id = -1;
    if (live.incrementAndGet() > connection.options().maxChannels()) {
      live.decrementAndGet();
      throw new PeerConnectionException(
          PeerConnectionException.Code.OPERATION_ERROR,
          "there are " + connection.options().maxChannels() + " channels already");
    }
    try {
      if (options.negotiated()) {
        id = options.id().getAsInt();
        if (!ids.take(id)) {
          throw new PeerConnectionException(
              PeerConnectionException.Code.OPERATION_ERROR,
              "the id " + id + " is in use or above the association's " + ids.maxChannels());
        }
      } else if (ids.ownParity() != null) {
        id = ids.takeLowest();
        if (id < 0) {
          throw new PeerConnectionException(
              PeerConnectionException.Code.OPERATION_ERROR, "no stream id is free");
        }
      }
    } catch (PeerConnectionException e) {
      live.decrementAndGet();
      throw e;
    }
    var channel = new DataChannel(connection, Origin.LOCAL, label, options);
    channel.assignId(id);
    return channel;
  }

  /** Takes a channel in that {@link #create} made. */
  void register(DataChannel channel) {
    if (ended != null) {
      channel.phaseClosed(ended);
      return;
    }
    channels.add(channel);
    if (channel.readyState() == DataChannelState.CLOSING) {
      finish(channel, null);
      return;
    }
    if (channel.streamId() >= 0) {
      put(channel);
    } else if (ids.ownParity() != null && !assignId(channel)) {
      return;
    }
    LOG.debug("{} channel {} was made here", connection.id(), channel);
    if (associationUp) {
      open(channel);
    }
  }

  /** The DTLS role is known: ids can be given out. */
  void roleKnown(Parity own) {
    ids.ownParity(own);
    for (DataChannel channel : List.copyOf(channels)) {
      if (channel.streamId() < 0) {
        assignId(channel);
      }
    }
  }

  private boolean assignId(DataChannel channel) {
    int id = ids.takeLowest();
    if (id < 0) {
      fail(
          channel,
          new DataChannelException(
              DataChannelException.Code.DATA_CHANNEL_FAILURE, "no stream id is free"));
      return false;
    }
    channel.assignId(id);
    put(channel);
    return true;
  }

  private void put(DataChannel channel) {
    int id = channel.streamId();
    if (id >= byStream.length) {
      byStream = Arrays.copyOf(byStream, Math.min(65_536, Math.max(id + 1, 2 * byStream.length)));
    }
    byStream[id] = channel;
  }

  private @Nullable DataChannel at(int streamId) {
    return streamId < byStream.length ? byStream[streamId] : null;
  }

  /** The association is up: all channels that wait open. */
  void associationEstablished(int maxChannels) {
    associationUp = true;
    ids.maxChannels(maxChannels);
    for (DataChannel channel : List.copyOf(channels)) {
      if (channel.phase() != Phase.WAITING) {
        continue;
      }
      if (channel.streamId() >= ids.maxChannels()) {
        fail(
            channel,
            new DataChannelException(
                DataChannelException.Code.DATA_CHANNEL_FAILURE,
                "the id "
                    + channel.streamId()
                    + " is above the association's "
                    + ids.maxChannels()));
      } else {
        open(channel);
      }
    }
  }

  /** The association has more streams than it began with. */
  void streamsAdded(int maxChannels) {
    ids.maxChannels(maxChannels);
  }

  /** The application is told of a channel's end. In tasks. */
  void told(DataChannel channel) {
    live.decrementAndGet();
    if (channel.origin() == Origin.REMOTE) {
      peerLabelBytes.addAndGet(-labelBytes(channel.label(), channel.protocol()));
    }
  }

  private static int labelBytes(String label, String protocol) {
    return 2 * (label.length() + protocol.length());
  }

  /** How many ids there are. */
  int maxChannels() {
    return ids.maxChannels();
  }

  private void open(DataChannel channel) {
    Association association = connection.transport().association();
    if (association == null) {
      return;
    }
    association.setStreamPriority(channel.streamId(), channel.priorityValue());
    // "open" is due once the association is up and OPEN was handed to SCTP; nobody waits for ACK.
    if (!channel.negotiated() && !channel.sendDcep(association, channel.toOpen())) {
      fail(
          channel,
          new DataChannelException(
              DataChannelException.Code.DATA_CHANNEL_FAILURE, "SCTP took no OPEN"));
      return;
    }
    channel.phaseOpen();
    LOG.debug("{} channel {} is open", connection.id(), channel);
    replayHeld(channel.streamId());
  }

  // ---- What the peer sends

  /** A message came on a stream. */
  void received(int streamId, int ppid, byte[] payload) {
    DataChannel channel = at(streamId);
    if (channel != null && channel.incomingReset()) {
      // The peer has ended that direction, so this belongs to the next channel with this id; ours
      // waits only for the answer to its own reset.
      hold(streamId, ppid, payload);
      return;
    }
    if (ppid == Ppid.DCEP) {
      connection.consumed(payload.length);
      dcep(streamId, channel, payload);
    } else if (channel == null || channel.phase() == Phase.WAITING) {
      hold(streamId, ppid, payload);
    } else {
      channel.receive(ppid, payload);
    }
  }

  private void dcep(int streamId, @Nullable DataChannel channel, byte[] payload) {
    DcepMessage message;
    try {
      message = DcepMessage.parse(payload);
    } catch (DcepException e) {
      LOG.debug("{} stream {}: {}; it is closed", connection.id(), streamId, e.getMessage());
      refuse(streamId, channel);
      return;
    }
    if (message instanceof DcepMessage.Open open) {
      peerOpens(streamId, channel, open);
    } else if (channel != null) {
      channel.acknowledged();
    } else {
      LOG.debug("{} an ACK for stream {}, which has no channel", connection.id(), streamId);
    }
  }

  private void peerOpens(int streamId, @Nullable DataChannel present, DcepMessage.Open open) {
    Parity own = ids.ownParity();
    if (present != null
        || own == null
        || own.owns(streamId)
        || live.get() >= connection.options().maxChannels()
        || peerLabelBytes.get() + labelBytes(open.label(), open.protocol())
            > connection.options().peerLabelBytes()
        || !ids.take(streamId)) {
      LOG.debug(
          "{} the peer opens {} on stream {}, which {}; the stream is closed",
          connection.id(),
          Logs.quoted(open.label()),
          streamId,
          present != null ? "is in use" : "it cannot have");
      refuse(streamId, present);
      return;
    }
    live.incrementAndGet();
    peerLabelBytes.addAndGet(labelBytes(open.label(), open.protocol()));
    var channel = new DataChannel(connection, Origin.REMOTE, open.label(), optionsOf(open));
    channel.assignId(streamId);
    channels.add(channel);
    put(channel);
    Association association = connection.transport().association();
    if (association == null || !channel.sendDcep(association, DcepMessage.Ack.INSTANCE)) {
      fail(
          channel,
          new DataChannelException(
              DataChannelException.Code.DATA_CHANNEL_FAILURE, "SCTP took no ACK"));
      return;
    }
    association.setStreamPriority(streamId, channel.priorityValue());
    channel.phaseOpen();
    LOG.debug("{} channel {} was made by the peer", connection.id(), channel);
    connection.announce(channel);
    connection.callbacks().add(channel::openTask);
    replayHeld(streamId);
  }

  private static DataChannelOptions optionsOf(DcepMessage.Open open) {
    ChannelType type = open.channelType();
    DataChannelOptions.Builder options =
        DataChannelOptions.builder()
            .ordered(type.ordered())
            .protocol(open.protocol())
            .priority(priorityOf(open.priority()));
    if (type.limitsRetransmits()) {
      options.maxRetransmits((int) Math.min(open.reliabilityParameter(), 65_535));
    } else if (type.limitsLifetime()) {
      options.maxPacketLifeTime(Duration.ofMillis(Math.min(open.reliabilityParameter(), 65_535)));
    }
    return options.build();
  }

  private static DataChannelPriority priorityOf(int value) {
    if (value <= 128) {
      return DataChannelPriority.VERY_LOW;
    }
    if (value <= 256) {
      return DataChannelPriority.LOW;
    }
    return value <= 512 ? DataChannelPriority.MEDIUM : DataChannelPriority.HIGH;
  }

  /** RFC 8832 section 6: the stream is closed, the connection lives on. */
  private void refuse(int streamId, @Nullable DataChannel channel) {
    connection.countDropped();
    dropHeld(streamId);
    if (channel != null) {
      if (channel.phase() == Phase.OPEN) {
        close(channel);
        connection.callbacks().add(channel::closingTask);
      }
      return;
    }
    Association association = connection.transport().association();
    if (association != null && streamId <= StreamIds.MAX_ID) {
      association.resetStreams(connection.transport().nowNanos(), new int[] {streamId});
    }
  }

  // ---- Data that is there before its channel

  private void hold(int streamId, int ppid, byte[] payload) {
    Parity own = ids.ownParity();
    boolean mayBeAnnounced = at(streamId) != null || own != null && !own.owns(streamId);
    if (!mayBeAnnounced
        || heldBytes + payload.length + HELD_OVERHEAD
            > connection.options().heldBeforeOpenBytes()) {
      connection.dropMessage("no channel on the stream", streamId, payload.length);
      return;
    }
    held.add(new Held(streamId, ppid, payload));
    heldBytes += payload.length + HELD_OVERHEAD;
  }

  private void replayHeld(int streamId) {
    if (held.isEmpty()) {
      return;
    }
    for (Held message : takeHeld(streamId)) {
      received(message.streamId, message.ppid, message.payload);
    }
  }

  private void dropHeld(int streamId) {
    for (Held message : takeHeld(streamId)) {
      connection.dropMessage("its channel never came", streamId, message.payload.length);
    }
  }

  private List<Held> takeHeld(int streamId) {
    List<Held> taken = new ArrayList<>();
    held.removeIf(
        message -> {
          if (message.streamId != streamId) {
            return false;
          }
          heldBytes -= message.payload.length + HELD_OVERHEAD;
          taken.add(message);
          return true;
        });
    return taken;
  }

  // ---- Closing

  /** The application, or a fault, closes a channel. */
  void close(DataChannel channel) {
    switch (channel.phase()) {
      case WAITING -> {
        // Not registered yet: register finds the state and finishes it.
        if (channels.contains(channel)) {
          finish(channel, null);
        }
      }
      case OPEN -> {
        channel.phaseClosing();
        resetOutgoing(channel);
        LOG.debug("{} channel {} is closing", connection.id(), channel);
      }
      case CLOSING, CLOSED -> {
        // Under way.
      }
    }
  }

  private void resetOutgoing(DataChannel channel) {
    Association association = connection.transport().association();
    if (association != null) {
      association.resetStreams(connection.transport().nowNanos(), new int[] {channel.streamId()});
    }
  }

  /** The peer has reset streams of its direction; an empty list means all. */
  void incomingReset(List<Integer> streamIds) {
    if (streamIds.isEmpty()) {
      for (DataChannel channel : List.copyOf(channels)) {
        incomingReset(channel);
      }
      return;
    }
    for (int streamId : streamIds) {
      DataChannel channel = at(streamId);
      if (channel == null) {
        dropHeld(streamId);
      } else {
        incomingReset(channel);
      }
    }
  }

  private void incomingReset(DataChannel channel) {
    if (channel.phase() == Phase.WAITING) {
      dropHeld(channel.streamId());
      return;
    }
    channel.incomingResetDone();
    if (channel.phase() == Phase.OPEN) {
      // Behind the messages that came before, so that they are delivered first.
      connection.callbacks().add(channel::closingTask);
      close(channel);
    }
    finishIfBothReset(channel);
  }

  /** The peer has performed our reset. */
  void outgoingReset(List<Integer> streamIds, long nowNanos) {
    for (int streamId : streamIds) {
      DataChannel channel = at(streamId);
      if (channel != null && channel.phase() == Phase.CLOSING) {
        channel.outgoingResetDone(nowNanos + CLOSING_LIMIT_NANOS);
        halfClosed.add(channel);
        finishIfBothReset(channel);
      }
    }
  }

  /** The peer refuses to reset: the channel ends here, its id is not used again. */
  void resetFailed(List<Integer> streamIds) {
    for (int streamId : streamIds) {
      DataChannel channel = at(streamId);
      if (channel != null && channel.phase() == Phase.CLOSING) {
        LOG.debug("{} the peer does not reset stream {}", connection.id(), streamId);
        finishWithoutPeer(channel);
      }
    }
  }

  private void finishIfBothReset(DataChannel channel) {
    if (channel.outgoingReset() && channel.incomingReset()) {
      finish(channel, null);
    }
  }

  private void finishWithoutPeer(DataChannel channel) {
    int id = channel.streamId();
    finish(channel, null);
    ids.take(id);
  }

  /** Ends a channel for good; its id is free again. */
  private void finish(DataChannel channel, @Nullable DataChannelException error) {
    channels.remove(channel);
    halfClosed.remove(channel);
    int id = channel.streamId();
    if (id >= 0) {
      if (at(id) == channel) {
        byStream[id] = null;
      }
      ids.free(id);
    }
    channel.phaseClosed(error);
    LOG.debug(
        "{} channel {} ended{}",
        connection.id(),
        channel,
        error == null ? "" : ": " + error.getMessage());
    if (id >= 0) {
      replayHeld(id);
    }
  }

  /** Ends one channel by a fault. */
  void fail(DataChannel channel, DataChannelException error) {
    if (channel.phase() == Phase.CLOSED || !channels.contains(channel)) {
      return;
    }
    boolean tellPeer = channel.phase() == Phase.OPEN;
    int id = channel.streamId();
    if (tellPeer) {
      resetOutgoing(channel);
    }
    finish(channel, error);
    if (tellPeer) {
      // The peer's direction may still be open: the id is not ours to give out again.
      ids.take(id);
    }
  }

  /**
   * The association has ended, and all channels with it.
   *
   * @param error what each channel's error event says, null for an orderly end
   */
  void endAll(@Nullable DataChannelException error) {
    associationUp = false;
    ended =
        error != null
            ? error
            : new DataChannelException(
                DataChannelException.Code.TRANSPORT_FAILURE, "the connection has ended");
    for (Held message : held) {
      connection.dropMessage("the connection ended", message.streamId, message.payload.length);
    }
    held.clear();
    heldBytes = 0;
    for (DataChannel channel : List.copyOf(channels)) {
      finish(channel, error);
    }
  }

  // ---- Time and counters

  long nextDeadlineNanos() {
    long next = Long.MAX_VALUE;
    for (DataChannel channel : halfClosed) {
      next = Math.min(next, channel.finishByNanos());
    }
    return next;
  }

  void deadlineReached(long nowNanos) {
    for (DataChannel channel : List.copyOf(halfClosed)) {
      if (nowNanos >= channel.finishByNanos()) {
        LOG.debug("{} the peer did not close {} in time", connection.id(), channel);
        finishWithoutPeer(channel);
      }
    }
  }

  /** SCTP put more of a stream's bytes into packets. */
  void bufferedAmountChanged(Association association, int streamId) {
    DataChannel channel = at(streamId);
    if (channel != null) {
      channel.bufferedAmountChanged(association);
    }
  }

  /** There is room again in the connection's buffer: others may have waited for it. */
  void admitWaiters() {
    for (DataChannel channel : List.copyOf(channels)) {
      if (channel.hasWaiters()) {
        channel.admitWaiters();
      }
    }
  }

  List<PeerConnectionStats.Channel> statistics() {
    List<PeerConnectionStats.Channel> list = new ArrayList<>(channels.size());
    for (DataChannel channel : channels) {
      list.add(channel.statistics());
    }
    return list;
  }

  boolean isEmpty() {
    return channels.isEmpty();
  }
}
