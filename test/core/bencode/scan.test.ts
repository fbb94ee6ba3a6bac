import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBencode } from '../../../src/core/bencode/encode.ts';
import { Outline } from '../../../src/core/bencode/outline.ts';
import { checkBencode, MAX_DEPTH, MAX_TOKENS } from '../../../src/core/bencode/scan.ts';
import { endOfValue, entriesOf, isString, itemsOf, spanIs } from '../../../src/core/bencode/spans.ts';
import { octetsToText, textToOctets } from '../../../src/core/octets/text.ts';

/** `ok`, or code and offset. */
function verdict(text: string): string {
  const error = checkBencode(textToOctets(text));
  return error === undefined ? 'ok' : `${error.code} ${error.offset}`;
}

describe('strictness', () => {
  test.each([
    // values
    ['i0e', 'ok'],
    ['i-1e', 'ok'],
    ['i123456789012345678901234567890e', 'ok'],
    ['0:', 'ok'],
    ['3:abc', 'ok'],
    ['le', 'ok'],
    ['de', 'ok'],
    ['d1:ali1e1:xe1:bdee', 'ok'],
    // integers
    ['i00e', 'bad-integer 0'],
    ['i01e', 'bad-integer 0'],
    ['i-0e', 'bad-integer 0'],
    ['i-01e', 'bad-integer 0'],
    ['ie', 'bad-integer 1'],
    ['i-e', 'bad-integer 2'],
    ['i+1e', 'bad-integer 1'],
    ['i 1e', 'bad-integer 1'],
    ['i1.5e', 'bad-integer 2'],
    ['i1', 'truncated 2'],
    ['i', 'truncated 1'],
    // strings
    ['03:abc', 'bad-length 0'],
    ['00:', 'bad-length 0'],
    ['3abc', 'bad-length 1'],
    ['4:abc', 'truncated 0'],
    ['3', 'truncated 0'],
    ['-1:a', 'bad-value 0'],
    ['9223372036854775808:a', 'truncated 0'],
    ['18446744073709551617:a', 'truncated 0'],
    [`${'9'.repeat(1000)}:a`, 'truncated 0'],
    ['d9223372036854775807:ai1ee', 'truncated 1'],
    // structure
    ['', 'truncated 0'],
    ['e', 'bad-value 0'],
    ['x', 'bad-value 0'],
    ['l', 'truncated 1'],
    ['d', 'truncated 1'],
    ['d1:a', 'truncated 4'],
    ['d1:ae', 'bad-value 4'],
    ['di1e1:ae', 'bad-key 1'],
    ['dlei1ee', 'bad-key 1'],
    ['lei1e', 'trailing-octets 2'],
    ['i1e\n', 'trailing-octets 3'],
    ['dee', 'trailing-octets 2'],
    ['\0'.repeat(1000), 'bad-value 0'],
    // keys
    ['d1:ai1e1:ai2ee', 'duplicate-key 7'],
    ['d1:bi1e1:ai2ee', 'ok'],
    ['d1:bi1e1:ai2e1:bi3ee', 'duplicate-key 13'],
    ['d1:bi1e1:ad1:bi1e1:ai2e1:ai3eee', 'duplicate-key 23'],
    ['d2:aai1e1:ai2ee', 'ok'],
    ['d0:i1e1:ai2ee', 'ok'],
    ['d0:i1e0:i2ee', 'duplicate-key 6'],
    ['d1:\xffi1e1:ai2ee', 'ok'],
    ['ld1:ai1eed1:ai1eee', 'ok'],
    ['d1:ad1:ai1ee1:bd1:ai1eee', 'ok'],
  ])('%j is %s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  test('nests to its bound and not deeper', () => {
    const nested = (depth: number): string => 'l'.repeat(depth) + 'e'.repeat(depth);
    expect(verdict(nested(MAX_DEPTH))).toBe('ok');
    expect(verdict(nested(MAX_DEPTH + 1))).toBe(`too-deep ${MAX_DEPTH}`);
    expect(verdict(nested(100_000))).toBe(`too-deep ${MAX_DEPTH}`);
    expect(verdict('d1:a'.repeat(100_000))).toMatch(/^too-deep/);
  });

  test('holds so many values and not more', () => {
    const octets = new Uint8Array(2 * MAX_TOKENS + 4);
    new Uint16Array(octets.buffer).fill(0x3a30); // `0:`, little endian
    octets[0] = 0x6c;
    octets[1] = 0x6c;
    octets[octets.length - 2] = 0x65;
    octets[octets.length - 1] = 0x65;
    expect(checkBencode(octets)?.code).toBe('too-many-values');
  });

  test('sorts out a dictionary of 50,000 keys in reverse order', () => {
    const key = (index: number): string => `5:${String(index).padStart(5, '0')}i0e`;
    const keys = Array.from({ length: 50_000 }, (_, index) => key(49_999 - index));
    expect(verdict(`d${keys.join('')}e`)).toBe('ok');
    expect(verdict(`d${keys.join('')}${key(3)}e`)).toBe(`duplicate-key ${1 + 50_000 * 10}`);
  });
});

type Value = string | number | Value[] | { [key: string]: Value };

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary-ascii' }),
    fc.maxSafeInteger(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary-ascii', maxLength: 3 }), tie('value'), { maxKeys: 4 }),
  ),
}));

describe('properties', () => {
  test('accepts what is encoded, and no cut or lengthened form of it', () => {
    fc.assert(
      fc.property(value, (each) => {
        const octets = encodeBencode(each);
        expect(checkBencode(octets)).toBeUndefined();
        expect(endOfValue(octets, 0)).toBe(octets.length);
        for (let length = 0; length < octets.length; length++) {
          expect(checkBencode(octets.subarray(0, length))?.code).toBe('truncated');
        }
        expect(checkBencode(textToOctets(`${octetsToText(octets)}0:`))?.code).toBe('trailing-octets');
      }),
    );
  });

  test('outlines the outer levels as a walk through the octets finds them', () => {
    const nested = fc.dictionary(fc.string({ unit: 'binary-ascii', maxLength: 3 }), value);
    fc.assert(
      fc.property(nested, (each) => {
        const octets = encodeBencode(each);
        const outline = new Outline();
        checkBencode(octets, outline);
        expect([...entriesOf(octets, 0, outline)]).toEqual([...entriesOf(octets, 0)]);
        for (const { value: inner } of entriesOf(octets, 0, outline)) {
          const known = outline.endOf(inner.start);
          if (isString(octets, inner.start) || octets[inner.start] === 0x69) expect(known).toBeUndefined();
          else expect(known).toBe(inner.end);
        }
      }),
    );
  });

  test('says something about any octets', () => {
    const octet = fc.constantFrom(...'ilde:0123-a\0\xff');
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 60 }), (octets) => {
        const text = octets.join('');
        const error = checkBencode(textToOctets(text));
        if (error === undefined) expect(endOfValue(textToOctets(text), 0)).toBe(text.length);
        else expect(error.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });
});

test('an outline keeps so many and not more, and what it lacks is walked', () => {
  const octets = textToOctets(`l${'li1ee'.repeat(20_000)}e`);
  const outline = new Outline();
  expect(checkBencode(octets, outline)).toBeUndefined();
  const starts = [...itemsOf(octets, 0, outline)].map(({ start }) => start);
  expect(starts).toEqual(Array.from({ length: 20_000 }, (_, index) => 1 + index * 5));
  expect(outline.endOf(starts[0]!)).toBe(6);
  expect(outline.endOf(starts.at(-1)!)).toBeUndefined();
});

test('spans name entries and items', () => {
  const octets = textToOctets('d4:infod1:xi1ee5:otherli1e2:ableee');
  const entries = [...entriesOf(octets, 0)];
  expect(entries.map(({ key }) => octetsToText(octets, key.start, key.end))).toEqual(['info', 'other']);
  expect(entries.map(({ start, value: { end } }) => octetsToText(octets, start, end))).toEqual([
    '4:infod1:xi1ee',
    '5:otherli1e2:ablee',
  ]);
  expect(spanIs(octets, entries[0]!.key, 'info')).toBe(true);
  expect(spanIs(octets, entries[0]!.key, 'inf')).toBe(false);
  const items = [...itemsOf(octets, entries[1]!.value.start)];
  expect(items.map(({ start, end }) => octetsToText(octets, start, end))).toEqual(['i1e', '2:ab', 'le']);
});
