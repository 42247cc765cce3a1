package dev.tautline.testkit;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class UdpLinkTest {
  private static final int QUIET_MILLIS = 150;

  private final UdpLink link = UdpLink.seeded(11);
  private final DatagramSocket first = socket();
  private final DatagramSocket second = socket();

  private static DatagramSocket socket() {
    try {
      var socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      socket.setSoTimeout(QUIET_MILLIS);
      return socket;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeEach
  void start() throws IOException {
    link.start();
    link.second((InetSocketAddress) second.getLocalSocketAddress());
  }

  @AfterEach
  void close() {
    link.close();
    first.close();
    second.close();
  }

  private void send(DatagramSocket from, InetSocketAddress to, int number, int length)
      throws IOException {
    byte[] bytes = ByteBuffer.allocate(length).putInt(number).array();
    from.send(new DatagramPacket(bytes, length, to));
  }

  private void sendForward(int count, int length) throws IOException {
    for (int i = 1; i <= count; i++) {
      send(first, link.addressOfSecond(), i, length);
    }
  }

  /** The numbers of everything that comes until it is quiet. */
  private static List<Integer> received(DatagramSocket socket) throws IOException {
    var numbers = new ArrayList<Integer>();
    var packet = new DatagramPacket(new byte[2_000], 2_000);
    while (true) {
      try {
        socket.receive(packet);
      } catch (SocketTimeoutException e) {
        return numbers;
      }
      numbers.add(ByteBuffer.wrap(packet.getData()).getInt());
    }
  }

  private static List<Integer> oneTo(int count) {
    return IntStream.rangeClosed(1, count).boxed().toList();
  }

  @Test
  void passesBothWaysAndShowsItsOwnPorts() throws IOException {
    sendForward(3, 100);
    var packet = new DatagramPacket(new byte[200], 200);
    second.receive(packet);
    assertThat(packet.getSocketAddress()).isEqualTo(link.addressOfFirst());
    assertThat(packet.getLength()).isEqualTo(100);

    // The first end was not told: it is where the datagrams came from.
    send(second, link.addressOfFirst(), 77, 50);
    first.receive(packet);
    assertThat(packet.getSocketAddress()).isEqualTo(link.addressOfSecond());
    assertThat(ByteBuffer.wrap(packet.getData()).getInt()).isEqualTo(77);
    assertThat(received(second)).containsExactly(2, 3);
  }

  @Test
  void delaysAndKeepsTheOrder() throws IOException {
    link.oneWayDelay(ofMillis(60));
    second.setSoTimeout(5_000);
    long before = System.nanoTime();
    sendForward(20, 100);
    var packet = new DatagramPacket(new byte[200], 200);
    second.receive(packet);

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(ofMillis(60));
    second.setSoTimeout(QUIET_MILLIS);
    assertThat(received(second)).isEqualTo(oneTo(20).subList(1, 20));
  }

  @Test
  void losesInOneDirection() throws IOException {
    link.only(Direction.FORWARD).loss(0.5);
    sendForward(200, 100);
    List<Integer> forward = received(second);
    for (int i = 1; i <= 50; i++) {
      send(second, link.addressOfFirst(), i, 100);
    }

    assertThat(forward).hasSizeBetween(60, 140).isSorted();
    assertThat(received(first)).isEqualTo(oneTo(50));
    LinkStatistics statistics = link.statistics(Direction.FORWARD);
    assertThat(statistics.sentPackets()).isEqualTo(200);
    assertThat(statistics.arrivedPackets()).isEqualTo(forward.size());
    assertThat(statistics.of(Fate.LOST)).isEqualTo(200 - forward.size());
  }

  @Test
  void reordersAndDuplicates() throws IOException {
    link.reorder(0.3, ofMillis(20)).duplicate(0.3);
    sendForward(100, 100);
    List<Integer> numbers = received(second);

    assertThat(numbers).hasSizeGreaterThan(110);
    assertThat(numbers.stream().distinct().toList()).hasSize(100);
    assertThat(numbers).isNotEqualTo(numbers.stream().sorted().toList());
  }

  @Test
  void limitsTheRate() throws IOException {
    // 100 datagrams of 1 000 bytes at 8 Mbit/s take 100 ms; the queue holds them.
    link.bottleneck(8_000_000, 200_000);
    long before = System.nanoTime();
    sendForward(100, 1_000);
    second.setSoTimeout(5_000);
    var packet = new DatagramPacket(new byte[2_000], 2_000);
    for (int i = 0; i < 100; i++) {
      second.receive(packet);
    }

    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isBetween(ofMillis(99), ofMillis(3_000));
  }

  @Test
  void nothingPassesWhileCut() throws IOException {
    link.cut();
    sendForward(5, 100);
    assertThat(received(second)).isEmpty();

    link.restore();
    sendForward(5, 100);
    assertThat(received(second)).isEqualTo(oneTo(5));
  }

  @Test
  void closingTwiceIsFineAndEndsTheThread() {
    link.close();
    link.close();

    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("udp-link"));
  }

  @Test
  void addressesExistOnceStarted() {
    try (UdpLink other = UdpLink.seeded(1)) {
      assertThatThrownBy(other::addressOfFirst).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(link::start).isInstanceOf(IllegalStateException.class);
    }
  }
}
