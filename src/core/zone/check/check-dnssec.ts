// Checks of a zone that is signed already: what validators would refuse, and what could not be proven to them.

import { formatRecordType, RecordType } from '../../dns/record-type.ts';
import { coveredType, expirationOf, isHashedRow } from '../dnssec-rdata.ts';
import { NO_NODE, NO_ROW } from '../zone-index.ts';
import { type CheckContext, ownerText, rowsOf } from './check-context.ts';
import { governorOf, zoneCuts } from './check-delegation.ts';
import { checkNsecChain } from './check-nsec.ts';
import { checkNsec3Chains } from './check-nsec3.ts';

/** `nowSeconds` since 1970; signatures are held against no clock where it is left out. */
export function checkDnssec(context: CheckContext, nowSeconds: number | undefined): void {
  const { records, apexNode, report } = context;
  const types = records.types.subarray(0, records.count);
  const isSigned = types.includes(RecordType.RRSIG);
  if (isSigned) checkSignatures(context);
  if (isSigned && nowSeconds !== undefined) checkExpiry(context, nowSeconds);
  const [key] = rowsOf(context, apexNode, RecordType.DNSKEY);
  if (key === undefined || !context.isComplete) return;
  if (!isSigned) {
    report('rrset-unsigned', 'The zone has a key and no signature: sign it, or take DNSKEY away.', key);
    return;
  }
  const names = authoritativeNodes(context);
  checkUnsigned(context, names);
  if (types.includes(RecordType.NSEC)) checkNsecChain(context, names);
  if (types.includes(RecordType.NSEC3)) checkNsec3Chains(context);
  if (types.includes(RecordType.NSEC) || types.includes(RecordType.NSEC3)) return;
  report(
    'nsec-chain-broken',
    'The zone is signed and has neither NSEC nor NSEC3, so that no absence can be proven: sign it anew.',
    key,
  );
}

/** Names whose data are the zone's own, and zone cuts; without owners of NSEC3. */
function authoritativeNodes(context: CheckContext): number[] {
  const { index, records } = context;
  const cuts = zoneCuts(context);
  const nodes: number[] = [];
  for (let node = 0; node < index.count; node++) {
    if (cuts !== undefined && governorOf(context, cuts, node) !== NO_NODE) continue;
    for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
      if (isHashedRow(records, row) || records.types[row] === RecordType.RRSIG) continue;
      nodes.push(node);
      break;
    }
  }
  return nodes;
}

/** An RRSIG stands beside what it signs (RFC 4034 §3). */
function checkSignatures({ records, index, report }: CheckContext): void {
  for (let node = 0; node < index.count; node++) {
    for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
      if (records.types[row] !== RecordType.RRSIG) continue;
      const covered = coveredType(records, row);
      if (hasRow(index.firstRow[node]!, (other) => records.types[other] === covered, index.nextRow)) continue;
      report(
        'rrsig-without-rrset',
        `${ownerText({ records }, row)} has no ${formatRecordType(covered)} that this could sign: sign the zone anew.`,
        row,
      );
    }
  }
}

function hasRow(first: number, isMeant: (row: number) => boolean, nextRow: Int32Array): boolean {
  for (let row = first; row !== NO_ROW; row = nextRow[row]!) if (isMeant(row)) return true;
  return false;
}

/** RFC 4035 §2.2: every RRset is signed, but for NS at a zone cut. */
function checkUnsigned({ records, index, apexNode, report }: CheckContext, names: readonly number[]): void {
  for (const node of names) {
    const first = index.firstRow[node]!;
    const isCut =
      node !== apexNode && hasRow(first, (row) => records.types[row] === RecordType.NS, index.nextRow);
    const signed = new Set<number>(); // one entry a type at this name
    for (let row = first; row !== NO_ROW; row = index.nextRow[row]!) {
      if (records.types[row] === RecordType.RRSIG) signed.add(coveredType(records, row));
    }
    for (let row = first; row !== NO_ROW; row = index.nextRow[row]!) {
      const type = records.types[row]!;
      if (type === RecordType.RRSIG || isHashedRow(records, row) || signed.has(type)) continue;
      if (isCut && type !== RecordType.DS && type !== RecordType.NSEC) continue;
      signed.add(type);
      report(
        'rrset-unsigned',
        `${ownerText({ records }, row)} ${formatRecordType(type)} has no signature in a signed zone, and validators refuse it: sign the zone anew.`,
        row,
      );
    }
  }
}

/** One finding for all of them: they end together. */
function checkExpiry({ records, report }: CheckContext, nowSeconds: number): void {
  let expired = 0;
  let first = NO_ROW;
  for (let row = 0; row < records.count; row++) {
    // RFC 4034 §3.1.5: serial number arithmetic on 32 bits.
    if (records.types[row] !== RecordType.RRSIG || (expirationOf(records, row) - nowSeconds) << 0 >= 0)
      continue;
    if (expired++ === 0) first = row;
  }
  if (expired === 0) return;
  const others = expired === 1 ? '' : ` and ${expired - 1} other signatures of the zone`;
  report(
    'signature-expired',
    `This${others} ended, and validators refuse what it signs: sign the zone anew.`,
    first,
  );
}
