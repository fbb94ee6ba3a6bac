// Taking a snapshot of a table (snapshot-format.ts) that others may use meanwhile. A shard is walked a little at a time,
// its lock given back in between, so nothing is frozen: a peer that joins, leaves or moves meanwhile is in it or not, and
// one whose bucket was split is in it twice, which its reader sees. Who was there all the time is in it.

import { copyOctets, writeUint32 } from '../octets/big-endian.ts';
import { crc32 } from '../octets/crc32.ts';
import { bucketsOf } from './buckets.ts';
import {
  ageOf,
  bucketAt,
  endpointAt,
  endpointOctets,
  groupOf,
  keyTagAt,
  metaAt,
  peersIn,
  withSteps,
} from './peers.ts';
import {
  GROUP,
  HEAD,
  INFO_HASH_OCTETS,
  NOT_LIVE,
  RECORD,
  RECORD_WORDS,
  type SwarmShard,
  tryLockShard,
  unlockShard,
} from './shard.ts';
import {
  EntryKind,
  encodeSnapshotHead,
  FRAME_HEAD_OCTETS,
  MAX_FRAME_OCTETS,
  PEER_HEAD_OCTETS,
  PEERS_HEAD_OCTETS,
  TORRENT_ENTRY_OCTETS,
} from './snapshot-format.ts';
import type { SwarmTable } from './table.ts';

/** Peers and records looked at under one hold of a lock: 80 µs of the 200 that any may take. */
const STEPS_A_HOLD = 1024;
/** Sleeps that the walk waits for a lock. It must not wait for ever: who walks may be who frees the locks of the dead. */
const PATIENCE_SLEEPS = 5;
/** Times that the walk comes back for a lock before it leaves the rest of that shard out: a second in all. */
const LOCK_ATTEMPTS = 100;
/** What one bucket can take, with its torrent before it. */
const MAX_ENTRY_OCTETS = TORRENT_ENTRY_OCTETS + PEERS_HEAD_OCTETS + 255 * (PEER_HEAD_OCTETS + 18);

export interface SnapshotOptions {
  /** 16 octets: the key of connection ids, for who goes on from the snapshot. */
  readonly connectionKey: Uint8Array;
  /** Now, by the world's clock. */
  readonly worldSeconds: number;
  /** Now, by the clock that announces to this table are given. */
  readonly tableSeconds: number;
}

/** Where the walk is. */
interface Cursor {
  record: number;
  family: number;
  bucket: number;
  /** Of the group, when it was last looked at: with fewer now, what the last ones had has gone to earlier ones. */
  buckets: number;
  /** Of the torrent: its record may have become another's. */
  readonly hash: Uint8Array;
}

interface Writer {
  readonly octets: Uint8Array;
  length: number;
  /** The record whose entry is the last one of a torrent in this frame, if nobody can have changed it since. */
  torrent: number;
  readonly now: number;
}

/**
 * The snapshot in chunks of at most {@link MAX_FRAME_OCTETS}, each of which costs 1 ms or so and is good until the next
 * one is asked for. Where a thread has ended inside a lock, it waits for that in several chunks that hold nothing: ask
 * for the next in a later turn of the event loop where this thread is the one that frees such locks.
 */
export function* encodeSnapshot(table: SwarmTable, options: SnapshotOptions): Generator<Uint8Array, void> {
  const { connectionKey, worldSeconds, tableSeconds } = options;
  const { tickSeconds } = table.shards[0]!;
  const begunSeconds = tableSeconds % tickSeconds;
  yield encodeSnapshotHead({ worldSeconds, tickSeconds, begunSeconds, connectionKey }, table.key);
  const writer: Writer = {
    octets: new Uint8Array(MAX_FRAME_OCTETS),
    length: FRAME_HEAD_OCTETS,
    torrent: -1,
    now: tableSeconds,
  };
  let frames = 0;
  for (const shard of table.shards) {
    const cursor: Cursor = {
      record: 0,
      family: 0,
      bucket: 0,
      buckets: 0,
      hash: new Uint8Array(INFO_HASH_OCTETS),
    };
    let attempts = LOCK_ATTEMPTS;
    let isOver = false;
    while (!isOver) {
      if (tryLockShard(shard, PATIENCE_SLEEPS)) {
        try {
          isOver = walkShard(shard, cursor, writer);
        } finally {
          unlockShard(shard);
        }
      } else {
        isOver = --attempts === 0;
        yield sealFrame(writer, frames++);
      }
      if (isFull(writer)) yield sealFrame(writer, frames++);
    }
  }
  if (writer.length > FRAME_HEAD_OCTETS) yield sealFrame(writer, frames++);
  writer.octets[writer.length++] = EntryKind.end;
  yield sealFrame(writer, frames);
}

function isFull({ octets, length }: Writer): boolean {
  return length + MAX_ENTRY_OCTETS > octets.length;
}

/** The frame so far; the next begins. */
function sealFrame(writer: Writer, number: number): Uint8Array {
  const { octets, length } = writer;
  writeUint32(octets, 4, number);
  writeUint32(octets, 8, length - FRAME_HEAD_OCTETS);
  writeUint32(octets, 0, crc32(octets, 4, length));
  writer.length = FRAME_HEAD_OCTETS;
  writer.torrent = -1;
  return octets.subarray(0, length);
}

/** Goes on from the cursor, with the lock held, until the frame is full or it is time; true at the end of the shard. */
function walkShard(shard: SwarmShard, cursor: Cursor, writer: Writer): boolean {
  const { head, words } = shard;
  writer.torrent = -1;
  if (!isSameTorrent(shard, cursor)) enterRecord(shard, cursor, cursor.record);
  let hold = STEPS_A_HOLD;
  while (hold > 0 && !isFull(writer)) {
    if (cursor.record >= head[HEAD.recordsTouched]!) return true;
    const torrent = cursor.record * RECORD_WORDS;
    if (words[torrent + RECORD.seen] === NOT_LIVE) hold--;
    else {
      hold -= writeBucket(shard, cursor, writer);
      if (hasMore(shard, cursor)) continue;
    }
    enterRecord(shard, cursor, cursor.record + 1);
  }
  return false;
}

function isSameTorrent({ octets }: SwarmShard, { record, hash }: Cursor): boolean {
  const at = record * RECORD_WORDS * 4;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) if (octets[at + index] !== hash[index]) return false;
  return true;
}

function enterRecord(shard: SwarmShard, cursor: Cursor, record: number): void {
  cursor.record = record;
  cursor.family = 0;
  cursor.bucket = 0;
  cursor.buckets = 0;
  // Past the last record stand words that are nobody's yet.
  copyOctets(shard.octets, record * RECORD_WORDS * 4, INFO_HASH_OCTETS, cursor.hash, 0);
}

/** Moves past the bucket; false when that was the torrent's last. */
function hasMore(shard: SwarmShard, cursor: Cursor): boolean {
  cursor.bucket++;
  if (cursor.bucket < bucketsOf(shard, groupOf(cursor.record * RECORD_WORDS, cursor.family))) return true;
  cursor.family++;
  cursor.bucket = 0;
  cursor.buckets = 0;
  return cursor.family < 2;
}

/** Writes the peers of one bucket who are not silent, and their torrent before them. Returns the steps it took. */
function writeBucket(shard: SwarmShard, cursor: Cursor, writer: Writer): number {
  const { words } = shard;
  const torrent = cursor.record * RECORD_WORDS;
  const group = groupOf(torrent, cursor.family);
  const buckets = bucketsOf(shard, group);
  if (buckets < cursor.buckets) cursor.bucket = 0;
  cursor.buckets = buckets;
  const isRemembered = cursor.family === 0 && cursor.bucket === 0 && words[torrent + RECORD.downloaded] !== 0;
  if (words[group + GROUP.total] === 0 && !isRemembered) return 1;
  if (writer.torrent !== torrent) writeTorrent(shard, torrent, writer);
  const peers = peersIn(words[bucketAt(shard, group, cursor.bucket) + 1]!);
  if (peers === 0) return 1;
  const { octets } = writer;
  const start = writer.length;
  const size = PEER_HEAD_OCTETS + endpointOctets(cursor.family);
  let out = start + PEERS_HEAD_OCTETS;
  for (let slot = 0; slot < peers; slot++) {
    const place = (cursor.bucket << 8) | slot;
    const meta = words[metaAt(shard, group, place)]!;
    const age = ageOf(shard, meta, writer.now);
    if (age > shard.lifetimeTicks) continue;
    writeUint32(octets, out, withSteps(meta, age));
    octets[out + 4] = shard.octets[keyTagAt(shard, group, place)]!;
    copyOctets(
      shard.octets,
      endpointAt(shard, group, place),
      size - PEER_HEAD_OCTETS,
      octets,
      out + PEER_HEAD_OCTETS,
    );
    out += size;
  }
  octets[start] = cursor.family === 0 ? EntryKind.ipv4 : EntryKind.ipv6;
  octets[start + 1] = (out - start - PEERS_HEAD_OCTETS) / size;
  if (octets[start + 1] !== 0) writer.length = out;
  return 1 + peers;
}

function writeTorrent({ octets, words }: SwarmShard, torrent: number, writer: Writer): void {
  const at = writer.length;
  writer.octets[at] = EntryKind.torrent;
  copyOctets(octets, torrent * 4, INFO_HASH_OCTETS, writer.octets, at + 1);
  writeUint32(writer.octets, at + 21, words[torrent + RECORD.downloaded]!);
  writeUint32(writer.octets, at + 25, Math.max(0, writer.now - words[torrent + RECORD.seen]!));
  writer.length = at + TORRENT_ENTRY_OCTETS;
  writer.torrent = torrent;
}
