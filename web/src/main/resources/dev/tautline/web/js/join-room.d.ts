/** What `RoomError.code` says besides the rooms server's own problem types such as `room-full`. */
export type RoomErrorCode =
  | "bad-room-name"
  | "bad-url"
  | "unsupported"
  | "server-unreachable"
  | "room-full"
  | "peer-timeout"
  | "connect-timeout"
  | "connect-failed"
  | "replaced"
  | "protocol"
  | "aborted"
  | (string & {});

/** Why a room could not be joined; the message is a sentence for people. */
export class RoomError extends Error {
  constructor(code: RoomErrorCode, message: string, options?: { cause?: unknown });
  readonly code: RoomErrorCode;
}

/** `claiming` a slot, `waiting` for a peer, `connecting` to it, `connected`, `closed`. */
export type RoomState = "claiming" | "waiting" | "connecting" | "connected" | "closed";

export interface JoinRoomOptions {
  /** STUN and TURN servers. Default none: enough on one machine or network. */
  iceServers?: RTCIceServer[];
  /** More of the connection's configuration. */
  configuration?: RTCConfiguration;
  /** Milliseconds for the rooms server to answer, also after a break. Default 10000. */
  serverTimeoutMs?: number;
  /** Milliseconds to wait for somebody to come. Default 0: as long as it takes. */
  peerTimeoutMs?: number;
  /** Milliseconds from the peer's coming to the open channel. Default 30000. */
  connectTimeoutMs?: number;
  /** Cancels joining. */
  signal?: AbortSignal;
  /** Called at every change. */
  onState?(state: RoomState): void;
  /** Replacements for the browser's own, where there is none. */
  fetch?: typeof fetch;
  WebSocket?: typeof WebSocket;
  RTCPeerConnection?: typeof RTCPeerConnection;
}

export interface RoomSession {
  readonly name: string;
  /** `a` came first and made the offer, `b` second. */
  readonly slot: string;
  readonly peerSlot: string;
  readonly peerConnection: RTCPeerConnection;
  /** Open, reliable and ordered, labelled `tautline`. */
  readonly channel: RTCDataChannel;
  /** Resolves with the reason when the connection is over, whoever ended it. Never rejects. */
  readonly closed: Promise<string>;
  /** Closes the connection and leaves the room; idempotent. Also happens when the page goes away. */
  close(reason?: string): void;
}

/**
 * Joins a room and waits until the channel to the peer is open.
 *
 * @param url where the rooms server is; relative to the page's address
 * @param name 1 to 64 letters, digits and `. _ ~ -`, beginning with a letter or digit
 * @throws RoomError, with a sentence that says what to do
 */
export function joinRoom(
  url: string | URL,
  name: string,
  options?: JoinRoomOptions,
): Promise<RoomSession>;
