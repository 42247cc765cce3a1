package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy by options, by builder and by environment; what reaches it. */
class HttpProxyTest {
  private static final String TURN = "turn:turn.example:3478?transport=tcp";

  /** A proxy that notes the first request and hangs up. */
  private static final class Noting implements AutoCloseable {
    final CompletableFuture<List<String>> request = new CompletableFuture<>();
    private final ServerSocket listener;

    Noting() throws Exception {
      listener = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
      var thread = new Thread(this::serve, "noting-proxy");
      thread.setDaemon(true);
      thread.start();
    }

    int port() {
      return listener.getLocalPort();
    }

    private void serve() {
      try (Socket client = listener.accept();
          var in =
              new BufferedReader(
                  new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
        List<String> lines = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
          lines.add(line);
        }
        request.complete(lines);
      } catch (IOException e) {
        request.completeExceptionally(e);
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  /** Gathers until the proxy has its request. */
  private static List<String> gather(
      Tautline tautline, PeerConnectionOptions.Builder options, Noting proxy) {
    try (PeerConnection connection =
        tautline.createPeerConnection(
            options
                .loopback(Loopback.ONLY)
                .iceServers(List.of(new IceServer(List.of(TURN), "user", "password")))
                .build())) {
      connection.createDataChannel("x");
      PeerPair.get(connection.setLocalDescription());
      return PeerPair.get(proxy.request);
    }
  }

  @Test
  void theEnvironmentNamesTheProxyAndItsUser() throws Exception {
    try (var proxy = new Noting();
        Tautline tautline =
            Tautline.builder()
                .environment(
                    Map.of(
                            "TAUTLINE_HTTP_PROXY",
                            " http://me:s%40cret%3A@127.0.0.1:" + proxy.port() + " ")
                        ::get)
                .build()) {
      List<String> lines = gather(tautline, PeerConnectionOptions.builder(), proxy);

      String login =
          Base64.getEncoder().encodeToString("me:s@cret:".getBytes(StandardCharsets.UTF_8));
      assertThat(lines)
          .startsWith("CONNECT turn.example:3478 HTTP/1.1")
          .contains("Proxy-Authorization: Basic " + login);
    }
  }

  @Test
  void theBuilderCountsMoreThanTheEnvironmentAndTheOptionsMoreThanBoth() throws Exception {
    try (var byEnvironment = new Noting();
        var byBuilder = new Noting();
        var byOptions = new Noting();
        Tautline tautline =
            Tautline.builder()
                .environment(
                    Map.of("TAUTLINE_HTTP_PROXY", "127.0.0.1:" + byEnvironment.port())::get)
                .httpProxy(HttpProxy.of("127.0.0.1", byBuilder.port()))
                .build()) {
      gather(tautline, PeerConnectionOptions.builder(), byBuilder);
      assertThat(byOptions.request).isNotDone();

      gather(
          tautline,
          PeerConnectionOptions.builder().httpProxy(HttpProxy.of("127.0.0.1", byOptions.port())),
          byOptions);
      assertThat(byEnvironment.request).isNotDone();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://proxy.example:3128, proxy.example, 3128, , ",
    "HTTP://proxy.example:3128/, proxy.example, 3128, , ",
    "proxy.example:80, proxy.example, 80, , ",
    "http://[2001:db8::1]:3128, 2001:db8::1, 3128, , ",
    "http://me@192.0.2.1:1, 192.0.2.1, 1, me, ''",
    "me:a+b%2F:c@192.0.2.1:1, 192.0.2.1, 1, me, a+b/:c"
  })
  void readsAUrl(String text, String host, int port, String user, String password) {
    assertThat(HttpProxy.parse(text)).isEqualTo(new HttpProxy(host, port, user, password));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "proxy",
        "http://proxy",
        "http://:80",
        "http://proxy:0",
        "http://proxy:65536",
        "ftp://proxy:80",
        "https://me:secret@proxy:80",
        "http://me:secret@proxy:80/x",
        "http://me:secret@proxy:80?x",
        "http://me:sec ret@proxy:80",
        "http://:secret@proxy:80",
        "http://me%3A:secret@proxy:80"
      })
  void refusesWhatIsNoneAndKeepsThePassword(String text) {
    assertThatThrownBy(() -> HttpProxy.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("http://user:password@proxy.example:3128")
        .hasMessageNotContaining("secret")
        .hasNoCause();
  }
}
