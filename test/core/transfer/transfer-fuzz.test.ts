// Properties: whatever the octets, reading a transfer, a request for one and a journal ends in a value. A longer search
// is `npm run fuzz`.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeChanges, encodeChange } from '../../../src/core/transfer/change-codec.ts';
import { diffImages } from '../../../src/core/transfer/changes.ts';
import { journal, transfer, transferRequest } from '../../fuzz/targets/transfer.ts';
import { compileText, textOf } from './transfer-zones.ts';

describe.each([transfer, transferRequest, journal])('$name', (target) => {
  const seeds = target.seeds();

  it('takes its seeds', () => {
    for (const seed of seeds) target.create()(seed);
  });

  it('takes each of them cut short at every octet', () => {
    const read = target.create();
    for (const seed of seeds) for (let end = 0; end < seed.length; end++) read(seed.subarray(0, end));
  });

  it('takes each of them with octets and words replaced', () => {
    const read = target.create();
    const edit = fc.record({
      at: fc.nat(4096),
      piece: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        fc.constantFrom(...target.tokens.map((token) => Buffer.from(token as Uint8Array))),
      ),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (seed, edits) => {
          const octets = Buffer.from(seed);
          for (const { at, piece } of edits) octets.set(piece.subarray(0, 1), at % octets.length);
          for (const { at, piece } of edits)
            octets.set(piece, at % Math.max(1, octets.length - piece.length));
          read(octets);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes random octets', () => {
    const read = target.create();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => read(octets)),
      { numRuns: 500 },
    );
  });
});

describe('a journal', () => {
  const versions = [1, 2, 3, 4].map((serial) =>
    compileText(textOf([{ owner: 'a', text: `TXT "${serial}"`, ttl: 60 }], serial)),
  );
  const changes = versions.slice(1).map((version, index) => diffImages(versions[index]!, version)!);
  const octets = new Uint8Array(Buffer.concat(changes.map(encodeChange)));
  const ends = changes.map((_, index) =>
    changes.slice(0, index + 1).reduce((sum, change) => sum + encodeChange(change).length, 0),
  );

  it('that was cut off in the middle of a write has all changes before', () => {
    for (let length = 0; length <= octets.length; length++) {
      const whole = ends.filter((end) => end <= length);
      const end = whole.at(-1) ?? 0;
      expect(decodeChanges(octets.subarray(0, length))).toEqual({
        changes: changes.slice(0, whole.length),
        end,
        rest: end === length ? 'none' : 'torn',
      });
    }
  });

  it('with any octet altered has all changes before, and says so', () => {
    for (let at = 0; at < octets.length; at++) {
      const altered = octets.slice();
      altered[at]! ^= 0x40;
      const before = ends.filter((end) => end <= at).length;
      const decoded = decodeChanges(altered);
      expect(decoded.changes).toEqual(changes.slice(0, before));
      expect(['torn', 'damaged']).toContain(decoded.rest);
    }
  });
});
