// Small changes to octets, most of which a reader does not notice and some of which lead it elsewhere.

import type { RandomOctets } from '../support/random-octets.ts';
import { type FuzzTarget, octetsOf } from './target.ts';

/** Values at which readers decide: ends of ranges, label types and pointers of DNS. */
const OCTETS = [0, 1, 0x0c, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff] as const;
const NUMBERS = [0, 1, 2, 12, 63, 64, 255, 256, 511, 512, 0x7fff, 0x8000, 0xc00c, 0xffff] as const;

export type Mutate = (parent: Uint8Array, other: Uint8Array) => Uint8Array;

/** `other` is what pieces are taken from. */
export function createMutate(target: FuzzTarget, random: RandomOctets): Mutate {
  const tokens = target.tokens.map(octetsOf);
  const { below } = random;

  function splice(octets: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
    const result = new Uint8Array(octets.length - removed + inserted.length);
    result.set(octets.subarray(0, at));
    result.set(inserted, at);
    result.set(octets.subarray(at + removed), at + inserted.length);
    return result;
  }

  function pieceOf(octets: Uint8Array, most: number): Uint8Array {
    const length = Math.min(octets.length, 1 + below(most));
    const start = below(octets.length - length + 1);
    return octets.slice(start, start + length);
  }

  const NOTHING = new Uint8Array(0);
  type Change = (octets: Uint8Array, at: number, other: Uint8Array) => Uint8Array;
  const CHANGES: readonly Change[] = [
    (octets, at) => splice(octets, at, at < octets.length ? 1 : 0, Uint8Array.of(below(256))),
    (octets, at) =>
      splice(octets, at, at < octets.length ? 1 : 0, Uint8Array.of(OCTETS[below(OCTETS.length)]!)),
    (octets, at) => {
      if (at < octets.length) octets[at]! ^= 1 << below(8);
      return octets;
    },
    (octets, at) => {
      const value = NUMBERS[below(NUMBERS.length)]!;
      return splice(octets, at, Math.min(2, octets.length - at), Uint8Array.of(value >> 8, value & 255));
    },
    (octets, at) => splice(octets, at, Math.min(octets.length - at, 1 + below(8)), NOTHING),
    (octets, at) => splice(octets, at, Math.min(octets.length - at, 1 + below(200)), NOTHING),
    (octets, at) => splice(octets, at, 0, pieceOf(octets, 40)),
    (octets, at) => splice(octets, at, 0, random.octets(1 + below(4))),
    (octets, at) => splice(octets, at, 0, new Uint8Array(1 + below(60)).fill(below(256))),
    (octets, at, other) => splice(octets, at, 0, pieceOf(other, 60)),
    (octets, at, other) => splice(octets, at, octets.length - at, other.slice(Math.min(at, other.length))),
    (octets, at) => octets.slice(0, at),
    ...(tokens.length === 0
      ? []
      : [0, 1].map(
          (share): Change =>
            (octets, at) => {
              const token = tokens[below(tokens.length)]!;
              return splice(octets, at, share * Math.min(token.length, octets.length - at), token);
            },
        )),
  ];

  return (parent, other) => {
    let octets: Uint8Array = Uint8Array.from(parent);
    for (let left = 1 + below(4); left > 0; left--) {
      octets = CHANGES[below(CHANGES.length)]!(octets, below(octets.length + 1), other);
    }
    return octets.length > target.maxOctets ? octets.slice(0, target.maxOctets) : octets;
  };
}
