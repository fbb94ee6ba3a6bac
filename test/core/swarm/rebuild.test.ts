// A shard made anew from octets that may mean anything.
import { describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import { expire } from '../../../src/core/swarm/expire.ts';
import { rebuildShard } from '../../../src/core/swarm/rebuild.ts';
import {
  HEAD,
  lockShard,
  RECORD,
  RECORD_WORDS,
  type SwarmShard,
  unlockShard,
} from '../../../src/core/swarm/shard.ts';
import { createSwarmTable, type SwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { SECRET } from '../../contract/announce-clients.ts';
import { createAnnouncer, NOW } from '../../support/swarm-thread.ts';
import { checkTable } from './invariants.ts';

function createTable(heapOctets = 1 << 20): SwarmTable {
  const limits = { torrents: 64, peers: 20_000, peersPerTorrent: 5000, heapOctets };
  return createSwarmTable({ secret: SECRET, counters: createCounters(), limits });
}

function fill(table: SwarmTable, steps: number, torrents = 5): void {
  for (const [thread, clients] of [
    [1, 20],
    [2, 300],
  ] as const) {
    const say = createAnnouncer(table, thread, thread * torrents, clients);
    for (let step = 0; step < steps; step++) say();
  }
}

function rebuild(shard: SwarmShard): void {
  lockShard(shard);
  rebuildShard(shard, NOW);
  unlockShard(shard);
}

/** Octets of the heap by which a rebuilt table may differ: what it had not given back yet. */
function withoutSlack({ heapOctets, ...totals }: ReturnType<typeof swarmTotals>) {
  return { ...totals, hasHeap: heapOctets > 0 };
}

describe('rebuilding', () => {
  it('keeps a sound shard as it is', () => {
    const table = createTable();
    fill(table, 4000);
    const before = withoutSlack(swarmTotals(table));
    const counts = () =>
      Array.from({ length: before.torrents }, (_, torrent) =>
        [
          ...table.shards[0]!.words.subarray(torrent * RECORD_WORDS, torrent * RECORD_WORDS + RECORD.ipv4),
        ].filter((_word, at) => at !== RECORD.next),
      );
    const records = counts().sort();
    rebuild(table.shards[0]!);
    checkTable(table);
    expect(withoutSlack(swarmTotals(table))).toEqual(before);
    expect(counts().sort()).toEqual(records);
    expire(table, NOW + 100_000, 100_000);
    expect(swarmTotals(table)).toMatchObject({ torrents: 0, peersIpv4: 0, peersIpv6: 0, heapOctets: 0 });
  });

  it('leaves an empty shard empty', () => {
    const table = createTable();
    rebuild(table.shards[0]!);
    expect(swarmTotals(table)).toEqual(swarmTotals(createTable()));
  });

  it('drops peers whose last announce no clock can have seen', () => {
    const table = createTable();
    fill(table, 500);
    lockShard(table.shards[0]!);
    rebuildShard(table.shards[0]!, NOW + 3000);
    unlockShard(table.shards[0]!);
    expect(swarmTotals(table)).toMatchObject({ peersIpv4: 0, peersIpv6: 0 });
    fill(table, 500);
    lockShard(table.shards[0]!);
    rebuildShard(table.shards[0]!, NOW - 60);
    unlockShard(table.shards[0]!);
    expect(swarmTotals(table)).toMatchObject({ peersIpv4: 0, peersIpv6: 0 });
    checkTable(table);
  });

  it('makes every shard sound, whatever octets are changed', () => {
    let random = 99;
    const below = (bound: number) => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    const WORDS = [0, 1, -1, 2, 5, 64, 0x7fffffff, -0x80000000, 0x101, 0x40, 3 << 8];
    for (let trial = 0; trial < 80; trial++) {
      const table = createTable(256 << 10);
      fill(table, 150 + below(1200), 1 + below(6));
      const shard = table.shards[0]!;
      const { head, slots, words, heap } = shard;
      const touched = Math.max(RECORD_WORDS, head[HEAD.recordsTouched]! * RECORD_WORDS);
      const targets = [
        [head, HEAD.lock],
        [slots, slots.length],
        [words, touched],
        [words, touched],
        [words, words.length],
        [heap.state, heap.state.length],
        [heap.pageLinks, heap.pageLinks.length],
      ] as const;
      const changes = 1 << below(11);
      for (let change = 0; change < changes; change++) {
        const [target, length] = targets[below(targets.length)]!;
        const value = below(2) === 0 ? WORDS[below(WORDS.length)]! : below(2 ** 32) | 0;
        target[below(length)] = below(3) === 0 ? target[below(length)]! : value;
      }
      for (let change = 0; change < 20; change++)
        heap.pageClasses[below(heap.pageClasses.length)] = below(256);
      rebuild(shard);
      checkTable(table);
      fill(table, 200);
      checkTable(table);
      expire(table, NOW + 100_000, 1_000_000);
      expect(swarmTotals(table)).toMatchObject({ torrents: 0, peersIpv4: 0, peersIpv6: 0, heapOctets: 0 });
    }
  });

  it('is what a handler does that fails in the middle', () => {
    const table = createTable();
    fill(table, 2000);
    const before = withoutSlack(swarmTotals(table));
    const request = createAnnounceRequest();
    const reply = createAnnounceReply();
    request.octets = new Uint8Array(40);
    request.peerIdOffset = 20;
    request.port = 1;
    request.numwant = 50;
    Object.defineProperty(reply, 'complete', {
      set() {
        throw new Error('a mistake of ours');
      },
    });
    const tracker = { table, settings: DEFAULT_TRACKER_SETTINGS };
    expect(() => announce(tracker, request, NOW, reply)).toThrow('a mistake of ours');
    checkTable(table);
    expect(swarmTotals(table).peersIpv4).toBe(before.peersIpv4 + 1);
    expect(table.counters[Counter.peersExpired]).toBe(0);
  });
});
