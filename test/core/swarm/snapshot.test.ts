// A table that goes through octets and is the same table: whole, in pieces, torn, and while others use it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../../../src/core/counters.ts';
import { crc32 } from '../../../src/core/octets/crc32.ts';
import { expire } from '../../../src/core/swarm/expire.ts';
import type { SwarmLimits } from '../../../src/core/swarm/limits.ts';
import { HEAD, lockShard, unlockShard } from '../../../src/core/swarm/shard.ts';
import { encodeSnapshot } from '../../../src/core/swarm/snapshot.ts';
import {
  decodeSnapshotHead,
  MAX_FRAME_OCTETS,
  SNAPSHOT_HEAD_OCTETS,
} from '../../../src/core/swarm/snapshot-format.ts';
import { createSnapshotReader } from '../../../src/core/swarm/snapshot-reader.ts';
import { createSwarmTable, type SwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import {
  AnnounceEvent,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { CONNECTION_KEY, SECRET } from '../../contract/announce-clients.ts';
import { NOW, setupOf } from '../../support/swarm-thread.ts';
import { checkTable } from './invariants.ts';
import { tableContents } from './table-contents.ts';

const WORLD = 1_800_000_000;
const LIFETIME = 2700;
/** Of an age (peers.ts). */
const STEP = 22;

function createTable(limits: Partial<SwarmLimits> = {}, secret = SECRET): SwarmTable {
  const few = { torrents: 1000, peers: 100_000, peersPerTorrent: 50_000, heapOctets: 16 << 20 };
  return createSwarmTable({ secret, counters: createCounters(), limits: { ...few, ...limits } });
}

interface Announced {
  torrent: number;
  client: number;
  family: 4 | 6;
  port?: number;
  isSeed?: boolean;
  event?: keyof typeof AnnounceEvent;
  key?: number;
  atSeconds?: number;
}

/** A client has an address of its own in each family. */
function say(table: SwarmTable, announced: Announced): { complete: number; incomplete: number } {
  const {
    torrent,
    client,
    family,
    port = 1,
    isSeed = false,
    event = 'none',
    key = 0,
    atSeconds = NOW,
  } = announced;
  const octets = new Uint8Array(40);
  const view = new DataView(octets.buffer);
  view.setUint32(0, torrent);
  view.setUint32(30, client);
  const request = createAnnounceRequest();
  request.address.set(family === 4 ? [10] : [0x20, 1, 0xd, 0xb8]);
  new DataView(request.address.buffer).setUint16(family === 4 ? 2 : 14, client);
  Object.assign(request, { octets, peerIdOffset: 20, family, port, isSeed, clientKey: key });
  request.event = AnnounceEvent[event];
  const reply = createAnnounceReply();
  announce({ table, settings: DEFAULT_TRACKER_SETTINGS }, request, atSeconds, reply);
  return { complete: reply.complete, incomplete: reply.incomplete };
}

/** The octets, with room to be changed. */
function snapshotOf(table: SwarmTable, tableSeconds = NOW): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const chunk of encodeSnapshot(table, {
    connectionKey: CONNECTION_KEY,
    worldSeconds: WORLD,
    tableSeconds,
  })) {
    expect(chunk.length).toBeLessThanOrEqual(MAX_FRAME_OCTETS);
    chunks.push(chunk.slice());
  }
  return new Uint8Array(Buffer.concat(chunks));
}

interface Reading {
  /** Seconds that passed between the two, and what the new table's clock is ahead of the old one's beside them. */
  elapsed?: number;
  shift?: number;
  limits?: Partial<SwarmLimits>;
  /** Lengths of the pieces, again and again. */
  pieces?: readonly number[];
}

function read(
  octets: Uint8Array,
  { elapsed = 0, shift = 0, limits, pieces = [octets.length] }: Reading = {},
) {
  const result = decodeSnapshotHead(octets);
  if (result.kind === 'refused') return { progress: result.code, table: undefined };
  const { head } = result;
  const secret = Uint8Array.of(...head.tableKey, 9, 9, 9, 9);
  const table = createTable(limits, secret);
  const [worldSeconds, tableSeconds] = [WORLD + elapsed, NOW + elapsed + shift];
  const reader = createSnapshotReader({ table, head, worldSeconds, tableSeconds });
  let progress = reader.read(octets.subarray(0, 0));
  for (let at = SNAPSHOT_HEAD_OCTETS, piece = 0; at < octets.length; piece++) {
    const length = pieces[piece % pieces.length]!;
    progress = reader.read(octets.subarray(at, at + length));
    at += length;
  }
  return { progress, table, tally: reader.tally, head };
}

const announcement: fc.Arbitrary<Announced & { before: number }> = fc.record({
  torrent: fc.nat(3),
  client: fc.nat(60),
  family: fc.constantFrom<4 | 6>(4, 6),
  isSeed: fc.boolean(),
  event: fc.constantFrom('none', 'none', 'completed', 'stopped', 'paused'),
  key: fc.constantFrom(0, 0x1000000a),
  before: fc.nat(LIFETIME + 200),
});

function tableOf(announced: readonly (Announced & { before: number })[]): SwarmTable {
  const table = createTable();
  const inOrder = [...announced].sort((one, other) => other.before - one.before);
  for (const one of inOrder) say(table, { ...one, atSeconds: NOW - one.before });
  return table;
}

describe('a snapshot', () => {
  it('becomes the same table, whatever pieces it comes in', () => {
    fc.assert(
      fc.property(
        fc.array(announcement, { maxLength: 300 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 5 }),
        (announced, pieces) => {
          const table = tableOf(announced);
          expire(table, NOW, 100_000);
          const again = read(snapshotOf(table), { pieces });
          expect(again.progress).toBe('end');
          checkTable(again.table!);
          expect(tableContents(again.table!, NOW)).toEqual(tableContents(table, NOW));
          expect(again.tally).toMatchObject({ expired: 0, leftOut: 0 });
        },
      ),
      { seed: 8, numRuns: 30 },
    );
  });

  it('leaves out who was silent for too long meanwhile, and nobody before the time', () => {
    fc.assert(
      fc.property(
        fc.array(announcement, { maxLength: 200 }),
        fc.nat(LIFETIME),
        fc.nat(1000),
        (announced, elapsed, shift) => {
          const table = tableOf(announced);
          const again = read(snapshotOf(table), { elapsed, shift });
          expect(again.progress).toBe('end');
          checkTable(again.table!);
          const before = agesIn(table, NOW);
          const after = agesIn(again.table!, NOW + elapsed + shift);
          for (const [peer, former] of before) {
            const age = former + elapsed / STEP;
            if (age * STEP <= LIFETIME - 2 * STEP) expect(after.has(peer)).toBe(true);
            if (age * STEP > LIFETIME + 3 * STEP) expect(after.has(peer)).toBe(false);
            if (after.has(peer)) expect(Math.abs(after.get(peer)! - age)).toBeLessThanOrEqual(2);
          }
          for (const peer of after.keys()) expect(before.has(peer)).toBe(true);
        },
      ),
      { seed: 9, numRuns: 30 },
    );
  });

  it('has nobody left when a lifetime has passed', () => {
    const table = createTable();
    say(table, { torrent: 1, client: 1, family: 4, isSeed: true, event: 'completed' });
    say(table, { torrent: 2, client: 1, family: 4 });
    const again = read(snapshotOf(table), { elapsed: 3 * LIFETIME });
    expect(again.tally).toEqual({ entered: 0, expired: 2, leftOut: 0 });
    // The one that was downloaded is remembered, until the walk finds that nobody has asked for a lifetime.
    expect(swarmTotals(again.table!)).toMatchObject({ torrents: 1, peersIpv4: 0 });
    expire(again.table!, NOW + 3 * LIFETIME, 1000);
    expect(swarmTotals(again.table!).torrents).toBe(0);
  });

  it('takes a clock that was set back for no time at all', () => {
    const table = createTable();
    say(table, { torrent: 1, client: 1, family: 4 });
    const again = read(snapshotOf(table), { elapsed: -100_000, shift: 100_000 });
    expect(again.tally).toMatchObject({ entered: 1, expired: 0 });
  });

  it('knows its clients again: over the other family, from another port, and when they leave', () => {
    const table = createTable();
    say(table, { torrent: 1, client: 1, family: 4, key: 77 });
    say(table, { torrent: 1, client: 1, family: 6, key: 77 });
    say(table, { torrent: 1, client: 2, family: 4, key: 78, isSeed: true });
    const again = read(snapshotOf(table)).table!;
    expect(say(again, { torrent: 1, client: 2, family: 6, key: 78, isSeed: true })).toEqual({
      complete: 1,
      incomplete: 1,
    });
    expect(say(again, { torrent: 1, client: 1, family: 4, key: 77, port: 9 })).toEqual({
      complete: 1,
      incomplete: 1,
    });
    say(again, { torrent: 1, client: 1, family: 4, key: 77, port: 9, event: 'stopped' });
    expect(say(again, { torrent: 1, client: 1, family: 6, key: 77, event: 'stopped' })).toEqual({
      complete: 1,
      incomplete: 0,
    });
    checkTable(again);
  });

  it('carries swarms with many buckets and references', () => {
    const table = createTable();
    for (let client = 0; client < 5000; client++) {
      for (const family of client % 3 === 0 ? ([4, 6] as const) : ([4] as const)) {
        say(table, {
          torrent: client % 50 === 0 ? client : 7,
          client,
          family,
          isSeed: client % 4 === 0,
          key: client + 1,
        });
      }
    }
    const again = read(snapshotOf(table), { pieces: [65_536] });
    expect(again.progress).toBe('end');
    checkTable(again.table!);
    // Identities of 18 bits meet by chance in a swarm of thousands: pairs may be others then, and the counts stay.
    expect(swarmTotals(again.table!)).toMatchObject({ ...swarmTotals(table), heapOctets: expect.anything() });
    expect(tableContents(again.table!, NOW).map(nameIn)).toEqual(tableContents(table, NOW).map(nameIn));
  });

  it('goes from a table of one shard to one of 16', () => {
    const table = createTable();
    for (let client = 0; client < 300; client++) say(table, { torrent: client % 90, client, family: 4 });
    const again = read(snapshotOf(table), { limits: { torrents: 50_000 } });
    expect(again.table!.shards).toHaveLength(16);
    checkTable(again.table!);
    expect(tableContents(again.table!, NOW)).toEqual(tableContents(table, NOW));
  });

  it.each<{ caps: string; limits: Partial<SwarmLimits>; most: { torrents: number; peers: number } }>([
    { caps: 'torrents', limits: { torrents: 10 }, most: { torrents: 10, peers: 900 } },
    { caps: 'peers', limits: { peers: 100 }, most: { torrents: 90, peers: 100 } },
    { caps: 'peers a torrent', limits: { peersPerTorrent: 3 }, most: { torrents: 90, peers: 270 } },
    { caps: 'memory', limits: { heapOctets: 4096 }, most: { torrents: 90, peers: 300 } },
  ])('keeps to the limits of the new table: $caps', ({ limits, most }) => {
    const table = createTable();
    for (let client = 0; client < 900; client++) say(table, { torrent: client % 90, client, family: 4 });
    const again = read(snapshotOf(table), { limits });
    expect(again.progress).toBe('end');
    checkTable(again.table!);
    const { torrents, peersIpv4 } = swarmTotals(again.table!);
    expect(torrents).toBeLessThanOrEqual(most.torrents);
    expect(peersIpv4).toBeLessThanOrEqual(most.peers);
    expect(peersIpv4).toBeGreaterThan(9);
    expect(again.tally).toEqual({ entered: peersIpv4, expired: 0, leftOut: 900 - peersIpv4 });
  });
});

/** A line without the age, the state and what may be another's of the same identity. */
function nameIn(line: string): string {
  const words = line.split(' ');
  return words.length === 3 ? words[0]! : `${words[0]} ${words[1]}`;
}

/** Of each peer, in steps. */
function agesIn(table: SwarmTable, nowSeconds: number): ReadonlyMap<string, number> {
  const lines = tableContents(table, nowSeconds).filter((line) => line.split(' ').length > 3);
  return new Map(lines.map((line) => [nameIn(line), Number(line.split(' ').at(-1))]));
}

/** Some hundred octets in several frames' worth of entries. */
function someSnapshot(): Uint8Array {
  const table = createTable();
  for (let client = 0; client < 40; client++) {
    for (const family of [4, 6] as const) {
      say(table, {
        torrent: client % 7,
        client,
        family,
        isSeed: client % 3 === 0,
        key: client,
        event: 'completed',
      });
    }
  }
  return snapshotOf(table);
}

/** Tables are costly: one for many readings, which never come to more than the limits. */
function readInto(table: SwarmTable, octets: Uint8Array): string {
  const result = decodeSnapshotHead(octets);
  if (result.kind === 'refused') return result.code;
  const { head } = result;
  const reader = createSnapshotReader({ table, head, worldSeconds: WORLD, tableSeconds: NOW });
  return reader.read(octets.subarray(SNAPSHOT_HEAD_OCTETS));
}

describe('what is no whole snapshot', () => {
  const whole = someSnapshot();

  it('is told at every length', () => {
    const table = createTable();
    for (let length = 0; length < whole.length; length++) {
      const found = readInto(table, whole.subarray(0, length));
      expect(found).toBe(length < 16 ? 'foreign' : length < SNAPSHOT_HEAD_OCTETS ? 'damaged' : 'more');
    }
    expect(readInto(table, whole)).toBe('end');
    expect(readInto(table, Uint8Array.of(...whole, 0))).toBe('damaged');
  });

  it('is told whichever bit of it is another', () => {
    const table = createTable();
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at]! ^= 1 << (at % 8);
      // A length that has become larger waits for the rest, which does not come.
      expect(readInto(table, changed)).not.toBe('end');
    }
  });

  it('is told where a frame is missing, or stands twice', () => {
    const table = createTable();
    for (let client = 0; client < 30_000; client++) say(table, { torrent: client % 900, client, family: 6 });
    const chunks = [
      ...encodeSnapshot(table, { connectionKey: CONNECTION_KEY, worldSeconds: WORLD, tableSeconds: NOW }),
    ].map(({ length }) => length);
    expect(chunks.length).toBeGreaterThan(4);
    const octets = snapshotOf(table);
    const [first, second] = [chunks[0]! + chunks[1]!, chunks[0]! + chunks[1]! + chunks[2]!];
    const without = Buffer.concat([octets.subarray(0, first), octets.subarray(second)]);
    const twice = Buffer.concat([octets.subarray(0, second), octets.subarray(first)]);
    expect(readInto(createTable(), octets)).toBe('end');
    expect(readInto(createTable(), without)).toBe('damaged');
    expect(readInto(createTable(), twice)).toBe('damaged');
  });

  it('is refused by the version of another program', () => {
    const changed = whole.slice();
    changed[19] = 2;
    expect(decodeSnapshotHead(changed)).toEqual({ kind: 'refused', code: 'version' });
    expect(decodeSnapshotHead(new TextEncoder().encode('SQLite format 3 and more of it'))).toEqual({
      kind: 'refused',
      code: 'foreign',
    });
  });

  it('does no harm though its checksums are right', () => {
    const limits = { torrents: 40, peers: 300, peersPerTorrent: 20, heapOctets: 1 << 16 };
    const table = createTable(limits);
    const bodyStart = SNAPSHOT_HEAD_OCTETS + 12;
    const bodyEnd = whole.length - 13;
    const edit = fc.record({ at: fc.integer({ min: bodyStart, max: bodyEnd - 1 }), octet: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 20 }), (edits) => {
        const changed = whole.slice();
        for (const { at, octet } of edits) changed[at] = octet;
        new DataView(changed.buffer).setUint32(
          SNAPSHOT_HEAD_OCTETS,
          crc32(changed, SNAPSHOT_HEAD_OCTETS + 4, bodyEnd),
        );
        expect(['end', 'damaged']).toContain(readInto(table, changed));
        checkTable(table);
        const { torrents, peersIpv4, peersIpv6 } = swarmTotals(table);
        expect(torrents).toBeLessThanOrEqual(limits.torrents);
        expect(peersIpv4 + peersIpv6).toBeLessThanOrEqual(limits.peers);
      }),
      { seed: 27, numRuns: 150 },
    );
    expect(swarmTotals(table).peersIpv4).toBeGreaterThan(100);
  });
});

describe('a table in use', () => {
  it('gives snapshots that hold who was there all the time', async () => {
    const table = createTable({ torrents: 20_000 });
    // Torrents and clients that the threads do not touch.
    for (let client = 0; client < 9000; client++) {
      say(table, { torrent: 100 + (client % 300), client, family: client % 5 === 0 ? 6 : 4 });
    }
    const still = tableContents(table, NOW);
    const workers = [2, 3].map(
      (owner) =>
        new Worker(new URL('../../support/swarm-thread.ts', import.meta.url), {
          workerData: setupOf(table, owner, { torrents: 20, clients: 500 }),
        }),
    );
    try {
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      for (let round = 0; round < 3; round++) {
        const again = read(snapshotOf(table));
        expect(again.progress).toBe('end');
        checkTable(again.table!);
        const held = new Set(tableContents(again.table!, NOW));
        expect(still.filter((line) => !held.has(line))).toEqual([]);
        expect(held.size).toBeGreaterThan(still.length);
        await new Promise(setImmediate);
      }
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  });

  it('is not waited for for ever where a thread has ended inside a lock', () => {
    const table = createTable({ torrents: 20_000 });
    for (let client = 0; client < 600; client++) say(table, { torrent: client, client, family: 4 });
    const held = table.shards[3]!;
    lockShard({ ...held, owner: 77 });
    const octets = snapshotOf(table);
    unlockShard(held);
    const again = read(octets, { limits: { torrents: 20_000 } });
    expect(again.progress).toBe('end');
    expect(swarmTotals(again.table!).torrents).toBe(600 - held.head[HEAD.torrents]!);
    expect(held.head[HEAD.torrents]).toBeGreaterThan(0);
  });
});
