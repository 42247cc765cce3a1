package dev.tautline.rpc.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsException;
import dev.tautline.rpc.JsThrownValueException;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.ScriptedEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Java in the place of the recorded client: its requests must be those of the recording, and it
 * must understand the recorded answers.
 */
@Timeout(60)
class VectorClientTest {
  private final ScriptedEndpoint endpoint = new ScriptedEndpoint();
  private final RpcConnection connection = Rpc.connect(endpoint);
  private final Remote api = connection.remote();
  private final Vector.Names names = new Vector.Names();
  private Thread peer;
  private final CompletableFuture<Void> played = new CompletableFuture<>();

  /** Plays the recorded server: expects each client frame, gives each server frame. */
  private void play(String file) {
    List<Vector.Line> frames = Vector.frames(file);
    peer =
        new Thread(
            () -> {
              try {
                List<JsValue> early = new ArrayList<>();
                for (Vector.Line line : frames) {
                  if (line.fromClient()) {
                    expect(line.frame(), early);
                  } else {
                    endpoint.deliver(names.fill(line.text()));
                  }
                }
                played.complete(null);
              } catch (InterruptedException | AssertionError | RuntimeException e) {
                played.completeExceptionally(e);
                endpoint.breakOff("the recording does not fit: " + e.getMessage());
              }
            },
            "recorded-server");
    peer.start();
  }

  private void expect(JsValue frame, List<JsValue> early) throws InterruptedException {
    for (JsValue candidate : early) {
      if (names.matches(frame, candidate)) {
        early.remove(candidate);
        return;
      }
    }
    while (true) {
      JsValue actual = Vector.parse(endpoint.take());
      if (names.matches(frame, actual)) {
        return;
      }
      early.add(actual);
      if (early.size() > 4) {
        throw new AssertionError("expected " + frame + " among " + early);
      }
    }
  }

  private static JsValue await(CompletableFuture<JsValue> call) throws Exception {
    return call.get(10, TimeUnit.SECONDS);
  }

  private static JsException thrown(CompletableFuture<JsValue> call) {
    Throwable cause =
        org.assertj.core.api.Assertions.catchThrowableOfType(
                ExecutionException.class, () -> call.get(10, TimeUnit.SECONDS))
            .getCause();
    assertThat(cause).isInstanceOf(JsException.class);
    return (JsException) cause;
  }

  @AfterEach
  void everythingWasPlayed() throws Exception {
    played.get(10, TimeUnit.SECONDS);
    peer.join();
    assertThat(endpoint.untaken()).isEmpty();
    connection.close();
  }

  @Test
  void v01GetProperty() throws Exception {
    play("01-get-property.jsonl");
    assertThat(await(api.get("name")).asString()).isEqualTo("demo");
    assertThat(await(api.get("n")).asInt()).isEqualTo(42);
    assertThat(await(api.get("flag")).asBoolean()).isTrue();
    assertThat(await(api.get("missing")).isUndefined()).isTrue();
  }

  @Test
  void v02GetNestedProperty() throws Exception {
    play("02-get-nested-property.jsonl");
    assertThat(await(api.get("config", "color")).asString()).isEqualTo("red");
    assertThat(await(api.at("config", "deep").get("x")).asInt()).isEqualTo(1);
    assertThat(await(api.get("list", "1")).asInt()).isEqualTo(20);
    assertThat(await(api.get("list", "length")).asInt()).isEqualTo(3);
    assertThat(await(api.get("config")))
        .isEqualTo(Vector.parse("{\"color\":\"red\",\"deep\":{\"x\":1}}"));
    assertThat(thrown(api.get("missing", "x")).name()).isEqualTo("TypeError");
  }

  @Test
  void v03SetProperty() throws Exception {
    play("03-set-property.jsonl");
    await(api.set("renamed", "name"));
    assertThat(await(api.get("name")).asString()).isEqualTo("renamed");
    await(api.set("blue", "config", "color"));
    assertThat(await(api.get("config", "color")).asString()).isEqualTo("blue");
    Map<String, Object> object = new java.util.LinkedHashMap<>();
    object.put("a", 1);
    object.put("b", new int[] {1, 2});
    await(api.set(object, "obj"));
    assertThat(await(api.get("obj")).get("b").get(1).asInt()).isEqualTo(2);
    await(api.set(Rpc.callback(a -> 7), "cb"));
    assertThat(thrown(api.call("cb")).name()).isEqualTo("DataCloneError");
  }

  @Test
  void v04CallWithArguments() throws Exception {
    play("04-call-with-arguments.jsonl");
    assertThat(await(api.call("add", 3, 4)).asInt()).isEqualTo(7);
    assertThat(await(api.call("greet", "Eva")).asString()).isEqualTo("Hi Eva from demo");
    assertThat(await(api.call("add", "a", "b")).asString()).isEqualTo("ab");
    assertThat(await(api.call(List.of("config", "toString"))).asString())
        .isEqualTo("[object Object]");
    assertThat(await(api.call("greet", "Bo")).asString()).isEqualTo("Hi Bo from demo");
    assertThat(await(api.call("add")).isNullish()).isTrue();
  }

  interface WithCallbacks {
    int each(IntUnaryOperator callback, int n);

    CompletableFuture<String> on(Listener listener);
  }

  @FunctionalInterface
  interface Listener {
    void happened(String what);
  }

  @Test
  void v05CallWithCallback() throws Exception {
    play("05-call-with-callback.jsonl");
    WithCallbacks typed = connection.wrap(WithCallbacks.class);
    assertThat(typed.each(i -> i * 10, 3)).isEqualTo(60);
    List<String> got = new CopyOnWriteArrayList<>();
    assertThat(typed.on(got::add).get(10, TimeUnit.SECONDS)).isEqualTo("registered");
    played.get(10, TimeUnit.SECONDS);
    assertThat(got).containsExactly("fired");
    // Not marked, and no functional interface: refused here, as it is in a page.
    assertThatThrownBy(() -> await(api.call("on", new Object())))
        .cause()
        .isInstanceOfSatisfying(
            RpcException.class,
            e -> assertThat(e.code()).isEqualTo(RpcException.Code.NOT_SERIALISABLE));
  }

  @RpcExposed
  interface Counter {
    @RpcProperty
    int count();

    int inc(int by);

    int inc();
  }

  interface Factories {
    Counter getCounter();

    IntUnaryOperator getFn();

    @RpcConstruct("App")
    Counter app();

    @RpcConstruct("App")
    Counter app(int start);

    @RpcConstruct("Nope")
    Counter nope();
  }

  @Test
  void v06ReturnProxy() throws Exception {
    play("06-return-proxy.jsonl");
    Factories typed = connection.wrap(Factories.class);
    Counter counter = typed.getCounter();
    assertThat(counter.count()).isEqualTo(5);
    assertThat(counter.inc(2)).isEqualTo(7);
    assertThat(counter.count()).isEqualTo(7);
    assertThat(typed.getFn().applyAsInt(41)).isEqualTo(42);
    assertThat(connection.stats().importedPorts()).isEqualTo(2);
  }

  @Test
  void v07Construct() throws Exception {
    play("07-construct.jsonl");
    Factories typed = connection.wrap(Factories.class);
    Counter counter = typed.app();
    assertThat(counter.count()).isZero();
    assertThat(counter.inc()).isEqualTo(1);
    assertThat(counter.count()).isEqualTo(1);
    Counter other = typed.app(100);
    assertThat(other.inc(5)).isEqualTo(105);
    assertThat(counter.count()).isEqualTo(1);
    assertThatThrownBy(typed::nope).isInstanceOf(JsException.class);
    assertThat(Rpc.remote(other).connection()).isSameAs(connection);
  }

  @Test
  void v08ThrowError() throws Exception {
    play("08-throw-error.jsonl");
    JsException e = thrown(api.call("fail"));
    assertThat(e.name()).isEqualTo("Error");
    assertThat(e.message()).isEqualTo("boom");
    assertThat(e.remoteStack()).startsWith("Error: boom");
    assertThat(thrown(api.call("range")).name()).isEqualTo("RangeError");
    assertThat(thrown(api.call("custom")).name()).isEqualTo("MyErr");
    assertThat(thrown(api.call("rejects")).message()).isEqualTo("async boom");
    assertThat(thrown(api.get("getter")).message()).isEqualTo("getter boom");
    assertThat(thrown(api.call("nosuch")).name()).isEqualTo("TypeError");
  }

  private static JsValue thrownValue(CompletableFuture<JsValue> call) {
    Throwable cause =
        org.assertj.core.api.Assertions.catchThrowableOfType(
                ExecutionException.class, () -> call.get(10, TimeUnit.SECONDS))
            .getCause();
    return ((JsThrownValueException) cause).value();
  }

  @Test
  void v09ThrowNonError() throws Exception {
    play("09-throw-non-error.jsonl");
    assertThat(thrownValue(api.call("str"))).isEqualTo(JsValue.of("just text"));
    assertThat(thrownValue(api.call("num"))).isEqualTo(JsValue.of(7));
    assertThat(thrownValue(api.call("obj")).get("code").asInt()).isEqualTo(3);
    assertThat(thrownValue(api.call("undef")).isUndefined()).isTrue();
  }

  @Test
  void v10CreateEndpoint() throws Exception {
    play("10-create-endpoint.jsonl");
    Remote second = api.at("whatever").endpoint().get(10, TimeUnit.SECONDS);
    assertThat(await(second.call("add", 1, 2)).asInt()).isEqualTo(3);
    assertThat(await(second.get("name")).asString()).isEqualTo("demo");
    assertThat(await(api.get("name")).asString()).isEqualTo("demo");
  }

  @Test
  void v11Release() throws Exception {
    play("11-release.jsonl");
    Remote counter = await(api.call("getCounter")).asRemote();
    assertThat(await(counter.get("count")).asInt()).isEqualTo(1);
    counter.at("x").release().get(10, TimeUnit.SECONDS);
    assertThatThrownBy(() -> await(counter.get("count")))
        .hasMessageContaining("Proxy has been released and is not useable");
    assertThat(await(api.get("name")).asString()).isEqualTo("demo");
    api.release().get(10, TimeUnit.SECONDS);
    assertThatThrownBy(() -> await(api.get("name"))).hasMessageContaining("has been released");
    assertThat(connection.stats().importedPorts()).isZero();
  }

  @Test
  void v14BinaryResults() throws Exception {
    play("14-binary.jsonl");
    assertThat(await(api.call("ab")))
        .isEqualTo(
            new JsValue.Binary(
                BinaryKind.ARRAY_BUFFER, new byte[] {(byte) 0xde, (byte) 0xad, (byte) 0xbe, -17}));
    assertThat(await(api.call("u8")).asBytes()).containsExactly(1, 2, 3);
    assertThat(await(api.call("f64")).as(double[].class)).containsExactly(1.5, -0.0, Double.NaN);
    assertThat(await(api.call("i16")).as(short[].class)).containsExactly(-1, 256);
    assertThat(await(api.call("b64")).as(long[].class)).containsExactly(1, -1);
    assertThat(await(api.call("sub")).asBytes()).hasSize(6);
    assertThat(await(api.call("nested")).get("a").get(0).get("b").asBytes()).containsExactly(9);
    assertThat(await(api.call("same")).get("x").asBytes()).containsExactly(5, 6);
    assertThat(await(api.call("empty")).asBytes()).isEmpty();
    assertThat(await(api.call("len", new byte[] {1, 2, 3})).asString()).isEqualTo("Uint8Array:3");
    JsValue buffer = new JsValue.Binary(BinaryKind.ARRAY_BUFFER, new byte[] {1, 2, 3, -1});
    assertThat(await(api.call("len", buffer)).asString()).isEqualTo("ArrayBuffer:4");
    JsValue small = new JsValue.Binary(BinaryKind.ARRAY_BUFFER, new byte[] {7, 8});
    assertThat(await(api.call("len", small)).asString()).isEqualTo("ArrayBuffer:2");
    // No answer was recorded: the page's adapter failed. The call ends with the channel.
    CompletableFuture<JsValue> unanswered = api.call("dv");
    played.get(10, TimeUnit.SECONDS);
    connection.close();
    assertThatThrownBy(() -> await(unanswered)).cause().isInstanceOf(RpcException.class);
  }

  @Test
  void v15PromiseAndConcurrency() throws Exception {
    play("15-promise-and-concurrency.jsonl");
    List<CompletableFuture<JsValue>> calls =
        List.of(api.call("slow", 60, "a"), api.call("slow", 20, "b"), api.call("slow", 0, "c"));
    List<String> results = new ArrayList<>();
    for (CompletableFuture<JsValue> call : calls) {
      results.add(await(call).asString());
    }
    assertThat(results).containsExactly("a", "b", "c");
  }

  @Test
  void v18TransferMessagePort() throws Exception {
    play("18-transfer-message-port.jsonl");
    RemotePort port = RemotePort.create();
    CompletableFuture<JsValue> received = new CompletableFuture<>();
    port.onMessage(received::complete);
    assertThat(await(api.call("talk", Map.of("port", port))).asString()).isEqualTo("ok");
    port.post(Map.of("hello", 1));
    assertThat(received.get(10, TimeUnit.SECONDS))
        .isEqualTo(Vector.parse("{\"echo\":{\"hello\":1}}"));
    RemotePort given = await(api.call("give")).get("port").asPort();
    CompletableFuture<JsValue> answered = new CompletableFuture<>();
    given.onMessage(answered::complete);
    given.post(Map.of("ping", 1));
    assertThat(answered.get(10, TimeUnit.SECONDS))
        .isEqualTo(Vector.parse("{\"pong\":{\"ping\":1}}"));
  }

  interface Confirmer {
    String confirm(String text);
  }

  @RpcExposed
  interface Partner {
    String ask(String question);

    String confirmWith(Confirmer confirmer, String text);
  }

  interface Chat {
    String chat(Partner partner);
  }

  @Test
  void v19BidirectionalCallbacks() {
    play("19-bidirectional-callbacks.jsonl");
    String result =
        connection
            .wrap(Chat.class)
            .chat(
                new Partner() {
                  @Override
                  public String ask(String question) {
                    return "answer to " + question;
                  }

                  @Override
                  public String confirmWith(Confirmer confirmer, String text) {
                    return confirmer.confirm(text);
                  }
                });
    assertThat(result).isEqualTo("confirmed answer to name?");
  }

  interface Hello {
    String hello(String name);
  }

  @Test
  void v20SameChannelBothWays() throws Exception {
    play("20-same-channel-both-ways.jsonl");
    connection.expose(Hello.class, name -> "hello " + name + " from client");
    assertThat(await(api.call("ping")).asString()).isEqualTo("pong from server");
  }

  @Test
  void v21PageWindowDemo() throws Exception {
    play("21-page-window-demo.jsonl");
    assertThat(await(api.call("changeBackgroundColor", 10, 20, 30)).isUndefined()).isTrue();
    await(api.call("log", "hello", 1));
    Remote window = await(api.call("getWindow")).asRemote();
    assertThat(await(window.get("document", "title")).asString()).isEqualTo("old");
    await(window.set("new", "document", "title"));
    assertThat(await(window.get("document", "title")).asString()).isEqualTo("new");
    await(window.call(List.of("console", "log"), "via window"));
    assertThat(await(window.get("logs")).size()).isEqualTo(2);
    assertThat(await(window.get("document", "body", "style", "backgroundColor")).asString())
        .isEqualTo("rgb(10, 20, 30)");
  }

  @Test
  void v12TransferHandler() throws Exception {
    connection.close();
    ScriptedEndpoint other = new ScriptedEndpoint();
    try (RpcConnection withHandler =
        Rpc.connect(
            other, RpcOptions.builder().handler(new VectorServerTest.MoneyHandler()).build())) {
      CompletableFuture<JsValue> call =
          withHandler.remote().call("double", new VectorServerTest.Money("EUR", 21));
      JsValue frame = Vector.parse(other.take());
      assertThat(frame.get("data").get("argumentList").get(0))
          .isEqualTo(
              Vector.parse(
                  "{\"type\":\"HANDLER\",\"name\":\"MONEY\",\"value\":{\"c\":\"EUR\",\"a\":\"21\"}}"));
      other.deliver(
          "{\"uid\":\"\",\"data\":{\"type\":\"HANDLER\",\"name\":\"MONEY\",\"value\":{\"c\":\"EUR\","
              + "\"a\":\"42\"},\"id\":"
              + frame.get("data").get("id")
              + "},\"transfer\":[]}");
      assertThat(await(call))
          .isEqualTo(new JsValue.Custom("MONEY", new VectorServerTest.Money("EUR", 42)));
    }
    peer = new Thread(() -> {}, "nothing");
    played.complete(null);
  }
}
