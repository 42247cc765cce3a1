// One peer connection driven by commands, in a browser and in Node alike: the same script for every
// stack with (about) the W3C interface. Commands and events are objects of JSON.
//
//   const run = makePeer(RTCPeerConnection, event => ...);
//   const result = await run({ op: 'offer' });

/** Bytes to Base64, in pieces: the arguments of one call are limited. */
function toBase64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}

function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

export function makePeer(PeerConnection, emit, toSend = bytes => bytes) {
  let pc;
  const channels = new Map();
  /** By prefix of the label: channels that are too many to report each event of. */
  const tallies = new Map();

  function describe(dc) {
    return {
      label: dc.label, protocol: dc.protocol, id: dc.id, ordered: dc.ordered,
      maxRetransmits: dc.maxRetransmits ?? null, maxPacketLifeTime: dc.maxPacketLifeTime ?? null,
      negotiated: dc.negotiated, readyState: dc.readyState, bufferedAmount: dc.bufferedAmount,
    };
  }

  /** Counts a channel's events, and sends each message back where that is wanted. */
  function count(tally, dc) {
    dc.binaryType = 'arraybuffer';
    tally.channels.add(dc);
    const changed = () => {
      if (tally.changed) {
        tally.changed();
      }
    };
    let opened = false;
    dc.onopen = () => {
      if (opened) {
        return;
      }
      opened = true;
      tally.opened++;
      tally.ids.set(dc.id, (tally.ids.get(dc.id) ?? 0) + 1);
      if (tally.greeting !== undefined) {
        dc.send(tally.greeting + dc.label);
      }
      changed();
    };
    dc.onmessage = ({ data }) => {
      tally.messages++;
      if (tally.echo) {
        dc.send(data);
      } else if (tally.expected !== undefined && data !== tally.expected + dc.label) {
        tally.faults.push(`"${data}" came on "${dc.label}"`);
      } else if (tally.keep) {
        tally.kept.push(data);
      }
      changed();
    };
    dc.onerror = e => {
      tally.faults.push(`"${dc.label}": ${e.error?.message ?? e}`);
      changed();
    };
    dc.onclose = () => {
      tally.closed++;
      tally.channels.delete(dc);
      changed();
    };
    if (dc.readyState === 'open') {
      dc.onopen();
    }
  }

  const tallyOf = label => {
    for (const [prefix, tally] of tallies) {
      if (label.startsWith(prefix)) {
        return tally;
      }
    }
    return undefined;
  };

  const figures = tally => ({
    opened: tally.opened, closed: tally.closed, messages: tally.messages,
    ids: [...tally.ids.keys()], faults: tally.faults, kept: tally.kept, left: tally.channels.size,
  });

  /** Until the tally has these figures, or something went wrong. */
  async function reached(tally, { opened = 0, messages = 0, closed = 0 }) {
    while (tally.faults.length === 0 &&
        (tally.opened < opened || tally.messages < messages || tally.closed < closed)) {
      await new Promise(resolve => { tally.changed = resolve; });
    }
    return figures(tally);
  }

  const event = (target, type) =>
    new Promise((resolve, reject) => {
      target.addEventListener(type, resolve, { once: true });
      target.addEventListener('error', e => reject(e.error ?? new Error(type)), { once: true });
    });

  /** Channels one after another: opened, one message there and back, closed. */
  async function openAndClose(label, options, count) {
    const ids = new Map();
    for (let i = 0; i < count; i++) {
      const dc = pc.createDataChannel(label, options);
      await event(dc, 'open');
      ids.set(dc.id, (ids.get(dc.id) ?? 0) + 1);
      const text = `${label} number ${i}`;
      const back = event(dc, 'message');
      dc.send(text);
      const { data } = await back;
      if (data !== text) {
        throw new Error(`sent "${text}", "${data}" came back`);
      }
      const closed = event(dc, 'close');
      dc.close();
      await closed;
    }
    return { ids: [...ids.keys()] };
  }

  function add(dc, label = dc.label) {
    const tally = tallyOf(label);
    if (tally) {
      count(tally, dc);
      return;
    }
    channels.set(label, dc);
    dc.binaryType = 'arraybuffer';
    let opened = false;
    const open = () => {
      if (!opened) {
        opened = true;
        emit({ event: 'open', label, channel: describe(dc) });
      }
    };
    dc.onopen = open;
    dc.onclosing = () => emit({ event: 'closing', label });
    dc.onclose = () => emit({ event: 'close', label });
    dc.onerror = e => emit({ event: 'error', label, text: String(e.error?.message ?? e) });
    dc.onbufferedamountlow = () => emit({ event: 'low', label });
    dc.onmessage = ({ data }) => {
      if (dc.followed) {
        follow(dc.followed, data);
      } else if (dc.echo) {
        dc.send(data);
      } else if (typeof data === 'string') {
        emit({ event: 'message', label, text: data });
      } else {
        emit({ event: 'message', label, base64: toBase64(new Uint8Array(data)) });
      }
    };
    if (dc.readyState === 'open') {
      open();
    }
  }

  const channel = label => {
    const dc = channels.get(label);
    if (!dc) {
      throw new Error(`no channel "${label}", there are: ${[...channels.keys()]}`);
    }
    return dc;
  };

  const payload = command =>
    command.base64 === undefined ? command.text : toSend(fromBase64(command.base64));

  /** Numbers from 0 on have to come, each once and in order. */
  function follow(followed, data) {
    const now = performance.now();
    followed.longestGap = Math.max(followed.longestGap, now - followed.last);
    followed.last = now;
    if (data !== String(followed.next)) {
      followed.faults.push(`"${data}" came in place of ${followed.next}`);
    }
    followed.next++;
    followed.changed?.();
  }

  /** Until so many numbers came. */
  async function followed(dc, count) {
    const state = dc.followed;
    while (state.faults.length === 0 && state.next < count) {
      await new Promise(resolve => { state.changed = resolve; });
    }
    return { received: state.next, longestGap: Math.round(state.longestGap), faults: state.faults };
  }

  /** Sends as fast as the buffer takes it. */
  async function sendMany(dc, { count, size }) {
    const body = toSend(new Uint8Array(size).map((_, i) => i));
    for (let i = 0; i < count; i++) {
      while (dc.bufferedAmount > 1 << 20) {
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      dc.send(body);
    }
  }

  const operations = {
    create({ config }) {
      pc = new PeerConnection(config ?? {});
      pc.onicecandidate = ({ candidate }) => emit({
        event: 'candidate',
        candidate: candidate?.candidate ?? '',
        sdpMid: candidate?.sdpMid ?? null,
        sdpMLineIndex: candidate?.sdpMLineIndex ?? null,
        usernameFragment: candidate?.usernameFragment ?? null,
      });
      pc.onconnectionstatechange = () =>
        emit({ event: 'connection', state: pc.connectionState });
      pc.ondatachannel = ({ channel: dc }) => {
        if (!tallyOf(dc.label)) {
          emit({ event: 'channel', label: dc.label, channel: describe(dc) });
        }
        add(dc);
      };
    },
    channel: ({ label, options }) => add(pc.createDataChannel(label, options ?? {})),
    async offer({ iceRestart }) {
      await pc.setLocalDescription(await pc.createOffer({ iceRestart: !!iceRestart }));
      return { sdp: pc.localDescription.sdp };
    },
    async answer({ sdp }) {
      await pc.setRemoteDescription({ type: 'offer', sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      return { sdp: pc.localDescription.sdp };
    },
    restartIce: () => pc.restartIce(),
    // The description with all candidates.
    async gathered() {
      while (pc.iceGatheringState !== 'complete') {
        await new Promise(resolve =>
          pc.addEventListener('icegatheringstatechange', resolve, { once: true }));
      }
      return { sdp: pc.localDescription.sdp };
    },
    accept: ({ sdp }) => pc.setRemoteDescription({ type: 'answer', sdp }),
    candidate: ({ op, ...candidate }) => pc.addIceCandidate(candidate),
    send: command => channel(command.label).send(payload(command)),
    sendMany: command => sendMany(channel(command.label), command),
    sendLater(command) {
      setTimeout(() => channel(command.label).send(payload(command)), command.delayMillis);
    },
    echo: ({ label }) => { channel(label).echo = true; },
    // Channels whose label begins so are counted from now on, instead of reported.
    tally({ prefix, greeting, expected, echo, keep }) {
      tallies.set(prefix, {
        greeting, expected, echo, keep, opened: 0, closed: 0, messages: 0,
        ids: new Map(), faults: [], kept: [], channels: new Set(), changed: null,
      });
    },
    tallied: ({ prefix, ...figures }) => reached(tallies.get(prefix), figures),
    openMany({ prefix, count, options }) {
      for (let i = 0; i < count; i++) {
        add(pc.createDataChannel(`${prefix}${i}`, options ?? {}));
      }
    },
    sendToEach({ prefix, greeting }) {
      tallies.get(prefix).channels.forEach(dc => dc.send(greeting + dc.label));
    },
    closeEach: ({ prefix }) => tallies.get(prefix).channels.forEach(dc => dc.close()),
    openAndClose: ({ label, options, count }) => openAndClose(label, options ?? {}, count),
    // A message on each channel in turn, as fast as all of them leave.
    async sendNumbers({ labels, count, size }) {
      const all = labels.map(channel);
      for (let i = 0; i < count; i++) {
        all.forEach(dc => dc.send(`${i} ${'.'.repeat(size)}`));
        while (all.some(dc => dc.bufferedAmount > 0)) {
          await new Promise(resolve => setTimeout(resolve, 2));
        }
      }
    },
    follow({ label }) {
      channel(label).followed =
        { next: 0, last: performance.now(), longestGap: 0, faults: [], changed: null };
    },
    followed: ({ label, count }) => followed(channel(label), count),
    // Numbers from 0 on, until they are stopped.
    count({ label, everyMillis }) {
      const dc = channel(label);
      dc.counted = 0;
      dc.counting = setInterval(() => dc.send(String(dc.counted++)), everyMillis);
    },
    stopCounting({ label }) {
      const dc = channel(label);
      clearInterval(dc.counting);
      return { sent: dc.counted };
    },
    async statistics() {
      return [...(await pc.getStats()).values()];
    },
    closeChannel: ({ label }) => channel(label).close(),
    close: () => pc.close(),
    describe: ({ label }) => describe(channel(label)),
    state: () => ({
      connection: pc.connectionState, ice: pc.iceConnectionState, signaling: pc.signalingState,
      channels: [...channels.values()].map(describe),
      remoteDescription: pc.remoteDescription?.sdp ?? null,
      localDescription: pc.localDescription?.sdp ?? null,
    }),
    version: () => ({ text: globalThis.navigator?.userAgent ?? globalThis.process?.version }),
  };

  return async command => {
    const operation = operations[command.op];
    if (!operation) {
      throw new Error(`no operation "${command.op}"`);
    }
    return (await operation(command)) ?? null;
  };
}

/** Answers a command with one object, whatever happens. */
export async function reply(run, { id, ...command }) {
  try {
    return { re: id, result: await run(command) };
  } catch (e) {
    return { re: id, error: String(e?.stack ?? e) };
  }
}
