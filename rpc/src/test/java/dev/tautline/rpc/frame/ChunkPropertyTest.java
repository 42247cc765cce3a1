package dev.tautline.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkPropertyTest {
  private final JsonCodec json = new JacksonJson(1 << 24, 1000);

  /** Texts as frames are: much ASCII and quotes, some of everything else. */
  static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      switch (random.nextInt(8)) {
        case 0 -> text.append('"');
        case 1 -> text.append('\\');
        case 2 -> text.append((char) random.nextInt(32));
        case 3 -> text.appendCodePoint(0x1f600 + random.nextInt(50));
        case 4 -> text.append((char) (0x80 + random.nextInt(0x3000)));
        case 5 -> text.append((char) (0xd800 + random.nextInt(0x800)));
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void chunksFitAndGiveTheTextAgain(long seed) throws Exception {
    Random random = new Random(seed);
    for (int round = 0; round < 40; round++) {
      String text = text(random, 1 + random.nextInt(60_000));
      int limit = 200 + random.nextInt(30_000);
      List<String> chunks = Chunker.cut(json, text, "k" + round, limit);
      assertThat(chunks).as("seed %d round %d", seed, round).isNotEmpty();
      ChunkAssembler assembler = new ChunkAssembler(1 << 20);
      String whole = null;
      for (String chunk : chunks) {
        assertThat(chunk.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(limit);
        assertThat(whole).isNull();
        // As it comes out of a channel, which carries UTF-8.
        String carried = new String(chunk.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        JsonCodec.Parsed parsed = json.parse(carried, JsonCodec.Depth.WHOLE);
        assertThat(parsed).isNotNull();
        whole = assembler.add((JsValue.Obj) parsed.value().get("data").get("chunk"), 0);
      }
      assertThat(whole).as("seed %d round %d", seed, round).isEqualTo(text);
      assertThat(assembler.isEmpty()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void sizesAreThoseOfUtf8(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      String text = text(random, random.nextInt(300));
      // String.getBytes replaces a lone surrogate by one byte; a browser by three.
      String replaced =
          new String(
              text.codePoints().map(c -> c >= 0xd800 && c < 0xe000 ? 0xfffd : c).toArray(),
              0,
              text.codePointCount(0, text.length()));
      assertThat(Utf8.length(text)).isEqualTo(replaced.getBytes(StandardCharsets.UTF_8).length);
    }
  }
}
