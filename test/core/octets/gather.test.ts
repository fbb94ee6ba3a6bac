import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGatherer } from '../../../src/core/octets/gather.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });

test('what has come is the pieces one behind another, as far as the bound allows', () => {
  fc.assert(
    fc.property(pieces, fc.nat(20_000), (added, maxOctets) => {
      const gatherer = createGatherer(maxOctets);
      const taken = added.filter((piece) => gatherer.add(piece));
      const expected = Buffer.concat(taken);
      expect(Buffer.from(gatherer.octets()).equals(expected)).toBe(true);
      expect(gatherer.length).toBe(expected.length);
      expect(gatherer.length).toBeLessThanOrEqual(maxOctets);
    }),
  );
});

test('a piece above the bound leaves what has come as it is, and the next may fit', () => {
  const gatherer = createGatherer(4);
  expect([
    gatherer.add(Uint8Array.of(1, 2, 3)),
    gatherer.add(Uint8Array.of(4, 5)),
    gatherer.add(Uint8Array.of(6)),
  ]).toEqual([true, false, true]);
  expect([...gatherer.octets()]).toEqual([1, 2, 3, 6]);
});

test('pieces are copied, and nothing of what was cleared comes again', () => {
  const gatherer = createGatherer(4);
  const piece = Uint8Array.of(1, 2, 3, 4);
  gatherer.add(piece);
  piece.fill(9);
  expect([...gatherer.octets()]).toEqual([1, 2, 3, 4]);
  gatherer.clear();
  expect(gatherer.octets()).toHaveLength(0);
  gatherer.add(Uint8Array.of(5));
  expect([...gatherer.octets()]).toEqual([5]);
});

test('the room doubles, and is never larger than the bound', () => {
  const gatherer = createGatherer(5000);
  const rooms = new Set<number>();
  for (let length = 0; length < 5000; length++) {
    gatherer.add(Uint8Array.of(0));
    rooms.add(gatherer.octets().buffer.byteLength);
  }
  expect([...rooms]).toEqual([1024, 2048, 4096, 5000]);
});
