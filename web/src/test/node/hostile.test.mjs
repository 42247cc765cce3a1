// What a hostile peer may send, and what must not come of it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as Comlink from "comlink";
import { channelEndpoint } from "../../main/resources/dev/tautline/web/js/channel-endpoint.mjs";
import { channelPair } from "./channel-pair.mjs";

const opened = [];
after(() => opened.forEach((end) => end.close()));

async function settled() {
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A page with an object, and the bare channel of its peer. */
function page(object, options = {}) {
  const [ours, theirs] = channelPair();
  opened.push(ours);
  const faults = [];
  const endpoint = channelEndpoint(ours, {
    hello: false,
    onFault: (fault) => faults.push(fault),
    ...options,
  });
  if (object !== undefined) {
    Comlink.expose(object, endpoint);
  }
  const received = [];
  theirs.addEventListener("message", ({ data }) => received.push(JSON.parse(data)));
  let next = 0;
  const peer = {
    send: (frame) => theirs.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    async ask(data, transfer = [], uid = "") {
      const id = `q${next++}`;
      peer.send({ uid, data: { id, ...data }, transfer });
      await settled();
      return received.filter((frame) => frame.data.id === id).map((frame) => frame.data);
    },
    control: (data) => peer.send({ uid: "~", data, transfer: [] }),
  };
  return { endpoint, ours, theirs, peer, received, faults };
}

const raw = (value) => ({ type: "RAW", value });
const thrownName = ([data]) => data?.value?.value?.name;

test("filters by name without a list, and not at all when told so", async () => {
  const object = { add: (a, b) => a + b, inner: { f() {} } };
  const safe = page(object);
  const unsafe = page(object, { unsafe: true, allow: ["nothing"] });
  const paths = [
    ["constructor", "name"],
    ["__proto__", "x"],
    ["inner", "f", "constructor"],
    ["add", "prototype"],
    ["__lookupGetter__"],
    ["__defineGetter__"],
  ];

  for (const path of paths) {
    assert.equal(thrownName(await safe.peer.ask({ type: "GET", path })), "TypeError");
  }
  const [{ value }] = await unsafe.peer.ask({ type: "GET", path: paths[0] });
  assert.equal(value, "Object");
  assert.equal((await safe.peer.ask({ type: "GET", path: ["inner", "g"] })).length, 1);
  assert.equal(safe.endpoint.counters.refused, paths.length);
});

test("a path whose elements only turn into a forbidden name is refused", async () => {
  const { peer } = page({ a: 1 });

  for (const path of [[["__proto__"]], [{}], [1], "constructor", { 0: "constructor" }, [null]]) {
    assert.equal(thrownName(await peer.ask({ type: "GET", path })), "TypeError");
  }
});

test("the allow-list holds on further endpoints, and not on objects that calls return", async () => {
  const { peer, received } = page(
    {
      open: () => Comlink.proxy({ anything: 5 }),
      secret: 1,
      deep: { fine: 2, also: { fine: 3 } },
      open2: 0,
    },
    { allow: ["open", ["deep", "*"]] },
  );
  const portOf = () => received.at(-1).transfer[0].value;

  assert.equal(thrownName(await peer.ask({ type: "GET", path: ["secret"] })), "TypeError");
  assert.equal(thrownName(await peer.ask({ type: "GET", path: [] })), "TypeError");
  assert.equal(thrownName(await peer.ask({ type: "GET", path: ["deep"] })), "TypeError");
  const set = { type: "SET", path: ["open"], value: raw(1) };
  assert.equal(thrownName(await peer.ask(set)), "TypeError");
  const [deep] = await peer.ask({ type: "GET", path: ["deep", "also", "fine"] });
  assert.equal(deep.value, 3);
  await peer.ask({ type: "ENDPOINT" });
  const endpoint = portOf();
  const refused = await peer.ask({ type: "GET", path: ["secret"] }, [], endpoint);
  assert.equal(thrownName(refused), "TypeError");
  await peer.ask({ type: "APPLY", path: ["open"], argumentList: [] }, [], endpoint);
  const [given] = await peer.ask({ type: "GET", path: ["anything"] }, [], portOf());
  assert.equal(given.value, 5);
});

test("ignores what has no meaning, and goes on", async () => {
  const { peer, ours, endpoint } = page({ add: (a, b) => a + b });
  const frames = [
    "not json",
    "5",
    "null",
    "[]",
    '{"uid":5,"data":{}}',
    '{"uid":""}',
    '{"uid":"","data":{"id":"x","type":"GET"},"transfer":{}}',
    '{"uid":"nobody","data":{"id":"x","type":"GET","path":[]},"transfer":[]}',
    '{"uid":"","data":{"type":"GET","path":[]},"transfer":[]}',
    '{"uid":"","data":{"id":7,"type":"GET","path":[]},"transfer":[]}',
    '{"uid":"","data":{"id":"","type":"GET","path":[]},"transfer":[]}',
    `{"uid":"","data":{"id":"${"x".repeat(129)}","type":"GET","path":[]},"transfer":[]}`,
    '{"uid":"","data":{"id":"x","type":"NOPE","path":[]},"transfer":[]}',
    '{"uid":"","data":{"id":"x","type":0,"path":[]},"transfer":[]}',
    '{"uid":"","data":{"id":"x","type":"RAW","value":1},"transfer":[]}',
    '{"uid":"~","data":5,"transfer":[]}',
    '{"uid":"~","data":{"news":1},"transfer":[]}',
    '{"uid":"~","data":{"close":["", "nobody", 5]},"transfer":[]}',
  ];

  frames.forEach((frame) => peer.send(frame));
  ours.dispatchEvent(new MessageEvent("message", { data: new ArrayBuffer(4) }));
  const [sum] = await peer.ask({ type: "APPLY", path: ["add"], argumentList: [raw(1), raw(2)] });

  assert.equal(sum.value, 3);
  assert.equal(endpoint.counters.ignored, frames.length, "the close of unknown ports is no fault");
});

test("a missing transfer list is an empty one", async () => {
  const { peer, received } = page({ name: "demo" });

  peer.send('{"uid":"","data":{"id":"x","type":"GET","path":["name"]}}');
  await settled();

  assert.equal(received[0].data.value, "demo");
});

test("a reply counts once, on its own port, for a call that waits", async () => {
  const { endpoint, peer, theirs, received } = page();
  const api = Comlink.wrap(endpoint);
  const call = api.name;
  const promise = call.then((value) => value);
  await settled();
  const { id } = received[0].data;

  peer.send({ uid: "", data: { id: "other", type: "RAW", value: "wrong" }, transfer: [] });
  peer.send({ uid: "", data: { id, type: "RAW", value: "right" }, transfer: [] });
  peer.send({ uid: "", data: { id, type: "RAW", value: "again" }, transfer: [] });

  assert.equal(await promise, "right");
  await settled();
  assert.equal(endpoint.counters.ignored, 2);
  assert.equal(theirs.readyState, "open");
});

test("a reply that cannot be decoded rejects the call", async () => {
  const { endpoint, peer, received } = page();
  const promise = assert.rejects(
    Comlink.wrap(endpoint).get(),
    { name: "TypeError", message: /The reply is malformed/ },
  );
  await settled();
  const { id } = received[0].data;

  peer.send({
    uid: "",
    data: { id, type: "RAW", value: null },
    transfer: [{ type: 1, subtype: 2, path: ["value"], value: "0g" }],
  });

  await promise;
});

test("answers faulty arguments that unmodified Comlink leaves unanswered", async () => {
  const { peer, endpoint } = page({ echo: (value) => value });
  const ask = (...argumentList) => peer.ask({ type: "APPLY", path: ["echo"], argumentList });

  for (const value of [
    { type: "HANDLER", name: "NOPE", value: 1 },
    { type: "HANDLER", name: "proxy", value: 5 },
    { type: "HANDLER", name: "throw", value: { isError: true, value: { message: "x" } } },
    5,
    null,
  ]) {
    assert.equal(thrownName(await ask(value)), "TypeError");
  }
  const many = Array.from({ length: 65 }, () => raw(1));
  assert.equal(thrownName(await ask(...many)), "RangeError");
  const [{ value }] = await ask(raw("fine"));
  assert.equal(value, "fine");
  assert.equal(endpoint.counters.ports, 0);
});

test("what a handler of the page throws while decoding is answered, too", async (t) => {
  Comlink.transferHandlers.set("PICKY", {
    canHandle: () => false,
    serialize: () => [],
    deserialize() {
      throw new Error("no");
    },
  });
  t.after(() => Comlink.transferHandlers.delete("PICKY"));
  const { peer, faults } = page({ echo: (value) => value });

  const argumentList = [{ type: "HANDLER", name: "PICKY", value: 1 }];
  assert.equal(thrownName(await peer.ask({ type: "APPLY", path: ["echo"], argumentList })), "TypeError");
  assert.equal(faults[0].where, "listener");
});

test("malformed transfers change nothing and leave no port", async () => {
  const { peer, endpoint } = page({ echo: (value) => typeof value });
  const port = (value, path = ["argumentList", "0", "value"]) => ({ type: 0, path, value });
  const binary = (more) => ({
    type: 1,
    subtype: 2,
    path: ["argumentList", "0", "value"],
    value: "00",
    ...more,
  });
  const cases = [
    [port("p1", ["argumentList", "__proto__"])],
    [port("p1", ["argumentList", "length"])],
    [port("p1", ["argumentList", "0", "toString"])],
    [port("p1", [])],
    [port("p1", "value")],
    [port("")],
    [port("p 1")],
    [port("p1"), port("p2")],
    [port("p1"), binary({ path: ["argumentList", "0", "type"], value: "0" })],
    [binary({ value: "abc" })],
    [binary({ value: "zz" })],
    [binary({ value: 5 })],
    [binary({ subtype: 12 })],
    [binary({ subtype: -1 })],
    [binary({ subtype: "2" })],
    [binary({ subtype: 8 })],
    [binary({ e: "b64", value: "A" })],
    [binary({ e: "b64", value: "A A=" })],
    [binary({ e: "rot13" })],
    [null],
    ["x"],
  ];

  for (const transfer of cases) {
    const answer = await peer.ask(
      { type: "APPLY", path: ["echo"], argumentList: [raw(null)] },
      transfer,
    );
    assert.equal(thrownName(answer), "TypeError", JSON.stringify(transfer));
  }
  assert.equal(endpoint.counters.ports, 0);
  assert.equal({}.polluted, undefined);
});

test("a port id that is in use stays whose it is", async () => {
  const { peer, endpoint } = page({ keep() {} });
  const keep = (uid) =>
    peer.ask({ type: "APPLY", path: ["keep"], argumentList: [{ type: "HANDLER", name: "proxy", value: null }] },
      [{ type: 0, path: ["argumentList", "0", "value"], value: uid }]);

  assert.equal((await keep("p1"))[0].type, "RAW");
  assert.equal(thrownName(await keep("p1")), "TypeError");
  assert.equal(endpoint.counters.ports, 1);
});

test("a flood of ports is refused, and ended when it goes on", async () => {
  const { peer, endpoint, ours } = page({ keep() {} }, { maxPorts: 3 });
  let uid = 0;
  const keep = () =>
    peer.ask({ type: "APPLY", path: ["keep"], argumentList: [{ type: "HANDLER", name: "proxy", value: null }] },
      [{ type: 0, path: ["argumentList", "0", "value"], value: `p${uid++}` }]);
  for (let i = 0; i < 3; i++) {
    await keep();
  }

  assert.equal(thrownName(await keep()), "RangeError");
  assert.equal(endpoint.counters.ports, 3);
  await keep();
  await keep();

  assert.equal(ours.readyState, "closed");
});

test("a bottomless message costs no stack", async () => {
  const { peer, ours } = page({ echo: (value) => value });
  const depth = 100_000;

  peer.send(
    `{"uid":"","data":{"id":"deep","type":"APPLY","path":["echo"],"argumentList":[{"type":"RAW","value":${"[".repeat(depth)}${"]".repeat(depth)}}]},"transfer":[]}`,
  );
  const [{ value }] = await peer.ask({ type: "APPLY", path: ["echo"], argumentList: [raw(1)] });

  assert.equal(value, 1);
  assert.equal(ours.readyState, "open");
});

test("frames above the limit are ignored twice, then the channel is closed", async () => {
  const { peer, ours } = page({ a: 1 }, { maxMessage: 1000 });
  const closed = new Promise((resolve) => ours.addEventListener("close", resolve));

  peer.send("x".repeat(1001));
  peer.send("x".repeat(1001));
  await settled();
  assert.equal(ours.readyState, "open");
  peer.send("x".repeat(1001));
  await closed;
});

test("chunks are put together", async () => {
  const { peer, received } = page({ name: "demo" });
  const text = '{"uid":"","data":{"id":"c","type":"GET","path":["name"]},"transfer":[]}';

  for (let i = 0; i < text.length; i++) {
    peer.control({ chunk: { m: "k", i, n: text.length, s: text[i] } });
  }
  await settled();

  assert.equal(received[0].data.value, "demo");
});

for (const [what, chunks] of [
  ["a first chunk that is not the first", [{ m: "k", i: 1, n: 2, s: "" }]],
  ["a gap", [{ m: "k", i: 0, n: 3, s: "" }, { m: "k", i: 2, n: 3, s: "" }]],
  ["a repeat", [{ m: "k", i: 0, n: 3, s: "" }, { m: "k", i: 0, n: 3, s: "" }]],
  ["another total", [{ m: "k", i: 0, n: 3, s: "" }, { m: "k", i: 1, n: 4, s: "" }]],
  ["too many chunks", [{ m: "k", i: 0, n: 4097, s: "" }]],
  ["no chunks", [{ m: "k", i: 0, n: 0, s: "" }]],
  ["a chunk without text", [{ m: "k", i: 0, n: 2 }]],
  ["a chunk that is null", [null]],
  ["nine messages at once", Array.from({ length: 9 }, (_, m) => ({ m: `k${m}`, i: 0, n: 2, s: "" }))],
  ["a message larger than announced", [{ m: "k", i: 0, n: 3, s: "x".repeat(1500) }, { m: "k", i: 1, n: 3, s: "x".repeat(600) }]],
  [
    "a chunk inside of a chunk",
    [{ m: "k", i: 0, n: 1, s: '{"uid":"~","data":{"chunk":{"m":"j","i":0,"n":1,"s":""}},"transfer":[]}' }],
  ],
]) {
  test(`${what} closes the channel with a reason`, async () => {
    const { peer, ours, endpoint, faults } = page({ a: 1 }, { maxMessage: 2000 });
    let reason;
    endpoint.addEventListener("close", (event) => {
      reason = event.reason;
    });

    chunks.forEach((chunk) => peer.control({ chunk }));
    await settled();

    assert.equal(ours.readyState, "closed");
    assert.match(reason, /^the peer broke the rules: /);
    assert.equal(faults[0].where, "protocol");
  });
}

test("a close frame ends the calls on a port, not others", async () => {
  const { peer, endpoint, received } = page();
  const api = Comlink.wrap(endpoint);
  const promise = api.open();
  await settled();
  peer.send({
    uid: "",
    data: { id: received[0].data.id, type: "HANDLER", name: "proxy", value: null },
    transfer: [{ type: 0, path: ["value"], value: "P1" }],
  });
  const opened = await promise;
  const outcome = assert.rejects(opened.hello(), { name: "NetworkError", message: /closed the port/ });
  await settled();

  peer.control({ close: ["P1"] });
  await outcome;

  await assert.rejects(opened.again(), { name: "NetworkError" });
  const name = api.name.then((value) => value);
  await settled();
  peer.send({ uid: "", data: { id: received.at(-1).data.id, type: "RAW", value: "on" }, transfer: [] });
  assert.equal(await name, "on");
});

test("requests on a port that the peer made are not served", async () => {
  const { peer, endpoint } = page({ keep() {} });
  await peer.ask({ type: "APPLY", path: ["keep"], argumentList: [{ type: "HANDLER", name: "proxy", value: null }] },
    [{ type: 0, path: ["argumentList", "0", "value"], value: "P1" }]);

  assert.deepEqual(await peer.ask({ type: "GET", path: [] }, [], "P1"), []);
  assert.equal(endpoint.counters.ignored, 1);
});
