package dev.tautline.rpc.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.ScriptedEndpoint;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every hostile frame gets its reaction, on one connection, which goes on working. */
@Timeout(60)
class HostileExpectationsTest {
  @RpcData
  interface Config {
    @RpcProperty
    String color();

    @RpcProperty
    void color(String value);
  }

  @RpcExposed
  interface Counter {
    int inc();
  }

  interface Demo {
    @RpcProperty
    String name();

    @RpcProperty
    void name(String value);

    @RpcProperty
    int version();

    @RpcProperty
    Config config();

    @RpcProperty
    List<Integer> list();

    int add(int a, int b);

    Object echo(Object x);

    @RpcConstruct("Counter")
    Counter counter();
  }

  public static final class DemoObject implements Demo, Config {
    public String secret = "a field that is nobody's business";
    private String name = "demo";
    private String color = "red";

    public String secret() {
      return secret;
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
    public int version() {
      return 1;
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
    public List<Integer> list() {
      return List.of(10, 20, 30);
    }

    @Override
    public int add(int a, int b) {
      return a + b;
    }

    @Override
    public Object echo(Object x) {
      return x;
    }

    @Override
    public Counter counter() {
      return () -> 1;
    }
  }

  @Test
  void everyLineGetsItsReaction() throws Exception {
    ScriptedEndpoint endpoint = new ScriptedEndpoint();
    RpcConnection connection = Rpc.connect(endpoint);
    connection.expose(Demo.class, new DemoObject());
    List<String> wrong = new ArrayList<>();
    for (JsValue line : Vector.lines("50-hostile-expectations.jsonl")) {
      int n = line.get("n").asInt();
      endpoint.deliver(line.get("frame").asString().replace("$id", "hostile-" + n));
      // A call that must be answered follows: whatever comes before its answer is the reaction.
      endpoint.deliver(
          "{\"uid\":\"\",\"data\":{\"id\":\"probe-"
              + n
              + "\",\"type\":\"GET\",\"path\":[\"version\"]},\"transfer\":[]}");
      List<JsValue> replies = new ArrayList<>();
      boolean probed = false;
      String expected = line.get("expect").asString();
      boolean mustReply = !expected.contains("ignore");
      while (!probed || (mustReply && replies.isEmpty())) {
        JsValue reply = Vector.parse(endpoint.take()).get("data");
        if (reply.get("id").equals(JsValue.of("probe-" + n))) {
          assertThat(reply.get("value").asInt()).isEqualTo(1);
          probed = true;
        } else {
          replies.add(reply);
        }
      }
      boolean good = false;
      for (String alternative : expected.split("\\|", -1)) {
        good |= reacted(alternative, replies, "hostile-" + n);
      }
      if (!good) {
        wrong.add(n + " " + line.get("note") + ": expected " + expected + ", got " + replies);
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(endpoint.untaken()).isEmpty();
    assertThat(connection.isClosed()).isFalse();
    assertThat(connection.stats().importedPorts()).isZero();
    assertThat(connection.stats().exportedPorts()).isZero();
    connection.close();
  }

  private static boolean reacted(String expected, List<JsValue> replies, String id) {
    if (expected.equals("ignore")) {
      return replies.isEmpty();
    }
    if (replies.size() != 1 || !replies.get(0).get("id").equals(JsValue.of(id))) {
      return false;
    }
    JsValue reply = replies.get(0);
    if (expected.equals("undefined")) {
      return reply.get("type").equals(JsValue.of("RAW")) && reply.get("value").isUndefined();
    }
    if (expected.startsWith("value:")) {
      return reply.get("value").equals(Vector.parse(expected.substring("value:".length())));
    }
    // In "throw:TypeError|RangeError" the second alternative is the bare name.
    String name = expected.startsWith("throw:") ? expected.substring("throw:".length()) : expected;
    return reply.get("name").equals(JsValue.of("throw"))
        && reply.get("value").get("value").get("name").equals(JsValue.of(name));
  }
}
