// What must hold in every swarm table at every moment, read from its octets by other means than its own searches.
import { expect } from 'vitest';
import { blockWords } from '../../../src/core/swarm/blocks.ts';
import { bucketFor, bucketsOf, hashEndpointAt } from '../../../src/core/swarm/buckets.ts';
import { hasReferences, isReferenced, referenceTo } from '../../../src/core/swarm/identities.ts';
import {
  bucketAt,
  capacityIn,
  endpointAt,
  endpointOctets,
  groupOf,
  identityOf,
  leechersIn,
  metaAt,
  NAMELESS,
  PAIRED,
  PeerState,
  peersIn,
  referencesIn,
  SHADOW,
  stateOf,
} from '../../../src/core/swarm/peers.ts';
import { findEndpoint } from '../../../src/core/swarm/search.ts';
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
import { lockOwner } from '../../support/swarm-memory.ts';

export function checkTable(table: SwarmTable): void {
  for (const shard of table.shards) checkShard(table, shard);
}

function checkShard(table: SwarmTable, shard: SwarmShard): void {
  expect(lockOwner(shard.head, HEAD.lock)).toBe(0);
  const { head, words } = shard;
  const blocks = new Set<number>();
  const totals = { torrents: 0, peers: [0, 0], seeds: 0, leechers: 0, partial: 0 };
  for (let number = 0; number < head[HEAD.recordsTouched]!; number++) {
    const torrent = number * RECORD_WORDS;
    if (words[torrent + RECORD.seen] === NOT_LIVE) continue;
    totals.torrents++;
    const hash = hashTorrent(table.key, shard.octets, torrent * 4);
    expect(shardOf(table, hash)).toBe(shard);
    expect(findTorrent(shard, hash, shard.octets, torrent * 4)).toBe(torrent);
    const counts = checkTorrent(shard, torrent);
    for (const family of [0, 1]) checkGroup(shard, groupOf(torrent, family), family, blocks);
    totals.seeds += counts.seeds;
    totals.leechers += counts.leechers;
    totals.partial += words[torrent + RECORD.partial]!;
    for (const family of [0, 1]) totals.peers[family]! += words[groupOf(torrent, family) + GROUP.total]!;
  }
  expect(totals).toEqual({
    torrents: head[HEAD.torrents],
    peers: [head[HEAD.peers], head[HEAD.peers + 1]],
    seeds: head[HEAD.seeds],
    leechers: head[HEAD.leechers],
    partial: head[HEAD.partial],
  });
}

function checkTorrent(shard: SwarmShard, torrent: number): { seeds: number; leechers: number } {
  const { words, octets, sought } = shard;
  const seen = { seeds: 0, leechers: 0, partial: 0, shadows: [0, 0], counted: [0, 0], misplaced: 0, lost: 0 };
  for (const family of [0, 1]) {
    const group = groupOf(torrent, family);
    for (const place of placesOf(shard, group)) {
      const meta = words[metaAt(shard, group, place)]!;
      const isLeecher = stateOf(meta) === PeerState.leecher;
      const counts = words[bucketAt(shard, group, place >>> 8) + 1]!;
      if (isLeecher !== (place & 0xff) < leechersIn(counts)) seen.misplaced++;
      const at = endpointAt(shard, group, place);
      sought.endpoint.set(octets.subarray(at, at + endpointOctets(family)));
      if (findEndpoint(shard, torrent, family) !== place) seen.lost++;
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
    words[torrent + RECORD.complete],
    words[torrent + RECORD.incomplete],
    words[torrent + RECORD.partial],
  ]);
  return { seeds: seen.seeds, leechers: seen.leechers };
}

function* placesOf(shard: SwarmShard, group: number): Iterable<number> {
  for (let bucket = 0; bucket < bucketsOf(shard, group); bucket++) {
    const peers = peersIn(shard.words[bucketAt(shard, group, bucket) + 1]!);
    for (let slot = 0; slot < peers; slot++) yield (bucket << 8) | slot;
  }
}

/** Sums, capacities, blocks of one owner each, and references: one for each peer that has a name. */
function checkGroup(shard: SwarmShard, group: number, family: number, blocks: Set<number>): void {
  const { words } = shard;
  const buckets = bucketsOf(shard, group);
  const found = { peers: 0, leechers: 0 };
  const references: string[] = [];
  const own = (block: number, wanted: number) => {
    expect(blocks.has(block)).toBe(false);
    expect(blockWords(shard, block)).toBeGreaterThanOrEqual(wanted);
    blocks.add(block);
  };
  expect(words[group + GROUP.shape]! & 1).toBe(family);
  if (buckets > 1) own(words[group]!, 1 + (hasReferences(shard, group) ? 3 : 2) * buckets);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const at = bucketAt(shard, group, bucket);
    const counts = words[at + 1]!;
    found.peers += peersIn(counts);
    found.leechers += leechersIn(counts);
    expect(peersIn(counts)).toBeLessThanOrEqual(capacityIn(counts));
    const size = endpointOctets(family) + 5;
    if (peersIn(counts) > 0) own(words[at]!, 1 + Math.ceil((capacityIn(counts) * size) / 4));
    expect(hasReferences(shard, group) || referencesIn(counts) === 0).toBe(true);
    if (referencesIn(counts) === 0) continue;
    own(words[at + 2]!, 1 + referencesIn(counts));
    for (let index = 1; index <= referencesIn(counts); index++) {
      const reference = words[words[at + 2]! + index]!;
      references.push(`${bucket} ${reference}`);
    }
  }
  expect(found).toEqual({ peers: words[group + GROUP.total], leechers: words[group + GROUP.leechers] });
  const wanted = [...placesOf(shard, group)].flatMap((place) => {
    if (!isReferenced(shard, group, place >>> 8)) return [];
    const meta = words[metaAt(shard, group, place)]!;
    if ((meta & NAMELESS) !== 0) return [];
    const bucket = bucketFor(identityOf(meta) & 0xffff, buckets);
    return [`${bucket} ${referenceTo(identityOf(meta), hashEndpointAt(shard, group, place))}`];
  });
  expect(references.sort()).toEqual(wanted.sort());
}
