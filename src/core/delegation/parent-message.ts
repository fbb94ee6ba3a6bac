// Questions to a server of the parent zone, and what its answer says of the delegation (RFC 1034 §4.3.2, RFC 4035 §3.1.4).

import { isSameName } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { formatRcode } from '../dns/rcode.ts';
import { Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, writeUint16 } from '../octets/big-endian.ts';
import { ReceivedRecord } from '../transfer/received-record.ts';
import { type DelegationRecord, delegationRecord } from './delegation.ts';

export interface ParentQuery {
  /** 0–65535. */
  readonly id: number;
  /** Wire form. */
  readonly apex: Uint8Array;
  readonly type: typeof RecordType.NS | typeof RecordType.DS;
}

/** RFC 6891 §6.2.5 with the ceiling of the DNS Flag Day 2020: fits every path without fragments. */
const UDP_PAYLOAD_OCTETS = 1232;
/** Root, type, class, TTL, length (RFC 6891 §6.1.2). */
const OPT_OCTETS = 11;

export type ParentReply =
  | {
      readonly kind: 'delegation';
      /** NS, DS and addresses, from every section. */
      readonly records: readonly DelegationRecord[];
      /** The server serves the zone itself, so that it shows its own records instead of the parent's. */
      readonly isOwnZone: boolean;
    }
  /** To be asked again over TCP. */
  | { readonly kind: 'truncated' }
  /** A sentence. */
  | { readonly kind: 'failed'; readonly message: string };

/** Not recursive: what this server has is asked for, not what somebody else does. */
export function encodeParentQuery({ id, apex, type }: ParentQuery): Uint8Array {
  const questionEnd = HEADER_OCTETS + apex.length + 4;
  const message = new Uint8Array(questionEnd + OPT_OCTETS);
  writeUint16(message, 0, id);
  writeUint16(message, 4, 1);
  writeUint16(message, 10, 1);
  message.set(apex, HEADER_OCTETS);
  writeUint16(message, questionEnd - 4, type);
  writeUint16(message, questionEnd - 2, RecordClass.IN);
  writeUint16(message, questionEnd + 1, RecordType.OPT);
  writeUint16(message, questionEnd + 3, UDP_PAYLOAD_OCTETS);
  return message;
}

/** Undefined for what is no reply to the query: another id or question, a query. */
export function readParentReply(message: Uint8Array, query: ParentQuery): ParentReply | undefined {
  const { id, apex, type } = query;
  if (message.length < HEADER_OCTETS || readUint16(message, 0) !== id) return undefined;
  const flags = readUint16(message, 2);
  if ((flags & HeaderFlag.qr) === 0 || ((flags >>> 11) & 15) !== 0) return undefined;
  const end = HEADER_OCTETS + apex.length + 4;
  const isOurs =
    readUint16(message, 4) === 1 &&
    end <= message.length &&
    isSameName(message.subarray(HEADER_OCTETS, end - 4), apex) &&
    readUint16(message, end - 4) === type;
  const rcode = flags & 15;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) {
    return isOurs || readUint16(message, 4) === 0 ? failed(`it answers ${formatRcode(rcode)}`) : undefined;
  }
  if (!isOurs) return undefined;
  if ((flags & HeaderFlag.tc) !== 0) return { kind: 'truncated' };
  const records = readRecords(message, end);
  if (records === undefined) return failed('its answer is malformed');
  const isOwnZone = type === RecordType.NS && (flags & HeaderFlag.aa) !== 0 && readUint16(message, 6) > 0;
  return { kind: 'delegation', records, isOwnZone };
}

function failed(message: string): ParentReply {
  return { kind: 'failed', message };
}

const SHOWN: readonly number[] = [RecordType.NS, RecordType.DS, RecordType.A, RecordType.AAAA];

function readRecords(message: Uint8Array, start: number): DelegationRecord[] | undefined {
  const records: DelegationRecord[] = []; // bounded by the message
  const record = new ReceivedRecord();
  let left = readUint16(message, 6) + readUint16(message, 8) + readUint16(message, 10);
  for (let at = start; left > 0; left--, at = record.end) {
    const fault = record.read(message, at);
    if (fault === 'malformed-record') return undefined;
    if (fault !== undefined || !SHOWN.includes(record.type)) continue;
    const owner = record.owner.octets.slice(0, record.owner.length);
    records.push(delegationRecord(owner, record.type, record.rdata.slice(0, record.rdataLength)));
  }
  return records;
}
