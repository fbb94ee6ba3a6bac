import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNames } from '../../../src/core/dns/canonical-order.ts';
import { parseName } from '../../../src/core/dns/name.ts';

function wire(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${text}: ${name}`);
  return name;
}

function compare(left: string, right: string): number {
  return Math.sign(compareNames(wire(left), 0, wire(right), 0));
}

/** RFC 4034 §6.1. */
const ORDERED = [
  'example.',
  'a.example.',
  'yljkjljk.a.example.',
  'Z.a.example.',
  'zABC.a.EXAMPLE.',
  'z.example.',
  '\\001.z.example.',
  '*.z.example.',
  '\\200.z.example.',
];

describe('the canonical order of names', () => {
  it('is that of RFC 4034 §6.1', () => {
    for (const [left, first] of ORDERED.entries()) {
      for (const [right, second] of ORDERED.entries()) {
        expect(compare(first, second), `${first} ${second}`).toBe(Math.sign(left - right));
      }
    }
  });

  it('knows no letter case', () => {
    expect(compare('A.b.C.', 'a.B.c.')).toBe(0);
  });

  it('puts a shorter label before a longer one that begins with it', () => {
    expect(compare('ab.', 'abc.')).toBe(-1);
  });

  it('is an order: turned round it is the opposite', () => {
    const label = fc.stringMatching(/^[a-cA-C]{1,3}$/);
    const name = fc.array(label, { maxLength: 4 }).map((labels) => `${labels.join('.')}.`);
    fc.assert(fc.property(name, name, (left, right) => compare(left, right) === -compare(right, left)));
  });

  it('reads names where they lie', () => {
    const octets = Uint8Array.of(9, ...wire('b.'), ...wire('a.'));
    expect(compareNames(octets, 1, octets, 4)).toBeGreaterThan(0);
  });
});
