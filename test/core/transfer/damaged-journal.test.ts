// A journal that is not whole: what is before the damage counts.

import { describe, expect, it } from 'vitest';
import { decodeChanges, encodeChange } from '../../../src/core/transfer/change-codec.ts';
import { diffImages } from '../../../src/core/transfer/changes.ts';
import { compileText, textOf } from './transfer-zones.ts';

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
