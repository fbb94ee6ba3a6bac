import { describe, expect, it } from 'vitest';
import { parseHex } from '../../../src/core/octets/text.ts';
import { Nsec3Hash } from '../../../src/core/zone/nsec3-hash.ts';
import { nameOf } from './zone-text.ts';

function hashOf(hash: Nsec3Hash): string {
  return String.fromCharCode(...hash.label);
}

/** RFC 5155, appendix A: salt aabbccdd, 12 iterations. */
const VECTORS = [
  ['example.', '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom'],
  ['a.example.', '35mthgpgcu1qg68fab165klnsnk3dpvl'],
  ['ai.example.', 'gjeqe526plbf1g8mklp59enfd789njgi'],
  ['ns1.example.', '2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
  ['ns2.example.', 'q04jkcevqvmu85r014c7dkba38o0ji5r'],
  ['w.example.', 'k8udemvp1j2f7eg6jebps17vp3n8i58h'],
  ['*.w.example.', 'r53bq7cc2uvmubfu5ocmm6pers9tk9en'],
  ['x.w.example.', 'b4um86eghhds6nea196smvmlo4ors995'],
  ['y.w.example.', 'ji6neoaepv8b5o6k4ev33abha8ht9fgc'],
  ['x.y.w.example.', '2vptu5timamqttgl4luu9kg21e0aor3s'],
  ['xx.example.', 't644ebqk9bibcna874givr6joj62mlhv'],
] as const;

describe('the hash of a name', () => {
  const salt = parseHex('aabbccdd') ?? new Uint8Array(0);
  const hash = new Nsec3Hash();

  it.each(VECTORS)('of %s is that of RFC 5155', (name, label) => {
    hash.configure(12, salt, 0, salt.length);
    hash.hash(nameOf(name), 0);
    expect(hashOf(hash)).toBe(label);
    hash.hash(nameOf(name.toUpperCase()), 0);
    expect(hashOf(hash)).toBe(label);
  });

  it('of a wildcard is made from the name above it', () => {
    hash.configure(12, salt, 0, salt.length);
    hash.hashWildcard(nameOf('x.w.example.'), 2);
    expect(hashOf(hash)).toBe('r53bq7cc2uvmubfu5ocmm6pers9tk9en');
  });

  it('is remembered by name, salt and iterations', () => {
    const other = Uint8Array.of(1);
    const names = Array.from({ length: 200 }, (_, index) => nameOf(`n${index % 100}.example.`));
    const fresh = new Nsec3Hash();
    for (const name of names) {
      for (const [iterations, key] of [
        [0, salt],
        [1, salt],
        [1, other],
        [1, new Uint8Array(0)],
      ] as const) {
        hash.configure(iterations, key, 0, key.length);
        hash.hashExisting(name, 0);
        fresh.configure(iterations, key, 0, key.length);
        fresh.hash(name, 0);
        expect(hashOf(hash)).toBe(hashOf(fresh));
      }
    }
  });

  it('has room for the longest name and the longest salt', () => {
    const labels = 'a'.repeat(63);
    const longest = nameOf(`${labels}.${labels}.${labels}.${'a'.repeat(61)}.`);
    expect(longest.length).toBe(255);
    hash.configure(1, new Uint8Array(255).fill(7), 0, 255);
    hash.hash(longest, 0);
    expect(hashOf(hash)).toMatch(/^[0-9a-v]{32}$/);
    hash.hashWildcard(longest, 0);
    expect(hashOf(hash)).toMatch(/^[0-9a-v]{32}$/);
  });
});
