// The head of an HTTP request (RFC 9112) as offsets into the octets it came in. Only what a tracker needs is read;
// whatever could be read in two ways is refused.
// Parameters are positional: an object a call is what this code exists to avoid.

export interface RequestHead {
  method: 'GET' | 'HEAD' | 'other';
  /** The path; its query begins one octet behind it and ends at `queryEnd`. */
  pathStart: number;
  pathEnd: number;
  queryStart: number;
  queryEnd: number;
  /** Host and port as the target or the Host field has them; equal when there are none. */
  hostStart: number;
  hostEnd: number;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minorVersion: number;
  /** The client lets the connection be used again, and nothing that we do not read follows the head. */
  keepAlive: boolean;
  /** A body follows. It is never read: what it held would be taken for the next request. */
  hasBody: boolean;
}

export type HeadStatus = 200 | 400 | 505;

export function createRequestHead(): RequestHead {
  return {
    method: 'other',
    pathStart: 0,
    pathEnd: 0,
    queryStart: 0,
    queryEnd: 0,
    hostStart: 0,
    hostEnd: 0,
    minorVersion: 1,
    keepAlive: false,
    hasBody: false,
  };
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;
/** ` HTTP/1.1` (RFC 9112 §2.3). */
const VERSION_OCTETS = 9;

/** Reads octets[start..end), through the empty line, into `head`. 200 means that all of it is there and sound. */
export function parseRequestHead(
  octets: Uint8Array,
  start: number,
  end: number,
  head: RequestHead,
): HeadStatus {
  head.hostStart = 0;
  head.hostEnd = 0;
  head.keepAlive = false;
  const lineEnd = findLineEnd(octets, start, end);
  if (lineEnd < 0) return 400;
  const status = parseRequestLine(octets, start, lineEnd, head);
  if (status !== 200) return status;
  const hostFromTarget = head.hostEnd > head.hostStart;
  head.keepAlive = head.minorVersion === 1;
  head.hasBody = false;
  let hosts = 0;
  let at = afterLineEnd(octets, lineEnd);
  for (;;) {
    const fieldEnd = findLineEnd(octets, at, end);
    if (fieldEnd < 0) return 400;
    if (fieldEnd === at) break;
    const colon = findFieldName(octets, at, fieldEnd);
    if (colon < 0) return 400;
    if (isText(octets, at, colon, 'host')) {
      hosts++;
      if (!hostFromTarget) setHost(octets, colon + 1, fieldEnd, head);
    } else if (!readConnection(octets, at, colon, fieldEnd, head)) return 400;
    at = afterLineEnd(octets, fieldEnd);
  }
  if (head.hasBody) head.keepAlive = false;
  return hosts > 1 || (hosts === 0 && head.minorVersion === 1) ? 400 : 200;
}

/**
 * Offset of the next CR LF or LF (RFC 9112 §2.2 lets it end a line alone); −1 when there is none, or a control character
 * before it (HTAB apart).
 */
function findLineEnd(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    if (octet >= SPACE && octet !== 0x7f) continue;
    if (octet === LF || (octet === CR && at + 1 < end && octets[at + 1] === LF)) return at;
    if (octet !== TAB) return -1;
  }
  return -1;
}

function afterLineEnd(octets: Uint8Array, lineEnd: number): number {
  return octets[lineEnd] === CR ? lineEnd + 2 : lineEnd + 1;
}

function parseRequestLine(octets: Uint8Array, start: number, end: number, head: RequestHead): HeadStatus {
  const methodEnd = findOctet(octets, start, end, SPACE);
  // The version is nine octets with its blank; another blank before it would make two targets of one.
  const targetEnd = end - VERSION_OCTETS;
  if (methodEnd <= start || targetEnd <= methodEnd || octets[targetEnd] !== SPACE) return 400;
  if (octets.indexOf(SPACE, methodEnd + 1) !== targetEnd) return 400;
  if (!isText(octets, targetEnd + 1, targetEnd + 6, 'http/')) return 400;
  const minor = octets[end - 1]! - 0x30;
  if (octets[end - 2] !== 0x2e) return 400;
  if (octets[end - 3] !== 0x31 || minor < 0 || minor > 9) return 505;
  head.minorVersion = Math.min(minor, 1); // a later 1.x is read as the latest we know (RFC 9110 §2.5)
  head.method = 'other';
  if (isExactly(octets, start, methodEnd, 'GET')) head.method = 'GET';
  else if (isExactly(octets, start, methodEnd, 'HEAD')) head.method = 'HEAD';
  return parseTarget(octets, methodEnd + 1, targetEnd, head);
}

/** Origin form (`/announce?…`) or absolute form (`http://host/announce?…`); others have nothing for a tracker. */
function parseTarget(octets: Uint8Array, start: number, end: number, head: RequestHead): HeadStatus {
  let path = start;
  if (octets[start] !== SLASH) {
    if (head.method === 'other') path = end;
    else if (isText(octets, start, Math.min(start + 7, end), 'http://')) {
      path = start + 7;
      head.hostStart = path;
      while (path < end && octets[path] !== SLASH && octets[path] !== QUESTION_MARK) path++;
      head.hostEnd = path;
      if (head.hostEnd === head.hostStart) return 400;
    } else return 400;
  }
  const question = findOctet(octets, path, end, QUESTION_MARK);
  head.pathStart = path;
  head.pathEnd = question < 0 ? end : question;
  head.queryStart = question < 0 ? end : question + 1;
  head.queryEnd = end;
  return 200;
}

function findOctet(octets: Uint8Array, start: number, end: number, sought: number): number {
  for (let at = start; at < end; at++) if (octets[at] === sought) return at;
  return -1;
}

/** Offset of the colon behind a field name; −1 for none, an empty name, or blanks in it (RFC 9112 §5.1, §5.2). */
function findFieldName(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    if (octet === COLON) return at === start ? -1 : at;
    if (octet <= SPACE) return -1;
  }
  return -1;
}

function setHost(octets: Uint8Array, start: number, end: number, head: RequestHead): void {
  let from = start;
  let to = end;
  while (from < to && isBlank(octets[from]!)) from++;
  while (to > from && isBlank(octets[to - 1]!)) to--;
  head.hostStart = from;
  head.hostEnd = to;
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}

/** The fields that decide about the connection; false for a length that is none. */
function readConnection(
  octets: Uint8Array,
  start: number,
  colon: number,
  end: number,
  head: RequestHead,
): boolean {
  if (isText(octets, start, colon, 'connection')) {
    if (hasWord(octets, colon + 1, end, 'close')) head.keepAlive = false;
    else if (head.minorVersion === 0 && hasWord(octets, colon + 1, end, 'keep-alive')) head.keepAlive = true;
  } else if (isText(octets, start, colon, 'content-length')) {
    let at = colon + 1;
    let to = end;
    while (at < to && isBlank(octets[at]!)) at++;
    // Blanks end a value and never part it (RFC 9112 §5): `0 5` is no length, and might be 5 to a proxy.
    while (to > at && isBlank(octets[to - 1]!)) to--;
    if (at === to) return false;
    for (; at < to; at++) {
      const octet = octets[at]!;
      if (octet < 0x30 || octet > 0x39) return false;
      if (octet !== 0x30) head.hasBody = true;
    }
  } else if (isText(octets, start, colon, 'transfer-encoding')) head.hasBody = true;
  return true;
}

/** `text` is in lower case; letters match in either case. */
function isText(octets: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    const octet = octets[start + index]!;
    const folded = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (folded !== text.charCodeAt(index)) return false;
  }
  return true;
}

function isExactly(octets: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (octets[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** `word` is one of a comma-separated list. */
function hasWord(octets: Uint8Array, start: number, end: number, word: string): boolean {
  let at = start;
  while (at < end) {
    while (at < end && (isBlank(octets[at]!) || octets[at] === 0x2c)) at++;
    let wordEnd = at;
    while (wordEnd < end && !isBlank(octets[wordEnd]!) && octets[wordEnd] !== 0x2c) wordEnd++;
    if (isText(octets, at, wordEnd, word)) return true;
    at = wordEnd;
  }
  return false;
}
