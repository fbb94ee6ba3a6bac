// The quick way over an entry of `files` must say what the scanner says. The scanner takes it from the fourth level on, so
// the same octets one level higher are read token by token.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FileEntryRun, skipFileEntries } from '../../../src/core/bencode/file-entry.ts';
import { checkBencode, MAX_DEPTH } from '../../../src/core/bencode/scan.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';

const skip = (text: string, start = 0, maxTokens = 1000): FileEntryRun => {
  const octets = textToOctets(text);
  const run = { end: start, tokens: 0 };
  skipFileEntries(octets, new DataView(octets.buffer), run, maxTokens);
  return run;
};
const NONE = { end: 0, tokens: 0 };

/** What follows an entry in a torrent; without it the entry is the last thing there, and left to the scanner. */
const REST = 'ee4:name1:xee';

describe('an entry', () => {
  test.each([
    ['d6:lengthi5e4:pathl1:aee', 1],
    ['d6:lengthi0e4:pathl1:aee', 1],
    ['d6:lengthi1234567890123456789e4:pathl8:a folder21:file number 00001.binee', 2],
    ['d6:lengthi5e4:pathlee', 0],
    ['d6:lengthi5e4:pathl0:ee', 1],
    ['d6:lengthi5e4:pathl1:a1:b1:c1:d1:e1:f1:g1:hee', 8],
  ])('%s is skipped', (entry, components) => {
    const tokens = 7 + components;
    expect(skip(entry + REST)).toEqual({ end: entry.length, tokens });
    expect(skip(`xx${entry}${REST}`, 2)).toEqual({ end: entry.length + 2, tokens });
  });

  test.each([
    'd6:lengthi05e4:pathl1:aee',
    'd6:lengthi-5e4:pathl1:aee',
    'd6:lengthie4:pathl1:aee',
    'd6:lengthi5e4:pathl01:aee',
    `d6:lengthi5e4:pathl100:${'a'.repeat(100)}ee`,
    'd6:lengthi5e4:pathli1eee',
    'd6:lengthi5e4:pathl1:ae3:md50:e',
    'd6:lengthi5e4:patxl1:aee',
    'd4:attr1:x6:lengthi5e4:pathl1:aee',
    'd6:lengthi5e4:pathl99:aee',
  ])('%s is left to the scanner', (entry) => {
    expect(skip(entry + REST)).toEqual(NONE);
  });

  test.each(['123456', '999999', '1', '0', '1234', '12345', '1234567', '1234567890123'])(
    'after one of six digits is skipped with the length %s',
    (digits) => {
      const [first, second] = ['123456', digits].map((length) => `d6:lengthi${length}e4:pathl1:aee`);
      expect(skip(`${first}${second}${REST}`)).toEqual({ end: first!.length + second!.length, tokens: 16 });
    },
  );

  test.each([
    '023456',
    '12a456',
    '1234:6',
    ':23456',
    '12345/',
    '-23456',
    '00',
    '',
    '12\xb156',
    '12\xff456',
    '1234567890:23',
  ])('after one of six digits is left to the scanner with the length %j', (digits) => {
    const [first, second] = ['123456', digits].map((length) => `d6:lengthi${length}e4:pathl1:aee`);
    expect(skip(`${first}${second}${REST}`)).toEqual({ end: first!.length, tokens: 8 });
  });

  test('is the last one when there are tokens enough', () => {
    const entry = 'd6:lengthi5e4:pathl1:aee';
    expect(skip(entry.repeat(5) + REST, 0, 17)).toEqual({ end: entry.length * 3, tokens: 24 });
    expect(skip(entry + REST, 0, 0)).toEqual(NONE);
  });

  test('cut at any octet is left to the scanner', () => {
    const entry = 'd6:lengthi1234e4:pathl8:a folder12:twelve octetee';
    for (let length = 0; length < entry.length; length++) expect(skip(entry.slice(0, length))).toEqual(NONE);
  });
});

/** Code and offset of the same octets, so many levels down; what is wrong with the levels themselves has no offset. */
function verdict(text: string, levels: number): string {
  const error = checkBencode(textToOctets('l'.repeat(levels) + text + 'e'.repeat(levels)));
  if (error === undefined) return 'ok';
  const offset = error.offset - levels;
  const isOfLevels = error.code === 'trailing-octets' || offset >= text.length;
  return isOfLevels ? error.code : `${error.code} ${offset}`;
}

test('the scanner says the same of every entry, right or wrong, wherever it stands', () => {
  const component = fc.string({ unit: 'binary-ascii', maxLength: 30 });
  const text = (value: string): string => `${value.length}:${value}`;
  const entry = fc
    .tuple(fc.nat(), fc.array(component, { maxLength: 9 }))
    .map(([length, path]) => `d6:lengthi${length}e4:pathl${path.map(text).join('')}ee`);
  const entries = fc.array(entry, { minLength: 1, maxLength: 4 }).map((all) => all.join(''));
  const spoiled = fc
    .tuple(entries, fc.nat(), fc.constantFrom(...'0159:deil-', ''), fc.nat({ max: 1 }))
    .map(([whole, at, octet, removed]) => {
      const offset = at % (whole.length + 1);
      return whole.slice(0, offset) + octet + whole.slice(offset + removed);
    });
  const verdicts = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(entries, spoiled), (some) => {
      // Whatever a spoiled length swallows, it is the same.
      const all = `${some}1000:${'x'.repeat(1000)}`;
      const token = verdict(all, 2);
      verdicts.add(token.split(' ')[0]!);
      expect(verdict(all, 3)).toBe(token);
      expect(verdict(all, 9)).toBe(token);
    }),
    { numRuns: 2000 },
  );
  expect(verdicts.size).toBeGreaterThan(4); // not only right ones, and not only one way to be wrong
});

test('nests no deeper than anything else', () => {
  const entry = 'd6:lengthi5e4:pathl1:aee';
  expect(verdict(entry, MAX_DEPTH - 2)).toBe('ok');
  expect(verdict(entry, MAX_DEPTH - 1)).toBe('too-deep 18');
});
