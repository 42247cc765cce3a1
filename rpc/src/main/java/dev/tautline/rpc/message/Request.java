package dev.tautline.rpc.message;

import dev.tautline.rpc.JsValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A request of Comlink 4. */
public sealed interface Request {
  /** The name that its reply carries; opaque. */
  String id();

  /** Reads the value at the path. */
  record Get(String id, List<String> path) implements Request {}

  /** Assigns the value at the path. */
  record Set(String id, List<String> path, WireValue value) implements Request {}

  /** Calls the function at the path. */
  record Apply(String id, List<String> path, List<WireValue> arguments) implements Request {}

  /** {@code new} on the value at the path. */
  record Construct(String id, List<String> path, List<WireValue> arguments) implements Request {}

  /** Asks for a further port to the root object of the port. */
  record Endpoint(String id) implements Request {}

  /** Says that the port is not used any more. */
  record Release(String id) implements Request {}

  /** The longest id that is answered, in characters. */
  int MAX_ID_CHARS = 128;

  /** Whether the type names a request. */
  static boolean isRequestType(String type) {
    return switch (type) {
      case "GET", "SET", "APPLY", "CONSTRUCT", "ENDPOINT", "RELEASE" -> true;
      default -> false;
    };
  }

  /** Whether the type names a reply. */
  static boolean isReplyType(String type) {
    return type.equals("RAW") || type.equals("HANDLER");
  }

  /** What a peer may put into one request. */
  record Limits(int pathElements, int pathElementChars, int arguments) {}

  /**
   * Reads a request whose type and id are known to be good.
   *
   * @throws Refusal what the peer is to be told
   */
  static Request parse(String type, String id, JsValue.Obj data, Limits limits) {
    return switch (type) {
      case "GET" -> new Get(id, path(data, limits));
      case "SET" -> new Set(id, path(data, limits), WireValue.parse(data.get("value")));
      case "APPLY" -> new Apply(id, path(data, limits), arguments(data, limits));
      case "CONSTRUCT" -> new Construct(id, path(data, limits), arguments(data, limits));
      case "ENDPOINT" -> new Endpoint(id);
      default -> new Release(id);
    };
  }

  private static List<String> path(JsValue.Obj data, Limits limits) {
    JsValue json = data.get("path");
    if (json.isUndefined()) {
      return List.of();
    }
    if (!(json instanceof JsValue.Arr array)) {
      throw Refusal.typeError("path is not an array");
    }
    if (array.items().size() > limits.pathElements()) {
      throw Refusal.rangeError("path has more than " + limits.pathElements() + " elements");
    }
    List<String> path = new ArrayList<>(array.items().size());
    for (JsValue item : array.items()) {
      if (!(item instanceof JsValue.Text text)) {
        throw Refusal.typeError("path element is not a string");
      }
      if (text.value().length() > limits.pathElementChars()) {
        throw Refusal.rangeError("path element is too long");
      }
      path.add(text.value());
    }
    return path;
  }

  private static List<WireValue> arguments(JsValue.Obj data, Limits limits) {
    JsValue json = data.get("argumentList");
    if (json.isUndefined()) {
      return List.of();
    }
    if (!(json instanceof JsValue.Arr array)) {
      throw Refusal.typeError("argumentList is not an array");
    }
    if (array.items().size() > limits.arguments()) {
      throw Refusal.rangeError("more than " + limits.arguments() + " arguments");
    }
    List<WireValue> arguments = new ArrayList<>(array.items().size());
    for (JsValue item : array.items()) {
      arguments.add(WireValue.parse(item));
    }
    return arguments;
  }

  /** This request as an object, with the members in Comlink's order. */
  default JsValue.Obj toJson() {
    Map<String, JsValue> members = new LinkedHashMap<>();
    members.put("id", JsValue.of(id()));
    if (this instanceof Get get) {
      members.put("type", JsValue.of("GET"));
      members.put("path", strings(get.path()));
    } else if (this instanceof Set set) {
      members.put("type", JsValue.of("SET"));
      members.put("path", strings(set.path()));
      members.put("value", new JsValue.Obj(set.value().toMembers()));
    } else if (this instanceof Apply apply) {
      members.put("type", JsValue.of("APPLY"));
      members.put("path", strings(apply.path()));
      members.put("argumentList", wireValues(apply.arguments()));
    } else if (this instanceof Construct construct) {
      members.put("type", JsValue.of("CONSTRUCT"));
      members.put("path", strings(construct.path()));
      members.put("argumentList", wireValues(construct.arguments()));
    } else if (this instanceof Endpoint) {
      members.put("type", JsValue.of("ENDPOINT"));
    } else {
      members.put("type", JsValue.of("RELEASE"));
    }
    return new JsValue.Obj(members);
  }

  private static JsValue strings(List<String> texts) {
    List<JsValue> items = new ArrayList<>(texts.size());
    for (String text : texts) {
      items.add(JsValue.of(text));
    }
    return new JsValue.Arr(items);
  }

  private static JsValue wireValues(List<WireValue> values) {
    List<JsValue> items = new ArrayList<>(values.size());
    for (WireValue value : values) {
      items.add(new JsValue.Obj(value.toMembers()));
    }
    return new JsValue.Arr(items);
  }
}
