// Checks of what lies at and below delegations and DNAME records (RFC 1034 §4.2.1, RFC 6672 §2.4).

import { formatName, suffixOffset } from '../../dns/name.ts';
import { formatRecordType, RecordType } from '../../dns/record-type.ts';
import { NO_NODE, NO_ROW } from '../zone-index.ts';
import { type CheckContext, ownerText } from './check-context.ts';

/** What a delegation's own name has beside NS; addresses are glue there when a server has that name. */
const AT_CUT: ReadonlySet<number> = new Set([
  RecordType.NS,
  RecordType.DS,
  RecordType.RRSIG,
  RecordType.NSEC,
  RecordType.DNAME,
]);

const ADDRESSES: ReadonlySet<number> = new Set([RecordType.A, RecordType.AAAA]);

/** Per node: what it does to the names below it. */
const Kind = { plain: 0, cut: 1, redirection: 2 } as const;

export function checkDelegations(context: CheckContext): void {
  const { index } = context;
  const kinds = zoneCuts(context);
  if (kinds === undefined) return;
  const servers = serverNodes(context, kinds);
  for (let node = 0; node < index.count; node++) {
    const row = index.firstRow[node]!;
    const above = governorOf(context, kinds, node);
    if (above !== NO_NODE && kinds[above] === Kind.redirection) {
      context.report(
        'data-below-dname',
        `${nameOf(context, above)} is a DNAME, and nothing may stand below it (RFC 6672 §2.4): take this away.`,
        row,
      );
    } else if (above !== NO_NODE) {
      checkOccluded(context, node, above, servers);
    } else if (kinds[node] === Kind.cut) {
      checkOccluded(context, node, node, servers);
    }
  }
}

/**
 * For each node what it does to the names below it. Undefined when no node does anything, so that a million names need
 * not be looked at.
 */
export function zoneCuts({ records, index, apexNode }: CheckContext): Uint8Array | undefined {
  const kinds = new Uint8Array(index.count);
  let found = false;
  for (let node = 0; node < index.count; node++) {
    for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
      const type = records.types[row];
      if (type === RecordType.DNAME) kinds[node] = Kind.redirection;
      else if (type === RecordType.NS && node !== apexNode && kinds[node] === Kind.plain)
        kinds[node] = Kind.cut;
    }
    found ||= kinds[node] !== Kind.plain;
  }
  return found ? kinds : undefined;
}

/** The topmost ancestor within the zone that is a delegation or a DNAME; NO_NODE for none. */
export function governorOf({ records, index, apex }: CheckContext, kinds: Uint8Array, node: number): number {
  const { octets, owners } = records;
  const owner = owners[index.firstRow[node]!]!;
  const end = suffixOffset(octets, owner, apex);
  let governor = NO_NODE;
  if (end < 0) return NO_NODE;
  for (let offset = owner; offset < end; ) {
    offset += octets[offset]! + 1;
    const ancestor = index.find(octets, offset);
    if (ancestor !== NO_NODE && kinds[ancestor] !== Kind.plain) governor = ancestor;
  }
  return governor;
}

/** Nodes that some delegation names as its server: their addresses are glue. */
function serverNodes({ records, index }: CheckContext, kinds: Uint8Array): Uint8Array {
  const servers = new Uint8Array(index.count);
  for (let node = 0; node < index.count; node++) {
    if (kinds[node] !== Kind.cut) continue;
    for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
      if (records.types[row] !== RecordType.NS) continue;
      const server = index.find(records.octets, records.rdataOffsets[row]!);
      if (server !== NO_NODE) servers[server] = 1;
    }
  }
  return servers;
}

/** Reports the first record of `node` that answers never hold because `cut` delegates the name. */
function checkOccluded(context: CheckContext, node: number, cut: number, servers: Uint8Array): void {
  const { records, index, report } = context;
  for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
    const type = records.types[row]!;
    if (ADDRESSES.has(type) && servers[node] === 1) continue;
    if (node === cut && AT_CUT.has(type)) continue;
    const cutName = nameOf(context, cut);
    report(
      'data-below-delegation',
      `${cutName} is delegated, so that ${formatRecordType(type)} of ${ownerText(context, row)} is never answered: put it in the zone ${cutName}, or take the NS record away.`,
      row,
    );
    return;
  }
}

function nameOf({ records, index }: CheckContext, node: number): string {
  return formatName(records.octets, records.owners[index.firstRow[node]!]!);
}
