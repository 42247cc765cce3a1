package dev.tautline.signalling.client;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of all rooms of this JVM. Signalling is a few small messages, so one thread serves
 * any number of rooms; it ends when the last of them does.
 */
final class SharedLoop {
  private static final Object LOCK = new Object();
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
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        group = null;
      }
    }
  }
}
