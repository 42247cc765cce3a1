package dev.tautline.rpc;

/** What happens to NaN and the infinities, which JSON does not have. */
public enum NonFinite {
  /** The value cannot be sent; the default, since nothing is lost silently. */
  ERROR,
  /** They become {@code null}, as in {@code JSON.stringify}. */
  NULL
}
