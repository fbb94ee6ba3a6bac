import { describe, expect, test } from 'vitest';
import { type BencodeValue, encodeBencode } from '../../../src/core/bencode/encode.ts';
import { octetsToText } from '../../../src/core/octets/text.ts';

describe('encoding', () => {
  test.each<[BencodeValue, string]>([
    [0, 'i0e'],
    [-7, 'i-7e'],
    [Number.MAX_SAFE_INTEGER, 'i9007199254740991e'],
    ['ü', '2:\xc3\xbc'],
    [new Uint8Array([0, 255]), '2:\0\xff'],
    [['a', 1], 'l1:ai1ee'],
    [{ b: 1, a: { c: [] } }, 'd1:ad1:clee1:bi1ee'],
  ])('%j is %j', (value, expected) => {
    expect(octetsToText(encodeBencode(value))).toBe(expected);
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d, wherever it is', (number) => {
    expect(() => encodeBencode({ a: [number] })).toThrow(RangeError);
  });
});
