// The questionable part of a message: header, question and OPT of a query (RFC 1035 §4.1, RFC 6891), read in place.
// Non-null assertions: every offset is compared with the end first.

import { readUint16 } from '../octets/big-endian.ts';
import type { QueryName } from './query-name.ts';
import { Opcode, RecordType } from './record-type.ts';

export const HEADER_OCTETS = 12;

export const HeaderFlag = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, cd: 0x0010 } as const;

export const Verdict = {
  /** Question and OPT are whole. */
  query: 0,
  /** Nothing may be answered: too short for an id, or itself an answer (CVE-2024-2169). */
  silence: 1,
  malformed: 2,
  notImplemented: 3,
} as const;

/** RFC 6891 §6.2.3: smaller values are taken as this. */
export const MIN_UDP_PAYLOAD = 512;

/** One query, as read last. Offsets are from the start of the octets, not of the message. */
export class Query {
  flags = 0;
  type = 0;
  class = 0;
  /** After the question. */
  questionEnd = 0;
  hasEdns = false;
  ednsVersion = 0;
  /** DO (RFC 3225). */
  dnssecOk = false;
  /** Octets that the client takes over UDP. */
  udpPayload = MIN_UDP_PAYLOAD;

  /** Reads the message; returns a {@link Verdict}. `name` gets the question's. */
  read(octets: Uint8Array, start: number, length: number, name: QueryName): number {
    this.hasEdns = false;
    this.ednsVersion = 0;
    this.dnssecOk = false;
    this.udpPayload = MIN_UDP_PAYLOAD;
    if (length < HEADER_OCTETS) return Verdict.silence;
    this.flags = readUint16(octets, start + 2);
    if ((this.flags & HeaderFlag.qr) !== 0) return Verdict.silence;
    if (((this.flags >>> 11) & 15) !== Opcode.QUERY) return Verdict.notImplemented;
    const end = start + length;
    // One question, and no records but in the additional section: what every authoritative server demands.
    if (readUint16(octets, start + 4) !== 1 || readUint16(octets, start + 6) !== 0) return Verdict.malformed;
    if (readUint16(octets, start + 8) !== 0) return Verdict.malformed;
    const at = name.readQuestion(octets, start, start + HEADER_OCTETS, end);
    if (at < 0 || at + 4 > end) return Verdict.malformed;
    this.type = readUint16(octets, at);
    this.class = readUint16(octets, at + 2);
    this.questionEnd = at + 4;
    return this.readAdditional(octets, readUint16(octets, start + 10), end)
      ? Verdict.query
      : Verdict.malformed;
  }

  /** Records after the question: at most one OPT (RFC 6891 §6.1.1), others are passed over, nothing may trail. */
  private readAdditional(octets: Uint8Array, count: number, end: number): boolean {
    let at = this.questionEnd;
    for (let left = count; left > 0; left--) {
      const owner = at;
      at = skipName(octets, at, end);
      if (at < 0 || at + 10 > end) return false;
      const type = readUint16(octets, at);
      const rdataEnd = at + 10 + readUint16(octets, at + 8);
      if (rdataEnd > end) return false;
      if (type === RecordType.OPT && !this.readOpt(octets, owner, at, rdataEnd)) return false;
      // RFC 8945 §5.1: a signature is the last record. Whole ones are passed over: no key is known here.
      if (type === RecordType.TSIG && (left > 1 || !isWholeTsig(octets, at + 10, rdataEnd))) return false;
      at = rdataEnd;
    }
    return at === end;
  }

  private readOpt(octets: Uint8Array, owner: number, at: number, rdataEnd: number): boolean {
    if (this.hasEdns || octets[owner] !== 0) return false;
    this.hasEdns = true;
    this.udpPayload = Math.max(MIN_UDP_PAYLOAD, readUint16(octets, at + 2));
    this.ednsVersion = octets[at + 5]!;
    this.dnssecOk = (octets[at + 6]! & 0x80) !== 0;
    // RFC 6891 §6.1.2: options fill the rdata exactly.
    let option = at + 10;
    while (option + 4 <= rdataEnd) option += 4 + readUint16(octets, option + 2);
    return option === rdataEnd;
  }
}

/** Time, fudge and the length of the MAC; the MAC; original id, error and the length of what follows (RFC 8945 §4.2). */
function isWholeTsig(octets: Uint8Array, start: number, end: number): boolean {
  const mac = skipName(octets, start, end) + 10;
  if (mac < 10 || mac > end) return false;
  const tail = mac + readUint16(octets, mac - 2) + 6;
  return tail <= end && tail + readUint16(octets, tail - 2) === end;
}

/** The position after a possibly compressed name, or -1. Pointers are not followed: a record's owner is of no use here. */
function skipName(octets: Uint8Array, position: number, end: number): number {
  let at = position;
  while (at < end) {
    const size = octets[at]!;
    if (size === 0) return at + 1;
    if (size >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (size > 63) return -1;
    at += size + 1;
  }
  return -1;
}
