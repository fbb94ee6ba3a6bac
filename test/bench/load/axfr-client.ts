// `node axfr-client.ts ADDRESS PORT APEX`: takes a zone by AXFR as fast as it comes, looks at every record, and prints
// what it got as JSON. A process of its own, so that every server has the same cold client.

import { connect } from 'node:net';

export interface AxfrSample {
  readonly records: number;
  readonly messages: number;
  readonly octets: number;
  readonly seconds: number;
  /** Of this client, user and system. */
  readonly clientCpuSeconds: number;
}

const SOA = 6;
const HEADER_OCTETS = 12;

class AxfrReader {
  records = 0;
  messages = 0;
  octets = 0;
  private soas = 0;
  private buffer: Buffer = Buffer.alloc(0);

  /** True once the second SOA has come. */
  read(chunk: Buffer): boolean {
    this.octets += chunk.length;
    let input = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    while (input.length >= 2) {
      const end = 2 + input.readUInt16BE(0);
      if (input.length < end) break;
      this.readMessage(input.subarray(2, end));
      input = input.subarray(end);
    }
    this.buffer = input;
    return this.soas === 2;
  }

  private readMessage(message: Buffer): void {
    const rcode = message[3]! & 15;
    if (rcode !== 0) throw new Error(`the transfer was refused with response code ${rcode}`);
    this.messages++;
    let at = HEADER_OCTETS;
    for (let left = message.readUInt16BE(4); left > 0; left--) at = skipName(message, at) + 4;
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      at = skipName(message, at);
      if (message[at] === 0 && message[at + 1] === SOA) this.soas++;
      at += 10 + ((message[at + 8]! << 8) | message[at + 9]!);
      this.records++;
    }
    if (at > message.length) throw new Error('a message ends inside a record');
  }
}

function skipName(message: Buffer, start: number): number {
  let at = start;
  for (let size = message[at]!; size !== 0; size = message[at]!) {
    if (size >= 0xc0) return at + 2;
    at += 1 + size;
  }
  return at + 1;
}

function request(apex: string): Buffer {
  const name = apex.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const message = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 252, 0, 1]);
  return Buffer.concat([Buffer.from([0, message.length]), message]);
}

const [address = '', port = '', apex = ''] = process.argv.slice(2);
const reader = new AxfrReader();
const socket = connect({ host: address, port: Number(port), noDelay: true });
let start = 0;
socket.once('connect', () => {
  start = performance.now();
  socket.write(request(apex));
});
socket.on('data', (chunk: Buffer) => {
  if (!reader.read(chunk)) return;
  const seconds = (performance.now() - start) / 1000;
  socket.destroy();
  const { user, system } = process.cpuUsage();
  const { records, messages, octets } = reader;
  const sample: AxfrSample = { records, messages, octets, seconds, clientCpuSeconds: (user + system) / 1e6 };
  process.stdout.write(JSON.stringify(sample));
});
socket.once('end', () => {
  throw new Error(`the connection was closed after ${reader.records} records`);
});
