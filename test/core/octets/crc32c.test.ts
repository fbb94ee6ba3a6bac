import { expect, it } from 'vitest';
import { crc32c } from '../../../src/core/octets/crc32c.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';

// RFC 3720 appendix B.4, and the check value of the catalogues.
it.each([
  ['nothing', new Uint8Array(0), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 octets of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['the digits', textToOctets('123456789'), 0xe3069283],
])('of %s', (_name, octets, sum) => {
  expect(crc32c(octets)).toBe(sum);
  expect(crc32c(octets.subarray(5), crc32c(octets.subarray(0, 5)))).toBe(sum);
});
