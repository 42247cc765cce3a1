package dev.tautline.interop.browser;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The few commands of W3C WebDriver BiDi that these tests need, over one WebSocket. One session;
 * one command at a time.
 *
 * <p>Thread rule: any thread.
 */
final class BiDiDriver implements BrowserDriver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(40);

  private final Replies replies = new Replies();
  private final WebSocket socket;
  private long lastId;
  private String present = "";
  private boolean ended;

  /** Connects and begins a session. */
  static BiDiDriver connect(URI server) {
    return new BiDiDriver(server);
  }

  private BiDiDriver(URI server) {
    socket =
        HttpClient.newBuilder()
            .connectTimeout(LIMIT)
            .build()
            .newWebSocketBuilder()
            .connectTimeout(LIMIT)
            .buildAsync(server, replies)
            .join();
    ObjectNode parameters = JSON.createObjectNode();
    parameters.putObject("capabilities");
    command("session.new", parameters);
    present = tabs().get(0);
  }

  @Override
  public synchronized String newTab() {
    JsonNode tab = command("browsingContext.create", JSON.createObjectNode().put("type", "tab"));
    present = tab.get("context").asText();
    return present;
  }

  @Override
  public synchronized void switchTo(String handle) {
    present = handle;
    command("browsingContext.activate", inPresent());
  }

  @Override
  public synchronized String currentTab() {
    return present;
  }

  @Override
  public synchronized void closeTab(String handle) {
    command("browsingContext.close", JSON.createObjectNode().put("context", handle));
    if (handle.equals(present)) {
      List<String> left = tabs();
      present = left.isEmpty() ? "" : left.get(0);
    }
  }

  @Override
  public synchronized void navigate(URI page) {
    command(
        "browsingContext.navigate",
        inPresent().put("url", page.toString()).put("wait", "complete"));
  }

  @Override
  public synchronized void beforeEveryPage(String script) {
    ObjectNode parameters = JSON.createObjectNode();
    parameters.put("functionDeclaration", "() => {" + script + "}");
    parameters.putArray("contexts").add(present);
    command("script.addPreloadScript", parameters);
  }

  /** Arguments and result travel as JSON in a string: the protocol has a type for each value. */
  @Override
  public synchronized JsonNode execute(String script, Object... arguments) {
    try {
      ObjectNode parameters = JSON.createObjectNode();
      parameters.put(
          "functionDeclaration",
          "async json => JSON.stringify(await (function () {"
              + script
              + "\n}).apply(null, JSON.parse(json)) ?? null)");
      parameters.put("awaitPromise", true);
      parameters.putObject("target").put("context", present);
      parameters
          .putArray("arguments")
          .addObject()
          .put("type", "string")
          .put("value", JSON.writeValueAsString(arguments));
      JsonNode result = command("script.callFunction", parameters);
      if (!"success".equals(result.get("type").asText())) {
        throw new AssertionError("the script failed: " + result.at("/exceptionDetails/text"));
      }
      return JSON.readTree(result.at("/result/value").asText());
    } catch (JsonProcessingException e) {
      throw new AssertionError("a script's argument or result has no JSON", e);
    }
  }

  @Override
  public synchronized void click(String selector) {
    ObjectNode find = inPresent().put("maxNodeCount", 1);
    find.putObject("locator").put("type", "css").put("value", selector);
    JsonNode nodes = command("browsingContext.locateNodes", find).get("nodes");
    if (nodes.isEmpty()) {
      throw new AssertionError("no element " + selector);
    }
    execute("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", selector);
    ObjectNode actions = inPresent();
    ObjectNode mouse =
        actions.putArray("actions").addObject().put("type", "pointer").put("id", "m");
    ArrayNode steps = mouse.putArray("actions");
    ObjectNode move = steps.addObject().put("type", "pointerMove").put("x", 0).put("y", 0);
    move.putObject("origin")
        .put("type", "element")
        .putObject("element")
        .put("sharedId", nodes.get(0).get("sharedId").asText());
    steps.addObject().put("type", "pointerDown").put("button", 0);
    steps.addObject().put("type", "pointerUp").put("button", 0);
    command("input.performActions", actions);
  }

  @Override
  public synchronized byte[] screenshot() {
    JsonNode picture = command("browsingContext.captureScreenshot", inPresent());
    return Base64.getDecoder().decode(picture.get("data").asText());
  }

  @Override
  public synchronized List<String> tabs() {
    JsonNode tree = command("browsingContext.getTree", JSON.createObjectNode().put("maxDepth", 0));
    var handles = new ArrayList<String>();
    tree.get("contexts").forEach(context -> handles.add(context.get("context").asText()));
    return handles;
  }

  @Override
  public synchronized void quit() {
    if (!ended) {
      ended = true;
      command("browser.close", JSON.createObjectNode());
      socket.abort();
    }
  }

  private ObjectNode inPresent() {
    return JSON.createObjectNode().put("context", present);
  }

  private synchronized JsonNode command(String method, ObjectNode parameters) {
    long id = ++lastId;
    ObjectNode command = JSON.createObjectNode().put("id", id).put("method", method);
    command.set("params", parameters);
    CompletableFuture<JsonNode> reply = replies.expect(id);
    try {
      socket.sendText(command.toString(), true).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      return reply.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(method + " was interrupted", e);
    } catch (ExecutionException e) {
      throw new AssertionError(method + ": " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError(method + " got no reply in " + LIMIT.toSeconds() + " s", e);
    }
  }

  /** What comes from the browser: replies by id; events are not subscribed to. */
  private static final class Replies implements WebSocket.Listener {
    private final Map<Long, CompletableFuture<JsonNode>> pending = new HashMap<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable String ended;

    synchronized CompletableFuture<JsonNode> expect(long id) {
      var reply = new CompletableFuture<JsonNode>();
      if (ended != null) {
        reply.completeExceptionally(new IllegalStateException(ended));
      } else {
        pending.put(id, reply);
      }
      return reply;
    }

    @Override
    public @Nullable CompletionStage<?> onText(
        WebSocket webSocket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        try {
          receive(JSON.readTree(text.toString()));
        } catch (JsonProcessingException e) {
          end("no JSON came: " + e.getMessage());
        }
        text.setLength(0);
      }
      webSocket.request(1);
      return null;
    }

    private synchronized void receive(JsonNode line) {
      CompletableFuture<JsonNode> reply = pending.remove(line.path("id").asLong(-1));
      if (reply == null) {
        return;
      }
      if ("success".equals(line.path("type").asText())) {
        reply.complete(line.get("result"));
      } else {
        reply.completeExceptionally(
            new IllegalStateException(line.path("error") + " " + line.path("message")));
      }
    }

    @Override
    public @Nullable CompletionStage<?> onClose(
        WebSocket webSocket, int statusCode, String reason) {
      end("the browser closed the session: " + statusCode + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
      end("the session broke: " + error);
    }

    private synchronized void end(String why) {
      ended = why;
      pending
          .values()
          .forEach(reply -> reply.completeExceptionally(new IllegalStateException(why)));
      pending.clear();
    }
  }
}
