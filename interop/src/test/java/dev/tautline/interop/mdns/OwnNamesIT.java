package dev.tautline.interop.mdns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.HostCandidates;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import dev.tautline.interop.browser.Browser;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.browser.Chromium;
import dev.tautline.interop.browser.Firefox;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Candidates;
import dev.tautline.interop.peer.OurPeer.Offerer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A JVM whose only candidates are {@code .local} names: browsers connect to it by them alone, Avahi
 * and dig resolve them. On this machine's own network, over which nothing but multicast goes.
 */
@Timeout(90)
class OwnNamesIT {
  private static final String LABEL = "by name";
  private static final PeerConnectionOptions NAMED =
      PeerConnectionOptions.builder().hostCandidates(HostCandidates.MDNS_NAMES).build();

  @TempDir Path folder;
  private Tautline runtime;

  @BeforeEach
  void start() throws SocketException {
    Require.that(
        NetworkInterface.networkInterfaces().anyMatch(OwnNamesIT::multicasts),
        "names of ours need an interface that is up, multicasts and has an IPv4 address");
    runtime = Tautline.create();
  }

  @AfterEach
  void stop() {
    if (runtime != null) {
      runtime.close();
    }
  }

  private static boolean multicasts(NetworkInterface nic) {
    try {
      return nic.isUp()
          && !nic.isLoopback()
          && nic.supportsMulticast()
          && IceAgentOptions.defaults().interfaceFilter().test(nic.getName())
          && nic.inetAddresses().anyMatch(Inet4Address.class::isInstance);
    } catch (SocketException e) {
      return false;
    }
  }

  enum Kind {
    CHROMIUM,
    FIREFOX;

    Browser start() {
      return this == CHROMIUM
          ? Chromium.start(LocalAddresses.MDNS_NAMES)
          : Firefox.start(LocalAddresses.MDNS_NAMES);
    }
  }

  /**
   * We take no candidate of the page: unless it resolves our name and asks, there is no pair. (A
   * browser that is told to offer its addresses as they are resolves no names either.)
   */
  @ParameterizedTest
  @CsvSource({"CHROMIUM,OURS", "CHROMIUM,FOREIGN", "FIREFOX,OURS", "FIREFOX,FOREIGN"})
  void aPageFindsUsByOurNameAlone(Kind kind, Offerer offerer) {
    try (Browser browser = kind.start();
        ForeignPeer page = browser.openPeer();
        OurPeer jvm = new OurPeer(runtime, NAMED).hideTheirCandidates()) {
      talk(page, jvm, offerer, Candidates.IN_DESCRIPTION);
      assertThat(jvm.connection().selectedCandidatePair().orElseThrow().remote().type())
          .isEqualTo("prflx");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aPageAndWeTalkWhileNeitherTellsAnAddress(Kind kind) {
    try (Browser browser = kind.start();
        ForeignPeer page = browser.openPeer();
        OurPeer jvm = new OurPeer(runtime, NAMED)) {
      talk(page, jvm, Offerer.FOREIGN, Candidates.TRICKLED);
    }
  }

  private static void talk(ForeignPeer page, OurPeer jvm, Offerer offerer, Candidates candidates) {
    OurChannel ours = null;
    if (offerer == Offerer.OURS) {
      ours = jvm.channel(LABEL);
    } else {
      page.channel(LABEL, Map.of());
    }
    jvm.connect(page, offerer, candidates);
    OurChannel channel = (ours == null ? jvm.awaitChannel() : ours).awaitOpen();
    page.await("open", LABEL);
    channel.channel().send("ping");
    assertThat(page.awaitText(LABEL)).isEqualTo("ping");
    page.send(LABEL, "pong");
    assertThat(channel.awaitText()).isEqualTo("pong");
    assertThat(names(jvm.connection())).isNotEmpty();
  }

  /** The names in our description, in which there are no addresses. */
  private static List<String> names(PeerConnection connection) {
    List<String> addresses =
        connection
            .localDescription()
            .orElseThrow()
            .sdp()
            .lines()
            .filter(line -> line.startsWith("a=candidate:"))
            .map(line -> line.split(" ")[4])
            .toList();
    assertThat(addresses).allMatch(address -> address.endsWith(".local"));
    return addresses;
  }

  private PeerConnection gathered() {
    PeerConnection connection = runtime.createPeerConnection(NAMED);
    connection.createDataChannel(LABEL);
    connection.setLocalDescription().orTimeout(5, TimeUnit.SECONDS).join();
    connection.gatheringComplete().orTimeout(5, TimeUnit.SECONDS).join();
    return connection;
  }

  /**
   * A resolver that knows nothing of multicast DNS. It is sent to an address of this host, as dig
   * takes no answer from another address than it asked.
   */
  @Test
  void digGetsOneAddressForEachName() throws SocketException {
    String dig = Require.program("dig", "bind9-dnsutils").toString();
    String here = ownIpv4();
    try (PeerConnection connection = gathered()) {
      for (String name : names(connection)) {
        List<String> found = new ArrayList<>();
        for (String type : List.of("A", "AAAA")) {
          for (String line :
              output(dig, "-p", "5353", "@" + here, name, type, "+noall", "+answer", "+time=3")) {
            String[] words = line.split("[ \t]+", 5);
            assertThat(words[0]).isEqualTo(name + ".");
            if (words[3].equals(type)) {
              found.add(words[4]);
            } else {
              // The other family is not there, and dig is told so.
              assertThat(words[3]).isEqualTo("NSEC");
            }
          }
        }
        assertThat(found).hasSize(1).allMatch(OwnNamesIT::isOwn);
      }
    }
  }

  private static String ownIpv4() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .filter(OwnNamesIT::multicasts)
        .flatMap(NetworkInterface::inetAddresses)
        .filter(Inet4Address.class::isInstance)
        .findFirst()
        .orElseThrow()
        .getHostAddress();
  }

  private static boolean isOwn(String literal) {
    try {
      return NetworkInterface.getByInetAddress(InetAddress.getByName(literal)) != null;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The daemon asks by multicast, keeps what it heard for its time, and forgets it at our leave.
   */
  @Test
  void avahiResolvesOurNamesUntilWeLeave() {
    String resolve = Require.program("avahi-resolve", "avahi-utils").toString();
    String daemon = Require.program("avahi-daemon", "avahi-daemon").toString();
    String bus = Require.program("dbus-daemon", "dbus").toString();
    Require.that(
        "root".equals(System.getProperty("user.name")),
        "Avahi is started with a bus of its own: run it as root");
    String address = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + folder.resolve("bus");
    var ready = new CompletableFuture<Boolean>();
    Consumer<String> awaitReady =
        line -> {
          if (line.contains("startup complete")) {
            ready.complete(true);
          }
        };
    write("bus.conf", BUS.replace("FOLDER", folder.toString()));
    write(
        "avahi.conf", "[server]\nuse-ipv4=yes\nuse-ipv6=yes\n[publish]\ndisable-publishing=yes\n");
    try (ChildProcess theBus =
        ChildProcess.start(
            "dbus-daemon",
            folder,
            List.of(bus, "--config-file=bus.conf", "--nofork", "--nopidfile"),
            line -> {})) {
      await().until(() -> Files.exists(folder.resolve("bus")) && theBus.isAlive());
      try (ChildProcess avahi =
          ChildProcess.start(
              "avahi-daemon",
              folder,
              List.of(
                  "env",
                  address,
                  daemon,
                  "-f",
                  folder.resolve("avahi.conf").toString(),
                  "--no-drop-root",
                  "--no-chroot",
                  "--no-rlimits"),
              awaitReady,
              awaitReady)) {
        await().untilAsserted(() -> assertThat(ready).as(avahi.lastOutput()).isDone());
        List<String> names;
        try (PeerConnection connection = gathered()) {
          names = names(connection);
          for (String name : names) {
            assertThat(resolved(address, resolve, name)).hasSize(1).allMatch(OwnNamesIT::isOwn);
          }
        }
        // Else it would keep them for two minutes.
        for (String name : names) {
          await()
              .atMost(Duration.ofSeconds(30))
              .until(() -> resolved(address, resolve, name).isEmpty());
        }
      }
    }
  }

  private static final String BUS =
      """
      <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
        "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
      <busconfig>
        <type>system</type>
        <listen>unix:path=FOLDER/bus</listen>
        <auth>EXTERNAL</auth>
        <policy context="default">
          <allow user="*"/>
          <allow own="*"/>
          <allow send_type="method_call"/>
          <allow send_destination="*"/>
          <allow receive_sender="*"/>
        </policy>
      </busconfig>
      """;

  private void write(String file, String text) {
    try {
      Files.writeString(folder.resolve(file), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Avahi says: the name, a tab, the address; nothing when there is none within 5 s. */
  private List<String> resolved(String bus, String resolve, String name) {
    return output("env", bus, resolve, "-n", name).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf('\t') + 1))
        .toList();
  }

  private List<String> output(String... command) {
    List<String> lines = new CopyOnWriteArrayList<>();
    try (ChildProcess process =
        ChildProcess.start(command[0], folder, List.of(command), lines::add)) {
      process.awaitExit(15);
    }
    return lines;
  }
}
