package dev.tautline.rpc.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsThrownValueException;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.NonFinite;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcHandler;
import dev.tautline.rpc.RpcName;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.RpcProxy;
import dev.tautline.rpc.RpcVisibleException;
import dev.tautline.rpc.ScriptedEndpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Java in the place of the recorded server: it gets the client's frames and must give equivalent
 * answers.
 */
@Timeout(60)
class VectorServerTest {
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

    @Override
    @RpcName("toString")
    String toString();
  }

  @RpcExposed
  interface Counter extends AutoCloseable {
    @RpcProperty
    int count();

    int inc(Integer by);

    @Override
    void close();
  }

  interface Demo {
    @RpcProperty
    String name();

    @RpcProperty
    void name(String value);

    @RpcProperty
    int n();

    @RpcProperty
    boolean flag();

    @RpcProperty
    Config config();

    @RpcProperty
    List<Integer> list();

    @RpcProperty
    Object obj();

    @RpcProperty
    void obj(Object value);

    @RpcProperty
    void cb(Remote value);

    Object add(Object a, Object b);

    String greet(String who);

    int each(IntUnaryOperator callback, int n);

    String on(Remote callback);

    Counter getCounter();

    IntUnaryOperator getFn();

    @RpcConstruct("App")
    Counter app(Integer start);

    void fail();

    void range();

    void custom();

    CompletableFuture<Void> rejects();

    @RpcProperty("getter")
    String failingProperty();

    CompletableFuture<String> slow(int millis, String value);

    String ping();
  }

  static final class CounterObject implements Counter {
    private int count;
    private final Runnable closed;

    CounterObject(int start, Runnable closed) {
      this.count = start;
      this.closed = closed;
    }

    @Override
    public synchronized int count() {
      return count;
    }

    @Override
    public synchronized int inc(Integer by) {
      count += by == null ? 1 : by;
      return count;
    }

    @Override
    public void close() {
      closed.run();
    }
  }

  static final class DemoObject implements Demo, Config {
    private volatile String name = "demo";
    private volatile String color = "red";
    private volatile Object obj;
    private final int firstCount;
    final AtomicInteger finalised = new AtomicInteger();
    private final Map<Integer, CompletableFuture<String>> slow = new TreeMap<>();
    private final Map<Integer, String> slowValues = new TreeMap<>();

    DemoObject(int firstCount) {
      this.firstCount = firstCount;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void name(String value) {
      name = value;
    }

    @Override
    public int n() {
      return 42;
    }

    @Override
    public boolean flag() {
      return true;
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
    public String toString() {
      return "[object Object]";
    }

    @Override
    public List<Integer> list() {
      return List.of(10, 20, 30);
    }

    @Override
    public Object obj() {
      return obj;
    }

    @Override
    public void obj(Object value) {
      obj = value;
    }

    @Override
    public void cb(Remote value) {}

    @Override
    public Object add(Object a, Object b) {
      if (a instanceof String || b instanceof String) {
        return "" + a + b;
      }
      return a instanceof Long x && b instanceof Long y ? (Object) (x + y) : (Object) Double.NaN;
    }

    @Override
    public String greet(String who) {
      return "Hi " + who + " from demo";
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
    public String on(Remote callback) {
      callback.invoke("fired");
      return "registered";
    }

    @Override
    public Counter getCounter() {
      return new CounterObject(firstCount, finalised::incrementAndGet);
    }

    @Override
    public IntUnaryOperator getFn() {
      return x -> x + 1;
    }

    @Override
    public Counter app(Integer start) {
      return new CounterObject(start == null ? 0 : start, finalised::incrementAndGet);
    }

    @Override
    public void fail() {
      throw new RpcVisibleException("boom");
    }

    @Override
    public void range() {
      throw new RpcVisibleException("RangeError", "too big");
    }

    @Override
    public void custom() {
      throw new RpcVisibleException("MyErr", "custom boom");
    }

    @Override
    public CompletableFuture<Void> rejects() {
      return CompletableFuture.failedFuture(new RpcVisibleException("TypeError", "async boom"));
    }

    @Override
    public String failingProperty() {
      throw new RpcVisibleException("getter boom");
    }

    /** All three are waited for, then the quickest is answered first. */
    @Override
    public synchronized CompletableFuture<String> slow(int millis, String value) {
      CompletableFuture<String> result = new CompletableFuture<>();
      slow.put(millis, result);
      slowValues.put(millis, value);
      if (slow.size() == 3) {
        slow.forEach((key, future) -> future.complete(slowValues.get(key)));
      }
      return result;
    }

    @Override
    public String ping() {
      return "pong from server";
    }
  }

  private final ScriptedEndpoint endpoint = new ScriptedEndpoint();
  private final Vector.Names names = new Vector.Names();
  private final Deque<JsValue> early = new ArrayDeque<>();

  private RpcConnection serve(DemoObject object) {
    return connect().expose(Demo.class, object);
  }

  private RpcConnection connect(RpcHandler<?>... handlers) {
    RpcOptions.Builder options = RpcOptions.builder().nonFinite(NonFinite.NULL);
    for (RpcHandler<?> handler : handlers) {
      options.handler(handler);
    }
    return Rpc.connect(endpoint, options.build());
  }

  private void replay(String file) throws InterruptedException {
    replay(file, Set.of());
  }

  /**
   * Feeds the client's frames and expects the server's.
   *
   * @param excepted numbers of frames that the README tells not to imitate
   */
  private void replay(String file, Set<Integer> excepted) throws InterruptedException {
    List<Vector.Line> frames = Vector.frames(file);
    for (int i = 0; i < frames.size(); i++) {
      Vector.Line line = frames.get(i);
      if (line.fromClient()) {
        endpoint.deliver(names.fill(line.text()));
      } else if (excepted.contains(i + 1)) {
        assertThat(next().get("data").get("id"))
            .isEqualTo(Vector.parse(names.fill(line.text())).get("data").get("id"));
      } else {
        expect(file + " frame " + (i + 1), line.frame());
      }
    }
    assertThat(endpoint.untaken()).isEmpty();
    assertThat(early).isEmpty();
  }

  private JsValue next() throws InterruptedException {
    return early.isEmpty() ? Vector.parse(endpoint.take()) : early.poll();
  }

  /** The order of frames that belong to different calls does not count. */
  private void expect(String where, JsValue frame) throws InterruptedException {
    for (JsValue candidate : early) {
      if (names.matches(frame, candidate)) {
        early.remove(candidate);
        return;
      }
    }
    while (true) {
      JsValue actual;
      try {
        actual = Vector.parse(endpoint.take());
      } catch (AssertionError e) {
        throw new AssertionError(where + "\nexpected " + frame + "\namong " + early, e);
      }
      if (names.matches(frame, actual)) {
        return;
      }
      early.add(actual);
      if (early.size() > 8) {
        throw new AssertionError(where + "\nexpected " + frame + "\namong " + early);
      }
    }
  }

  @Test
  void v01GetProperty() throws Exception {
    serve(new DemoObject(5));
    replay("01-get-property.jsonl");
  }

  @Test
  void v02GetNestedProperty() throws Exception {
    serve(new DemoObject(5));
    replay("02-get-nested-property.jsonl");
  }

  @Test
  void v03SetProperty() throws Exception {
    DemoObject object = new DemoObject(5);
    serve(object);
    replay("03-set-property.jsonl", Set.of(16));
    assertThat(object.color).isEqualTo("blue");
  }

  @Test
  void v04CallWithArguments() throws Exception {
    serve(new DemoObject(5));
    replay("04-call-with-arguments.jsonl");
  }

  @Test
  void v05CallWithCallback() throws Exception {
    serve(new DemoObject(5));
    replay("05-call-with-callback.jsonl");
  }

  @Test
  void v06ReturnProxy() throws Exception {
    serve(new DemoObject(5));
    replay("06-return-proxy.jsonl");
  }

  @Test
  void v07Construct() throws Exception {
    serve(new DemoObject(5));
    replay("07-construct.jsonl");
  }

  @Test
  void v08ThrowError() throws Exception {
    serve(new DemoObject(5));
    replay("08-throw-error.jsonl");
  }

  @Test
  void v09ThrowNonError() throws Exception {
    connect()
        .expose(
            RpcObject.builder()
                .function("str", a -> thrown(JsValue.of("just text")))
                .function("num", a -> thrown(JsValue.of(7)))
                .function("obj", a -> thrown(Vector.parse("{\"code\":3,\"why\":\"x\"}")))
                .function("undef", a -> thrown(JsValue.undefined()))
                .build());
    replay("09-throw-non-error.jsonl");
  }

  private static Object thrown(JsValue value) {
    throw new JsThrownValueException(value);
  }

  @Test
  void v10CreateEndpoint() throws Exception {
    serve(new DemoObject(5));
    replay("10-create-endpoint.jsonl");
  }

  @Test
  void v11Release() throws Exception {
    DemoObject object = new DemoObject(1);
    RpcConnection connection = serve(object);
    replay("11-release.jsonl");
    connection.close();
    org.awaitility.Awaitility.await().until(() -> connection.stats().callsRunning() == 0);
    assertThat(object.finalised).hasValue(1);
  }

  record Money(String currency, long amount) {}

  static final class MoneyHandler implements RpcHandler<Money> {
    @Override
    public String name() {
      return "MONEY";
    }

    @Override
    public Class<Money> type() {
      return Money.class;
    }

    @Override
    public Object serialise(Money value) {
      return Map.of("c", value.currency(), "a", Long.toString(value.amount()));
    }

    @Override
    public Money deserialise(JsValue value) {
      return new Money(value.get("c").asString(), value.get("a").asLong());
    }
  }

  record Nested(Money inner) {}

  interface Bank {
    @RpcName("double")
    Money twice(Money money);

    boolean isMoney(Object value);

    Nested nested();

    List<Money> many();
  }

  static final class BankObject implements Bank {
    @Override
    public Money twice(Money money) {
      return new Money(money.currency(), 2 * money.amount());
    }

    @Override
    public boolean isMoney(Object value) {
      return value instanceof Money;
    }

    @Override
    public Nested nested() {
      return new Nested(new Money("EUR", 1));
    }

    @Override
    public List<Money> many() {
      return List.of(new Money("A", 1));
    }
  }

  @Test
  void v12TransferHandler() throws Exception {
    connect(new MoneyHandler()).expose(Bank.class, new BankObject());
    replay("12-transfer-handler.jsonl");
  }

  @Test
  void v13AsyncIteratorAttempt() throws Exception {
    connect()
        .expose(
            RpcObject.builder()
                .function("gen", a -> new Object())
                .function("proxied", a -> sequence())
                .build());
    replay("13-async-iterator-attempt.jsonl");
  }

  private static RpcObject sequence() {
    AtomicInteger next = new AtomicInteger(1);
    return RpcObject.builder()
        .function(
            "next",
            a ->
                next.get() > 2
                    ? Map.of("done", true)
                    : Map.of("value", next.getAndIncrement(), "done", false))
        .function("return", a -> Map.of("value", a.get(0), "done", true))
        .build();
  }

  @Test
  void v14Binary() throws Exception {
    connect()
        .expose(
            RpcObject.builder()
                .function("ab", a -> bytes(BinaryKind.ARRAY_BUFFER, 0xde, 0xad, 0xbe, 0xef))
                .function("u8", a -> new byte[] {1, 2, 3})
                .function(
                    "f64",
                    a ->
                        bytes(
                            BinaryKind.FLOAT64_ARRAY,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0xf8,
                            0x3f,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0x80,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0xf8,
                            0x7f))
                .function("i16", a -> bytes(BinaryKind.INT16_ARRAY, 255, 255, 0, 1))
                .function(
                    "b64",
                    a ->
                        bytes(
                            BinaryKind.BIGINT64_ARRAY,
                            1,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            255,
                            255,
                            255,
                            255,
                            255,
                            255,
                            255,
                            255))
                .function("sub", a -> java.nio.ByteBuffer.wrap(new byte[] {0, 1, 2, 3, 4, 5}, 2, 2))
                .function("nested", a -> Map.of("a", List.of(Map.of("b", new byte[] {9}))))
                .function("same", a -> twice(new byte[] {5, 6}))
                .function("empty", a -> bytes(BinaryKind.ARRAY_BUFFER))
                .function("len", a -> describe((JsValue.Binary) a.get(0)))
                .build());
    List<Vector.Line> frames = Vector.frames("14-binary.jsonl");
    for (int i = 0; i < frames.size(); i++) {
      Vector.Line line = frames.get(i);
      if (line.fromClient()) {
        endpoint.deliver(names.fill(line.text()));
        continue;
      }
      // The recorded adapter sent the whole buffer for a view, and a view used twice as an object.
      String expected =
          line.text()
              .replace("\"value\":\"000102030405\"", "\"value\":\"0203\"")
              .replace("\"y\":{\"0\":5,\"1\":6}", "\"y\":null")
              .replace(
                  "\"path\":[\"value\",\"x\"],\"value\":\"0506\"}",
                  "\"path\":[\"value\",\"x\"],\"value\":\"0506\"},{\"type\":1,\"subtype\":2,"
                      + "\"path\":[\"value\",\"y\"],\"value\":\"0506\"}");
      expect("14 frame " + (i + 1), Vector.parse(expected));
    }
    // dv() has no answer in the recording; here it is a missing function.
    assertThat(next().get("data").get("name").asString()).isEqualTo("throw");
  }

  private static JsValue bytes(BinaryKind kind, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new JsValue.Binary(kind, bytes);
  }

  private static Map<String, Object> twice(byte[] bytes) {
    Map<String, Object> map = new java.util.LinkedHashMap<>();
    map.put("x", bytes);
    map.put("y", bytes);
    return map;
  }

  private static String describe(JsValue.Binary binary) {
    return (binary.kind() == BinaryKind.ARRAY_BUFFER ? "ArrayBuffer:" : "Uint8Array:")
        + binary.bytes().length;
  }

  @Test
  void v15PromiseAndConcurrency() throws Exception {
    serve(new DemoObject(5));
    replay("15-promise-and-concurrency.jsonl");
  }

  record WithPort(RemotePort port) {}

  interface Ports {
    String talk(WithPort argument);

    WithPort give();
  }

  static final class PortsObject implements Ports {
    @Override
    public String talk(WithPort argument) {
      RemotePort port = argument.port();
      port.onMessage(message -> port.post(Map.of("echo", message)));
      return "ok";
    }

    @Override
    public WithPort give() {
      RemotePort port = RemotePort.create();
      port.onMessage(message -> port.post(Map.of("pong", message)));
      return new WithPort(port);
    }
  }

  @Test
  void v18TransferMessagePort() throws Exception {
    connect().expose(Ports.class, new PortsObject());
    replay("18-transfer-message-port.jsonl");
  }

  interface Confirmer {
    String confirm(String text);
  }

  interface Partner {
    String ask(String question);

    String confirmWith(Confirmer confirmer, String text);
  }

  interface Chat {
    String chat(Partner partner);
  }

  @Test
  void v19BidirectionalCallbacks() throws Exception {
    connect()
        .expose(
            Chat.class,
            partner -> {
              String answer = partner.ask("name?");
              return partner.confirmWith(text -> "confirmed " + text, answer);
            });
    replay("19-bidirectional-callbacks.jsonl");
  }

  interface Back {
    CompletableFuture<String> hello(String name);
  }

  @Test
  void v20SameChannelBothWays() throws Exception {
    RpcConnection connection = serve(new DemoObject(5));
    List<Vector.Line> frames = Vector.frames("20-same-channel-both-ways.jsonl");
    endpoint.deliver(names.fill(frames.get(0).text()));
    expect("20 frame 2", frames.get(1).frame());
    CompletableFuture<String> answer = connection.wrap(Back.class).hello("x");
    expect("20 frame 3", frames.get(2).frame());
    endpoint.deliver(names.fill(frames.get(3).text()));
    assertThat(answer.get()).isEqualTo("hello x from client");
  }

  @Test
  void v21PageWindowDemo() throws Exception {
    List<String> logs = new ArrayList<>();
    String[] color = {""};
    String[] title = {"old"};
    RpcObject style = RpcObject.builder().property("backgroundColor", () -> color[0]).build();
    RpcObject window =
        RpcObject.builder()
            .object(
                "document",
                RpcObject.builder()
                    .property("title", () -> title[0], String.class, v -> title[0] = v)
                    .object("body", RpcObject.builder().object("style", style).build())
                    .build())
            .object("console", RpcObject.builder().function("log", a -> logged(logs, a)).build())
            .property("logs", () -> logs)
            .build();
    connect()
        .expose(
            RpcObject.builder()
                .function(
                    "changeBackgroundColor",
                    a -> {
                      color[0] = "rgb(" + a.get(0) + ", " + a.get(1) + ", " + a.get(2) + ")";
                      return JsValue.undefined();
                    })
                .function("log", a -> logged(logs, a))
                .function("getWindow", a -> new RpcProxy(RpcObject.class, window))
                .build());
    replay("21-page-window-demo.jsonl");
    assertThat(title[0]).isEqualTo("new");
  }

  private static JsValue logged(List<String> logs, List<JsValue> arguments) {
    List<String> words = new ArrayList<>();
    arguments.forEach(a -> words.add(a.as(Object.class).toString()));
    logs.add(String.join(" ", words));
    return JsValue.undefined();
  }

  @Test
  void v22CallbacksGetBytesAndNull() throws Exception {
    // The recorded page lost what it was sent; Java sends the frames and takes any answer.
    connect()
        .expose(
            RpcObject.builder()
                .function("deepcb", a -> a.get(0).asRemote().invoke(Map.of("a", 1)))
                .function(
                    "buf", a -> a.get(0).asRemote().invoke(bytes(BinaryKind.ARRAY_BUFFER, 4, 5)))
                .function("bin", a -> a.get(0).asRemote().invoke(new byte[] {1, 2, 3}))
                .function("ask", a -> a.get(0).asRemote().invoke())
                .build());
    replay("22-callback-with-binary-and-null.jsonl");
  }

  @Test
  void v24AutomaticReleaseOnGarbageCollection() throws Exception {
    Set<String> released = new HashSet<>();
    RpcConnection connection =
        connect()
            .expose(
                RpcObject.builder()
                    .function(
                        "get",
                        a ->
                            RpcObject.builder()
                                .value("v", 1)
                                .onRelease(() -> released.add("v"))
                                .build())
                    .build());
    replay("24-automatic-release-on-gc.jsonl");
    org.awaitility.Awaitility.await().until(() -> connection.stats().exportedPorts() == 0);
    org.awaitility.Awaitility.await().until(() -> released.contains("v"));
  }

  @Test
  void aCallbackThatTheJavaSideKeepsIsCalledLater() throws ExecutionException {
    // Kept apart from the vectors: consumers of JDK types are callbacks as well.
    CompletableFuture<Consumer<String>> kept = new CompletableFuture<>();
    RpcConnection connection = connect();
    connection.expose(Listeners.class, kept::complete);
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"type\":\"APPLY\",\"path\":[\"listen\"],"
            + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null}]},"
            + "\"transfer\":[{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],"
            + "\"value\":\"cb-1\"}]}");
    try {
      endpoint.take();
      Consumer<String> callback = kept.get();
      Thread caller = new Thread(() -> callback.accept("news"));
      caller.start();
      JsValue frame = Vector.parse(endpoint.take());
      assertThat(frame.get("uid").asString()).isEqualTo("cb-1");
      endpoint.deliver(
          "{\"uid\":\"cb-1\",\"data\":{\"type\":\"RAW\",\"id\":"
              + frame.get("data").get("id")
              + "},\"transfer\":[]}");
      caller.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  interface Listeners {
    void listen(Consumer<String> listener);
  }
}
