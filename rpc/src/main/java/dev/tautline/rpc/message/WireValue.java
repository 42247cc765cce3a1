package dev.tautline.rpc.message;

import dev.tautline.rpc.JsValue;
import java.util.LinkedHashMap;
import java.util.Map;

/** One value as Comlink wraps it: plain, or under the name of a transfer handler. */
public sealed interface WireValue {
  /** A plain value. */
  record Raw(JsValue value) implements WireValue {}

  /** A value under a handler's name. */
  record Handler(String name, JsValue value) implements WireValue {}

  /** {@code {"type":"RAW"}}, without the member {@code value} for {@code undefined}. */
  static WireValue undefined() {
    return new Raw(JsValue.undefined());
  }

  /** The value inside. */
  JsValue value();

  /** The handler that carries objects by reference. */
  String PROXY = "proxy";

  /** The handler that carries errors. */
  String THROW = "throw";

  /** Reads a wire value. */
  static WireValue parse(JsValue json) {
    if (!(json instanceof JsValue.Obj object)) {
      throw Refusal.typeError("not a wire value");
    }
    if (!(object.get("type") instanceof JsValue.Text type)) {
      throw Refusal.typeError("wire value without a type");
    }
    if (type.value().equals("RAW")) {
      return new Raw(object.get("value"));
    }
    if (type.value().equals("HANDLER")) {
      if (!(object.get("name") instanceof JsValue.Text name)) {
        throw Refusal.typeError("handler without a name");
      }
      return new Handler(name.value(), object.get("value"));
    }
    throw Refusal.typeError("unknown wire value type");
  }

  /** This value's members, in the order in which Comlink writes them. */
  default Map<String, JsValue> toMembers() {
    Map<String, JsValue> members = new LinkedHashMap<>();
    if (this instanceof Handler handler) {
      members.put("type", JsValue.of("HANDLER"));
      members.put("name", JsValue.of(handler.name()));
    } else {
      members.put("type", JsValue.of("RAW"));
    }
    if (!value().isUndefined()) {
      members.put("value", value());
    }
    return members;
  }

  /** An {@code Error} as a reply. */
  static WireValue error(String name, String message, Map<String, JsValue> furtherMembers) {
    Map<String, JsValue> error = new LinkedHashMap<>(furtherMembers);
    error.put("message", JsValue.of(message));
    error.put("name", JsValue.of(name));
    // Never Java frames: they tell a stranger what runs here.
    error.put("stack", JsValue.of(name + ": " + message));
    Map<String, JsValue> thrown = new LinkedHashMap<>();
    thrown.put("isError", JsValue.of(true));
    thrown.put("value", new JsValue.Obj(error));
    return new Handler(THROW, new JsValue.Obj(thrown));
  }

  /** A thrown value that is no {@code Error}. */
  static WireValue thrown(JsValue value) {
    Map<String, JsValue> thrown = new LinkedHashMap<>();
    thrown.put("isError", JsValue.of(false));
    if (!value.isUndefined()) {
      thrown.put("value", value);
    }
    return new Handler(THROW, new JsValue.Obj(thrown));
  }
}
