// A peer in Node: a line of JSON in for each command, a line out for each reply and event.
// node node-peer.mjs werift|node-datachannel
import { createInterface } from 'node:readline';
import { makePeer, reply } from './peer.mjs';

const stacks = {
  werift: async () => {
    const { RTCPeerConnection } = await import('werift');
    return makePeer(RTCPeerConnection, print, bytes => Buffer.from(bytes));
  },
  'node-datachannel': async () => {
    const { RTCPeerConnection } = await import('node-datachannel/polyfill');
    return makePeer(RTCPeerConnection, print);
  },
};

function print(object) {
  process.stdout.write(JSON.stringify(object) + '\n');
}

process.on('uncaughtException', e => print({ event: 'uncaught', text: String(e?.stack ?? e) }));
process.on('unhandledRejection', e => print({ event: 'uncaught', text: String(e?.stack ?? e) }));

const run = await stacks[process.argv[2]]();
print({ event: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
  print(await reply(run, JSON.parse(line)));
}
process.exit(0);
