package dev.tautline.cli;

import dev.tautline.datachannel.ConnectTimings;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.SelectedCandidatePair;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The main job, with two JVMs or with a JVM and a page. */
@Command(
    name = "demo",
    description =
        "Two JVMs meet in a room, connect, call each other's objects and move data; with --browser"
            + " one of the two is a web page.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  @Option(names = "--browser", description = "Serve a page that is one of the two.")
  private boolean browser;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address of the rooms server (default: ${DEFAULT-VALUE}, this machine only).")
  private String bind = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Port of the rooms server, 0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--server",
      paramLabel = "URI",
      description = "Use this rooms server instead of starting one.")
  private Optional<URI> server = Optional.empty();

  @Option(names = "--room", paramLabel = "NAME", description = "The room (default: a random one).")
  private Optional<String> roomName = Optional.empty();

  @Option(
      names = "--mib",
      paramLabel = "MIB",
      defaultValue = "256",
      description = "How much data to move (default: ${DEFAULT-VALUE}).")
  private int mib = 256;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "Time limit of each phase; of waiting for the page, 20 times this.")
  private int seconds = 30;

  @Override
  public Integer call() throws Exception {
    Ports.check(port);
    if (mib < 1 || mib > 65_536) {
      throw new CommandFailure("--mib " + mib + " is not between 1 and 65536; choose another size");
    }
    Limit limit = Limit.ofSeconds(seconds);
    String room =
        roomName.orElseGet(
            () -> "demo-" + Long.toHexString(ThreadLocalRandom.current().nextLong() >>> 24));
    if (server.isPresent()) {
      return browser
          ? new BrowserDemo(System.out).run(server.get(), room, limit)
          : twoJvms(server.get(), room, limit);
    }
    try (RoomsServer rooms =
        RoomsServer.start(RoomsServerOptions.builder().bindAddress(bind).port(port).build())) {
      return browser
          ? new BrowserDemo(System.out).run(rooms.uri(), room, limit)
          : twoJvms(rooms.uri(), room, limit);
    }
  }

  private int twoJvms(URI uri, String room, Limit limit) throws Exception {
    try (Tautline tautline = Tautline.create()) {
      // First, since a wrong address or name is no reason to start anything.
      RoomOptions options = DemoPeerCommand.options(tautline, uri, room, limit);
      System.out.println("rooms server on " + ServerUri.text(uri) + ", room " + room);
      System.out.println("first JVM (pid " + ProcessHandle.current().pid() + "): joins the room");
      try (SecondJvm second = SecondJvm.start(secondArguments(uri, room))) {
        return withSecond(options, second, limit);
      }
    }
  }

  private int withSecond(RoomOptions options, SecondJvm second, Limit limit) throws Exception {
    try (Room joined =
            limit.outcome(
                Room.join(options).applyToEither(second.untilItEnds(), room -> room),
                "Meeting the second JVM in the room");
        DemoPeer peer = new DemoPeer(joined)) {
      second.letSpeak();
      System.out.println("first JVM: in the room and connected");
      boolean passed = showChecks(peer, limit);
      PeerConnection connection = joined.peerConnection();
      RoundTrips.Figures roundTrips =
          limit.await(
              RoundTrips.measure(connection.createDataChannel(RoundTrips.LABEL)),
              "Measuring round trips",
              "run it again on a machine that is less busy");
      double cpuBefore = DemoPeer.ownCpuSeconds() + peer.other().cpuSeconds();
      Moved moved = move(peer, connection, limit);
      double cpuFirst = DemoPeer.ownCpuSeconds();
      double cpuSecond = peer.other().cpuSeconds();
      ConnectTimings timings = connection.timings();
      new Table()
          .row(
              "candidate pair",
              connection
                  .selectedCandidatePair()
                  .map(SelectedCandidatePair::toString)
                  .orElse("unknown"))
          .row(
              "time to open",
              timings.total().map(DemoCommand::millis).orElse("unknown")
                  + " = ICE "
                  + part(timings.ice())
                  + " + DTLS "
                  + part(timings.dtls())
                  + " + SCTP "
                  + part(timings.sctp())
                  + " (gathering took "
                  + part(timings.gather())
                  + ")")
          .row(
              "round trip of 64 bytes",
              format("p50 %.0f µs, p99 %.0f µs", roundTrips.p50Micros(), roundTrips.p99Micros()))
          .row(
              "throughput",
              format(
                  "%.0f MB/s (%d MiB in %.2f s)",
                  (mib * 1048576.0) / 1e6 / moved.seconds(), mib, moved.seconds()))
          .row(
              "CPU seconds",
              format(
                  "first JVM %.2f, second JVM %.2f; of these %.2f for the transfer",
                  cpuFirst, cpuSecond, cpuFirst + cpuSecond - cpuBefore))
          .row("SHA-256", moved.matches() ? "equal, " + moved.sha256() : "DIFFERENT")
          .row("calls", passed ? "all as expected" : "NOT as expected")
          .print(System.out);
      passed &= moved.matches();
      limit.await(joined.closeAsync(), "Leaving the room", "run it again with --debug");
      second.awaitGoodEnd(limit.duration());
      if (!passed) {
        throw new CommandFailure("Not everything matched; see the lines above");
      }
      return 0;
    }
  }

  private static boolean showChecks(DemoPeer peer, Limit limit) throws InterruptedException {
    boolean passed = true;
    List<DemoApi.Check> own =
        limit.await(
            CompletableFuture.supplyAsync(() -> DemoPeer.check(peer.other())),
            "Calling the second JVM's object",
            "run it again with --debug");
    for (DemoApi.Check check : own) {
      passed &= show("first calls second", check);
    }
    List<DemoApi.Check> others =
        limit.await(
            CompletableFuture.supplyAsync(() -> peer.other().checkCaller()),
            "Being called by the second JVM",
            "run it again with --debug");
    for (DemoApi.Check check : others) {
      passed &= show("second calls first", check);
    }
    return passed;
  }

  private static boolean show(String who, DemoApi.Check check) {
    System.out.printf(
        Locale.ROOT,
        "  %s: %-20s %s%s%n",
        who,
        check.what(),
        Main.oneLine(check.detail()),
        check.passed() ? "" : "  <- NOT EXPECTED");
    return check.passed();
  }

  private record Moved(String sha256, boolean matches, double seconds) {}

  private Moved move(DemoPeer peer, PeerConnection connection, Limit limit)
      throws InterruptedException {
    long bytes = (long) mib << 20;
    DataChannel channel = connection.createDataChannel(Transfer.LABEL);
    limit.await(channel.opened(), "Opening the channel of the transfer", "run it again");
    var progress = new Progress(System.out, Progress.onTerminal(), "transfer", bytes);
    long start = System.nanoTime();
    String sent = Transfer.send(channel, bytes, progress::update);
    // As long as the slowest link worth the name would need for what is still under way.
    String received =
        limit.await(
            peer.other().received(bytes), "The end of the transfer", "run it again with --debug");
    double seconds = (System.nanoTime() - start) / 1e9;
    progress.update(bytes);
    return new Moved(sent, sent.equals(received), seconds);
  }

  private List<String> secondArguments(URI uri, String room) {
    return List.of(
        "demo-peer",
        "--server",
        uri.toString(),
        "--room",
        room,
        "--timeout",
        Integer.toString(seconds));
  }

  private static String part(Optional<Duration> duration) {
    return duration.map(DemoCommand::millis).orElse("unknown");
  }

  private static String millis(Duration duration) {
    return format("%.1f ms", duration.toNanos() / 1e6);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
