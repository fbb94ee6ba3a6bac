// Fields in the data of the record types that sign a zone (RFC 4034 §3.1, RFC 5155 §3.2 and §4.2), read in place.
// Data may also come as `\#` octets: what is too short reads as zero, and lengths are held against the end.

import { RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import type { RecordTable } from './record-table.ts';

/** The only hash that NSEC3 knows, SHA-1 (RFC 5155 §11). */
const NSEC3_SHA1 = 1;

/** Octets of its hashes. */
export const NSEC3_HASH_OCTETS = 20;

/** Owner of an NSEC3 record: 20 octets in base32 with extended hex alphabet, as one label before the apex. */
export const NSEC3_LABEL_OCTETS = 32;

/** RFC 5155 §3.1.5: its length is one octet. */
export const MAX_SALT_OCTETS = 255;

/** The type that an RRSIG signs. */
export function coveredType({ octets, rdataOffsets, rdataLengths }: RecordTable, row: number): number {
  return rdataLengths[row]! < 2 ? 0 : readUint16(octets, rdataOffsets[row]!);
}

/** Seconds since 1970 modulo 2³² until which an RRSIG is valid (RFC 4034 §3.1.5). */
export function expirationOf({ octets, rdataOffsets, rdataLengths }: RecordTable, row: number): number {
  return rdataLengths[row]! < 12 ? 0 : readUint32(octets, rdataOffsets[row]! + 8);
}

/** NSEC3 and what signs it: their owners are hashes, not names of the zone (RFC 5155 §7.2.8). */
export function isHashedRow(table: RecordTable, row: number): boolean {
  const type = table.types[row];
  return (
    type === RecordType.NSEC3 || (type === RecordType.RRSIG && coveredType(table, row) === RecordType.NSEC3)
  );
}

/** How names are hashed; in NSEC3PARAM and in every NSEC3. */
export interface Nsec3Parameters {
  readonly algorithm: number;
  /** In NSEC3PARAM zero, or the record is to be ignored (RFC 5155 §4.1.2); in NSEC3 the lowest bit is opt-out. */
  readonly flags: number;
  readonly iterations: number;
  /** A copy: the records may be gone when it is written. */
  readonly salt: Uint8Array;
}

/** Of a row of either type; undefined where the data are cut short. */
export function nsec3Parameters(table: RecordTable, row: number): Nsec3Parameters | undefined {
  const rdata = table.rdata(row);
  if (rdata.length < 5 || rdata.length < 5 + rdata[4]!) return undefined;
  return {
    algorithm: rdata[0]!,
    flags: rdata[1]!,
    iterations: readUint16(rdata, 2),
    salt: rdata.slice(5, 5 + rdata[4]!),
  };
}

/** RFC 5155 §4.1.2: flags that are not zero, and hashes that are not known, make an NSEC3PARAM one to ignore. */
export function isUsable({ algorithm, flags }: Nsec3Parameters): boolean {
  return algorithm === NSEC3_SHA1 && flags === 0;
}

/** Whether an NSEC3 row hashes as these parameters say: both records begin alike but for the flags. */
export function isHashedWith(table: RecordTable, row: number, parameters: Nsec3Parameters): boolean {
  const { octets, rdataOffsets, rdataLengths } = table;
  const at = rdataOffsets[row]!;
  const { algorithm, iterations, salt } = parameters;
  if (rdataLengths[row]! < 5 + salt.length || octets[at] !== algorithm || octets[at + 4] !== salt.length)
    return false;
  if (readUint16(octets, at + 2) !== iterations) return false;
  return salt.every((octet, index) => octet === octets[at + 5 + index]);
}
