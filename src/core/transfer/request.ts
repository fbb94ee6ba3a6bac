// A question for a whole zone (AXFR, RFC 5936 §2.1) or for its changes (IXFR, RFC 1995 §3), read out of a message.

import { isSameNameAt } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { QueryName } from '../dns/query-name.ts';
import { Opcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import type { Catalog } from '../zone/image/catalog.ts';
import type { ZoneImage } from '../zone/image/image.ts';
import { NameReader } from './name-reader.ts';
import { SOA_NUMBERS_OCTETS } from './serial.ts';

/** It holds copies, so that it outlives the buffer it was read from. */
export interface TransferRequest {
  readonly kind: 'axfr' | 'ixfr';
  readonly id: number;
  /** RD and CD as they came: they go back so. */
  readonly flags: number;
  /** Name (letters as they came), type and class. */
  readonly question: Uint8Array;
  /** The version that the client has; 0 for AXFR. */
  readonly serial: number;
  readonly hasEdns: boolean;
  /** DO (RFC 3225 §3: it goes back as it came). */
  readonly dnssecOk: boolean;
}

/** The numbers, and the root twice. */
const MIN_SOA_OCTETS = SOA_NUMBERS_OCTETS + 2;

/**
 * Undefined for whatever is no whole question for a transfer in class IN: another type, a malformed message. The
 * authority answers those as it answers any query.
 */
export function readTransferRequest(
  octets: Uint8Array,
  offset: number,
  length: number,
): TransferRequest | undefined {
  const message = octets.subarray(offset, offset + length);
  if (length < HEADER_OCTETS) return undefined;
  const flags = readUint16(message, 2);
  if ((flags & HeaderFlag.qr) !== 0 || ((flags >>> 11) & 15) !== Opcode.QUERY) return undefined;
  if (readUint16(message, 4) !== 1 || readUint16(message, 6) !== 0) return undefined;
  const name = new NameReader();
  const typeAt = name.read(message, HEADER_OCTETS, length);
  if (typeAt !== HEADER_OCTETS + name.length || typeAt + 4 > length) return undefined;
  const type = readUint16(message, typeAt);
  if (type !== RecordType.AXFR && type !== RecordType.IXFR) return undefined;
  if (readUint16(message, typeAt + 2) !== RecordClass.IN) return undefined;
  const records = readRecords(message, typeAt + 4, type === RecordType.IXFR);
  if (records === undefined) return undefined;
  return {
    kind: type === RecordType.AXFR ? 'axfr' : 'ixfr',
    id: readUint16(message, 0),
    flags: flags & (HeaderFlag.rd | HeaderFlag.cd),
    // Not by `slice`: a Buffer's would share the memory.
    question: new Uint8Array(message.subarray(HEADER_OCTETS, typeAt + 4)),
    ...records,
  };
}

/** The client's SOA in the authority section of IXFR, and whether OPT is in the additional one; nothing may trail. */
function readRecords(
  message: Uint8Array,
  start: number,
  isIncremental: boolean,
): Pick<TransferRequest, 'serial' | 'hasEdns' | 'dnssecOk'> | undefined {
  const authority = readUint16(message, 8);
  if (authority !== (isIncremental ? 1 : 0)) return undefined;
  const owner = new NameReader();
  let serial = 0;
  let hasEdns = false;
  let dnssecOk = false;
  let at = start;
  for (let index = 0, count = authority + readUint16(message, 10); index < count; index++) {
    at = owner.read(message, at, message.length);
    if (at < 0 || at + 10 > message.length) return undefined;
    const type = readUint16(message, at);
    const rdataLength = readUint16(message, at + 8);
    const end = at + 10 + rdataLength;
    if (end > message.length) return undefined;
    if (index < authority) {
      if (type !== RecordType.SOA || rdataLength < MIN_SOA_OCTETS) return undefined;
      if (!isSameNameAt(owner.octets, 0, message, HEADER_OCTETS)) return undefined;
      serial = readUint32(message, end - SOA_NUMBERS_OCTETS);
    } else if (type === RecordType.OPT) {
      // Another version of EDNS: BADVERS (RFC 6891 §6.1.3).
      if (message[at + 5] !== 0) return undefined;
      hasEdns = true;
      dnssecOk = (message[at + 6]! & 0x80) !== 0;
    }
    at = end;
  }
  return at === message.length ? { serial, hasEdns, dnssecOk } : undefined;
}

/** The image whose apex is the name asked for, or undefined: a transfer is never of a part of a zone. */
export function findTransferZone(catalog: Catalog, request: TransferRequest): ZoneImage | undefined {
  const name = new QueryName();
  name.readQuestion(request.question, 0, 0, request.question.length);
  return findZoneAt(catalog, name);
}

/** As {@link findTransferZone}, of a question that was read elsewhere; its hashes are overwritten. */
export function findZoneAt(catalog: Catalog, name: QueryName): ZoneImage | undefined {
  name.hash(catalog.seed);
  const image = catalog.find(name, 0);
  return image?.apexLabels === name.labels ? image : undefined;
}
