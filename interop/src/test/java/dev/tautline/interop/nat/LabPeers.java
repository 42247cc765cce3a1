package dev.tautline.interop.nat;

import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.peer.ForeignPeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A process in a host of the laboratory with peers that take the commands of {@code peer.mjs}.
 * Standard input and output lead there, as no network does: each line begins with a peer's number.
 */
final class LabPeers implements AutoCloseable {
  private static final int READY_SECONDS = 60;
  private static final String READY = "ready";
  private static final String OPEN = "open";
  private static final String CLOSE = "close";
  private static final String END = "end";
  private static final int END_SECONDS = 10;

  private final NetLab.Host host;
  private final ChildProcess process;
  private final CountDownLatch ready = new CountDownLatch(1);
  private final Map<String, ForeignPeer> peers = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();

  /** Starts {@code main}, which calls {@link #serve}. */
  LabPeers(NetLab.Host host, Class<?> main, String... arguments) {
    this.host = host;
    process =
        ChildProcess.start(
            main.getSimpleName() + " in " + host.namespace(),
            Path.of("."),
            host.command(LabHost.java(main, arguments)),
            this::line);
  }

  /** Where it runs. */
  NetLab.Host host() {
    return host;
  }

  /** Waits until the process takes commands. */
  LabPeers awaitReady() throws InterruptedException {
    if (!ready.await(READY_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("not ready\n" + process.lastOutput());
    }
    return this;
  }

  /**
   * Makes a peer.
   *
   * @param name for messages
   * @param config an {@code RTCConfiguration}
   */
  ForeignPeer open(String name, Map<String, ?> config) {
    String number = "#" + numbers.incrementAndGet();
    var peer = new ForeignPeer(name + " " + number, new Carrier(number));
    peers.put(number, peer);
    process.writeLine(number + " " + OPEN);
    peer.await(READY);
    peer.call("create", Map.of("config", config));
    return peer;
  }

  private void line(String line) {
    if (line.equals(READY)) {
      ready.countDown();
    }
    int space = line.indexOf(' ');
    ForeignPeer peer = space < 0 ? null : peers.get(line.substring(0, space));
    if (peer != null) {
      peer.receive(line.substring(space + 1));
    }
  }

  /** Lets it end by itself first: a browser deletes its profile. */
  @Override
  public void close() {
    try {
      if (process.isAlive()) {
        process.writeLine(END);
        process.awaitExit(END_SECONDS);
      }
    } finally {
      process.close();
    }
  }

  private final class Carrier implements ForeignPeer.Carrier {
    private final String number;

    Carrier(String number) {
      this.number = number;
    }

    @Override
    public void send(String line) {
      process.writeLine(number + " " + line);
    }

    @Override
    public void close() {
      peers.remove(number);
      process.writeLine(number + " " + CLOSE);
    }

    @Override
    public String diagnosis() {
      return process.lastOutput();
    }
  }

  /** The process's side: runs until it is told to end, or the standard input ends. */
  static void serve(Function<Consumer<String>, ForeignPeer.Carrier> open) throws IOException {
    Map<String, ForeignPeer.Carrier> carriers = new HashMap<>();
    print(READY);
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null && !line.equals(END); line = in.readLine()) {
        int space = line.indexOf(' ');
        String number = line.substring(0, space);
        String rest = line.substring(space + 1);
        if (rest.equals(OPEN)) {
          carriers.put(number, open.apply(event -> print(number + " " + event)));
        } else if (rest.equals(CLOSE)) {
          carriers.remove(number).close();
        } else {
          carriers.get(number).send(rest);
        }
      }
    }
    carriers.values().forEach(ForeignPeer.Carrier::close);
  }

  private static synchronized void print(String line) {
    System.out.println(line);
  }
}
