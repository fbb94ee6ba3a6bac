// What is fetched ahead for a batch of queries: all of it that a look-up waits for, and nothing that decides an answer.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createZonePrefetch } from '../../../../src/core/zone/answer/prefetch.ts';
import type { Catalog } from '../../../../src/core/zone/image/catalog.ts';
import { createCatalog } from '../../../../src/core/zone/image/catalog.ts';
import { Header, type ZoneImage } from '../../../../src/core/zone/image/image.ts';
import { authorityOf, exchange, imageOf, SEED } from '../../../support/authority-of.ts';
import { encodeQuery } from '../../../support/dns-message.ts';

const LARGE_OCTETS = 16 * 1024 * 1024;
const STRIDE = 600;
const LINE_WORDS = 16;

function zoneText(names: number): string {
  const lines = Array.from({ length: names }, (_, index) => `n${index} A 192.0.2.${index % 256}`);
  return ['$TTL 60', '@ SOA ns host 1 1 1 1 1', '@ NS ns', 'ns A 192.0.2.1', ...lines]
    .join('\n')
    .concat('\n');
}

/** A zone of n0, n1, … in a buffer of so many octets. */
function image(apex: string, octets: number): ZoneImage {
  return imageOf(zoneText(300), apex, { allocate: () => new SharedArrayBuffer(octets) });
}

/** The same zone, noting which of its words are read. */
function watched(zone: ZoneImage) {
  const read = new Set<number>();
  const words = new Proxy(zone.words, {
    get(target, key) {
      const index = typeof key === 'string' ? Number(key) : Number.NaN;
      if (!Number.isNaN(index)) read.add(index);
      return Reflect.get(target, key, target) as unknown;
    },
  });
  const copy = Object.create(zone, { words: { value: words } }) as ZoneImage;
  const catalog = { seed: SEED, images: [copy] } as unknown as Catalog;
  return { read, catalog };
}

function batchOf(names: readonly string[]): Uint8Array {
  const requests = new Uint8Array(names.length * STRIDE);
  for (const [index, name] of names.entries()) requests.set(encodeQuery({ name, type: 'A' }), index * STRIDE);
  return requests;
}

/** Word indices of every node, and of the slots that name them. */
function nodesOf({ words }: ZoneImage): { slot: number; node: number }[] {
  const first = words[Header.slots]! >>> 2;
  return Array.from({ length: words[Header.slotMask]! + 1 }, (_, index) => first + index * 2)
    .map((slot) => ({ slot, node: words[slot + 1]! >>> 2 }))
    .filter(({ node }) => node !== 0);
}

describe('a prefetch', () => {
  test('reads a slot and two lines of a node for each of up to 64 names', () => {
    const zone = image('large.example.', LARGE_OCTETS);
    const { read, catalog } = watched(zone);
    const { prefetch, publish } = createZonePrefetch();
    publish(catalog);
    const spelt = ['n', 'N'];
    const names = Array.from({ length: 64 }, (_, index) => `${spelt[index % 2]}${index}.Large.example`);
    prefetch(batchOf(names), 0, STRIDE, names.length);
    const found = nodesOf(zone).filter(({ slot, node }) => {
      return read.has(slot + 1) && read.has(node) && read.has(node + LINE_WORDS);
    });
    // A name whose slot another one took lies in the next: its line has been read all the same.
    expect(found.length).toBeGreaterThan(40);
    expect(found.length).toBeLessThanOrEqual(64);
  });

  test('reads on where a query lies behind what is none', () => {
    const zone = image('large.example.', LARGE_OCTETS);
    const { read, catalog } = watched(zone);
    const { prefetch, publish } = createZonePrefetch();
    publish(catalog);
    const requests = batchOf(['n1.large.example', 'n2.large.example']);
    requests.fill(0xff, 0, STRIDE);
    prefetch(requests, 0, STRIDE, 2);
    expect([...read].filter((index) => index > Header.words)).not.toEqual([]);
  });

  test.each([
    ['of a zone that fits a cache', 64 * 1024],
    ['of a zone just below the bound', LARGE_OCTETS - 4],
  ])('reads nothing %s', (_, octets) => {
    const { read, catalog } = watched(image('small.example.', octets));
    const { prefetch, publish } = createZonePrefetch();
    publish(catalog);
    prefetch(batchOf(['n1.small.example', 'n2.small.example']), 0, STRIDE, 2);
    expect([...read]).toEqual([]);
  });

  test('reads nothing before there are zones, nor for names of other zones', () => {
    const { prefetch, publish } = createZonePrefetch();
    const requests = batchOf(['n1.elsewhere.example', 'n2.elsewhere.example']);
    expect(() => prefetch(requests, 0, STRIDE, 2)).not.toThrow();
    publish(createCatalog([image('large.example.', LARGE_OCTETS)], SEED));
    expect(() => prefetch(requests, 0, STRIDE, 2)).not.toThrow();
  });

  test('throws at no octets, and changes no answer', () => {
    const zones = [image('large.example.', LARGE_OCTETS), image('small.example.', 64 * 1024)];
    const { prefetch, publish } = createZonePrefetch();
    publish(createCatalog(zones, SEED));
    const before = zones.map(({ buffer }) => Buffer.from(new Uint8Array(buffer)));
    const authority = authorityOf(...zones);
    const query = encodeQuery({ name: 'n7.large.example', type: 'A' });
    const answer = Buffer.from(exchange(authority, query));
    const wire = fc.oneof(
      fc.uint8Array({ maxLength: STRIDE }),
      fc.nat(400).map((index) => encodeQuery({ name: `n${index}.large.example`, type: 'A' })),
      fc.tuple(fc.constant(query), fc.nat(query.length)).map(([octets, end]) => octets.subarray(0, end)),
    );
    fc.assert(
      fc.property(fc.array(wire, { minLength: 2, maxLength: 80 }), (queries) => {
        const requests = new Uint8Array(queries.length * STRIDE);
        for (const [index, octets] of queries.entries()) requests.set(octets, index * STRIDE);
        const sent = requests.slice();
        prefetch(requests, 0, STRIDE, queries.length);
        expect(Buffer.compare(requests, sent)).toBe(0);
        expect(Buffer.compare(exchange(authority, query), answer)).toBe(0);
      }),
    );
    for (const [index, { buffer }] of zones.entries())
      expect(Buffer.compare(new Uint8Array(buffer), before[index]!)).toBe(0);
  });
});
