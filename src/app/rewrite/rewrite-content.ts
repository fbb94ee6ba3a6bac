// One thing to rewrite (a URL, a magnet link, a torrent, a list): look up the hosts that it names, then rewrite it.

import { octetsToText, textToOctets } from '../../core/octets/text.ts';
import type { Lookup } from '../../core/preference/outcome.ts';
import { type Decision, decide, isUntouched, type RewriteOptions } from '../../core/rewrite/decide.ts';
import { fromOctetText, hostsToLookUp, type ToAscii } from '../../core/rewrite/lookup-host.ts';
import { hostsOfList, rewriteList } from '../../core/torrent/list.ts';
import {
  hostsOfMagnet,
  isMagnet,
  type RewrittenMagnet,
  rewriteMagnet,
  splitMagnet,
} from '../../core/torrent/magnet.ts';
import { MAX_TORRENT_OCTETS, readMetainfo } from '../../core/torrent/metainfo.ts';
import { hostsOfMetainfo, rewriteMetainfo } from '../../core/torrent/splice.ts';
import { sameOctets } from '../../io/same-octets.ts';

/** Every content may be as large as a torrent: its kind is known only once it has been read. */
export const MAX_CONTENT_OCTETS = MAX_TORRENT_OCTETS;

export type Content =
  | { readonly kind: 'url'; readonly text: string }
  /** One link, or one a line, with blank lines and `#` comments between. */
  | { readonly kind: 'magnet'; readonly text: string }
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

/**
 * What octets of a file or of standard input are: a torrent begins with a key of a dictionary, magnet links say so, each
 * on its line; all else is a list.
 */
export function detectContent(octets: Uint8Array): Content {
  const isDictionary =
    octets[0] === 0x64 && (octets[1] === 0x65 || (octets[1]! >= 0x30 && octets[1]! <= 0x39));
  if (isDictionary) return { kind: 'torrent', octets };
  const text = decodeStrict(octets);
  const links = text === undefined ? [] : splitLines(text).filter(({ isLink }) => isLink);
  const areMagnets = links.length > 0 && links.every(({ line }) => isMagnet(line) && !/\s/.test(line));
  return areMagnets ? { kind: 'magnet', text: text! } : { kind: 'list', octets };
}

interface Line {
  /** Without the blanks around it. */
  readonly line: string;
  readonly before: string;
  /** Blanks and the line end. */
  readonly after: string;
  /** Neither blank nor a comment. */
  readonly isLink: boolean;
}

function splitLines(text: string): Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((whole) => {
    const line = whole.trim();
    const start = whole.indexOf(line);
    return {
      line,
      before: whole.slice(0, start),
      after: whole.slice(start + line.length),
      isLink: line !== '' && !line.startsWith('#'),
    };
  });
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
      return rewriteMagnets(content.text, lookUp, options);
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

/** Each link by itself; the lines between stay as they are. */
async function rewriteMagnets(
  text: string,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent | ContentError> {
  const lines = splitLines(text);
  const links = lines.filter(({ isLink }) => isLink).map(({ line }) => line);
  const lookup = await lookUp([...new Set(links.flatMap((uri) => hostsOfMagnet(uri, options.toAscii)))]);
  const rewritten: RewrittenMagnet[] = [];
  for (const uri of links) {
    const result = rewriteMagnet(uri, lookup, options);
    if (result.kind === 'error') return { ...result, offset: undefined };
    rewritten.push(result);
  }
  let next = 0;
  const written = lines.map(({ line, before, after, isLink }) =>
    isLink ? before + rewritten[next++]!.uri + after : before + line + after,
  );
  const whole = written.join('');
  return {
    kind: 'magnet',
    changed: rewritten.some(({ changed }) => changed),
    decisions: rewritten.flatMap(({ decisions }) => decisions),
    tiers: { before: links.map(trackersOf), after: rewritten.map(({ uri }) => trackersOf(uri)) },
    octetText: true,
    octets: new TextEncoder().encode(text.includes('\n') ? whole : `${whole}\n`),
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
  const rewritten = rewriteMetainfo(metainfo, lookup, { ...options, sameOctets });
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
