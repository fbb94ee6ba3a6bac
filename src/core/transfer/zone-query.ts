// What a secondary asks a primary: which serial it has, and the zone or what has changed in it (RFC 1035 §4.3.5,
// RFC 5936 §2.1, RFC 1995 §3).

import { isSameName } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { formatRcode } from '../dns/rcode.ts';
import { Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { NameReader } from './name-reader.ts';
import { SOA_NUMBERS_OCTETS } from './serial.ts';

export interface ZoneQuery {
  /** 0–65535. */
  readonly id: number;
  /** Wire form. */
  readonly apex: Uint8Array;
  readonly kind: 'soa' | 'axfr' | 'ixfr';
  /** The version at hand; needed for IXFR. */
  readonly serial?: number;
}

const TYPES = { soa: RecordType.SOA, axfr: RecordType.AXFR, ixfr: RecordType.IXFR } as const;

/** Owner as a pointer, type, class, TTL, length. */
const RECORD_HEAD_OCTETS = 12;
/** The root twice, and five numbers, of which the serial is all that anyone reads (RFC 1995 §3). */
const SOA_OCTETS = 22;
/** RFC 1035 §4.1.4, to the question's name. */
const QUESTION_POINTER = 0xc000 | HEADER_OCTETS;

/** The whole message, unsigned, without RD. */
export function encodeZoneQuery({ id, apex, kind, serial }: ZoneQuery): Uint8Array {
  const questionEnd = HEADER_OCTETS + apex.length + 4;
  const hasSerial = kind === 'ixfr';
  const message = new Uint8Array(questionEnd + (hasSerial ? RECORD_HEAD_OCTETS + SOA_OCTETS : 0));
  writeUint16(message, 0, id);
  writeUint16(message, 4, 1);
  message.set(apex, HEADER_OCTETS);
  writeUint16(message, questionEnd - 4, TYPES[kind]);
  writeUint16(message, questionEnd - 2, RecordClass.IN);
  if (!hasSerial) return message;
  writeUint16(message, 8, 1);
  writeUint16(message, questionEnd, QUESTION_POINTER);
  writeUint16(message, questionEnd + 2, RecordType.SOA);
  writeUint16(message, questionEnd + 4, RecordClass.IN);
  writeUint16(message, questionEnd + 10, SOA_OCTETS);
  writeUint32(message, questionEnd + RECORD_HEAD_OCTETS + 2, serial ?? 0);
  return message;
}

export type SoaReply =
  | { readonly kind: 'soa'; readonly serial: number }
  /** To be asked again over TCP. */
  | { readonly kind: 'truncated' }
  /** `message` is a sentence without addresses. */
  | { readonly kind: 'failed'; readonly message: string };

/** Undefined for what is no reply to the query: another id or question, a query. Records after the answer are not read. */
export function readSoaReply(message: Uint8Array, { id, apex }: ZoneQuery): SoaReply | undefined {
  if (message.length < HEADER_OCTETS || readUint16(message, 0) !== id) return undefined;
  const flags = readUint16(message, 2);
  if ((flags & HeaderFlag.qr) === 0 || ((flags >>> 11) & 15) !== 0) return undefined;
  const rcode = flags & 15;
  if (rcode !== Rcode.NOERROR) return failed(`The primary answers ${formatRcode(rcode)}.`);
  const answer = questionEnd(message, apex);
  if (answer === undefined) return undefined;
  if ((flags & HeaderFlag.tc) !== 0) return { kind: 'truncated' };
  // RFC 1034 §4.3.5: a server that does not serve the zone itself may hold an old copy for as long as it likes.
  if ((flags & HeaderFlag.aa) === 0) return failed('The primary answers without authority.');
  const serial = readUint16(message, 6) === 0 ? undefined : readSerial(message, answer, apex);
  return serial === undefined ? failed('The primary answers without a SOA record.') : { kind: 'soa', serial };
}

function failed(message: string): SoaReply {
  return { kind: 'failed', message };
}

/** Where the answer begins when the question is `apex` SOA IN. */
function questionEnd(message: Uint8Array, apex: Uint8Array): number | undefined {
  const end = HEADER_OCTETS + apex.length + 4;
  if (readUint16(message, 4) !== 1 || end > message.length) return undefined;
  const isOurs =
    isSameName(message.subarray(HEADER_OCTETS, end - 4), apex) &&
    readUint16(message, end - 4) === RecordType.SOA &&
    readUint16(message, end - 2) === RecordClass.IN;
  return isOurs ? end : undefined;
}

/** Of the first answer record, where that is the zone's SOA. */
function readSerial(message: Uint8Array, start: number, apex: Uint8Array): number | undefined {
  const name = new NameReader();
  const fields = name.read(message, start, message.length);
  if (fields < 0 || fields + 10 > message.length) return undefined;
  if (!isSameName(name.octets.subarray(0, name.length), apex)) return undefined;
  if (readUint16(message, fields) !== RecordType.SOA) return undefined;
  const end = fields + 10 + readUint16(message, fields + 8);
  if (end > message.length) return undefined;
  const primary = name.read(message, fields + 10, end);
  const numbers = primary < 0 ? -1 : name.read(message, primary, end);
  return numbers < 0 || numbers + SOA_NUMBERS_OCTETS !== end ? undefined : readUint32(message, numbers);
}
