// Messages that say "this zone has changed" (RFC 1996): to secondaries from here, and from primaries to here.

import { isSameName, MAX_NAME_OCTETS } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { Opcode, Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { copyOctets, readUint16, readUint32, writeUint16 } from '../octets/big-endian.ts';
import { NameReader } from './name-reader.ts';

/** Type, class, TTL, length of the rdata (RFC 1035 §4.1.3). */
const RECORD_HEAD_OCTETS = 10;
/** Serial, refresh, retry, expire, minimum (RFC 1035 §3.3.13). */
const SOA_NUMBERS_OCTETS = 20;

export interface NotifyMessage {
  /** 0–65535. */
  readonly id: number;
  /** Apex in wire form. */
  readonly zone: Uint8Array;
  /** Rdata of the zone's SOA record, names uncompressed: a hint that saves the secondary a question (§3.7). */
  readonly soa?: Uint8Array;
}

export type DecodedNotify =
  | {
      readonly kind: 'notify';
      readonly id: number;
      /** Apex in wire form, letters as they came. */
      readonly zone: Uint8Array;
      /** Of the SOA in the answer section; undefined where there is none. Nobody vouches for it unless it is signed. */
      readonly serial: number | undefined;
    }
  /** To be answered with {@link writeNotifyReply} and this code. */
  | { readonly kind: 'refused'; readonly rcode: number }
  /** Too short for an id, an answer, or another opcode: not to be answered from here. */
  | { readonly kind: 'other' };

/** The whole message, unsigned (§3.7). */
export function encodeNotify({ id, zone, soa }: NotifyMessage): Uint8Array {
  const questionEnd = HEADER_OCTETS + zone.length + 4;
  const message = new Uint8Array(questionEnd + (soa === undefined ? 0 : 2 + RECORD_HEAD_OCTETS + soa.length));
  writeUint16(message, 0, id);
  writeUint16(message, 2, (Opcode.NOTIFY << 11) | HeaderFlag.aa);
  writeUint16(message, 4, 1);
  writeUint16(message, 6, soa === undefined ? 0 : 1);
  message.set(zone, HEADER_OCTETS);
  writeUint16(message, questionEnd - 4, RecordType.SOA);
  writeUint16(message, questionEnd - 2, RecordClass.IN);
  if (soa === undefined) return message;
  // The owner is the question's name; TTL 0, since nothing here is meant for a cache.
  writeUint16(message, questionEnd, 0xc000 | HEADER_OCTETS);
  writeUint16(message, questionEnd + 2, RecordType.SOA);
  writeUint16(message, questionEnd + 4, RecordClass.IN);
  writeUint16(message, questionEnd + 10, soa.length);
  message.set(soa, questionEnd + 12);
  return message;
}

/** Reads one message; records after the answer section (OPT, TSIG) are the business of others. Never throws. */
export function decodeNotify(message: Uint8Array): DecodedNotify {
  if (message.length < HEADER_OCTETS) return { kind: 'other' };
  const flags = readUint16(message, 2);
  if ((flags & HeaderFlag.qr) !== 0 || opcodeOf(flags) !== Opcode.NOTIFY) return { kind: 'other' };
  const malformed = { kind: 'refused', rcode: Rcode.FORMERR } as const;
  if (readUint16(message, 4) !== 1) return malformed;
  const name = new NameReader();
  const at = name.read(message, HEADER_OCTETS, message.length);
  // A question is the first name of its message: it has nothing to point to.
  if (at !== HEADER_OCTETS + name.length || at + 4 > message.length) return malformed;
  const zone = name.octets.slice(0, name.length);
  // §3.2 leaves other types to the future; BIND says FORMERR to them too.
  if (readUint16(message, at) !== RecordType.SOA) return malformed;
  if (readUint16(message, at + 2) !== RecordClass.IN) return { kind: 'refused', rcode: Rcode.REFUSED };
  const serial = readUint16(message, 6) === 0 ? undefined : readSerial(message, at + 4, name);
  if (serial === -1) return malformed;
  return { kind: 'notify', id: readUint16(message, 0), zone, serial };
}

/** The serial of the record at `start` where that is an SOA; undefined for another record, -1 for a broken one. */
function readSerial(message: Uint8Array, start: number, name: NameReader): number | undefined {
  const head = name.read(message, start, message.length);
  if (head < 0 || head + RECORD_HEAD_OCTETS > message.length) return -1;
  const rdata = head + RECORD_HEAD_OCTETS;
  const end = rdata + readUint16(message, head + 8);
  if (end > message.length) return -1;
  if (readUint16(message, head) !== RecordType.SOA) return undefined;
  const primary = name.read(message, rdata, end);
  const numbers = primary < 0 ? -1 : name.read(message, primary, end);
  return numbers < 0 || numbers + SOA_NUMBERS_OCTETS !== end ? -1 : readUint32(message, numbers);
}

/** What a reply to a NOTIFY takes at most, TSIG aside. */
export const MAX_NOTIFY_REPLY_OCTETS: number = HEADER_OCTETS + MAX_NAME_OCTETS + 4;

/**
 * Answers a NOTIFY (§4.7): id, opcode and question as they came, QR and AA set, no records. Where the question cannot
 * be read, the header alone. Returns the octets written, at most {@link MAX_NOTIFY_REPLY_OCTETS}. `message` has at
 * least a header.
 */
export function writeNotifyReply(
  message: Uint8Array,
  rcode: number,
  output: Uint8Array,
  outputOffset: number,
): number {
  const name = new NameReader();
  const at = readUint16(message, 4) === 1 ? name.read(message, HEADER_OCTETS, message.length) : -1;
  const hasQuestion = at === HEADER_OCTETS + name.length && at + 4 <= message.length;
  const length = hasQuestion ? at + 4 : HEADER_OCTETS;
  copyOctets(message, 0, length, output, outputOffset);
  const aa = rcode === Rcode.NOERROR ? HeaderFlag.aa : 0;
  writeUint16(output, outputOffset + 2, HeaderFlag.qr | (Opcode.NOTIFY << 11) | aa | (rcode & 15));
  writeUint16(output, outputOffset + 4, hasQuestion ? 1 : 0);
  for (let count = 6; count < HEADER_OCTETS; count += 2) writeUint16(output, outputOffset + count, 0);
  return length;
}

/**
 * The response code of the answer to our NOTIFY; undefined for a message that does not answer it: another id or opcode,
 * or a question that differs. An answer without question is taken: some servers send their errors so.
 */
export function readNotifyReply(message: Uint8Array, sent: NotifyMessage): number | undefined {
  if (message.length < HEADER_OCTETS || readUint16(message, 0) !== sent.id) return undefined;
  const flags = readUint16(message, 2);
  if ((flags & HeaderFlag.qr) === 0 || opcodeOf(flags) !== Opcode.NOTIFY) return undefined;
  if (readUint16(message, 4) === 0) return (flags & 15) === Rcode.NOERROR ? undefined : flags & 15;
  const end = HEADER_OCTETS + sent.zone.length + 4;
  if (readUint16(message, 4) !== 1 || end > message.length) return undefined;
  const isSame =
    isSameName(message.subarray(HEADER_OCTETS, end - 4), sent.zone) &&
    readUint16(message, end - 4) === RecordType.SOA &&
    readUint16(message, end - 2) === RecordClass.IN;
  return isSame ? flags & 15 : undefined;
}

function opcodeOf(flags: number): number {
  return (flags >>> 11) & 15;
}
