// What the stories do not reach: fairness, caps, the heap, and expiry in small steps.
import { describe, expect, it } from 'vitest';
import { Counter } from '../../../src/core/counters.ts';
import { expire, expiryWork } from '../../../src/core/swarm/expire.ts';
import {
  allocate,
  CLASS_WORDS,
  classFor,
  createHeap,
  heapUsedOctets,
  LARGE_WORDS,
  NO_BLOCK,
  PAGE_OCTETS,
  release,
} from '../../../src/core/swarm/heap.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import {
  type AnnounceReply,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../../../src/core/tracker/announce.ts';
import { createTestTracker, type TestTracker } from '../../contract/announce-clients.ts';
import { checkTable } from './invariants.ts';

interface Someone {
  torrent?: number;
  client: number;
  isSeed?: boolean;
  numwant?: number;
  now?: number;
  family?: 4 | 6;
}

/** Announces client number `client`, whose IPv4 port, address and peer id follow from the number. */
function say(tracker: TestTracker, someone: Someone): AnnounceReply {
  const { torrent = 0, client, isSeed = false, numwant = 50, now = 1000, family = 4 } = someone;
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  const octets = new Uint8Array(40);
  new DataView(octets.buffer).setUint32(0, torrent);
  new DataView(octets.buffer).setUint32(20, client);
  const address = Uint8Array.of(10, client >> 16, client >> 8, client, ...new Uint8Array(12));
  Object.assign(request, { octets, peerIdOffset: 20, address, family, port: 7000, isSeed, numwant });
  reply.octets = new Uint8Array(200 * 38);
  announce(tracker, request, now, reply);
  return reply;
}

function clientsOf(reply: AnnounceReply): number[] {
  const clients: number[] = [];
  for (let at = 0; at < reply.offset; at += 6) {
    clients.push((reply.octets[at + 1]! << 16) | (reply.octets[at + 2]! << 8) | reply.octets[at + 3]!);
  }
  return clients;
}

describe('selection', () => {
  it.each([
    { peers: 20, numwant: 5, isSeed: false },
    { peers: 150, numwant: 50, isSeed: false },
    { peers: 150, numwant: 20, isSeed: true },
    { peers: 400, numwant: 199, isSeed: false },
  ])('lists each of $peers peers as often, $numwant at a time (asker a seed: $isSeed)', (scene) => {
    const tracker = createTestTracker();
    for (let client = 1; client <= scene.peers; client++) say(tracker, { client, isSeed: client % 3 === 0 });
    const rounds = 4000;
    const times = new Map<number, number>();
    for (let round = 0; round < rounds; round++) {
      const clients = clientsOf(
        say(tracker, { client: 60000, isSeed: scene.isSeed, numwant: scene.numwant }),
      );
      expect(new Set(clients).size).toBe(scene.numwant);
      for (const client of clients) times.set(client, (times.get(client) ?? 0) + 1);
    }
    const eligible = Array.from({ length: scene.peers }, (_, index) => index + 1).filter(
      (client) => !scene.isSeed || client % 3 !== 0,
    );
    expect([...times.keys()].sort((a, b) => a - b)).toEqual(eligible);
    const expected = (rounds * scene.numwant) / eligible.length;
    const spread = Math.sqrt(expected * (1 - scene.numwant / eligible.length));
    // Each count is binomial: five deviations are passed once in a million.
    for (const count of times.values()) expect(Math.abs(count - expected)).toBeLessThan(5 * spread);
  });

  it('gives the asker’s own family at least three quarters, and the rest to the other', () => {
    const tracker = createTestTracker();
    for (let client = 1; client <= 100; client++) {
      say(tracker, { client });
      say(tracker, { client: client + 1000, family: 6 });
    }
    const request = createAnnounceRequest();
    const reply = createAnnounceReply();
    Object.assign(request, {
      octets: new Uint8Array(40).fill(9, 20),
      peerIdOffset: 20,
      port: 1,
      numwant: 50,
    });
    request.bothFamilies = true;
    reply.octets = new Uint8Array(4000);
    announce(tracker, request, 1000, reply);
    expect(reply).toMatchObject({ ownPeers: 38, otherPeers: 12, offset: 38 * 6 + 12 * 18 });
  });
});

describe('caps', () => {
  it('shed one-peer torrents when torrents are at their limit, and keep the living', () => {
    const tracker = createTestTracker({ torrents: 50 });
    for (let torrent = 0; torrent < 10; torrent++) {
      for (let client = 0; client < 3; client++) say(tracker, { torrent, client });
    }
    for (let torrent = 100; torrent < 3000; torrent++) say(tracker, { torrent, client: torrent });
    expect(swarmTotals(tracker.table).torrents).toBeLessThanOrEqual(50);
    for (let torrent = 0; torrent < 10; torrent++) {
      expect(say(tracker, { torrent, client: 0 }).incomplete).toBe(3);
    }
    expect(tracker.counters[Counter.torrentsCapped]).toBeGreaterThan(2800);
    checkTable(tracker.table);
  });

  it('bound the peers of one torrent, and let newcomers in', () => {
    const tracker = createTestTracker({ peersPerTorrent: 100 });
    for (let client = 0; client < 1000; client++) say(tracker, { client, now: 1000 + client });
    const reply = say(tracker, { client: 5000, numwant: 200, now: 2000 });
    expect(reply.incomplete).toBe(100);
    expect(reply.ownPeers).toBe(99);
    expect(Math.max(...clientsOf(reply))).toBe(999);
    expect(tracker.counters[Counter.torrentPeersCapped]).toBe(901);
    checkTable(tracker.table);
  });

  it('bound the peers in all, and answer those that were not kept', () => {
    const tracker = createTestTracker({ peers: 60 });
    for (let torrent = 0; torrent < 20; torrent++) {
      for (let client = 0; client < 3; client++) say(tracker, { torrent, client });
    }
    for (let torrent = 100; torrent < 200; torrent++) say(tracker, { torrent, client: torrent });
    expect(say(tracker, { torrent: 3, client: 77 })).toMatchObject({ incomplete: 3, ownPeers: 3 });
    expect(swarmTotals(tracker.table)).toMatchObject({ peersIpv4: 60, torrents: 20 });
    checkTable(tracker.table);
  });

  it('hold when the heap is the first to be full', () => {
    const tracker = createTestTracker({ heapOctets: 64 * 1024 });
    for (let client = 0; client < 4000; client++) {
      say(tracker, { torrent: client % 7, client, family: client % 5 === 0 ? 6 : 4 });
      say(tracker, { torrent: client + 10, client, isSeed: true });
    }
    expect(swarmTotals(tracker.table).heapOctets).toBeLessThanOrEqual(64 * 1024);
    expect(tracker.counters[Counter.memoryCapped]).toBeGreaterThan(0);
    checkTable(tracker.table);
  });

  it('keep one peer id given to thousands of addresses from slowing its swarm down', () => {
    const tracker = createTestTracker();
    const request = createAnnounceRequest();
    const reply = createAnnounceReply();
    Object.assign(request, { octets: new Uint8Array(40), peerIdOffset: 20, port: 1, family: 6 });
    for (let client = 0; client < 5000; client++) {
      request.address = Uint8Array.of(...new Uint8Array(12).fill(2), 0, 0, client >> 8, client);
      announce(tracker, request, 1000, reply);
    }
    expect(reply.incomplete).toBe(5000);
    checkTable(tracker.table);
  });
});

describe('expiry', () => {
  it('goes round in steps of any size, and removes the silent only', () => {
    const tracker = createTestTracker();
    for (let client = 0; client < 300; client += 2) say(tracker, { torrent: client % 5, client, now: 1000 });
    for (let client = 1; client < 300; client += 2) say(tracker, { torrent: client % 5, client, now: 3000 });
    const work = expiryWork(tracker.table);
    let removed = 0;
    for (let step = 0; step < work; step += 7) removed += expire(tracker.table, 4000, 7);
    expect(removed).toBe(150);
    expect(tracker.counters[Counter.peersExpired]).toBe(150);
    expect(swarmTotals(tracker.table)).toMatchObject({ torrents: 5, peersIpv4: 150 });
    expire(tracker.table, 9000, 10_000);
    expect(swarmTotals(tracker.table)).toMatchObject({ torrents: 0, peersIpv4: 0 });
    checkTable(tracker.table);
  });

  it('does nothing in an empty table', () => {
    expect(expire(createTestTracker().table, 1000, 1000)).toBe(0);
  });

  it('keeps everyone when the clock goes back', () => {
    const tracker = createTestTracker();
    for (let client = 0; client < 5; client++) say(tracker, { client, now: 500_000 });
    expect(expire(tracker.table, 499_800, 1000)).toBe(0);
    expect(say(tracker, { client: 1, now: 499_800 }).incomplete).toBe(5);
  });
});

describe('the heap', () => {
  it('keeps blocks of a size dense: one that is given back is filled by the last', () => {
    const heap = createHeap(1 << 20);
    /** Where each block is by its number, which is its first word. */
    const blocks = new Map<number, { block: number; words: number }>();
    let random = 7;
    for (let round = 1; round <= 20_000; round++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      if (random % 5 < 2 && blocks.size > 0) {
        const numbers = [...blocks.keys()];
        const number = numbers[(random >>> 8) % numbers.length]!;
        const { block } = blocks.get(number)!;
        blocks.delete(number);
        if (release(heap, block)) blocks.get(heap.words[block]!)!.block = block;
      } else {
        const words = 1 + ((random >>> 9) % (round % 3 === 0 ? 400 : round % 50 === 0 ? 2000 : 40));
        const block = allocate(heap, classFor(words));
        if (block === NO_BLOCK) continue;
        heap.words.fill(round, block, block + words);
        blocks.set(round, { block, words });
      }
    }
    for (const [number, { block, words }] of blocks) {
      expect([...new Set(heap.words.subarray(block, block + words))]).toEqual([number]);
    }
    const used = [...blocks.values()].reduce((sum, { words }) => sum + CLASS_WORDS[classFor(words)]! * 4, 0);
    // No class wastes more than the rest of its last page, and of each of its pages less than a block.
    expect(heapUsedOctets(heap)).toBeLessThan(used * 1.15 + CLASS_WORDS.length * 2 * PAGE_OCTETS);
    for (const number of [...blocks.keys()]) {
      const { block } = blocks.get(number)!;
      blocks.delete(number);
      if (release(heap, block)) blocks.get(heap.words[block]!)!.block = block;
    }
    expect(heapUsedOctets(heap)).toBe(0);
  });

  it('has a class for every size up to a page, none much too large', () => {
    for (let words = 1; words <= LARGE_WORDS; words++) {
      const size = CLASS_WORDS[classFor(words)]!;
      expect(size).toBeGreaterThanOrEqual(words);
      if (words >= 4 && words <= 170) expect(size).toBeLessThanOrEqual(Math.ceil(words * 1.25));
    }
  });

  it('says when it is full', () => {
    const heap = createHeap(4096);
    for (let block = 0; block < 256; block++) expect(allocate(heap, classFor(4))).not.toBe(NO_BLOCK);
    expect(allocate(heap, classFor(4))).toBe(NO_BLOCK);
    expect(allocate(heap, classFor(9))).toBe(NO_BLOCK);
  });
});
