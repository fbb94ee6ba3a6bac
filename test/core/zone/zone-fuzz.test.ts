// biome-ignore-all lint/suspicious/noTemplateCurlyInString: $GENERATE itself writes ${…}.

// Properties: whatever the octets, reading them is an answer and never an exception; and what was read is written so
// that it reads back as the same.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHex, octetsToText, textToOctets } from '../../../src/core/octets/text.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { isError } from '../../../src/core/zone/diagnostic.ts';
import { formatZone } from '../../../src/core/zone/language/format.ts';
import { type IncludeReader, type ParsedZone, parseZone } from '../../../src/core/zone/language/parser.ts';
import { HEAD, nameOf, readZone } from './zone-text.ts';

const SEED = [
  HEAD,
  '$TTL 1h30m\n$ORIGIN sub\n$GENERATE 1-3 h${0,2,x} A 127.0.0.$\n$INCLUDE part\n',
  '@ ( IN TXT "a\\"b\\010" ; c\n  "d" )\n*.t 60 TXT "BITTORRENT UDP:1 TCP:443"\nt AAAA ::1\n',
  'a MX 10 b\n SRV 1 2 3 .\n CAA 0 issue "x"\n TYPE999 \\# 2 0102\n SVCB 1 . alpn="h2,h3" port=1\n',
  'n NSEC a A TYPE1234\n LOC 1 2 3.4 N 5 E 6m\n NSEC3 1 0 0 - 2T7B4G A\n RRSIG A 8 2 60 1 2 3 . AQID\n',
].join('');

const include: IncludeReader = (path) => ({ path, octets: textToOctets(`p A 1.2.3.4\n$INCLUDE ${path}x\n`) });

/** Reads and checks; the findings must point into the file. */
function read(octets: Uint8Array): ParsedZone {
  const zone = parseZone({ path: 'zone', octets }, { origin: nameOf('example.'), include });
  for (const { line, column, length, message } of [...zone.diagnostics, ...checkZone(zone)]) {
    expect(line >= 1 && column >= 1 && length >= 1 && message !== '').toBe(true);
  }
  return zone;
}

function expectRoundTrip(zone: ParsedZone): void {
  const text = formatZone(zone);
  const again = readZone(text);
  expect(again.diagnostics.filter(isError)).toEqual([]);
  expect(formatZone(again)).toBe(text);
  const rows = (each: ParsedZone) =>
    Array.from({ length: each.records.count }, (_, row) => formatHex(each.records.rdata(row)));
  expect(rows(again)).toEqual(rows(zone));
}

/** Octets that mean something to the lexer, more often than the others. */
const octet = fc.oneof(
  fc.constantFrom(...textToOctets(' \n\t\r"();\\$@.*0123456789AINTX\0')),
  fc.integer({ min: 0, max: 255 }),
);

describe('random octets', () => {
  it('are read without an exception, and what was read is written back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => expectRoundTrip(read(octets))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 200 }), (octets) =>
        expectRoundTrip(read(Uint8Array.from(octets))),
      ),
      { numRuns: 1500 },
    );
  });
});

describe('a mutated zone', () => {
  it('is read without an exception, and what was read is written back', () => {
    const edit = fc.record({
      at: fc.nat(SEED.length),
      remove: fc.nat(12),
      insert: fc.array(octet, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        let text = SEED;
        for (const { at, remove, insert } of edits) {
          text = text.slice(0, at) + octetsToText(Uint8Array.from(insert)) + text.slice(at + remove);
        }
        expectRoundTrip(read(textToOctets(text)));
      }),
      { numRuns: 1000 },
    );
  });

  it('is read where it is cut at any octet', () => {
    for (let end = 0; end < SEED.length; end++) expectRoundTrip(read(textToOctets(SEED.slice(0, end))));
  });
});

describe('random record data', () => {
  it('of a known type is either refused or written back as it was', () => {
    const types = [
      1, 2, 6, 13, 15, 16, 17, 28, 29, 33, 35, 39, 43, 44, 46, 47, 48, 50, 51, 52, 61, 62, 63, 64, 65, 108,
      109, 256, 257, 999,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 40 }), (type, octets) => {
        const zone = readZone(`a 60 TYPE${type} \\# ${octets.length} ${formatHex(octets)}\n`);
        if (zone.records.count === 0) expect(zone.diagnostics.map(({ code }) => code)).toEqual(['bad-rdata']);
        else expectRoundTrip(zone);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('hostile files', () => {
  const MEGABYTES = 10 * 2 ** 20;
  it.each([
    ['10 MB of one word', 'a'.repeat(MEGABYTES)],
    ['10 MB of one quoted string', `a 60 TXT "${'x'.repeat(MEGABYTES)}"`],
    ['10 MB of one comment', `;${'x'.repeat(MEGABYTES)}`],
    ['a megabyte of opening parentheses', '('.repeat(2 ** 20)],
    ['a megabyte of quotation marks', '"'.repeat(2 ** 20)],
    ['unclosed parentheses line by line', 'a TXT ( "x"\n'.repeat(50_000)],
    ['unclosed quotes line by line', 'a TXT "x\n'.repeat(50_000)],
    ['a record that never ends', `a 60 TXT (${' "x"\n'.repeat(200_000)}`],
    ['a label for each octet', `${'a.'.repeat(500_000)} 60 A 1.2.3.4`],
    ['digits without end', `a ${'9'.repeat(2 ** 20)} A 1.2.3.4`],
  ])('%s ends in findings', (_what, text) => {
    const zone = readZone(text);
    expect([...zone.diagnostics, ...checkZone(zone)].some(isError)).toBe(true);
  });
});
