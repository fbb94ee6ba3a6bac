// What the parent of a zone has to publish for it: NS, the addresses of name servers below the zone's own name (glue,
// RFC 1034 §4.2.1), and DS for the keys that sign its keys (RFC 4034 §5); and what differs from what it does publish.

import { foldName, formatName, isSameName, isSubdomain } from '../dns/name.ts';
import { formatRecordType, RecordType } from '../dns/record-type.ts';
import { formatHex } from '../octets/text.ts';
import { formatRdata } from '../zone/rdata/format.ts';
import type { RecordTable } from '../zone/record-table.ts';
import { type Digest, DigestType, dsDigests, isSigningKey, keyTag } from './delegation-signer.ts';

/** In lower case, so that equal records are equal text. */
export interface DelegationRecord {
  /** With a final dot. */
  readonly owner: string;
  readonly type: number;
  /** As a zone file writes it. */
  readonly data: string;
}

export interface Delegation {
  /** Wire form. */
  readonly apex: Uint8Array;
  readonly nameServers: readonly DelegationRecord[];
  readonly glue: readonly DelegationRecord[];
  /** With SHA-256, which every validator knows (RFC 8624 §3.3); one a key. Empty where the zone is not signed. */
  readonly signers: readonly SignerRecord[];
}

/** One key, by its DS with SHA-256 and those with other digests that mean the same. */
export interface SignerRecord extends DelegationRecord {
  /** Data with each digest that can be made, this one's included. */
  readonly alike: readonly string[];
}

/** `digest` makes the digest of a DS; undefined for a type that is not known. */
export function delegationOf(
  { apex, records }: { readonly apex: Uint8Array; readonly records: RecordTable },
  digest: Digest,
): Delegation {
  const rowsOf = (name: Uint8Array, types: readonly number[]): number[] => {
    const rows: number[] = []; // bounded by the zone
    for (let row = 0; row < records.count; row++) {
      if (types.includes(records.types[row]!) && isSameName(ownerOf(records, row), name)) rows.push(row);
    }
    return rows;
  };
  const servers = rowsOf(apex, [RecordType.NS]);
  const below = servers.map((row) => records.rdata(row)).filter((name) => isSubdomain(name, apex));
  const glue = below.flatMap((name) => rowsOf(name, [RecordType.A, RecordType.AAAA]));
  const keys = rowsOf(apex, [RecordType.DNSKEY]).map((row) => records.rdata(row));
  return {
    apex,
    nameServers: servers.map((row) => recordAt(records, row)),
    glue: glue.map((row) => recordAt(records, row)),
    signers: keys.filter(isSigningKey).map((key) => signerOf(apex, key, digest)),
  };
}

function ownerOf({ octets, owners }: RecordTable, row: number): Uint8Array {
  let end = owners[row]!;
  while (octets[end]! !== 0) end += octets[end]! + 1;
  return octets.subarray(owners[row]!, end + 1);
}

function recordAt(records: RecordTable, row: number): DelegationRecord {
  return delegationRecord(ownerOf(records, row), records.types[row]!, records.rdata(row));
}

/** Owner and rdata in wire form without pointers. */
export function delegationRecord(owner: Uint8Array, type: number, rdata: Uint8Array): DelegationRecord {
  return {
    owner: formatName(foldName(owner)),
    type,
    data: formatRdata(type, rdata).toLowerCase(),
  };
}

function signerOf(apex: Uint8Array, key: Uint8Array, digest: Digest): SignerRecord {
  const tag = keyTag(key);
  const digests = dsDigests(apex, key, digest).map(({ type, octets }) => ({
    type,
    data: `${tag} ${key[3]} ${type} ${formatHex(octets)}`,
  }));
  const data = digests.find(({ type }) => type === DigestType.sha256)?.data ?? '';
  const owner = formatName(foldName(apex));
  return { owner, type: RecordType.DS, data, alike: digests.map(({ data: each }) => each) };
}

export interface Difference {
  /** `missing`: the parent should have it; `extra`: the zone does not have it. */
  readonly kind: 'missing' | 'extra';
  readonly record: DelegationRecord;
}

/**
 * What a server of the parent lacks and what it has too much. Addresses count only where they are needed: those of
 * servers elsewhere are another zone's matter. TTLs are the parent's own matter.
 */
export function compareDelegation(
  expected: Delegation,
  found: readonly DelegationRecord[],
): readonly Difference[] {
  const apex = formatName(foldName(expected.apex));
  const relevant = found.filter(({ type, owner }) => {
    if (type === RecordType.NS || type === RecordType.DS) return owner === apex;
    return owner === apex || owner.endsWith(apex === '.' ? apex : `.${apex}`);
  });
  const wanted = [...expected.nameServers, ...expected.glue];
  const isWanted = (record: DelegationRecord): boolean =>
    record.type === RecordType.DS
      ? expected.signers.some(({ alike }) => alike.includes(record.data))
      : wanted.some((each) => isSameRecord(each, record));
  const isThere = (record: DelegationRecord): boolean => relevant.some((each) => isSameRecord(each, record));
  const hasSigner = ({ alike }: SignerRecord): boolean =>
    relevant.some(({ type, data }) => type === RecordType.DS && alike.includes(data));
  return [
    ...wanted.filter((record) => !isThere(record)),
    ...expected.signers.filter((signer) => !hasSigner(signer)),
  ]
    .map((record): Difference => ({ kind: 'missing', record }))
    .concat(relevant.filter((record) => !isWanted(record)).map((record) => ({ kind: 'extra', record })));
}

function isSameRecord(left: DelegationRecord, right: DelegationRecord): boolean {
  return left.type === right.type && left.owner === right.owner && left.data === right.data;
}

/** A line for the parent's zone file. */
export function formatDelegationRecord({ owner, type, data }: DelegationRecord): string {
  return `${owner}\t${formatRecordType(type)}\t${data}`;
}
