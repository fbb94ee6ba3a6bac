// Whether one torrent, magnet link or list is another one whose tracker URLs have been rewritten, and nothing else: what
// `--undo` asks before it puts the first one back.

import { parseTrackerUrl } from '../rewrite/tracker-url.ts';
import { splitMagnet } from './magnet.ts';
import { type TrackerEntries, trackerUrlsOf } from './metainfo.ts';

/** Every octet outside `announce` and `announce-list`, or the `trackers` of a resume file, equal, and no tracker that the original lacks. */
export function isRewrittenTorrent(original: TrackerEntries, current: TrackerEntries): boolean {
  return (
    sameOctets(withoutTrackers(original), withoutTrackers(current)) &&
    areRewrittenUrls(trackerUrlsOf(original), trackerUrlsOf(current))
  );
}

/** Every other parameter equal, in the same order, and no tracker that the original lacks. */
export function isRewrittenMagnet(original: string, current: string): boolean {
  const [before, after] = [original, current].map(splitMagnet);
  if (before === undefined || after === undefined) return false;
  const rest = ({ start, parameters, fragment }: typeof before): string =>
    start + parameters.flatMap(({ isTracker, text }) => (isTracker ? [] : [text])).join('&') + fragment;
  const urls = ({ parameters }: typeof before): string[] =>
    parameters.flatMap(({ isTracker, url, value }) => (isTracker ? [url ?? value] : []));
  return rest(before) === rest(after) && areRewrittenUrls(urls(before), urls(after));
}

/** The same comments in the same order, and no tracker that the original lacks. */
export function isRewrittenList(original: string, current: string): boolean {
  const [before, after] = [original, current].map(readLines);
  const comments = (lines: readonly string[]): string =>
    lines.filter((line) => line.startsWith('#')).join('\n');
  const urls = (lines: readonly string[]): string[] =>
    lines.filter((line) => line !== '' && !line.startsWith('#'));
  return comments(before!) === comments(after!) && areRewrittenUrls(urls(before!), urls(after!));
}

function readLines(text: string): string[] {
  return text.split('\n').map((line) => line.trim());
}

/** Whether each of `current` is, but for scheme and port, one of `original`. */
function areRewrittenUrls(original: readonly string[], current: readonly string[]): boolean {
  const known = new Set(original.map(withoutEndpoint)); // at most one entry a URL
  return current.every((url) => known.has(withoutEndpoint(url)));
}

function withoutEndpoint(text: string): string {
  const url = parseTrackerUrl(text);
  if (url.kind === 'fault') return text;
  return text.slice(url.schemeEnd, url.hostEnd) + text.slice(url.restStart);
}

function withoutTrackers({ octets, announce, announceList }: TrackerEntries): Uint8Array {
  const entries = [announce, announceList].flatMap((entry) => (entry === undefined ? [] : [entry]));
  entries.sort((left, right) => left.start - right.start);
  const rest = new Uint8Array(octets.length);
  let read = 0;
  let length = 0;
  for (const { start, value } of entries) {
    rest.set(octets.subarray(read, start), length);
    length += start - read;
    read = value.end;
  }
  rest.set(octets.subarray(read), length);
  return rest.subarray(0, length + octets.length - read);
}

function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}
