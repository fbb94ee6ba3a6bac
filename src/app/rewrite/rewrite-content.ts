// One thing to rewrite (a URL, a magnet link, a torrent, a list): look up the hosts that it names, then rewrite it.

import { octetsToText, textToOctets } from '../../core/octets/text.ts';
import type { Lookup } from '../../core/preference/outcome.ts';
import { type Decision, decide, isUntouched, type RewriteOptions } from '../../core/rewrite/decide.ts';
import { fromOctetText, hostsToLookUp, type ToAscii } from '../../core/rewrite/lookup-host.ts';
import { hostsOfList, rewriteList } from '../../core/torrent/list.ts';
import { hostsOfMagnet, isMagnet, rewriteMagnet, splitMagnet } from '../../core/torrent/magnet.ts';
import { MAX_TORRENT_OCTETS, readMetainfo } from '../../core/torrent/metainfo.ts';
import { hostsOfMetainfo, rewriteMetainfo } from '../../core/torrent/splice.ts';

/** Every content may be as large as a torrent: its kind is known only once it has been read. */
export const MAX_CONTENT_OCTETS = MAX_TORRENT_OCTETS;

export type Content =
  | { readonly kind: 'url' | 'magnet'; readonly text: string }
  | { readonly kind: 'torrent' | 'list'; readonly octets: Uint8Array };

export interface Tiers {
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
}

export interface RewrittenContent {
  readonly kind: Content['kind'];
  readonly changed: boolean;
  readonly decisions: readonly Decision[];
  /** One character an octet for torrents and magnets (`octetText`), characters otherwise. */
  readonly tiers: Tiers;
  readonly octetText: boolean;
  /** What the content becomes; of a URL its replacements, one a line. */
  readonly octets: Uint8Array;
  /** Every tracker of a private torrent was denied, so its first one stays. */
  readonly keptLastTracker: boolean;
}

export interface ContentError {
  readonly kind: 'error';
  readonly code: string;
  /** In the content; undefined for what has no offsets. */
  readonly offset: number | undefined;
  /** One sentence. */
  readonly message: string;
}

/** Answers for at least these hosts; rejects with the reason of an aborted signal. */
export type LookUp = (hosts: readonly string[]) => Promise<Lookup>;

/** What octets of a file or of standard input are: a torrent begins with a key of a dictionary, a magnet says so. */
export function detectContent(octets: Uint8Array): Content {
  const isDictionary =
    octets[0] === 0x64 && (octets[1] === 0x65 || (octets[1]! >= 0x30 && octets[1]! <= 0x39));
  if (isDictionary) return { kind: 'torrent', octets };
  const text = decodeStrict(octets);
  const line = text?.trim();
  if (line !== undefined && isMagnet(line) && !/\s/.test(line)) return { kind: 'magnet', text: line };
  return { kind: 'list', octets };
}

export async function rewriteContent(
  content: Content,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent | ContentError> {
  switch (content.kind) {
    case 'url':
      return rewriteOneUrl(content.text, lookUp, options);
    case 'magnet':
      return rewriteOneMagnet(content.text, lookUp, options);
    case 'torrent':
      return rewriteOneTorrent(content.octets, lookUp, options);
    case 'list':
      return rewriteOneList(content.octets, lookUp, options);
  }
}

async function rewriteOneUrl(
  url: string,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent> {
  const lookup = await lookUp(hostsToLookUp([url], options.toAscii));
  const decision = decide(url, lookup, options);
  return {
    kind: 'url',
    changed: !isUntouched(decision),
    decisions: [decision],
    tiers: { before: [[url]], after: decision.urls.length === 0 ? [] : [decision.urls] },
    octetText: false,
    octets: encodeLines(decision.urls),
    keptLastTracker: false,
  };
}

async function rewriteOneMagnet(
  uri: string,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent | ContentError> {
  const lookup = await lookUp(hostsOfMagnet(uri, options.toAscii));
  const rewritten = rewriteMagnet(uri, lookup, options);
  if (rewritten.kind === 'error') return { ...rewritten, offset: undefined };
  return {
    kind: 'magnet',
    changed: rewritten.changed,
    decisions: rewritten.decisions,
    tiers: { before: [trackersOf(uri)], after: [trackersOf(rewritten.uri)] },
    octetText: true,
    octets: encodeLines([rewritten.uri]),
    keptLastTracker: false,
  };
}

function trackersOf(uri: string): string[] {
  const trackers = splitMagnet(uri)?.parameters.filter(({ isTracker }) => isTracker) ?? [];
  return trackers.map(({ url, value }) => url ?? value);
}

async function rewriteOneTorrent(
  octets: Uint8Array,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent | ContentError> {
  const metainfo = readMetainfo(octets);
  if (metainfo.kind === 'error') return metainfo;
  const lookup = await lookUp(hostsOfMetainfo(metainfo, options.toAscii));
  const rewritten = rewriteMetainfo(metainfo, lookup, options);
  return {
    kind: 'torrent',
    changed: rewritten.changed,
    decisions: rewritten.decisions,
    tiers: rewritten.tiers,
    octetText: true,
    octets: rewritten.octets,
    keptLastTracker: rewritten.keptLastTracker,
  };
}

/** A list that is not UTF-8 is taken octet by octet, so that its other lines come out as they were. */
async function rewriteOneList(
  octets: Uint8Array,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent> {
  const decoded = decodeStrict(octets);
  const octetText = decoded === undefined;
  const text = decoded ?? octetsToText(octets);
  const toAscii: ToAscii = octetText ? fromOctetText(options.toAscii) : options.toAscii;
  const lookup = await lookUp(hostsOfList(text, toAscii));
  const rewritten = rewriteList(text, lookup, { ...options, toAscii });
  return {
    kind: 'list',
    changed: rewritten.changed,
    decisions: rewritten.decisions,
    tiers: rewritten.tiers,
    octetText,
    octets: octetText ? textToOctets(rewritten.text) : new TextEncoder().encode(rewritten.text),
    keptLastTracker: false,
  };
}

/** Undefined when the octets are not UTF-8; a byte order mark stays where it is. */
function decodeStrict(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

function encodeLines(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
}
