// Meets a peer in a room of a rooms server and gives the connected RTCPeerConnection and its data
// channel. The protocol is docs/rooms-protocol.md, version 1.

const SUBPROTOCOL = "tautline.rooms.v1";
const CHANNEL_LABEL = "tautline";
const ROOM_NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/;
const PROBLEM = "urn:tautline:problem:";
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4000;
/** After three attempts in 0.75 s a server counts as unreachable. */
const LAST_CLAIM_PAUSE_MS = 500;
/** Remote candidates kept until the description they belong to is there. */
const MAX_EARLY_CANDIDATES = 256;
/** How long a silent path may be silent before ICE restarts; the second side leaves it the first. */
const RESTART_AFTER_MS = { offers: 1000, answers: 4000 };
/** How long a connection that was up waits for a restart once ICE has failed. */
const REVIVE_MS = 30_000;

/** Why a room could not be joined; `code` is for programs, `message` for people. */
export class RoomError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "RoomError";
    this.code = code;
  }
}

/**
 * Joins a room and waits until the channel to the peer is open.
 *
 * @param {string | URL} url where the rooms server is, http or https
 * @param {string} name the room: letters, digits, `.`, `_`, `~`, `-`; at most 64
 * @param {import("./join-room.d.ts").JoinRoomOptions} [options]
 * @returns {Promise<import("./join-room.d.ts").RoomSession>}
 */
export async function joinRoom(url, name, options = {}) {
  const session = new Joining(url, name, options);
  return session.run();
}

class Joining {
  #base;
  #name;
  #options;
  #state = "new";
  #claim = null;
  #socket = null;
  #reconnect = undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #lastEvent = 0;
  #acknowledged = 0;
  #nextId = 1;
  /** Sent and not yet accepted by the server, oldest first. */
  #unaccepted = [];
  #events = [];
  #working = false;
  #peer = null;
  #link = null;
  #timers = new Map();
  #cleanups = [];
  #settle;
  #closeReason;

  constructor(url, name, options) {
    if (typeof name !== "string" || !ROOM_NAME.test(name)) {
      throw new RoomError(
        "bad-room-name",
        `"${name}" is no room name: use 1 to 64 letters, digits and . _ ~ -, beginning with a` +
          " letter or digit.",
      );
    }
    let base;
    try {
      base = new URL(url, globalThis.location?.href);
    } catch (error) {
      throw new RoomError("bad-url", `"${url}" is not the address of a rooms server.`, {
        cause: error,
      });
    }
    if (base.protocol !== "http:" && base.protocol !== "https:") {
      throw new RoomError("bad-url", `A rooms server has an http or https address, not "${url}".`);
    }
    this.#base = base.origin + base.pathname.replace(/\/+$/, "");
    this.#name = name;
    this.#options = {
      fetch: options.fetch ?? globalThis.fetch?.bind(globalThis),
      WebSocket: options.WebSocket ?? globalThis.WebSocket,
      RTCPeerConnection: options.RTCPeerConnection ?? globalThis.RTCPeerConnection,
      configuration: { iceServers: options.iceServers ?? [], ...options.configuration },
      serverTimeoutMs: options.serverTimeoutMs ?? 10_000,
      peerTimeoutMs: options.peerTimeoutMs ?? 0,
      connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
      signal: options.signal,
      onState: options.onState ?? (() => {}),
    };
    for (const needed of ["fetch", "WebSocket", "RTCPeerConnection"]) {
      if (typeof this.#options[needed] !== "function") {
        throw new RoomError("unsupported", `This browser has no ${needed}.`);
      }
    }
  }

  async run() {
    const { signal } = this.#options;
    const connected = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.closed = new Promise((resolve) => {
      this.#closeReason = resolve;
    });
    const aborted = () =>
      this.#fail(
        new RoomError("aborted", "Joining the room was cancelled.", { cause: signal.reason }),
      );
    if (signal?.aborted) {
      aborted();
      return connected;
    }
    this.#listen(signal, "abort", aborted);
    // The peer learns at once that the page is gone, and the slot is free for the next.
    this.#listen(globalThis.window, "pagehide", () => this.#end("this page was closed", true));
    this.#join();
    return connected;
  }

  #listen(target, type, listener) {
    if (target !== undefined) {
      target.addEventListener(type, listener);
      this.#cleanups.push(() => target.removeEventListener(type, listener));
    }
  }

  #setState(state) {
    if (this.#state !== state) {
      this.#state = state;
      this.#options.onState(state);
    }
  }

  get #over() {
    return this.#state === "closed";
  }

  // --------------------------------------------------------------------------- time limits

  #limit(phase, ms, code, message) {
    this.#clearLimit(phase);
    if (ms > 0 && ms < Infinity) {
      const late = () => this.#fail(new RoomError(code, message()));
      this.#timers.set(phase, setTimeout(late, ms));
    }
  }

  #clearLimit(phase) {
    clearTimeout(this.#timers.get(phase));
    this.#timers.delete(phase);
  }

  #limitServer() {
    const { serverTimeoutMs } = this.#options;
    this.#limit("server", serverTimeoutMs, "server-unreachable", () =>
      `The rooms server at ${this.#base} did not answer within ${seconds(serverTimeoutMs)}.` +
        " Check the address and that the server is running.",
    );
  }

  // ---------------------------------------------------------------------------- the claim

  #join() {
    this.#setState("claiming");
    this.#limitServer();
    this.#takeSlot().then(
      () => {
        if (this.#over) {
          // Cancelled while the claim was on its way.
          this.#leaveSlot();
        } else {
          this.#connectSocket();
        }
      },
      (error) => this.#fail(error),
    );
  }

  #address(path) {
    return `${this.#base}/rooms/${encodeURIComponent(this.#name)}/${path}`;
  }

  async #takeSlot() {
    const memory = resumable(`tautline.room ${this.#base} ${this.#name}`);
    // By its token the server knows a claim again whose answer was lost on the way.
    const wish = { resume: memory.token() ?? undefined, token: freshToken() };
    const { response, body } = await this.#claimWith(wish);
    if (!response.ok) {
      throw problemError(body, `The rooms server answered with status ${response.status}.`);
    }
    if (
      typeof body?.token !== "string" ||
      typeof body.slot !== "string" ||
      !Number.isSafeInteger(body.member)
    ) {
      throw new RoomError("protocol", `What answers at ${this.#base} is not a rooms server.`);
    }
    this.#claim = { slot: body.slot, member: body.member, token: body.token };
    memory.keep(body.token);
  }

  async #claimWith(wish) {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      try {
        const response = await this.#options.fetch(this.#address("claim"), {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(wish),
          cache: "no-store",
          signal: AbortSignal.timeout(Math.max(this.#options.serverTimeoutMs, 1000)),
        });
        return { response, body: jsonOrNull(await response.text()) };
      } catch (error) {
        // A page is not told whether there was a connection.
        const final = wish.token === undefined || pauseMs > LAST_CLAIM_PAUSE_MS;
        if (final || this.#over || error?.name === "TimeoutError") {
          throw new RoomError(
            "server-unreachable",
            `The rooms server at ${this.#base} cannot be reached. Check the address and that the` +
              " server is running.",
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  #leaveSlot() {
    const claim = this.#claim;
    if (claim === null) {
      return;
    }
    this.#claim = null;
    this.#options
      .fetch(this.#address("claim"), {
        method: "DELETE",
        headers: { Authorization: `Bearer ${claim.token}` },
        keepalive: true,
      })
      // Nothing is lost when it does not arrive: the slot then expires by itself.
      .catch(() => {});
  }

  // ------------------------------------------------------------------------ the WebSocket

  #connectSocket() {
    const address = `${this.#address("events")}?after=${this.#lastEvent}`;
    const socket = new this.#options.WebSocket(address.replace(/^http/, "ws"), [
      SUBPROTOCOL,
      `token.${this.#claim.token}`,
    ]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket && typeof data === "string") {
        this.#received(data);
      }
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) {
        this.#socketClosed(code, reason);
      }
    };
  }

  #socketClosed(code, reason) {
    this.#socket = null;
    if (this.#over) {
      return;
    }
    const connected = this.#state === "connected";
    switch (code) {
      case 1000:
        return;
      case 4401:
        // The slot is somebody else's by now. A connection that is up does not need it.
        this.#claim = null;
        if (!connected) {
          this.#dropPeer();
          this.#lastEvent = 0;
          this.#acknowledged = 0;
          this.#nextId = 1;
          this.#unaccepted = [];
          this.#events = [];
          this.#join();
        }
        return;
      case 4409:
        this.#giveUp("replaced", "Another page or program took over this place in the room.");
        return;
      case 4400:
      case 4429:
      case 1003:
      case 1009:
        this.#giveUp("protocol", `The rooms server ended the connection: ${reason || code}.`);
        return;
      default:
        if (!connected && !this.#timers.has("server")) {
          this.#limitServer();
        }
        this.#reconnect = setTimeout(
          () => this.#claim !== null && this.#connectSocket(),
          this.#pauseMs * (0.5 + Math.random() / 2),
        );
        this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
    }
  }

  // A peer connection that is up lives on without the room.
  #giveUp(code, message) {
    if (this.#state !== "connected") {
      this.#fail(new RoomError(code, message));
    }
  }

  #received(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    switch (message?.type) {
      case "welcome":
        this.#welcome(message);
        break;
      case "accepted":
        this.#accepted(message.id);
        break;
      case "refused":
        this.#accepted(message.id);
        // A peer that is gone is announced by an event of its own.
        if (message.problem?.type !== `${PROBLEM}no-such-member`) {
          const error = problemError(message.problem, "The rooms server refused a message.");
          this.#giveUp(error.code, error.message);
        }
        break;
      default:
        // Events of unknown types count too.
        if (Number.isSafeInteger(message?.event) && message.event > this.#lastEvent) {
          this.#lastEvent = message.event;
          this.#events.push(message);
          this.#work();
        }
    }
  }

  #welcome({ accepted }) {
    this.#clearLimit("server");
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#accepted(accepted);
    for (const message of this.#unaccepted) {
      this.#socket.send(JSON.stringify(message));
    }
    if (this.#state === "claiming") {
      this.#wait();
    }
  }

  #wait() {
    this.#setState("waiting");
    const { peerTimeoutMs } = this.#options;
    this.#limit("peer", peerTimeoutMs, "peer-timeout", () =>
      `Nobody else came into the room "${this.#name}" within ${seconds(peerTimeoutMs)}.`,
    );
  }

  #accepted(id) {
    if (Number.isSafeInteger(id)) {
      this.#unaccepted = this.#unaccepted.filter((message) => message.id > id);
    }
  }

  #send(message) {
    if (this.#claim === null) {
      return;
    }
    const numbered = { ...message, id: this.#nextId++ };
    this.#unaccepted.push(numbered);
    if (this.#socket?.readyState === 1) {
      this.#socket.send(JSON.stringify(numbered));
    }
  }

  // ------------------------------------------------------------------------------- events

  // One event after the other, since descriptions take effect asynchronously.
  async #work() {
    if (this.#working) {
      return;
    }
    this.#working = true;
    let done = this.#acknowledged;
    while (this.#events.length > 0 && !this.#over) {
      const event = this.#events.shift();
      try {
        await this.#event(event);
      } catch (error) {
        this.#giveUp(
          "connect-failed",
          `What the peer sent could not be used: ${error.message ?? error}`,
        );
      }
      done = event.event;
    }
    this.#working = false;
    if (done > this.#acknowledged && this.#socket?.readyState === 1) {
      this.#acknowledged = done;
      this.#socket.send(JSON.stringify({ type: "ack", event: done }));
    }
  }

  async #event(event) {
    const link = this.#link;
    switch (event.type) {
      case "peer-joined":
        if (this.#state !== "connected") {
          this.#meet(event.peer);
        }
        break;
      case "peer-left":
        if (event.peer?.member === this.#peer?.member) {
          if (this.#state === "connected") {
            // The connection itself tells when the peer is really gone; it cannot come back now.
            link?.peerLeft();
          } else {
            this.#dropPeer();
            this.#wait();
          }
        }
        break;
      case "description":
        if (link !== null && event.from === this.#peer.member) {
          await link.description(event.description);
        }
        break;
      case "candidate":
        if (link !== null && event.from === this.#peer.member) {
          await link.candidate(event.candidate);
        }
        break;
      default:
        break;
    }
  }

  #meet(peer) {
    if (!Number.isSafeInteger(peer?.member) || typeof peer.slot !== "string") {
      return;
    }
    this.#dropPeer();
    this.#peer = { slot: peer.slot, member: peer.member };
    this.#clearLimit("peer");
    this.#setState("connecting");
    const { connectTimeoutMs } = this.#options;
    const connection = new this.#options.RTCPeerConnection(this.#options.configuration);
    const link = new Link(connection, {
      offers: this.#claim.slot < peer.slot,
      send: (message) => {
        if (this.#link === link) {
          this.#send({ ...message, to: peer.member });
        }
      },
      opened: (channel) => {
        if (this.#link === link && this.#state === "connecting") {
          this.#opened(connection, channel);
        }
      },
      // Without the server nobody can be asked for a restart.
      reachable: () => this.#claim !== null && this.#socket?.readyState === 1,
      failed: (reason) => {
        if (this.#link === link) {
          this.#linkFailed(reason);
        }
      },
    });
    this.#link = link;
    this.#limit("connect", connectTimeoutMs, "connect-timeout", () =>
      `No connection to the peer within ${seconds(connectTimeoutMs)} (${link.describe()}).` +
        " Both sides need a way to reach each other; a TURN server helps where there is none.",
    );
    link.start();
  }

  #linkFailed(reason) {
    if (this.#state === "connected") {
      this.#end(reason);
    } else {
      this.#fail(
        new RoomError("connect-failed", `No connection to the peer: ${reason}.`),
      );
    }
  }

  #dropPeer() {
    this.#clearLimit("connect");
    this.#link?.close();
    this.#link = null;
    this.#peer = null;
  }

  // ------------------------------------------------------------------------------ the ends

  #opened(peerConnection, channel) {
    this.#clearLimit("connect");
    this.#clearLimit("server");
    this.#setState("connected");
    this.#settle.resolve({
      name: this.#name,
      slot: this.#claim?.slot ?? "",
      peerSlot: this.#peer.slot,
      peerConnection,
      channel,
      closed: this.closed,
      close: (reason = "closed by this side") => this.#end(reason),
    });
  }

  #fail(error) {
    if (this.#over) {
      return;
    }
    this.#settle.reject(error);
    this.#end(error.message);
  }

  #end(reason, leaving = false) {
    if (this.#over) {
      return;
    }
    this.#setState("closed");
    for (const phase of [...this.#timers.keys()]) {
      this.#clearLimit(phase);
    }
    clearTimeout(this.#reconnect);
    for (const cleanup of this.#cleanups) {
      cleanup();
    }
    const socket = this.#socket;
    this.#socket = null;
    // The peer first: it is the one who waits.
    this.#dropPeer();
    this.#leaveSlot();
    socket?.close();
    this.#settle.reject(new RoomError("aborted", `Joining the room ended: ${reason}.`));
    if (!leaving) {
      resumable(`tautline.room ${this.#base} ${this.#name}`).forget();
    }
    this.#closeReason(reason);
  }
}

/** One peer connection and the negotiation for it. */
class Link {
  #connection;
  #offers;
  #send;
  #events;
  #channel = null;
  #makingOffer = false;
  #ignoringOffer = false;
  #early = [];
  #sentEnd = false;
  #wasOpen = false;
  #peerLeft = false;
  #restartTimer = undefined;
  #reviveTimer = undefined;
  #closed = false;

  constructor(connection, { offers, send, opened, failed, reachable }) {
    this.#connection = connection;
    this.#offers = offers;
    this.#send = send;
    this.#events = { opened, failed, reachable };
  }

  start() {
    const connection = this.#connection;
    connection.onicecandidate = ({ candidate }) => this.#localCandidate(candidate);
    connection.onnegotiationneeded = () => this.#offer();
    connection.onconnectionstatechange = () => this.#connectionState();
    connection.oniceconnectionstatechange = () => this.#connectionState();
    connection.ondatachannel = ({ channel }) => {
      if (channel.label === CHANNEL_LABEL && this.#channel === null) {
        this.#use(channel);
      }
    };
    if (this.#offers) {
      // Asks for the first offer by the event above.
      this.#use(connection.createDataChannel(CHANNEL_LABEL));
    }
  }

  #use(channel) {
    this.#channel = channel;
    channel.addEventListener("close", () => this.#failed("the peer closed the channel"));
    const opened = () => {
      const dtls = this.#connection.sctp?.transport;
      dtls?.addEventListener?.("statechange", () => {
        if (dtls.state === "closed" || dtls.state === "failed") {
          this.#failed("the peer closed the connection");
        }
      });
      this.#wasOpen = true;
      this.#events.opened(channel);
    };
    if (channel.readyState === "open") {
      opened();
    } else {
      channel.addEventListener("open", opened, { once: true });
    }
  }

  #connectionState() {
    const { connectionState, iceConnectionState } = this.#connection;
    if (this.#wasOpen && this.#path(iceConnectionState)) {
      return;
    }
    if (connectionState === "failed" || iceConnectionState === "failed") {
      this.#failed(
        connectionState === "failed" && iceConnectionState === "connected"
          ? "the encryption could not be agreed on"
          : "no pair of addresses works, or the peer stopped answering",
      );
    } else if (connectionState === "closed") {
      this.#failed("the peer closed the connection");
    }
  }

  /** A path that broke is looked for anew; returns whether there is still hope. */
  #path(state) {
    if (state === "disconnected" || state === "failed") {
      const failed = state === "failed";
      if (failed && (this.#peerLeft || !this.#events.reachable())) {
        return false;
      }
      if (failed && this.#reviveTimer === undefined) {
        this.#reviveTimer = setTimeout(
          () => this.#failed("the peer stopped answering, and no other way to it was found"),
          REVIVE_MS,
        );
      }
      const wait = failed ? 0 : RESTART_AFTER_MS[this.#offers ? "offers" : "answers"];
      clearTimeout(this.#restartTimer);
      this.#restartTimer = setTimeout(() => this.#connection.restartIce?.(), wait);
      return true;
    }
    if (state === "connected" || state === "completed") {
      this.#stopTimers();
    }
    return false;
  }

  /** The peer gave its place in the room back: nobody is there to restart with. */
  peerLeft() {
    this.#peerLeft = true;
    this.#connectionState();
  }

  #stopTimers() {
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#reviveTimer);
    this.#reviveTimer = undefined;
  }

  #failed(reason) {
    if (!this.#closed) {
      this.#events.failed(reason);
    }
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.#connection.setLocalDescription();
      this.#sendDescription();
    } catch (error) {
      this.#failed(`no offer could be made: ${error.message}`);
    } finally {
      this.#makingOffer = false;
    }
  }

  #sendDescription() {
    if (!this.#closed) {
      const { type, sdp } = this.#connection.localDescription;
      this.#send({ type: "description", description: { type, sdp } });
    }
  }

  #localCandidate(candidate) {
    const end = candidate === null || candidate.candidate === "";
    if (end && this.#sentEnd) {
      return;
    }
    this.#sentEnd = end;
    this.#send({
      type: "candidate",
      candidate: end
        ? { candidate: "", sdpMid: "0", sdpMLineIndex: 0 }
        : (candidate.toJSON?.() ?? candidate),
    });
  }

  async description(description) {
    const connection = this.#connection;
    const { type, sdp } = description ?? {};
    if (!["offer", "answer", "pranswer"].includes(type) || typeof sdp !== "string") {
      throw new RoomError("protocol", "a description without type or text");
    }
    // Two offers may cross: the side that made the first one keeps its own.
    const collision =
      type === "offer" && (this.#makingOffer || connection.signalingState !== "stable");
    this.#ignoringOffer = collision && this.#offers;
    if (this.#ignoringOffer) {
      return;
    }
    await connection.setRemoteDescription({ type, sdp });
    const early = this.#early;
    this.#early = [];
    for (const candidate of early) {
      await this.candidate(candidate);
    }
    if (type === "offer" && !this.#closed) {
      await connection.setLocalDescription();
      this.#sendDescription();
    }
  }

  async candidate(candidate) {
    if (typeof candidate?.candidate !== "string" || this.#closed) {
      return;
    }
    if (this.#connection.remoteDescription === null) {
      if (this.#early.length < MAX_EARLY_CANDIDATES) {
        this.#early.push(candidate);
      }
      return;
    }
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (error) {
      // A browser may not understand every kind of candidate; the others can still do.
      if (!this.#ignoringOffer && !this.#closed) {
        console.debug(`joinRoom: a candidate was not used: ${error.message}`);
      }
    }
  }

  describe() {
    const { iceConnectionState, connectionState, iceGatheringState } = this.#connection;
    return `ICE ${iceConnectionState}, gathering ${iceGatheringState}, connection ${connectionState}`;
  }

  close() {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#stopTimers();
    const connection = this.#connection;
    connection.onicecandidate = null;
    connection.onnegotiationneeded = null;
    connection.onconnectionstatechange = null;
    connection.oniceconnectionstatechange = null;
    connection.ondatachannel = null;
    const channel = this.#channel;
    const wasClosed = channel === null || channel.readyState === "closed";
    connection.close();
    // A browser need not fire this event for channels of a connection closed on this side, but
    // whoever uses the channel waits for it.
    if (!wasClosed) {
      channel.dispatchEvent(new Event("close"));
    }
  }
}

// A page that is loaded again takes its own slot over instead of finding the room full. Only then:
// a duplicated tab has a copy of the storage and must not push the first one out.
function resumable(key) {
  const storage = storageOf();
  const reloaded =
    globalThis.performance?.getEntriesByType?.("navigation")[0]?.type === "reload";
  return {
    token: () => (reloaded ? (storage?.getItem(key) ?? null) : null),
    keep(token) {
      try {
        storage?.setItem(key, token);
      } catch {
        // The storage is full: reloading then waits until the old slot has expired.
      }
    },
    forget: () => storage?.removeItem(key),
  };
}

function storageOf() {
  try {
    return globalThis.window?.sessionStorage;
  } catch {
    // Switched off by the person's settings.
    return undefined;
  }
}

/** 256 random bits in base64url, or undefined where there is no Web Crypto: the server then gives one. */
function freshToken() {
  const bytes = globalThis.crypto?.getRandomValues?.(new Uint8Array(32));
  return (
    bytes &&
    btoa(String.fromCharCode(...bytes))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace("=", "")
  );
}

function jsonOrNull(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problemError(problem, otherwise) {
  const type = typeof problem?.type === "string" ? problem.type : "";
  const code = type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : "server-error";
  return new RoomError(code, problem?.detail ?? problem?.title ?? otherwise);
}

const seconds = (ms) => `${ms / 1000} s`;
