package dev.tautline.rpc.codec;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.RpcName;
import dev.tautline.rpc.message.Refusal;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How each declared type is made from a value: nothing is truncated, rounded or guessed. */
final class Decoders {
  private static final int MAX_DIGITS = 400;
  private static final Set<Kind> EVERYTHING = EnumSet.allOf(Kind.class);

  private Decoders() {}

  /** A decoder that takes null and undefined as null, and else only some kinds. */
  private record Simple(Set<Kind> kinds, Function<JsValue, Object> conversion) implements Decoder {
    @Override
    public @Nullable Object decode(JsValue value) {
      return value.isNullish() ? null : conversion.apply(value);
    }
  }

  /** A decoder that refuses null and undefined. */
  private record Primitive(Decoder boxed) implements Decoder {
    @Override
    public Object decode(JsValue value) {
      Object result = boxed.decode(value);
      if (result == null) {
        throw Refusal.typeError("a value is required, not " + value);
      }
      return result;
    }

    @Override
    public Set<Kind> kinds() {
      return boxed.kinds();
    }
  }

  private static Decoder of(Function<JsValue, Object> conversion, Kind first, Kind... rest) {
    return new Simple(EnumSet.of(first, rest), conversion);
  }

  private static Refusal expected(String what, JsValue value) {
    return Refusal.typeError(
        "expected " + what + ", got " + Kind.of(value).name().toLowerCase(Locale.ROOT));
  }

  private static final Map<Class<?>, Decoder> FIXED = fixed();

  private static Map<Class<?>, Decoder> fixed() {
    Map<Class<?>, Decoder> map = new HashMap<>();
    Decoder bool =
        of(
            v -> {
              if (v instanceof JsValue.Bool b) {
                return b.value();
              }
              throw expected("a boolean", v);
            },
            Kind.BOOLEAN);
    map.put(Boolean.class, bool);
    map.put(boolean.class, new Primitive(bool));
    Decoder integer = of(v -> (int) integral(v, Integer.MIN_VALUE, Integer.MAX_VALUE), Kind.NUMBER);
    map.put(Integer.class, integer);
    map.put(int.class, new Primitive(integer));
    Decoder shortInteger =
        of(v -> (short) integral(v, Short.MIN_VALUE, Short.MAX_VALUE), Kind.NUMBER);
    map.put(Short.class, shortInteger);
    map.put(short.class, new Primitive(shortInteger));
    Decoder byteInteger = of(v -> (byte) integral(v, Byte.MIN_VALUE, Byte.MAX_VALUE), Kind.NUMBER);
    map.put(Byte.class, byteInteger);
    map.put(byte.class, new Primitive(byteInteger));
    Decoder longInteger =
        of(
            v -> {
              try {
                return bigInteger(v).longValueExact();
              } catch (ArithmeticException e) {
                throw Refusal.rangeError("integer out of range");
              }
            },
            Kind.NUMBER,
            Kind.TEXT);
    map.put(Long.class, longInteger);
    map.put(long.class, new Primitive(longInteger));
    Decoder doubleNumber = of(v -> number(v).doubleValue(), Kind.NUMBER);
    map.put(Double.class, doubleNumber);
    map.put(double.class, new Primitive(doubleNumber));
    Decoder floatNumber =
        of(
            v -> {
              float f = number(v).floatValue();
              if (!Float.isFinite(f)) {
                throw Refusal.rangeError("number out of range");
              }
              return f;
            },
            Kind.NUMBER);
    map.put(Float.class, floatNumber);
    map.put(float.class, new Primitive(floatNumber));
    Decoder character =
        of(
            v -> {
              String text = text(v);
              if (text.length() != 1) {
                throw Refusal.typeError("expected one character");
              }
              return text.charAt(0);
            },
            Kind.TEXT);
    map.put(Character.class, character);
    map.put(char.class, new Primitive(character));
    map.put(BigInteger.class, of(Decoders::bigInteger, Kind.NUMBER, Kind.TEXT));
    map.put(BigDecimal.class, of(Decoders::bigDecimal, Kind.NUMBER, Kind.TEXT));
    map.put(Number.class, of(Decoders::number, Kind.NUMBER));
    map.put(String.class, of(Decoders::text, Kind.TEXT));
    map.put(CharSequence.class, of(Decoders::text, Kind.TEXT));
    map.put(UUID.class, parsed("a UUID", Decoders::uuid));
    map.put(URI.class, parsed("a URI", Decoders::uri));
    map.put(Locale.class, parsed("a language tag", Locale::forLanguageTag));
    map.put(Instant.class, parsed("an instant", t -> OffsetDateTime.parse(t).toInstant()));
    map.put(OffsetDateTime.class, parsed("a date and time", OffsetDateTime::parse));
    map.put(ZonedDateTime.class, parsed("a date and time", ZonedDateTime::parse));
    map.put(LocalDate.class, parsed("a date", LocalDate::parse));
    map.put(LocalTime.class, parsed("a time", LocalTime::parse));
    map.put(LocalDateTime.class, parsed("a date and time", LocalDateTime::parse));
    map.put(Duration.class, parsed("a duration", Duration::parse));
    map.put(Date.class, parsed("an instant", t -> Date.from(OffsetDateTime.parse(t).toInstant())));
    map.put(byte[].class, of(Decoders::bytes, Kind.BINARY, Kind.ARRAY));
    map.put(
        ByteBuffer.class,
        of(
            v -> {
              if (v instanceof JsValue.Binary binary) {
                return ByteBuffer.wrap(binary.bytes());
              }
              throw expected("binary", v);
            },
            Kind.BINARY));
    map.put(
        Remote.class,
        of(
            v -> {
              if (v instanceof JsValue.Proxy proxy) {
                return proxy.remote();
              }
              throw expected("a proxy", v);
            },
            Kind.PROXY));
    map.put(
        RemotePort.class,
        of(
            v -> {
              if (v instanceof JsValue.Port port && port.port() != null) {
                return port.port();
              }
              throw expected("a port", v);
            },
            Kind.PORT));
    map.put(JsValue.class, new Anything(v -> v));
    map.put(Object.class, new Anything(Decoders::plainObject));
    map.put(void.class, new Anything(v -> null));
    map.put(Void.class, new Anything(v -> null));
    map.put(
        OptionalInt.class, optional(integer, OptionalInt.empty(), v -> OptionalInt.of((int) v)));
    map.put(
        OptionalLong.class,
        optional(longInteger, OptionalLong.empty(), v -> OptionalLong.of((long) v)));
    map.put(
        OptionalDouble.class,
        optional(doubleNumber, OptionalDouble.empty(), v -> OptionalDouble.of((double) v)));
    return Map.copyOf(map);
  }

  /** A decoder that takes whatever comes. */
  private record Anything(Function<JsValue, @Nullable Object> conversion) implements Decoder {
    @Override
    public @Nullable Object decode(JsValue value) {
      return conversion.apply(value);
    }

    @Override
    public Set<Kind> kinds() {
      return EVERYTHING;
    }
  }

  private static Decoder optional(Decoder inner, Object empty, Function<Object, Object> present) {
    return new Decoder() {
      @Override
      public Object decode(JsValue value) {
        Object decoded = inner.decode(value);
        return decoded == null ? empty : present.apply(decoded);
      }

      @Override
      public Set<Kind> kinds() {
        return inner.kinds();
      }
    };
  }

  private static String text(JsValue value) {
    if (value instanceof JsValue.Text text) {
      return text.value();
    }
    throw expected("text", value);
  }

  private static Number number(JsValue value) {
    if (value instanceof JsValue.Num number) {
      return number.value();
    }
    throw expected("a number", value);
  }

  private static long integral(JsValue value, long min, long max) {
    Number number = number(value);
    long result;
    if (number instanceof Long n) {
      result = n;
    } else if (number instanceof Double d && d == Math.rint(d) && Math.abs(d) <= 1L << 53) {
      result = d.longValue();
    } else {
      throw Refusal.typeError("expected an integer");
    }
    if (result < min || result > max) {
      throw Refusal.rangeError("integer out of range");
    }
    return result;
  }

  private static BigInteger bigInteger(JsValue value) {
    if (value instanceof JsValue.Text text) {
      String digits = text.value();
      int start = digits.startsWith("-") ? 1 : 0;
      if (digits.length() == start || digits.length() > MAX_DIGITS) {
        throw Refusal.typeError("expected an integer");
      }
      for (int i = start; i < digits.length(); i++) {
        if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
          throw Refusal.typeError("expected an integer");
        }
      }
      return new BigInteger(digits);
    }
    Number number = number(value);
    if (number instanceof Long n) {
      return BigInteger.valueOf(n);
    }
    if (number instanceof BigInteger big) {
      return big;
    }
    double d = number.doubleValue();
    if (d != Math.rint(d)) {
      throw Refusal.typeError("expected an integer");
    }
    return new BigDecimal(d).toBigInteger();
  }

  private static BigDecimal bigDecimal(JsValue value) {
    if (value instanceof JsValue.Text text) {
      if (text.value().length() > MAX_DIGITS) {
        throw Refusal.typeError("expected a decimal number");
      }
      try {
        BigDecimal result = new BigDecimal(text.value());
        // 1e999999999 is ten characters here and a gigabyte once somebody adds one to it.
        if (Math.abs((long) result.scale()) > 2 * MAX_DIGITS) {
          throw Refusal.rangeError("number out of range");
        }
        return result;
      } catch (NumberFormatException e) {
        throw Refusal.typeError("expected a decimal number");
      }
    }
    Number number = number(value);
    if (number instanceof Long n) {
      return BigDecimal.valueOf(n);
    }
    return number instanceof BigInteger big
        ? new BigDecimal(big)
        : BigDecimal.valueOf(number.doubleValue());
  }

  private static Decoder parsed(String what, Function<String, Object> parser) {
    return of(
        v -> {
          String text = text(v);
          try {
            if (text.length() <= MAX_DIGITS) {
              return parser.apply(text);
            }
          } catch (DateTimeException | IllegalArgumentException e) {
            throw Refusal.typeError("expected " + what);
          }
          throw Refusal.typeError("expected " + what);
        },
        Kind.TEXT);
  }

  private static UUID uuid(String text) {
    UUID uuid = UUID.fromString(text);
    if (!uuid.toString().equalsIgnoreCase(text)) {
      throw new IllegalArgumentException("short form");
    }
    return uuid;
  }

  private static URI uri(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static byte[] bytes(JsValue value) {
    if (value instanceof JsValue.Binary binary) {
      return binary.bytes();
    }
    if (value instanceof JsValue.Arr array) {
      byte[] bytes = new byte[array.items().size()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) integral(array.items().get(i), Byte.MIN_VALUE, Byte.MAX_VALUE);
      }
      return bytes;
    }
    throw expected("binary", value);
  }

  /** What a parameter of type {@code Object} gets. */
  private static @Nullable Object plainObject(JsValue value) {
    if (value instanceof JsValue.Bool bool) {
      return bool.value();
    }
    if (value instanceof JsValue.Num number) {
      return number.value() instanceof BigInteger big ? (Object) big.doubleValue() : number.value();
    }
    if (value instanceof JsValue.Text text) {
      return text.value();
    }
    if (value instanceof JsValue.Arr array) {
      List<@Nullable Object> list = new ArrayList<>(array.items().size());
      for (JsValue item : array.items()) {
        list.add(plainObject(item));
      }
      return list;
    }
    if (value instanceof JsValue.Obj object) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      object.members().forEach((name, member) -> map.put(name, plainObject(member)));
      return map;
    }
    if (value instanceof JsValue.Binary binary) {
      return binary.bytes();
    }
    if (value instanceof JsValue.Proxy proxy) {
      return proxy.remote();
    }
    if (value instanceof JsValue.Custom custom) {
      return custom.value();
    }
    return value instanceof JsValue.Port port ? port.port() : null;
  }

  static Decoder build(ValueCodec codec, Type type) {
    Class<?> raw = Types.raw(type);
    Decoder fixed = FIXED.get(raw);
    if (fixed != null) {
      return fixed;
    }
    if (codec.settings().handlers().stream().anyMatch(h -> raw.isAssignableFrom(h.type()))) {
      return handled(codec, type, raw);
    }
    return unhandled(codec, type, raw);
  }

  /** A type that a transfer handler makes; inside other values it may still be plain data. */
  private static Decoder handled(ValueCodec codec, Type type, Class<?> raw) {
    Decoder plain = raw.isRecord() ? unhandled(codec, type, raw) : null;
    if (plain != null) {
      // It announced itself as the decoder of this type, which is the one made here.
      codec.withdraw(type, plain);
    }
    return of(
        v -> {
          if (v instanceof JsValue.Custom custom && raw.isInstance(custom.value())) {
            return custom.value();
          }
          Object decoded = plain == null ? null : plain.decode(v);
          if (decoded == null) {
            throw expected(raw.getSimpleName(), v);
          }
          return decoded;
        },
        Kind.OBJECT);
  }

  private static Decoder unhandled(ValueCodec codec, Type type, Class<?> raw) {
    if (JsValue.class.isAssignableFrom(raw)) {
      return new Anything(
          v -> {
            if (raw.isInstance(v)) {
              return v;
            }
            throw expected(raw.getSimpleName(), v);
          });
    }
    if (raw.isEnum()) {
      return enumOf(raw);
    }
    if (raw == Optional.class) {
      return optional(codec.decoder(Types.argument(type, 0)), Optional.empty(), Optional::of);
    }
    if (raw == List.class || raw == Collection.class || raw == Iterable.class) {
      return list(codec.decoder(Types.argument(type, 0)), items -> items);
    }
    if (raw == Set.class) {
      return list(codec.decoder(Types.argument(type, 0)), LinkedHashSet::new);
    }
    if (raw == Map.class) {
      return map(key(Types.raw(Types.argument(type, 0))), codec.decoder(Types.argument(type, 1)));
    }
    if (raw.isArray()) {
      Type component =
          type instanceof GenericArrayType g ? g.getGenericComponentType() : raw.getComponentType();
      return array(raw.getComponentType(), codec.decoder(component));
    }
    if (raw.isRecord()) {
      return RecordDecoder.build(codec, type, raw);
    }
    boolean ofTheJdk = raw.getName().startsWith("java.");
    if (raw.isInterface() && (!ofTheJdk || Types.functionalMethod(raw).isPresent())) {
      return of(
          v -> {
            if (v instanceof JsValue.Proxy proxy && proxy.remote() instanceof TypedRemote remote) {
              return remote.typed(type);
            }
            throw expected("a proxy", v);
          },
          Kind.PROXY);
    }
    throw new IllegalArgumentException("nothing on the wire can become " + type.getTypeName());
  }

  private static Decoder enumOf(Class<?> type) {
    Map<String, Object> byName = new HashMap<>();
    for (Object constant : type.getEnumConstants()) {
      byName.put(Encoding.enumName((Enum<?>) constant), constant);
    }
    return of(
        v -> {
          Object constant = byName.get(text(v));
          if (constant == null) {
            throw Refusal.typeError(
                "expected one of " + byName.keySet().stream().sorted().toList());
          }
          return constant;
        },
        Kind.TEXT);
  }

  private static Decoder list(Decoder element, Function<List<@Nullable Object>, Object> finish) {
    return of(
        v -> {
          if (!(v instanceof JsValue.Arr array)) {
            throw expected("an array", v);
          }
          List<@Nullable Object> items = new ArrayList<>(array.items().size());
          for (int i = 0; i < array.items().size(); i++) {
            items.add(within(Integer.toString(i), element, array.items().get(i)));
          }
          return finish.apply(items);
        },
        Kind.ARRAY);
  }

  static @Nullable Object within(String where, Decoder decoder, JsValue value) {
    try {
      return decoder.decode(value);
    } catch (Refusal e) {
      throw e.in(where);
    }
  }

  private static Function<String, Object> key(Class<?> type) {
    if (type == String.class || type == Object.class || type == CharSequence.class) {
      return text -> text;
    }
    if (type == Integer.class || type == Long.class || type == UUID.class || type.isEnum()) {
      Decoder decoder = type.isEnum() ? enumOf(type) : keyDecoder(type);
      return text -> {
        Object key = decoder.decode(JsValue.of(text));
        if (key == null) {
          throw Refusal.typeError("member name is not a key");
        }
        return key;
      };
    }
    throw new IllegalArgumentException("a map with keys of " + type.getName());
  }

  /** Decoders of member names, which are always text. */
  private static Decoder keyDecoder(Class<?> type) {
    if (type == Integer.class) {
      return of(
          v -> {
            try {
              return bigInteger(v).intValueExact();
            } catch (ArithmeticException e) {
              throw Refusal.rangeError("integer out of range");
            }
          },
          Kind.TEXT);
    }
    Decoder decoder = FIXED.get(type);
    if (decoder == null) {
      throw new IllegalArgumentException("a map with keys of " + type.getName());
    }
    return decoder;
  }

  private static Decoder map(Function<String, Object> key, Decoder element) {
    return of(
        v -> {
          if (!(v instanceof JsValue.Obj object)) {
            throw expected("an object", v);
          }
          Map<Object, @Nullable Object> map = new LinkedHashMap<>();
          for (Map.Entry<String, JsValue> member : object.members().entrySet()) {
            map.put(
                key.apply(member.getKey()), within(member.getKey(), element, member.getValue()));
          }
          return map;
        },
        Kind.OBJECT);
  }

  private static Decoder array(Class<?> component, Decoder element) {
    return of(
        v -> {
          if (v instanceof JsValue.Binary binary && component.isPrimitive()) {
            return typedArray(component, binary);
          }
          if (!(v instanceof JsValue.Arr array)) {
            throw expected("an array", v);
          }
          int length = array.items().size();
          Object result = Array.newInstance(component, length);
          for (int i = 0; i < length; i++) {
            Array.set(result, i, within(Integer.toString(i), element, array.items().get(i)));
          }
          return result;
        },
        Kind.ARRAY,
        Kind.BINARY);
  }

  private static Object typedArray(Class<?> component, JsValue.Binary binary) {
    ByteBuffer bytes = ByteBuffer.wrap(binary.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    BinaryKind kind = binary.kind();
    if (component == int.class
        && (kind == BinaryKind.INT32_ARRAY || kind == BinaryKind.UINT32_ARRAY)) {
      int[] result = new int[bytes.remaining() / 4];
      bytes.asIntBuffer().get(result);
      return result;
    }
    if (component == double.class && kind == BinaryKind.FLOAT64_ARRAY) {
      double[] result = new double[bytes.remaining() / 8];
      bytes.asDoubleBuffer().get(result);
      return result;
    }
    if (component == float.class && kind == BinaryKind.FLOAT32_ARRAY) {
      float[] result = new float[bytes.remaining() / 4];
      bytes.asFloatBuffer().get(result);
      return result;
    }
    if (component == long.class
        && (kind == BinaryKind.BIGINT64_ARRAY || kind == BinaryKind.BIGUINT64_ARRAY)) {
      long[] result = new long[bytes.remaining() / 8];
      bytes.asLongBuffer().get(result);
      return result;
    }
    if (component == short.class
        && (kind == BinaryKind.INT16_ARRAY || kind == BinaryKind.UINT16_ARRAY)) {
      short[] result = new short[bytes.remaining() / 2];
      bytes.asShortBuffer().get(result);
      return result;
    }
    if (component == char.class && kind == BinaryKind.UINT16_ARRAY) {
      char[] result = new char[bytes.remaining() / 2];
      bytes.asCharBuffer().get(result);
      return result;
    }
    throw Refusal.typeError("binary of the wrong class for " + component + "[]");
  }

  /** Records by component name, through their canonical constructor. */
  private static final class RecordDecoder implements Decoder {
    private final boolean refuseUnknown;
    private String[] names = {};
    private Decoder[] components = {};
    private @Nullable MethodHandle constructor;

    private RecordDecoder(boolean refuseUnknown) {
      this.refuseUnknown = refuseUnknown;
    }

    static Decoder build(ValueCodec codec, Type type, Class<?> raw) {
      RecordDecoder decoder = new RecordDecoder(codec.settings().refuseUnknownMembers());
      // Before its components: a record may contain itself.
      Decoder other = codec.announce(type, decoder);
      if (other != null) {
        return other;
      }
      try {
        RecordComponent[] parts = raw.getRecordComponents();
        String[] names = new String[parts.length];
        Decoder[] components = new Decoder[parts.length];
        for (int i = 0; i < parts.length; i++) {
          RpcName name = parts[i].getAnnotation(RpcName.class);
          names[i] = name == null ? parts[i].getName() : name.value();
          components[i] = codec.decoder(Encoding.componentType(type, raw, parts[i]));
        }
        Class<?>[] types =
            Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Constructor<?> canonical = raw.getDeclaredConstructor(types);
        canonical.trySetAccessible();
        decoder.constructor =
            MethodHandles.lookup()
                .unreflectConstructor(canonical)
                .asSpreader(Object[].class, parts.length)
                .asType(java.lang.invoke.MethodType.methodType(Object.class, Object[].class));
        decoder.names = names;
        decoder.components = components;
        return decoder;
      } catch (ReflectiveOperationException e) {
        codec.withdraw(type, decoder);
        throw new IllegalArgumentException(
            "the constructor of record " + raw.getName() + " cannot be called", e);
      } catch (RuntimeException e) {
        codec.withdraw(type, decoder);
        throw e;
      }
    }

    @Override
    public @Nullable Object decode(JsValue value) {
      if (value.isNullish()) {
        return null;
      }
      if (!(value instanceof JsValue.Obj object)) {
        throw expected("an object", value);
      }
      MethodHandle target = constructor;
      if (target == null) {
        throw new IllegalStateException("used before it was built");
      }
      @Nullable Object[] arguments = new Object[names.length];
      int used = 0;
      for (int i = 0; i < names.length; i++) {
        used += object.members().containsKey(names[i]) ? 1 : 0;
        arguments[i] = within(names[i], components[i], object.get(names[i]));
      }
      if (refuseUnknown && used < object.size()) {
        throw Refusal.typeError("unknown member");
      }
      try {
        return target.invokeExact(arguments);
      } catch (Error e) {
        throw e;
      } catch (Throwable e) {
        // The record's own check refused the values; its text is not for strangers.
        throw Refusal.typeError("the values do not make a valid object");
      }
    }

    @Override
    public Set<Kind> kinds() {
      return EnumSet.of(Kind.OBJECT);
    }
  }
}
