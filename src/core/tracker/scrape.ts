// The scrape, free of any protocol (BEP 15, BEP 48).

import { lockShard, RECORD, unlockShard } from '../swarm/shard.ts';
import { type SwarmTable, shardOf } from '../swarm/table.ts';
import { findTorrent, hashTorrent, NO_TORRENT } from '../swarm/torrents.ts';

/** Counts of one torrent; `partial` of the incomplete download nothing more (BEP 21). */
export interface ScrapeCounts {
  complete: number;
  incomplete: number;
  partial: number;
  downloaded: number;
}

export function createScrapeCounts(): ScrapeCounts {
  return { complete: 0, incomplete: 0, partial: 0, downloaded: 0 };
}

/** As of a torrent that nobody announced. */
export function clearScrapeCounts(counts: ScrapeCounts): void {
  counts.complete = 0;
  counts.incomplete = 0;
  counts.partial = 0;
  counts.downloaded = 0;
}

/** Fills in the counts of the info-hash at `offset`; zeros for a torrent that nobody announced. */
export function scrape(table: SwarmTable, octets: Uint8Array, offset: number, counts: ScrapeCounts): void {
  const hash = hashTorrent(table.key, octets, offset);
  const shard = shardOf(table, hash);
  const { words } = shard;
  lockShard(shard);
  try {
    const torrent = findTorrent(shard, hash, octets, offset);
    const isKnown = torrent !== NO_TORRENT;
    counts.complete = isKnown ? words[torrent + RECORD.complete]! : 0;
    counts.incomplete = isKnown ? words[torrent + RECORD.incomplete]! : 0;
    counts.partial = isKnown ? words[torrent + RECORD.partial]! : 0;
    counts.downloaded = isKnown ? words[torrent + RECORD.downloaded]! : 0;
  } finally {
    unlockShard(shard);
  }
}
