// Rewrites the tracker URLs of a .torrent file or of a client's resume file in place: every octet but the values of
// `announce`, `announce-list` and `trackers` is copied, the info dictionary above all, and the copy of that is compared
// before it is given away.

import type { Entry, Span } from '../bencode/spans.ts';
import type { Lookup } from '../preference/outcome.ts';
import { type Decision, decide, type RewriteOptions } from '../rewrite/decide.ts';
import { fromOctetText, hostsToLookUp, type KnownHosts, type ToAscii } from '../rewrite/lookup-host.ts';
import { isReadable, keepLastTracker, sameTiers, settleTiers } from '../rewrite/tiers.ts';
import {
  effectiveTiers,
  type Metainfo,
  type MetainfoError,
  type ResumeFile,
  readMetainfo,
  type TrackerEntries,
  trackerUrlsOf,
} from './metainfo.ts';

export interface RewrittenTorrent {
  readonly kind: 'rewritten';
  /** The very octets given when nothing changed. */
  readonly octets: Uint8Array;
  readonly changed: boolean;
  readonly metainfo: Metainfo | ResumeFile;
  /** Of the info dictionary in `octets`; undefined for a resume file. */
  readonly info: Span | undefined;
  /** One a URL: of `announce` when it is not the first of the list, then of the tiers in order; none of an empty one. */
  readonly decisions: readonly Decision[];
  readonly announce: { readonly before: string | undefined; readonly after: string | undefined };
  /** The tiers that clients use (BEP 12), one character an octet. */
  readonly tiers: {
    readonly before: readonly (readonly string[])[];
    readonly after: readonly (readonly string[])[];
  };
  /** Every tracker of a private torrent was denied, or of a resume file, which need not say; so its first one stays. */
  readonly keptLastTracker: boolean;
}

/** The names to look up before {@link rewriteTorrent} or {@link rewriteMetainfo}. */
export function hostsOfMetainfo(metainfo: TrackerEntries, toAscii: ToAscii, known?: KnownHosts): string[] {
  return hostsToLookUp(trackerUrlsOf(metainfo), fromOctetText(toAscii), known);
}

/** {@link rewriteMetainfo} of octets that nobody has read yet. */
export function rewriteTorrent(
  octets: Uint8Array,
  lookup: Lookup,
  options: RewriteOptions,
): RewrittenTorrent | MetainfoError {
  const metainfo = readMetainfo(octets);
  return metainfo.kind === 'error' ? metainfo : rewriteMetainfo(metainfo, lookup, options);
}

/**
 * Tiers and order are kept (BEP 12). `announce` stays the first URL of the list if it was, else it is rewritten by
 * itself; it is never added. An entry `announce-list` is added only when one URL without a list has several
 * candidates. When the whole list is denied, `announce` is what clients fall back to, so the list becomes that; when
 * it is denied too, both entries are removed, which leaves a torrent without trackers. Empty strings are no URLs: a list
 * that changes loses them, and the rest keeps them. Of a resume file nothing but the value of `trackers` changes, and its
 * last tracker stays as that of a private torrent does.
 */
export function rewriteMetainfo(
  metainfo: Metainfo | ResumeFile,
  lookup: Lookup,
  options: RewriteOptions,
): RewrittenTorrent {
  const octetOptions = { ...options, toAscii: fromOctetText(options.toAscii) };
  const before = effectiveTiers(metainfo);
  const decided = before.map((tier) => tier.map((url) => decide(url, lookup, octetOptions)));
  const announceBefore = metainfo.announceUrl;
  const firstUrl = before.find((tier) => tier.length > 0)?.[0];
  const hasOwn = announceBefore !== undefined && announceBefore !== '' && announceBefore !== firstUrl;
  const decidedOwn = hasOwn ? decide(announceBefore, lookup, octetOptions) : undefined;
  const {
    tiers,
    announce: own,
    kept,
  } = metainfo.kind === 'resume' || metainfo.isPrivate
    ? keepLastTracker(decided, decidedOwn)
    : { tiers: decided, announce: decidedOwn, kept: false };
  const listed = settleTiers(tiers, options).tiers;
  const isListEmpty = listed.every((tier) => tier.length === 0);
  const after = isListEmpty && isReadable(own) ? settleTiers([[own!]], options).tiers : listed;
  const announceAfter = settleAnnounce(announceBefore, own, tiers, after);
  const edits = [
    ...editAnnounce(metainfo, announceAfter),
    ...editAnnounceList(metainfo, { before, after }, announceAfter),
  ].sort((left, right) => left.start - right.start);
  const { octets, info } = applyEdits(metainfo, edits, options);
  return {
    kind: 'rewritten',
    octets,
    changed: edits.length > 0,
    metainfo,
    info,
    decisions: [...(own === undefined ? [] : [own]), ...tiers.flat()],
    announce: { before: announceBefore, after: announceAfter },
    tiers: { before, after },
    keptLastTracker: kept,
  };
}

/**
 * What cannot be read stays where it is, and is never written for what could be. `own` is the decision on an `announce`
 * that is not the first of the list. Four positional parameters: hot code, which makes no object for them.
 */
function settleAnnounce(
  before: string | undefined,
  own: Decision | undefined,
  decided: readonly (readonly Decision[])[],
  after: readonly (readonly string[])[],
): string | undefined {
  if (before === undefined || before === '') return before;
  if (own !== undefined && own.urls.length > 0) return own.urls[0];
  if (decided.every((tier) => tier.every(isReadable))) return after.find((tier) => tier.length > 0)?.[0];
  const unreadable = decided.flat().filter((decision) => !isReadable(decision));
  const junk = new Set(unreadable.map(({ url }) => url)); // at most one entry a URL
  if (junk.has(before)) return before;
  for (const tier of after) for (const url of tier) if (!junk.has(url)) return url;
  return undefined;
}

/** Replaces the octets of a span; an insertion has an empty one. */
interface Edit extends Span {
  readonly octets: Uint8Array;
}

const NOTHING = new Uint8Array(0);

function removal({ start, value }: Entry): Edit {
  return { start, end: value.end, octets: NOTHING };
}

function editAnnounce({ announce, announceUrl }: TrackerEntries, after: string | undefined): Edit[] {
  if (announce === undefined || announceUrl === after) return [];
  if (after === undefined) return [removal(announce)];
  return [{ ...announce.value, octets: encodeText(after) }];
}

function editAnnounceList(
  { announceList, announceListOffset, tiers }: TrackerEntries,
  { before, after }: RewrittenTorrent['tiers'],
  announceAfter: string | undefined,
): Edit[] {
  if (sameTiers(before, after)) return [];
  const isAnnounceEnough = after.length === 1 && after[0]!.length === 1 && after[0]![0] === announceAfter;
  if (isAnnounceEnough && tiers.every((tier) => tier.every((url) => url === ''))) return [];
  if (announceList === undefined) {
    if (after.length === 0) return [];
    const entry = encodeTiers(after, 'announce-list');
    return [{ start: announceListOffset, end: announceListOffset, octets: entry }];
  }
  if (after.length === 0) return [removal(announceList)];
  return [{ ...announceList.value, octets: encodeTiers(after) }];
}

const LIST = 0x6c;
const END = 0x65;
const COLON = 0x3a;
const DIGIT_0 = 0x30;

/** Bencoded octet text: a character is an octet. Written in place, since joined strings are slow to take apart again. */
function encodeText(text: string): Uint8Array {
  const octets = new Uint8Array(sizeOfText(text));
  writeText(octets, 0, text);
  return octets;
}

function encodeTiers(tiers: readonly (readonly string[])[], prefix = ''): Uint8Array {
  let size = prefix === '' ? 2 : sizeOfText(prefix) + 2;
  for (const tier of tiers) {
    size += 2;
    for (const url of tier) size += sizeOfText(url);
  }
  const octets = new Uint8Array(size);
  let at = prefix === '' ? 0 : writeText(octets, 0, prefix);
  octets[at++] = LIST;
  for (const tier of tiers) {
    octets[at++] = LIST;
    for (const url of tier) at = writeText(octets, at, url);
    octets[at++] = END;
  }
  octets[at] = END;
  return octets;
}

function sizeOfText({ length }: string): number {
  let digits = 1;
  for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return digits + 1 + length;
}

/** Returns the offset after the text. */
function writeText(octets: Uint8Array, at: number, text: string): number {
  const end = at + sizeOfText(text);
  const content = end - text.length;
  octets[content - 1] = COLON;
  let rest = text.length;
  for (let index = content - 2; index >= at; index--) {
    octets[index] = DIGIT_0 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  for (let index = 0; index < text.length; index++) octets[content + index] = text.charCodeAt(index);
  return end;
}

/**
 * `edits` are in order and do not overlap. Throws if the info dictionary, or what else says which torrent it is, would not
 * come out as it went in.
 */
function applyEdits(
  metainfo: Metainfo | ResumeFile,
  edits: readonly Edit[],
  { sameOctets: isSame = sameOctets, takeMemory }: Pick<RewriteOptions, 'sameOctets' | 'takeMemory'>,
): { octets: Uint8Array; info: Span | undefined } {
  const { octets } = metainfo;
  if (edits.length === 0) return { octets, info: metainfo.kind === 'metainfo' ? metainfo.info : undefined };
  let size = octets.length;
  for (const { start, end, octets: inserted } of edits) size += inserted.length - (end - start);
  const result = takeMemory?.(size).subarray(0, size) ?? new Uint8Array(size);
  let read = 0;
  let write = 0;
  for (const edit of edits) {
    result.set(octets.subarray(read, edit.start), write);
    write += edit.start - read;
    result.set(edit.octets, write);
    write += edit.octets.length;
    read = edit.end;
  }
  result.set(octets.subarray(read), write);
  const prove = (span: Span): Span => {
    const moved = moveSpan(span, edits);
    if (!isSame(octets.subarray(span.start, span.end), result.subarray(moved.start, moved.end))) {
      throw new Error('the info dictionary changed while splicing');
    }
    return moved;
  };
  if (metainfo.kind === 'metainfo') return { octets: result, info: prove(metainfo.info) };
  metainfo.identity.forEach(prove);
  return { octets: result, info: undefined };
}

/** Where a span that no edit touches has gone to. */
function moveSpan({ start, end }: Span, edits: readonly Edit[]): Span {
  let shift = 0;
  for (const edit of edits) {
    if (edit.start <= start) shift += edit.octets.length - (edit.end - edit.start);
  }
  return { start: start + shift, end: end + shift };
}

/** Info dictionaries are the bulk of a torrent. Numbers of 64 bits that are compared at once are never made. */
function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  const l = new DataView(left.buffer, left.byteOffset, left.byteLength);
  const r = new DataView(right.buffer, right.byteOffset, right.byteLength);
  let index = 0;
  for (; index + 16 <= left.length; index += 16) {
    if (l.getBigInt64(index) !== r.getBigInt64(index)) return false;
    if (l.getBigInt64(index + 8) !== r.getBigInt64(index + 8)) return false;
  }
  for (; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
