package dev.tautline.rpc.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcLimits;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.ScriptedEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged frames, through the public face: nothing is thrown, nothing closes, calls go on. */
@Timeout(60)
class MalformedInputTest {
  private static final String CALL =
      "{\"uid\":\"\",\"data\":{\"id\":\"x-1\",\"type\":\"APPLY\",\"path\":[\"echo\"],"
          + "\"argumentList\":[{\"type\":\"HANDLER\",\"name\":\"proxy\",\"value\":null},"
          + "{\"type\":\"RAW\",\"value\":{\"a\":[1,-2.5e3,\"\\ud800\",true,null]}},"
          + "{\"type\":\"RAW\",\"value\":null}]},\"transfer\":["
          + "{\"type\":0,\"path\":[\"argumentList\",\"0\",\"value\"],\"value\":\"p-1\"},"
          + "{\"type\":1,\"subtype\":5,\"path\":[\"argumentList\",\"2\",\"value\"],"
          + "\"value\":\"00ff\"}]}";

  private final ScriptedEndpoint endpoint = new ScriptedEndpoint();
  private final RpcConnection connection =
      Rpc.connect(
              endpoint,
              RpcOptions.builder()
                  .limits(
                      RpcLimits.DEFAULTS
                          .withFramesPerSecond(1_000_000)
                          .withPorts(1_000_000)
                          .withCalls(256, 1_000_000))
                  .build())
          .expose(RpcObject.builder().value("v", 1).function("echo", a -> a.size()).build());

  private void stillWorks() throws InterruptedException {
    assertThat(connection.isClosed()).isFalse();
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"probe\",\"type\":\"GET\",\"path\":[\"v\"]},"
            + "\"transfer\":[]}");
    while (true) {
      String frame = endpoint.take();
      if (frame.contains("\"id\":\"probe\"")) {
        assertThat(frame).contains("\"value\":1");
        return;
      }
    }
  }

  @Test
  void everyPrefixAndEveryMissingCharacter() throws Exception {
    for (int i = 0; i <= CALL.length(); i++) {
      endpoint.deliver(CALL.substring(0, i));
    }
    for (int i = 0; i < CALL.length(); i++) {
      endpoint.deliver(CALL.substring(0, i) + CALL.substring(i + 1));
    }
    stillWorks();
  }

  @Test
  void everyCharacterReplaced() throws Exception {
    for (char c : "\"{}[]:,0a\\ -\u0000\ud800".toCharArray()) {
      for (int i = 0; i < CALL.length(); i++) {
        endpoint.deliver(CALL.substring(0, i) + c + CALL.substring(i + 1));
      }
    }
    stillWorks();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void piecesOfHostileFramesPutTogetherAtRandom(long seed) throws Exception {
    String[] lines;
    try (InputStream in =
        getClass().getResourceAsStream("/comlink-vectors/50-hostile-expectations.jsonl")) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    Random random = new Random(seed);
    for (int round = 0; round < 3000; round++) {
      String a = frame(lines, random);
      String b = frame(lines, random);
      endpoint.deliver(
          a.substring(0, random.nextInt(a.length() + 1))
              + b.substring(random.nextInt(b.length() + 1)));
    }
    stillWorks();
  }

  private static String frame(String[] lines, Random random) {
    String line = lines[random.nextInt(lines.length)];
    int start = line.indexOf("\"frame\":\"") + 9;
    String escaped = line.substring(start, Math.max(start, line.lastIndexOf('"')));
    String frame = escaped.replace("\\\"", "\"").replace("\\\\", "\\");
    return frame.length() > 4000 ? frame.substring(0, 4000) : frame;
  }

  @Test
  void bombsOfDepthLengthAndNumbers() throws Exception {
    endpoint.deliver("[".repeat(500_000));
    endpoint.deliver("{\"a\":".repeat(100_000));
    endpoint.deliver("{\"uid\":\"\",\"data\":" + "[".repeat(9_999));
    endpoint.deliver("1".repeat(900_000));
    endpoint.deliver(
        "{\"uid\":\"\",\"data\":{\"id\":\"n\",\"type\":\"GET\",\"path\":"
            + "9".repeat(5000)
            + "}}");
    endpoint.deliver("{\"" + "k".repeat(100_000) + "\":1}");
    endpoint.deliver("1e" + "9".repeat(300));
    stillWorks();
  }
}
