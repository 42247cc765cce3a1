/** The least that a channel must have: reliable, ordered text messages. */
export interface TextChannel {
  send(text: string): void;
  close?(): void;
  readonly readyState?: string | number;
  readonly bufferedAmount?: number;
  bufferedAmountLowThreshold?: number;
  addEventListener?(type: string, listener: (event: any) => void): void;
  removeEventListener?(type: string, listener: (event: any) => void): void;
  onmessage?: ((event: any) => void) | null;
  onopen?: ((event: any) => void) | null;
  onclose?: ((event: any) => void) | null;
  onerror?: ((event: any) => void) | null;
}

export interface Fault {
  /**
   * Where it happened: `send`, a message of a port could not be carried and nobody waits for it;
   * `receive`, a peer's message was refused; `protocol`, the peer broke the rules and the channel
   * is closed; `listener`, a listener threw.
   */
  where: "send" | "receive" | "protocol" | "listener";
  error: unknown;
}

export interface ChannelEndpointOptions {
  /**
   * The paths that a peer may read, call or construct on the exposed object: `"add"`,
   * `"config.color"`, `"counter.*"` (every member below), or arrays of names. All others are
   * answered with a TypeError. Without this list and `writable` every member may be used and
   * assigned except those that lead to a prototype or a constructor. The list holds for the root and for endpoints made of it; a
   * proxy that a call returns brings its own object, whole.
   */
  allow?: readonly (string | readonly string[])[];
  /** The paths that a peer may assign, in the same form. Default with `allow`: none. */
  writable?: readonly (string | readonly string[])[];
  /**
   * Lets a peer use `__proto__`, `constructor`, `prototype` and the like, and ignores both lists.
   * **This gives the peer the power to run any code in the page.** Default false.
   */
  unsafe?: boolean;
  /** Comlink's `transferHandlers`; unknown handler names in requests are then refused by name. */
  transferHandlers?: ReadonlyMap<string, unknown>;
  /** Names of the `java.…` handlers that this side registered, to be told to the peer. */
  handlers?: Iterable<string>;
  /** Takes requests in the numeric form of Comlink before 4.3.1. Default false. */
  numericTypes?: boolean;
  /** Whether to send a hello, without which nothing beyond plain framing is used. Default true. */
  hello?: boolean;
  /** Milliseconds after which a call without a reply fails with a TimeoutError. Default 0: never. */
  callTimeoutMs?: number;
  /**
   * Bytes that one message of the channel may have. Default: `peerConnection.sctp.maxMessageSize`
   * if that option is given, else 65536 for a data channel and no limit for other channels.
   */
  maxMessageSize?: number | (() => number);
  /** The connection of the channel: gives the limit above, and its loss ends every call. */
  peerConnection?: RTCPeerConnection;
  /** Largest message taken from the peer, also in chunks. Default 16 MiB. */
  maxMessage?: number;
  /** Live ports. Default 1024. */
  maxPorts?: number;
  /** Bytes that may wait for the channel before `postMessage` throws a RangeError. Default 64 MiB. */
  maxQueuedBytes?: number;
  /** Bytes in the channel's own buffer above which sending pauses. Default 256 KiB. */
  highWaterBytes?: number;
  /** Called for what cannot be thrown to anybody. Default: the page's own mistakes are logged. */
  onFault?(fault: Fault): void;
}

export interface Counters {
  framesReceived: number;
  framesSent: number;
  /** Messages of the peer that had no meaning here and got no answer. */
  ignored: number;
  /** Requests of the peer that were answered with an error by the filter or the decoder. */
  refused: number;
  faults: number;
  /** Live ports besides the root. */
  ports: number;
}

/** What `Comlink.wrap` and `Comlink.expose` take; several may share one. */
export interface ChannelEndpoint {
  postMessage(message: any, transfer?: Transferable[] | StructuredSerializeOptions): void;
  /** `message`; `hello` when the peer said what it can; `close`, with the member `reason`. */
  addEventListener(
    type: "message" | "hello" | "close",
    listener: ((event: any) => void) | { handleEvent(event: any): void },
    options?: { once?: boolean },
  ): void;
  removeEventListener(type: string, listener: any): void;
  start(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  /** Ends every call with a NetworkError that names the reason, and closes the channel. */
  close(reason?: string): void;
  readonly closed: boolean;
  /** Bytes that wait here and in the channel. */
  readonly bufferedAmount: number;
  /** Extras that both sides have: `chunk`, `close`, `b64`. Empty until the peer's hello. */
  readonly peerFeatures: string[];
  readonly counters: Counters;
}

/**
 * Makes an endpoint for unmodified npm `comlink` 4 of a string channel.
 *
 * Calls reject with an error named `NetworkError` when the channel closes. What cannot be carried
 * (functions, `Map`, `BigInt`, cyclic objects …) rejects the call that holds it.
 *
 * Exposing an object gives the peer its members; exposing `window`, or anything that leads to it,
 * gives the peer the power to run code in the page.
 *
 * @throws TypeError for a channel that is unordered or not reliable
 */
export function channelEndpoint(
  channel: TextChannel | RTCDataChannel | WebSocket,
  options?: ChannelEndpointOptions,
): ChannelEndpoint;

export interface AsIterableOptions {
  /** `Comlink.releaseProxy`: releases the port at the end. Without it the port waits for the
   * garbage collector. */
  releaseProxy?: symbol;
  /** Values per round trip, fetched by the remote `nextMany(n)`, which gives an array; an array
   * shorter than n is the last. Default 1, by `next()`. */
  batch?: number;
}

/** Makes a real async iterable of a proxied object with `next()` and `return()`. */
export function asIterable<T = any>(
  proxy: any,
  options?: AsIterableOptions,
): AsyncGenerator<T, void, undefined>;
