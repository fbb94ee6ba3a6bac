// What must hold in every swarm table at every moment, read from its octets by other means than its own searches.
import { expect } from 'vitest';
import { lockOwner } from '../../../src/core/swarm/lock.ts';
import { findEndpoint, hashSoughtEndpoint } from '../../../src/core/swarm/peer-index.ts';
import {
  endpointAt,
  endpointOctets,
  groupOf,
  metaAt,
  PAIRED,
  PeerState,
  SHADOW,
  stateOf,
} from '../../../src/core/swarm/peers.ts';
import {
  GROUP,
  HEAD,
  NOT_LIVE,
  RECORD,
  RECORD_WORDS,
  type SwarmShard,
} from '../../../src/core/swarm/shard.ts';
import { type SwarmTable, shardOf } from '../../../src/core/swarm/table.ts';
import { findTorrent, hashTorrent } from '../../../src/core/swarm/torrents.ts';

export function checkTable(table: SwarmTable): void {
  for (const shard of table.shards) checkShard(table, shard);
}

function checkShard(table: SwarmTable, shard: SwarmShard): void {
  expect(lockOwner(shard.head, HEAD.lock)).toBe(0);
  const { head, records } = shard;
  const totals = { torrents: 0, peers: [0, 0], seeds: 0, leechers: 0 };
  for (let number = 0; number < head[HEAD.recordsTouched]!; number++) {
    const torrent = number * RECORD_WORDS;
    if (records[torrent + RECORD.seen] === NOT_LIVE) continue;
    totals.torrents++;
    const hash = hashTorrent(table.key, shard.recordOctets, torrent * 4);
    expect(shardOf(table, hash)).toBe(shard);
    expect(findTorrent(shard, hash, shard.recordOctets, torrent * 4)).toBe(torrent);
    const counts = checkTorrent(shard, torrent);
    totals.seeds += counts.seeds;
    totals.leechers += counts.leechers;
    for (const family of [0, 1]) totals.peers[family]! += records[groupOf(torrent, family) + GROUP.total]!;
  }
  expect(totals).toEqual({
    torrents: head[HEAD.torrents],
    peers: [head[HEAD.peers], head[HEAD.peers + 1]],
    seeds: head[HEAD.seeds],
    leechers: head[HEAD.leechers],
  });
}

function checkTorrent(shard: SwarmShard, torrent: number): { seeds: number; leechers: number } {
  const { records, heap, sought } = shard;
  const seen = { seeds: 0, leechers: 0, partial: 0, shadows: [0, 0], counted: [0, 0], misplaced: 0, lost: 0 };
  for (const family of [0, 1]) {
    const group = groupOf(torrent, family);
    for (let position = 0; position < records[group + GROUP.total]!; position++) {
      const meta = heap.words[metaAt(shard, group, position)]!;
      const isLeecher = stateOf(meta) === PeerState.leecher;
      if (isLeecher !== position < records[group + GROUP.leechers]!) seen.misplaced++;
      const at = endpointAt(shard, group, position);
      sought.endpoint.set(heap.octets.subarray(at, at + endpointOctets(family)));
      hashSoughtEndpoint(shard, family);
      if (findEndpoint(shard, torrent, family) !== position) seen.lost++;
      if ((meta & SHADOW) !== 0) seen.shadows[family]!++;
      else {
        if ((meta & PAIRED) !== 0) seen.counted[family]!++;
        if (stateOf(meta) === PeerState.seed) seen.seeds++;
        else seen.leechers++;
        if (stateOf(meta) === PeerState.partial) seen.partial++;
      }
    }
  }
  expect(seen).toMatchObject({ misplaced: 0, lost: 0 });
  expect(seen.shadows).toEqual([...seen.counted].reverse());
  expect([seen.seeds, seen.leechers, seen.partial]).toEqual([
    records[torrent + RECORD.complete],
    records[torrent + RECORD.incomplete],
    records[torrent + RECORD.partial],
  ]);
  return { seeds: seen.seeds, leechers: seen.leechers };
}
