package dev.tautline.signalling.server;

import dev.tautline.signalling.room.NoteStore;
import dev.tautline.signalling.room.RoomStore;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.ImmediateEventExecutor;

/** What all connections of one server share. */
final class ServerContext {
  private final RoomsServerOptions options;
  private final RoomStore store;
  private final NoteStore notes;
  private final HostAndOrigin hostAndOrigin;
  private final Sessions sessions = new Sessions();
  private final Pages pages = new Pages();
  private final ConnectionCount connections;
  private final long epochNanos = System.nanoTime();

  /** What was accepted. A loop of Netty may end without a look at its channels, and leave them. */
  private final ChannelGroup channels =
      new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE, true);

  ServerContext(
      RoomsServerOptions options, RoomStore store, NoteStore notes, HostAndOrigin hostAndOrigin) {
    this.options = options;
    this.store = store;
    this.notes = notes;
    this.hostAndOrigin = hostAndOrigin;
    this.connections =
        new ConnectionCount(options.maxConnections(), options.maxConnectionsPerAddress());
  }

  RoomsServerOptions options() {
    return options;
  }

  RoomStore store() {
    return store;
  }

  NoteStore notes() {
    return notes;
  }

  HostAndOrigin hostAndOrigin() {
    return hostAndOrigin;
  }

  Sessions sessions() {
    return sessions;
  }

  Pages pages() {
    return pages;
  }

  ConnectionCount connections() {
    return connections;
  }

  /** Once closed, it closes what is added. */
  ChannelGroup channels() {
    return channels;
  }

  /** Nanoseconds since the server was made. */
  long nowNanos() {
    return System.nanoTime() - epochNanos;
  }
}
