package dev.tautline.interop.browser;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves the test page to browsers of this machine, hands commands to it (it asks for them, and the
 * answer waits until there are some) and takes its events.
 */
public final class PageServer implements AutoCloseable {
  private static final long ASK_AGAIN_SECONDS = 10;
  private static final Map<String, String> TYPES =
      Map.of("html", "text/html; charset=utf-8", "mjs", "text/javascript; charset=utf-8");

  /** What belongs to one page. */
  private record Page(BlockingQueue<String> commands, Consumer<String> events) {}

  private final HttpServer http;
  private final ExecutorService threads = Executors.newCachedThreadPool(PageServer::thread);
  private final Map<String, Page> pages = new ConcurrentHashMap<>();

  private PageServer(HttpServer http) {
    this.http = http;
  }

  /** Starts on a free port of the loopback address. */
  public static PageServer start() {
    try {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      var server = new PageServer(HttpServer.create(address, 0));
      server.http.setExecutor(server.threads);
      server.http.createContext("/", server::file);
      server.http.createContext("/commands", server::commands);
      server.http.createContext("/events", server::events);
      server.http.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The address of a page; {@code path} begins with a slash. */
  public URI uri(String path) {
    return URI.create("http://localhost:" + http.getAddress().getPort() + path);
  }

  /** Makes a queue of commands; the lines that the page says go to {@code events}. */
  BlockingQueue<String> register(String id, Consumer<String> events) {
    var page = new Page(new LinkedBlockingQueue<>(), events);
    pages.put(id, page);
    return page.commands();
  }

  void unregister(String id) {
    pages.remove(id);
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }

  private static Thread thread(Runnable task) {
    var thread = new Thread(task, "page-server");
    thread.setDaemon(true);
    return thread;
  }

  private void file(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try (exchange;
        InputStream in = PageServer.class.getResourceAsStream("/peers" + path)) {
      String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
      if (in == null || type == null || path.contains("..")) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.getResponseHeaders().add("Content-Type", type);
      byte[] content = in.readAllBytes();
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    }
  }

  private void commands(HttpExchange exchange) throws IOException {
    try (exchange) {
      Page page = page(exchange);
      if (page == null) {
        exchange.sendResponseHeaders(410, -1);
        return;
      }
      List<String> lines = new ArrayList<>();
      String first = page.commands().poll(ASK_AGAIN_SECONDS, TimeUnit.SECONDS);
      if (first != null) {
        lines.add(first);
        page.commands().drainTo(lines);
      }
      byte[] body = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void events(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Page page = page(exchange);
      if (page != null) {
        page.events().accept(new String(body, StandardCharsets.UTF_8));
      }
      exchange.sendResponseHeaders(204, -1);
    }
  }

  private @Nullable Page page(HttpExchange exchange) {
    String query = exchange.getRequestURI().getQuery();
    return query == null ? null : pages.get(query.replace("peer=", ""));
  }
}
