// A name with one record without names in its data: of these a large zone is made, so that they have a way of their own
// into the image, without an object or a second look. What it writes is what compile.ts would.

import { FOLD } from '../dns/name.ts';
import { copyOctets } from '../octets/big-endian.ts';
import { RECORD_HEADER_OCTETS, writeRecordHead } from './compile-rrset.ts';
import { NODE_WORDS, RRSET_WORDS } from './image.ts';
import { rdataNamesOf } from './rdata-names.ts';
import type { RecordTable } from './record-table.ts';

/** Where in an image to write: a word boundary. */
export interface ImagePlace {
  readonly octets: Uint8Array;
  readonly words: Uint32Array;
  readonly at: number;
}

/** Data of more octets could make an RRset too large, which the writer of RRsets refuses. */
const MAX_PLAIN_OCTETS = 65_000;

/** Whether a name that owns `row` alone can be written by {@link writePlainNode}. */
export function isPlain(table: RecordTable, row: number): boolean {
  return rdataNamesOf(table.types[row]!) === undefined && table.rdataLengths[row]! <= MAX_PLAIN_OCTETS;
}

/** Writes the node of the name at `name` of the table's octets, and returns where it ends. */
// Four positional parameters: it is called for each name.
export function writePlainNode(
  { octets, words, at }: ImagePlace,
  name: number,
  table: RecordTable,
  row: number,
): number {
  const from = table.octets;
  const nameAt = at + (NODE_WORDS + RRSET_WORDS) * 4;
  let length = 0;
  for (let label = from[name]!; label !== 0; label = from[name + length]!) {
    for (const end = length + label; length <= end; length++) {
      octets[nameAt + length] = FOLD[from[name + length]!]!;
    }
  }
  octets[nameAt + length++] = 0;
  const record = nameAt + length;
  const rdataLength = table.rdataLengths[row]!;
  const type = table.types[row]!;
  const word = at >>> 2;
  words[word] = (1 << 8) | length;
  words[word + 1] = 0;
  words[word + 2] = 0;
  words[word + 3] = ((type << 16) | 1) >>> 0;
  words[word + 4] = record;
  words[word + 5] = ((RECORD_HEADER_OCTETS + rdataLength) << 16) >>> 0;
  words[word + 6] = 0;
  writeRecordHead(octets, record, { type, ttl: table.ttls[row]!, rdataLength });
  copyOctets(from, table.rdataOffsets[row]!, rdataLength, octets, record + RECORD_HEADER_OCTETS);
  return record + RECORD_HEADER_OCTETS + rdataLength;
}
