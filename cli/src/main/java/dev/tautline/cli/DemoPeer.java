package dev.tautline.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.rpc.JsException;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.endpoint.datachannel.DataChannelEndpoint;
import dev.tautline.signalling.client.Room;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** One of the two JVMs: exposes its object in the room and calls the other's. */
final class DemoPeer extends DemoObject implements DemoApi, AutoCloseable {
  private final Transfer.Receiver receiver = new Transfer.Receiver();
  private final RpcConnection connection;
  private final DemoApi other;

  DemoPeer(Room room) {
    room.onDataChannel(this::channel);
    connection = Rpc.connect(DataChannelEndpoint.of(room.channel()));
    other = connection.wrap(DemoApi.class);
    connection.expose(DemoApi.class, this);
  }

  /** The other JVM's object. */
  DemoApi other() {
    return other;
  }

  private void channel(DataChannel channel) {
    switch (channel.label()) {
      case Transfer.LABEL -> receiver.attach(channel);
      case RoundTrips.LABEL -> RoundTrips.echo(channel);
      default -> channel.closeAsync();
    }
  }

  @Override
  public List<Check> checkCaller() {
    return check(other);
  }

  /** Calls one member of each kind. */
  static List<Check> check(DemoApi api) {
    var checks = new ArrayList<Check>();
    String before = api.greeting();
    checks.add(new Check("read a property", before, before.startsWith("hello from process ")));
    String written = before + ", written from afar";
    api.greeting(written);
    String after = api.greeting();
    checks.add(new Check("write a property", after, after.equals(written)));
    api.greeting(before);
    int sum = api.add(20, 22);
    checks.add(new Check("call a method", "add(20, 22) = " + sum, sum == 42));
    var calls = new AtomicInteger();
    int doubled =
        api.sum(
                10,
                number -> {
                  calls.incrementAndGet();
                  return CompletableFuture.completedFuture(2 * number);
                })
            .join();
    checks.add(
        new Check(
            "be called back",
            calls + " callbacks, sum " + doubled,
            calls.get() == 10 && doubled == 110));
    Counter counter = api.counter(5);
    counter.next();
    int next = counter.next();
    checks.add(new Check("construct an object", "counter at " + next, next == 7));
    Rpc.release(counter);
    try {
      int quotient = api.divide(1, 0);
      checks.add(new Check("get an exception", "none came, but " + quotient, false));
    } catch (JsException e) {
      checks.add(
          new Check(
              "get an exception", e.name() + ": " + e.getMessage(), e.name().equals("RangeError")));
    }
    return checks;
  }

  @Override
  public CompletableFuture<String> received(long bytes) {
    return receiver.expect(bytes);
  }

  @Override
  public double cpuSeconds() {
    return ownCpuSeconds();
  }

  static double ownCpuSeconds() {
    var os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return os.getProcessCpuTime() / 1e9;
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public void close() {
    connection.close();
  }
}
