package dev.tautline.rpc.expose;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.codec.EncodeContext;
import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.frame.Names;
import dev.tautline.rpc.frame.Transfers;
import dev.tautline.rpc.message.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * An object with its table: what paths are walked on.
 *
 * @param type the table
 * @param object the object
 */
public record Exposed(ExposedType type, Object object) {
  private static final String LENGTH = "length";

  /** How values on the way are turned into data. */
  public record Walk(ValueCodec codec, EncodeContext context, boolean refuseExtraArguments) {}

  /** A place that a path leads to. */
  private sealed interface Node {
    /** An exposed object. */
    record At(Exposed exposed) implements Node {}

    /** A member that has not been looked into. */
    record Of(Exposed owner, Member member) implements Node {}

    /** Data: what a getter gave, as it would be sent. */
    record Data(JsValue value) implements Node {}
  }

  private static final Node UNDEFINED = new Node.Data(JsValue.undefined());

  private Node walk(List<String> path, int steps, Walk walk) throws Throwable {
    Node node = new Node.At(this);
    for (int i = 0; i < steps; i++) {
      node = step(node, path.get(i), walk);
    }
    return node;
  }

  private static Node step(Node node, String name, Walk walk) throws Throwable {
    if (node instanceof Node.Of of) {
      node = enter(of, walk);
    }
    if (node instanceof Node.At at) {
      Member member = at.exposed().type.member(name);
      return member == null ? UNDEFINED : new Node.Of(at.exposed(), member);
    }
    JsValue value = ((Node.Data) node).value();
    if (value.isNullish()) {
      throw Refusal.typeError("Cannot read properties of " + value + " (reading '" + name + "')");
    }
    if (value instanceof JsValue.Obj object) {
      return new Node.Data(object.get(name));
    }
    if (value instanceof JsValue.Arr array) {
      return new Node.Data(
          name.equals(LENGTH) ? JsValue.of((long) array.size()) : array.get(Transfers.index(name)));
    }
    return UNDEFINED;
  }

  /** Goes into a member: a declared getter is the only code that runs on the way. */
  private static Node enter(Node.Of of, Walk walk) throws Throwable {
    Exposed owner = of.owner();
    if (of.member() instanceof Member.SubObject sub) {
      Object object = sub.getter().invoke(owner.object, new Object[0]);
      return object == null
          ? new Node.Data(JsValue.nullValue())
          : new Node.At(new Exposed(sub.type().get(), object));
    }
    if (of.member() instanceof Member.Property property
        && property.getter() != null
        && property.shape().byReference() == null) {
      Object value = property.getter().invoke(owner.object, new Object[0]);
      if (value instanceof Future) {
        throw Refusal.typeError("a path does not lead through a promise");
      }
      return new Node.Data(walk.codec().encodePlain(value, walk.context()));
    }
    // Functions and what is sent by reference have nothing inside.
    return new Node.Data(JsValue.of(""));
  }

  /** Refuses names that mean something to a JavaScript engine; returns whether there are any. */
  private static boolean hasForbidden(List<String> path) {
    for (String name : path) {
      if (Names.isForbidden(name)) {
        return true;
      }
    }
    return false;
  }

  private static void checkNames(List<String> path) {
    if (hasForbidden(path)) {
      throw Refusal.typeError("the path is not allowed");
    }
  }

  /** Reads the value at the path. */
  public Served get(List<String> path, Walk walk) throws Throwable {
    if (hasForbidden(path)) {
      if (path.size() == 1) {
        return Served.of(JsValue.undefined(), ResultShape.VALUE);
      }
      checkNames(path);
    }
    Node node = walk(path, path.size(), walk);
    if (node instanceof Node.Of of && of.member() instanceof Member.SubObject) {
      node = enter(of, walk);
    }
    if (node instanceof Node.Data data) {
      return Served.of(data.value(), ResultShape.VALUE);
    }
    if (node instanceof Node.At at) {
      return Served.of(at.exposed().asData(walk), ResultShape.VALUE);
    }
    Node.Of of = (Node.Of) node;
    if (of.member() instanceof Member.Property property && property.getter() != null) {
      return Served.of(
          property.getter().invoke(of.owner().object, new Object[0]), property.shape());
    }
    throw Refusal.unserialisable();
  }

  /** The properties of an object that is declared as data. */
  public JsValue asData(Walk walk) throws Throwable {
    if (!type.isData()) {
      throw Refusal.unserialisable();
    }
    Map<String, JsValue> members = new LinkedHashMap<>();
    for (Map.Entry<String, Member> entry : type.members().entrySet()) {
      if (entry.getValue() instanceof Member.SubObject sub) {
        Object inner = sub.getter().invoke(object, new Object[0]);
        members.put(
            entry.getKey(),
            inner == null
                ? JsValue.nullValue()
                : new Exposed(sub.type().get(), inner).asData(walk));
      } else if (entry.getValue() instanceof Member.Property property
          && property.getter() != null) {
        members.put(
            entry.getKey(),
            walk.codec()
                .encodePlain(property.getter().invoke(object, new Object[0]), walk.context()));
      }
    }
    return new JsValue.Obj(members);
  }

  /** Assigns the value at the path. */
  public void set(List<String> path, JsValue value, Walk walk) throws Throwable {
    checkNames(path);
    if (path.isEmpty()) {
      throw Refusal.typeError("the object itself cannot be replaced");
    }
    Node node = walk(path, path.size(), walk);
    if (!(node instanceof Node.Of of)
        || !(of.member() instanceof Member.Property property)
        || property.setter() == null
        || property.written() == null) {
      throw Refusal.typeError("'" + path.get(path.size() - 1) + "' is not writable");
    }
    @Nullable Object converted;
    try {
      converted = property.written().decode(value);
    } catch (Refusal e) {
      throw e.in("assigned value");
    }
    property.setter().invoke(of.owner().object, new @Nullable Object[] {converted});
  }

  /** Calls the function at the path. */
  public Served apply(List<String> path, List<JsValue> arguments, Walk walk) throws Throwable {
    checkNames(path);
    Node node = walk(path, path.size(), walk);
    if (node instanceof Node.Of of && of.member() instanceof Member.Operation operation) {
      return call(of.owner().object, operation.overloads(), arguments, walk);
    }
    if (path.isEmpty() && type.self() != null) {
      return call(object, type.self().overloads(), arguments, walk);
    }
    throw Refusal.typeError(describe(path) + " is not a function");
  }

  /** {@code new} on the value at the path. */
  public Served construct(List<String> path, List<JsValue> arguments, Walk walk) throws Throwable {
    checkNames(path);
    Node node = walk(path, path.size(), walk);
    if (node instanceof Node.Of of && of.member() instanceof Member.Factory factory) {
      return call(of.owner().object, factory.overloads(), arguments, walk);
    }
    throw Refusal.typeError(describe(path) + " is not a constructor");
  }

  private static String describe(List<String> path) {
    return path.isEmpty() ? "the object" : "'" + String.join(".", path) + "'";
  }

  private static Served call(
      Object target, List<Overload> overloads, List<JsValue> arguments, Walk walk)
      throws Throwable {
    Overload overload = Overload.select(overloads, arguments);
    @Nullable Object[] converted = overload.convert(arguments, walk.refuseExtraArguments());
    List<Remote> releaseAfter = new ArrayList<>();
    for (int i = 0; i < Math.min(arguments.size(), overload.endsWithCall().size()); i++) {
      if (overload.endsWithCall().get(i) && arguments.get(i) instanceof JsValue.Proxy proxy) {
        releaseAfter.add(proxy.remote());
      }
    }
    return new Served(overload.invoker().invoke(target, converted), overload.shape(), releaseAfter);
  }
}
