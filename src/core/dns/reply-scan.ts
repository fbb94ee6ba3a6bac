// A linear look over a DNS reply that nobody vouches for, before a decoder spends time on it: where each record is, and
// that no name in it costs more to read than a name may (RFC 1035 §4.1.4). Nothing is decoded here.

import { readUint16 } from '../octets/big-endian.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, MAX_POINTERS } from './name.ts';
import { HEADER_OCTETS } from './query.ts';
import { RecordType } from './record-type.ts';

/** A hundred an RRset is where BIND stops by default; a reply about one TXT RRset has no use for more than a few sets. */
const MAX_RECORDS = 256;

export type Section = 'answer' | 'authority' | 'additional';

/** Where a record stands in the reply: offsets in octets, `rdataEnd` excluded. */
export interface RecordSpan {
  readonly section: Section;
  readonly type: number;
  readonly typeOffset: number;
  readonly rdataStart: number;
  readonly rdataEnd: number;
}

/** The records of a reply in order, or undefined when there are too many, or counts, lengths or names do not fit. */
export function scanReply(octets: Uint8Array): readonly RecordSpan[] | undefined {
  if (octets.length < HEADER_OCTETS) return undefined;
  let offset = HEADER_OCTETS;
  for (let question = readUint16(octets, 4); question > 0; question--) {
    const end = nameEnd(octets, offset);
    if (end === undefined || end + 4 > octets.length) return undefined;
    offset = end + 4;
  }
  const spans: RecordSpan[] = []; // bounded by MAX_RECORDS
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let record = readUint16(octets, 6 + index * 2); record > 0; record--) {
      const span = scanRecord(octets, offset, section);
      if (span === undefined || spans.length === MAX_RECORDS) return undefined;
      spans.push(span);
      offset = span.rdataEnd;
    }
  }
  return spans;
}

function scanRecord(octets: Uint8Array, offset: number, section: Section): RecordSpan | undefined {
  const typeOffset = nameEnd(octets, offset);
  if (typeOffset === undefined || typeOffset + 10 > octets.length) return undefined;
  const type = readUint16(octets, typeOffset);
  const rdataStart = typeOffset + 10;
  const rdataEnd = rdataStart + readUint16(octets, typeOffset + 8);
  if (rdataEnd > octets.length) return undefined;
  let position: number | undefined = rdataStart;
  for (let names = namesInRdata(type); names > 0; names--) {
    position = nameEnd(octets, position);
    if (position === undefined || position > rdataEnd) return undefined;
  }
  return { section, type, typeOffset, rdataStart, rdataEnd };
}

/** Names at the start of the rdata of those types that a look-up of a preference reads. */
function namesInRdata(type: number): number {
  if (type === RecordType.CNAME) return 1;
  return type === RecordType.SOA ? 2 : 0;
}

/**
 * The offset after the name at `start`; undefined when it is no name, runs out of the message, is too long, points
 * anywhere but back, or has a dot inside a label (which the text form that dns2 gives cannot tell from two labels).
 */
function nameEnd(octets: Uint8Array, start: number): number | undefined {
  let end: number | undefined;
  let length = 1;
  let pointers = 0;
  for (let offset = start; ; ) {
    const octet = octets[offset];
    if (octet === undefined) return undefined;
    if (octet === 0) return end ?? offset + 1;
    if (octet >= 0xc0) {
      const low = octets[offset + 1];
      if (low === undefined || ++pointers > MAX_POINTERS) return undefined;
      const target = ((octet & 0x3f) << 8) | low;
      if (target >= offset || target < HEADER_OCTETS) return undefined;
      end ??= offset + 2;
      offset = target;
      continue;
    }
    length += octet + 1;
    if (octet > MAX_LABEL_OCTETS || length > MAX_NAME_OCTETS) return undefined;
    for (let index = offset + 1; index <= offset + octet; index++) {
      if (octets[index] === 0x2e) return undefined;
    }
    offset += octet + 1;
  }
}
