package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.ChildProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The laboratory's routers do what their kind says: shown by plain datagrams, nothing of ours. */
@Timeout(60)
class NatProbeIT {
  private static NetLab lab;
  private static ChildProcess server;

  @BeforeAll
  static void start() throws InterruptedException {
    lab = NetLab.create();
    var ready = new CountDownLatch(1);
    server =
        ChildProcess.start(
            "probe server",
            Path.of("."),
            lab.internet().command(LabHost.java(NatProbe.class, "server")),
            line -> ready.countDown());
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PUBLIC, EIM/EIF without NAT",
    "EIM_EIF, EIM/EIF behind NAT",
    "EIM_ADF, EIM/ADF behind NAT",
    "EIM_APDF, EIM/APDF behind NAT",
    "SYMMETRIC, APDM/APDF behind NAT",
    "UDP_BLOCKED, 'TCP 443, no UDP'",
    "IPV6_ONLY, 'nothing, no UDP'",
    "DEAD_IPV6, EIM/APDF behind NAT"
  })
  void aRouterBehavesAsItsKindSays(NetworkKind kind, String expected) {
    assertThat(probe(lab.host(kind))).isEqualTo(expected);
  }

  private static String probe(NetLab.Host host) {
    var lines = new LinkedBlockingQueue<String>();
    try (ChildProcess client =
        ChildProcess.start(
            "probe",
            Path.of("."),
            host.command(LabHost.java(NatProbe.class, "client")),
            lines::add)) {
      assertThat(client.awaitExit(30)).as(client::lastOutput).isZero();
    }
    return List.copyOf(lines).get(0);
  }
}
