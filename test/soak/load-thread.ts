// A thread that loads the server until it is told that it is over, and says after each stretch what came of it.

import { parentPort, workerData } from 'node:worker_threads';
import { createAnnounceProtocol } from '../bench/load/announce-protocol.ts';
import type { LoadResult } from '../bench/load/load-result.ts';
import { UdpLoad } from '../bench/load/udp-load.ts';
import { Control, createCheckedDns } from './checked-dns.ts';
import type { ZonePorts } from './zone-versions.ts';

export interface LoadSetup {
  readonly kind: 'dns' | 'announces';
  readonly address: string;
  readonly port: number;
  readonly control: Int32Array;
  readonly zonePorts: ZonePorts;
  /** Of one stretch; below the two minutes that a connection id lives (BEP 15). */
  readonly seconds: number;
  readonly swarm: { readonly torrents: number; readonly peers: number };
}

export interface LoadReport {
  readonly result: LoadResult;
  readonly wrong: readonly string[];
}

/** Far longer than an answer takes: what is not there by then does not come. */
const TIMEOUT_MILLISECONDS = 5000;
const SOCKETS = 8;
const WINDOW = 32;

const setup = workerData as LoadSetup;
const checked = createCheckedDns(setup.control, setup.zonePorts);

function stretch(isFill: boolean): LoadResult {
  const { kind, address, port, seconds, swarm } = setup;
  const sockets = SOCKETS;
  const protocol =
    kind === 'dns' ? checked : createAnnounceProtocol({ ...swarm, isFill, seed: Date.now(), sockets });
  const answers = isFill ? swarm.peers : 0;
  const options = { address, port, sockets, window: WINDOW, ratePerSecond: 0, warmSeconds: 0, processes: [] };
  return new UdpLoad(protocol, {
    ...options,
    seconds: isFill ? 60 : seconds,
    answers,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
  }).run();
}

if (setup.kind === 'announces') stretch(true);
while (Atomics.load(setup.control, Control.isOver) === 0) {
  const report: LoadReport = { result: stretch(false), wrong: checked.wrong.splice(0) };
  parentPort!.postMessage(report);
}
