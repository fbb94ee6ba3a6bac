import { expect, it } from 'vitest';
import { formatRcode } from '../../../src/core/dns/rcode.ts';

it.each([
  [0, 'NOERROR'],
  [5, 'REFUSED'],
  [9, 'NOTAUTH'],
  [11, 'RCODE11'],
  [4095, 'RCODE4095'],
])('response code %i is %s', (code, text) => {
  expect(formatRcode(code)).toBe(text);
});
