package dev.tautline.rpc.expose;

import dev.tautline.rpc.Remote;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request gave.
 *
 * @param value the value, possibly a future of it
 * @param shape what its declared type means
 * @param releaseAfter proxies that were lent for the call
 */
public record Served(@Nullable Object value, ResultShape shape, List<Remote> releaseAfter) {
  static Served of(@Nullable Object value, ResultShape shape) {
    return new Served(value, shape, List.of());
  }
}
