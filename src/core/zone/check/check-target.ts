// Checks of the names that NS and MX records point to (RFC 1034 §4.2.1, RFC 2181 §10.3, RFC 5321 §5.1).

import { formatName, nameLength, suffixOffset } from '../../dns/name.ts';
import { formatRecordType, RecordType } from '../../dns/record-type.ts';
import { copyOctets } from '../../octets/big-endian.ts';
import { NO_NODE } from '../zone-index.ts';
import { type CheckContext, hasAddress, hasType, ownerText } from './check-context.ts';

/** Octets of the preference before the name of an MX record. */
const MX_PREFERENCE_OCTETS = 2;

const ROOT = Uint8Array.of(0);

export function checkTargets(context: CheckContext): void {
  const { records } = context;
  for (let row = 0; row < records.count; row++) {
    const type = records.types[row];
    if (type === RecordType.NS) checkTarget(context, row, records.rdataOffsets[row]!);
    else if (type === RecordType.MX)
      checkTarget(context, row, records.rdataOffsets[row]! + MX_PREFERENCE_OCTETS);
  }
}

function checkTarget(context: CheckContext, row: number, target: number): void {
  const { records, index, apex, report } = context;
  const { octets } = records;
  if (octets[target] === 0) return; // "." is no server at all (RFC 7505)
  const zoneStart = suffixOffset(octets, target, apex);
  if (isAddress(octets, target, zoneStart < 0 ? suffixOffset(octets, target, ROOT) : zoneStart)) {
    const type = formatRecordType(records.types[row]!);
    report(
      'target-is-address',
      `${type} names a server, and ${formatName(octets, target)} is an address: give it a name with an A record.`,
      row,
    );
    return;
  }
  if (zoneStart < 0) return;
  const node = index.find(octets, target);
  if (node !== NO_NODE && hasAddress(context, node)) return;
  const isAlias = node !== NO_NODE && hasType(context, node, RecordType.CNAME);
  if (!isAlias && !isRedirected(context, target, zoneStart)) {
    checkMissingAddress(context, row, target, zoneStart);
    return;
  }
  const type = formatRecordType(records.types[row]!);
  report(
    'target-is-alias',
    `${formatName(octets, target)} is an alias, and ${type} must name the server itself (RFC 2181 §10.3).`,
    row,
  );
}

function checkMissingAddress(context: CheckContext, row: number, target: number, zoneStart: number): void {
  const { records, report } = context;
  const { octets } = records;
  const name = formatName(octets, target);
  const owner = records.owners[row]!;
  const ownerName = octets.subarray(owner, owner + nameLength(octets, owner));
  const isDelegation = records.types[row] === RecordType.NS && !isApex(context, owner);
  if (isDelegation && suffixOffset(octets, target, ownerName) >= 0) {
    report(
      'missing-glue',
      `${ownerText(context, row)} cannot be reached without an address of ${name} here: add ${name} A or AAAA.`,
      row,
    );
  } else if (!isElsewhere(context, target, zoneStart)) {
    report(
      'target-without-address',
      `${name} is in this zone and has no address: add ${name} A or AAAA.`,
      row,
    );
  }
}

function isApex({ records, index, apexNode }: CheckContext, owner: number): boolean {
  return index.find(records.octets, owner) === apexNode;
}

/** Whether the name is below a DNAME. */
function isRedirected(context: CheckContext, target: number, zoneStart: number): boolean {
  const { records, index } = context;
  for (let offset = target; offset < zoneStart; ) {
    offset += records.octets[offset]! + 1;
    const node = index.find(records.octets, offset);
    if (node !== NO_NODE && hasType(context, node, RecordType.DNAME)) return true;
  }
  return false;
}

/** Whether another zone or a wildcard answers for the name. */
function isElsewhere(context: CheckContext, target: number, zoneStart: number): boolean {
  const { records, index, apexNode } = context;
  const { octets } = records;
  for (let offset = target; ; offset += octets[offset]! + 1) {
    const node = index.find(octets, offset);
    if (node !== NO_NODE && node !== apexNode && hasType(context, node, RecordType.NS)) return true;
    if (offset > target && hasWildcardAddress(context, offset)) return true;
    if (offset >= zoneStart) return false;
  }
}

function hasWildcardAddress(context: CheckContext, offset: number): boolean {
  const { octets } = context.records;
  const length = nameLength(octets, offset);
  const wildcard = new Uint8Array(length + 2);
  wildcard[0] = 1;
  wildcard[1] = 0x2a;
  copyOctets(octets, offset, length, wildcard, 2);
  const node = context.index.find(wildcard, 0);
  return node !== NO_NODE && (hasAddress(context, node) || hasType(context, node, RecordType.CNAME));
}

/** Four decimal labels and then `end`: what becomes of `NS 192.0.2.1`, with or without a final dot. */
function isAddress(octets: Uint8Array, start: number, end: number): boolean {
  let position = start;
  for (let label = 0; label < 4; label++) {
    const length = octets[position]!;
    if (length < 1 || length > 3 || position >= end) return false;
    for (let index = 1; index <= length; index++) {
      const octet = octets[position + index]!;
      if (octet < 0x30 || octet > 0x39) return false;
    }
    position += length + 1;
  }
  return position === end;
}
