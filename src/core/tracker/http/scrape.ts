// BEP 48 scrapes: several info-hashes, unknown ones as zeros. A scrape of everything is not offered.

import { type AccessGate, isScrapable } from '../../access/access-gate.ts';
import { copyOctets } from '../../octets/big-endian.ts';
import { INFO_HASH_OCTETS } from '../../swarm/shard.ts';
import type { SwarmTable } from '../../swarm/table.ts';
import { clearScrapeCounts, createScrapeCounts, scrape } from '../scrape.ts';
import { MAX_SCRAPE_HASHES, type TrackerSettings } from '../settings.ts';
import { createParameter, decodePercent, isName, readParameter } from './query.ts';
import { type Writer, writeIntegerEntry, writeOctets, writeText } from './writer.ts';

/** One a front end. */
export interface ScrapeQuery {
  /** The info-hashes, sorted, each once. */
  readonly hashes: Uint8Array;
  count: number;
  readonly parameter: ReturnType<typeof createParameter>;
  readonly decoded: Uint8Array;
  readonly counts: ReturnType<typeof createScrapeCounts>;
}

export function createScrapeQuery(): ScrapeQuery {
  return {
    hashes: new Uint8Array(MAX_SCRAPE_HASHES * INFO_HASH_OCTETS),
    count: 0,
    parameter: createParameter(),
    decoded: new Uint8Array(INFO_HASH_OCTETS),
    counts: createScrapeCounts(),
  };
}

/** Reads the info-hashes of octets[start..end); returns the reason when that cannot be done. */
export function parseScrape(
  query: ScrapeQuery,
  octets: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  const { parameter, decoded } = query;
  query.count = 0;
  let given = 0;
  for (let at = start; readParameter(octets, at, end, parameter); at = parameter.next) {
    if (!isName(octets, parameter.nameStart, parameter.nameEnd, 'info_hash')) continue;
    const length = decodePercent(
      octets,
      parameter.valueStart,
      parameter.valueEnd,
      decoded,
      0,
      INFO_HASH_OCTETS,
    );
    if (length !== INFO_HASH_OCTETS) return 'info_hash must be 20 octets, percent-encoded';
    given++;
    if (given > MAX_SCRAPE_HASHES) return `at most ${MAX_SCRAPE_HASHES} info_hash parameters are answered`;
    insert(query);
  }
  return given === 0 ? 'scrape needs info_hash: a scrape of all torrents is not offered' : undefined;
}

/** Keys of a bencoded dictionary are sorted, and unique (BEP 3). */
function insert(query: ScrapeQuery): void {
  const { hashes, decoded } = query;
  let place = query.count;
  while (place > 0) {
    const order = compare(hashes, (place - 1) * INFO_HASH_OCTETS, decoded);
    if (order === 0) return;
    if (order < 0) break;
    place--;
  }
  const at = place * INFO_HASH_OCTETS;
  hashes.copyWithin(at + INFO_HASH_OCTETS, at, query.count * INFO_HASH_OCTETS);
  copyOctets(decoded, 0, INFO_HASH_OCTETS, hashes, at);
  query.count++;
}

function compare(hashes: Uint8Array, at: number, other: Uint8Array): number {
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    const difference = hashes[at + index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `downloaders` leaves out the partial seeds (BEP 21). Positional: it is hot. */
export function writeScrapeReply(
  writer: Writer,
  query: ScrapeQuery,
  table: SwarmTable,
  access: AccessGate,
  settings: TrackerSettings,
): void {
  const { hashes, counts } = query;
  writeText(writer, 'd5:filesd');
  for (let index = 0; index < query.count; index++) {
    const at = index * INFO_HASH_OCTETS;
    if (isScrapable(access, hashes, at)) scrape(table, hashes, at, counts);
    else clearScrapeCounts(counts);
    writeText(writer, '20:');
    writeOctets(writer, hashes, at, INFO_HASH_OCTETS);
    writeText(writer, 'd');
    writeIntegerEntry(writer, '8:complete', counts.complete);
    writeIntegerEntry(writer, '10:downloaded', counts.downloaded);
    writeIntegerEntry(writer, '11:downloaders', counts.incomplete - counts.partial);
    writeIntegerEntry(writer, '10:incomplete', counts.incomplete);
    writeText(writer, 'e');
  }
  writeText(writer, 'e5:flagsd');
  writeIntegerEntry(writer, '20:min_request_interval', settings.scrapeIntervalSeconds);
  writeText(writer, 'ee');
}
