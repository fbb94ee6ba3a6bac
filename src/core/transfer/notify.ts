// Messages that say "this zone has changed" (RFC 1996): to secondaries from here, and from primaries to here.

import { isSameName } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag, skipName } from '../dns/query.ts';
import { Opcode, Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32, writeUint16 } from '../octets/big-endian.ts';
import { SOA_NUMBERS_OCTETS } from './serial.ts';

/** Type, class, TTL, length of the rdata (RFC 1035 §4.1.3). */
const RECORD_HEAD_OCTETS = 10;

export interface NotifyMessage {
  /** 0–65535. */
  readonly id: number;
  /** Apex in wire form. */
  readonly zone: Uint8Array;
  /** Rdata of the zone's SOA record, names uncompressed: a hint that saves the secondary a question (§3.7). */
  readonly soa?: Uint8Array;
}

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

/**
 * The serial of the record at `position`, which is whole, where that is an SOA (§3.7); undefined for another. Nobody
 * vouches for it unless the message is signed.
 */
export function readNotifySerial(message: Uint8Array, position: number, end: number): number | undefined {
  const head = skipName(message, position, end);
  if (head < 0 || head + RECORD_HEAD_OCTETS > end || readUint16(message, head) !== RecordType.SOA)
    return undefined;
  const length = readUint16(message, head + 8);
  const numbers = head + RECORD_HEAD_OCTETS + length - SOA_NUMBERS_OCTETS;
  // Both names have an octet at least.
  return length < SOA_NUMBERS_OCTETS + 2 || numbers + SOA_NUMBERS_OCTETS > end
    ? undefined
    : readUint32(message, numbers);
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
