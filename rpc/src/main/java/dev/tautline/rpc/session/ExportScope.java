package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.EncodeContext;
import dev.tautline.rpc.message.Refusal;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;

/**
 * What one outgoing message makes reachable; all of it is taken back if the message is not sent.
 */
final class ExportScope implements EncodeContext {
  private final Session session;
  private final List<String> portIds = new ArrayList<>();
  private final List<RpcPort> exported = new ArrayList<>();
  private final List<RawPort> attached = new ArrayList<>();

  ExportScope(Session session) {
    this.session = session;
  }

  @Override
  public JsValue.Port export(Type api, Object object) {
    RpcPort port = session.export(api, object);
    exported.add(port);
    portIds.add(port.uid);
    return new JsValue.Port(port.uid, null);
  }

  void add(RpcPort port) {
    exported.add(port);
    portIds.add(port.uid);
  }

  @Override
  public JsValue.Port attach(RawPort port) {
    if (!session.attach(port)) {
      throw Refusal.typeError("a port can be sent once");
    }
    attached.add(port);
    portIds.add(port.uid());
    return new JsValue.Port(port.uid(), null);
  }

  @Override
  public JsValue dataOf(Class<?> api, Object object) {
    return session.dataOf(api, object, this);
  }

  @Override
  public boolean peerKnows(String handler) {
    return session.peerKnows(handler);
  }

  List<String> portIds() {
    return portIds;
  }

  List<String> exportedIds() {
    return exported.stream().map(p -> p.uid).toList();
  }

  void commit() {
    attached.forEach(RawPort::attached);
  }

  void rollback() {
    exported.forEach(session::unexport);
    attached.forEach(session::detach);
  }
}
