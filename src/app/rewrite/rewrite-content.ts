// One thing to rewrite (a URL, a magnet link, a torrent, a list): look up the hosts that it names, then rewrite it.

import { octetsToText, textToOctets } from '../../core/octets/text.ts';
import type { Lookup } from '../../core/preference/outcome.ts';
import { type Decision, decide, isUntouched, type RewriteOptions } from '../../core/rewrite/decide.ts';
import { fromOctetText, hostsToLookUp, type ToAscii } from '../../core/rewrite/lookup-host.ts';
import { hostsOfList, rewriteList } from '../../core/torrent/list.ts';
import {
  hostsOfMagnet,
  isMagnet,
  NOT_A_MAGNET,
  type RewrittenMagnet,
  rewriteMagnet,
  splitMagnet,
} from '../../core/torrent/magnet.ts';
import { MAX_TORRENT_OCTETS, readMetainfo } from '../../core/torrent/metainfo.ts';
import { hostsOfMetainfo, type RewrittenTorrent, rewriteMetainfo } from '../../core/torrent/splice.ts';
import { sameOctets } from '../../io/files/same-octets.ts';

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
  /** Of a torrent, which may have it beside its tiers; in octet text. */
  readonly announce?: RewrittenTorrent['announce'];
  /** Of a torrent: the file itself, or what a client keeps of it. */
  readonly form?: 'metainfo' | 'resume';
  readonly octetText: boolean;
  /** What the content becomes; of a URL its replacements, one a line. */
  readonly octets: Uint8Array;
  /** As in RewrittenTorrent. */
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
 * What octets of a file or of standard input are: a torrent or resume file begins with a key of a dictionary, magnet links say so, each
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

/** What has been read of a content: nothing of it changes until its hosts have been looked up. */
export interface PreparedContent {
  readonly kind: 'prepared';
  /** Each once. */
  readonly hosts: readonly string[];
  /** `lookup` answers for at least the hosts. */
  finish(lookup: Lookup): RewrittenContent;
}

export async function rewriteContent(
  content: Content,
  lookUp: LookUp,
  options: RewriteOptions,
): Promise<RewrittenContent | ContentError> {
  const prepared = prepareContent(content, options);
  return prepared.kind === 'error' ? prepared : prepared.finish(await lookUp(prepared.hosts));
}

export function prepareContent(content: Content, options: RewriteOptions): PreparedContent | ContentError {
  switch (content.kind) {
    case 'url':
      return prepareUrl(content.text, options);
    case 'magnet':
      return prepareMagnets(content.text, options);
    case 'torrent':
      return prepareTorrent(content.octets, options);
    case 'list':
      return prepareList(content.octets, options);
  }
}

function prepareUrl(url: string, options: RewriteOptions): PreparedContent {
  return {
    kind: 'prepared',
    hosts: hostsToLookUp([url], options.toAscii),
    finish(lookup) {
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
    },
  };
}

/** Each link by itself; the lines between stay as they are. */
function prepareMagnets(text: string, options: RewriteOptions): PreparedContent | ContentError {
  const lines = splitLines(text);
  const links = lines.filter(({ isLink }) => isLink).map(({ line }) => line);
  if (!links.every(isMagnet)) return { ...NOT_A_MAGNET, offset: undefined };
  return {
    kind: 'prepared',
    hosts: [...new Set(links.flatMap((uri) => hostsOfMagnet(uri, options.toAscii)))],
    finish(lookup) {
      const rewritten = links.map((uri) => rewriteMagnet(uri, lookup, options) as RewrittenMagnet);
      let next = 0;
      const written = lines.map(
        ({ line, before, after, isLink }) => before + (isLink ? rewritten[next++]!.uri : line) + after,
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
    },
  };
}

function trackersOf(uri: string): string[] {
  const trackers = splitMagnet(uri)?.parameters.filter(({ isTracker }) => isTracker) ?? [];
  return trackers.map(({ url, value }) => url ?? value);
}

function prepareTorrent(octets: Uint8Array, options: RewriteOptions): PreparedContent | ContentError {
  const metainfo = readMetainfo(octets);
  if (metainfo.kind === 'error') return metainfo;
  return {
    kind: 'prepared',
    hosts: hostsOfMetainfo(metainfo, options.toAscii, options.memo),
    finish(lookup) {
      const rewritten = rewriteMetainfo(metainfo, lookup, { ...options, sameOctets });
      return {
        kind: 'torrent',
        changed: rewritten.changed,
        decisions: rewritten.decisions,
        tiers: rewritten.tiers,
        announce: rewritten.announce,
        form: metainfo.kind,
        octetText: true,
        octets: rewritten.octets,
        keptLastTracker: rewritten.keptLastTracker,
      };
    },
  };
}

/** A list that is not UTF-8 is taken octet by octet, so that its other lines come out as they were. */
function prepareList(octets: Uint8Array, options: RewriteOptions): PreparedContent {
  const decoded = decodeStrict(octets);
  const octetText = decoded === undefined;
  const text = decoded ?? octetsToText(octets);
  const toAscii: ToAscii = octetText ? fromOctetText(options.toAscii) : options.toAscii;
  return {
    kind: 'prepared',
    hosts: hostsOfList(text, toAscii),
    finish(lookup) {
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
    },
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
