// The passkeys of a private tracker in memory that all threads share (BEP 27): one writes, the main thread, and all read.
//
// A key is known by 128 bits of keyed hash alone, so that nobody can read keys out of the memory, and comparing what a
// stranger sent takes no constant time: without the hash's key it says nothing of how near a guess was. Keys stand in
// records that stay where they are, found through open-addressed slots. While the writer changes slots or records, the
// version in the head is odd, and a reader begins again (a sequence lock): it never waits, and gives up after a while.
// Counts are added to by all threads at once.

import { createSipHashKey, type SipHashKey, sipHash24 } from '../octets/siphash.ts';
import { createPasskeyAsks } from './passkey-asks.ts';

/** A record: the id, what is known of the key, until when, and what was counted. */
const RECORD_WORDS = 8;
const ID_WORDS = 4;
const AT = { state: 4, until: 5, announces: 6, completed: 7 } as const;
const HEAD_WORDS = 2;
const HEAD = { version: 0, records: 1 } as const;
/** Slots a record: at most half are taken. */
const SLOTS_A_RECORD = 2;
/** Looks at a table that is being changed; a change takes a microsecond, unless its thread is put to sleep in it. */
const MAX_TRIES = 64;

/** Bounds the memory: 40 octets a passkey. */
export const MAX_PASSKEYS = 4_000_000;
/** Octets that a table takes for its two keys. */
export const PASSKEY_SECRET_OCTETS = 32;
/** `until` of a key that does not expire. */
export const FOREVER = 0x7fffffff;

export const PasskeyState = { free: 0, allowed: 1, denied: 2 } as const;
export type PasskeyState = (typeof PasskeyState)[keyof typeof PasskeyState];

/** Passes between threads by structured clone. */
export interface SharedPasskeys {
  readonly secret: Uint8Array;
  /** Most records. */
  readonly capacity: number;
  readonly memory: SharedArrayBuffer;
  /** Where keys go that are not known yet (passkey-asks.ts); undefined where a file has all that there are. */
  readonly asks: SharedArrayBuffer | undefined;
}

export interface PasskeyTable {
  readonly shared: SharedPasskeys;
  readonly keys: readonly [SipHashKey, SipHashKey];
  readonly head: Int32Array;
  readonly slots: Int32Array;
  readonly records: Int32Array;
  /** The id that was sought last. */
  readonly sought: Int32Array;
}

/** What {@link findPasskey} says where there is no such key, and where the writer would not let it see. */
export const NO_PASSKEY = -1;
export const BUSY = -2;

export interface PasskeysOptions {
  /** {@link PASSKEY_SECRET_OCTETS} that strangers cannot know. */
  readonly secret: Uint8Array;
  /** Up to {@link MAX_PASSKEYS}. */
  readonly capacity: number;
  /** Who is not known is asked about. */
  readonly isAsked: boolean;
}

export function createPasskeys({ secret, capacity, isAsked }: PasskeysOptions): SharedPasskeys {
  if (secret.length < PASSKEY_SECRET_OCTETS) throw new RangeError('the secret of passkeys has 32 octets');
  if (!(capacity > 0 && capacity <= MAX_PASSKEYS)) throw new RangeError(`${capacity} passkeys are too many`);
  const words = HEAD_WORDS + slotsFor(capacity) + capacity * RECORD_WORDS;
  const memory = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
  return { secret, capacity, memory, asks: isAsked ? createPasskeyAsks() : undefined };
}

function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * SLOTS_A_RECORD));
}

export function attachPasskeys(shared: SharedPasskeys): PasskeyTable {
  const { secret, capacity, memory } = shared;
  const words = new Int32Array(memory);
  const slotsEnd = HEAD_WORDS + slotsFor(capacity);
  return {
    shared,
    keys: [createSipHashKey(secret), createSipHashKey(secret.subarray(16))],
    head: words.subarray(0, HEAD_WORDS),
    slots: words.subarray(HEAD_WORDS, slotsEnd),
    records: words.subarray(slotsEnd, slotsEnd + capacity * RECORD_WORDS),
    sought: new Int32Array(ID_WORDS),
  };
}

/** Writes the id of the key octets[start..end) to `id`, four words. Positional: it runs once an announce. */
export function writePasskeyId(
  table: PasskeyTable,
  octets: Uint8Array,
  start: number,
  end: number,
  id: Int32Array,
): void {
  sipHash24(table.keys[1], octets, start, end - start, id);
  id[2] = id[0]!;
  id[3] = id[1]!;
  sipHash24(table.keys[0], octets, start, end - start, id);
}

/** The record of the key octets[start..end), {@link NO_PASSKEY} or {@link BUSY}. */
export function findPasskey(table: PasskeyTable, octets: Uint8Array, start: number, end: number): number {
  const { head, sought } = table;
  writePasskeyId(table, octets, start, end, sought);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const version = Atomics.load(head, HEAD.version);
    if ((version & 1) !== 0) continue;
    const slot = findSlot(table, sought);
    const record = Atomics.load(table.slots, slot) - 1;
    if (Atomics.load(head, HEAD.version) === version) return record;
  }
  return BUSY;
}

/** The slot that has the id, or the empty one where it would go. At most half the slots are taken. */
function findSlot({ slots, records }: PasskeyTable, id: Int32Array): number {
  const mask = slots.length - 1;
  let slot = id[0]! & mask;
  // Bounded for a reader who sees half a change.
  for (let seen = 0; seen <= mask; seen++) {
    const entry = Atomics.load(slots, slot);
    if (entry === 0 || hasId(records, (entry - 1) * RECORD_WORDS, id)) return slot;
    slot = (slot + 1) & mask;
  }
  return slot;
}

function hasId(records: Int32Array, at: number, id: Int32Array): boolean {
  for (let word = 0; word < ID_WORDS; word++) {
    if (Atomics.load(records, at + word) !== id[word]) return false;
  }
  return true;
}

export function stateOfPasskey({ records }: PasskeyTable, record: number): PasskeyState {
  return Atomics.load(records, record * RECORD_WORDS + AT.state) as PasskeyState;
}

/** Second until which the state holds, {@link FOREVER} for one of a file. */
export function passkeyUntil({ records }: PasskeyTable, record: number): number {
  return Atomics.load(records, record * RECORD_WORDS + AT.until);
}

export function countPasskeyAnnounce({ records }: PasskeyTable, record: number, hasCompleted: boolean): void {
  Atomics.add(records, record * RECORD_WORDS + AT.announces, 1);
  if (hasCompleted) Atomics.add(records, record * RECORD_WORDS + AT.completed, 1);
}

export interface PasskeyCounts {
  readonly announces: number;
  readonly completed: number;
}

export function passkeyCounts({ records }: PasskeyTable, record: number): PasskeyCounts {
  const at = record * RECORD_WORDS;
  return { announces: records[at + AT.announces]! >>> 0, completed: records[at + AT.completed]! >>> 0 };
}

/** Keys that the table has. */
export function passkeyTotal({ head }: PasskeyTable): number {
  return head[HEAD.records]!;
}

/** The writer's: the record of `id`, or {@link NO_PASSKEY}. */
export function findPasskeyId(table: PasskeyTable, id: Int32Array): number {
  return table.slots[findSlot(table, id)]! - 1;
}

/** The writer's: what is known of a record's key from now on. */
export function setPasskey(table: PasskeyTable, record: number, state: PasskeyState, until: number): void {
  const at = record * RECORD_WORDS;
  Atomics.store(table.records, at + AT.until, until);
  Atomics.store(table.records, at + AT.state, state);
}

/** The writer's: a new key in a record that is free. */
export function addPasskey(
  table: PasskeyTable,
  record: number,
  id: Int32Array,
  state: PasskeyState,
  until: number,
): void {
  const { slots, records, head } = table;
  const slot = findSlot(table, id);
  if (slots[slot] !== 0) throw new Error('a passkey that is there already cannot be added');
  const at = record * RECORD_WORDS;
  Atomics.add(head, HEAD.version, 1);
  for (let word = 0; word < ID_WORDS; word++) Atomics.store(records, at + word, id[word]!);
  Atomics.store(records, at + AT.announces, 0);
  Atomics.store(records, at + AT.completed, 0);
  setPasskey(table, record, state, until);
  Atomics.store(slots, slot, record + 1);
  Atomics.add(head, HEAD.version, 1);
  head[HEAD.records]!++;
}

/** The writer's: forgets a key. What stood behind it in the slots moves up, so that no gap hides it. */
export function removePasskey(table: PasskeyTable, record: number): void {
  const { slots, records, head } = table;
  const mask = slots.length - 1;
  const at = record * RECORD_WORDS;
  const id = records.slice(at, at + ID_WORDS);
  let gap = findSlot(table, id);
  Atomics.add(head, HEAD.version, 1);
  setPasskey(table, record, PasskeyState.free, 0);
  for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const home = records[(slots[slot]! - 1) * RECORD_WORDS]! & mask;
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    Atomics.store(slots, gap, slots[slot]!);
    gap = slot;
  }
  Atomics.store(slots, gap, 0);
  Atomics.add(head, HEAD.version, 1);
  head[HEAD.records]!--;
}
