import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../../../src/core/counters.ts';
import { createSwarmTable, type SwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import {
  type AnnounceEvent,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
  type Tracker,
} from '../../../src/core/tracker/announce.ts';
import {
  attachJournal,
  createJournalMemory,
  JOURNAL_ENTRY_OCTETS,
  JOURNAL_SLOTS,
  takeAnnounces,
} from '../../../src/core/tracker/announce-journal.ts';
import { replayAnnounces } from '../../../src/core/tracker/replay-announces.ts';
import { createScrapeCounts, scrape } from '../../../src/core/tracker/scrape.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';

const NOW = 1_800_000_000;

function createTable(): SwarmTable {
  const limits = { torrents: 64, heapOctets: 1 << 20 };
  return createSwarmTable({ secret: new Uint8Array(20).fill(3), counters: createCounters(), limits });
}

interface Story {
  readonly torrent: number;
  readonly peer: number;
  readonly family: 4 | 6;
  readonly event: AnnounceEvent;
  readonly isSeed: boolean;
}

/** Info-hash and peer id are a number, twenty times. */
function carryOut(tracker: Tracker, { torrent, peer, family, event, isSeed }: Story, second: number): void {
  const request = createAnnounceRequest();
  request.octets = new Uint8Array(40).fill(torrent, 0, 20).fill(peer, 20);
  request.peerIdOffset = 20;
  request.address.set([192, 0, 2, peer]);
  request.family = family;
  request.port = 1000 + peer;
  request.event = event;
  request.isSeed = isSeed;
  request.clientKey = peer;
  announce(tracker, request, second, createAnnounceReply());
}

function counts(table: SwarmTable): unknown {
  const each = createScrapeCounts();
  const torrents = Array.from({ length: 4 }, (_, torrent) => {
    scrape(table, new Uint8Array(20).fill(torrent), 0, each);
    return { ...each };
  });
  const { heapOctets: _, ...totals } = swarmTotals(table);
  return { totals, torrents };
}

const story: fc.Arbitrary<Story> = fc.record({
  torrent: fc.integer({ min: 0, max: 3 }),
  peer: fc.integer({ min: 1, max: 9 }),
  family: fc.constantFrom(4, 6),
  event: fc.constantFrom(0, 1, 2, 3, 4),
  isSeed: fc.boolean(),
});

describe('a journal of announces', () => {
  it('brings a copy of the table to where the table is, also where the copy knows some of them', () => {
    fc.assert(
      fc.property(fc.array(story, { maxLength: 60 }), fc.array(story, { maxLength: 60 }), (before, after) => {
        const memory = createJournalMemory();
        const journals = { journal: attachJournal(memory) };
        const settings = DEFAULT_TRACKER_SETTINGS;
        const table = createTable();
        const copy = createTable();
        for (const [index, one] of before.entries()) {
          carryOut({ table, settings }, one, NOW + index);
          carryOut({ table: copy, settings }, one, NOW + index);
        }
        for (const [index, one] of after.entries())
          carryOut({ table, settings, journals }, one, NOW + 60 + index);
        const reader = attachJournal(memory);
        for (;;) {
          const entries = takeAnnounces(reader, 7);
          if (entries === 'lost') throw new Error('there was room');
          if (entries.length === 0) break;
          const isGood = replayAnnounces(
            { table: copy, settings },
            entries,
            createAnnounceRequest(),
            createAnnounceReply(),
          );
          expect(isGood).toBe(true);
        }
        expect(counts(copy)).toEqual(counts(table));
      }),
    );
  });

  it('says that it lost something, for good, when nobody takes what is in it', () => {
    const journal = attachJournal(createJournalMemory());
    const tracker = { table: createTable(), settings: DEFAULT_TRACKER_SETTINGS, journals: { journal } };
    const one: Story = { torrent: 1, peer: 1, family: 4, event: 0, isSeed: false };
    for (let count = 0; count < JOURNAL_SLOTS; count++) carryOut(tracker, one, NOW);
    expect(takeAnnounces(journal, 2)).toHaveLength(2 * JOURNAL_ENTRY_OCTETS);
    for (let count = 0; count < 3; count++) carryOut(tracker, one, NOW);
    expect(takeAnnounces(journal, 2)).toBe('lost');
  });

  it.each([
    ['half an entry', new Uint8Array(JOURNAL_ENTRY_OCTETS / 2)],
    ['a family that is none', new Uint8Array(JOURNAL_ENTRY_OCTETS).fill(5)],
    ['port 0', Uint8Array.from({ length: JOURNAL_ENTRY_OCTETS }, (_, at) => (at === 58 ? 4 : 0))],
  ])('is not replayed from %s', (_, entries) => {
    const tracker = { table: createTable(), settings: DEFAULT_TRACKER_SETTINGS };
    expect(replayAnnounces(tracker, entries, createAnnounceRequest(), createAnnounceReply())).toBe(false);
    expect(swarmTotals(tracker.table).torrents).toBe(0);
  });
});
