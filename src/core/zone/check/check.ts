// What a zone must be as a whole: RFC 1034 §4.2, RFC 2181, and what BEP 34 adds for trackers.

import { formatName, isSameNameAt, suffixOffset } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { type Diagnostic, isError } from '../diagnostic.ts';
import type { ParsedZone } from '../language/parser.ts';
import { createZoneIndex, NO_ROW } from '../zone-index.ts';
import { type CheckContext, createReporter, hasType, ownerText } from './check-context.ts';
import { checkDelegations } from './check-delegation.ts';
import { checkDnssec } from './check-dnssec.ts';
import { checkPreferences } from './check-preference.ts';
import { checkRdata } from './check-rdata.ts';
import { checkRrsets } from './check-rrset.ts';
import { checkTargets } from './check-target.ts';

export interface CheckOptions {
  /** 32 random bits, where a stranger may have written the zone. */
  readonly seed?: number;
  /** Seconds since 1970 that signatures are held against; none where it is left out. */
  readonly nowSeconds?: number;
  /** The server that has the zone speaks TLS; it does not where that is left out. */
  readonly hasCertificate?: boolean;
}

/**
 * Every finding about the zone as a whole, in order of place. With the parser's own diagnostics it decides: a zone is
 * usable when neither has an error. After a parser's error, what seems absent is not reported, for it may have been
 * on the line that could not be read.
 */
export function checkZone(zone: ParsedZone, options: CheckOptions = {}): Diagnostic[] {
  const { report, finish } = createReporter(zone);
  const isComplete = !zone.diagnostics.some(isError);
  const { apex, records } = zone;
  if (apex === undefined) {
    if (isComplete) {
      report('no-soa', 'A zone has one SOA record at its top: @ SOA ns hostmaster 1 1h 15m 1w 5m.', NO_ROW);
    }
    return finish();
  }
  const index = createZoneIndex(records, options.seed ?? 0);
  const context: CheckContext = { records, index, apex, apexNode: index.find(apex, 0), isComplete, report };
  checkApex(context);
  checkOwners(context);
  checkRrsets(context);
  checkRdata(context);
  checkDelegations(context);
  if (isComplete) checkTargets(context);
  checkPreferences(context, options.hasCertificate ?? false);
  checkDnssec(context, options.nowSeconds);
  index.release();
  return finish();
}

function checkApex(context: CheckContext): void {
  const { records, apex, apexNode, report, index } = context;
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.SOA || isSameNameAt(records.octets, records.owners[row]!, apex, 0))
      continue;
    report(
      'soa-not-at-apex',
      `The zone is ${formatName(apex)} by its first SOA record: take this one away.`,
      row,
    );
  }
  if (context.isComplete && !hasType(context, apexNode, RecordType.NS)) {
    let row = index.firstRow[apexNode]!;
    while (records.types[row] !== RecordType.SOA) row = index.nextRow[row]!;
    report('no-ns', `${formatName(apex)} needs an NS record that names its server: @ NS ns.`, row);
  }
}

function checkOwners({ records, index, apex, report }: CheckContext): void {
  for (let node = 0; node < index.count; node++) {
    const row = index.firstRow[node]!;
    if (suffixOffset(records.octets, records.owners[row]!, apex) >= 0) continue;
    if (records.types[row] === RecordType.SOA) continue; // reported as soa-not-at-apex
    reportOutside({ records, report, apex }, row);
  }
}

function reportOutside(context: Pick<CheckContext, 'records' | 'report' | 'apex'>, row: number): void {
  const zone = formatName(context.apex);
  context.report(
    'out-of-zone',
    `${ownerText(context, row)} is not in ${zone}: write its name below ${zone}, or take the record away.`,
    row,
  );
}
