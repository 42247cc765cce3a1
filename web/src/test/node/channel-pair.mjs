// Two ends of an ordered text channel in memory, in the shape of RTCDataChannel.

class End extends EventTarget {
  readyState = "connecting";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  ordered = true;
  maxRetransmits = null;
  maxPacketLifeTime = null;
  /** Every text that was sent from this end. */
  sent = [];
  /** Bytes that a message may have; more throws, as in a browser. */
  limit = Infinity;
  /** While true, messages stay in the buffer. */
  stalled = false;
  #peer;
  #buffer = [];

  join(peer) {
    this.#peer = peer;
  }

  open() {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  send(text) {
    if (this.readyState !== "open") {
      throw new DOMException("not open", "InvalidStateError");
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > this.limit) {
      throw new TypeError("larger than the limit");
    }
    this.sent.push(text);
    this.bufferedAmount += bytes;
    this.#buffer.push(text);
    this.#drain();
  }

  /** Lets go what was held. */
  resume() {
    this.stalled = false;
    this.#drain();
  }

  #drain() {
    queueMicrotask(() => {
      while (!this.stalled && this.#buffer.length > 0) {
        const text = this.#buffer.shift();
        const before = this.bufferedAmount;
        this.bufferedAmount -= Buffer.byteLength(text);
        if (this.#peer.readyState === "open") {
          this.#peer.dispatchEvent(new MessageEvent("message", { data: text }));
        }
        const low = this.bufferedAmountLowThreshold;
        if (before > low && this.bufferedAmount <= low) {
          this.dispatchEvent(new Event("bufferedamountlow"));
        }
      }
    });
  }

  close() {
    for (const end of [this, this.#peer]) {
      if (end.readyState !== "closed") {
        end.readyState = "closed";
        queueMicrotask(() => end.dispatchEvent(new Event("close")));
      }
    }
  }

  /** Gives the end a message as if the peer had sent it. */
  inject(text) {
    this.dispatchEvent(new MessageEvent("message", { data: text }));
  }
}

/** Two joined ends; open unless asked otherwise. */
export function channelPair({ open = true } = {}) {
  const a = new End();
  const b = new End();
  a.join(b);
  b.join(a);
  if (open) {
    a.open();
    b.open();
  }
  return [a, b];
}
