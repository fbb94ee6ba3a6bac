// Where a .torrent file (BEP 3, BEP 12, BEP 52) holds its tracker URLs and its info dictionary; and where the resume file of
// a client built on libtorrent does, by which it goes once it has a torrent: qBittorrent keeps one of each.

import { Outline } from '../bencode/outline.ts';
import { type BencodeError, checkBencode } from '../bencode/scan.ts';
import {
  type Entry,
  entriesOf,
  isDictionary,
  isList,
  isString,
  itemsOf,
  type Span,
  spanIs,
  stringSpan,
} from '../bencode/spans.ts';
import { octetsToText } from '../octets/text.ts';
import { decodeUtf8 } from '../octets/utf8.ts';

/** qBittorrent's default for a torrent file. */
export const MAX_TORRENT_OCTETS = 100 * 1024 * 1024;

/** Far above any list in use; one decision each is kept in memory. */
export const MAX_TRACKER_URLS = 10_000;

export interface Metainfo {
  readonly kind: 'metainfo';
  readonly octets: Uint8Array;
  /** Of the value of `info`: what the info-hash is the hash of. */
  readonly info: Span;
  readonly version: 'v1' | 'hybrid' | 'v2';
  /** BEP 27. */
  readonly isPrivate: boolean;
  /** The name in `info`: UTF-8, else one character an octet; empty when there is none. May hold anything. */
  readonly name: string;
  readonly announce: Entry | undefined;
  readonly announceList: Entry | undefined;
  /** The value of `announce`, one character an octet. */
  readonly announceUrl: string | undefined;
  /** The URLs of `announce-list`, one character an octet, empty tiers included; empty without it. */
  readonly tiers: readonly (readonly string[])[];
  /** Where an entry `announce-list` would go to keep the keys in order. */
  readonly announceListOffset: number;
}

/** What rewriting goes by, of either form. */
export type TrackerEntries = Pick<
  Metainfo,
  'octets' | 'announce' | 'announceList' | 'announceUrl' | 'tiers' | 'announceListOffset'
>;

/**
 * A file that libtorrent writes with `write_resume_data`. Its `announceList` is the entry `trackers`, and it has no
 * `announce`. Whether the torrent is private it need not say.
 */
export interface ResumeFile extends TrackerEntries {
  readonly kind: 'resume';
  /** Of the values of `info-hash`, `info-hash2` and `info`, those of them that are there: which torrent it is. */
  readonly identity: readonly Span[];
}

export interface MetainfoError {
  readonly kind: 'error';
  readonly code: BencodeError['code'] | 'too-large' | 'not-a-torrent' | 'bad-announce' | 'bad-announce-list';
  readonly offset: number;
  /** One sentence, without the offset. */
  readonly message: string;
}

/**
 * Reads spans; the octets are kept, not copied. Refused: octets that are not one bencoded dictionary with an
 * `info` dictionary, more than {@link MAX_TORRENT_OCTETS}, an `announce` that is not a string, and an `announce-list`
 * that is anything but a list of tiers. A string in the place of a tier is read as a tier of one. A dictionary whose
 * `file-format` is that of libtorrent is a resume file, with the same rules for its `trackers`; it has one of
 * `info-hash`, `info-hash2` and `info`.
 */
export function readMetainfo(octets: Uint8Array): Metainfo | ResumeFile | MetainfoError {
  if (octets.length > MAX_TORRENT_OCTETS) {
    return failure('too-large', 0, `a torrent is larger than ${MAX_TORRENT_OCTETS} octets`);
  }
  const outline = new Outline();
  const error = checkBencode(octets, outline);
  if (error !== undefined) return error;
  if (!isDictionary(octets, 0)) return failure('not-a-torrent', 0, 'a torrent is not a dictionary');
  const root = readRoot(octets, outline);
  if (root.isResume) return readResume(octets, outline);
  const { info, announce, announceList } = root;
  if (info === undefined || !isDictionary(octets, info.value.start)) {
    const isOfMany = info === undefined && isOfManyTorrents(octets);
    return failure(
      'not-a-torrent',
      info?.value.start ?? 0,
      isOfMany ? OF_MANY : 'there is no info dictionary',
    );
  }
  if (announce !== undefined && !isString(octets, announce.value.start)) {
    return failure('bad-announce', announce.value.start, 'the value of announce is not a string');
  }
  const tiers = announceList === undefined ? [] : readTiers(octets, announceList, outline);
  if ('kind' in tiers) return tiers;
  return {
    kind: 'metainfo',
    octets,
    info: info.value,
    ...readInfo(octets, info.value.start, outline),
    announce,
    announceList,
    announceUrl: announce === undefined ? undefined : readString(octets, announce.value.start),
    tiers,
    announceListOffset: root.announceListOffset,
  };
}

/** The tiers that clients use: those of `announce-list`, else `announce` alone (BEP 12). An empty string is no URL. */
export function effectiveTiers({ tiers, announceUrl }: TrackerEntries): readonly (readonly string[])[] {
  const named = tiers.some((tier) => tier.includes('')) ? tiers.map(withoutEmpty) : tiers;
  if (named.some((tier) => tier.length > 0)) return named;
  return announceUrl === undefined || announceUrl === '' ? [] : [[announceUrl]];
}

function withoutEmpty(tier: readonly string[]): string[] {
  return tier.filter((url) => url !== '');
}

/** Every tracker URL, that of `announce` first; one character an octet. */
export function trackerUrlsOf({ announceUrl, tiers }: TrackerEntries): string[] {
  return announceUrl === undefined ? tiers.flat() : [announceUrl, ...tiers.flat()];
}

function failure(code: MetainfoError['code'], offset: number, message: string): MetainfoError {
  return { kind: 'error', code, offset, message };
}

const ANNOUNCE = 'announce';
const ANNOUNCE_LIST = 'announce-list';
/** With its length, as a value is. */
const RESUME_FORMAT = '22:libtorrent resume file';

interface Root {
  isResume: boolean;
  info: Entry | undefined;
  announce: Entry | undefined;
  announceList: Entry | undefined;
  announceListOffset: number;
}

function readRoot(octets: Uint8Array, outline: Outline): Root {
  const root: Root = {
    isResume: false,
    info: undefined,
    announce: undefined,
    announceList: undefined,
    announceListOffset: 1,
  };
  let isPlaced = false;
  for (const entry of entriesOf(octets, 0, outline)) {
    if (spanIs(octets, entry.key, ANNOUNCE)) root.announce = entry;
    else if (spanIs(octets, entry.key, ANNOUNCE_LIST)) root.announceList = entry;
    else if (spanIs(octets, entry.key, 'info')) root.info = entry;
    else if (spanIs(octets, entry.key, 'file-format'))
      root.isResume = spanIs(octets, entry.value, RESUME_FORMAT);
    if (!isPlaced && isAfterAnnounceList(octets, entry.key)) {
      root.announceListOffset = entry.start;
      isPlaced = true;
    }
  }
  return root;
}

function isAfterAnnounceList(octets: Uint8Array, { start, end }: Span): boolean {
  const length = Math.min(end - start, ANNOUNCE_LIST.length);
  for (let index = 0; index < length; index++) {
    const difference = octets[start + index]! - ANNOUNCE_LIST.charCodeAt(index);
    if (difference !== 0) return difference > 0;
  }
  return end - start > ANNOUNCE_LIST.length;
}

const IDENTITY = ['info-hash', 'info-hash2', 'info'] as const;

function readResume(octets: Uint8Array, outline: Outline): ResumeFile | MetainfoError {
  const identity: Span[] = [];
  let trackers: Entry | undefined;
  for (const entry of entriesOf(octets, 0, outline)) {
    if (IDENTITY.some((name) => spanIs(octets, entry.key, name))) identity.push(entry.value);
    else if (spanIs(octets, entry.key, 'trackers')) trackers = entry;
  }
  if (identity.length === 0)
    return failure('not-a-torrent', 0, 'the resume file does not say of which torrent');
  const tiers = trackers === undefined ? [] : readTiers(octets, trackers, outline);
  if ('kind' in tiers) return tiers;
  return {
    kind: 'resume',
    octets,
    identity,
    announce: undefined,
    announceList: trackers,
    announceUrl: undefined,
    tiers,
    announceListOffset: trackers?.start ?? 1,
  };
}

const OF_MANY = 'this is a file of many torrents, as Deluge keeps their resume data: it is not rewritten';

/** Whether the first key of a checked dictionary is an info-hash in hexadecimal. */
function isOfManyTorrents(octets: Uint8Array): boolean {
  if (!isString(octets, 1)) return false;
  const { start, end } = stringSpan(octets, 1);
  return end - start === 40 && /^[0-9a-f]+$/.test(octetsToText(octets, start, end));
}

function readTiers(
  octets: Uint8Array,
  { key, value }: Entry,
  outline: Outline,
): readonly (readonly string[])[] | MetainfoError {
  const offset = value.start;
  if (!isList(octets, offset)) {
    const name = octetsToText(octets, key.start, key.end);
    return failure('bad-announce-list', offset, `the value of ${name} is not a list`);
  }
  const tiers: string[][] = [];
  let count = 0;
  for (const { start } of itemsOf(octets, offset, outline)) {
    const tier: string[] = [];
    const urls = isList(octets, start) ? itemsOf(octets, start, outline) : [{ start }];
    for (const url of urls) {
      if (!isString(octets, url.start)) {
        return failure('bad-announce-list', url.start, 'a tier holds something other than URLs');
      }
      tier.push(readString(octets, url.start));
    }
    count += Math.max(tier.length, 1);
    if (count > MAX_TRACKER_URLS) {
      return failure(
        'bad-announce-list',
        start,
        `there are more than ${MAX_TRACKER_URLS} tracker URLs or tiers`,
      );
    }
    tiers.push(tier);
  }
  return tiers;
}

function readInfo(
  octets: Uint8Array,
  offset: number,
  outline: Outline,
): Pick<Metainfo, 'version' | 'isPrivate' | 'name'> {
  let hasPieces = false;
  let isVersion2 = false;
  let isPrivate = false;
  let name = '';
  for (const { key, value } of entriesOf(octets, offset, outline)) {
    if (spanIs(octets, key, 'pieces')) hasPieces = true;
    else if (spanIs(octets, key, 'meta version')) isVersion2 = spanIs(octets, value, 'i2e');
    else if (spanIs(octets, key, 'private')) isPrivate = !spanIs(octets, value, 'i0e');
    else if (spanIs(octets, key, 'name') && isString(octets, value.start)) {
      const text = readString(octets, value.start);
      name = decodeUtf8(text) ?? text;
    }
  }
  const version = !isVersion2 ? 'v1' : hasPieces ? 'hybrid' : 'v2';
  return { version, isPrivate, name };
}

function readString(octets: Uint8Array, offset: number): string {
  const { start, end } = stringSpan(octets, offset);
  return octetsToText(octets, start, end);
}
