// Records one behind the other, each as it stands in a message without compression (RFC 1035 §4.1.3): owner, type,
// class, TTL, rdata length, rdata. Half of a change.
// Non-null assertions: every offset is compared with the end first.

import { MAX_NAME_OCTETS, nameLength, suffixOffset } from '../dns/name.ts';
import { RecordClass } from '../dns/record-type.ts';
import { readUint16, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { RECORD_FIELDS_OCTETS } from './transfer-message.ts';

/** Grows by doubling; whoever appends says how far. */
export class RecordBlock {
  /** Records. */
  count = 0;
  /** What is written; the rest of `buffer` is capacity. */
  length = 0;
  private buffer = new Uint8Array(1024);

  /** Positional: it runs once a record. Lengths are how much of `owner` and `rdata` counts. */
  append(owner: Uint8Array, type: number, ttl: number, rdata: Uint8Array, rdataLength: number): void {
    const ownerLength = nameLength(owner);
    this.makeRoom(ownerLength + RECORD_FIELDS_OCTETS + rdataLength);
    const { buffer } = this;
    const fields = this.length + ownerLength;
    for (let index = 0; index < ownerLength; index++) buffer[this.length + index] = owner[index]!;
    writeUint16(buffer, fields, type);
    writeUint16(buffer, fields + 2, RecordClass.IN);
    writeUint32(buffer, fields + 4, ttl);
    writeUint16(buffer, fields + 8, rdataLength);
    this.length = fields + RECORD_FIELDS_OCTETS;
    for (let index = 0; index < rdataLength; index++) buffer[this.length + index] = rdata[index]!;
    this.length += rdataLength;
    this.count++;
  }

  /** The records so far; later ones do not show in it. */
  octets(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  private makeRoom(octets: number): void {
    if (this.length + octets <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + octets));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

/** Where the record at `at` has its type; the owner comes before. */
export function fieldsOf(block: Uint8Array, at: number): number {
  return at + nameLength(block, at);
}

/** Where the record ends whose type stands at `fields`. */
export function recordEnd(block: Uint8Array, fields: number): number {
  return fields + RECORD_FIELDS_OCTETS + readUint16(block, fields + 8);
}

/** Whether `octets` are `count` whole records of class IN, each at or below `apex`. */
export function isRecordBlock(octets: Uint8Array, count: number, apex: Uint8Array): boolean {
  let at = 0;
  for (let left = count; left > 0; left--) {
    const fields = wholeNameEnd(octets, at);
    if (fields < 0 || fields + RECORD_FIELDS_OCTETS > octets.length) return false;
    if (suffixOffset(octets, at, apex) < 0 || readUint16(octets, fields + 2) !== RecordClass.IN) return false;
    at = recordEnd(octets, fields);
    if (at > octets.length) return false;
  }
  return at === octets.length;
}

/** After the uncompressed name at `start`, or -1. */
export function wholeNameEnd(octets: Uint8Array, start: number): number {
  for (let at = start; at < octets.length && at - start < MAX_NAME_OCTETS; ) {
    const size = octets[at]!;
    if (size === 0) return at + 1;
    if (size > 63) return -1;
    at += size + 1;
  }
  return -1;
}
