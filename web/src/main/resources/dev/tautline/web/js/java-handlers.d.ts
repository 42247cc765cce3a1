/**
 * `java.bigint` (BigInt), `java.instant` (Date), `java.number` (NaN, the infinities, -0),
 * `java.map` (Map), `java.error` (an Error as a value, with `code`, `cause` and `className`).
 */
export const JAVA_HANDLERS: readonly string[];

/** Registers handlers in `Comlink.transferHandlers`; gives their names for `channelEndpoint`. */
export function registerJavaHandlers(
  transferHandlers: Map<string, any>,
  names?: readonly string[],
): string[];
