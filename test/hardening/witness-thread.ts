// A client with nothing to hide, on a thread of its own so that a scenario's work does not delay it: asks one clean
// question after the other over UDP and TCP, and looks at how much memory the server has meanwhile.

import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { readResidentOctets } from '../bench/cpu-time.ts';
import { decodeReply, encodeQuery } from '../support/dns-message.ts';
import type { Testimony, WitnessOrder } from './witness.ts';

/** Between two questions: often enough to fall into every scenario, and no load. */
const PAUSE_MILLISECONDS = 10;

/** Another address than that of the attackers: what their address gets is theirs. */
const OWN_ADDRESS = '127.0.0.2';

const QUESTION = { name: 't.clean.example.', type: 'TXT' } as const;
const ANSWER = 't.clean.example. 60 IN TXT "clean"';

const { pid, port, patienceMilliseconds } = workerData as WitnessOrder;

let isOver = false;
const master: MessagePort = parentPort!;
master.once('message', () => {
  isOver = true;
});

const socket = createSocket('udp4');
await new Promise<void>((resolve) => socket.bind(0, OWN_ADDRESS, resolve));

function askUdp(id: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (reply: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.off('message', take);
      resolve(reply);
    };
    // An answer that was given up belongs to an earlier question.
    const take = (reply: Buffer): void => {
      if (reply.readUInt16BE(0) === id) settle(reply);
    };
    const timer = setTimeout(settle, patienceMilliseconds, undefined);
    socket.on('message', take);
    socket.send(encodeQuery({ ...QUESTION, id }), port, '127.0.0.1');
  });
}

function askTcp(id: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const query = encodeQuery({ ...QUESTION, id });
    const client = connect({ port, host: '127.0.0.1', localAddress: OWN_ADDRESS });
    let received = Buffer.alloc(0);
    const settle = (reply: Buffer | undefined): void => {
      clearTimeout(timer);
      client.destroy();
      resolve(reply);
    };
    const timer = setTimeout(settle, patienceMilliseconds, undefined);
    client.on('error', () => settle(undefined));
    client.on('close', () => settle(undefined));
    client.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length === 2 + received.readUInt16BE(0))
        settle(received.subarray(2));
    });
    client.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 0xff]), query]));
  });
}

const testimony: Testimony = { answered: 0, failures: [], longestMilliseconds: 0, mostResidentOctets: 0 };

for (let id = 1; !isOver; id = (id % 0xffff) + 1) {
  for (const ask of [askUdp, askTcp]) {
    const from = performance.now();
    const reply = await ask(id);
    const milliseconds = performance.now() - from;
    testimony.longestMilliseconds = Math.max(testimony.longestMilliseconds, milliseconds);
    const said = reply === undefined ? 'nothing' : decodeReply(reply).answer.join();
    if (said === ANSWER) testimony.answered++;
    else if (testimony.failures.length < 10) testimony.failures.push(`${ask.name} got ${said}`);
  }
  testimony.mostResidentOctets = Math.max(testimony.mostResidentOctets, readResidentOctets([pid]));
  if (testimony.answered > 0) master.postMessage(testimony);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
}
socket.close();
