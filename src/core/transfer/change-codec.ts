// Changes as a journal keeps them: one behind the other, each whole or not there. A file that was cut off in the middle
// of a write ends in a change that its checksum gives away.
//
//   magic "PZJ1" | octets of all of it | from serial | to serial
//   | records removed, octets of them | records added, octets of them | removed | added | SipHash-2-4, 8 octets
//
// Numbers have 32 bits in network order.

import { MAX_NAME_OCTETS } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32, writeUint32 } from '../octets/big-endian.ts';
import { createSipHashKey, sipHash24 } from '../octets/siphash.ts';
import type { ZoneChange } from './changes.ts';
import { fieldsOf, isRecordBlock, recordEnd, wholeNameEnd } from './record-block.ts';
import { SOA_NUMBERS_OCTETS } from './serial.ts';
import { RECORD_FIELDS_OCTETS } from './transfer-message.ts';

/** "PZJ1": the last character is the version of the format. */
const MAGIC = 0x505a4a31;
const HEAD_OCTETS = 32;
const CHECKSUM_OCTETS = 8;
/** As `parseZone` takes of a zone file; nothing larger is ever written. */
const MAX_CHANGE_OCTETS = 2 ** 30;
/** A checksum against accidents needs no secret. */
const CHECKSUM_KEY = createSipHashKey(new Uint8Array(16));

export interface DecodedChanges {
  /** Views into the octets that were decoded, oldest first. */
  readonly changes: readonly ZoneChange[];
  /** Where the last whole change ends: a journal is written on from there. */
  readonly end: number;
  /** What follows `end`: nothing, or something that is no change: cut short (`torn`) or altered (`damaged`). */
  readonly rest: 'none' | 'torn' | 'damaged';
}

export function encodeChange(change: ZoneChange): Uint8Array {
  const { removed, added } = change;
  const octets = new Uint8Array(HEAD_OCTETS + removed.length + added.length + CHECKSUM_OCTETS);
  const head = [
    MAGIC,
    octets.length,
    change.fromSerial,
    change.toSerial,
    change.removedCount,
    removed.length,
    change.addedCount,
    added.length,
  ];
  for (const [index, word] of head.entries()) writeUint32(octets, index * 4, word);
  octets.set(removed, HEAD_OCTETS);
  octets.set(added, HEAD_OCTETS + removed.length);
  writeChecksum(octets, 0, octets.length - CHECKSUM_OCTETS);
  return octets;
}

/** Reads changes from `start` to the end, or to the first that is not whole. Whatever the octets, the result is usable. */
export function decodeChanges(octets: Uint8Array, start = 0): DecodedChanges {
  const changes: ZoneChange[] = [];
  let at = start;
  while (at < octets.length) {
    const change = decodeChange(octets, at);
    if (typeof change === 'string') return { changes, end: at, rest: change };
    changes.push(change);
    at += readUint32(octets, at + 4);
  }
  return { changes, end: at, rest: 'none' };
}

function decodeChange(octets: Uint8Array, at: number): ZoneChange | 'torn' | 'damaged' {
  if (octets.length - at < HEAD_OCTETS) return 'torn';
  const length = readUint32(octets, at + 4);
  if (readUint32(octets, at) !== MAGIC || length > MAX_CHANGE_OCTETS) return 'damaged';
  if (at + length > octets.length) return 'torn';
  const removedLength = readUint32(octets, at + 20);
  const addedLength = readUint32(octets, at + 28);
  if (HEAD_OCTETS + removedLength + addedLength + CHECKSUM_OCTETS !== length) return 'damaged';
  if (!hasChecksum(octets, at, length - CHECKSUM_OCTETS)) return 'damaged';
  const added = at + HEAD_OCTETS + removedLength;
  const change = {
    fromSerial: readUint32(octets, at + 8),
    toSerial: readUint32(octets, at + 12),
    removed: octets.subarray(at + HEAD_OCTETS, added),
    removedCount: readUint32(octets, at + 16),
    added: octets.subarray(added, added + addedLength),
    addedCount: readUint32(octets, at + 24),
  };
  return isWhole(change) ? change : 'damaged';
}

/** Both blocks are of one zone and begin with the SOA of their serial. */
function isWhole(change: ZoneChange): boolean {
  const { removed, removedCount, added, addedCount } = change;
  const apexLength = wholeNameEnd(removed, 0);
  if (apexLength < 0 || apexLength > MAX_NAME_OCTETS) return false;
  const apex = removed.subarray(0, apexLength);
  return (
    isRecordBlock(removed, removedCount, apex) &&
    isRecordBlock(added, addedCount, apex) &&
    serialOf(removed) === change.fromSerial &&
    serialOf(added) === change.toSerial
  );
}

/** Of the SOA that the block begins with; −1 where there is none. */
function serialOf(block: Uint8Array): number {
  if (block.length === 0) return -1;
  const fields = fieldsOf(block, 0);
  const end = recordEnd(block, fields);
  const isSoa = readUint16(block, fields) === RecordType.SOA;
  return isSoa && end - fields >= RECORD_FIELDS_OCTETS + SOA_NUMBERS_OCTETS
    ? readUint32(block, end - SOA_NUMBERS_OCTETS)
    : -1;
}

function writeChecksum(octets: Uint8Array, at: number, length: number): void {
  const hash = new Int32Array(2);
  sipHash24(CHECKSUM_KEY, octets, at, length, hash);
  writeUint32(octets, at + length, hash[1]!);
  writeUint32(octets, at + length + 4, hash[0]!);
}

function hasChecksum(octets: Uint8Array, at: number, length: number): boolean {
  const hash = new Int32Array(2);
  sipHash24(CHECKSUM_KEY, octets, at, length, hash);
  return (
    readUint32(octets, at + length) === hash[1]! >>> 0 &&
    readUint32(octets, at + length + 4) === hash[0]! >>> 0
  );
}
