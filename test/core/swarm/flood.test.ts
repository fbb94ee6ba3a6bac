// Random info-hashes without end meet the caps: nothing outgrows them, and the swarms that live stay whole.
// SOAK_ANNOUNCES=10000000 runs as many; some ten thousand are enough to meet every cap.
import { describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import type { SwarmLimits } from '../../../src/core/swarm/limits.ts';
import { createSwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../../src/core/tracker/announce.ts';
import { createScrapeCounts, scrape } from '../../../src/core/tracker/scrape.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { SECRET } from '../../contract/announce-clients.ts';
import { touchedOctets } from '../../support/swarm-memory.ts';
import { checkTable } from './invariants.ts';

const ANNOUNCES = Number(process.env['SOAK_ANNOUNCES'] ?? 40_000);
const LIVING = { swarms: 20, peers: 60 };
const NOW = 1_000_000;
/** Announces of the flood a second: the living announce again while it goes on. */
const RATE = 10_000;

function createFlood(limits: Partial<SwarmLimits>) {
  const counters = createCounters();
  const table = createSwarmTable({ secret: SECRET, counters, limits });
  const tracker = { table, settings: DEFAULT_TRACKER_SETTINGS };
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  reply.octets = new Uint8Array(200 * 18);
  request.octets = new Uint8Array(40);
  request.peerIdOffset = 20;
  request.numwant = 50;
  request.port = 6881;
  const names = new DataView(request.octets.buffer);
  const address = new DataView(request.address.buffer);
  return {
    table,
    counters,
    reply,
    say(torrent: number, peer: number, family: 4 | 6, now: number) {
      names.setUint32(0, torrent);
      names.setUint32(20, peer);
      request.family = family;
      address.setUint32(0, Math.imul(peer, 0x9e3779b1));
      reply.offset = 0;
      announce(tracker, request, now, reply);
    },
  };
}

function livingCounts(table: ReturnType<typeof createFlood>['table']): number[] {
  return Array.from({ length: LIVING.swarms }, (_, torrent) => {
    const hash = new Uint8Array(20);
    new DataView(hash.buffer).setUint32(0, torrent);
    const counts = createScrapeCounts();
    scrape(table, hash, 0, counts);
    return counts.incomplete;
  });
}

describe('a flood of random info-hashes', () => {
  it.each([
    { cap: 'torrents', limits: { torrents: 5000 }, counter: Counter.torrentsCapped },
    { cap: 'peers', limits: { peers: 5000 }, counter: Counter.peersCapped },
    { cap: 'memory', limits: { torrents: 16_000, heapOctets: 256 * 1024 }, counter: Counter.memoryCapped },
  ])(
    'meets the cap of $cap, and spares the swarms that live',
    { timeout: 600_000 },
    ({ limits, counter }) => {
      const flood = createFlood({ torrents: 500_000, peers: 1_000_000, heapOctets: 64 << 20, ...limits });
      const { table, counters, say } = flood;
      const live = (now: number) => {
        for (let torrent = 0; torrent < LIVING.swarms; torrent++) {
          for (let peer = 0; peer < LIVING.peers; peer++) say(torrent, torrent * 1000 + peer, 4, now);
        }
      };
      live(NOW);
      for (let step = 0; step < ANNOUNCES; step++) {
        const now = NOW + Math.floor(step / RATE);
        say(0x1000000 + Math.imul(step, 0x9e3779b1), 0x100000 + step, step % 3 === 0 ? 6 : 4, now);
        if (step % 1_000_000 === 999_999) live(now);
      }
      expect(counters[counter]).toBeGreaterThan(ANNOUNCES / 10);
      expect(livingCounts(table)).toEqual(new Array(LIVING.swarms).fill(LIVING.peers));
      const totals = swarmTotals(table);
      expect(totals.torrents).toBeLessThanOrEqual(limits.torrents ?? 500_000);
      expect(totals.peersIpv4 + totals.peersIpv6).toBeLessThanOrEqual(limits.peers ?? 1_000_000);
      const written = table.shards.reduce((sum, { heap }) => sum + touchedOctets(heap), 0);
      expect(written).toBeLessThanOrEqual(limits.heapOctets ?? 64 << 20);
      checkTable(table);

      // A living swarm still grows: what is shed for it is of the flood, in the same of 16 shards.
      for (let peer = 0; peer < 100; peer++) say(0, 500_000 + peer, 4, NOW + ANNOUNCES / RATE);
      expect(flood.reply.incomplete).toBeGreaterThan(LIVING.peers + 90);
      checkTable(table);
    },
  );

  it('of peers on one torrent stays within what one torrent may have', () => {
    const { table, counters, say } = createFlood({ torrents: 1000, peersPerTorrent: 3000, peers: 10_000 });
    for (let peer = 0; peer < 20_000; peer++) say(1, peer, peer % 2 === 0 ? 4 : 6, NOW + (peer >> 8));
    expect(swarmTotals(table)).toMatchObject({ torrents: 1, leechers: expect.toSatisfy((n) => n <= 3000) });
    expect(counters[Counter.torrentPeersCapped]).toBeGreaterThan(10_000);
    checkTable(table);
  });
});
