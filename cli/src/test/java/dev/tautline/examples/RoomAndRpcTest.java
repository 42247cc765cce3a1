package dev.tautline.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RoomAndRpcTest {
  @Test
  void twoProgramsMeetAndOneCallsTheOther() throws Exception {
    try (RoomsServer rooms = RoomsServer.start(RoomsServerOptions.builder().port(0).build())) {
      var serving = CompletableFuture.runAsync(() -> RoomAndRpc.serve(rooms.uri()));
      var calling = CompletableFuture.supplyAsync(() -> RoomAndRpc.call(rooms.uri()));

      assertThat(calling.get(60, TimeUnit.SECONDS)).isEqualTo("hello Ada");
      serving.get(60, TimeUnit.SECONDS);
    }
  }
}
