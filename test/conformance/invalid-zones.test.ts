// Zones with defects and what four servers' checkers make of them (FerretDataset). What all refuse is an error here;
// what they disagree on is a warning, unless a standard forbids it.

import { describe, expect, it } from 'vitest';
import { textToOctets } from '../../src/core/octets/text.ts';
import { checkZone } from '../../src/core/zone/check/check.ts';
import type { DiagnosticCode } from '../../src/core/zone/diagnostic-codes.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { hasSharedData, readSharedJsonLines } from '../support/shared-data.ts';

interface InvalidZone {
  readonly kind: number;
  readonly id: string;
  readonly zone: string;
  readonly checkers: Readonly<Record<string, number>>;
}

/** Errors here although a checker accepts them, by the paragraph that forbids them. */
const FORBIDDEN: Partial<Record<DiagnosticCode, string>> = {
  // 34 zones, refused by NSD and PowerDNS, and ignored record by record in BIND and Knot
  'out-of-zone':
    'RFC 1034 §4.2.1 and RFC 1035 §5.2: outside the zone there is glue only, not "an origin or similar error"',
  // 29 zones, accepted by PowerDNS alone
  'several-dnames': 'RFC 6672 §2.4: one DNAME at a name',
  // 40 zones, refused by Knot and PowerDNS
  'dname-beside-ns': 'RFC 6672 §2.3: no DNAME beside NS but at the apex',
  // 26 zones, accepted by BIND and partly by PowerDNS
  'data-below-dname': 'RFC 6672 §2.4: nothing below a DNAME',
};

describe.skipIf(!hasSharedData())('zones with defects', () => {
  const zones = hasSharedData() ? readSharedJsonLines<InvalidZone>('ferret/invalid-zones.jsonl.gz') : [];

  it('are all there', () => {
    expect(zones.length).toBeGreaterThan(200);
  });

  it('are errors where all four checkers refuse them', () => {
    const accepted = zones
      .filter(({ checkers }) => Object.values(checkers).every((code) => code !== 0))
      .filter((zone) => errorsOf(zone).length === 0);
    expect(accepted).toEqual([]);
  });

  it('are errors otherwise only where a standard forbids them', () => {
    const refused = zones
      .filter(({ checkers }) => Object.values(checkers).some((code) => code === 0))
      .flatMap((zone) =>
        errorsOf(zone)
          .filter((code) => FORBIDDEN[code] === undefined)
          .map((code) => `${zone.kind}/${zone.id} ${code}`),
      );
    expect(refused).toEqual([]);
  });
});

function errorsOf({ zone }: InvalidZone): DiagnosticCode[] {
  const parsed = parseZone({ path: 'zone', octets: textToOctets(zone) });
  return [...parsed.diagnostics, ...checkZone(parsed)]
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);
}
