package dev.tautline.rpc.codec.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON into values, token by token with a stack on the heap, and writes it.
 *
 * <p>Limits are kept here where reading can go on after them, so that the id of an offending
 * request is found wherever it stands; Jackson's own constraints are the second line, for what
 * would cost memory or time by itself. Stateless: one object may be used by any thread.
 */
public final class JacksonJson implements JsonCodec {
  /** Digits of a number; nothing that a page computes has more. */
  private static final int MAX_NUMBER_CHARS = 400;

  private static final int MAX_NAME_CHARS = 1024;

  /** Beyond it reading stops altogether; up to it the rest of the text is still looked at. */
  private static final int MAX_SCANNED_DEPTH = 10_000;

  private final JsonFactory factory;
  private final int maxDepth;

  /**
   * A codec for documents up to the size.
   *
   * @param maxChars longest text that is parsed, in characters
   * @param maxDepth nesting that is taken
   */
  public JacksonJson(int maxChars, int maxDepth) {
    this.maxDepth = maxDepth;
    this.factory =
        new JsonFactoryBuilder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_SCANNED_DEPTH)
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .maxStringLength(maxChars)
                    .maxNameLength(MAX_NAME_CHARS)
                    .maxDocumentLength(maxChars)
                    .build())
            // Names come from the peer: a table of them would be a place to fill.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();
  }

  /** A container that is being filled. */
  private static final class Open {
    final @Nullable Map<String, JsValue> members;
    final @Nullable List<JsValue> items;
    @Nullable String name;

    private Open(@Nullable Map<String, JsValue> members, @Nullable List<JsValue> items) {
      this.members = members;
      this.items = items;
    }

    static Open object() {
      return new Open(new LinkedHashMap<>(), null);
    }

    static Open array() {
      return new Open(null, new ArrayList<>());
    }

    /** Returns whether there was a value by this name before; the first one stays. */
    boolean add(JsValue value) {
      if (members != null) {
        String key = name;
        name = null;
        return key != null && members.putIfAbsent(key, value) != null;
      }
      if (items != null) {
        items.add(value);
      }
      return false;
    }

    JsValue close() {
      if (members != null) {
        return new JsValue.Obj(members);
      }
      return new JsValue.Arr(items == null ? List.of() : items);
    }
  }

  /** One reading of one text. */
  private final class Reading {
    final JsonParser parser;
    final Depth wanted;
    final Deque<Open> open = new ArrayDeque<>();
    @Nullable JsValue result;
    Parsed.@Nullable Refusal violation;
    boolean trailing;

    Reading(JsonParser parser, Depth wanted) {
      this.parser = parser;
      this.wanted = wanted;
    }

    void violated(String name, String text) {
      if (violation == null) {
        violation = new Parsed.Refusal(name, text);
      }
    }

    void put(JsValue value) {
      Open top = open.peek();
      if (top == null) {
        trailing |= result != null;
        result = value;
      } else if (top.add(value)) {
        violated("TypeError", "duplicate member");
      }
    }

    /** Whether the value that comes next is of interest; only asked for envelopes. */
    boolean skips() {
      if (wanted == Depth.WHOLE) {
        return false;
      }
      Open top = open.peek();
      if (top == null) {
        return false;
      }
      String name = top.name;
      if (name == null) {
        return true;
      }
      return open.size() == 1
          ? !name.equals("uid") && !name.equals("data")
          : !name.equals("id") && !name.equals("type");
    }

    void run() throws IOException {
      while (true) {
        JsonToken token = parser.nextToken();
        if (token == null) {
          return;
        }
        switch (token) {
          case START_OBJECT, START_ARRAY -> {
            if (skips()) {
              parser.skipChildren();
              dropName();
            } else if (open.size() >= maxDepth) {
              violated("RangeError", "nested deeper than " + maxDepth);
              parser.skipChildren();
              put(JsValue.nullValue());
            } else {
              open.push(token == JsonToken.START_OBJECT ? Open.object() : Open.array());
            }
          }
          case END_OBJECT, END_ARRAY -> put(open.pop().close());
          case FIELD_NAME -> {
            Open top = open.peek();
            if (top != null) {
              top.name = parser.currentName();
            }
          }
          default -> {
            if (skips()) {
              dropName();
            } else {
              put(scalar(token));
            }
          }
        }
      }
    }

    private void dropName() {
      Open top = open.peek();
      if (top != null) {
        top.name = null;
      }
    }

    private JsValue scalar(JsonToken token) throws IOException {
      return switch (token) {
        case VALUE_STRING -> JsValue.of(parser.getText());
        case VALUE_TRUE -> JsValue.of(true);
        case VALUE_FALSE -> JsValue.of(false);
        case VALUE_NUMBER_INT ->
            parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                ? new JsValue.Num(parser.getBigIntegerValue())
                : JsValue.of(parser.getLongValue());
        case VALUE_NUMBER_FLOAT -> {
          double value = parser.getDoubleValue();
          if (!Double.isFinite(value)) {
            violated("RangeError", "number out of range");
            yield JsValue.nullValue();
          }
          yield JsValue.of(value);
        }
        default -> JsValue.nullValue();
      };
    }

    /** What has been read when reading cannot go on. */
    @Nullable JsValue partial() {
      while (!open.isEmpty()) {
        put(open.pop().close());
      }
      return result;
    }
  }

  @Override
  public @Nullable Parsed parse(String text, Depth depth) {
    try (JsonParser parser = factory.createParser(text)) {
      Reading reading = new Reading(parser, depth);
      try {
        reading.run();
      } catch (StreamConstraintsException e) {
        reading.violated("RangeError", "a limit of the message format was exceeded");
      } catch (NumberFormatException e) {
        reading.violated("RangeError", "number out of range");
      } catch (JsonParseException e) {
        // Valid JSON, which JSON.stringify writes, but this parser does not take it in names.
        if (!e.getOriginalMessage().contains("surrogate in field name")) {
          return null;
        }
        reading.violated("TypeError", "member name with a lone surrogate");
      }
      if (reading.trailing || (reading.violation == null && !reading.open.isEmpty())) {
        return null;
      }
      JsValue value = reading.partial();
      return value == null ? null : new Parsed(value, reading.violation);
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public void write(JsValue value, StringBuilder out) {
    if (value instanceof JsValue.Text text) {
      writeString(text.value(), out);
    } else if (value instanceof JsValue.Num number) {
      writeNumber(number.value(), out);
    } else if (value instanceof JsValue.Bool bool) {
      out.append(bool.value());
    } else if (value instanceof JsValue.Obj object) {
      out.append('{');
      boolean first = true;
      for (Map.Entry<String, JsValue> member : object.members().entrySet()) {
        if (member.getValue().isUndefined()) {
          continue;
        }
        if (!first) {
          out.append(',');
        }
        first = false;
        writeString(member.getKey(), out);
        out.append(':');
        write(member.getValue(), out);
      }
      out.append('}');
    } else if (value instanceof JsValue.Arr array) {
      out.append('[');
      List<JsValue> items = array.items();
      for (int i = 0; i < items.size(); i++) {
        if (i > 0) {
          out.append(',');
        }
        write(items.get(i), out);
      }
      out.append(']');
    } else {
      // null; undefined inside an array, as JSON.stringify does it; and the places from which ports
      // and bytes were taken out.
      out.append("null");
    }
  }

  private static void writeNumber(Number number, StringBuilder out) {
    if (number instanceof Double d) {
      double value = d;
      // As a page would write it: 3 and not 3.0, since integers are what most doubles are.
      if (value == Math.rint(value) && Math.abs(value) < 1e15 && (value != 0 || 1 / value > 0)) {
        out.append((long) value);
        return;
      }
    }
    out.append(number);
  }

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  @Override
  public void writeString(String text, StringBuilder out) {
    out.append('"');
    int length = text.length();
    int clean = 0;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      out.append(text, clean, i);
      clean = i + 1;
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default ->
            out.append("\\u")
                .append(HEX[c >> 12])
                .append(HEX[(c >> 8) & 15])
                .append(HEX[(c >> 4) & 15])
                .append(HEX[c & 15]);
      }
    }
    out.append(text, clean, length).append('"');
  }
}
