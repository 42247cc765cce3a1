package dev.tautline.testkit;

import dev.tautline.base.ProtocolMachine;
import dev.tautline.base.Timer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A protocol of its own for these tests: numbered packets of a given size, reported with the time
 * at which they came; a timer sends one more at each interval.
 */
final class EchoMachine implements ProtocolMachine<EchoMachine.Received> {
  /** A packet came. */
  record Received(long nowNanos, int number, int length, long tail) {}

  private final RandomGenerator random;
  private final ArrayDeque<byte[]> toSend = new ArrayDeque<>();
  private final ArrayDeque<Received> events = new ArrayDeque<>();
  private int sent;
  private long intervalNanos;
  private long deadlineNanos = Timer.NOT_RUNNING;
  private int intervalBytes;
  byte @Nullable [] lastArray;
  int lastOffset;

  EchoMachine(RandomGenerator random) {
    this.random = random;
  }

  void send(int length) {
    byte[] packet = new byte[length];
    ByteBuffer.wrap(packet).putInt(++sent);
    toSend.add(packet);
  }

  void sendEvery(long nowNanos, long interval, int length) {
    intervalNanos = interval;
    intervalBytes = length;
    deadlineNanos = nowNanos + interval;
  }

  long draw() {
    return random.nextLong();
  }

  @Override
  public void receive(long nowNanos, byte[] packet, int offset, int length) {
    lastArray = packet;
    lastOffset = offset;
    int number = ByteBuffer.wrap(packet, offset, length).getInt();
    long sum = 0;
    for (byte b : Arrays.copyOfRange(packet, offset + 4, offset + length)) {
      sum += b & 0xff;
    }
    events.add(new Received(nowNanos, number, length, sum));
  }

  @Override
  public void advanceTo(long nowNanos) {
    if (nowNanos >= deadlineNanos) {
      send(intervalBytes);
      deadlineNanos += intervalNanos;
    }
  }

  @Override
  public long nextDeadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public int pollPacket(long nowNanos, byte[] out, int offset, int limit) {
    byte[] packet = toSend.poll();
    if (packet == null) {
      return 0;
    }
    System.arraycopy(packet, 0, out, offset, packet.length);
    return packet.length;
  }

  @Override
  public @Nullable Received pollEvent() {
    return events.poll();
  }
}
