// `node service-load.ts PORT SECONDS`: posts a torrent again and again over some connections, each waiting for its answer;
// prints how many answers came.

import { connect } from 'node:net';
import { makeServiceTorrent } from './service-work.ts';

export interface ServiceLoadResult {
  readonly answers: number;
  /** Of one answer's body. */
  readonly octets: number;
}

/** Enough to keep one processor busy while answers are on their way. */
const CONNECTIONS = 8;

const [port, seconds] = process.argv.slice(2).map(Number) as [number, number];
const body = makeServiceTorrent();
const head = `POST /v1/rewrite HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-bittorrent\r\ncontent-length: ${body.length}\r\n\r\n`;
const request = Buffer.concat([Buffer.from(head), body]);
const end = performance.now() + seconds * 1000;
let answers = 0;
let octets = 0;

await Promise.all(Array.from({ length: CONNECTIONS }, post));
process.stdout.write(JSON.stringify({ answers, octets } satisfies ServiceLoadResult));

/** Posts on one connection until the time is over. Rejects for any other answer than 200 with a body. */
function post(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(request));
    let left = 0; // octets of the body that have yet to come; 0: a head is due
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk;
      if (left === 0) {
        const headEnd = chunk.indexOf('\r\n\r\n');
        const length = /^HTTP\/1\.1 200 [\s\S]*?\ncontent-length: ([0-9]+)\r/i.exec(
          chunk.toString('latin1', 0, headEnd + 1),
        )?.[1];
        if (headEnd < 0 || length === undefined) {
          reject(new Error(`not the answer that was expected: ${chunk.toString('latin1', 0, 200)}`));
          socket.destroy();
          return;
        }
        octets = left = Number(length);
        rest = chunk.subarray(headEnd + 4);
      }
      left -= rest.length;
      if (left > 0) return;
      answers++;
      if (performance.now() < end) socket.write(request);
      else socket.end(resolve);
    });
  });
}
