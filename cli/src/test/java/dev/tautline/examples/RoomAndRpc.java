package dev.tautline.examples;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.endpoint.datachannel.DataChannelEndpoint;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import java.net.URI;

/** The README's two programs: one exposes an object in a room, the other calls it. */
public final class RoomAndRpc {
  private RoomAndRpc() {}

  /** What can be called: the methods of this interface, nothing else. */
  public interface Greeter {
    String greet(String name);
  }

  static RoomOptions kitchen(URI server, Tautline tautline) {
    var options = PeerConnectionOptions.builder().includeLoopback(true).build();
    return RoomOptions.builder(server, "kitchen", tautline).connectionOptions(options).build();
  }

  static void serve(URI server) {
    try (Tautline tautline = Tautline.create();
        Room room = Room.join(kitchen(server, tautline)).join()) {
      Greeter greeter = name -> "hello " + name;
      Rpc.expose(DataChannelEndpoint.of(room.channel()), Greeter.class, greeter);
      room.channel().closed().join();
    }
  }

  static String call(URI server) {
    try (Tautline tautline = Tautline.create();
        Room room = Room.join(kitchen(server, tautline)).join()) {
      Greeter greeter = Rpc.wrap(DataChannelEndpoint.of(room.channel()), Greeter.class);
      return greeter.greet("Ada");
    }
  }
}
