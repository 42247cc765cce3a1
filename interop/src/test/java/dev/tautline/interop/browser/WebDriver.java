package dev.tautline.interop.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * The few commands of the W3C WebDriver protocol that these tests need. One session; one command at
 * a time.
 *
 * <p>Thread rule: any thread.
 */
public final class WebDriver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(40);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(LIMIT).build();
  private final URI server;
  private String session = "";

  /** Talks to the driver at this address. */
  public WebDriver(URI server) {
    this.server = server;
  }

  /** Begins the session with these capabilities. */
  public synchronized void newSession(ObjectNode alwaysMatch) {
    ObjectNode body = JSON.createObjectNode();
    body.putObject("capabilities").set("alwaysMatch", alwaysMatch);
    session = "/" + request("POST", "/session", body).get("sessionId").asText();
  }

  /** Opens a tab or window, makes it the present one and returns its handle. */
  public synchronized String newTab() {
    ObjectNode body = JSON.createObjectNode().put("type", "tab");
    String handle = inSession("POST", "/window/new", body).get("handle").asText();
    switchTo(handle);
    return handle;
  }

  /** Makes a tab the present one. */
  public synchronized void switchTo(String handle) {
    inSession("POST", "/window", JSON.createObjectNode().put("handle", handle));
  }

  /** The handle of the present tab. */
  public synchronized String currentTab() {
    return inSession("GET", "/window", null).asText();
  }

  /** Closes a tab. */
  public synchronized void closeTab(String handle) {
    switchTo(handle);
    JsonNode left = inSession("DELETE", "/window", null);
    if (left.size() > 0) {
      switchTo(left.get(0).asText());
    }
  }

  /** Loads a page in the present tab and waits until it is loaded. */
  public synchronized void navigate(URI page) {
    inSession("POST", "/url", JSON.createObjectNode().put("url", page.toString()));
  }

  /** Loads a page in a tab. */
  public synchronized void navigate(String handle, URI page) {
    switchTo(handle);
    navigate(page);
  }

  /**
   * Runs a script in every page that the present tab loads from now on, before the page's own ones.
   */
  public synchronized void beforeEveryPage(String script) {
    ObjectNode body = JSON.createObjectNode().put("cmd", "Page.addScriptToEvaluateOnNewDocument");
    body.putObject("params").put("source", script);
    inSession("POST", "/goog/cdp/execute", body);
  }

  /** Runs a function body with {@code arguments} and returns its value; promises are awaited. */
  public synchronized JsonNode execute(String script, Object... arguments) {
    ObjectNode body = JSON.createObjectNode().put("script", script);
    ArrayNode list = body.putArray("args");
    for (Object argument : arguments) {
      list.add(JSON.<JsonNode>valueToTree(argument));
    }
    return inSession("POST", "/execute/sync", body);
  }

  /** Runs a function body in a tab. */
  public synchronized JsonNode executeIn(String handle, String script, Object... arguments) {
    switchTo(handle);
    return execute(script, arguments);
  }

  /** Clicks on the first element that the CSS selector finds in the present tab. */
  public synchronized void click(String selector) {
    ObjectNode find = JSON.createObjectNode().put("using", "css selector").put("value", selector);
    JsonNode element = inSession("POST", "/element", find);
    String id = element.elements().next().asText();
    inSession("POST", "/element/" + id + "/click", JSON.createObjectNode());
  }

  /** The present tab as PNG. */
  public synchronized byte[] screenshot() {
    return Base64.getDecoder().decode(inSession("GET", "/screenshot", null).asText());
  }

  /** The handles of all tabs. */
  public synchronized List<String> tabs() {
    return JSON.convertValue(
        inSession("GET", "/window/handles", null),
        JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  /** Ends the session, and with it the browser. */
  public synchronized void quit() {
    if (!session.isEmpty()) {
      inSession("DELETE", "", null);
      session = "";
    }
  }

  private JsonNode inSession(
      String method, String path, @org.jspecify.annotations.Nullable ObjectNode body) {
    return request(method, "/session" + session + path, body);
  }

  private JsonNode request(
      String method, String path, @org.jspecify.annotations.Nullable ObjectNode body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(path))
            .timeout(LIMIT)
            .header("Content-Type", "application/json; charset=utf-8");
    request.method(
        method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString()));
    try {
      var response = http.send(request.build(), BodyHandlers.ofString());
      JsonNode value = JSON.readTree(response.body()).path("value");
      if (response.statusCode() != 200) {
        throw new AssertionError(
            method + " " + path + ": " + value.path("error") + " " + value.path("message"));
      }
      return value;
    } catch (IOException e) {
      throw new AssertionError(method + " " + path + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(method + " " + path + " was interrupted", e);
    }
  }
}
