package dev.tautline.signalling.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A member that shares no code with ours: the JDK's HTTP and WebSocket client, Jackson's tree. */
final class RawMember {
  static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  static final ObjectMapper JSON = new ObjectMapper();
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How a WebSocket ended. */
  record Closed(int code, String reason) {}

  /** One WebSocket of a member. */
  static final class Events implements WebSocket.Listener {
    private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private WebSocket socket;

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        try {
          frames.add(JSON.readTree(text.toString()));
        } catch (IOException e) {
          closed.completeExceptionally(e);
        }
        text.setLength(0);
      }
      webSocket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
      webSocket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
      closed.complete(new Closed(code, reason));
      return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
      closed.completeExceptionally(error);
    }

    /** The next frame; fails when none comes. */
    JsonNode next() throws InterruptedException {
      JsonNode frame = frames.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (frame == null) {
        throw new AssertionError("no frame came; closed: " + closed);
      }
      return frame;
    }

    /** The next frame of this type, after any others. */
    JsonNode next(String type) throws InterruptedException {
      JsonNode frame = next();
      while (!frame.path("type").asText().equals(type)) {
        frame = next();
      }
      return frame;
    }

    Closed closed() {
      return closed.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    void send(String json) {
      socket.sendText(json, true).join();
    }

    void sendBinary(byte[] bytes) {
      socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    void sendFragment(String part) {
      socket.sendText(part, false).handle((sent, failure) -> null).join();
    }

    /** Sends unless the connection is over, which a flood has to expect. */
    void trySend(String json) {
      socket.sendText(json, true).handle((sent, failure) -> null).join();
    }

    boolean isClosed() {
      return closed.isDone();
    }

    /** Frames that came and were not asked for yet. */
    int received() {
      return frames.size();
    }

    /** Breaks the connection without a word. */
    void abort() {
      socket.abort();
    }

    WebSocket socket() {
      return socket;
    }
  }

  final URI server;
  final String room;
  final JsonNode claim;

  private RawMember(URI server, String room, JsonNode claim) {
    this.server = server;
    this.room = room;
    this.claim = claim;
  }

  static HttpResponse<String> post(URI uri, String body, String... headers) throws Exception {
    var request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
    request.header("Content-Type", "application/json");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return HTTP.send(
        request.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> send(String method, URI uri, String... headers) throws Exception {
    var request =
        HttpRequest.newBuilder(uri)
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.noBody());
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> tryClaim(URI server, String room, String body) throws Exception {
    return post(server.resolve("/rooms/" + room + "/claim"), body);
  }

  static RawMember claim(URI server, String room) throws Exception {
    return claim(server, room, "{}");
  }

  static RawMember claim(URI server, String room, String body) throws Exception {
    HttpResponse<String> response = tryClaim(server, room, body);
    if (response.statusCode() != 201) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return new RawMember(server, room, JSON.readTree(response.body()));
  }

  String token() {
    return claim.path("token").asText();
  }

  String slot() {
    return claim.path("slot").asText();
  }

  long number() {
    return claim.path("member").asLong();
  }

  Events connect(long after) {
    return connect(server, room, token(), after);
  }

  static Events connect(URI server, String room, String token, long after) {
    var events = new Events();
    events.socket =
        HTTP.newWebSocketBuilder()
            .subprotocols("tautline.rooms.v1", "token." + token)
            .connectTimeout(PATIENCE)
            .buildAsync(
                URI.create(
                    "ws://" + server.getAuthority() + "/rooms/" + room + "/events?after=" + after),
                events)
            .join();
    return events;
  }
}
