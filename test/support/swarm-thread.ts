// A thread that shares a swarm table, and the announces of test clients: deterministic by thread and step, each
// thread with clients of its own, so that the outcome does not depend on who came first.

import { parentPort, workerData } from 'node:worker_threads';
import { type Counters, createCounters } from '../../src/core/counters.ts';
import { HEAD, lockShard } from '../../src/core/swarm/shard.ts';
import { attachSwarmTable, type SharedSwarmTable, type SwarmTable } from '../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';

export const NOW = 5_000_000;

export interface SwarmThreadSetup {
  readonly table: SharedSwarmTable;
  readonly owner: number;
  readonly counters: Counters;
  /** `hold` takes the first shard's lock, damages the shard and waits to be ended; `fail` throws instead. */
  readonly task: 'announce' | 'hold' | 'fail';
  /** Announces, or for ever. */
  readonly steps: number;
  readonly torrents: number;
  readonly clients: number;
}

/** Step `step` of thread `thread`: a client of that thread joins, changes, or leaves a torrent. */
export function createAnnouncer(table: SwarmTable, thread: number, torrents: number, clients: number) {
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  reply.octets = new Uint8Array(200 * 38);
  request.octets = new Uint8Array(40);
  request.peerIdOffset = 20;
  const view = new DataView(request.octets.buffer);
  let random = thread + 1;
  const below = (bound: number) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return Math.floor((random / 2 ** 32) * bound);
  };
  return () => {
    const client = below(clients);
    const isIpv6 = below(3) === 0;
    view.setUint32(0, below(torrents));
    view.setUint32(20, thread * 0x10000 + client);
    request.address.fill(0);
    request.address.set([10 + thread, 1, client >> 8, client]);
    request.family = isIpv6 ? 6 : 4;
    request.port = 1 + below(4);
    request.isSeed = below(3) === 0;
    request.event = ([0, 0, 0, 1, 2, 3, 3, 4] as const)[below(8)]!;
    request.clientKey = 0x1000000 + client;
    request.numwant = 50;
    request.bothFamilies = true;
    reply.offset = 0;
    announce({ table, settings: DEFAULT_TRACKER_SETTINGS }, request, NOW, reply);
  };
}

function run(setup: SwarmThreadSetup): void {
  const table = attachSwarmTable(setup.table, setup);
  if (setup.task === 'announce') {
    const say = createAnnouncer(table, setup.owner, setup.torrents, setup.clients);
    say();
    parentPort!.postMessage('begun');
    for (let step = 1; step < setup.steps; step++) say();
    return;
  }
  const shard = table.shards[0]!;
  lockShard(shard);
  // What a thread that ends half-way through leaves behind, and worse.
  shard.head[HEAD.torrents] = -7;
  shard.head[HEAD.freeRecord] = 0x7fffffff;
  shard.slots.fill(99, 0, 50);
  if (setup.task === 'fail') throw new Error('ends inside the lock');
  parentPort!.postMessage('begun');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

if (parentPort !== null && workerData !== null && 'task' in workerData) run(workerData as SwarmThreadSetup);

/** What a test says about a thread that it starts; the rest is given. */
export function setupOf(
  table: SwarmTable,
  owner: number,
  what: Partial<SwarmThreadSetup> = {},
): SwarmThreadSetup {
  return {
    table: table.shared,
    owner,
    counters: createCounters(),
    task: 'announce',
    steps: Number.POSITIVE_INFINITY,
    torrents: 5,
    clients: 200,
    ...what,
  };
}
