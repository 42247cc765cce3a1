package dev.tautline.ice.gather;

import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.UdpChannels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryEncoder;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves {@code .local} names by one-shot multicast DNS questions (RFC 6762 section 5.1): asked
 * from a port of its own, so that answers come back by unicast, at once and again after one second,
 * for at most three. Bound to one loop; every method there.
 */
public final class MulticastDnsResolver {
  private static final Logger LOG = LoggerFactory.getLogger(MulticastDnsResolver.class);
  private static final long SECOND = 1_000_000_000;
  private static final int SECONDS = 3;
  private static final int MAX_NAMES = 32;
  private static final int MAX_LABEL = 63;

  private final NettyLoop loop;
  private final InetSocketAddress group;
  private final Map<String, List<Consumer<Optional<InetAddress>>>> waiting = new HashMap<>();
  private @Nullable Channel channel;
  private boolean opening;
  private boolean closed;

  /**
   * A resolver without a socket yet.
   *
   * @param loop where it lives
   * @param group where questions go
   */
  public MulticastDnsResolver(NettyLoop loop, InetSocketAddress group) {
    this.loop = loop;
    this.group = group;
  }

  /**
   * Resolves a name. The result comes on the loop, empty after three seconds, or at once when the
   * name is not a single label before {@code .local}, or too many wait.
   */
  public void resolve(String name, Consumer<Optional<InetAddress>> result) {
    String key = name.toLowerCase(Locale.ROOT);
    int label = key.length() - ".local".length();
    boolean isOneLabel = label > 0 && label <= MAX_LABEL && key.indexOf('.') == label;
    List<Consumer<Optional<InetAddress>>> others = waiting.get(key);
    if (closed || !isOneLabel || others == null && waiting.size() >= MAX_NAMES) {
      result.accept(Optional.empty());
      return;
    }
    if (others != null) {
      others.add(result);
      return;
    }
    waiting.put(key, new ArrayList<>(List.of(result)));
    open();
    ask(key);
    for (int i = 1; i < SECONDS; i++) {
      loop.schedule(() -> ask(key), i * SECOND);
    }
    loop.schedule(() -> finish(key, Optional.empty()), SECONDS * SECOND);
  }

  private void open() {
    if (channel != null || opening) {
      return;
    }
    opening = true;
    UdpChannels.bindAny(loop, new Handler())
        .addListener(
            (ChannelFuture future) -> {
              opening = false;
              if (!future.isSuccess()) {
                LOG.debug("no socket for multicast DNS: {}", future.cause().toString());
              } else if (closed) {
                future.channel().close();
              } else {
                channel = future.channel();
                List.copyOf(waiting.keySet()).forEach(this::ask);
              }
            });
  }

  private void ask(String name) {
    if (channel == null || !waiting.containsKey(name)) {
      return;
    }
    for (DnsRecordType type : List.of(DnsRecordType.A, DnsRecordType.AAAA)) {
      var query = new DatagramDnsQuery(null, group, 0);
      query.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(name + '.', type));
      channel.write(query, channel.voidPromise());
    }
    channel.flush();
  }

  private void finish(String name, Optional<InetAddress> address) {
    List<Consumer<Optional<InetAddress>>> results = waiting.remove(name);
    if (results != null) {
      results.forEach(result -> result.accept(address));
    }
    if (waiting.isEmpty() && channel != null) {
      channel.close();
      channel = null;
    }
  }

  /** Ends all questions without a result and closes the socket. */
  public void close() {
    closed = true;
    waiting.clear();
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }

  private void answered(DnsResponse response) {
    int count = Math.min(response.count(DnsSection.ANSWER), 16);
    for (int i = 0; i < count; i++) {
      DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
      String name = record.name().toLowerCase(Locale.ROOT);
      if (name.endsWith(".")) {
        name = name.substring(0, name.length() - 1);
      }
      if (waiting.containsKey(name) && record instanceof DnsRawRecord raw) {
        Optional<InetAddress> address = address(raw);
        if (address.isPresent()) {
          finish(name, address);
        }
      }
    }
  }

  private static Optional<InetAddress> address(DnsRawRecord record) {
    ByteBuf content = record.content();
    int length = content.readableBytes();
    boolean fits =
        record.type().equals(DnsRecordType.A) && length == 4
            || record.type().equals(DnsRecordType.AAAA) && length == 16;
    if (!fits) {
      return Optional.empty();
    }
    byte[] bytes = new byte[length];
    content.getBytes(content.readerIndex(), bytes);
    try {
      InetAddress address = InetAddress.getByAddress(bytes);
      // A link-local address cannot be reached without its interface, and we have no candidate
      // there.
      return address.isLinkLocalAddress() ? Optional.empty() : Optional.of(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 are the lengths of an address", e);
    }
  }

  private final class Handler extends SimpleChannelInboundHandler<DatagramPacket> {
    private final DatagramDnsQueryEncoder encoder = new DatagramDnsQueryEncoder();

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      context.pipeline().addFirst(encoder).addLast(new DatagramDnsResponseDecoder(), new Answers());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      // Netty's decoder wants its own reference and throws at what is no response; both end here.
      context.fireChannelRead(
          new DatagramPacket(
              Unpooled.copiedBuffer(packet.content()), packet.recipient(), packet.sender()));
    }
  }

  private final class Answers extends SimpleChannelInboundHandler<DnsResponse> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DnsResponse response) {
      answered(response);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("multicast DNS: dropped a datagram: {}", cause.getClass().getSimpleName());
    }
  }
}
