// One message of a transfer as it grows (RFC 5936 §2.2): records of one owner after the other, owners compressed against
// the apex and against the owner before. Reused for all messages of a transfer.
// Loops copy short runs octet by octet: a view a record would be garbage a record.
// Non-null assertions: offsets come from a compiled image or from checked changes.

import { OPT_OCTETS } from '../dns/edns-reply.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint16, writeUint16 } from '../octets/big-endian.ts';
import type { TransferRequest } from './request.ts';

/** RFC 1035 §4.2.2: what the length of a message over TCP can say. */
export const MAX_MESSAGE_OCTETS = 65_535;
/** RFC 1035 §4.1.4: fourteen bits of offset. */
const MAX_POINTER = 0x3fff;
/** Type, class, TTL, rdata length (RFC 1035 §4.1.3). */
export const RECORD_FIELDS_OCTETS = 10;
/** DNS flag day 2020; what we say that we take over UDP. */
const UDP_PAYLOAD = 1232;
/** Names of up to 255 octets, by their length without the apex. */
const SUFFIX_LENGTHS = 256;
/** From here on a view costs less than copying octet by octet (RSA signatures: 100,000 in 18 ms, not 42). */
const LONG_RECORD_OCTETS = 128;
const NO_OCTETS = new Uint8Array(0);

export class TransferMessage {
  /** Records in the answer section. */
  answers = 0;
  private output: Uint8Array = NO_OCTETS;
  private start = 0;
  private position = 0;
  private end = 0;
  private additional = 0;
  private readonly request: TransferRequest;
  private readonly apex: Uint8Array;
  /** Where the apex stands in this message with the letters of the zone, or 0. */
  private apexPosition = 0;
  /** The owner of the records to come, and where it stands in this message, or 0. */
  private owner: Uint8Array = NO_OCTETS;
  private ownerAt = 0;
  private ownerLength = 0;
  private ownerPosition = 0;
  /** The owner that was written last, without the apex, and where each of its suffixes stands, by its length, or 0. */
  private previous: Uint8Array = NO_OCTETS;
  private previousAt = 0;
  private previousLength = 0;
  private readonly suffixes = new Uint16Array(SUFFIX_LENGTHS);

  constructor(request: TransferRequest, apex: Uint8Array) {
    this.request = request;
    this.apex = apex;
  }

  /** Starts a message of at most `limit` octets at `offset` of `output`. The first one repeats the question. */
  begin(output: Uint8Array, offset: number, limit: number, isFirst: boolean): void {
    const { request } = this;
    this.output = output;
    this.start = offset;
    this.end = offset + limit;
    this.answers = 0;
    this.forgetNames();
    output.fill(0, offset, offset + HEADER_OCTETS);
    writeUint16(output, offset, request.id);
    writeUint16(output, offset + 2, HeaderFlag.qr | HeaderFlag.aa | request.flags);
    this.position = offset + HEADER_OCTETS;
    this.additional = 0;
    if (!isFirst) return;
    writeUint16(output, offset + 4, 1);
    output.set(request.question, this.position);
    this.position += request.question.length;
    // RFC 5936 §3.4: letters are kept, so that the question serves as the apex only where it has those of the zone.
    if (this.apex.every((octet, index) => octet === request.question[index]))
      this.apexPosition = HEADER_OCTETS;
    // RFC 5936 §2.2.5: OPT in the first message is enough.
    if (request.hasEdns) this.additional = OPT_OCTETS;
    this.end -= this.additional;
  }

  /** The message may have this many octets from now on. */
  extend(limit: number): void {
    this.end = this.start + limit - this.additional;
  }

  /** Writes counts and OPT; returns the octets of the message. */
  finish(): number {
    const { output, start } = this;
    writeUint16(output, start + 6, this.answers);
    if (this.additional > 0) {
      writeUint16(output, start + 10, 1);
      const at = this.position;
      output.fill(0, at, at + OPT_OCTETS);
      writeUint16(output, at + 1, RecordType.OPT);
      writeUint16(output, at + 3, UDP_PAYLOAD);
      if (this.request.dnssecOk) output[at + 7] = 0x80;
      this.position += OPT_OCTETS;
    }
    return this.position - start;
  }

  /** Takes back all records and says why instead: header, question and `rcode`. */
  refuse(rcode: number): void {
    this.answers = 0;
    this.position = this.start + HEADER_OCTETS;
    if (readUint16(this.output, this.start + 4) !== 0) this.position += this.request.question.length;
    const flags = readUint16(this.output, this.start + 2) & ~HeaderFlag.aa;
    writeUint16(this.output, this.start + 2, (flags & 0xfff0) | rcode);
  }

  /** Whose the next records are: `length` octets at `at` of `octets`, the apex or a name below it. */
  setOwner(octets: Uint8Array, at: number, length: number): void {
    this.owner = octets;
    this.ownerAt = at;
    this.ownerLength = length;
    this.ownerPosition = 0;
  }

  /**
   * Appends a record of the owner that was set: `fields` is where its type stands in `octets`; class, TTL, rdata length
   * and rdata follow there. Returns where its rdata stands in the output, or -1 if it does not fit: nothing is written.
   */
  append(octets: Uint8Array, fields: number): number {
    const length = RECORD_FIELDS_OCTETS + readUint16(octets, fields + 8);
    const ownerOctets = this.ownerPosition === 0 ? this.ownerLength : 2;
    if (this.position + ownerOctets + length > this.end) return -1;
    if (this.ownerPosition === 0) this.writeOwner();
    else {
      writeUint16(this.output, this.position, 0xc000 | this.ownerPosition);
      this.position += 2;
    }
    const at = this.position;
    if (length > LONG_RECORD_OCTETS) this.output.set(octets.subarray(fields, fields + length), at);
    else for (let index = 0; index < length; index++) this.output[at + index] = octets[fields + index]!;
    this.position = at + length;
    this.answers++;
    return at + RECORD_FIELDS_OCTETS;
  }

  /** Aims the pointer at `at` of the output at the apex, which stands there since the first record. */
  pointToApex(at: number): void {
    writeUint16(this.output, at, 0xc000 | this.apexPosition);
  }

  private writeOwner(): void {
    const { owner, ownerAt, previous, previousAt, suffixes } = this;
    const relative = this.ownerLength - this.apex.length;
    this.ownerPosition = this.reachable();
    let shared = 0;
    for (const most = Math.min(relative, this.previousLength); shared < most; shared++) {
      if (owner[ownerAt + relative - 1 - shared] !== previous[previousAt + this.previousLength - 1 - shared])
        break;
    }
    let written = 0;
    while (written < relative && (relative - written > shared || suffixes[relative - written] === 0)) {
      written += owner[ownerAt + written]! + 1;
    }
    const kept = relative - written;
    for (let at = 0; this.previousLength - at > kept; at += previous[previousAt + at]! + 1) {
      suffixes[this.previousLength - at] = 0;
    }
    for (let at = 0; at < written; ) {
      suffixes[relative - at] = this.reachable();
      for (const stop = at + owner[ownerAt + at]! + 1; at < stop; at++) {
        this.output[this.position++] = owner[ownerAt + at]!;
      }
    }
    if (kept > 0) this.writePointer(suffixes[kept]!);
    else if (this.apexPosition !== 0) this.writePointer(this.apexPosition);
    else this.writeApex();
    this.previous = owner;
    this.previousAt = ownerAt;
    this.previousLength = relative;
  }

  /** What a pointer to the next octet would say, or 0 where none reaches. */
  private reachable(): number {
    const position = this.position - this.start;
    return position <= MAX_POINTER ? position : 0;
  }

  private writePointer(position: number): void {
    writeUint16(this.output, this.position, 0xc000 | position);
    this.position += 2;
  }

  private writeApex(): void {
    // Nothing is won by a pointer to the root.
    if (this.apex.length > 1) this.apexPosition = this.reachable();
    this.output.set(this.apex, this.position);
    this.position += this.apex.length;
  }

  private forgetNames(): void {
    this.suffixes.fill(0);
    this.previousLength = 0;
    this.ownerPosition = 0;
    this.apexPosition = 0;
  }
}
