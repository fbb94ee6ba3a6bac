import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseName } from '../../../src/core/dns/name.ts';
import { labelHash, rootHash } from '../../../src/core/dns/name-hash.ts';
import { OwnerHasher } from '../../../src/core/zone/owner-hasher.ts';

/** Hash of each suffix of a wire name, the whole name first, computed from the root each time. */
function suffixHashes(name: Uint8Array, seed: number): { offset: number; hash: number }[] {
  const offsets: number[] = [];
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) offsets.push(at);
  const hashes = [{ offset: name.length - 1, hash: rootHash(seed) }];
  for (const offset of offsets.reverse())
    hashes.unshift({ offset, hash: labelHash(hashes[0]!.hash, name, offset) });
  return hashes;
}

function wireOf(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${text}: ${name}`);
  return name;
}

/** Reads names one after another that lie behind each other in one array, as in a record table. */
function checkNames(texts: readonly string[], seed: number): void {
  const names = texts.map(wireOf);
  const octets = new Uint8Array(Buffer.concat(names));
  const hasher = new OwnerHasher(octets, seed);
  let offset = 0;
  for (const name of names) {
    const wanted = suffixHashes(name, seed);
    expect(hasher.read(offset)).toBe(wanted[0]!.hash);
    expect(hasher.labels).toBe(wanted.length - 1);
    const read = wanted.map((_, label) => ({ offset: hasher.offsetOf(label), hash: hasher.hashOf(label) }));
    expect(read).toEqual(wanted);
    offset += name.length;
  }
}

describe('OwnerHasher', () => {
  it('hashes neighbours below one parent as if each came alone', () => {
    checkNames(['a.example.', 'bcd.example.', 'Example.', 'x.y.example.', 'z.y.example.', 'a.example.'], 7);
  });

  it('hashes the root and names of one label between others', () => {
    checkNames(['.', 'a.', '.', 'b.', 'a.b.', '.', 'a.b.'], 1);
  });

  it('takes a parent for the same only to the letter, and hashes it the same in any case', () => {
    checkNames(['a.example.', 'a.EXAMPLE.', 'a.xexample.', 'a.ample.'], 3);
    const octets = new Uint8Array(Buffer.concat([wireOf('a.example.'), wireOf('A.eXample.')]));
    const hasher = new OwnerHasher(octets, 3);
    expect(hasher.read(0)).toBe(hasher.read(octets.length / 2));
  });

  it('hashes a name of 127 labels', () => {
    checkNames([`${'a.'.repeat(127)}`, `b.${'a.'.repeat(126)}`, 'b.'], 9);
  });

  it('hashes any row of names', () => {
    const label = fc.constantFrom('a', 'B', 'bc', 'www', 'x-y');
    const name = fc.array(label, { maxLength: 4 }).map((labels) => `${labels.join('.')}.`);
    fc.assert(fc.property(fc.array(name), fc.nat(), (names, seed) => checkNames(names, seed)));
  });
});
