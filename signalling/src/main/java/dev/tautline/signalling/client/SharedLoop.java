package dev.tautline.signalling.client;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of all rooms of this JVM. Signalling is a few small messages, so one thread serves
 * any number of rooms; it ends when the last of them does.
 */
final class SharedLoop {
  private static final Object LOCK = new Object();

  /** What is open. A loop of Netty may end without a look at its channels, and leave them so. */
  private static final ChannelGroup CHANNELS =
      new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);

  private static @Nullable EventLoopGroup group;
  private static int users;

  private SharedLoop() {}

  static EventLoop acquire() {
    synchronized (LOCK) {
      if (group == null) {
        group =
            new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("tautline-rooms-client", true),
                NioIoHandler.newFactory());
      }
      users++;
      return group.next();
    }
  }

  static void release() {
    synchronized (LOCK) {
      users--;
      if (users == 0 && group != null) {
        EventLoopGroup ending = group;
        EventLoop loop = ending.next();
        group = null;
        CHANNELS
            .close(channel -> channel.eventLoop() == loop)
            .addListener(
                (ChannelGroupFuture closed) -> ending.shutdownGracefully(0, 1, TimeUnit.SECONDS));
      }
    }
  }

  /** Takes a channel that a loop of ours has registered: it is closed before the loop ends. */
  static void own(Channel channel) {
    CHANNELS.add(channel);
  }
}
