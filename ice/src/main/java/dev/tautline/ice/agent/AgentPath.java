package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.ice.IcePath;
import dev.tautline.ice.check.IceDrop;
import dev.tautline.ice.udp.DatagramBatch;
import dev.tautline.ice.udp.UdpListener;
import dev.tautline.ice.udp.UdpSocket;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The way out over the pair in use. */
final class AgentPath implements IcePath {
  private final int maxPayload;
  private final DropCounters<IceDrop> drops;
  private final Runnable authenticated;
  private @Nullable UdpSocket socket;
  private @Nullable DatagramBatch batch;

  AgentPath(int maxPayload, DropCounters<IceDrop> drops, Runnable authenticated) {
    this.maxPayload = maxPayload;
    this.drops = drops;
    this.authenticated = authenticated;
  }

  /** Sends over this pair from now on; what was appended leaves over the one before. */
  void use(UdpSocket from, InetSocketAddress to, UdpListener listener) {
    flush();
    socket = from;
    batch = new DatagramBatch(from, to, listener);
  }

  /** Consent ended: nothing is sent any more, not even what was appended. */
  void stop() {
    if (batch != null) {
      batch.discard();
    }
    batch = null;
    socket = null;
  }

  boolean uses(UdpSocket other) {
    return socket == other;
  }

  @Override
  public boolean ready() {
    return batch != null;
  }

  @Override
  public void append(byte[] buffer, int offset, int length) {
    if (length > maxPayload || length <= 0) {
      throw new IllegalArgumentException(
          "a datagram of " + length + " bytes is not within 1 and " + maxPayload);
    }
    if (batch == null) {
      drops.count(IceDrop.NOT_SENT_WITHOUT_CONSENT);
    } else {
      batch.append(buffer, offset, length);
    }
  }

  @Override
  public void flush() {
    if (batch != null) {
      batch.flush();
    }
  }

  @Override
  public boolean writable() {
    return socket != null && socket.isWritable();
  }

  @Override
  public int maxPayload() {
    return maxPayload;
  }

  @Override
  public boolean hasConsent() {
    return batch != null;
  }

  @Override
  public void authenticated() {
    authenticated.run();
  }
}
