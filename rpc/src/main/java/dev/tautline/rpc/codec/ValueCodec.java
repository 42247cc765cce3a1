package dev.tautline.rpc.codec;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.LongPolicy;
import dev.tautline.rpc.NonFinite;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.RpcHandler;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.WireValue;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Decoders and encoding under one set of options. Safe for use by any thread. */
public final class ValueCodec {
  /** How values are turned, without a connection. */
  public record Settings(
      LongPolicy longPolicy,
      NonFinite nonFinite,
      boolean bigDecimalAsNumber,
      boolean typedArrays,
      boolean refuseUnknownMembers,
      List<RpcHandler<?>> handlers,
      int maxDepth) {
    /** The settings that the options imply. */
    public static Settings of(RpcOptions options) {
      return new Settings(
          options.longPolicy(),
          options.nonFinite(),
          options.bigDecimalAsNumber(),
          options.typedArrays(),
          options.refuseUnknownMembers(),
          options.handlers(),
          options.limits().depth());
    }
  }

  /** For values that belong to no connection. */
  public static final ValueCodec DEFAULT =
      new ValueCodec(
          new Settings(
              LongPolicy.AUTO_STRING, NonFinite.ERROR, false, false, false, List.of(), 64));

  private final Settings settings;
  private final Encoding encoding;
  private final Map<Type, Decoder> decoders = new ConcurrentHashMap<>();

  /** A codec. */
  public ValueCodec(Settings settings) {
    this.settings = settings;
    this.encoding = new Encoding(settings);
  }

  /** The settings. */
  public Settings settings() {
    return settings;
  }

  /**
   * The decoder of a declared type.
   *
   * @throws IllegalArgumentException if nothing on the wire can become that type
   */
  public Decoder decoder(Type type) {
    Decoder known = decoders.get(type);
    if (known != null) {
      return known;
    }
    Decoder made = Decoders.build(this, type);
    Decoder other = decoders.putIfAbsent(type, made);
    return other == null ? made : other;
  }

  /** Lets a type that contains itself find the decoder that is being built. */
  @Nullable Decoder announce(Type type, Decoder decoder) {
    return decoders.putIfAbsent(type, decoder);
  }

  /** Takes back what {@link #announce} said when building failed. */
  void withdraw(Type type, Decoder decoder) {
    decoders.remove(type, decoder);
  }

  /**
   * A whole argument, assigned value or result.
   *
   * @param byReference the interface through which a declared type exposes the object; null if the
   *     declared type does not say so
   * @throws Refusal when the value has no form on the wire
   */
  public WireValue encode(
      @Nullable Object value, @Nullable Type byReference, EncodeContext context) {
    return encoding.topLevel(value, byReference, context);
  }

  /** A value inside another, or the message of a raw port: no proxies, no handlers. */
  public JsValue encodePlain(@Nullable Object value, EncodeContext context) {
    return encoding.plain(value, context, 0);
  }

  /** Whether a declared type means that its objects are sent by reference. */
  public static boolean isByReference(Type type) {
    return Encoding.isByReference(Types.raw(type));
  }

  /** The handler of that name; null if none is registered. */
  public @Nullable RpcHandler<?> handler(String name) {
    for (RpcHandler<?> handler : settings.handlers()) {
      if (handler.name().equals(name)) {
        return handler;
      }
    }
    return null;
  }

  /** The types that stand for what the peer keeps. */
  static boolean isRemoteType(Class<?> raw) {
    return raw == Remote.class || raw == RemotePort.class;
  }
}
