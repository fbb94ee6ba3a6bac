import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileZone } from '../../../../src/core/zone/image/compile.ts';
import { GAP_OCTETS } from '../../../../src/core/zone/image/compile-unpack.ts';
import { Header, type ZoneImage } from '../../../../src/core/zone/image/image.ts';
import type { ParsedZone } from '../../../../src/core/zone/language/parser.ts';
import { imageToRecords } from '../../../support/image-records.ts';
import { HEAD, nameOf, readZone, recordsOf } from '../zone-text.ts';

const SEED = 3;

function parse(text: string, origin = 'example.'): ParsedZone & { readonly apex: Uint8Array } {
  const zone = readZone(text, { origin: nameOf(origin) });
  const { apex, diagnostics } = zone;
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (apex === undefined) throw new Error('no SOA');
  return { ...zone, apex };
}

/** Each record once, in any order, owners folded: what a zone says, however it is written. */
function contentOf(zone: Pick<ParsedZone, 'records'>): string[] {
  const lines = recordsOf(zone).map((line) => line.replace(/^\S+/, (owner) => owner.toLowerCase()));
  return [...new Set(lines)].sort();
}

/** Compiles with all options that must make no difference, and reads the records back from the image. */
function checkCompiled(text: string, origin?: string): ZoneImage {
  const image = compileZone(parse(text, origin), { seed: SEED });
  expect(contentOf({ records: imageToRecords(image) })).toEqual(contentOf(parse(text, origin)));
  const zone = parse(text, origin);
  const taken = compileZone(zone, { seed: SEED, takesRecords: true, allocate: usedMemory });
  expect(Buffer.from(taken.content)).toEqual(Buffer.from(image.content));
  expect(zone.records.count).toBe(0);
  expect(zone.records.octets.length).toBe(0);
  return image;
}

function usedMemory(octets: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(octets + 128);
  new Uint8Array(buffer).fill(0xa5, 4);
  return buffer;
}

/** Strings of 200 octets, each another. */
function longTexts(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `big 60 TXT "${String(index).padStart(200, 'x')}"\n`,
  ).join('');
}

describe('compiling', () => {
  it.each(['nsec', 'optout'])('a signed zone (%s)', (name) => {
    const text = readFileSync(new URL(`../../../vectors/signed/${name}.zone`, import.meta.url), 'utf8');
    expect(checkCompiled(text).words[Header.denial]).toBeGreaterThan(0);
  });

  it.each([
    [
      'names before the apex, and without records of their own',
      `a.b.c 60 A 192.0.2.1\n${HEAD}x.b.c 60 A 192.0.2.2\n`,
    ],
    [
      'names that come back',
      `${HEAD}a 60 A 192.0.2.1\nb 60 A 192.0.2.2\na 60 A 192.0.2.3\nb 60 TXT x\na 60 AAAA ::1\n`,
    ],
    [
      'two records of the same data, and many',
      `${HEAD}a 60 A 192.0.2.1\na 60 A 192.0.2.1\n${longTexts(40)}${longTexts(40)}`,
    ],
    [
      'an RRset larger than the gap behind one that is not',
      `${HEAD}a 60 A 192.0.2.1\n${longTexts(100)}z.z 60 A 192.0.2.2\n`,
    ],
    ['an RRset larger than the gap at the end', `${HEAD}${longTexts(300)}`],
    [
      'data too long for a plain name, alone at its name',
      `${HEAD}a 60 TYPE999 \\# 9000 ${'ab'.repeat(9000)}\nb 60 A 192.0.2.1\n`,
    ],
    [
      'a delegation with servers that come later',
      `${HEAD}sub 60 NS ns.sub\nsub 60 NS ns2.sub\nns.sub 60 A 192.0.2.1\nns2.sub 60 A 192.0.2.2\n`,
    ],
    [
      'types with two names, in its data and outside',
      `${HEAD}a 60 MINFO ns b.\na 60 MINFO . @\na 60 PX 1 ns @\na 60 RP @ .\na 60 AFSDB 1 ns\n`,
    ],
    [
      'a name of 100 labels',
      `${HEAD}${'a.'.repeat(99)}a 60 A 192.0.2.1\n${'a.'.repeat(98)}b 60 A 192.0.2.2\n`,
    ],
  ])('keeps every record of %s', (_, text) => {
    checkCompiled(text);
  });

  it('keeps every record of the root zone', () => {
    checkCompiled('. 60 SOA ns. host. 1 2 3 4 5\n. 60 NS ns.\nns. 60 A 192.0.2.1\na.b. 60 TXT x\n', '.');
  });

  it('moves a name that would be unpacked over itself', () => {
    const image = checkCompiled(`${HEAD}${longTexts(100)}`);
    expect(image.buffer.byteLength).toBeGreaterThan(2 * GAP_OCTETS);
  });

  it('keeps every record of any zone', () => {
    const name = fc.constantFrom(
      '@',
      'a',
      'B',
      'b',
      'x.a',
      '*.a',
      'c.x.a',
      'ns',
      'deep.er.c.x.a',
      'O.example.',
    );
    const data = fc.oneof(
      fc.nat(255).map((last) => `A 192.0.2.${last}`),
      fc.constantFrom(
        'NS ns',
        'NS a',
        'MX 1 b',
        'SRV 1 2 3 x.a',
        'TXT t',
        'CNAME O',
        'DNAME ns',
        'TYPE999 \\# 0',
      ),
      fc.nat(900).map((length) => `TYPE998 \\# ${length} ${'ab'.repeat(length)}`),
    );
    const lines = fc.array(fc.tuple(name, data).map(([owner, rdata]) => `${owner} 60 ${rdata}\n`));
    fc.assert(fc.property(lines, (more) => void checkCompiled(`${HEAD}${more.join('')}`)));
  });

  it('keeps every record of a file whose first records say little about the others', () => {
    const short = Array.from({ length: 3000 }, (_, index) => `a${index} 60 A 192.0.2.1\n`);
    const long = Array.from({ length: 3000 }, (_, index) => `${'b'.repeat(60)}.c${index} 60 AAAA ::1\n`);
    checkCompiled(`${HEAD}${short.join('')}${long.join('')}`);
    checkCompiled(`${HEAD}${long.join('')}${short.join('')}`);
  });
});
