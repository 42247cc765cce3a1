import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as Comlink from "comlink";
import { asIterable, channelEndpoint } from "../../main/resources/dev/tautline/web/js/channel-endpoint.mjs";
import {
  registerJavaHandlers,
} from "../../main/resources/dev/tautline/web/js/java-handlers.mjs";
import { channelPair } from "./channel-pair.mjs";

// Every channel is closed at the end; that the process then ends by itself is tested with it.
const opened = [];
after(() => opened.forEach((end) => end.close()));

function pair(how) {
  const ends = channelPair(how);
  opened.push(...ends);
  return ends;
}

/** A page that exposes an object, and another that calls it. */
function connected(object, { server = {}, client = {} } = {}) {
  const [near, far] = pair();
  const serverEnd = channelEndpoint(far, server);
  const clientEnd = channelEndpoint(near, client);
  Comlink.expose(object, serverEnd);
  return { api: Comlink.wrap(clientEnd), near, far, serverEnd, clientEnd };
}

/** The turn of the event loop after everything that is ready now, messages of ports included. */
async function settled() {
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const framesOf = (end) => end.sent.map((text) => JSON.parse(text));
const rpcFramesOf = (end) => framesOf(end).filter(({ uid }) => uid !== "~");

class Counter {
  count = 0;
  constructor(start = 0) {
    this.count = start;
  }
  increment(by = 1) {
    this.count += by;
    return this.count;
  }
}

const sample = () => ({
  name: "demo",
  config: { color: "red", deep: { list: [1, null, "x"] } },
  add: (a, b) => a + b,
  echo: (value) => value,
  fail() {
    throw new RangeError("boom");
  },
  async twice(callback) {
    return [await callback(1), await callback(2)];
  },
  make: (start) => Comlink.proxy(new Counter(start)),
  Counter,
});

test("reads, writes, calls and constructs", async () => {
  const { api } = connected(sample());

  assert.equal(await api.name, "demo");
  assert.deepEqual(await api.config.deep.list, [1, null, "x"]);
  assert.equal(await api.missing, undefined);
  assert.equal(await api.add(3, 4), 7);
  api.config.color = "blue";
  assert.equal(await api.config.color, "blue");
  const counter = await new api.Counter(5);
  assert.equal(await counter.increment(2), 7);
  assert.equal(await counter.count, 7);
});

test("carries callbacks, proxies and a second endpoint", async () => {
  const { api, clientEnd } = connected(sample());

  assert.deepEqual(await api.twice(Comlink.proxy((n) => n * 10)), [10, 20]);
  const made = await api.make(40);
  assert.equal(await made.increment(2), 42);
  const second = Comlink.wrap(await api[Comlink.createEndpoint]());
  assert.equal(await second.add(1, 1), 2);
  assert.equal(clientEnd.counters.ports, 3);
});

test("serves and calls on one channel at the same time", async () => {
  const [near, far] = pair();
  const nearEnd = channelEndpoint(near);
  const farEnd = channelEndpoint(far);
  Comlink.expose({ whoami: () => "near" }, nearEnd);
  Comlink.expose({ whoami: () => "far" }, farEnd);

  const answers = await Promise.all([
    Comlink.wrap(nearEnd).whoami(),
    Comlink.wrap(farEnd).whoami(),
  ]);

  assert.deepEqual(answers, ["far", "near"]);
});

test("throws what the other side threw", async () => {
  const { api } = connected(sample());

  await assert.rejects(api.fail(), { name: "RangeError", message: "boom" });
});

test("carries null everywhere, and undefined as nothing", async () => {
  const { api, near } = connected(sample());
  let got;
  const keep = Comlink.proxy((value) => {
    got = value;
    return null;
  });

  assert.equal(await api.echo(null), null);
  assert.deepEqual(await api.echo({ a: null, b: [null] }), { a: null, b: [null] });
  assert.equal(await api.echo(undefined), undefined);
  assert.deepEqual(await api.twice(keep), [null, null]);
  assert.equal(got, 2);
  const undefinedCall = rpcFramesOf(near).find(
    ({ data }) => data.argumentList?.length === 1 && !("value" in data.argumentList[0]),
  );
  assert.deepEqual(undefinedCall.data.argumentList, [{ type: "RAW" }]);
});

test("carries every kind of binary with exactly its window", async () => {
  const { api, near } = connected(sample(), { server: { hello: false } });
  const whole = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const values = [
    whole.buffer,
    whole.subarray(2, 5),
    Buffer.from([9, 8, 7]),
    Int8Array.from([-1]),
    Uint8ClampedArray.from([255]),
    Int16Array.from([-2, 300]),
    Uint16Array.from([65535]),
    Int32Array.from([-70000]),
    Uint32Array.from([4000000000]),
    Float32Array.from([1.5]),
    Float64Array.from([Math.PI]),
    BigInt64Array.from([-5n]),
    BigUint64Array.from([2n ** 63n]),
    new Uint8Array(0),
  ];

  for (const value of values) {
    const back = await api.echo(value);
    const expected = Buffer.isBuffer(value) ? new Uint8Array(value) : value;
    assert.equal(back.constructor.name, expected.constructor.name);
    assert.deepEqual(back, expected);
    if (ArrayBuffer.isView(back)) {
      assert.equal(back.buffer.byteLength, back.byteLength, "only the window travels");
    }
  }
  const same = Uint8Array.from([5, 6]);
  assert.deepEqual(await api.echo({ a: same, b: { c: same } }), { a: same, b: { c: same } });
  const hex = rpcFramesOf(near).find(({ transfer }) => transfer[0]?.subtype === 2);
  assert.deepEqual(hex.transfer, [
    { type: 1, subtype: 2, path: ["argumentList", "0", "value"], value: "030405" },
  ]);
});

test("carries binary to callbacks and as base64 once the peer said it can", async () => {
  const { api, near, far } = connected(sample());
  await settled();
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251);

  assert.deepEqual(await api.echo(bytes), bytes);
  assert.deepEqual(await api.twice(Comlink.proxy(() => bytes)), [bytes, bytes]);
  const entries = [near, far].flatMap((end) => rpcFramesOf(end).flatMap(({ transfer }) => transfer));
  const binary = entries.filter(({ type }) => type === 1);
  assert.equal(binary.length, 6);
  assert.ok(binary.every(({ e }) => e === "b64"));
});

test("detaches what was transferred", async () => {
  const { api } = connected(sample());
  const bytes = Uint8Array.from([1, 2, 3]);

  const back = await api.echo(Comlink.transfer(bytes, [bytes.buffer]));

  assert.deepEqual(back, Uint8Array.from([1, 2, 3]));
  assert.equal(bytes.byteLength, 0);
});

test("carries message ports at any depth in both directions", async () => {
  const object = {
    open() {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => port1.postMessage({ got: data, nothing: null });
      return Comlink.transfer({ a: [{ port: port2 }] }, [port2]);
    },
    use(holder) {
      holder.port.postMessage("first");
      holder.port.postMessage([Uint8Array.from([7])]);
      return "used";
    },
  };
  const { api } = connected(object);

  const { a } = await api.open();
  const answer = new Promise((resolve) => {
    a[0].port.onmessage = ({ data }) => resolve(data);
  });
  a[0].port.postMessage(12);
  assert.deepEqual(await answer, { got: 12, nothing: null });
  a[0].port.close();

  const { port1, port2 } = new MessageChannel();
  const received = [];
  const both = new Promise((resolve) => {
    port1.onmessage = ({ data }) => received.push(data) === 2 && resolve();
  });
  assert.equal(await api.use(Comlink.transfer({ port: port2 }, [port2])), "used");
  await both;
  assert.deepEqual(received, ["first", [Uint8Array.from([7])]]);
  port1.close();
});

for (const [what, value] of [
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  ["a BigInt", 1n],
  ["a Map", new Map([[1, 2]])],
  ["a Set", new Set([1])],
  ["a RegExp", /x/],
  ["a DataView", new DataView(new ArrayBuffer(2))],
  ["a Blob", new Blob(["x"])],
  ["a promise", Promise.resolve(1)],
  ["a nested function", { f() {} }],
]) {
  test(`refuses ${what} as an argument and as a result, and goes on`, async () => {
    const { api, near } = connected({ add: (a, b) => a + b, give: () => value, box: () => [value] });
    const before = near.sent.length;

    await assert.rejects(api.add([value], 1), { name: "DataCloneError" });
    assert.equal(near.sent.length, before, "nothing was sent");
    await assert.rejects(api.box(), { message: "Unserializable return value", name: "TypeError" });
    assert.equal(await api.add(1, 2), 3);
  });
}

test("refuses cycles and bottomless values", async () => {
  const { api } = connected(sample());
  const cyclic = {};
  cyclic.self = cyclic;
  let deep = 1;
  for (let i = 0; i < 600; i++) {
    deep = [deep];
  }

  await assert.rejects(api.echo(cyclic), { name: "DataCloneError" });
  await assert.rejects(api.echo(deep), { name: "DataCloneError" });
  const twice = { n: 1 };
  assert.deepEqual(await api.echo([twice, twice]), [twice, twice]);
});

test("sends dates as text, class instances as data, errors as name and message", async () => {
  const { api } = connected(sample());

  assert.equal(await api.echo(new Date(0)), "1970-01-01T00:00:00.000Z");
  assert.equal(await api.echo(new Date(NaN)), null);
  assert.deepEqual(await api.echo(new Counter(3)), { count: 3 });
  assert.deepEqual(await api.echo([new TypeError("no")]), [{ name: "TypeError", message: "no" }]);
  assert.deepEqual(await api.echo([NaN, Infinity, -0]), [null, null, 0]);
});

test("keeps a member called __proto__ a member", async () => {
  const { api } = connected(sample());
  const odd = JSON.parse('{"__proto__":{"polluted":1},"b":null}');
  odd.bytes = new Uint8Array(1);

  const back = await api.echo(odd);

  assert.equal(Object.getPrototypeOf(back), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(back, "__proto__").value, { polluted: 1 });
  assert.equal({}.polluted, undefined);
});

test("carries lone surrogates", async () => {
  const { api } = connected(sample());

  assert.equal(await api.echo("a\ud800b\udfff"), "a\ud800b\udfff");
});

test("releases a proxy, forgets its port and runs the finaliser", async () => {
  let finalised = 0;
  const object = {
    make: () => Comlink.proxy({ ping: () => "pong", [Comlink.finalizer]: () => finalised++ }),
  };
  const { api, clientEnd, serverEnd } = connected(object);
  const made = await api.make();
  assert.equal(await made.ping(), "pong");

  made[Comlink.releaseProxy]();
  await settled();

  assert.equal(finalised, 1);
  assert.equal(clientEnd.counters.ports, 0);
  assert.equal(serverEnd.counters.ports, 0);
  assert.throws(() => made.ping, /released/);
});

test("tells the other side about a port that was closed", async () => {
  let kept;
  const { api, clientEnd, serverEnd, near } = connected({
    keep(port) {
      kept = port;
    },
  });
  const { port1, port2 } = new MessageChannel();
  await api.keep(Comlink.transfer(port2, [port2]));
  assert.equal(serverEnd.counters.ports, 1);
  const closed = new Promise((resolve) => kept.addEventListener("close", resolve));
  kept.start();

  port1.close();
  await closed;

  assert.equal(clientEnd.counters.ports, 0);
  assert.equal(serverEnd.counters.ports, 0);
  assert.ok(framesOf(near).some(({ uid, data }) => uid === "~" && data.close?.length === 1));
});

test("calls on every port reject when the channel closes, and so do later ones", async () => {
  let finalised = 0;
  const never = () => new Promise(() => {});
  const { api, near, clientEnd } = connected({
    never,
    make: () => Comlink.proxy({ never }),
    keep() {},
  });
  const made = await api.make();
  const second = Comlink.wrap(await api[Comlink.createEndpoint]());
  await api.keep(Comlink.proxy({ [Comlink.finalizer]: () => finalised++ }));
  const reasons = [];
  clientEnd.addEventListener("close", ({ reason }) => reasons.push(reason));
  const calls = [api.never(), made.never(), second.never()];
  const outcomes = Promise.allSettled(calls);
  await settled();

  near.close();

  for (const { status, reason } of await outcomes) {
    assert.equal(status, "rejected");
    assert.equal(reason.name, "NetworkError");
    assert.match(reason.message, /channel is closed/);
  }
  for (const late of [api.never(), made.never(), second.never()]) {
    await assert.rejects(late, { name: "NetworkError" });
  }
  made[Comlink.releaseProxy]();
  api[Comlink.releaseProxy]();
  await settled();
  assert.equal(finalised, 1, "objects that were handed out are finalised");
  assert.equal(clientEnd.closed, true);
  assert.deepEqual(reasons, ["the channel was closed"]);
});

test("an assignment that the channel's end catches is reported, as its promise is nobody's", async () => {
  const faults = [];
  const { api, near } = connected(
    { set x(value) {} },
    { client: { onFault: (fault) => faults.push(fault) } },
  );
  near.stalled = true;
  api.x = 1;
  await settled();

  near.close();
  await settled();
  api.x = 2;
  await settled();

  assert.deepEqual(faults.map(({ where, error }) => [where, error.name]), [
    ["send", "NetworkError"],
    ["send", "NetworkError"],
  ]);
});

test("close() ends calls and the channel, and a reply that comes too late hurts nobody", async () => {
  let answer;
  const { api, clientEnd, near, far } = connected({
    slow: () => new Promise((resolve) => (answer = resolve)),
  });
  const call = api.slow();
  const outcome = assert.rejects(call, { name: "NetworkError", message: /enough/ });
  await settled();

  clientEnd.close("enough");
  await outcome;
  answer(1);
  await settled();

  assert.equal(near.readyState, "closed");
  assert.equal(far.readyState, "closed");
});

test("the loss of the connection ends calls although the channel says nothing", async () => {
  const [near] = pair();
  const connection = Object.assign(new EventTarget(), { connectionState: "connected" });
  const api = Comlink.wrap(channelEndpoint(near, { peerConnection: connection }));
  const call = api.hello();

  connection.connectionState = "failed";
  connection.dispatchEvent(new Event("connectionstatechange"));

  await assert.rejects(call, { name: "NetworkError", message: /connection was lost/ });
});

test("a call without a reply fails at its deadline and the late reply is ignored", async () => {
  let answer;
  const { api, clientEnd } = connected(
    { slow: () => new Promise((resolve) => (answer = resolve)), fast: () => 1 },
    { client: { callTimeoutMs: 30 } },
  );

  await assert.rejects(api.slow(), { name: "TimeoutError", message: "No reply within 30 ms" });
  answer("late");
  assert.equal(await api.fast(), 1);
  assert.equal(clientEnd.counters.ignored, 1);
});

test("waits for the channel to open", async () => {
  const [near, far] = pair({ open: false });
  Comlink.expose(sample(), channelEndpoint(far));
  const sum = Comlink.wrap(channelEndpoint(near)).add(1, 2);
  await settled();
  assert.equal(near.sent.length, 0);

  near.open();
  far.open();

  assert.equal(await sum, 3);
  assert.equal(framesOf(near)[0].uid, "~", "the hello is first");
});

test("holds requests until something is exposed", async () => {
  const [near, far] = pair();
  const api = Comlink.wrap(channelEndpoint(near));
  const farEnd = channelEndpoint(far);
  const sum = api.add(1, 2);
  await settled();

  Comlink.expose(sample(), farEnd);

  assert.equal(await sum, 3);
});

test("says hello once, and needs none", async () => {
  const { api, near, clientEnd, serverEnd } = connected(sample(), { server: { hello: false } });

  assert.equal(await api.add(1, 2), 3);
  assert.deepEqual(clientEnd.peerFeatures, []);
  assert.deepEqual(serverEnd.peerFeatures, ["chunk", "close", "b64"]);
  assert.deepEqual(
    framesOf(near).filter(({ uid }) => uid === "~"),
    [
      {
        uid: "~",
        data: {
          hello: { v: 1, features: ["chunk", "close", "b64"], maxMessage: 16777216, handlers: [] },
        },
        transfer: [],
      },
    ],
  );
});

test("a peer without chunks gets an error instead of a message that is too large", async () => {
  const { api, near, far } = connected(
    { big: (n) => "x".repeat(n), length: (text) => text.length },
    { client: { hello: false }, server: { hello: false } },
  );
  near.limit = far.limit = 65_536;

  await assert.rejects(api.length("y".repeat(70_000)), {
    name: "RangeError",
    message: /exceeds the channel's limit of 65536 bytes/,
  });
  await assert.rejects(api.big(70_000), {
    name: "RangeError",
    message: /^reply of \d+ bytes exceeds the channel limit$/,
  });
  assert.equal(await api.length("ä".repeat(32_000)), 32_000, "the limit counts bytes");
  await assert.rejects(api.length("ä".repeat(33_000)), { name: "RangeError" });
});

test("cuts large messages so that each frame fits, and puts them together", async () => {
  const limit = 4096;
  const { api, near, far } = connected(sample(), {
    client: { maxMessageSize: limit },
    server: { maxMessageSize: () => limit },
  });
  near.limit = far.limit = limit;
  await settled();
  const text = 'quote " back \\ ä € 😀 \u0007 \ud800 '.repeat(5000);

  assert.equal(await api.echo(text), text);
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i & 0xff);
  assert.deepEqual(await api.echo(bytes), bytes);
  const chunks = framesOf(near).filter(({ data }) => data.chunk);
  assert.ok(chunks.length > 10);
  assert.ok(chunks.every(({ data: { chunk } }) => !/^[\udc00-\udfff]/u.test(chunk.s)));
});

test("a large message does not hold up small ones of other ports", async () => {
  const { api, near, far } = connected(
    { ...sample(), length: (text) => text.length },
    { client: { maxMessageSize: 16_384, highWaterBytes: 32_768 } },
  );
  near.limit = 16_384;
  const counter = await api.make(0);
  await settled();
  near.stalled = true;
  const large = api.length("z".repeat(1_000_000));
  const samePort = api.add(1, 1);
  const small = counter.increment();
  await settled();
  assert.ok(near.bufferedAmount <= 32_768 + 16_384, "the channel's buffer stays low");

  near.resume();
  assert.deepEqual(await Promise.all([large, samePort, small]), [1_000_000, 2, 1]);

  const frames = framesOf(near);
  const lastChunk = frames.findLastIndex(({ data }) => data.chunk);
  assert.ok(frames.findIndex(({ data }) => data.path?.[0] === "increment") < lastChunk);
  assert.ok(frames.findIndex(({ data }) => data.path?.[0] === "add") > lastChunk);
  assert.equal(far.readyState, "open");
});

test("refuses more than the peer takes even in chunks", async () => {
  const { api } = connected(sample(), {
    client: { maxMessageSize: 65_536 },
    server: { maxMessage: 200_000 },
  });
  await settled();

  await assert.rejects(api.echo("x".repeat(250_000)), { name: "RangeError", message: /peer's limit/ });
  assert.equal(await api.add(2, 2), 4);
});

test("bounds what waits for a channel that does not drain", async () => {
  const { api, near } = connected(sample(), {
    client: { maxQueuedBytes: 100_000, highWaterBytes: 1000, maxMessageSize: 1_000_000 },
  });
  await settled();
  near.stalled = true;
  const calls = Array.from({ length: 30 }, () => api.echo("x".repeat(10_000)));
  const outcomes = Promise.allSettled(calls);
  await settled();

  near.resume();

  const refused = (await outcomes).filter(({ status }) => status === "rejected");
  assert.ok(refused.length > 0 && refused.length < 30);
  assert.ok(refused.every(({ reason }) => /wait for the channel/.test(reason.message)));
});

test("refuses a channel that loses or reorders", () => {
  assert.throws(() => channelEndpoint({ ordered: false }), TypeError);
  assert.throws(() => channelEndpoint({ ordered: true, maxRetransmits: 0 }), TypeError);
  assert.throws(() => channelEndpoint({ ordered: true, maxPacketLifeTime: 9 }), TypeError);
});

test("takes a plain object with send and onmessage as a channel", async () => {
  const near = { send: (text) => queueMicrotask(() => far.onmessage({ data: text })) };
  const far = { send: (text) => queueMicrotask(() => near.onmessage(text)) };
  Comlink.expose(sample(), channelEndpoint(far));

  assert.equal(await Comlink.wrap(channelEndpoint(near)).add(20, 22), 42);
});

test("walks a remote iterator with for await, and releases it", async () => {
  const ended = [];
  const numbers = (count) => {
    let n = 0;
    return Comlink.proxy({
      next: () => (n < count ? { value: n++, done: false } : { done: true }),
      nextMany: (many) => Array.from({ length: Math.min(many, count - n) }, () => n++),
      return: (value) => ended.push(n) && { value, done: true },
      [Comlink.finalizer]: () => ended.push("finalised"),
    });
  };
  const { api, clientEnd } = connected({ numbers });
  const collect = async (options, stopAt = Infinity) => {
    const seen = [];
    for await (const n of asIterable(await api.numbers(5), options)) {
      if (n === stopAt) {
        break;
      }
      seen.push(n);
    }
    await settled();
    return seen;
  };
  const { releaseProxy } = Comlink;

  assert.deepEqual(await collect({ releaseProxy }), [0, 1, 2, 3, 4]);
  assert.deepEqual(await collect({ releaseProxy, batch: 2 }), [0, 1, 2, 3, 4]);
  assert.deepEqual(await collect({ releaseProxy }, 2), [0, 1]);
  assert.deepEqual(ended, ["finalised", "finalised", 3, "finalised"]);
  assert.equal(clientEnd.counters.ports, 0);
});

test("optional handlers keep what JSON cannot say", async (t) => {
  const before = [...Comlink.transferHandlers.keys()];
  t.after(() => {
    for (const name of [...Comlink.transferHandlers.keys()]) {
      if (!before.includes(name)) {
        Comlink.transferHandlers.delete(name);
      }
    }
  });
  const handlers = registerJavaHandlers(Comlink.transferHandlers);
  const { api, near } = connected(sample(), {
    client: { handlers },
    server: { handlers, transferHandlers: Comlink.transferHandlers },
  });

  assert.equal(await api.echo(2n ** 80n), 2n ** 80n);
  assert.deepEqual(await api.echo(new Date(1234)), new Date(1234));
  for (const special of [NaN, Infinity, -Infinity, -0]) {
    assert.ok(Object.is(await api.echo(special), special));
  }
  assert.deepEqual(await api.echo(new Map([["a", 1]])), new Map([["a", 1]]));
  const error = await api.echo(
    Object.assign(new TypeError("x", { cause: new Error("y") }), { code: "E1" }),
  );
  assert.deepEqual(
    [error.name, error.message, error.code, error.cause.message],
    ["TypeError", "x", "E1", "y"],
  );
  assert.deepEqual(framesOf(near)[0].data.hello.handlers, handlers);
  assert.throws(() => registerJavaHandlers(new Map(), ["java.nope"]), RangeError);
});
