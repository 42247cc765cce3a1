package dev.tautline.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import dev.tautline.rpc.message.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramePropertyTest {
  private final JsonCodec json = new JacksonJson(1 << 24, 64);
  private int ports;

  private JsValue value(Random random, int depth) {
    int kind = random.nextInt(depth > 5 ? 6 : 9);
    return switch (kind) {
      case 0 -> JsValue.nullValue();
      case 1 -> JsValue.of(random.nextBoolean());
      case 2 -> JsValue.of(random.nextLong());
      case 3 -> JsValue.of(Double.longBitsToDouble(random.nextLong() & 0x7fefffffffffffffL) + 0.5);
      case 4 -> JsValue.of(ChunkPropertyTest.text(random, random.nextInt(20)));
      case 5 -> leaf(random);
      case 6 -> {
        List<JsValue> items = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
          items.add(value(random, depth + 1));
        }
        yield new JsValue.Arr(items);
      }
      default -> {
        Map<String, JsValue> members = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
          members.put(name(random), value(random, depth + 1));
        }
        yield new JsValue.Obj(members);
      }
    };
  }

  /** Without lone surrogates, which the parser refuses in names. */
  private static String name(Random random) {
    int[] points =
        ChunkPropertyTest.text(random, random.nextInt(6))
            .codePoints()
            .map(c -> c >= 0xd800 && c < 0xe000 ? 'z' : c)
            .toArray();
    return new String(points, 0, points.length);
  }

  @Test
  void aNameWithALoneSurrogateIsRefusedWithAnAnswer() {
    JsonCodec.Parsed parsed =
        json.parse(
            "{\"uid\":\"\",\"data\":{\"id\":\"i1\",\"a\":{\"\\udeb7\":1}}}", JsonCodec.Depth.WHOLE);
    assertThat(parsed).isNotNull();
    assertThat(parsed.violation()).isNotNull();
    assertThat(parsed.value().get("data").get("id").asString()).isEqualTo("i1");
  }

  private JsValue leaf(Random random) {
    if (random.nextInt(3) == 0) {
      return new JsValue.Port("p" + ports++, null);
    }
    BinaryKind kind = BinaryKind.values()[random.nextInt(BinaryKind.values().length)];
    byte[] bytes = new byte[kind.elementBytes() * random.nextInt(6)];
    random.nextBytes(bytes);
    return new JsValue.Binary(kind, bytes);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void writtenFramesReadAsTheSame(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      Map<String, JsValue> members = new LinkedHashMap<>();
      members.put("a", value(random, 0));
      members.put("b", value(random, 0));
      JsValue data = new JsValue.Obj(members);
      Transfers.BytesAs as =
          random.nextBoolean() ? Transfers.BytesAs.HEX : Transfers.BytesAs.BASE64;
      String text = Frame.write(json, "port-1", data, as);
      JsonCodec.Parsed parsed = json.parse(text, JsonCodec.Depth.WHOLE);
      assertThat(parsed).as(text).isNotNull();
      assertThat(parsed.violation()).as(text).isNull();
      Frame frame = Frame.of(parsed.value());
      assertThat(frame).isNotNull();
      assertThat(frame.uid()).isEqualTo("port-1");
      assertThat(Transfers.apply(frame.data(), frame.transfer(), 10_000, 1 << 24).data())
          .as("seed %d round %d: %s", seed, round, text)
          .isEqualTo(data);
    }
  }

  @Test
  void loneSurrogatesAreEscapedAndPairsAreNot() {
    StringBuilder out = new StringBuilder();
    json.writeString("a\ud800b\udc00\ud83d\ude00", out);
    assertThat(out.toString()).isEqualTo("\"a\\ud800b\\udc00\ud83d\ude00\"");
  }

  private void refused(String data, String transfer, String name) {
    JsonCodec.Parsed parsedData = json.parse(data, JsonCodec.Depth.WHOLE);
    JsonCodec.Parsed parsedTransfer = json.parse(transfer, JsonCodec.Depth.WHOLE);
    assertThatThrownBy(() -> Transfers.apply(parsedData.value(), parsedTransfer.value(), 64, 1000))
        .as(transfer)
        .isInstanceOfSatisfying(Refusal.class, e -> assertThat(e.name()).isEqualTo(name));
  }

  @Test
  void transferListsThatAreWrongChangeNothing() {
    String port = "[{\"type\":0,\"path\":[\"a\"],\"value\":\"p\"}";
    refused("{\"a\":1}", port + "]", "TypeError");
    refused("{\"a\":null}", port + "," + port.substring(1) + "]", "TypeError");
    refused(
        "{\"a\":null,\"b\":null}",
        port + ",{\"type\":0,\"path\":[\"b\"],\"value\":\"p\"}]",
        "TypeError");
    refused("{\"a\":null}", port.replace("\"a\"", "\"a\",\"b\"") + "]", "TypeError");
    refused("[null]", port.replace("\"a\"", "\"00\"") + "]", "TypeError");
    refused("{\"a\":null}", port.replace("\"p\"", "\"p q\"") + "]", "TypeError");
    refused(
        "{\"a\":null}",
        "[{\"type\":1,\"subtype\":4,\"path\":[\"a\"],\"value\":\"000000\"}]",
        "TypeError");
    refused(
        "{\"a\":null}",
        "[{\"type\":1,\"subtype\":2,\"e\":\"b64\",\"path\":[\"a\"],\"value\":\"*\"}]",
        "TypeError");
    refused(
        "{\"a\":null}",
        "[{\"type\":1,\"subtype\":2,\"path\":[\"a\"],\"value\":\"" + "00".repeat(1001) + "\"}]",
        "RangeError");
  }
}
