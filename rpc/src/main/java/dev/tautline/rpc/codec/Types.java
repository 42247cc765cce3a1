package dev.tautline.rpc.codec;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Declared Java types: what a type variable stands for, and which method of an interface counts.
 */
public final class Types {
  private Types() {}

  /** The class behind a type. */
  public static Class<?> raw(Type type) {
    if (type instanceof Class<?> c) {
      return c;
    }
    if (type instanceof ParameterizedType p) {
      return (Class<?>) p.getRawType();
    }
    if (type instanceof GenericArrayType a) {
      return Array.newInstance(raw(a.getGenericComponentType()), 0).getClass();
    }
    if (type instanceof WildcardType w) {
      return raw(bound(w));
    }
    if (type instanceof TypeVariable<?> v) {
      return raw(v.getBounds()[0]);
    }
    throw new IllegalArgumentException("unknown kind of type: " + type);
  }

  private static Type bound(WildcardType wildcard) {
    // A Consumer<? super String> is given strings.
    return wildcard.getLowerBounds().length > 0
        ? wildcard.getLowerBounds()[0]
        : wildcard.getUpperBounds()[0];
  }

  /** The type argument of a parameterised type, or {@code Object} where there is none. */
  public static Type argument(Type type, int index) {
    if (type instanceof ParameterizedType p && index < p.getActualTypeArguments().length) {
      Type argument = p.getActualTypeArguments()[index];
      return argument instanceof WildcardType w ? bound(w) : argument;
    }
    return Object.class;
  }

  /** What a type used inside the declaring class means seen from the context. */
  public static Type resolve(Type context, Class<?> declaring, Type type) {
    Map<TypeVariable<?>, Type> bindings = new HashMap<>();
    bind(context, bindings);
    if (!declaring.isAssignableFrom(raw(context))) {
      throw new IllegalArgumentException(declaring + " is not above " + context);
    }
    return substitute(type, bindings);
  }

  private static void bind(Type type, Map<TypeVariable<?>, Type> bindings) {
    Class<?> raw = raw(type);
    if (type instanceof ParameterizedType p) {
      TypeVariable<?>[] variables = raw.getTypeParameters();
      for (int i = 0; i < variables.length; i++) {
        bindings.put(variables[i], substitute(argument(p, i), bindings));
      }
    }
    for (Type parent : raw.getGenericInterfaces()) {
      bind(parent, bindings);
    }
  }

  private static Type substitute(Type type, Map<TypeVariable<?>, Type> bindings) {
    if (type instanceof TypeVariable<?> v) {
      Type bound = bindings.get(v);
      return bound == null ? raw(v) : bound;
    }
    if (type instanceof WildcardType w) {
      return substitute(bound(w), bindings);
    }
    if (type instanceof ParameterizedType p) {
      Type[] arguments = p.getActualTypeArguments().clone();
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = substitute(arguments[i], bindings);
      }
      return new Parameterized((Class<?>) p.getRawType(), List.of(arguments));
    }
    if (type instanceof GenericArrayType a) {
      Type component = substitute(a.getGenericComponentType(), bindings);
      return Array.newInstance(raw(component), 0).getClass();
    }
    return type;
  }

  /** A parameterised type of our own; equal to another with the same parts. */
  private record Parameterized(Class<?> rawType, List<Type> arguments)
      implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return arguments.toArray(new Type[0]);
    }

    @Override
    public Type getRawType() {
      return rawType;
    }

    @Override
    public @Nullable Type getOwnerType() {
      return rawType.getDeclaringClass();
    }

    @Override
    public String toString() {
      return rawType.getTypeName() + arguments;
    }
  }

  /** Whether a method is one that every object has. */
  public static boolean isObjectMethod(Method method) {
    return Arrays.stream(Object.class.getMethods())
        .anyMatch(
            m ->
                m.getName().equals(method.getName())
                    && Arrays.equals(m.getParameterTypes(), method.getParameterTypes()));
  }

  /** The single abstract method of an interface, if it has exactly one. */
  public static Optional<Method> functionalMethod(Class<?> type) {
    if (!type.isInterface()) {
      return Optional.empty();
    }
    List<Method> found = new ArrayList<>();
    for (Method method : type.getMethods()) {
      if (!Modifier.isAbstract(method.getModifiers()) || isObjectMethod(method)) {
        continue;
      }
      boolean overridden =
          found.stream()
              .anyMatch(
                  m ->
                      m.getName().equals(method.getName())
                          && m.getParameterCount() == method.getParameterCount());
      if (!overridden) {
        found.add(method);
      }
    }
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }
}
