package dev.tautline.rpc.vectors;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A recorded conversation of two unmodified Comlink sides; see the README beside the files. */
final class Vector {
  static final JsonCodec JSON = new JacksonJson(1 << 22, 1000);

  /** One frame, with names in the place of random ids. */
  record Line(boolean fromClient, JsValue frame, String text) {}

  private Vector() {}

  static List<JsValue> lines(String file) {
    try (InputStream in = Vector.class.getResourceAsStream("/comlink-vectors/" + file)) {
      List<JsValue> lines = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        lines.add(parse(line));
      }
      return lines;
    } catch (IOException e) {
      throw new IllegalStateException(file, e);
    }
  }

  static List<Line> frames(String file) {
    List<Line> frames = new ArrayList<>();
    for (JsValue line : lines(file)) {
      if (!line.get("norm").isUndefined()) {
        String text = line.get("norm").asString();
        frames.add(new Line(line.get("from").asString().equals("client"), parse(text), text));
      }
    }
    return frames;
  }

  static JsValue parse(String json) {
    JsonCodec.Parsed parsed = JSON.parse(json, JsonCodec.Depth.WHOLE);
    if (parsed == null || parsed.violation() != null) {
      throw new IllegalArgumentException("not JSON: " + json);
    }
    return parsed.value();
  }

  /** Names of random ids, bound when they are first seen. */
  static final class Names {
    private final Map<String, String> bound = new HashMap<>();
    private int made;

    /** The text with every name replaced; names that are new get an id. */
    String fill(String text) {
      StringBuilder out = new StringBuilder();
      int i = 0;
      while (i < text.length()) {
        int end = nameEnd(text, i);
        if (end > i) {
          String name = text.substring(i, end);
          out.append(bound.computeIfAbsent(name, n -> "test-" + made++));
          i = end;
        } else {
          out.append(text.charAt(i++));
        }
      }
      return out.toString();
    }

    private static int nameEnd(String text, int start) {
      for (String prefix : List.of("$id", "$port")) {
        int i = start + prefix.length();
        if (text.startsWith(prefix, start) && i < text.length() && isDigit(text.charAt(i))) {
          while (i < text.length() && isDigit(text.charAt(i))) {
            i++;
          }
          return i;
        }
      }
      return start;
    }

    private static boolean isDigit(char c) {
      return c >= '0' && c <= '9';
    }

    /** Whether the actual tree is the expected one; binds names if it is. */
    boolean matches(JsValue expected, JsValue actual) {
      Map<String, String> before = new HashMap<>(bound);
      if (matches("", expected, actual)) {
        return true;
      }
      bound.clear();
      bound.putAll(before);
      return false;
    }

    private boolean matches(String member, JsValue expected, JsValue actual) {
      if (expected instanceof JsValue.Text text && nameEnd(text.value(), 0) > 0) {
        String name = text.value();
        if (!(actual instanceof JsValue.Text value)) {
          return false;
        }
        String known = bound.get(name);
        if (known == null && !bound.containsValue(value.value())) {
          bound.put(name, value.value());
          return true;
        }
        return value.value().equals(known);
      }
      if (member.equals("stack")) {
        return actual instanceof JsValue.Text;
      }
      if (member.equals("message") && expected instanceof JsValue.Text text) {
        // The engine's own texts are not part of the protocol.
        return isOfTheEngine(text.value())
            ? actual instanceof JsValue.Text
            : expected.equals(actual);
      }
      if (expected instanceof JsValue.Obj object) {
        if (!(actual instanceof JsValue.Obj other)
            || !object.members().keySet().equals(other.members().keySet())) {
          return false;
        }
        return object.members().entrySet().stream()
            .allMatch(e -> matches(e.getKey(), e.getValue(), other.get(e.getKey())));
      }
      if (expected instanceof JsValue.Arr array) {
        if (!(actual instanceof JsValue.Arr other) || other.size() != array.size()) {
          return false;
        }
        for (int i = 0; i < array.size(); i++) {
          if (!matches("", array.get(i), other.get(i))) {
            return false;
          }
        }
        return true;
      }
      return expected.equals(actual);
    }

    private static boolean isOfTheEngine(String message) {
      return message.startsWith("Cannot read properties of")
          || message.startsWith("rawValue is not");
    }
  }
}
