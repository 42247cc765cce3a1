package dev.tautline.rpc;

import java.lang.reflect.Type;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An object that is exposed member by member instead of through an interface: for names that Java
 * cannot spell, and for objects whose shape is known at run time only. Immutable; the values behind
 * it need not be.
 */
public final class RpcObject {
  /** A function that takes what came, however much it is. */
  @FunctionalInterface
  public interface Function {
    /** Returns what could be a result of an exposed method, a {@code CompletionStage} included. */
    @Nullable Object call(List<JsValue> arguments) throws Exception;
  }

  /** One member. */
  public sealed interface Member {
    /** A readable value; writable if there is a setter, which takes the type given. */
    record Property(
        Supplier<? extends @Nullable Object> getter,
        @Nullable Type type,
        @Nullable Consumer<Object> setter)
        implements Member {}

    /** A function. */
    record Operation(Function function) implements Member {}

    /** A function reached with {@code new}; its result is sent as a proxy. */
    record Factory(Function function) implements Member {}

    /** A sub-object: paths lead through it. */
    record SubObject(RpcObject object) implements Member {}
  }

  private final Map<String, Member> members;
  private final @Nullable Function self;
  private final boolean data;
  private final @Nullable Runnable onRelease;

  private RpcObject(Builder builder) {
    members = Collections.unmodifiableMap(new LinkedHashMap<>(builder.members));
    self = builder.self;
    data = builder.data;
    onRelease = builder.onRelease;
  }

  /** A builder without members. */
  public static Builder builder() {
    return new Builder();
  }

  /** A function: the object is called itself. */
  public static RpcObject function(Function function) {
    return builder().callable(function).build();
  }

  /** The members in the order in which they were added. */
  public Map<String, Member> members() {
    return members;
  }

  /** What a call of the object itself runs. */
  public @Nullable Function self() {
    return self;
  }

  /** Whether reading the object gives its properties. */
  public boolean isData() {
    return data;
  }

  /** What runs when the last port to the object is gone. */
  public @Nullable Runnable onRelease() {
    return onRelease;
  }

  /** Collects members. Names are checked when the object is exposed. */
  public static final class Builder {
    private final Map<String, Member> members = new LinkedHashMap<>();
    private @Nullable Function self;
    private boolean data;
    private @Nullable Runnable onRelease;

    private Builder() {}

    /** A read-only property. */
    public Builder property(String name, Supplier<? extends @Nullable Object> getter) {
      return add(name, new Member.Property(getter, null, null));
    }

    /** A writable property; what the peer assigns is converted to the type first. */
    @SuppressWarnings("unchecked")
    public <T> Builder property(
        String name,
        Supplier<? extends @Nullable Object> getter,
        Class<T> type,
        Consumer<? super T> setter) {
      return add(name, new Member.Property(getter, type, (Consumer<Object>) setter));
    }

    /** A value that never changes. */
    public Builder value(String name, Object value) {
      return property(name, () -> value);
    }

    /** A function. */
    public Builder function(String name, Function function) {
      return add(name, new Member.Operation(function));
    }

    /** A function reached with {@code new}. */
    public Builder factory(String name, Function function) {
      return add(name, new Member.Factory(function));
    }

    /** A sub-object. */
    public Builder object(String name, RpcObject object) {
      return add(name, new Member.SubObject(object));
    }

    /** Makes the object itself a function. */
    public Builder callable(Function function) {
      self = function;
      return this;
    }

    /** Reading the object gives its properties as a plain object. */
    public Builder data() {
      data = true;
      return this;
    }

    /** Runs once when no peer can reach the object any more. */
    public Builder onRelease(Runnable action) {
      onRelease = action;
      return this;
    }

    private Builder add(String name, Member member) {
      if (members.putIfAbsent(name, member) != null) {
        throw new IllegalArgumentException("member '" + name + "' is there already");
      }
      return this;
    }

    /** The object. */
    public RpcObject build() {
      return new RpcObject(this);
    }
  }
}
