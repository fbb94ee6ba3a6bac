// The TSIG record of a message: where it is, what it says, and how it is written (RFC 8945 §4.2).

import { foldName } from '../dns/name.ts';
import { HEADER_OCTETS, skipName } from '../dns/query.ts';
import { RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { NameReader } from './name-reader.ts';

/** IANA, "DNS RCODEs": what the error field says. */
export const TsigErrorCode = { NOERROR: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** All but where it stands is as in the record; every array is a copy, names are in lower case. */
export interface TsigRecord {
  /** Name of the key, wire form. */
  readonly name: Uint8Array;
  /** Name of the algorithm, wire form. */
  readonly algorithm: Uint8Array;
  /** Seconds since 1970, 48 bits. */
  readonly timeSigned: number;
  /** Seconds by which the clocks may differ. */
  readonly fudge: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  /** See {@link TsigErrorCode}. */
  readonly error: number;
  readonly other: Uint8Array;
}

export interface PlacedTsigRecord extends TsigRecord {
  /** Offset in the message: what is before it is what was signed. */
  readonly start: number;
}

const RECORD_HEAD_OCTETS = 10;
/** Time signed, fudge, length of the MAC; original id, error, length of the other data. */
const FIXED_RDATA_OCTETS = 16;

/**
 * The TSIG of a message. `malformed` (FORMERR, RFC 8945 §5.2) where it is not the last record of the message, where
 * there are two, where one cannot be read, and where sections or what follows them do not fit the header's counts.
 */
export function findTsig(message: Uint8Array): PlacedTsigRecord | 'none' | 'malformed' {
  const end = message.length;
  if (end < HEADER_OCTETS) return 'malformed';
  let at = HEADER_OCTETS;
  for (let left = readUint16(message, 4); left > 0; left--) {
    at = skipName(message, at, end);
    if (at < 0 || at + 4 > end) return 'malformed';
    at += 4;
  }
  const additional = readUint16(message, 10);
  // Every record takes octets, so that a false count ends with the message.
  for (let left = readUint16(message, 6) + readUint16(message, 8) + additional; left > 0; left--) {
    const start = at;
    const head = skipName(message, at, end);
    if (head < 0 || head + RECORD_HEAD_OCTETS > end) return 'malformed';
    at = head + RECORD_HEAD_OCTETS + readUint16(message, head + 8);
    if (at > end) return 'malformed';
    if (readUint16(message, head) !== RecordType.TSIG) continue;
    if (left > 1 || additional === 0 || at !== end) return 'malformed';
    return decodeTsig(message, start, head) ?? 'malformed';
  }
  return at === end ? 'none' : 'malformed';
}

/** `head` is where the type stands; the record reaches to the end of the message. */
function decodeTsig(message: Uint8Array, start: number, head: number): PlacedTsigRecord | undefined {
  const end = message.length;
  if (readUint16(message, head + 2) !== RecordClass.ANY || readUint32(message, head + 4) !== 0)
    return undefined;
  const owner = new NameReader();
  if (owner.read(message, start, end) < 0) return undefined;
  const algorithm = new NameReader();
  const rdata = head + RECORD_HEAD_OCTETS;
  const fields = algorithm.read(message, rdata, end);
  // §4.2: the algorithm's name is not compressed.
  if (fields !== rdata + algorithm.length || fields + FIXED_RDATA_OCTETS > end) return undefined;
  const mac = fields + 10;
  const tail = mac + readUint16(message, mac - 2);
  if (tail + 6 > end || tail + 6 + readUint16(message, tail + 4) !== end) return undefined;
  return {
    start,
    name: foldName(owner.octets.subarray(0, owner.length)),
    algorithm: foldName(algorithm.octets.subarray(0, algorithm.length)),
    timeSigned: readTime(message, fields),
    fudge: readUint16(message, fields + 6),
    mac: new Uint8Array(message.subarray(mac, tail)),
    originalId: readUint16(message, tail),
    error: readUint16(message, tail + 2),
    other: new Uint8Array(message.subarray(tail + 6)),
  };
}

/** Octets that the record takes. */
export function tsigRecordOctets(record: Pick<TsigRecord, 'name' | 'algorithm' | 'mac' | 'other'>): number {
  const { name, algorithm, mac, other } = record;
  return name.length + RECORD_HEAD_OCTETS + algorithm.length + FIXED_RDATA_OCTETS + mac.length + other.length;
}

/** Appends the record to the message of `length` octets at `offset` and counts it; returns the new length. */
export function appendTsig(output: Uint8Array, offset: number, length: number, record: TsigRecord): number {
  const { name, algorithm, mac, other } = record;
  const end = length + tsigRecordOctets(record);
  let at = offset + length;
  output.set(name, at);
  at += name.length;
  writeUint16(output, at, RecordType.TSIG);
  writeUint16(output, at + 2, RecordClass.ANY);
  writeUint32(output, at + 4, 0);
  at += RECORD_HEAD_OCTETS;
  writeUint16(output, at - 2, offset + end - at);
  output.set(algorithm, at);
  at += algorithm.length;
  writeTime(output, at, record.timeSigned);
  writeUint16(output, at + 6, record.fudge);
  writeUint16(output, at + 8, mac.length);
  output.set(mac, at + 10);
  at += 10 + mac.length;
  writeUint16(output, at, record.originalId);
  writeUint16(output, at + 2, record.error);
  writeUint16(output, at + 4, other.length);
  output.set(other, at + 6);
  writeUint16(output, offset + 10, readUint16(output, offset + 10) + 1);
  return end;
}

/** 48 bits, as `Time Signed` and the other data of BADTIME hold them. */
export function readTime(octets: Uint8Array, offset: number): number {
  return readUint16(octets, offset) * 2 ** 32 + readUint32(octets, offset + 2);
}

/** The inverse of {@link readTime}. */
export function writeTime(octets: Uint8Array, offset: number, seconds: number): void {
  writeUint16(octets, offset, Math.floor(seconds / 2 ** 32));
  writeUint32(octets, offset + 2, seconds % 2 ** 32);
}
