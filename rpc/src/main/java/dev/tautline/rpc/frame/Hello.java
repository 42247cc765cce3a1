package dev.tautline.rpc.frame;

import dev.tautline.rpc.JsValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a side understands beyond plain framing S. Sent once after the channel opens; until one
 * arrives the peer counts as plain.
 *
 * @param features names of the extras: {@code chunk}, {@code close}, {@code b64}
 * @param maxMessage the largest message that may be put together from chunks, in UTF-8 bytes
 * @param handlers names of transfer handlers that are registered
 */
public record Hello(Set<String> features, long maxMessage, Set<String> handlers) {
  /** Frames too large for the channel may come in pieces. */
  public static final String CHUNK = "chunk";

  /** Ports may be said to be forgotten. */
  public static final String CLOSE = "close";

  /** Bytes may come as base64. */
  public static final String BASE64 = "b64";

  /** A peer that has said nothing. */
  public static final Hello PLAIN = new Hello(Set.of(), 0, Set.of());

  private static final int MAX_NAMES = 64;
  private static final long DEFAULT_MAX_MESSAGE = 16L << 20;

  public Hello {
    features = Set.copyOf(features);
    handlers = Set.copyOf(handlers);
  }

  /** Whether the sender understands the feature. */
  public boolean has(String feature) {
    return features.contains(feature);
  }

  /** Reads the member {@code hello}; what is missing or odd counts as not offered. */
  public static Hello parse(JsValue.Obj hello) {
    long maxMessage = DEFAULT_MAX_MESSAGE;
    if (hello.get("maxMessage") instanceof JsValue.Num number
        && number.value() instanceof Long n
        && n > 0) {
      maxMessage = n;
    }
    return new Hello(names(hello.get("features")), maxMessage, names(hello.get("handlers")));
  }

  private static Set<String> names(JsValue json) {
    Set<String> names = new LinkedHashSet<>();
    if (json instanceof JsValue.Arr array) {
      for (JsValue item : array.items()) {
        if (item instanceof JsValue.Text text && names.size() < MAX_NAMES) {
          names.add(text.value());
        }
      }
    }
    return names;
  }

  /** The data of the control frame that carries it. */
  public JsValue toJson() {
    Map<String, JsValue> hello = new LinkedHashMap<>();
    hello.put("v", JsValue.of(1));
    hello.put("features", texts(features));
    hello.put("maxMessage", JsValue.of(maxMessage));
    hello.put("handlers", texts(handlers));
    return JsValue.object(Map.of("hello", new JsValue.Obj(hello)));
  }

  private static JsValue texts(Set<String> names) {
    List<JsValue> items = new ArrayList<>();
    names.stream().sorted().forEach(name -> items.add(JsValue.of(name)));
    return new JsValue.Arr(items);
  }
}
