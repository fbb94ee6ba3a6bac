// What is announced while a copy of the table is made for another process: each announce after it has been carried out, for the
// copy to be told of it. A ring in shared memory with one writer and one reader; it begins where the copying begins, and the
// copy is as the table is once all of it has been replayed there. An announce may be in the copy already: the second time
// it changes nothing.
// Non-null assertions: a slot is below JOURNAL_SLOTS.

import { copyOctets } from '../octets/big-endian.ts';
import type { AnnounceRequest } from './announce.ts';

/** Announces that may wait for the reader; of one worker at 50,000/s more than a second's. A power of two. */
export const JOURNAL_SLOTS = 65_536;

/** Octets of one announce: info-hash 20, peer id 20, address 16, port 2, family 1, `event × 2 + isSeed` 1, key 4, second 4. */
export const JOURNAL_ENTRY_OCTETS = 68;
export const JournalEntry = {
  infoHash: 0,
  peerId: 20,
  address: 40,
  port: 56,
  family: 58,
  what: 59,
  key: 60,
  seconds: 64,
} as const;

/** Words of the head: how many were put in, how many were taken, and whether one found no room. */
const HEAD = { put: 0, taken: 1, lost: 2 } as const;
const HEAD_OCTETS = 16;

export interface AnnounceJournal {
  readonly head: Int32Array<SharedArrayBuffer>;
  readonly octets: Uint8Array<SharedArrayBuffer>;
  readonly view: DataView<SharedArrayBuffer>;
}

/** The memory of a journal, the same in the thread that writes and in the one that reads. Untouched, it costs nothing. */
export function createJournalMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_OCTETS + JOURNAL_SLOTS * JOURNAL_ENTRY_OCTETS);
}

export function attachJournal(memory: SharedArrayBuffer): AnnounceJournal {
  return {
    head: new Int32Array(memory, 0, HEAD_OCTETS / 4),
    octets: new Uint8Array(memory, HEAD_OCTETS),
    view: new DataView(memory, HEAD_OCTETS),
  };
}

/** Where a front end finds the journal of the moment; there is none for most of its life. */
export interface JournalPlace {
  journal: AnnounceJournal | undefined;
}

/** To be called when the announce has been carried out. */
export function recordAnnounce(journal: AnnounceJournal, request: AnnounceRequest, nowSeconds: number): void {
  const { head, octets, view } = journal;
  const put = Atomics.load(head, HEAD.put);
  if (((put - Atomics.load(head, HEAD.taken)) | 0) >= JOURNAL_SLOTS) {
    Atomics.store(head, HEAD.lost, 1);
    return;
  }
  const at = (put & (JOURNAL_SLOTS - 1)) * JOURNAL_ENTRY_OCTETS;
  copyOctets(request.octets, request.infoHashOffset, 20, octets, at + JournalEntry.infoHash);
  copyOctets(request.octets, request.peerIdOffset, 20, octets, at + JournalEntry.peerId);
  copyOctets(request.address, 0, request.family === 4 ? 4 : 16, octets, at + JournalEntry.address);
  view.setUint16(at + JournalEntry.port, request.port);
  octets[at + JournalEntry.family] = request.family;
  octets[at + JournalEntry.what] = request.event * 2 + (request.isSeed ? 1 : 0);
  view.setInt32(at + JournalEntry.key, request.clientKey);
  view.setUint32(at + JournalEntry.seconds, nowSeconds);
  Atomics.store(head, HEAD.put, (put + 1) | 0);
}

/**
 * At most `max` of the entries that wait, oldest first and one behind the other, as a copy; no octets when none waits.
 * `lost`: an announce found no room, and the copy of the table is not to be trusted.
 */
export function takeAnnounces(journal: AnnounceJournal, max: number): Uint8Array | 'lost' {
  const { head, octets } = journal;
  if (Atomics.load(head, HEAD.lost) !== 0) return 'lost';
  const taken = Atomics.load(head, HEAD.taken);
  const waiting = (Atomics.load(head, HEAD.put) - taken) | 0;
  const slot = taken & (JOURNAL_SLOTS - 1);
  const count = Math.min(waiting, max, JOURNAL_SLOTS - slot);
  const entries = octets.slice(slot * JOURNAL_ENTRY_OCTETS, (slot + count) * JOURNAL_ENTRY_OCTETS);
  Atomics.store(head, HEAD.taken, (taken + count) | 0);
  return entries;
}
