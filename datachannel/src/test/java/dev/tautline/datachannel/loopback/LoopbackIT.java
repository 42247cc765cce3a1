package dev.tautline.datachannel.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.DataChannelState;
import dev.tautline.datachannel.IpFamilies;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionException;
import dev.tautline.datachannel.PeerConnectionState;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** This process and a second one, each with its own JVM, over real loopback sockets. */
@Timeout(120)
class LoopbackIT {
  private enum Role {
    OFFERS,
    ANSWERS
  }

  static Stream<Arguments> combinations() {
    List<Arguments> all = new ArrayList<>();
    for (IpFamilies family : List.of(IpFamilies.IPV4, IpFamilies.IPV6)) {
      for (Role role : Role.values()) {
        for (var transport : List.of(Tautline.Transport.EPOLL, Tautline.Transport.NIO)) {
          all.add(Arguments.of(family, role, transport));
        }
      }
    }
    return all.stream();
  }

  /** The other process and our connection to it. */
  private static final class Session implements AutoCloseable {
    final Tautline tautline;
    final Process process;
    final BufferedReader lines;
    final PeerConnection connection;
    final BlockingQueue<DataChannelMessage> negotiatedMessages = new LinkedBlockingQueue<>();
    final DataChannel negotiated;
    final DataChannel channel;
    final BlockingQueue<DataChannelMessage> messages = new LinkedBlockingQueue<>();

    Session(IpFamilies family, Role role, Tautline.Transport transport) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  OtherPeer.class.getName(),
                  transport.name(),
                  family.name(),
                  role == Role.OFFERS ? "answer" : "offer")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      System.out.println(
          family
              + " "
              + role
              + " "
              + transport
              + ": this process "
              + ProcessHandle.current().pid()
              + ", the other "
              + line("pid"));
      tautline = Tautline.builder().transport(transport).build();
      connection = tautline.createPeerConnection(OtherPeer.options(family));
      channel = connection.createDataChannel("echo");
      channel.onMessage(messages::add);
      negotiated =
          connection.createDataChannel(
              "negotiated", DataChannelOptions.builder().negotiated(1000).build());
      negotiated.onMessage(negotiatedMessages::add);
      if (role == Role.OFFERS) {
        get(connection.setLocalDescription());
        get(connection.gatheringComplete());
        say(OtherPeer.encode(connection.localDescription().orElseThrow()));
        get(
            connection.setRemoteDescription(
                SessionDescription.answer(OtherPeer.decode(line("answer")))));
      } else {
        get(
            connection.setRemoteDescription(
                SessionDescription.offer(OtherPeer.decode(line("offer")))));
        get(connection.setLocalDescription());
        get(connection.gatheringComplete());
        say(OtherPeer.encode(connection.localDescription().orElseThrow()));
      }
      get(connection.connected());
      get(channel.opened());
      get(negotiated.opened());
      String via = line("via");
      assertThat(via).startsWith(transport == Tautline.Transport.EPOLL ? "epoll" : "nio");
      assertThat(via).contains(family == IpFamilies.IPV4 ? "127.0.0.1" : ":1]");
    }

    private String line(String word) throws IOException {
      String line = lines.readLine();
      assertThat(line).as("the other process ended").isNotNull().startsWith(word + ' ');
      return line.substring(word.length() + 1);
    }

    private void say(String line) throws IOException {
      OutputStream out = process.getOutputStream();
      out.write((line + '\n').getBytes(StandardCharsets.UTF_8));
      out.flush();
    }

    DataChannelMessage next() {
      return LoopbackIT.next(messages);
    }

    @Override
    public void close() {
      tautline.close();
      process.destroyForcibly();
    }
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static DataChannelMessage next(BlockingQueue<DataChannelMessage> queue) {
    try {
      DataChannelMessage message = queue.poll(30, TimeUnit.SECONDS);
      assertThat(message).as("nothing came within 30 s").isNotNull();
      return message;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest(name = "{0}, {1} here, {2}")
  @MethodSource("combinations")
  void twoProcessesExchangeMessages(IpFamilies family, Role role, Tautline.Transport transport)
      throws Exception {
    try (var session = new Session(family, role, transport)) {
      DataChannel channel = session.channel;
      channel.send("hello");
      channel.send("");
      assertThat(session.next()).hasToString("hello");
      assertThat(session.next()).isEqualTo(new DataChannelMessage.Text("", 0));
      session.negotiated.send("over the negotiated one");
      assertThat(next(session.negotiatedMessages)).hasToString("over the negotiated one");

      byte[] large = new byte[262_144];
      new Random(3).nextBytes(large);
      channel.send(large);
      channel.send(new byte[0]);
      assertThat(session.next()).isEqualTo(new DataChannelMessage.Binary(large));
      assertThat(session.next()).isEqualTo(new DataChannelMessage.Binary(new byte[0]));

      echoBulk(session, 256, 65_536);

      for (int i = 0; i < 20; i++) {
        DataChannel another =
            session.connection.createDataChannel(
                "another " + i, DataChannelOptions.builder().ordered(false).build());
        var echo = new CompletableFuture<DataChannelMessage>();
        another.onMessage(echo::complete);
        get(another.opened()).send("message " + i);
        assertThat(get(echo)).hasToString("message " + i);
        if (i % 2 == 0) {
          another.close();
        } else {
          another.send("close the channel");
        }
        get(another.closed());
      }

      channel.send("close the connection");
      get(channel.closed());
      await().until(() -> session.connection.connectionState() == PeerConnectionState.FAILED);
      assertThat(session.connection.failure().orElseThrow().code())
          .isEqualTo(PeerConnectionException.Code.PEER_CLOSED);
      session.process.getOutputStream().close();
      assertThat(session.lines.readLine()).isEqualTo("bye");
      assertThat(session.process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(session.process.exitValue()).isZero();
    }
  }

  /** Everything goes there and comes back; the hash of both is the same. */
  private static void echoBulk(Session session, int count, int size) throws Exception {
    var sent = MessageDigest.getInstance("SHA-256");
    var received = MessageDigest.getInstance("SHA-256");
    var random = new Random(5);
    var writer =
        CompletableFuture.runAsync(
            () -> {
              byte[] chunk = new byte[size];
              for (int i = 0; i < count; i++) {
                random.nextBytes(chunk);
                sent.update(chunk);
                get(session.channel.sendAsync(chunk));
              }
            });
    for (int i = 0; i < count; i++) {
      received.update(((DataChannelMessage.Binary) session.next()).data());
    }
    get(writer);
    assertThat(received.digest()).isEqualTo(sent.digest());
  }

  @Test
  void aKilledProcessIsNoticedWithin32Seconds() throws Exception {
    try (var session = new Session(IpFamilies.IPV4, Role.OFFERS, Tautline.Transport.NIO)) {
      session.channel.send("alive");
      assertThat(session.next()).hasToString("alive");
      var disconnected = new CompletableFuture<Void>();
      session.connection.onConnectionStateChange(
          s -> {
            if (s == PeerConnectionState.DISCONNECTED) {
              disconnected.complete(null);
            }
          });
      long start = System.nanoTime();

      // SIGKILL: nothing is said.
      session.process.destroyForcibly();

      await()
          .atMost(Duration.ofSeconds(32))
          .until(() -> session.connection.connectionState() == PeerConnectionState.FAILED);
      System.out.printf("SIGKILL noticed after %d ms%n", (System.nanoTime() - start) / 1_000_000);
      assertThat(disconnected).isCompleted();
      get(session.channel.closed());
      assertThat(session.channel.readyState()).isEqualTo(DataChannelState.CLOSED);
      assertThat(session.connection.failure().orElseThrow().code())
          .isEqualTo(PeerConnectionException.Code.ICE_FAILED);
    }
  }
}
