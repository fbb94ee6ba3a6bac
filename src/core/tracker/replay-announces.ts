// The other end of a journal (announce-journal.ts): the copy of a table catches up with the table.
// Non-null assertions: an entry is looked at within its octets.

import { copyOctets } from '../octets/big-endian.ts';
import {
  type AnnounceEvent,
  type AnnounceReply,
  type AnnounceRequest,
  announce,
  type Tracker,
} from './announce.ts';
import { JOURNAL_ENTRY_OCTETS, JournalEntry } from './announce-journal.ts';

/**
 * Carries out the announces of `entries` ({@link takeAnnounces}). `request` and `reply` are the caller's to use again.
 * False where they are no such entries: nothing after the first that is none has been carried out.
 */
// Positional, as the announce is.
export function replayAnnounces(
  tracker: Tracker,
  entries: Uint8Array,
  request: AnnounceRequest,
  reply: AnnounceReply,
): boolean {
  if (entries.length % JOURNAL_ENTRY_OCTETS !== 0) return false;
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  request.octets = entries;
  request.numwant = 0;
  for (let at = 0; at < entries.length; at += JOURNAL_ENTRY_OCTETS) {
    const family = entries[at + JournalEntry.family]!;
    const what = entries[at + JournalEntry.what]!;
    const port = view.getUint16(at + JournalEntry.port);
    if ((family !== 4 && family !== 6) || what > 9 || port === 0) return false;
    request.infoHashOffset = at + JournalEntry.infoHash;
    request.peerIdOffset = at + JournalEntry.peerId;
    copyOctets(entries, at + JournalEntry.address, 16, request.address, 0);
    request.port = port;
    request.family = family;
    request.event = (what >> 1) as AnnounceEvent;
    request.isSeed = (what & 1) === 1;
    request.clientKey = view.getInt32(at + JournalEntry.key);
    announce(tracker, request, view.getUint32(at + JournalEntry.seconds), reply);
  }
  return true;
}
