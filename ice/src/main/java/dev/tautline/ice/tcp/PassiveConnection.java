package dev.tautline.ice.tcp;

import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.StunPeek;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One accepted TCP connection: frames of a length in two bytes and as many bytes (RFC 4571). It is
 * read on the loop that accepted it; its frames are given on the loop of the agent it belongs to.
 */
final class PassiveConnection extends ChannelInboundHandlerAdapter {
  private static final int LENGTH_BYTES = 2;

  /** A check is far below; nothing longer is kept for somebody unknown. */
  private static final int MAX_FIRST_FRAME = 1_500;

  /** What waits for the agent's loop before nothing more is read. */
  private static final int MAX_WAITING = 256 * 1024;

  /** What may wait for a peer that does not read before more is dropped, as UDP would. */
  private static final int MAX_UNSENT = 512 * 1024;

  private final PassivePort port;
  private final Channel channel;
  private final InetAddress at;
  private final InetSocketAddress remote;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicBoolean authenticated = new AtomicBoolean();
  private byte[] kept = new byte[512];
  private int keptLength;
  private @Nullable PassiveEndpoint owner;
  private @Nullable NettyLoop loop;

  PassiveConnection(PassivePort port, Channel channel, InetAddress at) {
    this.port = port;
    this.channel = channel;
    this.at = at;
    this.remote = (InetSocketAddress) channel.remoteAddress();
  }

  InetSocketAddress remote() {
    return remote;
  }

  // ---- From any thread -------------------------------------------------------------------------

  boolean isWritable() {
    return channel.isWritable();
  }

  /** Whether so much waits that more is dropped. */
  boolean isChoked() {
    return channel.bytesBeforeWritable() > MAX_UNSENT;
  }

  ByteBuf buffer(int capacity) {
    return channel.alloc().directBuffer(capacity);
  }

  void send(ByteBuf frames) {
    channel.writeAndFlush(frames, channel.voidPromise());
  }

  void authenticated() {
    if (authenticated.compareAndSet(false, true)) {
      port.authenticatedOne(this);
    }
  }

  void close() {
    channel.close();
  }

  void closeUnlessAuthenticated() {
    if (!authenticated.get()) {
      channel.close();
    }
  }

  // ---- On the loop that reads ------------------------------------------------------------------

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      ByteBuf bytes = (ByteBuf) message;
      int length = bytes.readableBytes();
      if (keptLength + length > kept.length) {
        kept = Arrays.copyOf(kept, Math.max(kept.length * 2, keptLength + length));
      }
      bytes.readBytes(kept, keptLength, length);
      keptLength += length;
    } finally {
      ReferenceCountUtil.release(message);
    }
    List<byte[]> frames = takeFrames();
    if (frames == null) {
      port.refusedOne();
      channel.close();
    } else if (!frames.isEmpty()) {
      pass(frames);
    }
  }

  /** The whole frames that are there; null when it does not begin as it has to. */
  private @Nullable List<byte[]> takeFrames() {
    List<byte[]> frames = new ArrayList<>();
    int from = 0;
    while (keptLength - from >= LENGTH_BYTES) {
      int length = (kept[from] & 0xff) << 8 | kept[from + 1] & 0xff;
      if (owner == null && length > MAX_FIRST_FRAME) {
        return null;
      }
      int end = from + LENGTH_BYTES + length;
      if (end > keptLength) {
        break;
      }
      if (length > 0) {
        byte[] frame = Arrays.copyOfRange(kept, from + LENGTH_BYTES, end);
        if (owner == null && !findOwner(frame)) {
          return null;
        }
        frames.add(frame);
      }
      from = end;
    }
    System.arraycopy(kept, from, kept, 0, keptLength - from);
    keptLength -= from;
    return frames;
  }

  private boolean findOwner(byte[] frame) {
    if (!StunPeek.isStun(frame, 0, frame.length) || !StunPeek.isRequest(frame, 0)) {
      return false;
    }
    String ufrag = StunPeek.ufrag(frame, 0, frame.length);
    PassivePort.Member member = ufrag == null ? null : port.memberOf(ufrag);
    PassiveEndpoint found = member == null ? null : member.endpoint(at);
    if (member == null || found == null) {
      return false;
    }
    owner = found;
    loop = member.loop();
    return true;
  }

  private void pass(List<byte[]> frames) {
    PassiveEndpoint to = owner;
    NettyLoop target = loop;
    if (to == null || target == null) {
      return;
    }
    int bytes = 0;
    for (byte[] frame : frames) {
      bytes += frame.length;
    }
    int taken = bytes;
    if (waiting.addAndGet(taken) > MAX_WAITING) {
      channel.config().setAutoRead(false);
    }
    run(
        target,
        () -> {
          to.received(this, frames);
          if (waiting.addAndGet(-taken) <= MAX_WAITING / 4 && !channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
          }
        });
  }

  private void run(NettyLoop target, Runnable task) {
    try {
      target.execute(task);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and the agent with it.
      channel.close();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    PassiveEndpoint to = owner;
    NettyLoop target = loop;
    if (to != null && target != null) {
      boolean writable = channel.isWritable();
      run(target, () -> to.writabilityOf(this, writable));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    port.ended(this, !authenticated.getAndSet(true));
    PassiveEndpoint to = owner;
    NettyLoop target = loop;
    if (to != null && target != null) {
      run(target, () -> to.ended(this));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // A reset and the like; the end is told as inactive.
    context.close();
  }
}
