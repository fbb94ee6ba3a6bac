import { describe, expect, it } from 'vitest';
import {
  foldName,
  formatName,
  isSameName,
  isSubdomain,
  isWildcard,
  labelCount,
  nameLength,
  parseName,
} from '../../../src/core/dns/name.ts';
import { formatHex, parseHex } from '../../../src/core/octets/text.ts';

const ORIGIN = parseHex('0474657374' + '00')!;
const label = (length: number): string => 'a'.repeat(length);
const LONG = `${label(63)}.${label(63)}.${label(63)}.`;

function nameOf(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${name}: ${text}`);
  return name;
}

describe('the text of a name', () => {
  it.each([
    ['.', '00'],
    ['a.', '016100'],
    ['a', '0161' + '047465737400'],
    ['A.b', '01410162' + '047465737400'],
    ['a\\.b.', '03612e6200'],
    ['a\\046b.', '03612e6200'],
    ['\\255\\000.', '02ff0000'],
    ['\\a.', '016100'],
    ['ü.', '01fc00'],
    ['*', '012a' + '047465737400'],
    ['@', '0140' + '047465737400'],
    [`${label(63)}.`, `3f${'61'.repeat(63)}00`],
  ])('%s is %s', (text, hex) => {
    const name = parseName(text, ORIGIN);
    expect(typeof name === 'string' ? name : formatHex(name)).toBe(hex);
  });

  it.each([
    ['', 'empty-label'],
    ['..', 'empty-label'],
    ['.a', 'empty-label'],
    ['a..b', 'empty-label'],
    [label(64), 'label-too-long'],
    ['a\\', 'bad-escape'],
    ['a\\25', 'bad-escape'],
    ['a\\2x5', 'bad-escape'],
    ['a\\256', 'bad-escape'],
    [`${LONG}${label(62)}.`, 'name-too-long'],
    [`${LONG}${label(57)}`, 'name-too-long'],
  ])('%s is none: %s', (text, fault) => {
    expect(parseName(text, ORIGIN)).toBe(fault);
  });

  it('may have 255 octets in all, the origin included', () => {
    expect(parseName(`${LONG}${label(61)}.`, ORIGIN)).toHaveLength(255);
    expect(parseName(`${LONG}${label(56)}`, ORIGIN)).toHaveLength(255);
  });

  it('is written with escapes for what would be read otherwise, and read again as it was', () => {
    const octets = Uint8Array.from(
      [8, ...'."\\;()@$'].map((each) => (typeof each === 'string' ? each.charCodeAt(0) : each)),
    );
    const name = Uint8Array.of(...octets, 4, 0, 0x20, 0x7f, 0xff, 1, 0x41, 0);
    const text = '\\.\\"\\\\\\;\\(\\)\\@\\$.\\000\\032\\127\\255.A.';
    expect(formatName(name)).toBe(text);
    expect(nameOf(text)).toEqual(name);
    expect(formatName(Uint8Array.of(9, 9, 0), 2)).toBe('.');
  });
});

describe('names', () => {
  it.each([
    ['a.test.', 'A.TEST.', true],
    ['a.test.', 'b.test.', false],
    ['a.test.', 'a.test.x.', false],
    ['[.', '{.', false],
    ['@.', '`.', false],
  ])('%s and %s: the same is %s', (left, right, isSame) => {
    expect(isSameName(nameOf(left), nameOf(right))).toBe(isSame);
    expect(isSameName(foldName(nameOf(left)), foldName(nameOf(right)))).toBe(isSame);
  });

  it.each([
    ['test.', 'TEST.', true],
    ['a.b.test.', 'b.test.', true],
    ['a.test.', '.', true],
    ['.', 'test.', false],
    ['atest.', 'test.', false],
    // The octets of the ancestor are at its end, inside a label.
    ['\\004test.', 'test.', false],
    ['a.other.', 'test.', false],
  ])('%s at or below %s: %s', (name, ancestor, isBelow) => {
    expect(isSubdomain(nameOf(name), nameOf(ancestor))).toBe(isBelow);
  });

  it.each([
    ['.', 0, 1, false],
    ['test.', 1, 6, false],
    ['*.test.', 2, 8, true],
    ['*a.test.', 2, 9, false],
    ['a.*.test.', 3, 10, false],
  ])('%s has %i labels and %i octets, and is a wildcard: %s', (text, labels, octets, wildcard) => {
    const name = nameOf(text);
    expect([labelCount(name), nameLength(name), isWildcard(name)]).toEqual([labels, octets, wildcard]);
    expect(nameLength(Uint8Array.of(1, 2, 3, ...name), 3)).toBe(octets);
  });
});
