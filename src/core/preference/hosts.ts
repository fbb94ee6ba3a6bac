// The preference hosts of a zone: which names declare endpoints (BEP 34), and the addresses they have.

import { joinStrings } from '../dns/character-strings.ts';
import { FOLD, foldName, formatName, isSameName, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatIpAddress } from '../net/ip-address.ts';
import { octetsToText } from '../octets/text.ts';
import type { RecordTable } from '../zone/record-table.ts';
import { parsePreference } from './preference.ts';

/** Where a record stands, as diagnostics name it. Lines and columns count from 1. */
export interface RecordPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface HostAddress extends RecordPosition {
  /** Canonical text. */
  readonly address: string;
  readonly ttlSeconds: number;
}

/** An owner name with a `BITTORRENT` record. The position is that of the TXT record. */
export interface PreferenceHost extends RecordPosition {
  /** Lower case, escaped as in a zone file, without final dot; a wildcard owner keeps its `*`. */
  readonly name: string;
  /** The zone's apex, written as `name` is. */
  readonly zone: string;
  /** In the order of the record, those past the tenth included; empty is a denial. */
  readonly endpoints: readonly Endpoint[];
  /** Of the TXT record. */
  readonly ttlSeconds: number;
  /** The A and AAAA records of the same owner. */
  readonly addresses: readonly HostAddress[];
}

export interface HostsSource {
  /** Wire form. */
  readonly apex: Uint8Array;
  readonly records: RecordTable;
  /** Paths by the records' file index. */
  readonly files: readonly string[];
}

/** Rows of one owner, while they are gathered. */
interface Candidate {
  readonly owner: Uint8Array;
  readonly row: number;
  readonly endpoints: readonly Endpoint[];
  readonly addresses: HostAddress[];
}

/** `BITTORRENT`, with the length octet of the character-string before it. */
const SHORTEST_PREFERENCE_OCTETS = 11;

/**
 * Every preference host of the zone, in the order of the file; hosts that deny (no endpoints) too. Names at or below
 * a delegation are another server's to answer and are left out. Of several BITTORRENT records of one owner the first
 * counts: differing ones are an error of the zone, found by its check.
 */
export function preferenceHosts(zone: HostsSource): PreferenceHost[] {
  const candidates = collectCandidates(zone);
  if (candidates.size === 0) return [];
  const cuts = delegationCuts(zone);
  collectAddresses(zone, candidates);
  const hosts: PreferenceHost[] = [];
  for (const sameHash of candidates.values()) {
    for (const candidate of sameHash) {
      if (isDelegated(candidate.owner, cuts)) continue;
      hosts.push(formatHost(zone, candidate));
    }
  }
  return hosts;
}

/** By hash of the owner; at most one candidate an owner of the zone. */
function collectCandidates({ records }: HostsSource): Map<number, Candidate[]> {
  const candidates = new Map<number, Candidate[]>();
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.TXT) continue;
    if (records.rdataLengths[row]! < SHORTEST_PREFERENCE_OCTETS) continue;
    const preference = parsePreference(joinStrings(records.rdata(row)) ?? '');
    if (preference === undefined) continue;
    const owner = ownerOf(records, row);
    const hash = hashName(records.octets, records.owners[row]!);
    const sameHash = candidates.get(hash) ?? [];
    if (sameHash.some((other) => isSameName(other.owner, owner))) continue;
    candidates.set(hash, [...sameHash, { owner, row, endpoints: preference.allEndpoints, addresses: [] }]);
  }
  return candidates;
}

/** Folded owners of NS records below the apex; at most one a record of the zone. */
function delegationCuts({ apex, records }: HostsSource): Set<string> {
  const cuts = new Set<string>();
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.NS) continue;
    const owner = ownerOf(records, row);
    if (!isSameName(owner, apex)) cuts.add(octetsToText(foldName(owner)));
  }
  return cuts;
}

/** Whether the name is a delegation, or below one. */
function isDelegated(name: Uint8Array, cuts: ReadonlySet<string>): boolean {
  if (cuts.size === 0) return false;
  const folded = foldName(name);
  for (let offset = 0; folded[offset] !== 0; offset += folded[offset]! + 1) {
    if (cuts.has(octetsToText(folded, offset))) return true;
  }
  return false;
}

function collectAddresses(
  { records, files }: HostsSource,
  candidates: ReadonlyMap<number, Candidate[]>,
): void {
  for (let row = 0; row < records.count; row++) {
    const type = records.types[row];
    if (type !== RecordType.A && type !== RecordType.AAAA) continue;
    const sameHash = candidates.get(hashName(records.octets, records.owners[row]!));
    if (sameHash === undefined) continue;
    const owner = ownerOf(records, row);
    const host = sameHash.find((candidate) => isSameName(candidate.owner, owner));
    const address = formatIpAddress(records.rdata(row));
    if (host === undefined || host.addresses.some((known) => known.address === address)) continue;
    host.addresses.push({ address, ttlSeconds: records.ttls[row]!, ...positionOf(records, files, row) });
  }
}

function formatHost(
  { apex, records, files }: HostsSource,
  { owner, row, ...found }: Candidate,
): PreferenceHost {
  return {
    name: formatHostName(owner),
    zone: formatHostName(apex),
    ttlSeconds: records.ttls[row]!,
    ...positionOf(records, files, row),
    ...found,
  };
}

/** Wire form to the text of {@link PreferenceHost.name}. */
export function formatHostName(name: Uint8Array): string {
  const text = formatName(foldName(name));
  return text === '.' ? text : text.slice(0, -1);
}

function positionOf(records: RecordTable, files: readonly string[], row: number): RecordPosition {
  return { file: files[records.files[row]!] ?? '', line: records.lines[row]!, column: records.columns[row]! };
}

function ownerOf(records: RecordTable, row: number): Uint8Array {
  const start = records.owners[row]!;
  return records.octets.subarray(start, start + nameLength(records.octets, start));
}

/** FNV-1a over the folded name: a zone's own names are not an attacker's choice, and equality is checked after. */
function hashName(octets: Uint8Array, offset: number): number {
  let hash = 0x811c9dc5;
  const end = offset + nameLength(octets, offset);
  for (let index = offset; index < end; index++) hash = Math.imul(hash ^ FOLD[octets[index]!]!, 0x01000193);
  return hash >>> 0;
}
