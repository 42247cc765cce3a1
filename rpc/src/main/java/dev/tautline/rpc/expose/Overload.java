package dev.tautline.rpc.expose;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.Decoder;
import dev.tautline.rpc.codec.Kind;
import dev.tautline.rpc.message.Refusal;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One way to call a member.
 *
 * @param invoker runs it
 * @param parameters how each argument is converted; of the element for the rest parameter
 * @param restComponent the element type of a variable-length last parameter; null: none
 * @param shape what the result means
 * @param endsWithCall parameters whose proxies are released when the call has been answered
 * @param raw whether the arguments are handed over unconverted, as one list
 */
record Overload(
    Invoker invoker,
    List<Decoder> parameters,
    @Nullable Class<?> restComponent,
    ResultShape shape,
    List<Boolean> endsWithCall,
    boolean raw) {
  Overload {
    parameters = List.copyOf(parameters);
    endsWithCall = List.copyOf(endsWithCall);
  }

  /** A member that takes what comes. */
  static Overload raw(Invoker invoker, ResultShape shape) {
    return new Overload(invoker, List.of(), null, shape, List.of(), true);
  }

  private int fixed() {
    return restComponent == null ? parameters.size() : parameters.size() - 1;
  }

  /** Converts the arguments, each by its declared type, before anything of the target runs. */
  @Nullable Object[] convert(List<JsValue> arguments, boolean refuseExtra) {
    if (raw) {
      return new Object[] {arguments};
    }
    if (refuseExtra && restComponent == null && arguments.size() > parameters.size()) {
      throw Refusal.typeError("more than " + parameters.size() + " arguments");
    }
    @Nullable Object[] converted = new Object[parameters.size()];
    for (int i = 0; i < fixed(); i++) {
      JsValue argument = i < arguments.size() ? arguments.get(i) : JsValue.undefined();
      converted[i] = convert(i, parameters.get(i), argument);
    }
    if (restComponent != null) {
      Decoder decoder = parameters.get(fixed());
      int count = Math.max(0, arguments.size() - fixed());
      Object rest = Array.newInstance(restComponent, count);
      for (int i = 0; i < count; i++) {
        Array.set(rest, i, convert(fixed() + i, decoder, arguments.get(fixed() + i)));
      }
      converted[fixed()] = rest;
    }
    return converted;
  }

  private static @Nullable Object convert(int index, Decoder decoder, JsValue argument) {
    try {
      return decoder.decode(argument);
    } catch (Refusal e) {
      throw e.in("argument " + (index + 1));
    }
  }

  private boolean accepts(List<JsValue> arguments) {
    for (int i = 0; i < arguments.size(); i++) {
      if (i >= parameters.size() && restComponent == null) {
        return true;
      }
      Kind kind = Kind.of(arguments.get(i));
      if (kind != Kind.ABSENT
          && !parameters.get(Math.min(i, parameters.size() - 1)).kinds().contains(kind)) {
        return false;
      }
    }
    return true;
  }

  /** Whether some arguments would be taken by both. */
  boolean isAmbiguousWith(Overload other) {
    if (raw || other.raw) {
      return true;
    }
    if (restComponent != null || other.restComponent != null) {
      // Rare, and which one is meant depends on more than a table can say.
      return true;
    }
    if (parameters.size() != other.parameters.size()) {
      return false;
    }
    for (int i = 0; i < parameters.size(); i++) {
      EnumSet<Kind> both = EnumSet.noneOf(Kind.class);
      both.addAll(parameters.get(i).kinds());
      both.retainAll(other.parameters.get(i).kinds());
      both.remove(Kind.ABSENT);
      if (both.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** By number of arguments first, then by what they are. */
  static Overload select(List<Overload> overloads, List<JsValue> arguments) {
    if (overloads.size() == 1) {
      return overloads.get(0);
    }
    List<Overload> candidates = new ArrayList<>();
    int best = Integer.MAX_VALUE;
    for (Overload overload : overloads) {
      int distance = overload.parameters.size() - arguments.size();
      // Missing arguments are undefined; extra ones are ignored, which is the worse fit.
      int cost = distance >= 0 ? distance : 1000 - distance;
      if (cost < best) {
        best = cost;
        candidates.clear();
      }
      if (cost == best) {
        candidates.add(overload);
      }
    }
    for (Overload candidate : candidates) {
      if (candidate.accepts(arguments)) {
        return candidate;
      }
    }
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    throw Refusal.typeError("no form of the function takes these arguments");
  }

  static List<Boolean> no(int count) {
    return Collections.nCopies(count, Boolean.FALSE);
  }
}
