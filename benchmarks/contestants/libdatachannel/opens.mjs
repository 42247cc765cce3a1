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
// Candidates that overtook the description, which libdatachannel would not take; null after it.
let early;

function connect() {
  early = [];
  connection = new PeerConnection('open', { iceServers: [] });
  connection.onLocalDescription((sdp, type) => say(type.toUpperCase(), sdp));
  connection.onLocalCandidate((candidate, mid) => say('CANDIDATE', mid + ' ' + candidate));
  connection.onDataChannel(opened => {
    channel = opened;
  });
}

function described(sdp, type) {
  connection.setRemoteDescription(sdp, type);
  early.forEach(candidate);
  early = null;
}

function candidate(text) {
  const space = text.indexOf(' ');
  try {
    connection?.addRemoteCandidate(text.slice(space + 1), text.slice(0, space));
  } catch (error) {
    // It is late: the other side has opened the channel and ended the connection meanwhile.
    if (!channel) {
      throw error;
    }
  }
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
  OFFER: sdp => described(sdp, 'offer'),
  ANSWER: sdp => described(sdp, 'answer'),
  CANDIDATE(text) {
    if (early) {
      early.push(text);
    } else {
      candidate(text);
    }
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
