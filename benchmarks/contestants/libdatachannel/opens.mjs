// libdatachannel under Node as one process of the comparison of open times. Speaks the lines that
// dev.tautline.benchmarks.opens.OpenProtocol documents; copied into a folder with node-datachannel.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const { PeerConnection } = createRequire(import.meta.url)('node-datachannel');
const role = process.argv[2];
const say = (word, text) =>
  process.stdout.write(
    word + (text === undefined ? '' : ' ' + Buffer.from(text).toString('base64')) + '\n');

let connection;
let channel;

function connect() {
  connection = new PeerConnection('open', { iceServers: [] });
  connection.onLocalDescription((sdp, type) => say(type.toUpperCase(), sdp));
  connection.onLocalCandidate((candidate, mid) => say('CANDIDATE', mid + ' ' + candidate));
  connection.onDataChannel(opened => {
    channel = opened;
  });
}

const commands = {
  GO() {
    connect();
    const start = process.hrtime.bigint();
    // Makes the offer as well.
    channel = connection.createDataChannel('open');
    channel.onOpen(() => {
      const micros = (process.hrtime.bigint() - start) / 1000n;
      process.stdout.write(`OPEN ${micros}\n`);
    });
  },
  OFFER: sdp => connection.setRemoteDescription(sdp, 'offer'),
  ANSWER: sdp => connection.setRemoteDescription(sdp, 'answer'),
  CANDIDATE(text) {
    const space = text.indexOf(' ');
    connection?.addRemoteCandidate(text.slice(space + 1), text.slice(0, space));
  },
  END() {
    connection.close();
    connection = undefined;
    channel = undefined;
    if (role === 'answer') {
      connect();
    }
    say('ENDED');
  },
};

if (role === 'answer') {
  connect();
}
say('READY');
for await (const line of createInterface({ input: process.stdin })) {
  const [word, text] = line.split(' ');
  commands[word](text && Buffer.from(text, 'base64').toString());
}
process.exit(0);
