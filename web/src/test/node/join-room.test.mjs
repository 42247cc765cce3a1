import assert from "node:assert/strict";
import { test } from "node:test";
import { joinRoom, RoomError } from "../../main/resources/dev/tautline/web/js/join-room.mjs";

async function settled() {
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function until(test) {
  for (let i = 0; !test(); i++) {
    assert.ok(i < 100_000, "never came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A rooms server in this process: two slots, numbered events, messages taken once. */
class Rooms {
  members = new Map();
  claims = [];
  deleted = [];
  sockets = [];
  /** Messages that got through, as JSON text with the sender's slot. */
  relayed = [];
  #nextMember = 1;

  fetch = async (url, { method, body, headers }) => {
    if (method === "DELETE") {
      const token = headers.Authorization.replace("Bearer ", "");
      this.deleted.push(token);
      this.leave(token, "left");
      return new Response(null, { status: 204 });
    }
    const wish = JSON.parse(body);
    this.claims.push({ url, body: wish });
    const again = [...this.members.values()].find((member) => member.wished === wish.token);
    if (again !== undefined) {
      return this.#granted(again);
    }
    const taken = [...this.members.values()].map(({ slot }) => slot);
    const slot = ["a", "b"].find((s) => !taken.includes(s));
    if (slot === undefined) {
      return Response.json(
        {
          type: "urn:tautline:problem:room-full",
          title: "The room is full",
          detail: 'Both slots of room "kitchen" are taken.',
        },
        { status: 409 },
      );
    }
    const number = this.#nextMember++;
    const member = {
      slot,
      number,
      token: `t${number}`,
      wished: wish.token,
      events: [],
      accepted: 0,
      socket: null,
    };
    for (const other of this.members.values()) {
      this.#tell(other, { type: "peer-joined", peer: { slot, member: number } });
      this.#tell(member, { type: "peer-joined", peer: { slot: other.slot, member: other.number } });
    }
    this.members.set(member.token, member);
    return this.#granted(member);
  };

  #granted({ slot, number, token }) {
    return Response.json(
      { version: 1, room: "kitchen", incarnation: 1, slot, member: number, token, expiresMillis: 15000 },
      { status: 201 },
    );
  }

  leave(token, reason) {
    const gone = this.members.get(token);
    if (this.members.delete(token)) {
      for (const other of this.members.values()) {
        this.#tell(other, { type: "peer-left", peer: { slot: gone.slot, member: gone.number }, reason });
      }
    }
  }

  #tell(member, event) {
    member.events.push({ event: member.events.length + 1, ...event });
    member.socket?.deliver(member.events.at(-1));
  }

  connect(socket, url, protocols) {
    this.sockets.push(socket);
    socket.after = Number(new URL(url).searchParams.get("after"));
    const member = this.members.get(protocols[1].replace("token.", ""));
    if (protocols[0] !== "tautline.rooms.v1" || member === undefined) {
      socket.shut(4401);
      return;
    }
    member.socket = socket;
    socket.member = member;
    socket.deliver({ type: "welcome", slot: member.slot, member: member.number, accepted: member.accepted });
    for (const event of member.events.slice(socket.after)) {
      socket.deliver(event);
    }
  }

  take(member, message) {
    if (message.type === "ack") {
      member.acknowledged = message.event;
      return;
    }
    if (message.id !== member.accepted + 1) {
      assert.ok(message.id <= member.accepted, "an id was left out");
      return;
    }
    member.accepted = message.id;
    member.socket.deliver({ type: "accepted", id: message.id });
    this.relayed.push([member.slot, message.type, message.description?.type]);
    const to = [...this.members.values()].find(({ number }) => number === message.to);
    assert.ok(to, "sent to a member that is not there");
    const { type, description, candidate } = message;
    this.#tell(to, { type, from: member.number, description, candidate });
  }

  /** The WebSocket class of a page. */
  webSocket() {
    const rooms = this;
    return class {
      readyState = 0;
      lossy = false;

      constructor(url, protocols) {
        queueMicrotask(() => rooms.connect(this, url, protocols));
      }

      deliver(message) {
        queueMicrotask(() => {
          if (this.readyState <= 1) {
            this.readyState = 1;
            this.onmessage({ data: JSON.stringify(message) });
          }
        });
      }

      send(text) {
        if (!this.lossy) {
          queueMicrotask(() => rooms.take(this.member, JSON.parse(text)));
        }
      }

      shut(code) {
        this.readyState = 3;
        if (this.member?.socket === this) {
          this.member.socket = null;
        }
        queueMicrotask(() => this.onclose({ code, reason: "" }));
      }

      close() {
        this.shut(1000);
      }
    };
  }
}

/** As much of RTCPeerConnection as a channel needs; descriptions carry a number for an address. */
class Connection extends EventTarget {
  static all = [];
  static deaf = false;
  localDescription = null;
  remoteDescription = null;
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  iceGatheringState = "new";
  candidates = [];
  restarts = 0;
  restarting = false;
  #channel = null;

  constructor(configuration) {
    super();
    this.configuration = configuration;
    this.number = Connection.all.push(this) - 1;
  }

  createDataChannel(label) {
    this.#channel = Object.assign(new EventTarget(), { label, readyState: "connecting" });
    queueMicrotask(() => this.onnegotiationneeded?.());
    return this.#channel;
  }

  async setLocalDescription() {
    const type = this.remoteDescription === null || this.restarting ? "offer" : "answer";
    this.restarting = false;
    this.localDescription = { type, sdp: String(this.number) };
    queueMicrotask(() => {
      this.onicecandidate?.({ candidate: { candidate: `candidate:${this.number}`, sdpMid: "0" } });
      this.onicecandidate?.({ candidate: { candidate: "", sdpMid: "0" } });
      this.onicecandidate?.({ candidate: null });
    });
  }

  async setRemoteDescription(description) {
    await null;
    if (!/^\d+$/.test(description.sdp)) {
      throw new DOMException("no SDP", "OperationError");
    }
    this.remoteDescription = description;
    if (description.type === "answer" && !Connection.deaf) {
      const peer = Connection.all[Number(description.sdp)];
      peer.#channel = Object.assign(new EventTarget(), { label: "tautline", readyState: "connecting" });
      peer.ondatachannel({ channel: peer.#channel });
      this.peer = peer;
      peer.peer = this;
      for (const end of [this, peer]) {
        end.connectionState = end.iceConnectionState = "connected";
        end.#channel.readyState = "open";
        end.#channel.dispatchEvent(new Event("open"));
      }
    }
  }

  restartIce() {
    this.restarts += 1;
    this.restarting = true;
    this.onnegotiationneeded?.();
  }

  async addIceCandidate(candidate) {
    assert.notEqual(this.remoteDescription, null, "a candidate before its description");
    this.candidates.push(candidate.candidate);
  }

  close() {
    this.connectionState = "closed";
    if (this.#channel !== null) {
      this.#channel.readyState = "closed";
    }
    const peer = this.peer;
    this.peer = undefined;
    if (peer?.peer === this) {
      peer.peer = undefined;
      peer.#channel.readyState = "closed";
      queueMicrotask(() => peer.#channel.dispatchEvent(new Event("close")));
    }
  }
}

function browser(rooms, more = {}) {
  return {
    fetch: rooms.fetch,
    WebSocket: rooms.webSocket(),
    RTCPeerConnection: Connection,
    ...more,
  };
}

const join = (rooms, more) => joinRoom("http://rooms.test/base/", "kitchen", browser(rooms, more));

test("two pages meet, trickle, and get an open channel", async () => {
  const rooms = new Rooms();
  const states = [];
  const iceServers = [{ urls: "stun:stun.test" }];

  const [a, b] = await Promise.all([
    join(rooms, { onState: (state) => states.push(state), iceServers }),
    join(rooms),
  ]);

  assert.equal(rooms.claims[0].url, "http://rooms.test/base/rooms/kitchen/claim");
  assert.deepEqual([a.slot, a.peerSlot, b.slot, b.peerSlot], ["a", "b", "b", "a"]);
  assert.equal(a.channel.readyState, "open");
  assert.equal(b.channel.label, "tautline");
  assert.deepEqual(states, ["claiming", "waiting", "connecting", "connected"]);
  assert.deepEqual(a.peerConnection.configuration, { iceServers });
  await settled();
  const descriptions = rooms.relayed.filter(([, type]) => type === "description");
  assert.deepEqual(descriptions, [
    ["a", "description", "offer"],
    ["b", "description", "answer"],
  ]);
  assert.deepEqual(a.peerConnection.candidates, [`candidate:${b.peerConnection.number}`, ""]);
  assert.deepEqual(b.peerConnection.candidates, [`candidate:${a.peerConnection.number}`, ""]);
  for (const { events, acknowledged } of rooms.members.values()) {
    assert.equal(acknowledged, events.length, "everything that was processed is acknowledged");
  }
  a.close();
});

test("closing tells the peer, leaves the room, and fires the channel's event on this side", async () => {
  const rooms = new Rooms();
  const [a, b] = await Promise.all([join(rooms), join(rooms)]);
  let closed = 0;
  a.channel.addEventListener("close", () => closed++);

  a.close("enough");
  a.close("twice");

  assert.equal(await a.closed, "enough");
  assert.equal(await b.closed, "the peer closed the channel");
  assert.equal(closed, 1);
  assert.deepEqual(rooms.deleted.sort(), ["t1", "t2"]);
  assert.equal(rooms.members.size, 0);
});

test("a broken WebSocket loses and doubles nothing", async () => {
  const rooms = new Rooms();
  const first = join(rooms);
  await settled();
  rooms.sockets[0].lossy = true;
  const second = join(rooms);
  await settled();
  assert.deepEqual(rooms.relayed, [], "the offer was lost on the way");

  rooms.sockets[0].shut(1006);
  const [a, b] = await Promise.all([first, second]);
  await settled();

  assert.equal(rooms.sockets[2].after, 1, "asks for the events after the last one it has");
  assert.equal(rooms.relayed.filter(([slot]) => slot === "a").length, 3);
  assert.deepEqual(b.peerConnection.candidates.length, 2);
  a.close();
});

test("a void token means a new claim", async () => {
  const rooms = new Rooms();
  const first = join(rooms);
  await settled();
  rooms.leave("t1", "expired");
  rooms.sockets[0].shut(4401);
  await settled();

  const [a, b] = await Promise.all([first, join(rooms)]);

  assert.deepEqual([a.slot, b.slot], ["a", "b"]);
  assert.equal(rooms.claims.length, 3);
  a.close();
});

test("a peer that goes before the connection is up makes room for the next", async () => {
  const rooms = new Rooms();
  const states = [];
  const first = join(rooms, { onState: (state) => states.push(state) });
  await settled();
  Connection.deaf = true;
  const leaving = new AbortController();
  const gone = assert.rejects(join(rooms, { signal: leaving.signal }), { code: "aborted" });
  await settled();
  leaving.abort();
  await gone;
  await settled();
  Connection.deaf = false;

  const [a] = await Promise.all([first, join(rooms)]);

  assert.deepEqual(states, ["claiming", "waiting", "connecting", "waiting", "connecting", "connected"]);
  a.close();
});

test("a connection that is up lives on when the peer leaves the room or the server goes", async () => {
  const rooms = new Rooms();
  const [a] = await Promise.all([join(rooms), join(rooms)]);
  await settled();

  rooms.leave("t2", "left");
  await settled();
  rooms.sockets[0].shut(4401);
  await settled();

  assert.equal(a.channel.readyState, "open");
  a.close();
});

const fails = (promise, code, message) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof RoomError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test("a full room is named with what to do", async () => {
  const rooms = new Rooms();
  const [a] = await Promise.all([join(rooms), join(rooms)]);

  await fails(join(rooms), "room-full", /^Both slots of room "kitchen" are taken\.$/);
  a.close();
});

test("a server that is not there, or is none, is named", async () => {
  const rooms = new Rooms();
  const down = () => Promise.reject(new TypeError("fetch failed"));
  const page = async () => new Response("<html>", { status: 200 });
  const broken = async () => new Response("<html>", { status: 502 });

  await fails(join(rooms, { fetch: down }), "server-unreachable", /rooms\.test\/base cannot be reached/);
  await fails(join(rooms, { fetch: page }), "protocol", /is not a rooms server/);
  await fails(join(rooms, { fetch: broken }), "server-error", /status 502/);
});

test("a claim whose answer is lost is made again and takes no second slot", async () => {
  const rooms = new Rooms();
  let lost = 0;
  const lossy = async (url, request) => {
    const answer = await rooms.fetch(url, request);
    if (request.method === "POST" && lost++ < 2) {
      throw new TypeError("fetch failed");
    }
    return answer;
  };

  const [a, b] = await Promise.all([join(rooms, { fetch: lossy }), join(rooms)]);

  assert.equal(rooms.members.size, 2);
  const tokens = rooms.claims.map(({ body }) => body.token);
  assert.match(tokens[0], /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(new Set(tokens).size, 2);
  assert.equal(tokens.length, 4);
  a.close();
  b.close();
});

test("wrong names and addresses are refused at once", async () => {
  const rooms = new Rooms();
  const at = (url, name) => joinRoom(url, name, browser(rooms));

  for (const name of ["", " x", "a/b", ".a", "x".repeat(65), "ä", undefined]) {
    await fails(at("http://rooms.test", name), "bad-room-name", /is no room name/);
  }
  await fails(at("nowhere", "x"), "bad-url", /not the address/);
  await fails(at("ws://rooms.test", "x"), "bad-url", /http or https/);
  assert.equal(rooms.claims.length, 0);
  await fails(join(rooms, { RTCPeerConnection: "none" }), "unsupported", /no RTCPeerConnection/);
});

test("every phase has its time limit", async () => {
  const rooms = new Rooms();
  class Silent {
    close() {}
  }
  await fails(
    join(rooms, { WebSocket: Silent, serverTimeoutMs: 20 }),
    "server-unreachable",
    /did not answer within 0\.02 s/,
  );
  await fails(join(rooms, { peerTimeoutMs: 20 }), "peer-timeout", /Nobody else came into the room "kitchen"/);

  Connection.deaf = true;
  const first = join(rooms, { connectTimeoutMs: 20 });
  const second = join(rooms, { connectTimeoutMs: 20_000, peerTimeoutMs: 20 });
  await fails(first, "connect-timeout", /No connection to the peer within 0\.02 s \(ICE new/);
  await fails(second, "peer-timeout", /Nobody/);
  Connection.deaf = false;
  await until(() => rooms.members.size === 0);
});

test("a path that breaks is looked for anew, until the peer has left the room", async (t) => {
  const rooms = new Rooms();
  const [a, b] = await Promise.all([join(rooms), join(rooms)]);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const connection = a.peerConnection;
  const become = (state) => {
    connection.iceConnectionState = state;
    connection.oniceconnectionstatechange();
  };

  become("disconnected");
  become("connected");
  t.mock.timers.tick(60_000);
  assert.equal(connection.restarts, 0, "a silence that ends needs nothing");
  become("disconnected");
  t.mock.timers.tick(4_000);
  assert.equal(connection.restarts, 1);
  become("failed");
  t.mock.timers.tick(1);
  assert.equal(connection.restarts, 2);
  t.mock.timers.tick(29_000);
  become("connected");
  t.mock.timers.tick(60_000);
  assert.equal(connection.restarts, 2);
  become("failed");
  t.mock.timers.tick(30_000);
  assert.match(await a.closed, /no other way to it was found/);
  t.mock.timers.reset();
  b.close();
});

test("what cannot be connected is said as soon as it is known", async () => {
  const rooms = new Rooms();
  Connection.deaf = true;
  const first = join(rooms);
  const second = join(rooms);
  second.catch(() => {});
  await settled();
  const connection = Connection.all.at(-2);
  connection.iceConnectionState = "failed";
  connection.oniceconnectionstatechange();
  Connection.deaf = false;

  await fails(first, "connect-failed", /no pair of addresses works/);
  rooms.sockets[1].shut(4409);
  await fails(second, "replaced", /took over this place/);
});

test("a description that is none ends the attempt with a sentence", async () => {
  const rooms = new Rooms();
  const first = join(rooms);
  await settled();
  await rooms.fetch("x", { method: "POST", body: "{}" });
  const [a, b] = rooms.members.values();
  b.socket = { deliver() {} };
  await settled();

  rooms.take(b, { type: "description", id: 1, to: a.number, description: { type: "answer", sdp: "bad" } });

  await fails(first, "connect-failed", /What the peer sent could not be used: no SDP/);
});

test("events of unknown types and foreign senders count and change nothing", async () => {
  const rooms = new Rooms();
  const first = join(rooms);
  await settled();
  const [a] = rooms.members.values();
  a.events.push({ event: 1, type: "news" }, { event: 2, type: "description", from: 99, description: {} });
  a.events.forEach((event) => a.socket.deliver(event));
  a.socket.deliver("not an object");
  a.socket.deliver({ type: "pong" });
  await settled();
  assert.equal(a.acknowledged, 2);

  const [session] = await Promise.all([first, join(rooms)]);
  session.close();
});

test("cancelling frees the slot", async () => {
  const rooms = new Rooms();
  const leaving = new AbortController();
  const joining = fails(join(rooms, { signal: leaving.signal }), "aborted", /cancelled/);
  await settled();

  leaving.abort();

  await joining;
  assert.deepEqual(rooms.deleted, ["t1"]);
  await fails(join(rooms, { signal: AbortSignal.abort() }), "aborted", /cancelled/);
});
