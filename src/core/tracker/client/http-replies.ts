// Answers of UDP trackers written as those of HTTP trackers (BEP 3, 7, 23, 31, 48), for clients that asked over HTTP.

import { encodeBencode } from '../../bencode/encode.ts';
import { octetsToText, textToOctets } from '../../octets/text.ts';
import { type Writer, writeIntegerEntry, writeStringLength, writeText } from '../http/writer.ts';
import type { AnnounceResult, TorrentCounts } from './announce-query.ts';

/** Keys, three numbers of ten digits, two lengths: 96 octets at most. */
const MAX_FIXED_OCTETS = 128;

export type Announced = Extract<AnnounceResult, { kind: 'announced' }>;

/**
 * The answers of one tracker to one client over several families as one reply. A tracker may count a client of both
 * families once or twice: the larger count is never twice too large. The longer interval suits both.
 */
export function formatAnnounceReply(answers: readonly Announced[]): Uint8Array {
  const peers = answers.flatMap((answer) => answer.peers ?? []);
  const peers6 = answers.flatMap((answer) => answer.peers6 ?? []);
  const size = octetsOf(peers) + octetsOf(peers6);
  const writer: Writer = { octets: new Uint8Array(size + MAX_FIXED_OCTETS), at: 0 };
  writeText(writer, 'd');
  writeIntegerEntry(
    writer,
    '8:complete',
    largest(answers, ({ seeders }) => seeders),
  );
  writeIntegerEntry(
    writer,
    '10:incomplete',
    largest(answers, ({ leechers }) => leechers),
  );
  writeIntegerEntry(
    writer,
    '8:interval',
    largest(answers, ({ interval }) => interval),
  );
  writeLists(writer, '5:peers', peers);
  if (peers6.length > 0) writeLists(writer, '6:peers6', peers6);
  writeText(writer, 'e');
  return writer.octets.subarray(0, writer.at);
}

function writeLists(writer: Writer, key: string, lists: readonly Uint8Array[]): void {
  writeText(writer, key);
  writeStringLength(writer, octetsOf(lists));
  for (const list of lists) {
    writer.octets.set(list, writer.at);
    writer.at += list.length;
  }
}

function octetsOf(lists: readonly Uint8Array[]): number {
  return lists.reduce((length, list) => length + list.length, 0);
}

/** `retry in: never` (BEP 31) tells the client to take the tracker off its list. */
export function formatFailure(reason: string, retryIn?: 'never'): Uint8Array {
  return encodeBencode({ 'failure reason': reason, ...(retryIn !== undefined && { 'retry in': retryIn }) });
}

/** BEP 48. A hash that was asked for twice is answered once; of several answers the larger counts are taken. */
export function formatScrapeReply(
  infoHashes: readonly Uint8Array[],
  answers: readonly (readonly TorrentCounts[])[],
): Uint8Array {
  const asked = new Map(infoHashes.map((infoHash, index) => [octetsToText(infoHash), index])); // at most one a hash
  let text = 'd5:filesd';
  for (const infoHash of [...asked.keys()].sort()) {
    const counts = answers.flatMap((torrents) => torrents[asked.get(infoHash)!] ?? []);
    const complete = largest(counts, ({ seeders }) => seeders);
    const downloaded = largest(counts, ({ completed }) => completed);
    const incomplete = largest(counts, ({ leechers }) => leechers);
    text += `20:${infoHash}d8:completei${complete}e10:downloadedi${downloaded}e10:incompletei${incomplete}ee`;
  }
  return textToOctets(`${text}ee`);
}

function largest<T>(values: readonly T[], of: (value: T) => number | undefined): number {
  let found = 0;
  for (const value of values) found = Math.max(found, of(value) ?? 0);
  return found;
}
