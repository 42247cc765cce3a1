package dev.tautline.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.rpc.endpoint.InMemoryEndpoints;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two Java sides that call each other, typed and dynamically. */
@Timeout(30)
class RpcConnectionTest {
  enum Colour {
    RED,
    @RpcName("bleu")
    BLUE
  }

  record Point(int x, int y) {}

  record Drawing(String title, List<Point> points, Optional<Colour> colour, Instant at) {}

  @RpcExposed
  interface Counter extends AutoCloseable {
    @RpcProperty
    int count();

    int inc(int by);

    @Override
    void close();
  }

  @RpcData
  interface Config {
    @RpcProperty
    String color();

    @RpcProperty
    void color(String value);
  }

  interface Api {
    @RpcProperty
    String name();

    @RpcProperty
    void name(String value);

    @RpcProperty
    Config config();

    int add(int a, int b);

    long sum(long... values);

    CompletableFuture<String> later(String text);

    int each(IntUnaryOperator callback, int n);

    String transform(Function<Point, String> f, Point p);

    Drawing move(Drawing drawing, int dx);

    Counter counter(int start);

    @RpcConstruct("Counter")
    Counter newCounter(int start);

    byte[] reverse(byte[] bytes);

    Map<Colour, Integer> tally(List<Colour> colours);

    void fail(String message);

    void failVisibly();

    Object echo(Object value);
  }

  static final class CounterObject implements Counter {
    final AtomicInteger count;
    final AtomicInteger closed;

    CounterObject(int start, AtomicInteger closed) {
      count = new AtomicInteger(start);
      this.closed = closed;
    }

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
  }

  static final class ApiObject implements Api, Config {
    volatile String name = "demo";
    volatile String color = "red";
    final AtomicInteger countersClosed = new AtomicInteger();

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
    public int add(int a, int b) {
      return a + b;
    }

    @Override
    public long sum(long... values) {
      long sum = 0;
      for (long value : values) {
        sum += value;
      }
      return sum;
    }

    @Override
    public CompletableFuture<String> later(String text) {
      return CompletableFuture.supplyAsync(() -> text + " later");
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
    public String transform(Function<Point, String> f, Point p) {
      return f.apply(p);
    }

    @Override
    public Drawing move(Drawing drawing, int dx) {
      return new Drawing(
          drawing.title(),
          drawing.points().stream().map(p -> new Point(p.x() + dx, p.y())).toList(),
          drawing.colour(),
          drawing.at());
    }

    @Override
    public Counter counter(int start) {
      return new CounterObject(start, countersClosed);
    }

    @Override
    public Counter newCounter(int start) {
      return new CounterObject(start, countersClosed);
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
    public Map<Colour, Integer> tally(List<Colour> colours) {
      Map<Colour, Integer> tally = new java.util.TreeMap<>();
      colours.forEach(c -> tally.merge(c, 1, Integer::sum));
      return tally;
    }

    @Override
    public void fail(String message) {
      throw new IllegalStateException(message);
    }

    @Override
    public void failVisibly() {
      throw new RpcVisibleException("QuotaError", "used up").with("code", 7);
    }

    @Override
    public Object echo(Object value) {
      return value;
    }
  }

  private final ExecutorService loop = Executors.newSingleThreadExecutor();
  private final InMemoryEndpoints.Pair pair = InMemoryEndpoints.pair(loop);
  private final RpcConnection server = Rpc.connect(pair.first());
  private final RpcConnection client = Rpc.connect(pair.second());
  private final ApiObject object = new ApiObject();

  private Api api() {
    server.expose(Api.class, object);
    return client.wrap(Api.class);
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    server.close();
    loop.shutdown();
    assertThat(loop.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void callsMethodsAndReadsAndAssignsProperties() {
    Api api = api();
    assertThat(api.add(3, 4)).isEqualTo(7);
    assertThat(api.sum(1, 2, 3)).isEqualTo(6);
    assertThat(api.sum()).isZero();
    assertThat(api.name()).isEqualTo("demo");
    api.name("renamed");
    assertThat(api.name()).isEqualTo("renamed");
    api.config().color("blue");
    assertThat(object.color).isEqualTo("blue");
    assertThat(api.config().color()).isEqualTo("blue");
  }

  @Test
  void futuresAreAwaitedOnBothSides() throws Exception {
    assertThat(api().later("x").get(10, TimeUnit.SECONDS)).isEqualTo("x later");
  }

  @Test
  void callbacksAreCalledWithTheirDeclaredTypes() {
    Api api = api();
    assertThat(api.each(i -> i * 10, 3)).isEqualTo(60);
    assertThat(api.transform(p -> "x is " + p.x(), new Point(5, 6))).isEqualTo("x is 5");
  }

  @Test
  void recordsEnumsMapsAndTimesSurvive() {
    Drawing drawing =
        new Drawing(
            "lines",
            List.of(new Point(1, 2), new Point(3, 4)),
            Optional.of(Colour.BLUE),
            Instant.parse("2026-11-22T08:00:00.123456789Z"));
    assertThat(api().move(drawing, 10))
        .isEqualTo(
            new Drawing(
                "lines",
                List.of(new Point(11, 2), new Point(13, 4)),
                Optional.of(Colour.BLUE),
                drawing.at()));
    Api api = client.wrap(Api.class);
    assertThat(api.tally(List.of(Colour.BLUE, Colour.RED, Colour.BLUE)))
        .isEqualTo(Map.of(Colour.BLUE, 2, Colour.RED, 1));
    assertThat(api.sum(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void bytesSurviveInAnyNumber() {
    Api api = api();
    byte[] bytes = new byte[100_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    assertThat(api.reverse(api.reverse(bytes))).isEqualTo(bytes);
    assertThat(api.reverse(new byte[0])).isEmpty();
  }

  @Test
  void messagesAboveTheChannelLimitTravelInChunks() {
    byte[] bytes = new byte[3_000_000];
    new java.util.Random(7).nextBytes(bytes);
    Api api = api();
    assertThat(api.add(1, 2)).isEqualTo(3); // The hello has been exchanged.
    assertThat(api.reverse(api.reverse(bytes))).isEqualTo(bytes);
  }

  @Test
  void objectsByReferenceLiveUntilReleased() throws Exception {
    Api api = api();
    Counter counter = api.counter(5);
    assertThat(counter.count()).isEqualTo(5);
    assertThat(counter.inc(2)).isEqualTo(7);
    Counter made = api.newCounter(100);
    assertThat(made.inc(1)).isEqualTo(101);
    assertThat(server.stats().exportedPorts()).isEqualTo(2);
    Rpc.remote(counter).release().get(10, TimeUnit.SECONDS);
    awaitTrue(() -> object.countersClosed.get() == 1);
    assertThatThrownBy(counter::count)
        .isInstanceOfSatisfying(
            RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.RELEASED));
    assertThat(made.count()).isEqualTo(101);
    made.close();
    awaitTrue(() -> object.countersClosed.get() == 2);
    assertThat(server.stats().exportedPorts()).isZero();
    assertThat(api.add(1, 1)).isEqualTo(2);
  }

  private static void awaitTrue(java.util.concurrent.Callable<Boolean> condition) {
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(1))
        .until(condition);
  }

  @Test
  void onlyDeclaredErrorsAreShown() {
    Api api = api();
    assertThatThrownBy(() -> api.fail("the password is 1234"))
        .isInstanceOfSatisfying(
            JsException.class,
            e -> {
              assertThat(e.name()).isEqualTo("Error");
              assertThat(e.message()).startsWith("internal error, reference ");
              assertThat(e.remoteStack()).doesNotContain("1234").doesNotContain("at ");
            });
    assertThatThrownBy(api::failVisibly)
        .isInstanceOfSatisfying(
            JsException.class,
            e -> {
              assertThat(e.name()).isEqualTo("QuotaError");
              assertThat(e.message()).isEqualTo("used up");
              assertThat(e.members().get("code").asInt()).isEqualTo(7);
            });
  }

  @Test
  void bothSidesExposeOnTheRootPort() {
    Api there = api();
    ApiObject other = new ApiObject();
    other.name = "the client's";
    client.expose(Api.class, other);
    assertThat(server.wrap(Api.class).name()).isEqualTo("the client's");
    assertThat(there.name()).isEqualTo("demo");
  }

  @Test
  void requestsThatComeBeforeTheObjectAreServedLater() throws Exception {
    CompletableFuture<JsValue> early = client.remote().call("add", 1, 2);
    api();
    assertThat(early.get(10, TimeUnit.SECONDS).asInt()).isEqualTo(3);
  }

  @Test
  void dynamicCallsReachWhateverIsThere() throws Exception {
    api();
    Remote remote = client.remote();
    assertThat(remote.get("config", "color").get().asString()).isEqualTo("red");
    assertThat(remote.at("config").get().get().get("color").asString()).isEqualTo("red");
    remote.set("green", "config", "color").get();
    assertThat(object.color).isEqualTo("green");
    assertThat(remote.call("echo", Map.of("a", List.of(1, 2.5, "x"))).get().as(Object.class))
        .isEqualTo(Map.of("a", List.of(1L, 2.5, "x")));
    Remote counter = remote.construct("Counter", 3).get().asRemote();
    assertThat(counter.call("inc", 4).get().asInt()).isEqualTo(7);
    JsValue each = remote.call("each", Rpc.callback(a -> a.get(0).asInt() + 1), 2).get();
    assertThat(each.asInt()).isEqualTo(5);
    assertThat(remote.get("nothing").get().isUndefined()).isTrue();
    Remote further = remote.endpoint().get();
    assertThat(further.get("name").get().asString()).isEqualTo("demo");
    assertThatThrownBy(() -> remote.call("nothing").get())
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JsException.class, e -> assertThat(e.name()).isEqualTo("TypeError"));
  }

  @Test
  void closingFailsEveryPendingCallAndDropsEveryObjectOnce() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    AtomicInteger released = new AtomicInteger();
    AtomicInteger interrupted = new AtomicInteger();
    server.expose(
        RpcObject.builder()
            .function(
                "hang",
                a -> {
                  entered.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    interrupted.incrementAndGet();
                    throw e;
                  }
                  return null;
                })
            .function("give", a -> RpcObject.builder().onRelease(released::incrementAndGet).build())
            .onRelease(released::incrementAndGet)
            .build());
    Remote remote = client.remote();
    remote.call("give").get();
    List<CompletableFuture<JsValue>> pending = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      pending.add(remote.call("hang"));
    }
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    pair.first().close();
    for (CompletableFuture<JsValue> call : pending) {
      assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.CLOSED));
    }
    awaitTrue(() -> released.get() == 2);
    server.closed().get(10, TimeUnit.SECONDS);
    assertThat(client.isClosed()).isTrue();
    awaitTrue(() -> interrupted.get() >= 1 && server.stats().callsRunning() == 0);
    assertThat(released).hasValue(2);
  }

  @Test
  void aBlockingCallOnTheEventLoopIsRefusedInsteadOfWaitingForItself() throws Exception {
    Api api = api();
    RemotePort mine = RemotePort.create();
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    // A custom executor that runs on the delivering thread is the only way to get there.
    RpcOptions direct = RpcOptions.builder().executor(Runnable::run).build();
    InMemoryEndpoints.Pair second = InMemoryEndpoints.pair(loop);
    try (RpcConnection a = Rpc.connect(second.first(), direct);
        RpcConnection b = Rpc.connect(second.second())) {
      a.expose(
          RpcObject.builder()
              .function(
                  "f",
                  args -> {
                    try {
                      a.wrap(Api.class).add(1, 2);
                    } catch (IllegalStateException e) {
                      thrown.complete(e);
                    }
                    return null;
                  })
              .build());
      b.remote().call("f").get(10, TimeUnit.SECONDS);
      assertThat(thrown.get(10, TimeUnit.SECONDS)).hasMessageContaining("event loop");
    }
    mine.close();
    assertThat(api.add(1, 1)).isEqualTo(2);
  }
}
