// Comlink over a string channel such as an RTCDataChannel: many ports on one ordered, reliable
// channel of text messages (framing S), for unmodified npm comlink 4.
//
//   import * as Comlink from "comlink";
//   import { channelEndpoint } from "./channel-endpoint.mjs";
//   const api = Comlink.wrap(channelEndpoint(channel));
//
// Exposing an object gives the peer the members of that object, and with `window` among them the
// power to run code in the page. See the filter options.

import {
  decode,
  deeperThan,
  detachBuffers,
  encode,
  isObject,
} from "./frame-codec.mjs";
import { ChunkViolation, controlFrame, cut, Reassembly, utf8Length } from "./chunks.mjs";
import { parseAllowList, refusal } from "./request-filter.mjs";

export { asIterable } from "./as-iterable.mjs";

const FEATURES = ["chunk", "close", "b64"];
/** The uid of control messages; adapters that do not know it ignore it. */
const CONTROL = "~";
/** What a peer takes that announced nothing: RFC 8841 section 6.1. */
const DEFAULT_CHANNEL_LIMIT = 65_536;
const DEFAULT_MAX_MESSAGE = 16 * 1024 * 1024;
const DEFAULT_HIGH_WATER = 256 * 1024;
const DEFAULT_MAX_QUEUED = 64 * 1024 * 1024;
const DEFAULT_MAX_PORTS = 1024;
const MAX_TRANSFER_ENTRIES = 64;
const MAX_RECEIVE_DEPTH = 64;
const MAX_RUNNING_CALLS = 1280;
const MAX_HELD = 1024;
const MAX_ID = 128;
const MAX_HARD_VIOLATIONS = 3;

const REQUESTS = ["GET", "SET", "APPLY", "CONSTRUCT", "ENDPOINT", "RELEASE"];
const REQUEST_TYPES = new Set(REQUESTS);
const REPLY_TYPES = new Set(["RAW", "HANDLER"]);

/** @typedef {import("./channel-endpoint.d.ts").ChannelEndpointOptions} ChannelEndpointOptions */

/**
 * Makes an endpoint for Comlink.wrap and Comlink.expose of a channel.
 *
 * @param {object} channel an RTCDataChannel, a WebSocket, or anything with `send(text)` and
 *     `onmessage`; reliable and ordered
 * @param {ChannelEndpointOptions} [options]
 * @returns {import("./channel-endpoint.d.ts").ChannelEndpoint}
 */
export function channelEndpoint(channel, options = {}) {
  if (channel?.ordered === false || Number.isInteger(channel?.maxRetransmits)) {
    throw new TypeError("Comlink needs a reliable, ordered channel");
  }
  if (Number.isInteger(channel?.maxPacketLifeTime)) {
    throw new TypeError("Comlink needs a reliable, ordered channel");
  }
  return new ChannelEndpoint(channel, options);
}

function named(name, message) {
  const error = name === "RangeError" ? new RangeError(message) : new Error(message);
  error.name = name;
  return error;
}

function thrown(id, error, numeric) {
  const value = {
    message: String(error.message),
    name: String(error.name),
    stack: `${error.name}: ${error.message}`,
  };
  return {
    type: numeric ? 3 : "HANDLER",
    name: "throw",
    value: { isError: true, value },
    id,
  };
}

const validId = (id) => typeof id === "string" && id.length > 0 && id.length <= MAX_ID;

/** One port of the connection: the root, or a MessagePort whose other end a proxy or user holds. */
class Port {
  /**
   * @param {string} uid
   * @param {"root" | "exported" | "imported" | "raw"} kind `exported`: an object of ours is served
   *     on it; `imported`: the peer serves it; `raw`: the application uses it as it likes
   * @param {MessagePort | null} local our end; null for the root
   * @param {object | null} allowed the allow-list of the object behind it
   */
  constructor(uid, kind, local, allowed) {
    this.uid = uid;
    this.kind = kind;
    this.local = local;
    this.allowed = allowed;
    /** Our requests without a reply: id to {type, numeric, timer}. */
    this.pending = new Map();
    /** The peer's requests without a reply: id to the type. */
    this.serving = new Map();
    /** Frames that wait for room in the channel, oldest first. */
    this.queue = [];
    this.dead = null;
    /** Whether requests were made on it from here, so that somebody waits for replies. */
    this.called = false;
    /** The end that was handed out; null once it was moved on to another port. */
    this.given = null;
  }
}

class ChannelEndpoint {
  #channel;
  #options;
  #ports = new Map();
  #root;
  #listeners = new Map();
  #onmessage = null;
  #started = false;
  #held = [];
  #state = "connecting";
  #closeError = null;
  #peer = { features: new Set(), maxMessage: 0 };
  #reassembly;
  /** Ports with queued frames, in the order in which they are served next. */
  #waiting = [];
  #queuedBytes = 0;
  #nextLabel = 0;
  #hardViolations = 0;
  #detach = [];
  #counters = {
    framesReceived: 0,
    framesSent: 0,
    ignored: 0,
    refused: 0,
    faults: 0,
  };

  constructor(channel, options) {
    this.#channel = channel;
    this.#options = {
      allowed: parseAllowList(options.allow, options.writable),
      unsafe: options.unsafe === true,
      handlers: options.transferHandlers ?? null,
      handlerNames: [...(options.handlers ?? [])],
      numericTypes: options.numericTypes === true,
      hello: options.hello !== false,
      callTimeoutMs: options.callTimeoutMs ?? 0,
      maxMessageSize: options.maxMessageSize,
      peerConnection: options.peerConnection,
      maxMessage: options.maxMessage ?? DEFAULT_MAX_MESSAGE,
      maxPorts: options.maxPorts ?? DEFAULT_MAX_PORTS,
      maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_MAX_QUEUED,
      highWater: options.highWaterBytes ?? DEFAULT_HIGH_WATER,
      onFault: options.onFault,
    };
    this.#root = new Port("", "root", null, this.#options.allowed);
    this.#ports.set("", this.#root);
    this.#reassembly = new Reassembly(this.#options.maxMessage, (reason) => this.close(reason));
    this.#attach();
  }

  // ---------------------------------------------------------------- the face that Comlink sees

  /** Sends a message on the root port; what cannot be carried throws here. */
  postMessage(message, transferOrOptions) {
    const transfer = Array.isArray(transferOrOptions)
      ? transferOrOptions
      : (transferOrOptions?.transfer ?? []);
    this.#transmit(this.#root, message, transfer);
    detachBuffers(transfer);
  }

  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) {
      return;
    }
    let set = this.#listeners.get(type);
    if (set === undefined) {
      set = new Map();
      this.#listeners.set(type, set);
    }
    if (!set.has(listener)) {
      set.set(listener, isObject(options) && options.once === true);
    }
  }

  removeEventListener(type, listener) {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Begins delivery; messages that came before it wait. Comlink calls this. */
  start() {
    if (this.#started) {
      return;
    }
    this.#started = true;
    const held = this.#held;
    this.#held = [];
    for (const data of held) {
      this.#dispatch(data);
    }
  }

  get onmessage() {
    return this.#onmessage;
  }

  set onmessage(listener) {
    this.#onmessage = typeof listener === "function" ? listener : null;
    if (this.#onmessage !== null) {
      this.start();
    }
  }

  /** Ends every call with a NetworkError that names the reason, and closes the channel. */
  close(reason = "closed by this side") {
    if (this.#state === "closed") {
      return;
    }
    this.#end(reason);
    this.#channel.close?.();
  }

  get closed() {
    return this.#state === "closed";
  }

  /** Bytes that wait here and in the channel. */
  get bufferedAmount() {
    return this.#queuedBytes + (this.#channel.bufferedAmount ?? 0);
  }

  /** What the peer's hello said; empty until it came, and for a peer that sends none. */
  get peerFeatures() {
    return [...this.#peer.features];
  }

  get counters() {
    return { ...this.#counters, ports: Math.max(0, this.#ports.size - 1) };
  }

  // ---------------------------------------------------------------------------- the channel

  #attach() {
    const channel = this.#channel;
    const on = (type, listener) => {
      if (typeof channel.addEventListener === "function") {
        channel.addEventListener(type, listener);
        this.#detach.push(() => channel.removeEventListener(type, listener));
      } else {
        channel[`on${type}`] = listener;
        this.#detach.push(() => {
          channel[`on${type}`] = null;
        });
      }
    };
    on("message", (event) => this.#received(typeof event === "string" ? event : event?.data));
    on("close", (event) => this.#end(event?.reason || "the channel was closed"));
    on("error", (event) => this.#end(`the channel failed: ${reasonOf(event)}`));
    on("open", () => this.#opened());
    if ("bufferedAmountLowThreshold" in channel) {
      channel.bufferedAmountLowThreshold = Math.floor(this.#options.highWater / 4);
      on("bufferedamountlow", () => this.#pump());
    }
    const connection = this.#options.peerConnection;
    if (connection !== undefined) {
      // A channel learns late or never that its connection is gone.
      const changed = () => {
        if (connection.connectionState === "failed" || connection.connectionState === "closed") {
          this.#end("the connection was lost");
        }
      };
      connection.addEventListener("connectionstatechange", changed);
      this.#detach.push(() => connection.removeEventListener("connectionstatechange", changed));
    }
    switch (channel.readyState) {
      case "connecting":
      case 0:
        break;
      case "closing":
      case "closed":
      case 2:
      case 3:
        this.#end("the channel was closed");
        break;
      default:
        // Open, or a channel that has no such state.
        this.#opened();
    }
  }

  #opened() {
    if (this.#state !== "connecting") {
      return;
    }
    this.#state = "open";
    if (this.#options.hello) {
      const hello = {
        v: 1,
        features: FEATURES,
        maxMessage: this.#options.maxMessage,
        handlers: this.#options.handlerNames,
      };
      this.#send(controlFrame({ hello }));
    }
    this.#pump();
  }

  #end(reason) {
    if (this.#state === "closed") {
      return;
    }
    this.#state = "closed";
    this.#closeError = `The channel is closed: ${reason}`;
    for (const detach of this.#detach) {
      detach();
    }
    this.#detach = [];
    this.#reassembly.clear();
    this.#waiting = [];
    this.#queuedBytes = 0;
    for (const port of this.#ports.values()) {
      port.queue = [];
      this.#kill(port, this.#closeError);
    }
    this.#ports.clear();
    const event = new Event("close");
    event.reason = reason;
    this.#emit("close", event);
  }

  // Settles what waits on a port and tells its local end. A proxy may be used long after, so the
  // end is not closed: it answers every later request with the reason instead of hanging.
  #kill(port, message) {
    if (port.dead !== null) {
      return;
    }
    port.dead = message;
    for (const id of [...port.pending.keys()]) {
      this.#settle(port, id, named("NetworkError", message));
    }
    if (port.kind === "exported") {
      // Comlink then runs the object's finaliser and closes its end.
      port.local.postMessage({ id: "channel-closed", type: "RELEASE" });
    } else if (port.kind === "raw" && !port.called) {
      // Not used by Comlink, as far as is known; closing is what its user can notice.
      queueMicrotask(() => port.local.close());
    }
    // Node: a port that only answers "closed" must not keep the process alive. An end that was
    // moved on cannot be reached, so there the port is closed; other realms collect it as garbage.
    if (port.given !== null) {
      port.given.unref?.();
    } else if (port.kind === "imported" && port.local.unref !== undefined) {
      queueMicrotask(() => port.local.close());
    }
  }

  #remove(port, message) {
    if (port === this.#root || this.#ports.get(port.uid) !== port) {
      return;
    }
    this.#ports.delete(port.uid);
    this.#kill(port, message);
  }

  // ------------------------------------------------------------------------------- sending

  #limit() {
    const { maxMessageSize, peerConnection } = this.#options;
    const given = typeof maxMessageSize === "function" ? maxMessageSize() : maxMessageSize;
    const announced = given ?? peerConnection?.sctp?.maxMessageSize;
    if (typeof announced === "number") {
      return announced === 0 ? Infinity : announced;
    }
    return "bufferedAmountLowThreshold" in this.#channel ? DEFAULT_CHANNEL_LIMIT : Infinity;
  }

  // Sends what the local side posted on a port. Throws when it cannot be carried.
  #transmit(port, message, transfer) {
    const outgoing = classify(message, port);
    if (this.#state === "closed" || port.dead !== null) {
      this.#transmitDead(port, message, outgoing);
      return;
    }
    const base64 = this.#peer.features.has("b64");
    const { data, transfer: entries, ports } = encode(message, transfer, { base64 });
    if (this.#ports.size - 1 + ports.length > this.#options.maxPorts) {
      throw new RangeError(`more than ${this.#options.maxPorts} ports on one channel`);
    }
    const text = JSON.stringify({ uid: port.uid, data, transfer: entries });
    const item = { text, pieces: null, next: 0, label: "", message, outgoing, introduced: [] };
    const tooLarge = this.#state === "open" ? this.#fit(item) : null;
    if (tooLarge !== null) {
      if (outgoing.kind === "reply") {
        this.#reply(port, message.id, tooLarge.forReply);
        return;
      }
      throw tooLarge.error;
    }
    if (this.#queuedBytes + text.length > this.#options.maxQueuedBytes && port.queue.length > 0) {
      const full = new RangeError(
        `more than ${this.#options.maxQueuedBytes} bytes wait for the channel`,
      );
      if (outgoing.kind === "reply") {
        this.#reply(port, message.id, full);
        return;
      }
      throw full;
    }
    const asked = outgoing.kind === "reply" ? port.serving.get(message.id) : undefined;
    for (const made of ports) {
      const holder = made.path.slice(0, -1).reduce((value, key) => value[key], message);
      const isProxy = isHandler(holder) && holder.name === "proxy" && made.path.at(-1) === "value";
      const isEndpoint = asked === "ENDPOINT";
      const kind = isProxy || isEndpoint ? "exported" : "raw";
      const allowed = isEndpoint ? port.allowed : null;
      const added = new Port(made.uid, kind, made.port, allowed);
      this.#ports.set(made.uid, added);
      item.introduced.push(added);
    }
    if (outgoing.kind === "request") {
      port.called = true;
      this.#expect(port, message.id, outgoing);
    } else if (outgoing.kind === "reply") {
      port.serving.delete(message.id);
      item.releases = asked === "RELEASE";
    }
    this.#enqueue(port, item);
  }

  #transmitDead(port, message, outgoing) {
    // A reply has nobody to go to. To throw would end as an unhandled rejection inside Comlink.
    if (outgoing.kind !== "request") {
      return;
    }
    const error = named("NetworkError", port.dead ?? this.#closeError);
    if (outgoing.type === "SET") {
      this.#fault("send", error);
    } else if (outgoing.type !== "RELEASE") {
      throw error;
    }
  }

  // Decides how a frame is sent; returns null, or why it cannot be.
  #fit(item) {
    const limit = this.#limit();
    if (item.text.length * 3 <= limit) {
      return null;
    }
    const bytes = utf8Length(item.text);
    if (bytes <= limit) {
      return null;
    }
    if (!this.#peer.features.has("chunk")) {
      return oversize(bytes, limit, "the channel's limit");
    }
    if (bytes > this.#peer.maxMessage) {
      return oversize(bytes, this.#peer.maxMessage, "the peer's limit");
    }
    const pieces = cut(item.text, limit);
    if (pieces === null) {
      return oversize(bytes, limit, "what chunks can carry over the channel's limit");
    }
    item.pieces = pieces;
    item.label = `k${this.#nextLabel++}`;
    return null;
  }

  #enqueue(port, item) {
    if (port.queue.length === 0) {
      this.#waiting.push(port);
    }
    port.queue.push(item);
    this.#queuedBytes += item.text.length;
    this.#pump();
  }

  #hasRoom() {
    const buffered = this.#channel.bufferedAmount;
    return (
      !("bufferedAmountLowThreshold" in this.#channel) || buffered < this.#options.highWater
    );
  }

  // Sends while there is room: one frame or one chunk of a port at a time, the ports in turn, so
  // that a large message does not hold up the small ones of other ports.
  #pump() {
    while (this.#state === "open" && this.#waiting.length > 0 && this.#hasRoom()) {
      const port = this.#waiting.shift();
      const item = port.queue[0];
      if (item.pieces === null) {
        // Queued before the channel was open, when its limit was not yet known.
        const tooLarge = this.#fit(item);
        if (tooLarge !== null) {
          this.#taken(port, item);
          this.#failItem(port, item, tooLarge);
          continue;
        }
      }
      const whole = item.pieces === null;
      const frame = whole
        ? item.text
        : controlFrame({
            chunk: {
              m: item.label,
              i: item.next,
              n: item.pieces.length,
              s: item.pieces[item.next],
            },
          });
      try {
        this.#send(frame);
      } catch (error) {
        if (this.#channelGone()) {
          this.#waiting.unshift(port);
          this.#end("the channel was closed");
          return;
        }
        if (error?.name === "OperationError" && this.#channel.bufferedAmount > 0) {
          // The buffer is full because others use the channel too; go on when it has drained.
          this.#waiting.unshift(port);
          return;
        }
        this.#taken(port, item);
        this.#failItem(port, item, { error, forReply: error });
        continue;
      }
      if (this.#state !== "open") {
        return;
      }
      item.next++;
      if (whole || item.next === item.pieces.length) {
        this.#taken(port, item);
        this.#sent(port, item);
      } else {
        this.#waiting.push(port);
      }
    }
  }

  #channelGone() {
    const state = this.#channel.readyState;
    return state === "closing" || state === "closed" || state === 2 || state === 3;
  }

  #taken(port, item) {
    port.queue.shift();
    this.#queuedBytes -= item.text.length;
    if (port.queue.length > 0) {
      this.#waiting.push(port);
    }
  }

  #sent(port, item) {
    // Only now: what comes out of a new port must not overtake the frame that introduces it.
    for (const introduced of item.introduced) {
      this.#listen(introduced);
    }
    if (item.releases === true) {
      this.#remove(port, "The proxy was released by the peer");
    }
  }

  #failItem(port, item, tooLarge) {
    for (const introduced of item.introduced) {
      this.#listen(introduced);
      this.#remove(introduced, "The message with this port could not be sent");
    }
    if (item.outgoing.kind === "request") {
      this.#settle(port, item.message.id, tooLarge.error);
    } else if (item.outgoing.kind === "reply") {
      this.#reply(port, item.message.id, tooLarge.forReply);
    } else {
      this.#fault("send", tooLarge.error);
    }
  }

  #send(text) {
    this.#channel.send(text);
    this.#counters.framesSent++;
  }

  // A reply of our own making, to the peer.
  #reply(port, id, error) {
    port.serving.delete(id);
    const text = JSON.stringify({
      uid: port.uid,
      data: thrown(id, error, false),
      transfer: [],
    });
    const outgoing = { kind: "other" };
    this.#enqueue(port, { text, pieces: null, next: 0, label: "", outgoing, introduced: [] });
  }

  // ------------------------------------------------------------------- calls that wait for us

  #expect(port, id, { type, numeric }) {
    const call = { type, numeric, timer: undefined };
    const limit = this.#options.callTimeoutMs;
    if (limit > 0 && type !== "RELEASE") {
      call.timer = setTimeout(() => {
        this.#settle(port, id, named("TimeoutError", `No reply within ${limit} ms`));
      }, limit);
    }
    port.pending.set(id, call);
  }

  // Answers a request of the local side ourselves, after the present turn.
  #settle(port, id, error) {
    const call = port.pending.get(id);
    if (call === undefined) {
      return;
    }
    clearTimeout(call.timer);
    port.pending.delete(id);
    if (call.type === "RELEASE") {
      // Gone is what the caller wanted.
      this.#toLocal(port, { type: call.numeric ? 0 : "RAW", id }, []);
      return;
    }
    if (call.type === "SET" && error.name === "NetworkError") {
      // Nobody can hold the promise of an assignment, so its rejection would only be reported as
      // unhandled, which ends a Node process.
      this.#fault("send", error);
      return;
    }
    this.#toLocal(port, thrown(id, error, call.numeric), []);
  }

  #toLocal(port, data, ports) {
    if (port === this.#root) {
      queueMicrotask(() => this.#dispatch(data));
    } else {
      port.local.postMessage(data, ports);
    }
  }

  // -------------------------------------------------------------------------- local ports

  #listen(port) {
    const local = port.local;
    local.onmessage = (event) => {
      const ports = [...(event.ports ?? [])];
      try {
        this.#transmit(port, event.data, ports);
      } catch (error) {
        // There is nobody to throw to here, so the call is answered instead.
        const { kind, numeric } = classify(event.data, port);
        if (kind === "request") {
          local.postMessage(thrown(event.data.id, error, numeric));
        } else if (kind === "reply") {
          this.#reply(port, event.data.id, new TypeError("Unserializable return value"));
        } else {
          this.#fault("send", error);
        }
      }
    };
    local.onmessageerror = () => this.#fault("send", new Error("a message could not be cloned"));
    // Chromium and Node tell when the other end was closed.
    local.addEventListener("close", () => {
      if (this.#ports.get(port.uid) === port) {
        this.#remove(port, "The port was closed");
        if (this.#state === "open" && this.#peer.features.has("close")) {
          const text = controlFrame({ close: [port.uid] });
          const outgoing = { kind: "other" };
          this.#enqueue(port, {
            text,
            pieces: null,
            next: 0,
            label: "",
            outgoing,
            introduced: [],
          });
        }
      }
    });
    // In Node an open port keeps the process alive; that is the channel's business, not ours.
    local.unref?.();
  }

  // ------------------------------------------------------------------------------ receiving

  #received(text) {
    if (typeof text !== "string") {
      // Binary messages are kept free for a later feature.
      this.#counters.ignored++;
      return;
    }
    this.#counters.framesReceived++;
    if (text.length > this.#options.maxMessage) {
      this.#violation(`a frame of ${text.length} characters`);
      return;
    }
    this.#frame(text, false);
  }

  #frame(text, reassembled) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#counters.ignored++;
      return;
    }
    if (
      !isObject(frame) ||
      typeof frame.uid !== "string" ||
      !Object.hasOwn(frame, "data") ||
      !(frame.transfer === undefined || Array.isArray(frame.transfer))
    ) {
      this.#counters.ignored++;
      return;
    }
    if (frame.uid === CONTROL) {
      this.#control(frame.data, reassembled);
      return;
    }
    const port = this.#ports.get(frame.uid);
    if (port === undefined) {
      this.#counters.ignored++;
      return;
    }
    this.#arrived(port, frame.data, frame.transfer ?? []);
  }

  #control(data, reassembled) {
    if (!isObject(data)) {
      this.#counters.ignored++;
      return;
    }
    if (isObject(data.hello)) {
      this.#hello(data.hello);
    } else if (Object.hasOwn(data, "chunk")) {
      this.#chunk(data.chunk, reassembled);
    } else if (Array.isArray(data.close)) {
      for (const uid of data.close) {
        const port = typeof uid === "string" && uid !== "" ? this.#ports.get(uid) : undefined;
        if (port !== undefined) {
          this.#remove(port, "The peer closed the port");
        }
      }
    } else {
      this.#counters.ignored++;
    }
  }

  #hello({ features, maxMessage }) {
    if (Array.isArray(features)) {
      this.#peer.features = new Set(features.filter((name) => FEATURES.includes(name)));
    }
    this.#peer.maxMessage =
      typeof maxMessage === "number" && maxMessage > 0 ? maxMessage : DEFAULT_MAX_MESSAGE;
    this.#emit("hello", new Event("hello"));
  }

  #chunk(chunk, reassembled) {
    try {
      if (reassembled) {
        throw new ChunkViolation("a chunk inside of a chunk");
      }
      const text = this.#reassembly.add(chunk);
      if (text !== null) {
        this.#frame(text, true);
      }
    } catch (error) {
      if (!(error instanceof ChunkViolation)) {
        throw error;
      }
      this.#fault("protocol", error);
      this.close(`the peer broke the rules: ${error.message}`);
    }
  }

  #arrived(port, data, transfer) {
    const incoming = classify(data, port);
    if (incoming.kind === "request" && incoming.numeric && !this.#options.numericTypes) {
      this.#counters.ignored++;
      return;
    }
    // On the root and on ports of proxies only Comlink's messages have a meaning.
    const known =
      (incoming.kind === "request" && port.kind !== "imported") ||
      (incoming.kind === "reply" && port.pending.has(data.id)) ||
      port.kind === "raw";
    if (!known) {
      this.#counters.ignored++;
      return;
    }
    const made = [];
    const isEndpoint =
      incoming.kind === "reply" && port.pending.get(data.id)?.type === "ENDPOINT";
    try {
      if (incoming.kind === "request" && deeperThan(data, MAX_RECEIVE_DEPTH)) {
        throw new RangeError(`a message nested deeper than ${MAX_RECEIVE_DEPTH}`);
      }
      decode(data, transfer, {
        maxEntries: MAX_TRANSFER_ENTRIES,
        maxNewPorts: this.#options.maxPorts - (this.#ports.size - 1),
        uidTaken: (uid) => this.#ports.has(uid),
        makePort: (uid, path) => this.#makePort(uid, path, data, isEndpoint, made),
      });
    } catch (error) {
      this.#undecodable(port, data, incoming, error);
      return;
    }
    if (incoming.kind === "request" && !this.#admit(port, data, incoming.type)) {
      for (const { added } of made) {
        this.#remove(added, "The request was refused");
      }
      return;
    }
    const call = incoming.kind === "reply" ? port.pending.get(data.id) : undefined;
    if (call !== undefined) {
      clearTimeout(call.timer);
      port.pending.delete(data.id);
    }
    if (port === this.#root) {
      this.#dispatch(data);
    } else {
      port.local.postMessage(
        data,
        made.map(({ given }) => given),
      );
      for (const { added } of made) {
        added.given = null;
      }
      if (call?.type === "RELEASE") {
        this.#remove(port, "The proxy was released");
        port.local.close();
      }
    }
  }

  #undecodable(port, data, incoming, error) {
    this.#counters.refused++;
    if (incoming.kind === "request") {
      this.#reply(port, data.id, error);
    } else if (incoming.kind === "reply" && port.pending.has(data.id)) {
      this.#settle(port, data.id, new TypeError(`The reply is malformed: ${error.message}`));
    } else {
      this.#fault("receive", error);
    }
    if (/too many ports/.test(error.message)) {
      this.#violation("a flood of ports");
    }
  }

  #makePort(uid, path, data, isEndpoint, made) {
    const { port1: local, port2: given } = new MessageChannel();
    const holder = path.slice(0, -1).reduce((value, key) => value[key], data);
    const isProxy = isHandler(holder) && holder.name === "proxy" && path.at(-1) === "value";
    const added = new Port(uid, isProxy || isEndpoint ? "imported" : "raw", local, null);
    this.#ports.set(uid, added);
    added.given = given;
    made.push({ added, given });
    this.#listen(added);
    return given;
  }

  // Whether a request may go on to Comlink; if not, it has been answered.
  #admit(port, request, type) {
    const rules = {
      unsafe: this.#options.unsafe,
      allowed: port.allowed,
      handlers: this.#options.handlers,
    };
    const reason =
      port.serving.size >= MAX_RUNNING_CALLS
        ? new RangeError(`more than ${MAX_RUNNING_CALLS} calls at once`)
        : refusal(request, type, rules);
    if (reason !== null) {
      this.#counters.refused++;
      this.#reply(port, request.id, reason);
      return false;
    }
    if (port.kind !== "raw") {
      port.serving.set(request.id, type);
    }
    return true;
  }

  #violation(what) {
    this.#counters.ignored++;
    this.#hardViolations++;
    if (this.#hardViolations >= MAX_HARD_VIOLATIONS) {
      this.close(`the peer broke a limit ${MAX_HARD_VIOLATIONS} times, at last with ${what}`);
    }
  }

  // ------------------------------------------------------------------------------- listeners

  #dispatch(data) {
    if (!this.#started) {
      if (this.#held.length >= MAX_HELD) {
        this.#counters.ignored++;
        return;
      }
      this.#held.push(data);
      return;
    }
    const error = this.#emit("message", new MessageEvent("message", { data }));
    // Comlink decodes arguments outside of its try block: answer for it, or the caller waits.
    if (error !== null && this.#state !== "closed" && this.#root.serving.has(data?.id)) {
      this.#reply(this.#root, data.id, new TypeError(`The arguments are malformed: ${error}`));
    }
  }

  // Calls the listeners; returns the first thing that one of them threw, or null.
  #emit(type, event) {
    let failure = null;
    const call = (listener) => {
      try {
        if (typeof listener === "function") {
          listener.call(this, event);
        } else {
          listener.handleEvent(event);
        }
      } catch (error) {
        failure ??= error;
        this.#fault("listener", error);
      }
    };
    if (type === "message" && this.#onmessage !== null) {
      call(this.#onmessage);
    }
    const set = this.#listeners.get(type);
    for (const [listener, once] of set === undefined ? [] : [...set]) {
      if (once) {
        set.delete(listener);
      }
      call(listener);
    }
    return failure;
  }

  #fault(where, error) {
    this.#counters.faults++;
    if (this.#options.onFault !== undefined) {
      this.#options.onFault({ where, error });
    } else if (where === "listener" || where === "send") {
      // The page's own mistakes; what a peer sends only counts.
      console.error(`channelEndpoint: a fault in "${where}"`, error);
    }
  }
}

function isHandler(value) {
  return isObject(value) && (value.type === "HANDLER" || value.type === 3);
}

// What a message is to Comlink. Before 4.3.1 types were numbers, and a GET and a RAW reply have the
// same one: only the ids tell them apart.
function classify(data, port) {
  if (!isObject(data) || !validId(data.id)) {
    return { kind: "other", type: "", numeric: false };
  }
  const { type } = data;
  if (REQUEST_TYPES.has(type)) {
    return { kind: "request", type, numeric: false };
  }
  if (REPLY_TYPES.has(type)) {
    return { kind: "reply", type, numeric: false };
  }
  if (typeof type === "number" && REQUESTS[type] !== undefined) {
    const isReply = port.pending.has(data.id) || port.serving.has(data.id);
    return isReply
      ? { kind: "reply", type: type === 3 ? "HANDLER" : "RAW", numeric: true }
      : { kind: "request", type: REQUESTS[type], numeric: true };
  }
  return { kind: "other", type: "", numeric: false };
}

function oversize(bytes, limit, whose) {
  return {
    error: new RangeError(`A message of ${bytes} bytes exceeds ${whose} of ${limit} bytes`),
    forReply: new RangeError(`reply of ${bytes} bytes exceeds the channel limit`),
  };
}

function reasonOf(event) {
  return event?.error?.message ?? event?.message ?? "no reason given";
}
