package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.Request;
import dev.tautline.rpc.message.WireValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns the ports of one received message into proxies and raw ports. Nothing is in the
 * connection's table before the whole message has been found good.
 */
final class Binding {
  private final Session session;
  private final long deadlineNanos;
  private final List<PortRemote> rpcPorts = new ArrayList<>();
  private final List<RawPort> rawPorts = new ArrayList<>();

  Binding(Session session, long deadlineNanos) {
    this.session = session;
    this.deadlineNanos = deadlineNanos;
  }

  boolean isEmpty() {
    return rpcPorts.isEmpty() && rawPorts.isEmpty();
  }

  List<PortRemote> rpcPorts() {
    return rpcPorts;
  }

  List<RawPort> rawPorts() {
    return rawPorts;
  }

  List<String> portIds() {
    List<String> ids = new ArrayList<>();
    rpcPorts.forEach(p -> ids.add(p.port.uid));
    rawPorts.forEach(p -> ids.add(p.uid()));
    return ids;
  }

  /** What is given back if the message is refused later. */
  List<AutoCloseable> imported() {
    List<AutoCloseable> all = new ArrayList<>(rpcPorts);
    all.addAll(rawPorts);
    return all;
  }

  Request bind(Request request) {
    if (request instanceof Request.Set set) {
      return new Request.Set(set.id(), set.path(), bindArgument(set.value()));
    }
    if (request instanceof Request.Apply apply) {
      return new Request.Apply(apply.id(), apply.path(), bindAll(apply.arguments()));
    }
    if (request instanceof Request.Construct construct) {
      return new Request.Construct(
          construct.id(), construct.path(), bindAll(construct.arguments()));
    }
    return request;
  }

  private List<WireValue> bindAll(List<WireValue> values) {
    List<WireValue> bound = new ArrayList<>(values.size());
    for (WireValue value : values) {
      bound.add(bindArgument(value));
    }
    return bound;
  }

  private WireValue bindArgument(WireValue value) {
    if (value instanceof WireValue.Handler handler && handler.name().equals(WireValue.THROW)) {
      throw Refusal.typeError("an error cannot be an argument");
    }
    return bindReply(value);
  }

  WireValue bindReply(WireValue value) {
    if (!(value instanceof WireValue.Handler handler)) {
      return new WireValue.Raw(bindPorts(value.value()));
    }
    if (handler.name().equals(WireValue.PROXY)) {
      if (!(handler.value() instanceof JsValue.Port port)) {
        throw Refusal.typeError("proxy without a port");
      }
      return new WireValue.Raw(proxy(port));
    }
    if (handler.name().equals(WireValue.THROW)) {
      if (!(handler.value() instanceof JsValue.Obj)) {
        throw Refusal.typeError("error without a value");
      }
    } else if (!session.isKnownHandler(handler.name())) {
      throw Refusal.typeError("unknown handler");
    }
    return new WireValue.Handler(handler.name(), bindPorts(handler.value()));
  }

  /** The answer to a request for a further port. */
  WireValue bindEndpoint(WireValue value) {
    if (value instanceof WireValue.Raw raw && raw.value() instanceof JsValue.Port port) {
      return new WireValue.Raw(proxy(port));
    }
    return bindReply(value);
  }

  private JsValue proxy(JsValue.Port port) {
    PortRemote remote = session.importPort(port.id(), deadlineNanos);
    rpcPorts.add(remote);
    return new JsValue.Proxy(remote);
  }

  JsValue bindPorts(JsValue value) {
    if (value instanceof JsValue.Port port) {
      RawPort raw = session.importRaw(port.id());
      rawPorts.add(raw);
      return new JsValue.Port(port.id(), raw);
    }
    if (!holdsPort(value)) {
      return value;
    }
    if (value instanceof JsValue.Obj object) {
      Map<String, JsValue> members = new LinkedHashMap<>();
      object.members().forEach((name, member) -> members.put(name, bindPorts(member)));
      return new JsValue.Obj(members);
    }
    List<JsValue> items = new ArrayList<>();
    ((JsValue.Arr) value).items().forEach(item -> items.add(bindPorts(item)));
    return new JsValue.Arr(items);
  }

  private static boolean holdsPort(JsValue value) {
    if (value instanceof JsValue.Port) {
      return true;
    }
    if (value instanceof JsValue.Obj object) {
      return object.members().values().stream().anyMatch(Binding::holdsPort);
    }
    return value instanceof JsValue.Arr array
        && array.items().stream().anyMatch(Binding::holdsPort);
  }
}
