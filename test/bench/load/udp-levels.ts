// The rates that every UDP server is measured at.

import type { Level, Target } from '../contest.ts';
import { type BenchOptions, ratesOf } from '../options.ts';
import type { LoadProcess } from './load-process.ts';
import type { ProtocolSpec } from './protocol.ts';

/**
 * Sockets of the load, each with so many requests waiting at saturation. Twice as many overflow the receive buffer of
 * a server that leaves it as the system gives it (212,992 octets, some 800 a datagram).
 */
export const SOCKETS = 4;
export const WINDOW = 32;
/** Requests that may wait on a socket at a rate: 80 ms of the highest. */
const OPEN_LOOP_WINDOW = 1024;
/** 0 is saturation. */
const RATES = [20_000, 50_000, 0];

export function levelName(ratePerSecond: number): string {
  return ratePerSecond === 0 ? 'saturation' : `${ratePerSecond.toLocaleString('en-US')}/s`;
}

export function udpLevels(load: LoadProcess, protocol: ProtocolSpec, options: BenchOptions): Level[] {
  return ratesOf(options, RATES).map((ratePerSecond) => ({
    name: levelName(ratePerSecond),
    measure: (target, round) =>
      load.run({
        ...jobFor(target, protocol),
        window: ratePerSecond === 0 ? WINDOW : OPEN_LOOP_WINDOW,
        ratePerSecond,
        warmSeconds: options.warmSeconds,
        seconds: options.seconds,
        seed: round + 1,
      }),
  }));
}

/** At saturation for a while, uncounted: compiles what is compiled while running. */
export async function warmUp(
  load: LoadProcess,
  target: Target,
  protocol: ProtocolSpec,
  seconds: number,
): Promise<void> {
  await load.run({ ...jobFor(target, protocol), seconds });
}

/** Every peer announces once. */
export async function fillSwarm(load: LoadProcess, target: Target, protocol: ProtocolSpec): Promise<void> {
  if (protocol.name !== 'announce') throw new TypeError('only announces fill a swarm');
  const job = {
    ...jobFor(target, { ...protocol, isFill: true }),
    answers: protocol.peers,
    seconds: FILL_SECONDS,
  };
  const { answers, errors } = await load.run(job);
  if (answers < protocol.peers * FILLED) throw new Error(`took ${answers} announces, refused ${errors}`);
}

/** bittorrent-tracker takes 100,000 announces in some 25 seconds. */
const FILL_SECONDS = 90;
/** Loopback loses next to nothing. */
const FILLED = 0.99;

/** A second of saturation; the caller changes what it wants otherwise. */
export function jobFor({ address, port, processes }: Target, protocol: ProtocolSpec) {
  return {
    transport: 'udp' as const,
    protocol,
    address,
    port,
    processes,
    sockets: SOCKETS,
    window: WINDOW,
    ratePerSecond: 0,
    warmSeconds: 0,
    seconds: 1,
    answers: 0,
    seed: 1,
  };
}
