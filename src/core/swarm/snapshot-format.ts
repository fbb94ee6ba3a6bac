// A swarm table as a stream of octets, for the next process: a head, then frames of peers, then a frame that says that
// this was all. Numbers are in network order. Nothing in it is absolute: ages are what they were at the moment that the
// head names, because the next process has another steady clock.
//
// head     magic 16, version 4, second of the world's clock 8, seconds of an age step 4, of a begun one 4, key of the
//          table 16, key of connection ids 16, checksum of all that 4
// frame    checksum of the rest 4, its number from 0 on 4, octets of its entries 4, entries
// entry    torrent: 1, info-hash 20, downloads 4, seconds since its last announce 4
//          peers of the torrent before it in the frame: 2 (IPv4) or 3 (IPv6), how many 1, and for each: meta word with
//          its age for when it was seen (peers.ts) 4, client key 1, endpoint 6 or 18
//          end: 0, alone in the last frame
//
// The keys are in it because peer ids are not kept, but their keyed hashes (peers.ts), and because connection ids are
// keyed hashes, too: who has them can forge both, so a snapshot is for its owner's eyes only.

import { readUint32, writeUint32 } from '../octets/big-endian.ts';
import { crc32 } from '../octets/crc32.ts';
import type { SipHashKey } from '../octets/siphash.ts';

export const EntryKind = { end: 0, torrent: 1, ipv4: 2, ipv6: 3 } as const;

/** Octets of an entry of a torrent. */
export const TORRENT_ENTRY_OCTETS = 29;
/** Octets of an entry of peers before the first. */
export const PEERS_HEAD_OCTETS = 2;
/** Octets of a peer before its endpoint. */
export const PEER_HEAD_OCTETS = 5;

/** Octets of a frame before its entries. */
export const FRAME_HEAD_OCTETS = 12;
/** Of a frame, its head included: enough that heads cost nothing, and little to hold. */
export const MAX_FRAME_OCTETS = 256 * 1024;

/** Octets of the head of a snapshot. */
export const SNAPSHOT_HEAD_OCTETS = 72;
const VERSION = 1;
const KEY_OCTETS = 16;
const MAGIC = Uint8Array.from('portolan swarm\r\n', (character) => character.charCodeAt(0));
const AT = {
  version: 16,
  worldHigh: 20,
  worldLow: 24,
  tick: 28,
  begun: 32,
  tableKey: 36,
  connectionKey: 52,
  sum: 68,
};

/** What a snapshot says of the table that it was taken of. */
export interface SnapshotHead {
  /** Second of the world's clock to which the ages belong. */
  readonly worldSeconds: number;
  /** Seconds of one step of an age. */
  readonly tickSeconds: number;
  /** Of the step in which the snapshot was taken, the seconds that had passed. */
  readonly begunSeconds: number;
  /** 16 octets: the first of the `secret` of the table that the peers are entered into. */
  readonly tableKey: Uint8Array;
  /** 16 octets. */
  readonly connectionKey: Uint8Array;
}

/** `foreign`: no snapshot; `version`: of another version of this program; `damaged`: cut short or changed. */
export type SnapshotRefusal = 'foreign' | 'version' | 'damaged';

export type SnapshotHeadResult =
  | { readonly kind: 'head'; readonly head: SnapshotHead }
  | { readonly kind: 'refused'; readonly code: SnapshotRefusal };

/** {@link SNAPSHOT_HEAD_OCTETS} octets. */
export function encodeSnapshotHead(head: Omit<SnapshotHead, 'tableKey'>, tableKey: SipHashKey): Uint8Array {
  const octets = new Uint8Array(SNAPSHOT_HEAD_OCTETS);
  octets.set(MAGIC);
  writeUint32(octets, AT.version, VERSION);
  writeUint32(octets, AT.worldHigh, Math.floor(head.worldSeconds / 2 ** 32));
  writeUint32(octets, AT.worldLow, head.worldSeconds);
  writeUint32(octets, AT.tick, head.tickSeconds);
  writeUint32(octets, AT.begun, head.begunSeconds);
  for (let index = 0; index < KEY_OCTETS; index++) {
    octets[AT.tableKey + index] = tableKey[index >> 2]! >>> (8 * (index & 3));
  }
  octets.set(head.connectionKey.subarray(0, KEY_OCTETS), AT.connectionKey);
  writeUint32(octets, AT.sum, crc32(octets, 0, AT.sum));
  return octets;
}

/** Reads the first {@link SNAPSHOT_HEAD_OCTETS} of a snapshot, of which `octets` may be less or more. */
export function decodeSnapshotHead(octets: Uint8Array): SnapshotHeadResult {
  for (let index = 0; index < MAGIC.length; index++) {
    if (octets[index] !== MAGIC[index]) return { kind: 'refused', code: 'foreign' };
  }
  if (octets.length < AT.version + 4) return { kind: 'refused', code: 'damaged' };
  if (readUint32(octets, AT.version) !== VERSION) return { kind: 'refused', code: 'version' };
  const isWhole =
    octets.length >= SNAPSHOT_HEAD_OCTETS && readUint32(octets, AT.sum) === crc32(octets, 0, AT.sum);
  const tickSeconds = isWhole ? readUint32(octets, AT.tick) : 0;
  const begunSeconds = isWhole ? readUint32(octets, AT.begun) : 0;
  if (begunSeconds >= tickSeconds) return { kind: 'refused', code: 'damaged' };
  return {
    kind: 'head',
    head: {
      worldSeconds: readUint32(octets, AT.worldHigh) * 2 ** 32 + readUint32(octets, AT.worldLow),
      tickSeconds,
      begunSeconds,
      tableKey: octets.slice(AT.tableKey, AT.tableKey + KEY_OCTETS),
      connectionKey: octets.slice(AT.connectionKey, AT.connectionKey + KEY_OCTETS),
    },
  };
}
