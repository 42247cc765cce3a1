package dev.tautline.ice.udp;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Plain datagram channels on a connection's loop, for what is not ICE. */
public final class UdpChannels {
  private UdpChannels() {}

  /** Binds to any IPv4 address and a port of the system's choice. */
  public static ChannelFuture bindAny(NettyLoop loop, ChannelHandler handler) {
    InetAddress any = anyIpv4();
    return new Bootstrap()
        .group(loop.netty())
        .channelFactory(() -> loop.loops().newChannel(any))
        .handler(handler)
        .bind(new InetSocketAddress(any, 0));
  }

  private static InetAddress anyIpv4() {
    try {
      return InetAddress.getByAddress(new byte[4]);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 is the length of an address", e);
    }
  }
}
