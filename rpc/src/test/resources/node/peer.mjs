// The other side of ComlinkNodeIT: unmodified npm comlink over the standard streams, one frame a
// line. Exposes `page` and plays the scenarios below against the Java object when told to.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as Comlink from "./vendor/comlink.mjs";
import { asIterable, channelEndpoint } from "./js/channel-endpoint.mjs";
import { registerJavaHandlers } from "./js/java-handlers.mjs";

class StreamChannel extends EventTarget {
  readyState = "open";

  constructor() {
    super();
    createInterface({ input: process.stdin, crlfDelay: Infinity })
      .on("line", (line) => this.dispatchEvent(new MessageEvent("message", { data: line })))
      .on("close", () => {
        this.readyState = "closed";
        this.dispatchEvent(new Event("close"));
      });
  }

  send(text) {
    process.stdout.write(text + "\n");
  }

  close() {
    process.stdin.destroy();
    process.stdout.end();
  }
}

const handlers = registerJavaHandlers(Comlink.transferHandlers, ["java.bigint"]);
const maxMessageSize = Number(process.argv[2]);
const endpoint = channelEndpoint(new StreamChannel(), { maxMessageSize, handlers });
const api = Comlink.wrap(endpoint);

const failure = async (promise) => {
  try {
    await promise;
  } catch (e) {
    return e;
  }
  throw new Error("it did not fail");
};

const scenarios = {
  async values() {
    assert.equal(await api.name, "demo");
    api.name = "renamed";
    assert.equal(await api.name, "renamed");
    assert.equal(await api.greet("Eva"), "Hi Eva from renamed");
    assert.deepEqual(await api.config, { color: "red", deep: { x: 1 } });
    api.config.color = "blue";
    assert.equal(await api.config.color, "blue");
    assert.equal(await api.list[1], 20);
    assert.equal(await api.list.length, 3);
    assert.equal(await api.missing, undefined);
    assert.equal(await api.nothing(), undefined);
    assert.equal(await api.nul(), null);
    assert.deepEqual(await api.echo({ a: [1, null, "x", { b: 2.5 }], "ü😀": true }), {
      a: [1, null, "x", { b: 2.5 }],
      "ü😀": true,
    });
    assert.equal(await api.echo("\ud800 lone"), "\ud800 lone");
    assert.equal(await api.add(3, 4), 7);
    assert.deepEqual(await api.move({ x: 1, y: 2 }, 5), { x: 6, y: 2 });
    assert.equal(await api.big(), 9007199254740993n);
    assert.equal(await api.twiceBig(9007199254740993n), 18014398509481986n);
  },

  async binary() {
    const bytes = await api.reverse(new Uint8Array([0, 1, 2, 3, 4, 5]).subarray(2, 5));
    assert.ok(bytes instanceof Uint8Array);
    assert.deepEqual([...bytes], [4, 3, 2]);
    assert.deepEqual([...(await api.reverse(new Uint8Array()))], []);
    assert.equal(await api.sum(new Float64Array([1.5, 2.25])), 3.75);
    const large = new Uint8Array(3_000_000).map((_, i) => (i * 7) % 251);
    const back = await api.reverse(large);
    assert.equal(back.length, large.length);
    assert.ok(back.every((b, i) => b === large[large.length - 1 - i]));
  },

  async callbacks() {
    assert.equal(await api.each(Comlink.proxy((i) => i * 10), 3), 60);
    assert.equal(await api.each(Comlink.proxy(async (i) => await api.add(i, 1)), 3), 9);
    const partner = {
      ask: (question) => `answer to ${question}`,
      confirmWith: (confirmer, text) => confirmer.confirm(text),
    };
    assert.equal(await api.chat(Comlink.proxy(partner)), "confirmed answer to name?");
    const e = await failure(
      api.each(
        Comlink.proxy(() => {
          throw new RangeError("from the callback");
        }),
        1,
      ),
    );
    assert.equal(e.name, "RangeError");
    assert.equal(e.message, "from the callback");
  },

  async objects() {
    const counter = await api.counter(5);
    assert.equal(await counter.count, 5);
    assert.equal(await counter.inc(2), 7);
    counter[Comlink.releaseProxy]();
    const made = await new api.Counter(100);
    assert.equal(await made.inc(1), 101);
    const port = await api[Comlink.createEndpoint]();
    const second = Comlink.wrap(port);
    assert.equal(await second.add(1, 2), 3);
    second[Comlink.releaseProxy]();
    const fn = await api.fn();
    assert.equal(await fn(41), 42);
    made[Comlink.releaseProxy]();
    fn[Comlink.releaseProxy]();
  },

  async errors() {
    const visible = await failure(api.failVisibly());
    assert.ok(visible instanceof Error);
    assert.equal(visible.name, "QuotaError");
    assert.equal(visible.message, "used up");
    assert.equal(visible.code, 7);
    const hidden = await failure(api.fail("the password"));
    assert.match(hidden.message, /^internal error, reference [0-9a-f]+$/);
    assert.ok(!hidden.stack.includes("password"));
    assert.equal((await failure(api.nosuch())).name, "TypeError");
    assert.equal((await failure(new api.Nope())).name, "TypeError");
    assert.equal((await failure(api.add)).message, "Unserializable return value");
    assert.equal((await failure(api.getClass())).name, "TypeError");
    assert.equal((await failure(api.add("a", 1))).name, "TypeError");
    assert.equal(await api.add(1, 2), 3);
  },

  async ports() {
    const { port1, port2 } = new MessageChannel();
    const got = new Promise((resolve) => {
      port1.onmessage = (event) => resolve(event.data);
    });
    assert.equal(await api.talk(Comlink.transfer({ port: port2 }, [port2])), "ok");
    port1.postMessage({ hello: 1 });
    assert.deepEqual(await got, { echo: { hello: 1 } });
    port1.close();
  },

  async sequences() {
    const seen = [];
    const { releaseProxy } = Comlink;
    for await (const value of asIterable(await api.sequence(3), { releaseProxy })) {
      seen.push(value);
    }
    assert.deepEqual(seen, [1, 2, 3]);
  },

  async many() {
    const results = await Promise.all(Array.from({ length: 1000 }, (_, i) => api.add(i, 1)));
    assert.deepEqual(results, Array.from({ length: 1000 }, (_, i) => i + 1));
  },
};

const page = {
  title: "old",
  document: { title: "old", body: { style: { backgroundColor: "white" } } },
  log: (...words) => words.join(" "),
  call: async (callback, value) => await callback(value),
  makeCounter: (start) => {
    let count = start;
    return Comlink.proxy({ inc: (by = 1) => (count += by), get: () => count });
  },
  Shape: class {
    constructor(sides) {
      this.sides = sides;
    }
    describe() {
      return `${this.sides} sides`;
    }
  },
  bytes: () => new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4),
  doubles: () => new Float64Array([1.5, NaN, -0]),
  reject: async () => {
    throw new TypeError("async boom");
  },
  throwText: () => {
    throw "just text";
  },
  hang: () => new Promise(() => {}),
  fn: () => () => 1,
  async run(name) {
    await scenarios[name]();
    return "ok";
  },
  scenarios: () => Object.keys(scenarios),
};

Comlink.expose(page, endpoint);
