package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.codec.TypedRemote;
import dev.tautline.rpc.message.Request;
import dev.tautline.rpc.message.WireValue;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A port of the peer, and a path on it. */
final class PortRemote implements Remote, TypedRemote {
  final Session session;
  final RpcPort port;
  final @Nullable Lease lease;
  final List<String> path;
  final long deadlineNanos;

  PortRemote(
      Session session, RpcPort port, @Nullable Lease lease, List<String> path, long deadlineNanos) {
    this.session = session;
    this.port = port;
    this.lease = lease;
    this.path = List.copyOf(path);
    this.deadlineNanos = deadlineNanos;
  }

  List<String> below(List<String> more) {
    if (more.isEmpty()) {
      return path;
    }
    List<String> whole = new ArrayList<>(path.size() + more.size());
    whole.addAll(path);
    whole.addAll(more);
    return whole;
  }

  @Override
  public CompletableFuture<JsValue> get(String... more) {
    List<String> whole = below(List.of(more));
    return send(scope -> id -> new Request.Get(id, whole));
  }

  @Override
  public CompletableFuture<JsValue> set(Object value, String... more) {
    List<String> whole = below(List.of(more));
    return send(
        scope -> {
          WireValue wire = session.codec().encode(value, null, scope);
          return id -> new Request.Set(id, whole, wire);
        });
  }

  @Override
  public CompletableFuture<JsValue> call(String name, Object... arguments) {
    return call(List.of(name), arguments);
  }

  @Override
  public CompletableFuture<JsValue> call(List<String> more, Object... arguments) {
    List<String> whole = below(more);
    return send(
        scope -> {
          List<WireValue> encoded = encode(arguments, scope);
          return id -> new Request.Apply(id, whole, encoded);
        });
  }

  @Override
  public CompletableFuture<JsValue> invoke(Object... arguments) {
    return call(List.of(), arguments);
  }

  @Override
  public CompletableFuture<JsValue> construct(String name, Object... arguments) {
    return construct(List.of(name), arguments);
  }

  @Override
  public CompletableFuture<JsValue> construct(List<String> more, Object... arguments) {
    List<String> whole = below(more);
    return send(
        scope -> {
          List<WireValue> encoded = encode(arguments, scope);
          return id -> new Request.Construct(id, whole, encoded);
        });
  }

  private List<WireValue> encode(@Nullable Object[] arguments, ExportScope scope) {
    List<WireValue> encoded = new ArrayList<>(arguments.length);
    for (Object argument : arguments) {
      encoded.add(session.codec().encode(argument, null, scope));
    }
    return encoded;
  }

  private CompletableFuture<JsValue> send(Session.Preparation preparation) {
    return session.callAsync(this, preparation, List.of(), session::open);
  }

  @Override
  public CompletableFuture<Remote> endpoint() {
    return session.callAsync(
        this, scope -> Request.Endpoint::new, List.of(), wire -> session.open(wire).asRemote());
  }

  @Override
  public Remote at(String... more) {
    return new PortRemote(session, port, lease, below(Arrays.asList(more)), deadlineNanos);
  }

  @Override
  public Remote withDeadline(Duration deadline) {
    if (deadline.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException("deadline " + deadline + " is below 1 ms");
    }
    return new PortRemote(session, port, lease, path, deadline.toNanos());
  }

  @Override
  public <T> T as(Class<T> api) {
    return api.cast(typed(api));
  }

  @Override
  public Object typed(Type api) {
    return TypedApi.proxy(this, api);
  }

  @Override
  public CompletableFuture<Void> release() {
    return session.release(port, deadlineNanos);
  }

  @Override
  public void close() {
    session.release(port, deadlineNanos);
  }

  @Override
  public RpcConnection connection() {
    return session;
  }

  @Override
  public String toString() {
    return "Remote[port="
        + (port.uid.isEmpty() ? "root" : port.uid)
        + ", path="
        + String.join(".", path)
        + "]";
  }
}
