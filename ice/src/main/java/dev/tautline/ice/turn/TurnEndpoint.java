package dev.tautline.ice.turn;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.stun.turn.ChannelFrame;
import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * A relayed address as an endpoint. What is sent before the peer's permission is there is held, a
 * few datagrams of it; data goes in channel data, of 4 bytes more, once its channel is bound.
 */
public final class TurnEndpoint implements Endpoint {
  /** The longest datagram that fits into one of the server's, behind the header. */
  private static final int MAX_PAYLOAD = 65_507 - ChannelFrame.HEADER_LENGTH;

  private final Relay relay;
  private final InetSocketAddress relayed;
  private boolean closed;

  TurnEndpoint(Relay relay, InetSocketAddress relayed) {
    this.relay = relay;
    this.relayed = relayed;
  }

  @Override
  public InetSocketAddress localAddress() {
    return relayed;
  }

  @Override
  public String description() {
    return "TURN/"
        + relay.carrier().name()
        + " relay "
        + AddressText.of(relayed)
        + " of "
        + AddressText.of(relay.client().server());
  }

  @Override
  public void write(byte[] datagram, InetSocketAddress to) {
    relay.client().send(relay.nowNanos(), to, datagram);
  }

  @Override
  public void flush() {
    relay.pump();
  }

  @Override
  public DatagramSink sinkTo(InetSocketAddress to) {
    relay.client().bindChannel(relay.nowNanos(), to);
    return new Sink(relay, to);
  }

  @Override
  public boolean isWritable() {
    return relay.carrier().isWritable();
  }

  @Override
  public int maxPayload() {
    return MAX_PAYLOAD;
  }

  @Override
  public void prepare(InetSocketAddress peer) {
    if (PairableAddress.refusal(peer).isEmpty()
        && PairableAddress.canReach(relayed.getAddress(), peer.getAddress())) {
      relay.client().permit(relay.nowNanos(), peer);
      relay.pump();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      relay.endpointClosed(this);
    }
  }

  private static final class Sink implements DatagramSink {
    private final Relay relay;
    private final InetSocketAddress peer;
    private final DatagramSink carrier;

    Sink(Relay relay, InetSocketAddress peer) {
      this.relay = relay;
      this.peer = peer;
      this.carrier = relay.carrier().sink();
    }

    @Override
    public void append(byte[] buffer, int offset, int length) {
      int channel = relay.client().channelTo(peer);
      if (channel == 0) {
        byte[] copy = Arrays.copyOfRange(buffer, offset, offset + length);
        relay.client().send(relay.nowNanos(), peer, copy);
      } else {
        carrier.append(ChannelFrame.header(channel, length), buffer, offset, length);
      }
    }

    @Override
    public void append(int header, byte[] buffer, int offset, int length) {
      throw new UnsupportedOperationException("a relay is not reached through a relay");
    }

    @Override
    public void flush() {
      relay.pump();
      carrier.flush();
    }

    @Override
    public void discard() {
      carrier.discard();
    }
  }
}
