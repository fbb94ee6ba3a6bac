// What a request says besides its name: header, OPT with the options that are answered (RFC 1035 §4.1, RFC 6891), where
// its signature is. Read in place.
// Non-null assertions: every offset is compared with the end first.

import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { MAX_NAME_OCTETS, MAX_POINTERS } from './name.ts';
import type { QueryName } from './query-name.ts';
import { Opcode, RecordType } from './record-type.ts';

/** RFC 1035 §4.1.1. */
export const HEADER_OCTETS = 12;

export const HeaderFlag = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, cd: 0x0010 } as const;

export const Verdict = {
  /** Question and OPT are whole. */
  query: 0,
  /** No question, but a COOKIE (RFC 7873 §5.4). */
  cookieOnly: 1,
  /** A whole NOTIFY (RFC 1996). */
  notify: 2,
  /** The last of those that were read to their end. */
  answerable: 2,
  /** Nothing may be answered: too short for an id, or itself an answer (CVE-2024-2169). */
  silence: 3,
  malformed: 4,
  notImplemented: 5,
} as const;

/** Options of the OPT record that are answered (IANA, "DNS EDNS0 Option Codes"). */
export const EdnsOption = { NSID: 3, COOKIE: 10, EDE: 15 } as const;

/** RFC 7873 §4: the client's part of a COOKIE. */
export const CLIENT_COOKIE_OCTETS = 8;
/** RFC 7873 §4: both parts together have at least so many octets. */
const MIN_COOKIE_OCTETS = 16;
/** RFC 7873 §4: and at most so many. */
const MAX_COOKIE_OCTETS = 40;

/** RFC 6891 §6.2.3: smaller values are taken as this. */
export const MIN_UDP_PAYLOAD = 512;

/** One query, as read last. Offsets are from the start of the octets, not of the message. */
export class Query {
  flags = 0;
  opcode = 0;
  type = 0;
  class = 0;
  /** After the question. */
  questionEnd = 0;
  /** True of a malformed message, too, whose question and the fixed part of whose OPT were whole. */
  hasEdns = false;
  ednsVersion = 0;
  /** DO (RFC 3225). */
  dnssecOk = false;
  /** Octets that the client takes over UDP. */
  udpPayload = MIN_UDP_PAYLOAD;
  /** Where the octets of the COOKIE option start, the client's part first; 0 for none. */
  cookie = 0;
  cookieLength = 0;
  /** NSID was asked for (RFC 5001). */
  nsid = false;
  /** Where the TSIG record starts; 0 for none. */
  tsig = 0;
  /** Where the SOA record of a NOTIFY or of IXFR would start; 0 where no record follows the question directly. */
  soa = 0;

  /** Reads the message; returns a {@link Verdict}. `name` gets the question's. */
  read(octets: Uint8Array, start: number, length: number, name: QueryName): number {
    this.hasEdns = false;
    this.ednsVersion = 0;
    this.dnssecOk = false;
    this.udpPayload = MIN_UDP_PAYLOAD;
    this.cookie = 0;
    this.nsid = false;
    this.tsig = 0;
    this.soa = 0;
    if (length < HEADER_OCTETS) return Verdict.silence;
    this.flags = readUint16(octets, start + 2);
    if ((this.flags & HeaderFlag.qr) !== 0) return Verdict.silence;
    this.opcode = (this.flags >>> 11) & 15;
    const end = start + length;
    if (this.opcode !== Opcode.QUERY) {
      if (this.opcode !== Opcode.NOTIFY) return Verdict.notImplemented;
      return this.readSections(octets, start, end, name) ? Verdict.notify : Verdict.malformed;
    }
    const questions = readUint16(octets, start + 4);
    if (questions === 0) return this.readWithoutQuestion(octets, start, end);
    return this.readSections(octets, start, end, name) ? Verdict.query : Verdict.malformed;
  }

  /** One question, and records only where a request of its kind has them: what every authoritative server demands. */
  private readSections(octets: Uint8Array, start: number, end: number, name: QueryName): boolean {
    if (readUint16(octets, start + 4) !== 1) return false;
    let at = name.readQuestion(octets, start, start + HEADER_OCTETS, end);
    if (at < 0 || at + 4 > end) return false;
    this.type = readUint16(octets, at);
    this.class = readUint16(octets, at + 2);
    this.questionEnd = at + 4;
    const answers = readUint16(octets, start + 6);
    const authorities = readUint16(octets, start + 8);
    at = this.questionEnd;
    if (answers !== 0 || authorities !== 0) {
      // RFC 1996 §3.7: the SOA that there is now. RFC 1995 §3: the SOA that the client has.
      if (answers > (this.opcode === Opcode.NOTIFY ? 1 : 0)) return false;
      if (authorities > (this.opcode === Opcode.QUERY && this.type === RecordType.IXFR ? 1 : 0)) return false;
      this.soa = at;
      at = skipRecord(octets, start, at, end);
      if (at < 0) return false;
    }
    return this.readAdditional(octets, start, at, end);
  }

  private readWithoutQuestion(octets: Uint8Array, start: number, end: number): number {
    this.questionEnd = start + HEADER_OCTETS;
    if (readUint32(octets, start + 6) !== 0) return Verdict.malformed;
    if (!this.readAdditional(octets, start, this.questionEnd, end)) return Verdict.malformed;
    return this.cookie === 0 ? Verdict.malformed : Verdict.cookieOnly;
  }

  /** Records of the last section: at most one OPT (RFC 6891 §6.1.1), others are passed over, nothing may trail. */
  private readAdditional(octets: Uint8Array, start: number, position: number, end: number): boolean {
    let at = position;
    for (let left = readUint16(octets, start + 10); left > 0; left--) {
      const owner = at;
      at = skipOwner(octets, start, at, end);
      if (at < 0 || at + 10 > end) return false;
      const type = readUint16(octets, at);
      const rdataEnd = at + 10 + readUint16(octets, at + 8);
      if (rdataEnd > end) return false;
      if (type === RecordType.OPT && !this.readOpt(octets, owner, at, rdataEnd)) return false;
      if (type === RecordType.TSIG) {
        // RFC 8945 §5.1: a signature is the last record.
        if (left > 1 || !isWholeTsig(octets, at + 10, rdataEnd)) return false;
        this.tsig = owner;
      }
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
    return at + 10 === rdataEnd || this.readOptions(octets, at + 10, rdataEnd);
  }

  /** RFC 6891 §6.1.2: options fill the rdata exactly, and unknown ones are ignored. */
  private readOptions(octets: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at + 4 <= end) {
      const code = readUint16(octets, at);
      const length = readUint16(octets, at + 2);
      at += 4;
      // What another version means by its options is unknown.
      if (this.ednsVersion === 0) {
        if (code === EdnsOption.NSID) this.nsid = true;
        // RFC 7873 §5.2: of several the first counts.
        if (code === EdnsOption.COOKIE && this.cookie === 0) {
          if (!isCookieLength(length)) return false;
          this.cookie = at;
          this.cookieLength = length;
        }
      }
      at += length;
    }
    return at === end;
  }
}

/** RFC 7873 §5.2.2: any other length is FORMERR. */
function isCookieLength(length: number): boolean {
  return length === CLIENT_COOKIE_OCTETS || (length >= MIN_COOKIE_OCTETS && length <= MAX_COOKIE_OCTETS);
}

/** Time, fudge and the length of the MAC; the MAC; original id, error and the length of what follows (RFC 8945 §4.2). */
function isWholeTsig(octets: Uint8Array, start: number, end: number): boolean {
  const mac = skipName(octets, start, end) + 10;
  if (mac < 10 || mac > end) return false;
  const tail = mac + readUint16(octets, mac - 2) + 6;
  return tail <= end && tail + readUint16(octets, tail - 2) === end;
}

/** The position after a record of the message that begins at `start`, or -1. */
function skipRecord(octets: Uint8Array, start: number, position: number, end: number): number {
  const at = skipOwner(octets, start, position, end);
  if (at < 0 || at + 10 > end) return -1;
  const rdataEnd = at + 10 + readUint16(octets, at + 8);
  return rdataEnd <= end ? rdataEnd : -1;
}

/**
 * The position after a record's owner, or -1. Its pointers are followed, each to an earlier place of the message that
 * begins at `start`: one that leads nowhere is malformed here as it is to NSD, Knot and BIND.
 */
function skipOwner(octets: Uint8Array, start: number, position: number, end: number): number {
  const after = skipName(octets, position, end);
  let at = position;
  let limit = position;
  let length = 0;
  let pointers = 0;
  while (after >= 0 && at < end) {
    const size = octets[at]!;
    if (size === 0) return length + 1 <= MAX_NAME_OCTETS ? after : -1;
    if (size >= 0xc0) {
      if (at + 2 > end) return -1;
      at = start + (readUint16(octets, at) & 0x3fff);
      if (at >= limit || at < start + HEADER_OCTETS || ++pointers > MAX_POINTERS) return -1;
      limit = at;
    } else {
      length += size + 1;
      if (size > 63 || length > MAX_NAME_OCTETS) return -1;
      at += size + 1;
    }
  }
  return -1;
}

/** The position after a possibly compressed name, or -1. Pointers are not followed. */
export function skipName(octets: Uint8Array, position: number, end: number): number {
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
