// Messages larger than the channel takes, cut into control frames and put together again.

const MAX_CHUNKS = 4096;
const MAX_UNFINISHED = 8;
const IDLE_LIMIT_MS = 30_000;
/** The size of one chunk's frame unless a message needs larger ones: small enough that a call on
 * another port gets in between soon. */
const CHUNK_FRAME_BYTES = 16 * 1024;
/** The frame around the text of a chunk, with room for the longest label and counts. */
const ENVELOPE_BYTES = 128;

/** The bytes that a text takes in UTF-8. */
export function utf8Length(text) {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) {
      // A surrogate pair is four bytes for two units, so two for each of its halves.
      bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
    }
  }
  return bytes;
}

/** A control frame, ready to send. */
export function controlFrame(data) {
  return JSON.stringify({ uid: "~", data, transfer: [] });
}

/**
 * Cuts a frame's text so that every chunk's frame, after escaping, fits into the limit.
 *
 * @param {string} text the text of the frame, as JSON.stringify made it
 * @param {number} limit bytes that one message of the channel may have
 * @returns {string[] | null} the pieces, or null when the limit makes them too many
 */
export function cut(text, limit) {
  for (let frame = Math.min(CHUNK_FRAME_BYTES, limit); ; frame = Math.min(2 * frame, limit)) {
    const pieces = cutInto(text, frame - ENVELOPE_BYTES);
    if (pieces !== null) {
      return pieces;
    }
    if (frame >= limit) {
      return null;
    }
  }
}

function cutInto(text, budget) {
  if (budget < 16) {
    return null;
  }
  const pieces = [];
  let start = 0;
  let used = 0;
  for (let i = 0; i < text.length; ) {
    const { cost, units } = escapedCost(text, i);
    if (used + cost > budget) {
      pieces.push(text.slice(start, i));
      if (pieces.length >= MAX_CHUNKS) {
        return null;
      }
      start = i;
      used = 0;
    }
    used += cost;
    i += units;
  }
  pieces.push(text.slice(start));
  return pieces;
}

// Shared results: one object for each answer, since this runs for every character.
const ONE = { cost: 1, units: 1 };
const TWO = { cost: 2, units: 1 };
const THREE = { cost: 3, units: 1 };
const SIX = { cost: 6, units: 1 };
const PAIR = { cost: 4, units: 2 };

function escapedCost(text, i) {
  const code = text.charCodeAt(i);
  if (code < 0x80) {
    if (code === 0x22 || code === 0x5c) {
      return TWO;
    }
    return code < 0x20 ? SIX : ONE;
  }
  if (code < 0x800) {
    return TWO;
  }
  if (code >= 0xd800 && code <= 0xdbff) {
    const next = text.charCodeAt(i + 1);
    return next >= 0xdc00 && next <= 0xdfff ? PAIR : SIX;
  }
  return code >= 0xdc00 && code <= 0xdfff ? SIX : THREE;
}

/** What makes the receiver close the channel. */
export class ChunkViolation extends Error {}

/** Puts chunks together; holds at most eight unfinished messages of at most `maxMessage` units. */
export class Reassembly {
  #unfinished = new Map();
  #maxMessage;
  #onIdle;

  /**
   * @param {number} maxMessage the limit that our hello announced
   * @param {(reason: string) => void} onIdle called when a message stays unfinished for 30 s
   */
  constructor(maxMessage, onIdle) {
    this.#maxMessage = maxMessage;
    this.#onIdle = onIdle;
  }

  /** Takes one chunk; returns the whole text when it was the last, else null. */
  add(chunk) {
    const { m, i, n, s } = chunk ?? {};
    if (
      typeof m !== "string" ||
      m.length === 0 ||
      m.length > 128 ||
      typeof s !== "string" ||
      !Number.isInteger(i) ||
      !Number.isInteger(n) ||
      n < 1 ||
      n > MAX_CHUNKS ||
      i < 0 ||
      i >= n
    ) {
      throw new ChunkViolation("malformed chunk");
    }
    let message = this.#unfinished.get(m);
    if (message === undefined) {
      if (i !== 0) {
        throw new ChunkViolation("a message began with a chunk that is not its first");
      }
      if (this.#unfinished.size >= MAX_UNFINISHED) {
        throw new ChunkViolation(`more than ${MAX_UNFINISHED} unfinished messages`);
      }
      message = { n, parts: [], bytes: 0, timer: undefined };
      this.#unfinished.set(m, message);
    } else if (i !== message.parts.length || n !== message.n) {
      throw new ChunkViolation("a chunk is missing, repeated or has another total");
    }
    message.bytes += utf8Length(s);
    if (message.bytes > this.#maxMessage) {
      throw new ChunkViolation(`a message of chunks is larger than ${this.#maxMessage} bytes`);
    }
    message.parts.push(s);
    clearTimeout(message.timer);
    if (message.parts.length === n) {
      this.#unfinished.delete(m);
      return message.parts.join("");
    }
    message.timer = setTimeout(
      () => this.#onIdle("a message of chunks was not continued for 30 s"),
      IDLE_LIMIT_MS,
    );
    message.timer.unref?.();
    return null;
  }

  clear() {
    for (const message of this.#unfinished.values()) {
      clearTimeout(message.timer);
    }
    this.#unfinished.clear();
  }
}
