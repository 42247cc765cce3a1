package dev.tautline.rpc.expose;

import dev.tautline.rpc.Retain;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcName;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.RpcReleasable;
import dev.tautline.rpc.codec.Decoder;
import dev.tautline.rpc.codec.Types;
import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.frame.Names;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Builds and keeps the tables of one connection's types. What is wrong with an interface shows when
 * it is exposed: everything it leads to is built with it.
 */
public final class ExposedTypes {
  /** Members of every Java object, by name, whatever their parameters. */
  private static final Set<String> NEVER =
      Set.of(
          "getClass",
          "class",
          "finalize",
          "clone",
          "wait",
          "notify",
          "notifyAll",
          "hashCode",
          "equals");

  /** Names that a page cannot reach; {@code then} would make awaited proxies misbehave. */
  private static final Set<String> UNREACHABLE = Set.of("then", "bind");

  private final ValueCodec codec;
  private final Map<Type, ExposedType> tables = new HashMap<>();

  /** Tables whose arguments are converted by the codec. */
  public ExposedTypes(ValueCodec codec) {
    this.codec = codec;
  }

  /**
   * The table through which an object is exposed.
   *
   * @param type an interface, or {@code RpcObject}
   * @throws IllegalArgumentException with the reason if the type cannot be exposed
   */
  public synchronized ExposedType of(Type type, Object object) {
    if (object instanceof RpcObject built) {
      return fromObject(built);
    }
    if (!Types.raw(type).isInstance(object)) {
      throw new IllegalArgumentException("the object is no " + type.getTypeName());
    }
    return table(type);
  }

  private synchronized ExposedType table(Type type) {
    ExposedType known = tables.get(type);
    if (known != null) {
      return known;
    }
    // What the interface leads to is built now, so that its faults show now.
    Map<Type, ExposedType> built = new LinkedHashMap<>();
    Deque<Type> toBuild = new ArrayDeque<>(List.of(type));
    while (!toBuild.isEmpty()) {
      Type next = toBuild.poll();
      if (!tables.containsKey(next) && !built.containsKey(next)) {
        built.put(next, fromInterface(next, toBuild));
      }
    }
    tables.putAll(built);
    ExposedType result = tables.get(type);
    if (result == null) {
      throw new IllegalStateException(type + " was not built");
    }
    return result;
  }

  private static void checkName(Class<?> api, String name) {
    if (Names.isForbidden(name)) {
      throw new IllegalArgumentException(
          api.getName() + " has a member '" + name + "', which is refused in every path");
    }
    if (UNREACHABLE.contains(name)) {
      throw new IllegalArgumentException(
          api.getName()
              + " has a member '"
              + name
              + "', which pages cannot reach; give it another name with @RpcName");
    }
  }

  private ExposedType fromInterface(Type type, Deque<Type> leadsTo) {
    Class<?> api = Types.raw(type);
    if (!api.isInterface() || api.isAnnotation()) {
      throw new IllegalArgumentException(
          api.getName() + " is not an interface; only interfaces say what a peer may reach");
    }
    Map<String, PropertyParts> properties = new LinkedHashMap<>();
    Map<String, List<Overload>> operations = new LinkedHashMap<>();
    Map<String, List<Overload>> factories = new LinkedHashMap<>();
    for (Method method : exposedMethods(api)) {
      RpcProperty property = method.getAnnotation(RpcProperty.class);
      RpcConstruct construct = method.getAnnotation(RpcConstruct.class);
      if (property != null) {
        String name = propertyName(method, property);
        checkName(api, name);
        properties.computeIfAbsent(name, n -> new PropertyParts()).add(type, method);
      } else if (construct != null) {
        String name = construct.value().isEmpty() ? memberName(method) : construct.value();
        checkName(api, name);
        factories
            .computeIfAbsent(name, n -> new ArrayList<>())
            .add(overload(type, method, true, leadsTo));
      } else {
        String name = memberName(method);
        checkName(api, name);
        operations
            .computeIfAbsent(name, n -> new ArrayList<>())
            .add(overload(type, method, false, leadsTo));
      }
    }
    Map<String, Member> members = new LinkedHashMap<>();
    properties.forEach((name, parts) -> members.put(name, parts.build(type, name, leadsTo)));
    operations.forEach((name, o) -> add(api, members, name, new Member.Operation(o), o));
    factories.forEach((name, o) -> add(api, members, name, new Member.Factory(o), o));
    Optional<Method> single = Types.functionalMethod(api);
    Member.Operation self =
        single
            .filter(m -> !m.isAnnotationPresent(RpcProperty.class))
            .map(m -> new Member.Operation(List.of(overload(type, m, false, leadsTo))))
            .orElse(null);
    return new ExposedType(
        api.getSimpleName(),
        members,
        self,
        api.isAnnotationPresent(RpcData.class),
        (target, none) -> {
          if (target instanceof RpcReleasable releasable) {
            releasable.released();
          } else if (AutoCloseable.class.isAssignableFrom(api)) {
            ((AutoCloseable) target).close();
          }
          return null;
        });
  }

  private static void add(
      Class<?> api,
      Map<String, Member> members,
      String name,
      Member member,
      List<Overload> overloads) {
    for (int i = 0; i < overloads.size(); i++) {
      for (int k = i + 1; k < overloads.size(); k++) {
        if (overloads.get(i).isAmbiguousWith(overloads.get(k))) {
          throw new IllegalArgumentException(
              api.getName()
                  + " has two methods '"
                  + name
                  + "' that take the same arguments from a page; rename one with @RpcName");
        }
      }
    }
    if (members.put(name, member) != null) {
      throw new IllegalArgumentException(
          api.getName() + " has a member '" + name + "' twice, as property, method or factory");
    }
  }

  /** The methods of an interface that are members; in an order that does not change. */
  public static List<Method> exposedMethods(Class<?> api) {
    Map<String, Method> methods = new LinkedHashMap<>();
    Arrays.stream(api.getMethods())
        .filter(m -> !Modifier.isStatic(m.getModifiers()) && !m.isSynthetic() && !m.isBridge())
        .filter(m -> !NEVER.contains(m.getName()))
        .filter(m -> !m.getName().equals("toString") || m.isAnnotationPresent(RpcName.class))
        .filter(m -> !isClose(m) && m.getDeclaringClass() != RpcReleasable.class)
        .sorted(
            Comparator.comparing(Method::getName)
                .thenComparing(m -> Arrays.toString(m.getParameterTypes())))
        .forEach(
            m ->
                methods.merge(
                    m.getName() + Arrays.toString(m.getParameterTypes()),
                    m,
                    // Two parents declare it: the one lower in the hierarchy has the annotations.
                    (a, b) ->
                        a.getDeclaringClass().isAssignableFrom(b.getDeclaringClass()) ? b : a));
    return List.copyOf(methods.values());
  }

  /** {@code close()} of an {@code AutoCloseable} means release, not a member. */
  public static boolean isClose(Method method) {
    return method.getName().equals("close")
        && method.getParameterCount() == 0
        && AutoCloseable.class.isAssignableFrom(method.getDeclaringClass())
        && !method.isAnnotationPresent(RpcName.class);
  }

  /** The name of a method's member. */
  public static String memberName(Method method) {
    RpcName name = method.getAnnotation(RpcName.class);
    return name == null ? method.getName() : name.value();
  }

  /** The name of a property's member. */
  public static String propertyName(Method method, RpcProperty property) {
    if (!property.value().isEmpty()) {
      return property.value();
    }
    RpcName named = method.getAnnotation(RpcName.class);
    if (named != null) {
      return named.value();
    }
    String name = method.getName();
    for (String prefix : List.of("get", "set", "is")) {
      if (name.startsWith(prefix)
          && name.length() > prefix.length()
          && Character.isUpperCase(name.charAt(prefix.length()))) {
        String rest = name.substring(prefix.length());
        return rest.substring(0, 1).toLowerCase(Locale.ROOT) + rest.substring(1);
      }
    }
    return name;
  }

  /** Whether a property of the type is a sub-object that paths lead through. */
  public static boolean isSubObject(Type type) {
    Class<?> raw = Types.raw(type);
    if (!raw.isInterface()) {
      return false;
    }
    return raw.isAnnotationPresent(RpcExposed.class) || raw.isAnnotationPresent(RpcData.class);
  }

  private final class PropertyParts {
    private @Nullable Method getter;
    private @Nullable Method setter;

    void add(Type api, Method method) {
      boolean reads = method.getParameterCount() == 0 && method.getReturnType() != void.class;
      boolean writes = method.getParameterCount() == 1 && method.getReturnType() == void.class;
      if (!reads && !writes) {
        throw new IllegalArgumentException(
            method + " is no property of " + api.getTypeName() + ": it neither reads nor writes");
      }
      if ((reads ? getter : setter) != null) {
        throw new IllegalArgumentException(method + " is a property that was declared before");
      }
      if (reads) {
        getter = method;
      } else {
        setter = method;
      }
    }

    Member build(Type api, String name, Deque<Type> leadsTo) {
      Invoker reading = getter == null ? null : invoker(getter);
      if (getter != null && reading != null) {
        Type type = resultType(api, getter);
        if (isSubObject(type)) {
          if (setter != null) {
            throw new IllegalArgumentException(
                "sub-object '" + name + "' of " + api.getTypeName() + " cannot be writable");
          }
          leadsTo.add(type);
          return new Member.SubObject(reading, () -> table(type));
        }
      }
      Invoker writing = null;
      Decoder written = null;
      if (setter != null) {
        writing = invoker(setter);
        written = decoder(api, setter, parameterTypes(api, setter).get(0));
      }
      ResultShape shape = ResultShape.VALUE;
      if (getter != null) {
        shape = shape(api, getter, leadsTo);
      }
      return new Member.Property(reading, shape, writing, written);
    }
  }

  private static Type resultType(Type api, Method method) {
    return Types.resolve(api, method.getDeclaringClass(), method.getGenericReturnType());
  }

  private static List<Type> parameterTypes(Type api, Method method) {
    return Arrays.stream(method.getGenericParameterTypes())
        .map(t -> Types.resolve(api, method.getDeclaringClass(), t))
        .toList();
  }

  private Decoder decoder(Type api, Method method, Type type) {
    try {
      return codec.decoder(type);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          method.getName() + " of " + api.getTypeName() + ": " + e.getMessage(), e);
    }
  }

  private ResultShape shape(Type api, Method method, Deque<Type> leadsTo) {
    try {
      ResultShape shape = ResultShape.of(codec, resultType(api, method));
      if (shape.byReference() != null) {
        leadsTo.add(shape.byReference());
      }
      return shape;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          method.getName() + " of " + api.getTypeName() + ": " + e.getMessage(), e);
    }
  }

  private Overload overload(Type api, Method method, boolean constructs, Deque<Type> leadsTo) {
    List<Type> types = parameterTypes(api, method);
    List<Decoder> decoders = new ArrayList<>();
    List<Boolean> endsWithCall = new ArrayList<>();
    Class<?> rest = null;
    Parameter[] parameters = method.getParameters();
    for (int i = 0; i < types.size(); i++) {
      Type type = types.get(i);
      if (method.isVarArgs() && i == types.size() - 1) {
        rest = Types.raw(type).getComponentType();
        type = rest;
      }
      decoders.add(decoder(api, method, type));
      Retain retain = parameters[i].getAnnotation(Retain.class);
      endsWithCall.add(retain != null && retain.value() == Retain.Until.CALL);
    }
    ResultShape shape;
    Type awaited = ResultShape.awaited(resultType(api, method));
    if (constructs && Types.raw(awaited).isInterface() && Types.raw(awaited) != Object.class) {
      // Being the result of a factory is declaration enough.
      leadsTo.add(awaited);
      shape = new ResultShape(false, awaited);
    } else if (constructs && Types.raw(awaited) != RpcObject.class) {
      throw new IllegalArgumentException(
          "factory " + method.getName() + " of " + api.getTypeName() + " must give an interface");
    } else {
      shape = shape(api, method, leadsTo);
    }
    return new Overload(invoker(method), decoders, rest, shape, endsWithCall, false);
  }

  private static Invoker invoker(Method method) {
    method.trySetAccessible();
    MethodHandle handle;
    try {
      handle = MethodHandles.lookup().unreflect(method);
    } catch (IllegalAccessException e) {
      throw new IllegalArgumentException(
          method + " cannot be called from the RPC module; open its package to it", e);
    }
    MethodHandle spread =
        handle
            .asFixedArity()
            .asType(handle.type().changeParameterType(0, Object.class))
            .asSpreader(Object[].class, method.getParameterCount())
            .asType(MethodType.methodType(Object.class, Object.class, Object[].class));
    return (target, arguments) -> spread.invokeExact(target, arguments);
  }

  private ExposedType fromObject(RpcObject object) {
    Map<String, Member> members = new LinkedHashMap<>();
    object
        .members()
        .forEach(
            (name, member) -> {
              checkName(RpcObject.class, name);
              members.put(name, fromMember(member));
            });
    RpcObject.Function self = object.self();
    Runnable onRelease = object.onRelease();
    return new ExposedType(
        "RpcObject",
        members,
        self == null ? null : new Member.Operation(List.of(function(self))),
        object.isData(),
        onRelease == null
            ? null
            : (target, none) -> {
              onRelease.run();
              return null;
            });
  }

  private Member fromMember(RpcObject.Member member) {
    if (member instanceof RpcObject.Member.Property property) {
      Type type = property.type();
      java.util.function.Consumer<Object> setter = property.setter();
      return new Member.Property(
          (target, none) -> property.getter().get(),
          ResultShape.VALUE,
          setter == null
              ? null
              : (target, arguments) -> {
                setter.accept(arguments[0]);
                return null;
              },
          type == null ? null : codec.decoder(type));
    }
    if (member instanceof RpcObject.Member.Operation operation) {
      return new Member.Operation(List.of(function(operation.function())));
    }
    if (member instanceof RpcObject.Member.Factory factory) {
      return new Member.Factory(List.of(function(factory.function())));
    }
    RpcObject.Member.SubObject sub = (RpcObject.Member.SubObject) member;
    ExposedType table = fromObject(sub.object());
    Supplier<ExposedType> type = () -> table;
    return new Member.SubObject((target, none) -> sub.object(), type);
  }

  @SuppressWarnings("unchecked")
  private static Overload function(RpcObject.Function function) {
    return Overload.raw(
        (target, arguments) ->
            function.call(
                (List<dev.tautline.rpc.JsValue>) java.util.Objects.requireNonNull(arguments[0])),
        ResultShape.VALUE);
  }
}
