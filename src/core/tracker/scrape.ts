// The scrape, free of any protocol (BEP 15, BEP 48).

import { RECORD, type SwarmTable } from '../swarm/table.ts';
import { findTorrent, NO_TORRENT } from '../swarm/torrents.ts';

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

/** Fills in the counts of the info-hash at `offset`; zeros for a torrent that nobody announced. */
export function scrape(table: SwarmTable, octets: Uint8Array, offset: number, counts: ScrapeCounts): void {
  const torrent = findTorrent(table, octets, offset);
  const isKnown = torrent !== NO_TORRENT;
  const { records } = table;
  counts.complete = isKnown ? records[torrent + RECORD.complete]! : 0;
  counts.incomplete = isKnown ? records[torrent + RECORD.incomplete]! : 0;
  counts.partial = isKnown ? records[torrent + RECORD.partial]! : 0;
  counts.downloaded = isKnown ? records[torrent + RECORD.downloaded]! : 0;
}
