package dev.tautline.rpc.frame;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.message.Refusal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The transfer list: ports and bytes that JSON cannot hold. {@code data} has {@code null} in their
 * place.
 */
public final class Transfers {
  private static final int TYPE_PORT = 0;
  private static final int TYPE_BINARY = 1;
  private static final BinaryKind[] KINDS = BinaryKind.values();

  /** How bytes are written. */
  public enum BytesAs {
    /** What every peer understands: two characters a byte. */
    HEX,
    /** For peers whose hello said so: four characters for three bytes. */
    BASE64
  }

  /** Something to be taken out of the data. */
  record Entry(List<String> path, JsValue value) {}

  /**
   * Data that has been made whole.
   *
   * @param data the data with ports (not bound to a connection) and bytes in their places
   * @param portIds the names of the new ports: well formed, each once
   */
  public record Applied(JsValue data, List<String> portIds) {}

  private Transfers() {}

  static List<Entry> find(JsValue data) {
    if (!mayHold(data)) {
      return List.of();
    }
    List<Entry> found = new ArrayList<>();
    find(data, new ArrayList<>(), found);
    return found;
  }

  private static boolean mayHold(JsValue value) {
    return value instanceof JsValue.Obj || value instanceof JsValue.Arr;
  }

  private static void find(JsValue value, List<String> path, List<Entry> found) {
    if (value instanceof JsValue.Obj object) {
      for (Map.Entry<String, JsValue> member : object.members().entrySet()) {
        JsValue child = member.getValue();
        if (isTransferred(child)) {
          found.add(new Entry(append(path, member.getKey()), child));
        } else if (mayHold(child)) {
          path.add(member.getKey());
          find(child, path, found);
          path.remove(path.size() - 1);
        }
      }
    } else if (value instanceof JsValue.Arr array) {
      List<JsValue> items = array.items();
      for (int i = 0; i < items.size(); i++) {
        JsValue child = items.get(i);
        if (isTransferred(child)) {
          found.add(new Entry(append(path, Integer.toString(i)), child));
        } else if (mayHold(child)) {
          path.add(Integer.toString(i));
          find(child, path, found);
          path.remove(path.size() - 1);
        }
      }
    }
  }

  private static boolean isTransferred(JsValue value) {
    return value instanceof JsValue.Port || value instanceof JsValue.Binary;
  }

  private static List<String> append(List<String> path, String last) {
    List<String> whole = new ArrayList<>(path.size() + 1);
    whole.addAll(path);
    whole.add(last);
    return whole;
  }

  static int expectedChars(List<Entry> entries, BytesAs bytesAs) {
    long chars = 0;
    for (Entry entry : entries) {
      chars += 96;
      if (entry.value() instanceof JsValue.Binary binary) {
        chars +=
            bytesAs == BytesAs.HEX ? 2L * binary.bytes().length : binary.bytes().length * 4L / 3;
      }
    }
    return (int) Math.min(chars, 1 << 28);
  }

  static void write(JsonCodec json, List<Entry> entries, BytesAs bytesAs, StringBuilder out) {
    out.append('[');
    boolean first = true;
    for (Entry entry : entries) {
      if (!first) {
        out.append(',');
      }
      first = false;
      if (entry.value() instanceof JsValue.Port port) {
        out.append("{\"type\":0,\"path\":");
        writePath(json, entry.path(), out);
        out.append(",\"value\":");
        json.writeString(port.id(), out);
      } else if (entry.value() instanceof JsValue.Binary binary) {
        out.append("{\"type\":1,\"subtype\":").append(binary.kind().ordinal()).append(",\"path\":");
        writePath(json, entry.path(), out);
        if (bytesAs == BytesAs.BASE64) {
          out.append(",\"e\":\"b64\",\"value\":\"");
          out.append(Base64.getEncoder().encodeToString(binary.bytes()));
        } else {
          out.append(",\"value\":\"");
          Hex.write(binary.bytes(), out);
        }
        out.append('"');
      }
      out.append('}');
    }
    out.append(']');
  }

  private static void writePath(JsonCodec json, List<String> path, StringBuilder out) {
    out.append('[');
    for (int i = 0; i < path.size(); i++) {
      if (i > 0) {
        out.append(',');
      }
      json.writeString(path.get(i), out);
    }
    out.append(']');
  }

  /** Places of a tree that get a value: only the containers on the way to them are copied. */
  private static final class Place {
    final Map<String, Place> children = new LinkedHashMap<>();
    @Nullable JsValue value;
  }

  /**
   * Puts back what was taken out. Nothing of the original is changed; either every entry is good or
   * none has an effect.
   *
   * @param maxEntries how many entries may come
   * @param maxBytes how many bytes they may hold in all
   * @throws Refusal what the peer is to be told
   */
  public static Applied apply(JsValue data, JsValue transfer, int maxEntries, int maxBytes) {
    if (!(transfer instanceof JsValue.Arr list) || list.items().isEmpty()) {
      return new Applied(data, List.of());
    }
    if (list.items().size() > maxEntries) {
      throw Refusal.rangeError("more than " + maxEntries + " transfer entries");
    }
    Place root = new Place();
    List<String> portIds = new ArrayList<>();
    Set<String> seenPorts = new HashSet<>();
    long bytes = 0;
    for (JsValue item : list.items()) {
      if (!(item instanceof JsValue.Obj entry)) {
        throw Refusal.typeError("transfer entry is not an object");
      }
      List<String> path = path(entry);
      JsValue value;
      int type = smallInt(entry.get("type"));
      if (type == TYPE_PORT) {
        if (!(entry.get("value") instanceof JsValue.Text id) || !PortIds.isWellFormed(id.value())) {
          throw Refusal.typeError("port name is not well formed");
        }
        if (!seenPorts.add(id.value())) {
          throw Refusal.typeError("port name is used twice");
        }
        portIds.add(id.value());
        value = new JsValue.Port(id.value(), null);
      } else if (type == TYPE_BINARY) {
        JsValue.Binary binary = binary(entry);
        bytes += binary.bytes().length;
        if (bytes > maxBytes) {
          throw Refusal.rangeError("more than " + maxBytes + " bytes of binary values");
        }
        value = binary;
      } else {
        throw Refusal.typeError("unknown transfer entry");
      }
      place(root, data, path, value);
    }
    return new Applied(rebuild(data, root), portIds);
  }

  private static List<String> path(JsValue.Obj entry) {
    if (!(entry.get("path") instanceof JsValue.Arr array) || array.items().isEmpty()) {
      throw Refusal.typeError("transfer path is missing or empty");
    }
    List<String> path = new ArrayList<>(array.items().size());
    for (JsValue item : array.items()) {
      if (!(item instanceof JsValue.Text text)) {
        throw Refusal.typeError("transfer path element is not a string");
      }
      if (Names.isForbidden(text.value())) {
        throw Refusal.typeError("transfer path is not allowed");
      }
      path.add(text.value());
    }
    return path;
  }

  private static int smallInt(JsValue value) {
    return value instanceof JsValue.Num number
            && number.value() instanceof Long n
            && n >= 0
            && n < 256
        ? n.intValue()
        : -1;
  }

  private static JsValue.Binary binary(JsValue.Obj entry) {
    int subtype = smallInt(entry.get("subtype"));
    if (subtype < 0 || subtype >= KINDS.length) {
      throw Refusal.typeError("unknown binary subtype");
    }
    if (!(entry.get("value") instanceof JsValue.Text text)) {
      throw Refusal.typeError("binary value is not text");
    }
    byte[] bytes;
    JsValue encoding = entry.get("e");
    if (encoding.isUndefined()) {
      bytes = Hex.parse(text.value());
    } else if (encoding.equals(JsValue.of("b64"))) {
      try {
        bytes = Base64.getDecoder().decode(text.value());
      } catch (IllegalArgumentException e) {
        throw Refusal.typeError("binary value is not base64");
      }
    } else {
      throw Refusal.typeError("unknown encoding of a binary value");
    }
    BinaryKind kind = KINDS[subtype];
    if (bytes.length % kind.elementBytes() != 0) {
      throw Refusal.typeError("binary value does not hold whole elements");
    }
    return new JsValue.Binary(kind, bytes);
  }

  private static void place(Place root, JsValue data, List<String> path, JsValue value) {
    Place place = root;
    JsValue at = data;
    for (String name : path) {
      at = child(at, name);
      if (at.isUndefined()) {
        throw Refusal.typeError("transfer path leads nowhere");
      }
      place = place.children.computeIfAbsent(name, n -> new Place());
    }
    // A sender leaves null there. Anything else would be overwritten without anybody noticing.
    if (at != JsValue.nullValue() || place.value != null) {
      throw Refusal.typeError("transfer path leads to something else");
    }
    place.value = value;
  }

  private static JsValue child(JsValue parent, String name) {
    if (parent instanceof JsValue.Obj object) {
      return object.get(name);
    }
    if (parent instanceof JsValue.Arr array) {
      return array.get(index(name));
    }
    return JsValue.undefined();
  }

  /** The index that the text is the decimal form of, or -1. */
  public static int index(String text) {
    if (text.isEmpty() || text.length() > 9 || (text.length() > 1 && text.charAt(0) == '0')) {
      return -1;
    }
    int index = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      index = index * 10 + (c - '0');
    }
    return index;
  }

  private static JsValue rebuild(JsValue value, Place place) {
    if (place.value != null) {
      return place.value;
    }
    if (value instanceof JsValue.Obj object) {
      Map<String, JsValue> members = new LinkedHashMap<>(object.members());
      place.children.forEach((name, child) -> members.put(name, rebuild(object.get(name), child)));
      return new JsValue.Obj(members);
    }
    if (value instanceof JsValue.Arr array) {
      List<JsValue> items = new ArrayList<>(array.items());
      place.children.forEach(
          (name, child) -> items.set(index(name), rebuild(array.get(index(name)), child)));
      return new JsValue.Arr(items);
    }
    return value;
  }
}
