package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.Loopback;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two agents on real sockets of this host. */
class LoopbackConnectTest {
  static IceAgentOptions loopback(Family... families) {
    return IceAgentOptions.builder().loopback(Loopback.ONLY).families(Set.of(families)).build();
  }

  @ParameterizedTest
  @CsvSource({"NIO,IPV4", "NIO,IPV6", "EPOLL,IPV4", "EPOLL,IPV6"})
  void connectsAndCarriesDatagramsBothWays(IceTransport transport, Family family) {
    try (IceRuntime runtime =
            IceRuntime.create(IceRuntimeOptions.defaults().withTransport(transport));
        var a = new RecordingPeer(runtime, loopback(family));
        var z = new RecordingPeer(runtime, loopback(family))) {
      assertThat(runtime.transportName())
          .isEqualTo(transport == IceTransport.NIO ? "nio" : "epoll");
      a.trickleTo(z);
      z.trickleTo(a);
      a.start(IceRole.CONTROLLING, z);
      z.start(IceRole.CONTROLLED, a);
      a.run(a.agent::gather);
      z.run(z.agent::gather);

      a.awaitState(IceState.COMPLETED);
      z.awaitState(IceState.COMPLETED);
      a.send("to z");
      z.send("to a");

      a.awaitThat(() -> a.texts().contains("to a"));
      z.awaitThat(() -> z.texts().contains("to z"));
      assertThat(a.states).startsWith(IceState.CHECKING, IceState.CONNECTED, IceState.COMPLETED);
      assertThat(a.on(a.agent::selectedPair).orElseThrow().remote().port())
          .isEqualTo(z.candidates.get(0).port());
    }
  }

  @Test
  void anAgentWithoutAddressesFailsAtItsPatienceAndSaysWhy() {
    var options =
        IceAgentOptions.builder()
            .interfaceFilter(name -> false)
            .patience(java.time.Duration.ofMillis(200))
            .build();
    try (IceRuntime runtime = IceRuntime.create();
        var a = new RecordingPeer(runtime, options);
        var z = new RecordingPeer(runtime, loopback(Family.IPV4))) {
      a.gatherAll();
      a.start(IceRole.CONTROLLING, z);

      a.awaitState(IceState.FAILED);
      assertThat(a.report().hint()).contains("offered no address");
    }
  }
}
