package dev.tautline.rpc.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tautline.rpc.JsException;
import dev.tautline.rpc.JsThrownValueException;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.LongPolicy;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcName;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.RpcTimeoutException;
import dev.tautline.rpc.RpcVisibleException;
import dev.tautline.rpc.endpoint.StreamEndpoint;
import dev.tautline.web.WebResources;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Java side and a Node process with unmodified npm comlink, which call each other. */
@Timeout(60)
class ComlinkNodeIT {
  record Point(int x, int y) {}

  record WithPort(RemotePort port) {}

  record Step(@RpcName("value") Integer item, boolean done) {}

  @RpcData
  interface Deep {
    @RpcProperty
    int x();
  }

  @RpcData
  interface Config {
    @RpcProperty
    String color();

    @RpcProperty
    void color(String value);

    @RpcProperty
    Deep deep();
  }

  @RpcExposed
  interface Counter extends AutoCloseable {
    @RpcProperty
    int count();

    int inc(int by);

    @Override
    void close();
  }

  @RpcExposed
  interface Sequence extends AutoCloseable {
    Step next();

    @RpcName("return")
    Step end(Object value);

    @Override
    void close();
  }

  @RpcExposed
  interface Confirmer {
    String confirm(String text);
  }

  interface Partner {
    String ask(String question);

    String confirmWith(Confirmer confirmer, String text);
  }

  interface Api {
    @RpcProperty
    String name();

    @RpcProperty
    void name(String value);

    @RpcProperty
    Config config();

    @RpcProperty
    List<Integer> list();

    String greet(String who);

    void nothing();

    Object nul();

    Object echo(Object value);

    int add(int a, int b);

    Point move(Point point, int dx);

    long big();

    long twiceBig(long value);

    byte[] reverse(byte[] bytes);

    double sum(double[] values);

    int each(IntUnaryOperator callback, int n);

    String chat(Partner partner);

    Counter counter(int start);

    @RpcConstruct("Counter")
    Counter newCounter(int start);

    IntUnaryOperator fn();

    void failVisibly();

    void fail(String text);

    String talk(WithPort argument);

    Sequence sequence(int count);
  }

  static final class ApiObject implements Api, Config {
    private volatile String name = "demo";
    private volatile String color = "red";
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public String name() {
      return name;
    }

    @Override
    public void name(String value) {
      name = value;
    }

    @Override
    public Config config() {
      return this;
    }

    @Override
    public String color() {
      return color;
    }

    @Override
    public void color(String value) {
      color = value;
    }

    @Override
    public Deep deep() {
      return () -> 1;
    }

    @Override
    public List<Integer> list() {
      return List.of(10, 20, 30);
    }

    @Override
    public String greet(String who) {
      return "Hi " + who + " from " + name;
    }

    @Override
    public void nothing() {}

    @Override
    public Object nul() {
      return null;
    }

    @Override
    public Object echo(Object value) {
      return value;
    }

    @Override
    public int add(int a, int b) {
      return a + b;
    }

    @Override
    public Point move(Point point, int dx) {
      return new Point(point.x() + dx, point.y());
    }

    @Override
    public long big() {
      return 9007199254740993L;
    }

    @Override
    public long twiceBig(long value) {
      return 2 * value;
    }

    @Override
    public byte[] reverse(byte[] bytes) {
      byte[] result = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        result[i] = bytes[bytes.length - 1 - i];
      }
      return result;
    }

    @Override
    public double sum(double[] values) {
      return Arrays.stream(values).sum();
    }

    @Override
    public int each(IntUnaryOperator callback, int n) {
      int sum = 0;
      for (int i = 1; i <= n; i++) {
        sum += callback.applyAsInt(i);
      }
      return sum;
    }

    @Override
    public String chat(Partner partner) {
      return partner.confirmWith(text -> "confirmed " + text, partner.ask("name?"));
    }

    @Override
    public Counter counter(int start) {
      AtomicInteger count = new AtomicInteger(start);
      return new Counter() {
        @Override
        public int count() {
          return count.get();
        }

        @Override
        public int inc(int by) {
          return count.addAndGet(by);
        }

        @Override
        public void close() {
          closed.incrementAndGet();
        }
      };
    }

    @Override
    public Counter newCounter(int start) {
      return counter(start);
    }

    @Override
    public IntUnaryOperator fn() {
      return x -> x + 1;
    }

    @Override
    public void failVisibly() {
      throw new RpcVisibleException("QuotaError", "used up").with("code", 7);
    }

    @Override
    public void fail(String text) {
      throw new IllegalStateException(text);
    }

    @Override
    public String talk(WithPort argument) {
      argument.port().onMessage(m -> argument.port().post(Map.of("echo", m)));
      return "ok";
    }

    @Override
    public Sequence sequence(int count) {
      AtomicInteger next = new AtomicInteger(1);
      return new Sequence() {
        @Override
        public Step next() {
          return next.get() > count
              ? new Step(null, true)
              : new Step(next.getAndIncrement(), false);
        }

        @Override
        public Step end(Object value) {
          return new Step(null, true);
        }

        @Override
        public void close() {
          closed.incrementAndGet();
        }
      };
    }
  }

  private static final int MAX_MESSAGE_BYTES = 262_144;

  @TempDir private Path folder;
  private Process node;
  private RpcConnection connection;
  private final ApiObject object = new ApiObject();

  @BeforeEach
  void start() throws IOException {
    boolean present = onPath("node") && WebResources.hasComlink();
    if (!present && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("Node.js 20 and npm's comlink are required under CI=true");
    }
    assumeTrue(present, "Node.js 20 or npm's comlink is missing");
    for (WebResources.WebResource file : WebResources.list()) {
      Path target = folder.resolve(file.path().substring(1));
      Files.createDirectories(target.getParent());
      Files.write(target, file.bytes());
    }
    Path script = folder.resolve("peer.mjs");
    try (InputStream in = ComlinkNodeIT.class.getResourceAsStream("/node/peer.mjs")) {
      Files.copy(in, script);
    }
    node =
        new ProcessBuilder("node", script.toString(), Integer.toString(MAX_MESSAGE_BYTES))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    connection =
        Rpc.connect(
                StreamEndpoint.of(node.getInputStream(), node.getOutputStream(), MAX_MESSAGE_BYTES),
                RpcOptions.builder()
                    .longPolicy(LongPolicy.BIGINT)
                    .callDeadline(Duration.ofSeconds(20))
                    .build())
            .expose(Api.class, object);
  }

  private static boolean onPath(String program) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .anyMatch(folder -> new File(folder, program).canExecute());
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (connection != null) {
      connection.close();
    }
    if (node != null) {
      if (!node.waitFor(10, TimeUnit.SECONDS)) {
        node.destroyForcibly().waitFor();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "values",
        "binary",
        "callbacks",
        "objects",
        "errors",
        "ports",
        "sequences",
        "many"
      })
  void thePageCallsJava(String scenario) throws Exception {
    Object result = connection.remote().call("run", scenario).get(30, TimeUnit.SECONDS).asString();
    assertThat(result).isEqualTo("ok");
    if (scenario.equals("objects") || scenario.equals("sequences")) {
      // In the others the page's garbage collector decides.
      Awaitility.await().until(() -> connection.stats().exportedPorts() == 0);
    }
    if (scenario.equals("objects")) {
      Awaitility.await().until(() -> object.closed.get() == 2);
    }
  }

  interface PageCounter {
    int inc();

    int inc(int by);

    int get();
  }

  interface Shape {
    @RpcProperty
    int sides();

    String describe();
  }

  interface Page {
    @RpcProperty
    String title();

    @RpcProperty
    void title(String value);

    @RpcProperty
    Document document();

    String log(Object... words);

    int call(Function<Integer, Integer> callback, int value);

    PageCounter makeCounter(int start);

    @RpcConstruct("Shape")
    Shape shape(int sides);

    byte[] bytes();

    double[] doubles();

    CompletableFuture<Void> reject();

    void throwText();
  }

  interface Document {
    @RpcProperty
    String title();

    @RpcProperty
    void title(String value);
  }

  @Test
  void javaCallsThePageThroughAnInterface() {
    Page page = connection.wrap(Page.class);
    assertThat(page.title()).isEqualTo("old");
    page.title("new");
    assertThat(page.title()).isEqualTo("new");
    page.document().title("deep");
    assertThat(page.document().title()).isEqualTo("deep");
    assertThat(page.log("hello", 1, true)).isEqualTo("hello 1 true");
    assertThat(page.call(x -> x * 2, 21)).isEqualTo(42);
    PageCounter counter = page.makeCounter(5);
    assertThat(counter.inc()).isEqualTo(6);
    assertThat(counter.inc(4)).isEqualTo(10);
    assertThat(counter.get()).isEqualTo(10);
    Shape shape = page.shape(3);
    assertThat(shape.sides()).isEqualTo(3);
    assertThat(shape.describe()).isEqualTo("3 sides");
    assertThat(page.bytes()).containsExactly(1, 2, 3);
    assertThat(page.doubles()).containsExactly(1.5, Double.NaN, -0.0);
    assertThatThrownBy(() -> page.reject().get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JsException.class,
            e -> {
              assertThat(e.name()).isEqualTo("TypeError");
              assertThat(e.message()).isEqualTo("async boom");
            });
    assertThatThrownBy(page::throwText)
        .isInstanceOfSatisfying(
            JsThrownValueException.class,
            e -> assertThat(e.value()).isEqualTo(JsValue.of("just text")));
  }

  @Test
  void javaCallsThePageWithoutAnInterface() throws Exception {
    Remote page = connection.remote();
    assertThat(page.get("document", "body", "style", "backgroundColor").get().asString())
        .isEqualTo("white");
    page.set("red", "document", "body", "style", "backgroundColor").get();
    assertThat(page.at("document", "body").get().get().get("style").get("backgroundColor"))
        .isEqualTo(JsValue.of("red"));
    Remote second = page.endpoint().get();
    assertThat(second.call("log", "x").get().asString()).isEqualTo("x");
    second.release().get(10, TimeUnit.SECONDS);
    assertThat(connection.stats().importedPorts()).isZero();
    assertThatThrownBy(() -> page.call("fn").get())
        .cause()
        .isInstanceOfSatisfying(
            JsException.class,
            e -> assertThat(e.message()).isEqualTo("Unserializable return value"));
    byte[] large = new byte[2_000_000];
    Arrays.fill(large, (byte) 3);
    Remote echo = page;
    // Both ways in chunks: as an argument of a callback that gives it back.
    JsValue back = echo.call("call", Rpc.callback(a -> a.get(0)), large).get(30, TimeUnit.SECONDS);
    assertThat(back.asBytes()).isEqualTo(large);
  }

  @Test
  void aPageThatNeverAnswersAndOnePageThatDies() throws Exception {
    Remote page = connection.remote();
    assertThatThrownBy(() -> page.withDeadline(Duration.ofMillis(200)).call("hang").get())
        .cause()
        .isInstanceOf(RpcTimeoutException.class);
    CompletableFuture<JsValue> pending = page.call("hang");
    assertThat(page.call("log", "still there").get().asString()).isEqualTo("still there");
    node.destroyForcibly();
    assertThatThrownBy(() -> pending.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.CLOSED));
    assertThat(connection.isClosed()).isTrue();
  }
}
