// The demo page: meets a peer in a room, lets it call this page and calls it, with npm's comlink.
// The peer is a JVM (`tautline demo --browser`) or this same page in another tab.

import { channelEndpoint } from "../js/channel-endpoint.mjs";
import { joinRoom } from "../js/join-room.mjs";

const MAX_LOG_LINES = 500;
const CONSENT_LIMIT_MS = 120_000;
const CALL_LIMIT_MS = 30_000;

const element = (id) => document.getElementById(id);
const CHANNELS = ["red", "green", "blue"];

// ------------------------------------------------------------------------------ the colour

function showColour(values) {
  CHANNELS.forEach((name, i) => {
    element(name).value = values[i];
    element(`${name}-value`).value = values[i];
  });
  document.body.style.backgroundColor = `rgb(${values.join(", ")})`;
}

const sliderValues = () => CHANNELS.map((name) => Number(element(name).value));

/** Three numbers from 0 to 255 for what a peer gave: those numbers, or any colour of CSS. */
function readColour(first, second, third) {
  if (typeof first === "string" && second === undefined) {
    if (!CSS.supports("color", first)) {
      throw new TypeError(`"${first}" is no colour`);
    }
    const probe = document.createElement("span");
    probe.style.color = first;
    document.body.append(probe);
    const computed = getComputedStyle(probe).color;
    probe.remove();
    const values = computed.match(/^rgba?\((\d+), (\d+), (\d+)/);
    if (values === null) {
      throw new TypeError(`"${first}" is not a colour of red, green and blue`);
    }
    return values.slice(1, 4).map(Number);
  }
  const values = [first, second, third];
  if (!values.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)) {
    throw new TypeError("a colour is text such as \"teal\" or three whole numbers from 0 to 255");
  }
  return values;
}

for (const name of CHANNELS) {
  element(name).addEventListener("input", () => showColour(sliderValues()));
}

// Whoever changes the title, the page shows it.
new MutationObserver(() => {
  element("page-title").textContent = document.title;
}).observe(document.querySelector("title"), { childList: true });

// ------------------------------------------------------------------------------ the consent

let asking = null;

/** Asks the person in front of the page; later calls wait for the same answer. */
function askForWindow(signal) {
  asking ??= new Promise((resolve, reject) => {
    const dialog = element("consent");
    const decide = (allowed, why) => {
      clearTimeout(limit);
      asking = null;
      dialog.close();
      element("consent-allow").onclick = null;
      element("consent-refuse").onclick = null;
      dialog.oncancel = null;
      signal.onabort = null;
      if (allowed) {
        resolve();
      } else {
        reject(new Error(why));
      }
    };
    const refused = () => decide(false, "The person in front of the page refused to give its window");
    const limit = setTimeout(
      () => decide(false, `Nobody agreed to give the page's window within ${CONSENT_LIMIT_MS / 1000} s`),
      CONSENT_LIMIT_MS,
    );
    element("consent-allow").onclick = () => decide(true);
    element("consent-refuse").onclick = refused;
    dialog.oncancel = refused;
    signal.onabort = () => decide(false, "The connection ended before anybody agreed");
    dialog.showModal();
  });
  return asking;
}

// ------------------------------------------------------------------------- what is exposed

class Counter {
  #value;

  constructor(start = 0) {
    this.#value = start;
  }

  next() {
    return ++this.#value;
  }
}

/** The object that the peer calls. It is the page's side of what the JVM's object offers. */
function exposedObject(Comlink, connectionEnded) {
  let agreed = false;
  return {
    greeting: "hello from the page",
    Counter,
    changeBackgroundColor(first, second, third) {
      showColour(readColour(first, second, third));
    },
    log(...what) {
      const log = element("log");
      const line = document.createElement("li");
      line.textContent = what.map(String).join(" ");
      log.append(line);
      while (log.childElementCount > MAX_LOG_LINES) {
        log.firstElementChild.remove();
      }
      // The list only: the page stays where the person is looking.
      log.scrollTop = log.scrollHeight;
    },
    // Gives the peer the power to run code in this page, so a person has to agree first.
    async getWindow() {
      if (!agreed) {
        await askForWindow(connectionEnded);
        agreed = true;
      }
      return Comlink.proxy(window);
    },
    add: (a, b) => a + b,
    async sum(upTo, callback) {
      let total = 0;
      for (let i = 1; i <= Math.min(upTo, 1000); i++) {
        total += await callback(i);
      }
      return total;
    },
    divide(dividend, divisor) {
      if (divisor === 0) {
        throw new RangeError("division by zero");
      }
      return Math.trunc(dividend / divisor);
    },
  };
}

/** Nothing but these paths may be used; the window, once given, is an object of its own. */
const ALLOWED = [
  "greeting",
  "Counter",
  "changeBackgroundColor",
  "log",
  "getWindow",
  "add",
  "sum",
  "divide",
];

// ----------------------------------------------------------------------------- what is called

function calls(peer, Comlink) {
  return {
    "send-colour": ["result-colour", async () => {
      await peer.changeBackgroundColor(...sliderValues());
      return "done";
    }],
    "call-add": ["result-add", () =>
      peer.add(Number(element("add-a").value), Number(element("add-b").value))],
    "call-greeting": ["result-greeting", () => peer.greeting],
    "call-set-greeting": ["result-set-greeting", async () => {
      peer.greeting = element("greeting-text").value;
      return `is now "${await peer.greeting}"`;
    }],
    "call-counter": ["result-counter", async () => {
      const counter = await new peer.Counter(10);
      const values = [await counter.next(), await counter.next()];
      counter[Comlink.releaseProxy]();
      return values.join(", ");
    }],
    "call-sum": ["result-sum", () => peer.sum(5, Comlink.proxy((n) => 2 * n))],
    "call-divide": ["result-divide", () => peer.divide(1, 0)],
  };
}

function wireButtons(peer, Comlink) {
  for (const [button, [output, call]] of Object.entries(calls(peer, Comlink))) {
    element(button).onclick = async () => {
      const result = element(output);
      result.value = "…";
      result.classList.remove("failed");
      try {
        result.value = String(await call());
      } catch (error) {
        result.value = `${error.name}: ${error.message}`;
        result.classList.add("failed");
      }
    };
  }
}

// ------------------------------------------------------------------------------- the room

let current = null;

function showState(state, text) {
  document.documentElement.dataset.state = state;
  element("status").textContent = text;
  element("join").disabled = state !== "out";
  element("room-name").disabled = state !== "out";
  element("leave").disabled = state === "out";
  for (const button of document.querySelectorAll(".needs-peer")) {
    button.disabled = state !== "connected";
  }
}

const WORDS = {
  claiming: (room) => `Entering the room "${room}" …`,
  waiting: (room) => `In the room "${room}". Waiting for the other side …`,
  connecting: () => "The other side is there. Connecting …",
};

async function loadComlink() {
  try {
    return await import("../vendor/comlink.mjs");
  } catch (error) {
    throw new Error(
      "This server was built without npm's comlink, which this page needs: install Node.js with" +
        " npm and build it again.",
      { cause: error },
    );
  }
}

async function enter(room) {
  const leaving = new AbortController();
  current = leaving;
  showState("claiming", WORDS.claiming(room));
  try {
    const Comlink = await loadComlink();
    const session = await joinRoom(new URL("..", location.href), room, {
      signal: leaving.signal,
      onState: (state) => {
        if (Object.hasOwn(WORDS, state)) {
          showState(state, WORDS[state](room));
        }
      },
    });
    leaving.signal.addEventListener("abort", () => session.close("left"));
    const endpoint = channelEndpoint(session.channel, {
      peerConnection: session.peerConnection,
      allow: ALLOWED,
      writable: ["greeting"],
      transferHandlers: Comlink.transferHandlers,
      callTimeoutMs: CALL_LIMIT_MS,
    });
    Comlink.expose(exposedObject(Comlink, leaving.signal), endpoint);
    wireButtons(Comlink.wrap(endpoint), Comlink);
    showState("connected", `Connected to the other side in the room "${room}".`);
    const reason = await session.closed;
    if (current === leaving) {
      leaving.abort();
      showState("out", `The connection is over: ${reason}.`);
    }
  } catch (error) {
    if (current === leaving) {
      showState("out", leaving.signal.aborted ? "Not in a room." : error.message);
    }
  }
}

element("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(element("room-name").value);
});

element("leave").addEventListener("click", () => {
  const leaving = current;
  current = null;
  leaving?.abort();
  showState("out", "Not in a room.");
});

showState("out", "Not in a room.");
const room = new URLSearchParams(location.search).get("room");
if (room !== null) {
  element("room-name").value = room;
  enter(room);
}
