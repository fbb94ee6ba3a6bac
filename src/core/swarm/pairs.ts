// A client that announces over both families is one client (BEHAVIOUR §8): its two peers are a pair, and one of them,
// the shadow, is not counted. Whatever happens to one half is done so that the counts stay true whichever other half
// the search finds: as many shadows as counted halves stand opposite each other under one identity.

import { findIdentity, NOT_FOUND, Want } from './peer-index.ts';
import {
  COMPLETED,
  columnLength,
  groupOf,
  identityAt,
  metaAt,
  NAMELESS,
  PAIRED,
  SHADOW,
  stateOf,
} from './peers.ts';
import { count, setState } from './standing.ts';
import { GROUP, RECORD, type SwarmTable } from './table.ts';

/** Position, in the other family, of the same client; {@link NOT_FOUND} when it has only one. */
export function otherHalf(table: SwarmTable, torrent: number, family: number, position: number): number {
  const group = groupOf(torrent, family);
  const { words } = table.heap;
  const meta = words[metaAt(table, group, position)]!;
  if ((meta & PAIRED) === 0) return NOT_FOUND;
  const held = table.sought.identity;
  table.sought.identity = words[identityAt(table, group, position)]!;
  const other = findIdentity(table, torrent, 1 - family, (meta & SHADOW) !== 0 ? Want.counted : Want.shadow);
  table.sought.identity = held;
  return other;
}

/** Looks for the same client in the other family; from then on the one at `position` is the shadow. */
export function pair(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const otherGroup = groupOf(torrent, 1 - family);
  const { words } = table.heap;
  const at = metaAt(table, group, position);
  if ((words[at]! & NAMELESS) !== 0 || table.records[otherGroup + GROUP.total] === 0) return;
  const entry = identityAt(table, group, position);
  table.sought.identity = words[entry]!;
  table.sought.clientKey = words[entry + columnLength(table, group)]!;
  const found = findIdentity(table, torrent, 1 - family, Want.twin);
  if (found === NOT_FOUND) return;
  const state = stateOf(words[at]!);
  count(table, torrent, state, -1);
  const twin = setState(table, torrent, 1 - family, found, state);
  const twinAt = metaAt(table, otherGroup, twin);
  const completed = (words[at]! | words[twinAt]!) & COMPLETED;
  words[at] = words[at]! | PAIRED | SHADOW | completed;
  words[twinAt] = words[twinAt]! | PAIRED | completed;
}

/** Makes both halves count by themselves. */
export function unpair(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const { words } = table.heap;
  const at = metaAt(table, group, position);
  const other = otherHalf(table, torrent, family, position);
  if (other !== NOT_FOUND) unshadow(table, torrent, metaAt(table, groupOf(torrent, 1 - family), other));
  if ((words[at]! & PAIRED) !== 0) unshadow(table, torrent, at);
}

function unshadow(table: SwarmTable, torrent: number, at: number): void {
  const { words } = table.heap;
  const meta = words[at]!;
  if ((meta & SHADOW) !== 0) count(table, torrent, stateOf(meta), 1);
  words[at] = meta & ~(PAIRED | SHADOW);
}

/** Counts `completed` once a client; true when it had not been counted. */
export function countCompleted(
  table: SwarmTable,
  torrent: number,
  family: number,
  position: number,
): boolean {
  const { words } = table.heap;
  const at = metaAt(table, groupOf(torrent, family), position);
  if ((words[at]! & COMPLETED) !== 0) return false;
  words[at] = words[at]! | COMPLETED;
  const other = otherHalf(table, torrent, family, position);
  if (other !== NOT_FOUND) {
    const otherAt = metaAt(table, groupOf(torrent, 1 - family), other);
    words[otherAt] = words[otherAt]! | COMPLETED;
  }
  table.records[torrent + RECORD.downloaded] = table.records[torrent + RECORD.downloaded]! + 1;
  return true;
}
