package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.ice.IcePath;
import dev.tautline.ice.check.IceDrop;
import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The way out over the pair in use. */
final class AgentPath implements IcePath {
  private final int maxPayload;
  private final DropCounters<IceDrop> drops;
  private final Runnable authenticated;
  private @Nullable Endpoint endpoint;
  private @Nullable InetSocketAddress remote;
  private @Nullable DatagramSink batch;

  AgentPath(int maxPayload, DropCounters<IceDrop> drops, Runnable authenticated) {
    this.maxPayload = maxPayload;
    this.drops = drops;
    this.authenticated = authenticated;
  }

  /** Sends over this pair from now on; what was appended leaves over the one before. */
  void use(Endpoint from, InetSocketAddress to) {
    flush();
    endpoint = from;
    remote = to;
    batch = from.sinkTo(to);
  }

  /** Consent ended: nothing is sent any more, not even what was appended. */
  void stop() {
    if (batch != null) {
      batch.discard();
    }
    batch = null;
    endpoint = null;
  }

  boolean goesTo(Endpoint other, InetSocketAddress address) {
    return endpoint == other && address.equals(remote);
  }

  boolean uses(Endpoint other) {
    return endpoint == other;
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
    return endpoint != null && endpoint.isWritable();
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
