// Replays recorded traffic of unmodified Comlink: once with our endpoint as the client, once as
// the server. What is random is bound to its name on first sight; stacks and the texts of errors
// that the engine itself raises are not compared.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import * as Comlink from "comlink";
import { channelEndpoint } from "../../main/resources/dev/tautline/web/js/channel-endpoint.mjs";
import { channelPair } from "./channel-pair.mjs";

const ENGINE_TEXT = /^Cannot read properties|is not a constructor$|could not be cloned/;

const opened = [];
after(() => opened.forEach((end) => end.close()));

class Money {
  constructor(currency, amount) {
    this.currency = currency;
    this.amount = amount;
  }
}
const MONEY = {
  canHandle: (value) => value instanceof Money,
  serialize: (money) => [{ c: money.currency, a: String(money.amount) }, []],
  deserialize: ({ c, a }) => new Money(c, Number(a)),
};
Comlink.transferHandlers.set("MONEY", MONEY);

class Counted {
  constructor(count = 0) {
    this.count = count;
  }
  inc(by = 1) {
    this.count += by;
    return this.count;
  }
}

const bytes = (...values) => Uint8Array.from(values);

async function* generate() {
  yield 1;
  yield 2;
}

function iterator() {
  const inner = generate();
  return Comlink.proxy({ next: () => inner.next(), return: (value) => inner.return(value) });
}

/** Calls that the recording shows out of order are answered in the recorded order. */
function inOrder(order) {
  const waiting = new Map();
  return (key) =>
    new Promise((resolve) => {
      waiting.set(key, resolve);
      if (waiting.size === order.length) {
        order.forEach((next) => waiting.get(next)(next));
      }
    });
}

const base = () => ({
  name: "demo",
  n: 42,
  flag: true,
  config: { color: "red", deep: { x: 1 } },
  list: [10, 20, 30],
  add: (a, b) => a + b,
  greet(who) {
    return `Hi ${who} from ${this.name}`;
  },
});

/**
 * For each file: the object that the server exposes; what the expressions of the client need; the
 * first frame that is not replayed, because the recording shows a defect from there on; frames of
 * the server that differ for the same reason; and expressions that are only descriptions.
 */
const FILES = {
  "01-get-property": { object: base },
  "02-get-nested-property": { object: base },
  "03-set-property": { object: base, until: 15 },
  "04-call-with-arguments": { object: base },
  "05-call-with-callback": {
    object: () => ({
      async each(callback, count) {
        let total = 0;
        for (let i = 1; i <= count; i++) {
          total += await callback(i);
        }
        return total;
      },
      on(callback) {
        setImmediate(() => callback("fired"));
        return "registered";
      },
    }),
    scope: () => ({ got: [] }),
    // The callback's answer is the length of the list, which the recording's left out.
    expressions: {
      "await api.on(Comlink.proxy(x => got.push(x)))": ({ api, got }) =>
        api.on(Comlink.proxy((x) => void got.push(x))),
    },
  },
  "06-return-proxy": {
    object: () => ({
      getCounter: () => Comlink.proxy(new Counted(5)),
      getFn: () => Comlink.proxy((n) => n + 1),
    }),
  },
  "07-construct": { object: () => ({ App: Counted, Nope: 1 }) },
  "08-throw-error": {
    object: () => ({
      fail() {
        throw new Error("boom");
      },
      range() {
        throw new RangeError("too big");
      },
      custom() {
        throw Object.assign(new Error("custom boom"), { name: "MyErr", code: 7 });
      },
      rejects: () => Promise.reject(new TypeError("async boom")),
      get getter() {
        throw new Error("getter boom");
      },
    }),
    expressions: {
      "e instanceof Error, e.name, typeof e.stack": null,
      "[c.code, c.details, c.cause, c instanceof RangeError]": null,
    },
  },
  "09-throw-non-error": {
    object: () => {
      const throwing = (value) => () => {
        throw value;
      };
      return {
        str: throwing("just text"),
        num: throwing(7),
        obj: throwing({ code: 3, why: "x" }),
        undef: throwing(undefined),
      };
    },
  },
  "10-create-endpoint": { object: base },
  "11-release": {
    object: () => ({ ...base(), getCounter: () => Comlink.proxy({ count: 1 }) }),
  },
  "12-transfer-handler": {
    object: () => ({
      double: ({ currency, amount }) => new Money(currency, 2 * amount),
      isMoney: (value) => value instanceof Money,
      nested: () => ({ inner: new Money("EUR", 1) }),
      many: () => [new Money("A", 1)],
    }),
    scope: () => ({ Money }),
  },
  "14-binary": {
    object: () => {
      const same = bytes(5, 6);
      const whole = bytes(0, 1, 2, 3, 4, 5);
      return {
        ab: () => bytes(0xde, 0xad, 0xbe, 0xef).buffer,
        u8: () => bytes(1, 2, 3),
        f64: () => Float64Array.from([1.5, -0, NaN]),
        i16: () => Int16Array.from([-1, 256]),
        b64: () => BigInt64Array.from([1n, -1n]),
        sub: () => whole.subarray(2, 4),
        nested: () => ({ a: [{ b: bytes(9) }] }),
        same: () => ({ x: same, y: same }),
        empty: () => new ArrayBuffer(0),
        len: (value) => `${value.constructor.name}:${value.byteLength}`,
      };
    },
    scope: () => ({ buffer: bytes(1, 2, 3, 255).buffer }),
    expressions: {
      "await api.len(Comlink.transfer(buffer,[buffer]))": ({ api }) => {
        const given = bytes(7, 8).buffer;
        return api.len(Comlink.transfer(given, [given]));
      },
    },
    until: 25,
    ownAnswer: [12, 16],
  },
  "15-promise-and-concurrency": {
    object: () => {
      const answer = inOrder(["c", "b", "a"]);
      return { slow: (_delay, key) => answer(key) };
    },
  },
  "16-unserialisable": {
    object: () => ({
      fn: () => () => 1,
      sym: () => Symbol("s"),
      cls: class {},
      obj: { method() {} },
    }),
    until: 9,
  },
  "18-transfer-message-port": {
    object: () => ({
      talk({ port }) {
        port.onmessage = ({ data }) => port.postMessage({ echo: data });
        return "ok";
      },
      give() {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => port1.postMessage({ pong: data });
        return Comlink.transfer({ port: port2 }, [port2]);
      },
    }),
    scope: () => {
      const { port1, port2 } = new MessageChannel();
      return { port1, port2 };
    },
    expressions: {
      "await api.talk(Comlink.transfer({port: port2},[port2]))": async ({ api, port1, port2 }) => {
        const answer = await api.talk(Comlink.transfer({ port: port2 }, [port2]));
        port1.postMessage({ hello: 1 });
        return answer;
      },
      "port1 received": async ({ port1 }) => {
        const received = await new Promise((resolve) => {
          port1.onmessage = ({ data }) => resolve([data]);
        });
        port1.close();
        return received;
      },
      "const r = await api.give()": async (scope) => {
        scope.r = await scope.api.give();
        scope.r.port.postMessage({ ping: 1 });
        return { port: {} };
      },
      "r.port received": async ({ r }) => {
        const received = await new Promise((resolve) => {
          r.port.onmessage = ({ data }) => resolve([data]);
        });
        r.port.close();
        return received;
      },
    },
  },
  "19-bidirectional-callbacks": {
    object: () => ({
      async chat(page) {
        const answer = await page.ask("name?");
        return page.confirmWith(
          Comlink.proxy({ confirm: (text) => `confirmed ${text}` }),
          answer,
        );
      },
    }),
    scope: () => ({
      ask: (question) => `answer to ${question}`,
      confirmWith: (helper, answer) => helper.confirm(answer),
    }),
  },
  "20-same-channel-both-ways": {
    object: () => ({ ping: () => "pong from server" }),
    clientObject: () => ({ hello: (who) => `hello ${who} from client` }),
  },
  "21-page-window-demo": {
    object: () => {
      const window = {
        logs: [],
        document: { title: "old", body: { style: { backgroundColor: "" } } },
      };
      window.console = { log: (...what) => void window.logs.push(what.join(" ")) };
      return {
        changeBackgroundColor(r, g, b) {
          window.document.body.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
        },
        log: (...what) => window.console.log(...what),
        getWindow: () => Comlink.proxy(window),
      };
    },
  },
  "22-callback-with-binary-and-null": {
    object: () => ({
      deepcb: (callback) => callback({ a: 1 }),
      buf: (callback) => callback(bytes(4, 5).buffer),
    }),
    until: 9,
  },
};

function recording(name) {
  const text = readFileSync(new URL(`vectors/${name}.jsonl`, import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const parsed = lines.map((line) => JSON.parse(line));
  const end = parsed.findIndex(({ seq }) => seq === (FILES[name].until ?? Infinity));
  if (end === -1) {
    return parsed;
  }
  // Also without the expression that caused the frame.
  const kept = parsed.slice(0, end);
  while (kept.at(-1).js !== undefined) {
    kept.pop();
  }
  return kept;
}

/** Names of the recording to what they are in this run. */
class Names {
  #actual = new Map();
  #recorded = new Map();

  copy() {
    const copy = new Names();
    copy.#actual = new Map(this.#actual);
    copy.#recorded = new Map(this.#recorded);
    return copy;
  }

  bind(name, actual) {
    if (!this.#actual.has(name) && !this.#recorded.has(actual)) {
      this.#actual.set(name, actual);
      this.#recorded.set(actual, name);
    }
    return this.#actual.get(name) === actual;
  }

  /** The recorded frame as it is to be sent in this run; unseen names are made up. */
  fill(norm) {
    return norm.replace(/\$(?:id|port)\d+/g, (name) => {
      this.bind(name, `recorded-${name.slice(1)}`);
      return this.#actual.get(name);
    });
  }
}

function same(expected, actual, names, key) {
  if (key === "stack") {
    return typeof actual === "string";
  }
  if (key === "message" && ENGINE_TEXT.test(expected)) {
    return typeof actual === "string";
  }
  if (typeof expected === "string" && /^\$(?:id|port)\d+$/.test(expected)) {
    return typeof actual === "string" && names.bind(expected, actual);
  }
  if (typeof expected !== "object" || expected === null) {
    return expected === actual;
  }
  if (typeof actual !== "object" || actual === null) {
    return false;
  }
  const keys = Object.keys(expected);
  return (
    Array.isArray(expected) === Array.isArray(actual) &&
    keys.length === Object.keys(actual).length &&
    keys.every((k) => Object.hasOwn(actual, k) && same(expected[k], actual[k], names, k))
  );
}

/** The other side: takes what our endpoint sends, and sends what was recorded. */
class Player {
  names = new Names();
  #frames = [];
  #arrived = () => {};
  #end;

  constructor(end) {
    this.#end = end;
    end.addEventListener("message", ({ data }) => {
      this.#frames.push(JSON.parse(data));
      this.#arrived();
    });
  }

  send(norm) {
    this.#end.send(this.names.fill(norm));
  }

  /** Waits for a frame like the recorded one; the order of different calls is not significant. */
  async take(norm, how = same) {
    const expected = JSON.parse(norm);
    for (;;) {
      for (const [i, frame] of this.#frames.entries()) {
        const names = this.names.copy();
        if (how(expected, frame, names)) {
          this.names = names;
          this.#frames.splice(i, 1);
          return;
        }
      }
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`no frame like ${norm}; there are ${JSON.stringify(this.#frames)}`)),
          2000,
        );
      });
      await Promise.race([new Promise((resolve) => (this.#arrived = resolve)), late]);
      clearTimeout(timer);
    }
  }

  rest() {
    return this.#frames;
  }
}

const sameAnswered = (expected, actual, names) =>
  expected.uid === actual.uid && same(expected.data.id, actual.data.id, names);

function ends() {
  const [ours, theirs] = channelPair();
  opened.push(ours);
  return [channelEndpoint(ours, { hello: false, numericTypes: true }), new Player(theirs)];
}

for (const [name, file] of Object.entries(FILES)) {
  test(`${name}, as the server`, async () => {
    const [endpoint, player] = ends();
    Comlink.expose(file.object(), endpoint);
    const back = Comlink.wrap(endpoint);

    for (const { from, norm, seq, side, js } of recording(name)) {
      if (from === "client") {
        player.send(norm);
      } else if (from === "server") {
        await player.take(norm, file.ownAnswer?.includes(seq) ? sameAnswered : same);
      } else if (side === "server" && js !== undefined) {
        evaluate(js, { back }).catch(() => {});
      }
    }
    assert.deepEqual(player.rest(), []);
  });

  test(`${name}, as the client`, async () => {
    const [endpoint, player] = ends();
    if (file.clientObject !== undefined) {
      Comlink.expose(file.clientObject(), endpoint);
    }
    const scope = { ...file.scope?.(), api: Comlink.wrap(endpoint), Comlink };
    let outcome;

    for (const { from, norm, side, js, result } of recording(name)) {
      if (from === "client") {
        await player.take(norm);
      } else if (from === "server") {
        player.send(norm);
      } else if (side === "client" && js !== undefined) {
        const own = file.expressions?.[js];
        outcome =
          own === null ? null : Promise.allSettled([own ? own(scope) : evaluate(js, scope)]);
      } else if (side === "client" && result !== undefined && outcome !== null) {
        const [settled] = await outcome;
        compare(settled, result, scope);
      }
    }
    assert.deepEqual(player.rest(), []);
  });
}

/** Runs an expression of the recording; what it declares stays for the next ones. */
function evaluate(js, scope) {
  const parts = js
    .replace(/\s+\/\/.*$/, "")
    .replaceAll(/\bconst (?=\w+ =)/g, "")
    .split(/;\s*/);
  const last = parts.pop();
  const names = new Proxy(scope, {
    has: (target, key) => typeof key === "string" && (key in target || !(key in globalThis)),
  });
  return new Function(
    "names",
    `with (names) { return (async () => { ${parts.join(";")}; return (${last}); })(); }`,
  )(names);
}

function compare({ status, value, reason }, printed) {
  const thrown = printed.match(/^THROWS (.*)$/s)?.[1];
  if (thrown !== undefined) {
    assert.equal(status, "rejected", `${printed}, but got ${value}`);
    const [, name, message] = thrown.match(/^([A-Za-z]+): (.*)$/s) ?? [];
    if (name !== undefined) {
      assert.equal(reason.name, name);
      assert.ok(ENGINE_TEXT.test(message) || reason.message === message, reason.message);
    } else {
      assert.equal(JSON.stringify(reason) ?? "undefined", thrown);
    }
    return;
  }
  assert.equal(status, "fulfilled", `${printed}, but threw ${reason}`);
  if (printed === "undefined") {
    assert.equal(value, undefined);
  } else if (printed.startsWith("[proxy")) {
    assert.equal(typeof value, "function");
  } else if (/^[A-Z]/.test(printed)) {
    // For example Uint8Array(3B)[1,2,255].
    const [, name, elements] = printed.match(/^(\w+)\(\d+B?\)\[(.*)\]$/);
    assert.equal(value.constructor.name, name);
    const view = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    assert.equal([...view].join(","), elements);
  } else {
    assert.deepEqual(JSON.parse(JSON.stringify(value)), JSON.parse(printed));
  }
}

test("30-older-4.3.0-numeric-types, as the server's and the client's endpoint", async () => {
  // The Comlink of this test does not speak this form, so a few lines stand for it on our side.
  const text = readFileSync(
    new URL("vectors/30-older-4.3.0-numeric-types.jsonl", import.meta.url),
    "utf8",
  );
  const frames = text
    .split("\n")
    .filter((line) => line.includes('"norm"'))
    .map((line) => JSON.parse(line))
    .filter(({ seq }) => seq <= 6);
  const [server, client] = [ends(), ends()];
  const got = [];
  server[0].onmessage = ({ data }) => got.push(data);
  client[0].onmessage = ({ data }) => got.push(data);

  for (const { from, norm } of frames) {
    const [sender, receiver] = from === "client" ? [client, server] : [server, client];
    const filled = new Names().fill(norm);
    sender[0].postMessage(JSON.parse(filled).data);
    await sender[1].take(norm);
    receiver[1].send(norm);
    await new Promise((resolve) => setImmediate(resolve));
  }

  assert.deepEqual(
    got,
    frames.map(({ norm }) => JSON.parse(new Names().fill(norm)).data),
  );
});

test("50-hostile-expectations, against a page with an allow-list", async () => {
  const text = readFileSync(new URL("vectors/50-hostile-expectations.jsonl", import.meta.url), "utf8");
  const cases = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const [ours, theirs] = channelPair();
  opened.push(ours);
  const endpoint = channelEndpoint(ours, {
    allow: ["name", "version", "config.color", "list.0", "list.length", "add", "echo", "Counter"],
    writable: ["name", "config.color"],
    transferHandlers: Comlink.transferHandlers,
    hello: false,
  });
  const object = {
    name: "demo",
    config: { color: "red" },
    list: [10, 20, 30],
    add: (a, b) => a + b,
    echo: (value) => value,
    Counter: Counted,
    secret: "secret",
  };
  Object.defineProperty(object, "version", { value: 1, enumerable: true });
  Comlink.expose(object, endpoint);
  const answers = [];
  theirs.addEventListener("message", ({ data }) => answers.push(JSON.parse(data)));
  const pollution = Object.getOwnPropertyNames(Object.prototype).length;

  const failures = [];
  for (const { n, note, frame, expect } of cases) {
    answers.length = 0;
    const id = `probe-${n}`;
    theirs.send(frame.replaceAll("$id", id));
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const got = answers.map(({ data }) => kind(data));
    if (!accepted(expect, got)) {
      failures.push({ n, note, expect, got });
    }
  }

  assert.deepEqual(failures, []);
  assert.equal(Object.getOwnPropertyNames(Object.prototype).length, pollution);
  assert.equal(ours.readyState, "open");
});

function kind(data) {
  if (data.type === "HANDLER" && data.name === "throw") {
    return `throw:${data.value.value.name}`;
  }
  return Object.hasOwn(data, "value") ? `value:${JSON.stringify(data.value)}` : "undefined";
}

function accepted(expect, got) {
  const one = got.length === 0 ? "ignore" : got[0];
  const expected = expect.replace(/^(throw:\w+)\|(?=\w+Error$)/, "$1|throw:").split("|");
  // The list is for a Java server. A page refuses the same, but a read that is refused always
  // throws here.
  return (
    got.length <= 1 &&
    expected.some((e) => e === one || (e === "undefined" && one === "throw:TypeError"))
  );
}
