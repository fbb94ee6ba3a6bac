// Forgetting the silent, a little at a time: some peers at every touch of a torrent, and a walk over the whole table
// in steps that the caller sizes.
// Parameters are positional: an object a call is what this code exists to avoid.

import { Counter } from '../counters.ts';
import { leaveSwarm } from './members.ts';
import { ageOf, groupOf, metaAt } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmTable } from './table.ts';
import { dropTorrent, NO_TORRENT, peersOf } from './torrents.ts';

/** Peers looked at when a torrent is touched: a swarm this small never lists an expired peer. */
const PEERS_A_TOUCH = 4;

/**
 * Looks at `budget` peers and torrents, going on where the last call ended, and removes those that were silent
 * for longer than the peer lifetime. Returns the peers removed. Called once a second with a sixtieth of
 * {@link expiryWork}, it goes round in a minute.
 */
export function expire(table: SwarmTable, nowSeconds: number, budget: number): number {
  const { head, records } = table;
  let expired = 0;
  let left = budget;
  while (left > 0) {
    left--;
    const torrent = head[HEAD.cursorRecord]! * RECORD_WORDS;
    if (head[HEAD.cursorRecord]! >= head[HEAD.recordsTouched]!) {
      moveCursor(table, 0);
      if (head[HEAD.recordsTouched] === 0) return expired;
      continue;
    }
    if (records[torrent + RECORD.seen] === NOT_LIVE) {
      moveCursor(table, head[HEAD.cursorRecord]! + 1);
      continue;
    }
    const family = head[HEAD.cursorFamily]!;
    const total = records[groupOf(torrent, family) + GROUP.total]!;
    // Downwards: a removal fills the place with a peer from above, which has been looked at.
    const position = Math.min(head[HEAD.cursorPosition]!, total) - 1;
    head[HEAD.cursorPosition] = position;
    if (position >= 0) {
      if (dropIfSilent(table, torrent, family, position, nowSeconds)) expired++;
    } else if (family === 0) {
      head[HEAD.cursorFamily] = 1;
      head[HEAD.cursorPosition] = 0x7fffffff;
    } else {
      dropIfEmpty(table, torrent, nowSeconds);
      moveCursor(table, head[HEAD.cursorRecord]! + 1);
    }
  }
  return expired;
}

/** Steps of {@link expire} that one whole walk takes at present. */
export function expiryWork({ head }: SwarmTable): number {
  return 3 * head[HEAD.recordsTouched]! + head[HEAD.peers]! + head[HEAD.peers + 1]! + 1;
}

function moveCursor({ head }: SwarmTable, record: number): void {
  head[HEAD.cursorRecord] = record;
  head[HEAD.cursorFamily] = 0;
  head[HEAD.cursorPosition] = 0x7fffffff;
}

/** A torrent without peers is kept for one lifetime if it has a count of downloads to remember. */
function dropIfEmpty(table: SwarmTable, torrent: number, nowSeconds: number): void {
  const { records } = table;
  if (peersOf(table, torrent) > 0) return;
  const silent = nowSeconds - records[torrent + RECORD.seen]! > table.peerLifetimeSeconds;
  if (records[torrent + RECORD.downloaded] === 0 || silent) dropTorrent(table, torrent);
}

/** Looks at a few peers of a torrent that is about to be used. */
export function expireAtTouch(table: SwarmTable, torrent: number, nowSeconds: number): void {
  for (let family = 0; family < 2; family++) {
    const group = groupOf(torrent, family);
    const total = table.records[group + GROUP.total]!;
    if (total === 0) continue;
    let position = total <= PEERS_A_TOUCH ? total : randomBelow(table.head, HEAD.random, total) + 1;
    for (let step = 0; step < PEERS_A_TOUCH && position > 0; step++) {
      position--;
      dropIfSilent(table, torrent, family, position, nowSeconds);
    }
  }
}

function dropIfSilent(
  table: SwarmTable,
  torrent: number,
  family: number,
  position: number,
  nowSeconds: number,
): boolean {
  const meta = table.heap.words[metaAt(table, groupOf(torrent, family), position)]!;
  if (ageOf(meta, nowSeconds) <= table.peerLifetimeSeconds) return false;
  leaveSwarm(table, torrent, family, position);
  table.counters[Counter.peersExpired]!++;
  return true;
}

/** Torrents looked at to find one that may go. */
const SAMPLED_TORRENTS = 16;
/** Peers looked at to find one that may go. */
const SAMPLED_PEERS = 8;

/**
 * Makes room in a full table: of some sampled torrents with one client or none, the longest silent goes. Swarms that
 * live are never touched. False when the sample had none.
 */
export function shedTorrent(table: SwarmTable, spared: number): boolean {
  const { head, records } = table;
  let oldest = NO_TORRENT;
  for (let sample = 0; sample < SAMPLED_TORRENTS; sample++) {
    const torrent = randomBelow(head, HEAD.random, head[HEAD.recordsTouched]!) * RECORD_WORDS;
    const seen = records[torrent + RECORD.seen]!;
    if (torrent === spared || seen === NOT_LIVE || clientsOf(table, torrent) > 1) continue;
    if (oldest === NO_TORRENT || seen < records[oldest + RECORD.seen]!) oldest = torrent;
  }
  if (oldest === NO_TORRENT) return false;
  for (let family = 0; family < 2; family++) {
    if (records[groupOf(oldest, family) + GROUP.total] === 1) leaveSwarm(table, oldest, family, 0);
  }
  dropTorrent(table, oldest);
  return true;
}

function clientsOf({ records }: SwarmTable, torrent: number): number {
  return records[torrent + RECORD.complete]! + records[torrent + RECORD.incomplete]!;
}

/** Makes room in a full torrent: of some sampled peers, the longest silent goes. */
export function shedPeer(table: SwarmTable, torrent: number, nowSeconds: number): void {
  const { head, records, heap } = table;
  const ipv4 = records[torrent + RECORD.ipv4 + GROUP.total]!;
  const total = peersOf(table, torrent);
  let oldest = -1;
  let oldestAge = -1;
  for (let sample = 0; sample < SAMPLED_PEERS; sample++) {
    const choice = randomBelow(head, HEAD.random, total);
    const family = choice < ipv4 ? 0 : 1;
    const at = metaAt(table, groupOf(torrent, family), family === 0 ? choice : choice - ipv4);
    const age = ageOf(heap.words[at]!, nowSeconds);
    if (age <= oldestAge) continue;
    oldest = choice;
    oldestAge = age;
  }
  if (oldest < ipv4) leaveSwarm(table, torrent, 0, oldest);
  else leaveSwarm(table, torrent, 1, oldest - ipv4);
}
