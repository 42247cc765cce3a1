package dev.tautline.stun.netty;

import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.MappedAddress;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a STUN server once which address it sees, from a socket of its own. */
public final class StunBindingClient {
  private static final Logger LOG = LoggerFactory.getLogger(StunBindingClient.class);

  private StunBindingClient() {}

  /**
   * Sends a Binding request and waits for the answer.
   *
   * @param group its loops
   * @param channels makes the channel, such as {@code NioDatagramChannel::new}
   * @param server where to ask, resolved
   * @param timers when to ask again and when to give up
   * @return the address the server saw; fails with {@link TimeoutException} on silence and with
   *     {@link IOException} on an error response or a network error
   */
  public static CompletableFuture<InetSocketAddress> ask(
      EventLoopGroup group,
      ChannelFactory<? extends DatagramChannel> channels,
      InetSocketAddress server,
      StunTimers timers) {
    var answer = new CompletableFuture<InetSocketAddress>();
    if (server.isUnresolved()) {
      answer.completeExceptionally(new IOException(server.getHostString() + " is not resolved"));
      return answer;
    }
    TransactionId id = TransactionId.generate(new SecureRandom());
    byte[] request =
        new StunWriter(StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, id))
            .withFingerprint()
            .toBytes();
    var transaction = new StunTransaction(id, StunMethod.BINDING, request, server, null, timers);
    ChannelFuture bound =
        new Bootstrap()
            .group(group)
            .channelFactory(channels)
            .handler(new Handler(transaction, answer))
            .bind(0);
    bound.addListener(
        (ChannelFuture future) -> {
          if (!future.isSuccess()) {
            answer.completeExceptionally(future.cause());
          }
        });
    answer.whenComplete((address, failure) -> bound.channel().close());
    return answer;
  }

  private static final class Handler extends SimpleChannelInboundHandler<DatagramPacket> {
    private final StunTransaction transaction;
    private final CompletableFuture<InetSocketAddress> answer;
    private final long epochNanos = System.nanoTime();

    Handler(StunTransaction transaction, CompletableFuture<InetSocketAddress> answer) {
      this.transaction = transaction;
      this.answer = answer;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      advance(context.channel());
    }

    private void advance(Channel channel) {
      if (answer.isDone()) {
        return;
      }
      long now = System.nanoTime() - epochNanos;
      if (transaction.pollSend(now)) {
        channel.writeAndFlush(
            new DatagramPacket(
                Unpooled.wrappedBuffer(transaction.request()), transaction.destination()));
      }
      if (transaction.state() == StunTransaction.State.TIMED_OUT) {
        answer.completeExceptionally(
            new TimeoutException(
                transaction.destination()
                    + " gave no answer to "
                    + transaction.sends()
                    + " requests"));
        return;
      }
      long delay = Math.max(0, transaction.nextDeadlineNanos() - now);
      channel.eventLoop().schedule(() -> advance(channel), delay, TimeUnit.NANOSECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      byte[] bytes = new byte[packet.content().readableBytes()];
      packet.content().readBytes(bytes);
      ReceivedStun received;
      try {
        received = StunParser.parse(bytes, 0, bytes.length);
      } catch (StunFormatException e) {
        LOG.debug("dropped a datagram that is no STUN: {}", e.getMessage());
        return;
      }
      if (transaction.receive(received, packet.sender()) == StunTransaction.Verdict.IGNORED) {
        return;
      }
      StunMessage message = received.message();
      Optional<InetSocketAddress> mapped =
          message
              .first(XorMappedAddress.class)
              .map(XorMappedAddress::address)
              .or(() -> message.first(MappedAddress.class).map(MappedAddress::address));
      if (transaction.state() == StunTransaction.State.SUCCEEDED && mapped.isPresent()) {
        answer.complete(mapped.get());
      } else {
        int code = message.first(ErrorCode.class).map(ErrorCode::code).orElse(0);
        answer.completeExceptionally(
            new IOException(
                transaction.destination()
                    + (code == 0 ? " answered without an address" : " answered error " + code)));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("STUN client: {}", cause.toString());
    }
  }
}
