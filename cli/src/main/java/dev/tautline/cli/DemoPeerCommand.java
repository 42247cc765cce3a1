package dev.tautline.cli;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import java.net.URI;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The second JVM of the demo; started by {@link DemoCommand}. */
@Command(name = "demo-peer", hidden = true, mixinStandardHelpOptions = true)
final class DemoPeerCommand implements Callable<Integer> {
  @Option(names = "--server", required = true, description = "The rooms server.")
  private URI server = URI.create("http://127.0.0.1");

  @Option(names = "--room", required = true, description = "The room's name.")
  private String room = "";

  @Option(names = "--timeout", defaultValue = "30", description = "Seconds for joining.")
  private int seconds = 30;

  @Override
  public Integer call() throws InterruptedException {
    Limit limit = Limit.ofSeconds(seconds);
    try (Tautline tautline = Tautline.create();
        Room joined =
            limit.outcome(Room.join(options(tautline, server, room, limit)), "Joining the room");
        DemoPeer peer = new DemoPeer(joined)) {
      System.out.println("second JVM (pid " + peer.pid() + "): in the room and connected");
      joined.channel().closed().join();
    }
    return 0;
  }

  static RoomOptions options(Tautline tautline, URI server, String room, Limit limit) {
    return RoomOptions.builder(server, room, tautline)
        .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build())
        .joinTimeout(limit.duration())
        .build();
  }
}
