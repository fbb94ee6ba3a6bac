// Who is taken to be gone: the longest silent of a full swarm, and none but the silent of one that has shrunk.

import { describe, expect, it } from 'vitest';
import { bucketsOf } from '../../../src/core/swarm/buckets.ts';
import { expire, expiryWork } from '../../../src/core/swarm/expire.ts';
import { DEFAULT_PEER_LIFETIME_SECONDS } from '../../../src/core/swarm/limits.ts';
import { groupOf } from '../../../src/core/swarm/peers.ts';
import { isReferencing as isReferencingGroup } from '../../../src/core/swarm/referencing.ts';
import { shardOf, swarmTotals } from '../../../src/core/swarm/table.ts';
import { findTorrent, hashTorrent } from '../../../src/core/swarm/torrents.ts';
import {
  AnnounceEvent,
  type AnnounceReply,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../../../src/core/tracker/announce.ts';
import { createTestTracker, type TestTracker } from '../../contract/announce-clients.ts';
import { checkTable } from './invariants.ts';

interface Someone {
  readonly torrent?: number;
  readonly client: number;
  readonly now: number;
  readonly event?: AnnounceEvent;
}

/** Announces client number `client`, a leecher whose address and peer id follow from the number. */
function say(
  tracker: TestTracker,
  { torrent = 0, client, now, event = AnnounceEvent.none }: Someone,
): AnnounceReply {
  const octets = new Uint8Array(40);
  const view = new DataView(octets.buffer);
  view.setUint32(0, torrent);
  view.setUint32(20, client);
  const address = Uint8Array.of(10, client >> 16, client >> 8, client, ...new Uint8Array(12));
  const request = createAnnounceRequest();
  Object.assign(request, { octets, peerIdOffset: 20, address, family: 4, port: 7000, numwant: 50, event });
  const reply = createAnnounceReply();
  reply.octets = new Uint8Array(50 * 6);
  announce(tracker, request, now, reply);
  return reply;
}

/** The numbers of the clients that are listed. */
function listed({ octets, offset }: AnnounceReply): number[] {
  return Array.from({ length: offset / 6 }, (_, index) => octets[index * 6 + 3]!);
}

describe('a newcomer to a full swarm', () => {
  it('takes the place of the longest silent of those that are looked at', () => {
    const rounds = 200;
    const tracker = createTestTracker({ peersPerTorrent: 2, torrents: rounds });
    let right = 0;
    for (let torrent = 0; torrent < rounds; torrent++) {
      const fresh = 1 + (torrent % 2);
      say(tracker, { torrent, client: 1, now: 1000 });
      say(tracker, { torrent, client: 2, now: 1000 });
      say(tracker, { torrent, client: fresh, now: 2000 });
      if (listed(say(tracker, { torrent, client: 3, now: 2000 })).join() === String(fresh)) right++;
    }
    // Eight are looked at, so that the silent one is missed once in 256 times.
    expect(right).toBeGreaterThan(rounds * 0.95);
    checkTable(tracker.table);
  });
});

describe('a swarm that has shrunk to a few', () => {
  /** Where the peers of torrent 0 stand; the swarm must be there. */
  function groupIn({ table }: TestTracker) {
    const octets = new Uint8Array(20);
    const hash = hashTorrent(table.key, octets, 0);
    const shard = shardOf(table, hash);
    return { shard, group: groupOf(findTorrent(shard, hash, octets, 0), 0) };
  }

  it.each([1, 2, 3, 4])(
    'loses its last %i by the walk and not by a touch while it has several buckets',
    (left) => {
      const tracker = createTestTracker();
      let peers = 0;
      const isReferencing = (): boolean => {
        const { shard, group } = groupIn(tracker);
        return isReferencingGroup(shard, group);
      };
      // Until that is over, a swarm that shrinks keeps its buckets.
      do say(tracker, { client: ++peers, now: 1000 });
      while (!isReferencing() && peers < 5000);
      for (let client = left + 1; client <= peers; client++) {
        say(tracker, { client, now: 1000, event: AnnounceEvent.stopped });
      }
      const { shard, group } = groupIn(tracker);
      expect(bucketsOf(shard, group)).toBeGreaterThan(1);
      expect(swarmTotals(tracker.table).peersIpv4).toBe(left);
      const now = 1000 + DEFAULT_PEER_LIFETIME_SECONDS + 600;
      say(tracker, { client: peers + 1, now });
      checkTable(tracker.table);
      expect(swarmTotals(tracker.table).peersIpv4).toBe(left + 1);
      expire(tracker.table, now, expiryWork(tracker.table));
      checkTable(tracker.table);
      expect(swarmTotals(tracker.table).peersIpv4).toBe(1);
    },
  );
});
