package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;

/** ClientHellos, each from an address of its own: all of 127.0.0.0/8 is this host. */
final class Strangers {
  /** A burst that fits into a socket's buffer, so that none is lost on the way. */
  private static final int BURST = 50;

  private Strangers() {}

  /** As a DTLS 1.2 ClientHello begins; nobody here may look further. */
  private static byte[] clientHello(int i) {
    byte[] hello = new byte[220];
    new Random(i).nextBytes(hello);
    byte[] begin = {22, (byte) 254, (byte) 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 207, 1};
    System.arraycopy(begin, 0, hello, 0, begin.length);
    return hello;
  }

  /**
   * Sends them in bursts; no stranger gets an answer.
   *
   * @param afterBurst waits until so many, counted from 0, were taken
   */
  static void greet(InetSocketAddress target, int from, int to, IntConsumer afterBurst)
      throws IOException {
    for (int i = from; i < to; i += BURST) {
      List<DatagramChannel> open = new ArrayList<>();
      int end = Math.min(i + BURST, to);
      for (int k = i; k < end; k++) {
        DatagramChannel stranger = DatagramChannel.open();
        open.add(stranger);
        byte[] address = {127, (byte) (16 + (k >> 16)), (byte) (k >> 8), (byte) k};
        stranger.bind(new InetSocketAddress(InetAddress.getByAddress(address), 0));
        stranger.configureBlocking(false);
        stranger.send(ByteBuffer.wrap(clientHello(k)), target);
      }
      afterBurst.accept(end);
      for (DatagramChannel stranger : open) {
        assertThat(stranger.receive(ByteBuffer.allocate(2000))).as("an answer").isNull();
        stranger.close();
      }
    }
  }
}
