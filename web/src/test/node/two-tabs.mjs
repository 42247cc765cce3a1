// The demo page in two tabs of headless Chromium: node two-tabs.mjs http://127.0.0.1:8080
// Needs chromedriver and Chromium on the PATH, and a rooms server at that address.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";

const server = process.argv[2];
const LIMIT_MS = 20_000;

const driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "inherit"] });
let driverOutput = "";
driver.stdout.on("data", (data) => (driverOutput += data));

async function driverAddress() {
  for (;;) {
    const port = driverOutput.match(/started successfully on port (\d+)/)?.[1];
    if (port !== undefined) {
      return `http://127.0.0.1:${port}`;
    }
    await once(driver.stdout, "data");
  }
}

const address = await driverAddress();

async function webdriver(method, path, body) {
  const response = await fetch(address + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { value } = await response.json();
  if (!response.ok) {
    throw new Error(`${path}: ${value.message}`);
  }
  return value;
}

async function open(path) {
  const { sessionId } = await webdriver("POST", "/session", {
    capabilities: {
      alwaysMatch: {
        browserName: "chrome",
        "goog:loggingPrefs": { browser: "ALL" },
        "goog:chromeOptions": { args: ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"] },
      },
    },
  });
  const session = `/session/${sessionId}`;
  const tab = {
    run: (script, ...args) => webdriver("POST", `${session}/execute/sync`, { script, args }),
    click: (id) => tab.run("document.getElementById(arguments[0]).click()", id),
    text: (id) => tab.run("return document.getElementById(arguments[0]).textContent", id),
    value: (id) => tab.run("return document.getElementById(arguments[0]).value", id),
    go: (to) => webdriver("POST", `${session}/url`, { url: server + to }),
    close: () => webdriver("DELETE", session),
    log: () => webdriver("POST", `${session}/se/log`, { type: "browser" }),
    async until(what, script, ...args) {
      const end = Date.now() + LIMIT_MS;
      for (;;) {
        // The page answers when it is so, and is asked again after a second.
        const value = await webdriver("POST", `${session}/execute/async`, {
          script: `const done = arguments[arguments.length - 1];
            const test = () => { ${script} };
            const end = Date.now() + 1000;
            const look = () => {
              const value = test();
              if (value || Date.now() > end) done(value ?? null); else setTimeout(look, 20);
            };
            look();`,
          args,
        });
        if (value) {
          return value;
        }
        if (Date.now() > end) {
          const status = await tab.text("status");
          const log = JSON.stringify(await tab.log());
          throw new Error(`not within ${LIMIT_MS} ms: ${what}; status "${status}"; log ${log}`);
        }
      }
    },
    state: (state) =>
      tab.until(state, `return document.documentElement.dataset.state === "${state}"`),
    result: (id) =>
      tab.until(id, `const v = document.getElementById("${id}").value; return v && v !== "…" && v`),
  };
  await tab.go(path);
  return tab;
}

const tabs = [];
try {
  const page = "/demo/index.html?room=two-tabs";
  const [a, b] = await Promise.all([open(page), open(page)]);
  tabs.push(a, b);
  await Promise.all([a.state("connected"), b.state("connected")]);

  for (const [button, output, expected] of [
    ["call-add", "result-add", "7"],
    ["call-greeting", "result-greeting", "hello from the page"],
    ["call-set-greeting", "result-set-greeting", 'is now "hello from the page"'],
    ["call-counter", "result-counter", "11, 12"],
    ["call-sum", "result-sum", "30"],
    ["call-divide", "result-divide", "RangeError: division by zero"],
    ["send-colour", "result-colour", "done"],
  ]) {
    for (const tab of [a, b]) {
      await tab.click(button);
      assert.equal(await tab.result(output), expected);
    }
  }

  await a.run(`for (const [id, v] of [["red", 1], ["green", 2], ["blue", 3]]) {
    document.getElementById(id).value = v;
    document.getElementById(id).dispatchEvent(new Event("input"));
  }
  document.getElementById("send-colour").click();`);
  await b.until("the colour", 'return document.body.style.backgroundColor === "rgb(1, 2, 3)"');
  assert.equal(await b.value("blue"), "3");

  // A tab that goes away is noticed at once, and the other can go on with the next.
  const left = Date.now();
  await b.go("/healthz");
  await a.state("out");
  const noticed = Date.now() - left;
  assert.ok(noticed < 2000, `noticed after ${noticed} ms`);
  assert.match(await a.text("status"), /connection is over/);
  await b.go(page);
  await a.click("join");
  await Promise.all([a.state("connected"), b.state("connected")]);

  // Loading again takes over the own place although the room has no free one.
  await webdriverReload(b);
  await a.state("out");
  await a.click("join");
  await Promise.all([a.state("connected"), b.state("connected")]);
  await a.click("leave");
  await b.state("out");

  // A peer that asks for the window: refused, then agreed to.
  await a.go("/demo/index.html?room=consent");
  await b.go("/demo/index.html");
  await b.run(`(async () => {
    const [Comlink, { joinRoom }, { channelEndpoint }] = await Promise.all([
      import("/vendor/comlink.mjs"), import("/js/join-room.mjs"), import("/js/channel-endpoint.mjs")]);
    const room = await joinRoom("/", "consent");
    window.page = Comlink.wrap(channelEndpoint(room.channel));
    window.ask = (call) => call().then((v) => (window.answer = v ?? "done"),
      (e) => (window.answer = e.name + ": " + e.message));
  })();`);
  await a.state("connected");
  const answer = async (script) => {
    await b.run(`window.answer = undefined; window.ask(async () => { ${script} })`);
    return () => b.until(script, "return window.answer");
  };
  const asked = 'return document.getElementById("consent").open';
  const refused = await answer("window.got = await window.page.getWindow()");
  await a.until("the question", asked);
  await a.click("consent-refuse");
  assert.equal(
    await refused(),
    "Error: The person in front of the page refused to give its window",
  );
  const agreed = await answer("window.got = await window.page.getWindow()");
  await a.until("the question", asked);
  await a.click("consent-allow");
  assert.equal(await agreed(), "done");
  await (await answer('window.got.document.title = "new title"'))();
  assert.equal(await (await answer("return window.got.document.title"))(), "new title");
  assert.equal(await a.text("page-title"), "new title");
  await (await answer('await window.page.changeBackgroundColor("teal")'))();
  assert.equal(await a.value("green"), "128");
  await (await answer('await window.page.log("<b>plain</b>", 1)'))();
  assert.equal(await a.text("log"), "<b>plain</b> 1");
  for (const [script, expected] of [
    ["await window.page.constructor()", "TypeError: the member constructor cannot be reached"],
    ["await window.got.constructor.constructor('x')", "TypeError: the member constructor cannot"],
    ["await window.page.secret", "TypeError: secret is not exposed"],
    ["await window.got.document", "TypeError: Unserializable return value"],
    ['await window.page.changeBackgroundColor("nope")', 'TypeError: "nope" is no colour'],
  ]) {
    const got = await (await answer(script))();
    assert.ok(got.startsWith(expected), `${script}: ${got}`);
  }
  console.log(`ok: two tabs; a tab that went away was noticed after ${noticed} ms`);
} finally {
  await Promise.allSettled(tabs.map((tab) => tab.close()));
  driver.kill();
}

function webdriverReload(tab) {
  return tab.run("setTimeout(() => location.reload(), 0)");
}
