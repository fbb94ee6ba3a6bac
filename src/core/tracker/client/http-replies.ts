// Answers of UDP trackers written as those of HTTP trackers (BEP 3, 7, 23, 31, 48), for clients that asked over HTTP.

import { type BencodeValue, encodeBencode } from '../../bencode/encode.ts';
import { octetsToText, textToOctets } from '../../octets/text.ts';
import type { AnnounceResult, TorrentCounts } from './announce-query.ts';

export type Announced = Extract<AnnounceResult, { kind: 'announced' }>;

/**
 * The answers of one tracker to one client over several families as one reply. A tracker may count a client of both
 * families once or twice: the larger count is never twice too large. The longer interval suits both.
 */
export function formatAnnounceReply(answers: readonly Announced[]): Uint8Array {
  const reply: Record<string, BencodeValue> = {
    interval: largest(answers, ({ interval }) => interval),
    complete: largest(answers, ({ seeders }) => seeders),
    incomplete: largest(answers, ({ leechers }) => leechers),
    peers: joinLists(answers.flatMap(({ peers }) => peers ?? [])),
  };
  const peers6 = answers.flatMap(({ peers6 }) => peers6 ?? []);
  if (peers6.length > 0) reply['peers6'] = joinLists(peers6);
  return encodeBencode(reply);
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

function joinLists(lists: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(lists.reduce((length, list) => length + list.length, 0));
  let at = 0;
  for (const list of lists) {
    joined.set(list, at);
    at += list.length;
  }
  return joined;
}
