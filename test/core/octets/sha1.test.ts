import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha1 } from '../../../src/core/octets/sha1.ts';

const sha1 = new Sha1();

/** The digest in hex, with room for the padding behind the message. */
function digestOf(message: Uint8Array): string {
  const room = new Uint8Array(message.length + 72).fill(0xff);
  room.set(message);
  const digest = new Uint8Array(20);
  sha1.digest(room, message.length, digest);
  return Buffer.from(digest).toString('hex');
}

describe('SHA-1', () => {
  it.each([
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ])('of %j is what FIPS 180 says', (text, digest) => {
    expect(digestOf(Buffer.from(text))).toBe(digest);
  });

  it('is that of node:crypto for every length up to ten blocks, and for any octets', () => {
    const pattern = Uint8Array.from({ length: 640 }, (_, index) => (index * 167) & 255);
    const check = (message: Uint8Array): void => {
      expect(digestOf(message)).toBe(createHash('sha1').update(message).digest('hex'));
    };
    for (let length = 0; length <= pattern.length; length++) check(pattern.subarray(0, length));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), check));
  });

  it('may write over its own message', () => {
    const message = new Uint8Array(64).fill(7);
    const digest = createHash('sha1').update(message.subarray(0, 20)).digest();
    sha1.digest(message, 20, message);
    expect(Buffer.from(message.subarray(0, 20))).toEqual(digest);
  });

  it('refuses a message without room for its padding', () => {
    expect(() => sha1.digest(new Uint8Array(64), 56, new Uint8Array(20))).toThrow(RangeError);
  });
});
