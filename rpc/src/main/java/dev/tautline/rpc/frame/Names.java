package dev.tautline.rpc.frame;

import java.util.Set;

/** Member names that mean something to a JavaScript engine. */
public final class Names {
  private static final Set<String> FORBIDDEN =
      Set.of(
          "__proto__",
          "constructor",
          "prototype",
          "__defineGetter__",
          "__defineSetter__",
          "__lookupGetter__",
          "__lookupSetter__");

  private Names() {}

  /** Whether the name is refused in every path, and for every exposed member. */
  public static boolean isForbidden(String name) {
    return FORBIDDEN.contains(name);
  }
}
