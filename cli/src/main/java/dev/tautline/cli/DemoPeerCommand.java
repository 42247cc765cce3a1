package dev.tautline.cli;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The second JVM of the demo; started by {@link DemoCommand}. */
@Command(name = "demo-peer", hidden = true, mixinStandardHelpOptions = true)
final class DemoPeerCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(DemoPeerCommand.class);

  @Option(names = "--server", required = true, description = "The rooms server.")
  private URI server = URI.create("http://127.0.0.1");

  @Option(names = "--room", required = true, description = "The room's name.")
  private String room = "";

  @Option(names = "--timeout", defaultValue = "30", description = "Seconds for joining.")
  private int seconds = 30;

  @Override
  public Integer call() throws InterruptedException {
    Limit limit = Limit.ofSeconds(seconds);
    endWithTheFirst();
    try (Tautline tautline = Tautline.create();
        Room joined =
            limit.outcome(Room.join(options(tautline, server, room, limit)), "Joining the room");
        DemoPeer peer = new DemoPeer(joined)) {
      System.out.println("second JVM (pid " + peer.pid() + "): in the room and connected");
      joined.channel().closed().join();
    }
    return 0;
  }

  /** The first JVM holds the other end of standard input, even if it is killed. */
  private static void endWithTheFirst() {
    var watch =
        new Thread(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                LOG.debug("standard input cannot be read", e);
              }
              LOG.debug("the first JVM is gone");
              System.exit(Main.FAILED);
            },
            "first-jvm");
    watch.setDaemon(true);
    watch.start();
  }

  static RoomOptions options(Tautline tautline, URI server, String room, Limit limit) {
    return RoomOptions.builder(server, room, tautline)
        .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build())
        .joinTimeout(limit.duration())
        .build();
  }
}
