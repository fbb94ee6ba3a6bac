// Where an announce's path says what it is, and in private mode whose: `/PASSKEY/announce`, `/announce/PASSKEY` or, as
// trackers in PHP had it, `/announce.php?passkey=PASSKEY`. The same over HTTP and in the URL data of BEP 41.
// Parameters are positional: an object a call is what this code exists to avoid.

/** A key that is shorter can be guessed; those of Gazelle, XBT and TBDev have 32 characters. */
export const MIN_PASSKEY_OCTETS = 16;
/** Twice theirs: room for a hash of 256 bits in hexadecimal. */
export const MAX_PASSKEY_OCTETS = 64;

/** Old torrents name trackers that were scripts. */
const SCRIPT = '.php';
const PARAMETER = 'passkey=';

const SLASH = 0x2f;
const AMPERSAND = 0x26;
const QUESTION_MARK = 0x3f;

/** One a front end, overwritten by every path. */
export interface TrackerPath {
  kind: 'announce' | 'scrape' | 'other';
  /** Equal when there is no key. */
  keyStart: number;
  keyEnd: number;
}

export function createTrackerPath(): TrackerPath {
  return { kind: 'other', keyStart: 0, keyEnd: 0 };
}

/**
 * Reads the path octets[start..end), whose query, if it has one, ends at `queryEnd`. `isPrivate`: `/announce/PASSKEY` is an
 * announce, too.
 */
export function readTrackerPath(
  octets: Uint8Array,
  start: number,
  end: number,
  queryEnd: number,
  isPrivate: boolean,
  path: TrackerPath,
): void {
  path.keyStart = 0;
  path.keyEnd = 0;
  const last = end - 1 > start && octets[end - 1] === SLASH ? end - 1 : end;
  if (!isPrivate) {
    path.kind = kindOf(octets, segmentStart(octets, start, last), last);
    return;
  }
  readPrivatePath(octets, start, last, path);
  if (path.kind !== 'other' && !isPasskey(octets, path.keyStart, path.keyEnd))
    readParameter(octets, end + 1, queryEnd, path);
}

function readPrivatePath(octets: Uint8Array, start: number, end: number, path: TrackerPath): void {
  const last = segmentStart(octets, start, end);
  path.kind = kindOf(octets, last, end);
  if (last - 1 <= start) return;
  const before = segmentStart(octets, start, last - 1);
  if (path.kind !== 'other') {
    path.keyStart = before;
    path.keyEnd = last - 1;
    return;
  }
  path.kind = kindOf(octets, before, last - 1);
  path.keyStart = last;
  path.keyEnd = end;
}

/** The key of the first parameter `passkey`, where there is one. */
function readParameter(octets: Uint8Array, start: number, end: number, path: TrackerPath): void {
  for (let at = start; at < end; at++) {
    let stop = at;
    while (stop < end && octets[stop] !== AMPERSAND) stop++;
    if (isText(octets, at, Math.min(stop, at + PARAMETER.length), PARAMETER)) {
      path.keyStart = at + PARAMETER.length;
      path.keyEnd = stop;
      return;
    }
    at = stop;
  }
}

/** Where the last segment begins: behind the last `/`; at the end where there is none. */
function segmentStart(octets: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && octets[at - 1] !== SLASH) at--;
  return at > start ? at : end;
}

function kindOf(octets: Uint8Array, start: number, end: number): TrackerPath['kind'] {
  const script = end - SCRIPT.length;
  const stop = script > start && isText(octets, script, end, SCRIPT) ? script : end;
  if (isText(octets, start, stop, 'announce')) return 'announce';
  return isText(octets, start, stop, 'scrape') ? 'scrape' : 'other';
}

function isText(octets: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (octets[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Where the path in octets[start..end) ends: before its query. */
export function pathEnd(octets: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && octets[at] !== QUESTION_MARK) at++;
  return at;
}

/** Whether octets[start..end) can be a passkey: letters, digits and `-._~`, which no client encodes (RFC 3986 §2.3). */
export function isPasskey(octets: Uint8Array, start: number, end: number): boolean {
  if (end - start < MIN_PASSKEY_OCTETS || end - start > MAX_PASSKEY_OCTETS) return false;
  for (let at = start; at < end; at++) if (!isUnreserved(octets[at]!)) return false;
  return true;
}

function isUnreserved(octet: number): boolean {
  const letter = octet | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || (octet >= 0x30 && octet <= 0x39)) return true;
  return octet === 0x2d || octet === 0x2e || octet === 0x5f || octet === 0x7e;
}
