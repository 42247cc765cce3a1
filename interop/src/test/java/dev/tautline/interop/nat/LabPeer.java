package dev.tautline.interop.nat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.IceReport;
import dev.tautline.datachannel.IceServer;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionException;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SelectedCandidatePair;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * One of our peers in a host of the laboratory: commands of JSON on its standard input, events on
 * its standard output, several sessions at a time by number.
 */
public final class LabPeer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Tautline runtime = Tautline.create();
  private final Map<Integer, Session> sessions = new HashMap<>();

  /** Runs until the standard input ends. */
  public static void main(String[] arguments) throws IOException {
    var peer = new LabPeer();
    print(JSON.createObjectNode().put("session", 0).put("event", "ready"));
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        peer.command(JSON.readTree(line));
      }
    }
    peer.runtime.close();
  }

  private void command(JsonNode command) {
    int number = command.get("session").asInt();
    switch (command.get("do").asText()) {
      case "open" -> sessions.put(number, new Session(number, command));
      case "description" -> session(number).ifPresent(session -> session.description(command));
      case "candidate" -> session(number).ifPresent(session -> session.candidate(command));
      case "pair" -> session(number).ifPresent(Session::tellPair);
      case "close" -> {
        session(number).ifPresent(Session::close);
        sessions.remove(number);
      }
      default -> throw new IllegalArgumentException(command.toString());
    }
  }

  /** A candidate may come after the session's end. */
  private Optional<Session> session(int number) {
    return Optional.ofNullable(sessions.get(number));
  }

  private static synchronized void print(ObjectNode event) {
    try {
      System.out.println(JSON.writeValueAsString(event));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Session {
    private final int number;
    private final PeerConnection connection;
    private final long started = System.nanoTime();

    /** Those that overtook the description on its way; null once it is set. */
    private @Nullable List<JsonNode> early = new ArrayList<>();

    Session(int number, JsonNode command) {
      this.number = number;
      connection = runtime.createPeerConnection(options(command));
      connection.onIceCandidate(this::tellCandidate);
      connection.onDataChannel(
          channel ->
              channel.onMessage(
                  message -> channel.send(((DataChannelMessage.Text) message).text())));
      var unused = connection.connected().whenComplete((nothing, failure) -> ended(failure));
      if (command.get("offers").asBoolean()) {
        DataChannel channel = connection.createDataChannel("lab");
        channel.onOpen(() -> channel.send("there and back"));
        channel.onMessage(message -> event("echo", Map.of()));
        describe();
      }
    }

    private PeerConnectionOptions options(JsonNode command) {
      List<IceServer> servers = new ArrayList<>();
      for (JsonNode server : command.get("servers")) {
        List<String> urls = new ArrayList<>();
        server.get("urls").forEach(url -> urls.add(url.asText()));
        servers.add(new IceServer(urls, text(server, "username"), text(server, "credential")));
      }
      PeerConnectionOptions.Builder options = PeerConnectionOptions.builder().iceServers(servers);
      if (command.has("trust")) {
        options.turnTrustStore(trusting(Path.of(command.get("trust").asText())));
      }
      return options.build();
    }

    private void describe() {
      after(
          connection.setLocalDescription(),
          () -> {
            SessionDescription local = connection.localDescription().orElseThrow();
            event("description", Map.of("type", local.type().toString(), "sdp", local.sdp()));
          });
    }

    void description(JsonNode command) {
      boolean offer = command.get("type").asText().equals("offer");
      String sdp = command.get("sdp").asText();
      after(
          connection.setRemoteDescription(
              offer ? SessionDescription.offer(sdp) : SessionDescription.answer(sdp)),
          () -> {
            List<JsonNode> waiting;
            synchronized (this) {
              waiting = early == null ? List.of() : early;
              early = null;
            }
            waiting.forEach(this::add);
            if (offer) {
              describe();
            }
          });
    }

    void candidate(JsonNode command) {
      synchronized (this) {
        if (early != null) {
          early.add(command);
          return;
        }
      }
      add(command);
    }

    private void add(JsonNode command) {
      after(
          connection.addIceCandidate(
              new IceCandidateInit(
                  command.get("candidate").asText(),
                  text(command, "sdpMid"),
                  command.get("sdpMLineIndex").isNull()
                      ? null
                      : command.get("sdpMLineIndex").intValue(),
                  text(command, "usernameFragment"))),
          () -> {});
    }

    /** Tells the pair that carried the data at the end: a better one may have come since. */
    void close() {
      Map<String, String> pair = pair();
      connection.close();
      event("closed", pair);
    }

    void tellPair() {
      event("pair", pair());
    }

    private Map<String, String> pair() {
      return connection
          .selectedCandidatePair()
          .map(SelectedCandidatePair::remote)
          .map(remote -> Map.of("remote", remote.type(), "candidate", remote.toString()))
          .orElse(Map.of("remote", "none"));
    }

    private void tellCandidate(Optional<IceCandidateInit> candidate) {
      IceCandidateInit told = candidate.orElseGet(IceCandidateInit::endOfCandidates);
      Map<String, @Nullable Object> fields = new HashMap<>();
      fields.put("candidate", told.candidate());
      fields.put("sdpMid", told.sdpMid());
      fields.put("sdpMLineIndex", told.sdpMLineIndex());
      fields.put("usernameFragment", told.usernameFragment());
      event("candidate", fields);
    }

    private void ended(@Nullable Throwable failure) {
      long millis = (System.nanoTime() - started) / 1_000_000;
      if (failure == null) {
        event("connected", Map.of("millis", millis));
        return;
      }
      if (isClosed(failure)) {
        return;
      }
      Throwable cause = cause(failure);
      String report =
          cause instanceof PeerConnectionException e
              ? e.iceReport().map(IceReport::toString).orElse("")
              : "";
      event(
          "failed",
          Map.of(
              "millis", millis, "message", String.valueOf(cause.getMessage()), "report", report));
    }

    private void after(CompletableFuture<?> step, Runnable next) {
      var unused =
          step.whenComplete(
              (done, failure) -> {
                if (failure == null) {
                  next.run();
                } else if (!isClosed(failure)) {
                  event("problem", Map.of("message", failure.toString()));
                }
              });
    }

    private static Throwable cause(Throwable failure) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      return cause == null ? failure : cause;
    }

    /** What was under way when the session was closed. */
    private static boolean isClosed(Throwable failure) {
      return cause(failure) instanceof PeerConnectionException refused
          && refused.code() == PeerConnectionException.Code.CLOSED;
    }

    private void event(String name, Map<String, ?> fields) {
      ObjectNode event = JSON.createObjectNode().put("session", number).put("event", name);
      fields.forEach((key, value) -> event.set(key, JSON.valueToTree(value)));
      print(event);
    }
  }

  private static KeyStore trusting(Path certificate) {
    try (InputStream in = Files.newInputStream(certificate)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "lab", CertificateFactory.getInstance("X.509").generateCertificate(in));
      return store;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static @Nullable String text(JsonNode node, String field) {
    JsonNode value = node.get(field);
    return value == null ? null : value.textValue();
  }
}
