// One table and several real threads: what they do together, and what is left when one ends inside a lock.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { COUNTER_NAMES, Counter, createCounters } from '../../../src/core/counters.ts';
import { expire } from '../../../src/core/swarm/expire.ts';
import { recoverShards } from '../../../src/core/swarm/rebuild.ts';
import { HEAD, unlockShard } from '../../../src/core/swarm/shard.ts';
import { attachSwarmTable, createSwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import { createScrapeCounts, scrape } from '../../../src/core/tracker/scrape.ts';
import { SECRET } from '../../contract/announce-clients.ts';
import { lockOwner } from '../../support/swarm-memory.ts';
import { createAnnouncer, NOW, type SwarmThreadSetup, setupOf } from '../../support/swarm-thread.ts';
import { checkTable } from './invariants.ts';

const ENTRY = new URL('../../support/swarm-thread.ts', import.meta.url);
const THREADS = [2, 3, 4, 5];
const TORRENTS = 5;
const workers = new Set<Worker>();

afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()));
  workers.clear();
});

function start(setup: SwarmThreadSetup): Worker {
  const worker = new Worker(ENTRY, { workerData: setup });
  workers.add(worker);
  return worker;
}

/** With `torrents` as a table has them that is one shard, or 16. */
function createTable(torrents: number) {
  const limits = { torrents, peers: 100_000, peersPerTorrent: 50_000, heapOctets: 64 << 20 };
  return createSwarmTable({ secret: SECRET, counters: createCounters(), limits });
}

function scrapeAll(table: ReturnType<typeof createTable>) {
  return Array.from({ length: TORRENTS }, (_, torrent) => {
    const hash = new Uint8Array(20);
    new DataView(hash.buffer).setUint32(0, torrent);
    const counts = createScrapeCounts();
    scrape(table, hash, 0, counts);
    return counts;
  });
}

describe('threads that share a table', () => {
  it.each([
    { shards: 1, torrents: 1000 },
    { shards: 16, torrents: 20_000 },
  ])('come to what one thread comes to with the same announces ($shards shards)', async (scene) => {
    const steps = 12_000;
    const table = createTable(scene.torrents);
    expect(table.shards).toHaveLength(scene.shards);
    const setups = THREADS.map((owner) => setupOf(table, owner, { steps, torrents: TORRENTS }));
    const ends = setups.map((setup) => once(start(setup), 'exit'));
    let isOver = false;
    const over = Promise.all(ends).then(() => {
      isOver = true;
    });
    // The walk of the control plane goes on meanwhile, and finds nobody silent.
    while (!isOver) {
      expect(expire(table, NOW, 2000)).toBe(0);
      await new Promise(setImmediate);
    }
    await over;

    const model = createTable(scene.torrents);
    for (const owner of THREADS) {
      const alone = attachSwarmTable(model.shared, { owner, counters: model.counters });
      const say = createAnnouncer(alone, owner, TORRENTS, 200);
      for (let step = 0; step < steps; step++) say();
    }
    checkTable(table);
    const { heapOctets, ...totals } = swarmTotals(table);
    expect({ ...totals, heapOctets }).toMatchObject({
      ...swarmTotals(model),
      heapOctets,
      torrents: TORRENTS,
    });
    expect(totals.peersIpv4).toBeGreaterThan(500);
    expect(heapOctets).toBeGreaterThan(0);
    expect(scrapeAll(table)).toEqual(scrapeAll(model));
    // Counters are each thread's own.
    expect([...table.counters]).toEqual(COUNTER_NAMES.map(() => 0));
    const completed = setups.reduce((sum, { counters }) => sum + counters[Counter.completed]!, 0);
    expect(completed).toBe(model.counters[Counter.completed]);
  });
});

describe('a thread that ends inside a lock', () => {
  it.each(['hold', 'fail'] as const)('is found, and its shard serves again (%s)', async (task) => {
    const table = createTable(1000);
    const say = createAnnouncer(table, 1, TORRENTS, 200);
    for (let step = 0; step < 3000; step++) say();
    const before = swarmTotals(table);
    const scraped = scrapeAll(table);

    const dying = start(setupOf(table, 2, { task }));
    const ended = new Promise((resolve) => dying.once('exit', resolve));
    dying.on('error', () => {});
    if (task === 'hold') {
      await once(dying, 'message');
      void dying.terminate();
    }
    await ended;
    expect(lockOwner(table.shards[0]!.head, HEAD.lock)).toBe(2);
    expect(expire(table, NOW, 1000)).toBe(0);
    const waiting = start(setupOf(table, 3, { steps: 500 }));

    expect(recoverShards(table, 4, NOW)).toBe(0);
    expect(recoverShards(table, 2, NOW)).toBe(1);
    expect(recoverShards(table, 2, NOW)).toBe(0);
    await once(waiting, 'exit');
    checkTable(table);
    // What the others had entered is there still, beside what thread 3 brought.
    expect(swarmTotals(table).peersIpv4).toBeGreaterThan(before.peersIpv4);
    for (const [torrent, counts] of scrapeAll(table).entries()) {
      expect(counts.complete).toBeGreaterThanOrEqual(scraped[torrent]!.complete);
      expect(counts.downloaded).toBeGreaterThanOrEqual(scraped[torrent]!.downloaded);
    }
  });

  it('leaves a sound table wherever it is ended', async () => {
    const table = createTable(1000);
    let found = 0;
    for (let trial = 0; trial < 8; trial++) {
      const others = start(setupOf(table, 3, { clients: 2000 }));
      const dying = start(setupOf(table, 2, { clients: 2000, torrents: 3 }));
      await Promise.all([once(others, 'message'), once(dying, 'message')]);
      for (let round = 0; round < 2000; round++) expire(table, NOW, 10);
      await dying.terminate();
      found += recoverShards(table, 2, NOW);
      await others.terminate();
      found += recoverShards(table, 3, NOW);
      checkTable(table);
    }
    expect(swarmTotals(table).peersIpv4).toBeGreaterThan(100);
    expect(found).toBeLessThanOrEqual(16);
    expect(() => unlockShard(table.shards[0]!)).not.toThrow();
  });
});
