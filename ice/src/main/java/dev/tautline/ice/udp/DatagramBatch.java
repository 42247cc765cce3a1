package dev.tautline.ice.udp;

import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.EndpointListener;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Collects datagrams for one address and sends those of equal size in one system call; the last of
 * a batch may be shorter. Where the system cannot split (NIO), or refused to at run time, each
 * leaves by itself. Every method on the socket's loop.
 */
public final class DatagramBatch implements DatagramSink {
  /** What Linux splits one send into at most, {@code UDP_MAX_SEGMENTS}. */
  static final int MAX_SEGMENTS = 64;

  /** The longest UDP payload over IPv4. */
  static final int MAX_BYTES = 65_507;

  private static final int HEADER_BYTES = 4;

  private final UdpSocket socket;
  private final InetSocketAddress to;
  private final EndpointListener listener;
  private boolean segmentation;
  private @Nullable ByteBuf batch;
  private int segmentBytes;
  private int segments;
  private boolean lastWasShorter;
  private int expectedBytes = 2048;

  /**
   * An empty batch.
   *
   * @param socket where datagrams leave
   * @param to where they go
   * @param listener is told of refusals
   */
  public DatagramBatch(UdpSocket socket, InetSocketAddress to, EndpointListener listener) {
    this.socket = socket;
    this.to = to;
    this.listener = listener;
    this.segmentation = socket.canSegment();
  }

  /** Sends what was there when the datagram does not fit to it. */
  @Override
  public void append(byte[] buffer, int offset, int length) {
    add(length).writeBytes(buffer, offset, length);
  }

  @Override
  public void append(int header, byte[] buffer, int offset, int length) {
    add(length + HEADER_BYTES).writeInt(header).writeBytes(buffer, offset, length);
  }

  private ByteBuf add(int length) {
    ByteBuf bytes = batch;
    if (bytes != null
        && (lastWasShorter
            || length > segmentBytes
            || segments == MAX_SEGMENTS
            || bytes.readableBytes() + length > MAX_BYTES)) {
      flush();
      bytes = null;
    }
    if (bytes == null) {
      bytes = socket.channel().alloc().directBuffer(Math.max(expectedBytes, length), MAX_BYTES);
      batch = bytes;
      segmentBytes = length;
      segments = 0;
    }
    segments++;
    lastWasShorter = length < segmentBytes;
    return bytes;
  }

  @Override
  public void flush() {
    ByteBuf bytes = batch;
    if (bytes == null) {
      return;
    }
    batch = null;
    expectedBytes = Math.max(2048, bytes.readableBytes());
    Channel channel = socket.channel();
    if (segments == 1) {
      channel.writeAndFlush(new DatagramPacket(bytes, to), channel.voidPromise());
    } else if (segmentation) {
      sendSegmented(channel, bytes, segmentBytes);
    } else {
      sendSingly(channel, bytes, segmentBytes);
    }
  }

  /** Whether batches are sent in one system call at present. */
  public boolean isSegmenting() {
    return segmentation;
  }

  private void sendSegmented(Channel channel, ByteBuf bytes, int segment) {
    // Kept for the case that the system refuses: EIO, EINVAL and the like come from some network
    // cards, tunnels, and segments above the path's MTU.
    ByteBuf copy = bytes.retainedDuplicate();
    channel
        .writeAndFlush(new SegmentedDatagramPacket(bytes, segment, to))
        .addListener(
            (ChannelFuture future) -> {
              if (future.isSuccess() || !channel.isActive()) {
                copy.release();
              } else if (isRefusalToSegment(future.cause())) {
                segmentation = false;
                listener.segmentationFailed(socket, future.cause());
                sendSingly(channel, copy, segment);
              } else {
                copy.release();
                listener.sendFailed(socket, future.cause());
              }
            });
  }

  private void sendSingly(Channel channel, ByteBuf bytes, int segment) {
    while (bytes.isReadable()) {
      int length = Math.min(segment, bytes.readableBytes());
      channel.write(new DatagramPacket(bytes.readRetainedSlice(length), to), channel.voidPromise());
    }
    bytes.release();
    channel.flush();
  }

  /** Unreachable networks and full queues say nothing of segmentation. */
  private static boolean isRefusalToSegment(Throwable cause) {
    if (cause instanceof NativeIoException nativeFailure) {
      return switch (-nativeFailure.expectedErr()) {
        // EPERM, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENOBUFS, ECONNREFUSED, EHOSTUNREACH
        case 1, 99, 100, 101, 105, 111, 113 -> false;
        default -> true;
      };
    }
    return cause instanceof IOException;
  }

  @Override
  public void discard() {
    if (batch != null) {
      batch.release();
      batch = null;
    }
  }
}
