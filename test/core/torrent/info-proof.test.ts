// The info dictionary that was written is compared with the one that was read, each octet of it.

import { describe, expect, it } from 'vitest';
import { readMetainfo } from '../../../src/core/torrent/metainfo.ts';
import { rewriteTorrent } from '../../../src/core/torrent/splice.ts';
import { lookupOf, OPTIONS } from '../rewrite/support.ts';
import { torrentFrom } from './torrents.ts';

const LOOKUP = lookupOf({ 'h.example': 'BITTORRENT UDP:1234' });
/** Longer than two of the steps of 16 octets in which it is compared, and not a multiple. */
const INFO = 'd6:lengthi1e4:name9:some name12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const TORRENT = torrentFrom(`d8:announce17:udp://h.example:94:info${INFO}e`);
/** Of the info dictionary in what is written: the port has grown by three digits. */
const START = TORRENT.length - 1 - INFO.length + 3;

/** Memory of which one octet does not keep what is written to it. */
function memoryWithFault(faultAt: number) {
  return class extends Uint8Array {
    override set(source: ArrayLike<number>, offset = 0): void {
      super.set(source, offset);
      if (faultAt >= offset && faultAt < offset + source.length) this[faultAt]! ^= 1;
    }
  };
}

const rewriteInto = (faultAt: number) => {
  const Memory = memoryWithFault(faultAt);
  return () => rewriteTorrent(TORRENT, LOOKUP, { ...OPTIONS, takeMemory: (size) => new Memory(size) });
};

describe('the proof of the info dictionary', () => {
  it('throws where the comparison that was given says that it differs', () => {
    const compared: string[] = [];
    const sameOctets = (left: Uint8Array, right: Uint8Array): boolean => {
      compared.push(...[left, right].map((octets) => Buffer.from(octets).toString('latin1')));
      return false;
    };
    expect(() => rewriteTorrent(TORRENT, LOOKUP, { ...OPTIONS, sameOctets })).toThrow(
      'the info dictionary changed while splicing',
    );
    expect(compared).toEqual([INFO, INFO]);
  });

  it.each(Array.from({ length: INFO.length }, (_, index) => index))('sees octet %i of it', (index) => {
    expect(rewriteInto(START + index)).toThrow('the info dictionary changed while splicing');
  });

  it('looks at nothing around it', () => {
    expect(rewriteInto(START - 1)()).toMatchObject({ kind: 'rewritten', changed: true });
    expect(rewriteInto(START + INFO.length)()).toMatchObject({ kind: 'rewritten', changed: true });
  });
});

describe('a torrent is private', () => {
  // libtorrent takes any number but 0 for a yes, and so does whoever would rather lose a tracker than leak one.
  it.each([
    ['i0e', false],
    ['i1e', true],
    ['i2e', true],
    ['i-1e', true],
    ['1:1', true],
    ['0:', true],
    ['le', true],
  ])('with private = %s: %s', (value, isPrivate) => {
    expect(readMetainfo(torrentFrom(`d4:infod7:private${value}ee`))).toMatchObject({ isPrivate });
  });
});
