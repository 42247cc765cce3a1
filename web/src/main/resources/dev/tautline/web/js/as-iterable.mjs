/**
 * Makes a real async iterable of a remote iterator, which is a proxied object with the methods
 * `next()` and `return(value)`. Comlink's own proxies cannot be used in `for await`, whatever the
 * other side answers, because the path `Symbol.asyncIterator` gives a promise.
 *
 * The iterable can be walked once. At its end, and when the loop is left early, the remote side is
 * told, and the port is released when the option says how.
 *
 * @param {any} proxy the remote iterator
 * @param {{releaseProxy?: symbol, batch?: number}} [options] `releaseProxy` is Comlink's symbol
 *     of that name; `batch` above 1 asks for that many values at a time by `nextMany(n)`, which
 *     the remote iterator must have
 * @returns {AsyncIterableIterator<any>}
 */
export async function* asIterable(proxy, options = {}) {
  const batch = options.batch ?? 1;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new RangeError(`batch must be a whole number from 1, not ${batch}`);
  }
  let ended = false;
  try {
    while (!ended) {
      if (batch === 1) {
        const { value, done } = await proxy.next();
        ended = done === true;
        if (!ended) {
          yield value;
        }
      } else {
        const values = await proxy.nextMany(batch);
        // Fewer than asked for means that there are no more.
        ended = values.length < batch;
        yield* values;
      }
    }
  } catch (error) {
    // The remote iterator is over when it threw; it must not be told once more.
    ended = true;
    throw error;
  } finally {
    try {
      if (!ended) {
        await proxy.return(undefined);
      }
    } finally {
      if (options.releaseProxy !== undefined) {
        proxy[options.releaseProxy]();
      }
    }
  }
}
