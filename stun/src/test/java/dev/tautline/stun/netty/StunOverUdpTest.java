package dev.tautline.stun.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.stun.StunTimers;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StunOverUdpTest {
  private static MultiThreadIoEventLoopGroup group;

  @BeforeAll
  static void start() {
    group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  }

  @AfterAll
  static void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void theClientLearnsItsAddressFromTheServer() throws Exception {
    try (StunBindingServer server =
        StunBindingServer.bind(
                group, NioDatagramChannel::new, new InetSocketAddress("127.0.0.1", 0))
            .get(5, TimeUnit.SECONDS)) {
      InetSocketAddress seen =
          StunBindingClient.ask(group, NioDatagramChannel::new, server.address(), StunTimers.rfc())
              .get(5, TimeUnit.SECONDS);
      assertThat(seen.getAddress().isLoopbackAddress()).isTrue();
      assertThat(seen.getPort()).isPositive();
    }
  }

  @Test
  void silenceEndsInATimeout() throws Exception {
    StunBindingServer gone =
        StunBindingServer.bind(
                group, NioDatagramChannel::new, new InetSocketAddress("127.0.0.1", 0))
            .get(5, TimeUnit.SECONDS);
    InetSocketAddress address = gone.address();
    gone.close();
    var timers = new StunTimers(1_000_000, 10_000_000, 3, 5_000_000);
    assertThatThrownBy(
            () ->
                StunBindingClient.ask(group, NioDatagramChannel::new, address, timers)
                    .get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TimeoutException.class)
        .hasMessageContaining("no answer to 3 requests");
  }
}
