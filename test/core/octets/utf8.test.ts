import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { octetsToText } from '../../../src/core/octets/text.ts';
import { decodeUtf8, encodeUtf8 } from '../../../src/core/octets/utf8.ts';

describe('octets that are no UTF-8', () => {
  test.each([
    ['a stray continuation', '\x80'],
    ['an overlong slash', '\xc0\xaf'],
    ['an overlong three', '\xe0\x80\xaf'],
    ['an overlong four', '\xf0\x80\x80\xaf'],
    ['a surrogate', '\xed\xa0\x80'],
    ['more than U+10FFFF', '\xf4\x90\x80\x80'],
    ['a lead of five', '\xf8\x88\x80\x80\x80'],
    ['a cut sequence', 'a\xe2\x82'],
    ['a broken sequence', '\xe2(\xa1'],
  ])('are refused: %s', (_, octetText) => {
    expect(decodeUtf8(octetText)).toBeUndefined();
  });
});

test('agrees with TextEncoder on every text, both ways', () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const octetText = octetsToText(encoder.encode(text));
      expect(encodeUtf8(text)).toBe(octetText);
      expect(decodeUtf8(octetText)).toBe(text);
    }),
  );
});

test('agrees with TextDecoder on what to refuse', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const octet = fc.constantFrom(0x41, 0x80, 0x90, 0xa0, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xff);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.array(octet, { maxLength: 6 }), (some, others) => {
      for (const octets of [some, Uint8Array.from(others)]) {
        let expected: string | undefined;
        try {
          expected = decoder.decode(octets);
        } catch {
          expected = undefined;
        }
        expect(decodeUtf8(octetsToText(octets))).toBe(expected);
      }
    }),
  );
});

test('a surrogate that stands alone has no UTF-8', () => {
  expect(encodeUtf8('a\ud800')).toBeUndefined();
});
