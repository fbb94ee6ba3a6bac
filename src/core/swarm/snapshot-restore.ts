// Entering the peers of a frame of a snapshot (snapshot-format.ts) into a table. Its checksum was right, which is no proof
// of who wrote it: nothing in it makes the table grow beyond its limits, or holds what an announce could not have brought.
// Parameters are positional where they are a peer's: an object a peer is what the table exists to avoid.

import { copyOctets, readUint32 } from '../octets/big-endian.ts';
import { joinAlone } from './members.ts';
import { pair } from './pairs.ts';
import {
  COMPLETED,
  endpointOctets,
  groupOf,
  identityOf,
  metaAt,
  NOT_FOUND,
  PAIRED,
  PeerState,
  stateOf,
  stepsIn,
} from './peers.ts';
import { rebuildShard } from './rebuild.ts';
import { findEndpoint } from './search.ts';
import { HEAD, INFO_HASH_OCTETS, lockShard, RECORD, type SwarmShard, unlockShard } from './shard.ts';
import {
  EntryKind,
  FRAME_HEAD_OCTETS,
  PEER_HEAD_OCTETS,
  PEERS_HEAD_OCTETS,
  type SnapshotHead,
  TORRENT_ENTRY_OCTETS,
} from './snapshot-format.ts';
import { type SwarmTable, shardOf } from './table.ts';
import { addTorrent, dropTorrent, findTorrent, hashTorrent, NO_TORRENT, peersOf } from './torrents.ts';

/** Peers entered under one hold of a lock: 100 µs at most. */
const PEERS_A_HOLD = 64;

export interface RestoreOptions {
  /** Made with the head's `tableKey`, or no client is known again. */
  readonly table: SwarmTable;
  readonly head: SnapshotHead;
  /** Now, by the world's clock. */
  readonly worldSeconds: number;
  /** Now, by the clock that announces to `table` will be given. */
  readonly tableSeconds: number;
}

/** What has come of the peers so far. */
export interface SnapshotTally {
  entered: number;
  /** Silent for too long by now. */
  expired: number;
  /** There was no room, or they were there already. */
  leftOut: number;
}

/** A snapshot that is being entered. */
export interface Restore {
  readonly table: SwarmTable;
  readonly tally: SnapshotTally;
  readonly nowSeconds: number;
  /** Seconds since the snapshot was taken. */
  readonly elapsedSeconds: number;
  /** By age in the snapshot: the second at which a peer was seen, by this table's clock; {@link TOO_OLD}. */
  readonly seen: Float64Array;
  /** The torrent at hand. */
  readonly hash: Uint8Array;
  torrentHash: number;
  downloaded: number;
  torrentSeen: number;
}

const TOO_OLD = -1;

export function createRestore({ table, head, worldSeconds, tableSeconds }: RestoreOptions): Restore {
  // A world's clock that was set back says nothing about ages.
  const elapsedSeconds = Math.max(0, worldSeconds - head.worldSeconds);
  const { tickSeconds, lifetimeTicks } = table.shards[0]!;
  const seen = Float64Array.from({ length: 256 }, (_, steps) => {
    // The latest second that the step can mean: nobody is forgotten before the time.
    const age = Math.max(0, (steps - 1) * head.tickSeconds + head.begunSeconds + 1);
    const second = Math.max(0, tableSeconds - elapsedSeconds - age);
    const ticks = Math.floor(tableSeconds / tickSeconds) - Math.floor(second / tickSeconds);
    return ticks > lifetimeTicks ? TOO_OLD : second;
  });
  return {
    table,
    tally: { entered: 0, expired: 0, leftOut: 0 },
    nowSeconds: tableSeconds,
    elapsedSeconds,
    seen,
    hash: new Uint8Array(INFO_HASH_OCTETS),
    torrentHash: 0,
    downloaded: 0,
    torrentSeen: 0,
  };
}

/** Enters a frame of `length` octets. False where its entries make no sense; those before are entered by then. */
export function enterFrame(restore: Restore, frame: Uint8Array, length: number): boolean {
  let at = FRAME_HEAD_OCTETS;
  let hasTorrent = false;
  while (at < length) {
    const kind = frame[at]!;
    if (kind === EntryKind.torrent) {
      if (at + TORRENT_ENTRY_OCTETS > length) return false;
      takeTorrent(restore, frame, at);
      hasTorrent = true;
      at += TORRENT_ENTRY_OCTETS;
      continue;
    }
    if (!hasTorrent || (kind !== EntryKind.ipv4 && kind !== EntryKind.ipv6)) return false;
    const family = kind === EntryKind.ipv4 ? 0 : 1;
    if (at + PEERS_HEAD_OCTETS > length) return false;
    const count = frame[at + 1]!;
    const first = at + PEERS_HEAD_OCTETS;
    const size = PEER_HEAD_OCTETS + endpointOctets(family);
    at = first + count * size;
    if (at > length) return false;
    for (let index = 0; index < count; index += PEERS_A_HOLD) {
      const peers = Math.min(PEERS_A_HOLD, count - index);
      enterUnderLock(restore, { frame, first: first + index * size, peers, family });
    }
  }
  return true;
}

function takeTorrent(restore: Restore, frame: Uint8Array, at: number): void {
  const { table, hash, nowSeconds, elapsedSeconds } = restore;
  copyOctets(frame, at + 1, hash.length, hash, 0);
  restore.torrentHash = hashTorrent(table.key, hash, 0);
  // As the table has it: 31 bits.
  restore.downloaded = Math.max(0, readUint32(frame, at + 21) | 0);
  restore.torrentSeen = Math.max(0, nowSeconds - elapsedSeconds - readUint32(frame, at + 25));
  if (restore.downloaded > 0) enterUnderLock(restore, { frame, first: 0, peers: 0, family: 0 });
}

/** Peers of the torrent at hand that stand one after the other in a frame. */
interface Run {
  readonly frame: Uint8Array;
  readonly first: number;
  readonly peers: number;
  readonly family: number;
}

function enterUnderLock(restore: Restore, run: Run): void {
  const shard = shardOf(restore.table, restore.torrentHash);
  lockShard(shard);
  try {
    enterPeers(restore, shard, run);
  } catch (error) {
    // Our mistake, met half-way through a change: what others find must hold.
    rebuildShard(shard, restore.nowSeconds);
    throw error;
  } finally {
    unlockShard(shard);
  }
}

function enterPeers(restore: Restore, shard: SwarmShard, run: Run): void {
  const { frame, first, peers, family } = run;
  const { tally } = restore;
  const torrent = openTorrent(restore, shard);
  if (torrent === NO_TORRENT) {
    tally.leftOut += peers;
    return;
  }
  const size = PEER_HEAD_OCTETS + endpointOctets(family);
  let room = roomFor(shard, torrent);
  for (let at = first; at < first + peers * size; at += size) {
    const seen = restore.seen[stepsIn(readUint32(frame, at))]!;
    if (seen === TOO_OLD) tally.expired++;
    else if (room > 0 && enterPeer(shard, torrent, family, frame, at, seen)) {
      tally.entered++;
      room--;
    } else tally.leftOut++;
  }
  if (peersOf(shard, torrent) === 0 && shard.words[torrent + RECORD.downloaded] === 0) {
    dropTorrent(shard, torrent);
  }
}

/** The record of the torrent at hand; {@link NO_TORRENT} where there is no room for it. */
function openTorrent({ hash, torrentHash, downloaded, torrentSeen }: Restore, shard: SwarmShard): number {
  const { words } = shard;
  let torrent = findTorrent(shard, torrentHash, hash, 0);
  if (torrent === NO_TORRENT) torrent = addTorrent(shard, torrentHash, hash, 0);
  if (torrent === NO_TORRENT) return NO_TORRENT;
  words[torrent + RECORD.downloaded] = Math.max(words[torrent + RECORD.downloaded]!, downloaded);
  words[torrent + RECORD.seen] = Math.max(words[torrent + RECORD.seen]!, torrentSeen);
  return torrent;
}

/** Peers that the limits leave room for. */
function roomFor(shard: SwarmShard, torrent: number): number {
  const { heads, limits } = shard;
  let peers = 0;
  for (const head of heads) peers += head[HEAD.peers]! + head[HEAD.peers + 1]!;
  return Math.min(limits.peers - peers, limits.peersPerTorrent - peersOf(shard, torrent));
}

/** The peer at `at` of the frame; false where it is none, is there already, or has no room. */
function enterPeer(
  shard: SwarmShard,
  torrent: number,
  family: number,
  frame: Uint8Array,
  at: number,
  seenSeconds: number,
): boolean {
  const { sought, words } = shard;
  const meta = readUint32(frame, at) | 0;
  if (stateOf(meta) > PeerState.seed) return false;
  const size = endpointOctets(family);
  copyOctets(frame, at + PEER_HEAD_OCTETS, size, sought.endpoint, 0);
  if (sought.endpoint[size - 1] === 0 && sought.endpoint[size - 2] === 0) return false;
  if (findEndpoint(shard, torrent, family) !== NOT_FOUND) return false;
  sought.identity = identityOf(meta);
  sought.keyTag = frame[at + 4]!;
  const place = joinAlone(shard, torrent, family, stateOf(meta), seenSeconds);
  if (place === NOT_FOUND) return false;
  const metaWord = metaAt(shard, groupOf(torrent, family), place);
  words[metaWord] = words[metaWord]! | (meta & COMPLETED);
  // The second half to come finds the first; where that is gone by now, this one counts by itself.
  if ((meta & PAIRED) !== 0) pair(shard, torrent, family, place);
  return true;
}
