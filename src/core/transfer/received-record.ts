// One record out of a message that nobody vouches for: owner and rdata with their names written out, rdata checked to
// be what its type holds.
// Non-null assertions: every offset is compared with the end first, and this runs once a record.

import { nameLength } from '../dns/name.ts';
import { RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { formatFields } from '../zone/rdata/format.ts';
import { fieldsOf } from '../zone/rdata/types.ts';
import { firstName, namesIn } from './compressed-names.ts';
import { NameReader } from './name-reader.ts';
import { wholeNameEnd } from './record-block.ts';
import { RECORD_FIELDS_OCTETS } from './transfer-message.ts';

/** RFC 2181 §8: with the highest bit set, a TTL counts as 0. */
const MAX_TTL_SECONDS = 2 ** 31 - 1;
/** Rdata and three names of 255 octets that pointers stood for. */
const MAX_EXPANDED_OCTETS = 65_535 + 3 * 255;
/** What rdata may have after its pointers are written out: its length has 16 bits (RFC 1035 §4.1.3). */
const MAX_RDATA_OCTETS = 65_535;

export type RecordFault = 'malformed-record' | 'wrong-class' | 'meta-type';

/** One object a transfer, overwritten by each record. */
export class ReceivedRecord {
  readonly owner = new NameReader();
  type = 0;
  /** Seconds. */
  ttl = 0;
  /** `rdataLength` octets of it. */
  readonly rdata = new Uint8Array(MAX_EXPANDED_OCTETS);
  rdataLength = 0;
  /** After the record in the message. */
  end = 0;
  private readonly name = new NameReader();

  /** Reads the record at `start` of `message`; what is wrong with it, or undefined. */
  read(message: Uint8Array, start: number): RecordFault | undefined {
    const fields = this.owner.read(message, start, message.length);
    if (fields < 0 || fields + RECORD_FIELDS_OCTETS > message.length) return 'malformed-record';
    this.type = readUint16(message, fields);
    const ttl = readUint32(message, fields + 4);
    this.ttl = ttl > MAX_TTL_SECONDS ? 0 : ttl;
    const rdata = fields + RECORD_FIELDS_OCTETS;
    this.end = rdata + readUint16(message, fields + 8);
    if (this.end > message.length) return 'malformed-record';
    if (readUint16(message, fields + 2) !== RecordClass.IN) return 'wrong-class';
    if (isMetaType(this.type)) return 'meta-type';
    return this.expand(message, rdata) && this.isWellFormed() ? undefined : 'malformed-record';
  }

  /** Copies the rdata, with its names written out where its type lets a sender compress them (RFC 3597 §4). */
  private expand(message: Uint8Array, start: number): boolean {
    let at = start;
    this.rdataLength = 0;
    const names = namesIn(this.type);
    if (names > 0) {
      const first = firstName(this.type, message, start, this.end);
      if (first > this.end) return false;
      this.copy(message, at, first);
      at = first;
      for (let left = names; left > 0; left--) {
        at = this.name.read(message, at, this.end);
        if (at < 0) return false;
        this.copy(this.name.octets, 0, this.name.length);
      }
    }
    this.copy(message, at, this.end);
    return this.rdataLength <= MAX_RDATA_OCTETS;
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.rdata[this.rdataLength++] = from[at]!;
  }

  /** Whether the zone language has a text for it. The types that zones are full of are looked at without making it. */
  private isWellFormed(): boolean {
    const { rdata, rdataLength } = this;
    switch (this.type) {
      case RecordType.A:
        return rdataLength === 4;
      case RecordType.AAAA:
        return rdataLength === 16;
      case RecordType.NS:
      case RecordType.CNAME:
      case RecordType.PTR:
        return rdataLength === nameLength(rdata);
      case RecordType.TXT:
        return areStrings(rdata, rdataLength);
      case RecordType.RRSIG:
        return isSignature(rdata, rdataLength);
      default:
        // RFC 3597: what has no text of its own is octets.
        if (fieldsOf(this.type) === undefined) return true;
        return formatFields(this.type, rdata.subarray(0, rdataLength)) !== undefined;
    }
  }
}

/** Types that mean something in questions and messages only (IANA: 0, 41, 128 to 255). */
function isMetaType(type: number): boolean {
  return type === 0 || type === RecordType.OPT || (type >= 128 && type <= 255);
}

/** RFC 1035 §3.3: character-strings to the last octet, one at least. */
function areStrings(rdata: Uint8Array, length: number): boolean {
  let at = 0;
  while (at < length) at += rdata[at]! + 1;
  return at === length && length > 0;
}

/** RFC 4034 §3.1: eighteen octets of fields, the signer's name, the signature. */
function isSignature(rdata: Uint8Array, length: number): boolean {
  const end = wholeNameEnd(rdata, 18);
  return end > 0 && end < length;
}
