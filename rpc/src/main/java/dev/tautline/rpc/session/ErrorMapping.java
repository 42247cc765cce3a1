package dev.tautline.rpc.session;

import dev.tautline.rpc.JsException;
import dev.tautline.rpc.JsThrownValueException;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcVisible;
import dev.tautline.rpc.RpcVisibleException;
import dev.tautline.rpc.codec.EncodeContext;
import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.WireValue;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Exceptions to errors and back; most exceptions are none of the peer's business. */
final class ErrorMapping {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorMapping.class);

  private final RpcOptions options;
  private final ValueCodec codec;

  ErrorMapping(RpcOptions options, ValueCodec codec) {
    this.options = options;
    this.codec = codec;
  }

  static Throwable unwrap(Throwable thrown) {
    Throwable e = thrown;
    while ((e instanceof CompletionException
            || e instanceof ExecutionException
            || e instanceof InvocationTargetException
            || e instanceof UndeclaredThrowableException)
        && e.getCause() != null) {
      e = e.getCause();
    }
    return e;
  }

  /** What the peer is told of an exception. */
  WireValue toWire(Throwable thrown, EncodeContext context) {
    Throwable e = unwrap(thrown);
    if (e instanceof Refusal refusal) {
      return WireValue.error(refusal.name(), refusal.text(), Map.of());
    }
    if (e instanceof RpcVisibleException visible) {
      Map<String, JsValue> members = new LinkedHashMap<>();
      visible
          .members()
          .forEach(
              (name, value) -> {
                try {
                  members.put(name, codec.encodePlain(value, context));
                } catch (Refusal refusal) {
                  LOG.warn("member '{}' of an error cannot be sent", name);
                }
              });
      return WireValue.error(visible.name(), text(e), members);
    }
    RpcVisible annotation = e.getClass().getAnnotation(RpcVisible.class);
    if (annotation != null) {
      String name =
          annotation.value().isEmpty() ? e.getClass().getSimpleName() : annotation.value();
      return WireValue.error(name, text(e), Map.of());
    }
    if (e instanceof JsThrownValueException value) {
      return WireValue.thrown(plain(value.value(), context));
    }
    if (e instanceof JsException js) {
      // It came from the peer, or from one that the application trusts enough to call.
      return WireValue.error(js.name(), js.message(), Map.of());
    }
    Optional<RpcOptions.VisibleError> mapped = options.errorMapper().apply(e);
    if (mapped.isPresent()) {
      return WireValue.error(mapped.get().name(), mapped.get().message(), Map.of());
    }
    if (options.developmentMode()) {
      return WireValue.error(e.getClass().getSimpleName(), text(e), Map.of());
    }
    String reference = Long.toHexString(options.random().nextLong());
    LOG.warn("a served call failed, reference {}", reference, e);
    return WireValue.error(
        "Error",
        "internal error, reference " + reference,
        Map.of("reference", JsValue.of(reference)));
  }

  private JsValue plain(JsValue value, EncodeContext context) {
    try {
      return codec.encodePlain(value, context);
    } catch (Refusal e) {
      return JsValue.undefined();
    }
  }

  private static String text(Throwable e) {
    return e.getMessage() == null ? "" : e.getMessage();
  }

  /** The exception that an error reply means. */
  static RpcException fromWire(JsValue thrown) {
    JsValue inner = thrown.get("value");
    if (!thrown.get("isError").equals(JsValue.of(true))) {
      return new JsThrownValueException(inner);
    }
    return new JsException(
        string(inner.get("name"), "Error"),
        string(inner.get("message"), ""),
        string(inner.get("stack"), ""),
        inner instanceof JsValue.Obj object ? object.members() : Map.of());
  }

  private static String string(JsValue value, String otherwise) {
    return value instanceof JsValue.Text text ? text.value() : otherwise;
  }
}
