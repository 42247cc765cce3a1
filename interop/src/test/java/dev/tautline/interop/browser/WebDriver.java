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
public final class WebDriver implements BrowserDriver {
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

  @Override
  public synchronized String newTab() {
    ObjectNode body = JSON.createObjectNode().put("type", "tab");
    String handle = inSession("POST", "/window/new", body).get("handle").asText();
    switchTo(handle);
    return handle;
  }

  @Override
  public synchronized void switchTo(String handle) {
    inSession("POST", "/window", JSON.createObjectNode().put("handle", handle));
  }

  @Override
  public synchronized String currentTab() {
    return inSession("GET", "/window", null).asText();
  }

  @Override
  public synchronized void closeTab(String handle) {
    switchTo(handle);
    JsonNode left = inSession("DELETE", "/window", null);
    if (left.size() > 0) {
      switchTo(left.get(0).asText());
    }
  }

  @Override
  public synchronized void navigate(URI page) {
    inSession("POST", "/url", JSON.createObjectNode().put("url", page.toString()));
  }

  @Override
  public synchronized void beforeEveryPage(String script) {
    ObjectNode body = JSON.createObjectNode().put("cmd", "Page.addScriptToEvaluateOnNewDocument");
    body.putObject("params").put("source", script);
    inSession("POST", "/goog/cdp/execute", body);
  }

  @Override
  public synchronized JsonNode execute(String script, Object... arguments) {
    ObjectNode body = JSON.createObjectNode().put("script", script);
    ArrayNode list = body.putArray("args");
    for (Object argument : arguments) {
      list.add(JSON.<JsonNode>valueToTree(argument));
    }
    return inSession("POST", "/execute/sync", body);
  }

  @Override
  public synchronized void click(String selector) {
    ObjectNode find = JSON.createObjectNode().put("using", "css selector").put("value", selector);
    JsonNode element = inSession("POST", "/element", find);
    String id = element.elements().next().asText();
    inSession("POST", "/element/" + id + "/click", JSON.createObjectNode());
  }

  @Override
  public synchronized byte[] screenshot() {
    return Base64.getDecoder().decode(inSession("GET", "/screenshot", null).asText());
  }

  @Override
  public synchronized List<String> tabs() {
    return JSON.convertValue(
        inSession("GET", "/window/handles", null),
        JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  @Override
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
