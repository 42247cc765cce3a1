package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.Retain;
import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcProperty;
import dev.tautline.rpc.RpcTimeout;
import dev.tautline.rpc.codec.Decoder;
import dev.tautline.rpc.codec.Types;
import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.expose.ExposedTypes;
import dev.tautline.rpc.expose.ResultShape;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.Request;
import dev.tautline.rpc.message.WireValue;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How the methods of an interface become requests. Built once for an interface and connection;
 * {@link #proxy} makes objects that follow it.
 */
final class TypedApi {
  private enum Kind {
    READ,
    WRITE,
    CALL,
    CONSTRUCT,
    /** A longer path; sends nothing. */
    INTO
  }

  /** What one method does. */
  private record Plan(
      Kind kind,
      List<String> path,
      boolean async,
      @Nullable Decoder result,
      @Nullable Type into,
      List<Optional<Type>> byReference,
      boolean variableArity,
      List<Boolean> lent,
      long deadlineNanos) {}

  private final Type type;
  private final Class<?> raw;
  private final Map<Method, Plan> plans = new HashMap<>();

  TypedApi(ValueCodec codec, Type type) {
    this.type = type;
    this.raw = Types.raw(type);
    if (!raw.isInterface()) {
      throw new IllegalArgumentException(raw.getName() + " is not an interface");
    }
    Optional<Method> self = callable(raw);
    for (Method method : raw.getMethods()) {
      boolean member =
          !Modifier.isStatic(method.getModifiers())
              && !ExposedTypes.isClose(method)
              && !Types.isObjectMethod(method);
      if (!member) {
        continue;
      }
      if (self.isPresent()) {
        // Its default methods work on the single one; they are no members of the peer.
        if (Modifier.isAbstract(method.getModifiers())) {
          plans.put(method, plan(codec, method, List.of()));
        }
      } else {
        plans.put(method, plan(codec, method, List.of(name(method))));
      }
    }
  }

  /** The method that means "call the object itself". */
  private static Optional<Method> callable(Class<?> raw) {
    boolean function =
        raw.isAnnotationPresent(FunctionalInterface.class) || raw.getName().startsWith("java.");
    return function ? Types.functionalMethod(raw) : Optional.empty();
  }

  private static String name(Method method) {
    RpcProperty property = method.getAnnotation(RpcProperty.class);
    if (property != null) {
      return ExposedTypes.propertyName(method, property);
    }
    RpcConstruct construct = method.getAnnotation(RpcConstruct.class);
    return construct == null || construct.value().isEmpty()
        ? ExposedTypes.memberName(method)
        : construct.value();
  }

  private Plan plan(ValueCodec codec, Method method, List<String> path) {
    Type declared = Types.resolve(type, method.getDeclaringClass(), method.getGenericReturnType());
    Class<?> declaredRaw = Types.raw(declared);
    boolean async =
        declaredRaw == CompletableFuture.class
            || declaredRaw == CompletionStage.class
            || declaredRaw == Future.class;
    Type awaited = ResultShape.awaited(declared);
    Kind kind = Kind.CALL;
    Type into = null;
    if (method.isAnnotationPresent(RpcConstruct.class)) {
      kind = Kind.CONSTRUCT;
    } else if (method.isAnnotationPresent(RpcProperty.class)) {
      if (method.getParameterCount() > 1) {
        throw new IllegalArgumentException(method + " is no property: it has several parameters");
      }
      kind = method.getParameterCount() == 0 ? Kind.READ : Kind.WRITE;
      if (kind == Kind.READ && !async && leadsInto(awaited)) {
        kind = Kind.INTO;
        into = awaited;
      }
    }
    List<Optional<Type>> byReference = new ArrayList<>();
    List<Boolean> lent = new ArrayList<>();
    Parameter[] parameters = method.getParameters();
    for (int i = 0; i < parameters.length; i++) {
      Type parameter =
          Types.resolve(type, method.getDeclaringClass(), parameters[i].getParameterizedType());
      if (method.isVarArgs() && i == parameters.length - 1) {
        parameter = Types.raw(parameter).getComponentType();
      }
      byReference.add(
          ValueCodec.isByReference(parameter) ? Optional.of(parameter) : Optional.empty());
      Retain retain = parameters[i].getAnnotation(Retain.class);
      lent.add(retain != null && retain.value() == Retain.Until.CALL);
    }
    RpcTimeout timeout = method.getAnnotation(RpcTimeout.class);
    if (timeout != null && timeout.millis() < 1) {
      throw new IllegalArgumentException("deadline of " + method + " is below 1 ms");
    }
    try {
      return new Plan(
          kind,
          path,
          async,
          kind == Kind.INTO ? null : codec.decoder(awaited),
          into,
          List.copyOf(byReference),
          method.isVarArgs(),
          List.copyOf(lent),
          timeout == null ? 0 : timeout.millis() * 1_000_000L);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          method.getName() + " of " + type.getTypeName() + ": " + e.getMessage(), e);
    }
  }

  /** Whether a property of the type is a longer path, and not something to be fetched. */
  private static boolean leadsInto(Type type) {
    Class<?> target = Types.raw(type);
    return target.isInterface()
        && !target.getName().startsWith("java.")
        && !target.isAnnotationPresent(FunctionalInterface.class)
        && target != Remote.class
        && target != RemotePort.class
        && !JsValue.class.isAssignableFrom(target);
  }

  /** An object that turns calls of the interface's methods into requests. */
  static Object proxy(PortRemote remote, Type type) {
    TypedApi api = remote.session.typedApi(type);
    return Proxy.newProxyInstance(
        api.raw.getClassLoader() == null
            ? TypedApi.class.getClassLoader()
            : api.raw.getClassLoader(),
        new Class<?>[] {api.raw},
        api.new Handler(remote));
  }

  /** The remote behind a typed proxy; null if it is none. */
  static @Nullable Remote remoteOf(Object proxy) {
    if (Proxy.isProxyClass(proxy.getClass())
        && Proxy.getInvocationHandler(proxy) instanceof Handler handler) {
      return handler.remote;
    }
    return null;
  }

  private final class Handler implements InvocationHandler {
    final PortRemote remote;

    Handler(PortRemote remote) {
      this.remote = remote;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] given)
        throws Throwable {
      @Nullable Object[] arguments = given == null ? new Object[0] : given;
      Plan plan = plans.get(method);
      if (plan != null) {
        return perform(plan, arguments);
      }
      if (method.isDefault()) {
        return InvocationHandler.invokeDefault(proxy, method, given);
      }
      return switch (method.getName()) {
        case "equals" -> proxy == arguments[0];
        case "hashCode" -> System.identityHashCode(proxy);
        case "close" -> {
          remote.close();
          yield null;
        }
        default -> raw.getSimpleName() + "@" + remote;
      };
    }

    private @Nullable Object perform(Plan plan, @Nullable Object[] arguments) {
      List<String> path = remote.below(plan.path);
      if (plan.kind == Kind.INTO && plan.into != null) {
        return TypedApi.proxy(
            new PortRemote(remote.session, remote.port, remote.lease, path, remote.deadlineNanos),
            plan.into);
      }
      List<String> lent = new ArrayList<>();
      Session.Preparation preparation =
          scope -> {
            List<WireValue> encoded = encode(plan, arguments, scope, lent);
            return switch (plan.kind) {
              case READ -> id -> new Request.Get(id, path);
              case WRITE -> id -> new Request.Set(id, path, encoded.get(0));
              case CONSTRUCT -> id -> new Request.Construct(id, path, encoded);
              default -> id -> new Request.Apply(id, path, encoded);
            };
          };
      PortRemote target =
          plan.deadlineNanos == 0
              ? remote
              : new PortRemote(
                  remote.session, remote.port, remote.lease, remote.path, plan.deadlineNanos);
      Function<WireValue, @Nullable Object> finish = wire -> decode(plan, wire);
      return plan.async
          ? remote.session.callAsync(target, preparation, lent, finish)
          : remote.session.callBlocking(target, preparation, lent, finish);
    }

    private @Nullable Object decode(Plan plan, WireValue wire) {
      JsValue value = remote.session.open(wire);
      if (plan.kind == Kind.WRITE || plan.result == null) {
        return null;
      }
      try {
        return plan.result.decode(value);
      } catch (Refusal e) {
        throw new RpcException(RpcException.Code.CONVERSION, "result: " + e.text(), e);
      }
    }

    private List<WireValue> encode(
        Plan plan, @Nullable Object[] arguments, ExportScope scope, List<String> lent) {
      List<WireValue> encoded = new ArrayList<>();
      for (int i = 0; i < arguments.length; i++) {
        Type byReference = plan.byReference.get(i).orElse(null);
        int exportedBefore = scope.exportedIds().size();
        Object argument = arguments[i];
        if (plan.variableArity && i == arguments.length - 1 && argument != null) {
          for (int k = 0; k < Array.getLength(argument); k++) {
            encoded.add(remote.session.codec().encode(Array.get(argument, k), byReference, scope));
          }
        } else {
          encoded.add(remote.session.codec().encode(argument, byReference, scope));
        }
        if (plan.lent.get(i)) {
          List<String> exported = scope.exportedIds();
          lent.addAll(exported.subList(exportedBefore, exported.size()));
        }
      }
      return encoded;
    }
  }
}
