// Announces over TLS from a number of clients at once: on a connection that stays, or on a new one for each, with the session
// of another or without. On Node's own sockets: it takes more time than the server does, and the server's is what is counted.

import { type ConnectionOptions, connect } from 'node:tls';
import { httpAnnounces } from './http-announces.ts';
import { readHttpReply } from './http-reply.ts';
import { LoadMeter } from './load-meter.ts';
import type { LoadResult } from './load-result.ts';
import { AnswerKind } from './protocol.ts';
import { Random } from './random.ts';
import type { Swarm } from './swarm.ts';

/** How a client comes to its next announce. */
export type Handshakes = 'kept' | 'resumed' | 'full';

export interface HttpsLoadOptions {
  readonly address: string;
  readonly port: number;
  /** At once. */
  readonly connections: number;
  readonly handshakes: Handshakes;
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly swarm: Swarm;
  readonly seed: number;
  readonly processes: readonly number[];
}

/** Answers of 50 peers are far shorter. */
const REPLY_OCTETS = 16_384;
/** A connection without an answer for so long is given up. */
const TIMEOUT_MILLISECONDS = 2000;

export async function runHttpsLoad(options: HttpsLoadOptions): Promise<LoadResult> {
  const { address, port, swarm, handshakes, seed, warmSeconds } = options;
  const isKeptAlive = handshakes === 'kept';
  const requests = httpAnnounces({ address, port, swarm, isKeptAlive, isFill: false });
  const random = new Random(seed);
  const meter = new LoadMeter(options.processes);
  const end = performance.now() + (warmSeconds + options.seconds) * 1000;
  const isOver = (): boolean => performance.now() >= end;
  let session: Buffer | undefined;

  function nextRequest(): Uint8Array {
    const peer = random.below(swarm.peers);
    return requests.octets.subarray(requests.starts[peer], requests.starts[peer + 1]);
  }

  /** One connection: one announce, or as many as the time allows. */
  function visit(): Promise<void> {
    const own: ConnectionOptions = { host: address, port, rejectUnauthorized: false };
    const resumed = handshakes === 'resumed' ? session : undefined;
    const socket = connect(resumed === undefined ? own : { ...own, session: resumed });
    const received = new Uint8Array(REPLY_OCTETS);
    let length = 0;
    let sentAt = performance.now();
    const fail = (): void => meter.count(AnswerKind.error, 0, 0);
    socket.setTimeout(TIMEOUT_MILLISECONDS, () => {
      meter.timeouts++;
      socket.destroy();
    });
    socket.on('error', fail);
    socket.on('session', (one: Buffer) => {
      session ??= one;
    });
    socket.once('secureConnect', () => {
      meter.connections++;
      // What was to be measured is another handshake.
      if (resumed !== undefined && !socket.isSessionReused()) fail();
      socket.write(nextRequest());
    });
    socket.on('data', (chunk: Buffer) => {
      received.set(chunk, length);
      length += chunk.length;
      const reply = readHttpReply(received, length, false);
      if (reply === undefined) return;
      const microseconds = (performance.now() - sentAt) * 1000;
      meter.count(reply.isGood ? AnswerKind.positive : AnswerKind.error, length, microseconds);
      if (!isKeptAlive || reply.closes || isOver()) {
        socket.destroy();
        return;
      }
      length = 0;
      sentAt = performance.now();
      socket.write(nextRequest());
    });
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  async function work(): Promise<void> {
    while (!isOver()) await visit();
  }

  const warm = setTimeout(() => meter.start(), warmSeconds * 1000);
  await Promise.all(Array.from({ length: options.connections }, work));
  clearTimeout(warm);
  return meter.finish();
}
