// A zone whose records list other zones (RFC 9432, "DNS Catalog Zones", schema version 2): the list, or why there is
// none. What a new list means for the zones that are served is in catalog-plan.ts.

import { joinStrings } from '../dns/character-strings.ts';
import { foldName, formatName, isSubdomain, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { octetsToText, textToOctets } from '../octets/text.ts';
import type { RecordTable } from '../zone/record-table.ts';

export interface CatalogMember {
  /** Apex of the zone: wire form, lower case. */
  readonly zone: Uint8Array;
  /** `<unique-N>`, one character an octet, lower case: another one means that all state of the zone is to go (§5.4). */
  readonly label: string;
  /** Values of `group` (§4.3.2), one character an octet, each once, in the order of the zone. */
  readonly groups: readonly string[];
  /** The catalog to which the zone may move (§4.3.1): wire form, lower case. */
  readonly newOwner: Uint8Array | undefined;
}

export type CatalogFaultCode =
  /** `version` is missing, doubled, or not 2 (§4.2.1). */
  | 'catalog-version'
  /** A member node with several zones (§4.1). */
  | 'catalog-several-zones'
  /** Two member nodes with one zone (§4.1). */
  | 'catalog-zone-twice'
  /** `coo` or `group` that cannot be (§4.3). */
  | 'catalog-property'
  | 'catalog-too-large';

export interface CatalogFault {
  readonly code: CatalogFaultCode;
  /** One sentence. */
  readonly message: string;
}

export type CatalogReading =
  | {
      readonly kind: 'catalog';
      /** In the order of the zone. */
      readonly members: readonly CatalogMember[];
    }
  /** Not to be processed: what was configured from the last good version stays as it is (§5.1). */
  | { readonly kind: 'broken'; readonly faults: readonly CatalogFault[] };

/** Each member is a zone with its timers. NSD and Knot have no bound; registrars' catalogs are of this size. */
export const MAX_CATALOG_MEMBERS = 100_000;
/** Values of `group` at one member: one for each operator that reads the catalog (§4.3.2). */
const MAX_GROUPS = 16;
/** More say nothing new. */
const MAX_FAULTS = 10;
/** §4.2.1: one string of one character. */
const VERSION_2 = '\x012';

interface Node {
  readonly label: string;
  /** Differing rdata of each kind, one character an octet. Bounded by the zone. */
  readonly zones: Set<string>;
  readonly newOwners: Set<string>;
  readonly groups: Set<string>;
}

/** Reads the zone's records; those that mean nothing here are passed over (§3), names compared without case. */
export function readCatalogZone(apex: Uint8Array, records: RecordTable): CatalogReading {
  const versions = new Set<string>(); // bounded by the zone, as the next
  const nodes = new Map<string, Node>();
  for (let row = 0; row < records.count; row++) {
    const type = records.types[row]!;
    if (type !== RecordType.PTR && type !== RecordType.TXT) continue;
    const labels = labelsBelow(apex, records, row);
    const rdata = octetsToText(type === RecordType.PTR ? foldName(records.rdata(row)) : records.rdata(row));
    if (labels.length === 1 && labels[0] === 'version' && type === RecordType.TXT) versions.add(rdata);
    if (labels.at(-1) === 'zones') note(nodes, labels, type, rdata);
  }
  const faults = versionFaults(versions);
  const members = faults.length > 0 ? [] : membersOf(nodes, faults);
  return faults.length > 0
    ? { kind: 'broken', faults: faults.slice(0, MAX_FAULTS) }
    : { kind: 'catalog', members };
}

/** Labels of the row's owner between the apex and its first, lower case, first label first. Empty outside the zone. */
function labelsBelow(apex: Uint8Array, records: RecordTable, row: number): string[] {
  const start = records.owners[row]!;
  const owner = records.octets.subarray(start, start + nameLength(records.octets, start));
  if (!isSubdomain(owner, apex)) return [];
  const labels: string[] = []; // bounded by a name's length
  for (let offset = 0; offset < owner.length - apex.length; offset += owner[offset]! + 1) {
    labels.push(octetsToText(foldName(owner.subarray(offset + 1, offset + 1 + owner[offset]!))));
  }
  return labels;
}

/** `<unique-N>.zones`, `coo.<unique-N>.zones` and `group.<unique-N>.zones`; anything else is not for us (§4.4). */
function note(nodes: Map<string, Node>, labels: readonly string[], type: number, rdata: string): void {
  const label = labels.at(-2);
  if (label === undefined || labels.length > 3) return;
  const property = labels.length === 3 ? labels[0] : '';
  const node = nodes.get(label) ?? {
    label,
    zones: new Set<string>(),
    newOwners: new Set<string>(),
    groups: new Set<string>(),
  };
  if (property === '' && type === RecordType.PTR) node.zones.add(rdata);
  else if (property === 'coo' && type === RecordType.PTR) node.newOwners.add(rdata);
  else if (property === 'group' && type === RecordType.TXT) node.groups.add(rdata);
  else return;
  nodes.set(label, node);
}

function versionFaults(versions: ReadonlySet<string>): CatalogFault[] {
  const code = 'catalog-version';
  if (versions.size === 0)
    return [{ code, message: 'there is no TXT record at "version": this is no catalog' }];
  if (versions.size > 1) return [{ code, message: 'there are several TXT records at "version"' }];
  if (versions.has(VERSION_2)) return [];
  return [{ code, message: 'the TXT record at "version" is not "2", the version that RFC 9432 defines' }];
}

function membersOf(nodes: ReadonlyMap<string, Node>, faults: CatalogFault[]): CatalogMember[] {
  const members: CatalogMember[] = [];
  const nodeOfZone = new Map<string, Node>(); // as many as nodes
  for (const node of nodes.values()) {
    const [zone] = node.zones;
    // Properties of a node without a zone are of no zone.
    if (zone === undefined) continue;
    const fault = nodeFault(node) ?? twiceFault(zone, nodeOfZone.get(zone), node);
    if (fault !== undefined && faults.push(fault) === MAX_FAULTS) break;
    nodeOfZone.set(zone, node);
    members.push(createMember(zone, node));
  }
  if (members.length > MAX_CATALOG_MEMBERS) {
    faults.push({ code: 'catalog-too-large', message: `there are more than ${MAX_CATALOG_MEMBERS} zones` });
  }
  return members;
}

function createMember(zone: string, { label, groups, newOwners }: Node): CatalogMember {
  const [newOwner] = newOwners;
  return {
    zone: textToOctets(zone),
    label,
    groups: [...new Set([...groups].map(groupOf))],
    newOwner: newOwner === undefined ? undefined : textToOctets(newOwner),
  };
}

function groupOf(rdata: string): string {
  return joinStrings(textToOctets(rdata)) ?? '';
}

function nodeFault({ label, zones, newOwners, groups }: Node): CatalogFault | undefined {
  const node = formatText(label);
  if (zones.size > 1) {
    return {
      code: 'catalog-several-zones',
      message: `the member "${node}" has ${zones.size} zones, and may have one`,
    };
  }
  const code = 'catalog-property';
  if (newOwners.size > 1) return { code, message: `the member "${node}" has several "coo" records` };
  if (groups.size > MAX_GROUPS)
    return { code, message: `the member "${node}" has more than ${MAX_GROUPS} groups` };
  return undefined;
}

function twiceFault(zone: string, first: Node | undefined, second: Node): CatalogFault | undefined {
  if (first === undefined) return undefined;
  const names = `"${formatText(first.label)}" and "${formatText(second.label)}"`;
  const message = `the zone ${formatName(textToOctets(zone))} is there twice, at ${names}`;
  return { code: 'catalog-zone-twice', message };
}

/** A label as a name shows it. */
function formatText(label: string): string {
  return formatName(textToOctets(`${String.fromCharCode(label.length)}${label}\0`)).slice(0, -1);
}
