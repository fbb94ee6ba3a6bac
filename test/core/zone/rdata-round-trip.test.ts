// Whatever octets have a text, from whatever server they came: a copy of a zone is stored as text, and reads back.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatHex } from '../../../src/core/octets/text.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { formatFields } from '../../../src/core/zone/rdata/format.ts';
import { EVERY_TYPE, SIGNED_TYPES } from '../../support/every-type.ts';
import { readZone } from './zone-text.ts';

/** Type and data of each record. */
const RECORDS = (() => {
  const { records } = parseZone({ path: 'zone', octets: Buffer.from(EVERY_TYPE + SIGNED_TYPES) });
  return Array.from({ length: records.count }, (_, row) => ({
    type: records.types[row]!,
    rdata: records.rdata(row),
  }));
})();

/** Octets overwritten, put in and taken out. */
const edits = fc.array(
  fc.record({
    at: fc.nat(400),
    octet: fc.oneof(fc.nat(255), fc.nat(4)),
    kind: fc.constantFrom('write', 'insert', 'remove'),
  }),
  { maxLength: 6 },
);

function edited(
  rdata: Uint8Array,
  changes: readonly { at: number; octet: number; kind: string }[],
): Uint8Array {
  const octets = [...rdata];
  for (const { at, octet, kind } of changes) {
    const index = at % (octets.length + 1);
    if (kind === 'insert') octets.splice(index, 0, octet);
    else if (kind === 'remove') octets.splice(index, 1);
    else octets[index] = octet;
  }
  return Uint8Array.from(octets);
}

it('reads back as the same octets', () => {
  let texts = 0;
  fc.assert(
    fc.property(fc.constantFrom(...RECORDS), edits, ({ type, rdata }, changes) => {
      const octets = edited(rdata, changes);
      const text = formatFields(type, octets);
      if (text === undefined) return;
      texts++;
      const { diagnostics, records } = readZone(`a 60 TYPE${type} ${text}\n`);
      expect(diagnostics.map(({ code }) => code)).toEqual([]);
      expect(formatHex(records.rdata(0))).toBe(formatHex(octets));
    }),
    { numRuns: 5000 },
  );
  expect(texts).toBeGreaterThan(1000);
});
