// Which peers a reply lists: a window of the ring of eligible peers, from a random start, the asker left out. Every
// other peer is as likely as any, and the window is copied in as few runs as pages allow.
// Parameters are positional: an object a call is what this code exists to avoid.

import { columnLength, endpointAt, endpointOctets, familyIndex, peerIdAt } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, PEER_ID_OCTETS, type SwarmTable } from './table.ts';

export interface Selection {
  /** Where peers are written: endpoints, each followed by its peer id when `withPeerIds`. */
  octets: Uint8Array;
  offset: number;
  withPeerIds: boolean;
  /** Seeds and partial seeds are left out (for a seed, to whom they are of no use). */
  leechersOnly: boolean;
}

/** How many peers could be listed when the one at `asker` is left out (−1: nobody is). */
export function eligiblePeers(
  table: SwarmTable,
  group: number,
  asker: number,
  leechersOnly: boolean,
): number {
  const ring = ringOf(table, group, leechersOnly);
  return asker >= 0 && asker < ring ? ring - 1 : ring;
}

function ringOf(table: SwarmTable, group: number, leechersOnly: boolean): number {
  return table.records[group + (leechersOnly ? GROUP.leechers : GROUP.total)]!;
}

/** Writes `wanted` peers, at most as many as are eligible, and moves `selection.offset` past them. */
export function writePeers(
  table: SwarmTable,
  group: number,
  asker: number,
  wanted: number,
  selection: Selection,
): void {
  if (wanted === 0) return;
  const ring = ringOf(table, group, selection.leechersOnly);
  const skip = asker >= 0 && asker < ring ? asker : ring;
  let from = randomBelow(table.head, HEAD.random, skip === ring ? ring : ring - 1);
  if (from >= skip) from++;
  let left = wanted;
  while (left > 0) {
    const count = Math.min(left, (from < skip ? skip : ring) - from);
    if (count > 0) copyRun(table, group, from, count, selection);
    left -= count;
    from += count;
    if (from === skip) from++;
    if (from >= ring) from = 0;
    if (from === skip) from++;
  }
}

function copyRun(table: SwarmTable, group: number, start: number, count: number, selection: Selection): void {
  if (selection.withPeerIds) {
    copyWithIds(table, group, start, count, selection);
    return;
  }
  const length = columnLength(table, group);
  const size = endpointOctets(familyIndex(table, group));
  const from = table.heap.octets;
  const to = selection.octets;
  let position = start;
  const end = start + count;
  while (position < end) {
    const run = Math.min(end - position, length - (position % length));
    const source = endpointAt(table, group, position) | 0;
    const target = selection.offset | 0;
    const octets = (run * size) | 0;
    for (let index = 0; index < octets; index++) to[target + index] = from[source + index]!;
    selection.offset = target + octets;
    position += run;
  }
}

function copyWithIds(
  table: SwarmTable,
  group: number,
  start: number,
  count: number,
  selection: Selection,
): void {
  const from = table.heap.octets;
  const to = selection.octets;
  const size = endpointOctets(familyIndex(table, group));
  for (let position = start; position < start + count; position++) {
    const endpoint = endpointAt(table, group, position);
    const id = peerIdAt(table, group, position);
    for (let index = 0; index < size; index++) to[selection.offset + index] = from[endpoint + index]!;
    selection.offset += size;
    for (let index = 0; index < PEER_ID_OCTETS; index++) to[selection.offset + index] = from[id + index]!;
    selection.offset += PEER_ID_OCTETS;
  }
}
