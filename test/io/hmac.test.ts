// The test cases of RFC 4231: keys and data in hexadecimal, cut in two wherever it can be.

import { describe, expect, it } from 'vitest';
import { isSameSecret } from '../../src/core/octets/secret.ts';
import { formatHex } from '../../src/core/octets/text.ts';
import { hmac } from '../../src/io/hmac.ts';

const WHAT = Buffer.from('what do ya want for nothing?');

const CASES = [
  {
    section: '4.2',
    key: Buffer.alloc(20, 0x0b),
    data: Buffer.from('Hi There'),
    'hmac-sha256': 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    'hmac-sha384':
      'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    'hmac-sha512':
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    section: '4.3',
    key: Buffer.from('Jefe'),
    data: WHAT,
    'hmac-sha256': '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    'hmac-sha384':
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    'hmac-sha512':
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  {
    section: '4.7',
    key: Buffer.alloc(131, 0xaa),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    'hmac-sha256': '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    'hmac-sha384':
      '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
    'hmac-sha512':
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  },
] as const;

describe.each(['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const)('%s', (algorithm) => {
  it.each(CASES)('computes case $section of RFC 4231, in any two parts', ({ key, data, ...macs }) => {
    for (let at = 0; at <= data.length; at++) {
      const mac = hmac(algorithm, key, [data.subarray(0, at), data.subarray(at)]);
      expect(formatHex(mac)).toBe(macs[algorithm]);
    }
  });

  it('reads memory that threads share, and returns an array of its own', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(WHAT.length));
    shared.set(WHAT);
    const mac = hmac(algorithm, Buffer.from('Jefe'), [shared]);
    expect(formatHex(mac)).toBe(CASES[1][algorithm]);
    expect(mac.constructor).toBe(Uint8Array);
    expect(mac.buffer.byteLength).toBe(mac.length);
  });
});

describe('the comparison of secrets', () => {
  it.each([
    [[], [], true],
    [[1, 2, 3], [1, 2, 3], true],
    [[1, 2, 3], [1, 2, 4], false],
    [[0, 2, 3], [1, 2, 3], false],
    [[1, 2, 3], [1, 2], false],
    [[1, 2], [1, 2, 3], false],
  ])('of %j and %j is %s', (left, right, expected) => {
    expect(isSameSecret(Uint8Array.from(left), Uint8Array.from(right))).toBe(expected);
  });
});
