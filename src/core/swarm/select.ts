// Which peers a reply lists: a window of the ring of eligible peers, from a random start, the asker left out. Every
// other peer is as likely as any, and the window is copied in as few runs as pages allow.
// Parameters are positional: an object a call is what this code exists to avoid.

import { columnLength, endpointAt, endpointOctets, familyIndex, peerIdAt } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, PEER_ID_OCTETS, type SwarmShard } from './shard.ts';

export interface Selection {
  /** Where peers are written: endpoints, each followed by its peer id when `withPeerIds`. */
  octets: Uint8Array;
  offset: number;
  withPeerIds: boolean;
  /** Seeds and partial seeds are left out (for a seed, to whom they are of no use). */
  leechersOnly: boolean;
  /** `octets` in pairs, remade when `octets` is another array; empty where it begins at an odd address. */
  pairs: Uint16Array;
  pairsOf: Uint8Array;
}

const NO_PAIRS = new Uint16Array(0);
const NO_OCTETS = new Uint8Array(0);

export function createSelection(): Selection {
  return {
    octets: NO_OCTETS,
    offset: 0,
    withPeerIds: false,
    leechersOnly: false,
    pairs: NO_PAIRS,
    pairsOf: NO_OCTETS,
  };
}

/** How many peers could be listed when the one at `asker` is left out (−1: nobody is). */
export function eligiblePeers(
  shard: SwarmShard,
  group: number,
  asker: number,
  leechersOnly: boolean,
): number {
  const ring = ringOf(shard, group, leechersOnly);
  return asker >= 0 && asker < ring ? ring - 1 : ring;
}

function ringOf(shard: SwarmShard, group: number, leechersOnly: boolean): number {
  return shard.records[group + (leechersOnly ? GROUP.leechers : GROUP.total)]!;
}

/** Writes `wanted` peers, at most as many as are eligible, and moves `selection.offset` past them. */
export function writePeers(
  shard: SwarmShard,
  group: number,
  asker: number,
  wanted: number,
  selection: Selection,
): void {
  if (wanted === 0) return;
  const ring = ringOf(shard, group, selection.leechersOnly);
  const skip = asker >= 0 && asker < ring ? asker : ring;
  let from = randomBelow(shard.head, HEAD.random, skip === ring ? ring : ring - 1);
  if (from >= skip) from++;
  let left = wanted;
  while (left > 0) {
    const count = Math.min(left, (from < skip ? skip : ring) - from);
    if (count > 0) copyRun(shard, group, from, count, selection);
    left -= count;
    from += count;
    if (from === skip) from++;
    if (from >= ring) from = 0;
    if (from === skip) from++;
  }
}

function copyRun(shard: SwarmShard, group: number, start: number, count: number, selection: Selection): void {
  if (selection.withPeerIds) {
    copyWithIds(shard, group, start, count, selection);
    return;
  }
  const length = columnLength(shard, group);
  const size = endpointOctets(familyIndex(shard, group));
  let position = start;
  const end = start + count;
  while (position < end) {
    const run = Math.min(end - position, length - (position % length));
    copyEndpoints(shard, endpointAt(shard, group, position), run * size, selection);
    position += run;
  }
}

/**
 * Endpoints begin at even addresses, and replies mostly do: two octets at a time, eight steps written out, is four
 * times as fast as one at a time, and as fast as `set` with a view, which would have to be allocated.
 */
function copyEndpoints(shard: SwarmShard, source: number, length: number, selection: Selection): void {
  const { octets, offset } = selection;
  selection.offset = offset + length;
  if (selection.pairsOf !== octets) viewPairs(selection);
  if ((offset & 1) !== 0 || selection.pairs.length === 0) {
    const from = shard.heap.octets;
    for (let index = 0; index < length; index++) octets[offset + index] = from[source + index]!;
    return;
  }
  const from = shard.heap.halves;
  const to = selection.pairs;
  let at = source >>> 1;
  let target = offset >>> 1;
  const end = at + (length >>> 1);
  for (; at + 8 <= end; at += 8, target += 8) {
    to[target] = from[at]!;
    to[target + 1] = from[at + 1]!;
    to[target + 2] = from[at + 2]!;
    to[target + 3] = from[at + 3]!;
    to[target + 4] = from[at + 4]!;
    to[target + 5] = from[at + 5]!;
    to[target + 6] = from[at + 6]!;
    to[target + 7] = from[at + 7]!;
  }
  for (; at < end; at++, target++) to[target] = from[at]!;
}

function viewPairs(selection: Selection): void {
  const { octets } = selection;
  selection.pairsOf = octets;
  selection.pairs =
    (octets.byteOffset & 1) === 0
      ? new Uint16Array(octets.buffer, octets.byteOffset, octets.length >>> 1)
      : NO_PAIRS;
}

function copyWithIds(
  shard: SwarmShard,
  group: number,
  start: number,
  count: number,
  selection: Selection,
): void {
  const from = shard.heap.octets;
  const to = selection.octets;
  const size = endpointOctets(familyIndex(shard, group));
  for (let position = start; position < start + count; position++) {
    const endpoint = endpointAt(shard, group, position);
    const id = peerIdAt(shard, group, position);
    for (let index = 0; index < size; index++) to[selection.offset + index] = from[endpoint + index]!;
    selection.offset += size;
    for (let index = 0; index < PEER_ID_OCTETS; index++) to[selection.offset + index] = from[id + index]!;
    selection.offset += PEER_ID_OCTETS;
  }
}
