// A client that announces over both families is one client (BEHAVIOUR §8): its two peers are a pair, and one of them,
// the shadow, is not counted. Whatever happens to one half is done so that the counts stay true whichever other half
// the search finds: as many shadows as counted halves stand opposite each other under one identity.

import {
  COMPLETED,
  groupOf,
  identityOf,
  keyTagAt,
  metaAt,
  NAMELESS,
  NOT_FOUND,
  PAIRED,
  SHADOW,
  stateOf,
} from './peers.ts';
import { findIdentity, Want } from './search.ts';
import { GROUP, RECORD, type SwarmShard } from './shard.ts';
import { count, setState } from './standing.ts';

/** Place, in the other family, of the same client; {@link NOT_FOUND} when it has only one. */
export function otherHalf(shard: SwarmShard, torrent: number, family: number, place: number): number {
  const meta = shard.words[metaAt(shard, groupOf(torrent, family), place)]!;
  if ((meta & PAIRED) === 0) return NOT_FOUND;
  const held = shard.sought.identity;
  shard.sought.identity = identityOf(meta);
  const other = findIdentity(shard, torrent, 1 - family, (meta & SHADOW) !== 0 ? Want.counted : Want.shadow);
  shard.sought.identity = held;
  return other;
}

/** Looks for the same client in the other family; from then on the one at `place` is the shadow. */
export function pair(shard: SwarmShard, torrent: number, family: number, place: number): void {
  const group = groupOf(torrent, family);
  const otherGroup = groupOf(torrent, 1 - family);
  const { words, octets, sought } = shard;
  const at = metaAt(shard, group, place);
  if ((words[at]! & NAMELESS) !== 0 || words[otherGroup + GROUP.total] === 0) return;
  sought.identity = identityOf(words[at]!);
  sought.keyTag = octets[keyTagAt(shard, group, place)]!;
  const found = findIdentity(shard, torrent, 1 - family, Want.twin);
  if (found === NOT_FOUND) return;
  const state = stateOf(words[at]!);
  count(shard, torrent, state, -1);
  const twin = setState(shard, torrent, 1 - family, found, state);
  const twinAt = metaAt(shard, otherGroup, twin);
  const completed = (words[at]! | words[twinAt]!) & COMPLETED;
  words[at] = words[at]! | PAIRED | SHADOW | completed;
  words[twinAt] = words[twinAt]! | PAIRED | completed;
}

/** Makes both halves count by themselves. */
export function unpair(shard: SwarmShard, torrent: number, family: number, place: number): void {
  const at = metaAt(shard, groupOf(torrent, family), place);
  const other = otherHalf(shard, torrent, family, place);
  if (other !== NOT_FOUND) unshadow(shard, torrent, metaAt(shard, groupOf(torrent, 1 - family), other));
  if ((shard.words[at]! & PAIRED) !== 0) unshadow(shard, torrent, at);
}

function unshadow(shard: SwarmShard, torrent: number, at: number): void {
  const { words } = shard;
  const meta = words[at]!;
  if ((meta & SHADOW) !== 0) count(shard, torrent, stateOf(meta), 1);
  words[at] = meta & ~(PAIRED | SHADOW);
}

/** Counts `completed` once a client; true when it had not been counted. */
export function countCompleted(shard: SwarmShard, torrent: number, family: number, place: number): boolean {
  const { words } = shard;
  const at = metaAt(shard, groupOf(torrent, family), place);
  if ((words[at]! & COMPLETED) !== 0) return false;
  words[at] = words[at]! | COMPLETED;
  const other = otherHalf(shard, torrent, family, place);
  if (other !== NOT_FOUND) {
    const otherAt = metaAt(shard, groupOf(torrent, 1 - family), other);
    words[otherAt] = words[otherAt]! | COMPLETED;
  }
  words[torrent + RECORD.downloaded] = words[torrent + RECORD.downloaded]! + 1;
  return true;
}
