// A tracker URL as spans of its own text, so that scheme, host and port can be replaced and nothing else touched.
// WHATWG `URL` cannot do that: it refuses `udp:` for `http:`, drops `:80`, and rewrites what it reads.
// The loops go by character code: this runs once a URL over whole collections of torrents.

import type { Transport } from '../net/endpoint.ts';
import { parseIpv6 } from '../net/ip-address.ts';
import { HTTP_PORT, HTTPS_PORT } from '../net/ports.ts';

export type Scheme = 'udp' | 'http' | 'https' | 'ws' | 'wss';

/** Offsets into `text`; userinfo with its `@` is [schemeEnd + 3, hostStart). */
export interface TrackerUrl {
  readonly kind: 'url';
  readonly text: string;
  /** In lower case, whatever the text has. */
  readonly scheme: Scheme;
  readonly schemeEnd: number;
  /** Brackets of an IPv6 address included. */
  readonly hostStart: number;
  readonly hostEnd: number;
  /** Where path, query or fragment begin, or the text ends. */
  readonly restStart: number;
  /** As written; 0 when none is. */
  readonly port: number;
  /** `bracketed` is an IPv6 address; `foreign` has characters outside ASCII and needs IDNA. */
  readonly hostForm: 'plain' | 'bracketed' | 'foreign';
}

export interface UrlFault {
  readonly kind: 'fault';
  readonly code: 'bad-scheme' | 'empty-host' | 'bad-host' | 'bad-port' | 'bad-character';
}

const BAD_SCHEME: UrlFault = { kind: 'fault', code: 'bad-scheme' };
const EMPTY_HOST: UrlFault = { kind: 'fault', code: 'empty-host' };
const BAD_HOST: UrlFault = { kind: 'fault', code: 'bad-host' };
const BAD_PORT: UrlFault = { kind: 'fault', code: 'bad-port' };
const BAD_CHARACTER: UrlFault = { kind: 'fault', code: 'bad-character' };

/** RFC 768 and RFC 9293 §3.1: 16 bits. */
const MAX_PORT = 65_535;
/** As many as the largest port has, so that no digits can grow a number without bound. */
const MAX_PORT_DIGITS = 5;

const HASH = 0x23;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const AT = 0x40;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const DELETE = 0x7f;

/**
 * Splits `scheme://[userinfo@]host[:port][rest]` (RFC 3986 §3). Refused, because programs disagree on what it means:
 * another scheme, an empty host, blanks and control characters anywhere, a backslash before the path, a host with
 * other characters than letters, digits, `-`, `.` and `_` or those outside ASCII, IPv6 without brackets, and a port
 * that is not 1–65535 in at most five digits. An empty port (`http://h:/`) is none.
 */
export function parseTrackerUrl(text: string): TrackerUrl | UrlFault {
  const scheme = readScheme(text);
  if (scheme === undefined) return BAD_SCHEME;
  const schemeEnd = scheme.length;
  let hostStart = schemeEnd + 3;
  let colon = -1;
  let index = hostStart;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === SLASH || code === QUESTION || code === HASH) break;
    if (code <= 0x20 || code === DELETE) return BAD_CHARACTER;
    if (code === BACKSLASH) return BAD_HOST;
    if (code === AT) {
      hostStart = index + 1;
      colon = -1;
    } else if (code === COLON) {
      if (colon < 0) colon = index;
    } else if (code === CLOSE_BRACKET) {
      colon = -1; // the colons before it belong to the address
    }
  }
  const restStart = index;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code === DELETE) return BAD_CHARACTER;
  }
  const hostEnd = colon < 0 ? restStart : colon;
  if (hostEnd === hostStart) return EMPTY_HOST;
  const hostForm = formOfHost(text, hostStart, hostEnd);
  if (hostForm === undefined) return BAD_HOST;
  const port = hostEnd === restStart ? 0 : readPort(text, hostEnd + 1, restStart);
  if (port === undefined) return BAD_PORT;
  return { kind: 'url', text, scheme, schemeEnd, hostStart, hostEnd, restStart, port, hostForm };
}

/** A host without scheme, with or without a port, as a `udp:` URL; also an IPv6 address without its brackets. */
export function parseHost(text: string): TrackerUrl | UrlFault {
  return parseTrackerUrl(parseIpv6(text) === undefined ? `udp://${text}` : `udp://[${text}]`);
}

/** As {@link parseTrackerUrl}, or {@link parseHost} where there is no scheme. */
export function parseHostOrUrl(text: string): TrackerUrl | UrlFault {
  return text.includes('://') ? parseTrackerUrl(text) : parseHost(text);
}

/** The scheme before `://`, in any letter case. */
function readScheme(text: string): Scheme | undefined {
  const colon = text.indexOf(':');
  if (colon < 2 || colon > 5) return undefined;
  if (text.charCodeAt(colon + 1) !== SLASH || text.charCodeAt(colon + 2) !== SLASH) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  switch (scheme) {
    case 'udp':
    case 'http':
    case 'https':
    case 'ws':
    case 'wss':
      return scheme;
    default:
      return undefined;
  }
}

function formOfHost(text: string, start: number, end: number): TrackerUrl['hostForm'] | undefined {
  if (text.charCodeAt(start) === OPEN_BRACKET) {
    if (text.charCodeAt(end - 1) !== CLOSE_BRACKET) return undefined;
    const [address = ''] = text.slice(start + 1, end - 1).split('%', 1); // RFC 6874 zone identifier
    return parseIpv6(address) === undefined ? undefined : 'bracketed';
  }
  let form: TrackerUrl['hostForm'] = 'plain';
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code > DELETE) form = 'foreign';
    else if (!isHostCharacter(code)) return undefined;
  }
  return form;
}

/** Letters, digits, `-`, `.` and `_`. */
export function isHostCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x2d ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f
  );
}

/** 0 for no digits at all. */
function readPort(text: string, start: number, end: number): number | undefined {
  if (start === end) return 0;
  if (end - start > MAX_PORT_DIGITS) return undefined;
  let port = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}

/** WebSocket trackers count as TCP. */
export function transportOf(url: TrackerUrl): Transport {
  return url.scheme === 'udp' ? 'udp' : 'tcp';
}

/**
 * The port that the URL means; 0 for `udp:` without one, which is 443 to libtorrent and 80 to Transmission, BiglyBT
 * and bittorrent-tracker.
 */
export function effectivePort(url: TrackerUrl): number {
  if (url.port !== 0) return url.port;
  switch (url.scheme) {
    case 'http':
    case 'ws':
      return HTTP_PORT;
    case 'https':
    case 'wss':
      return HTTPS_PORT;
    case 'udp':
      return 0;
  }
}

/**
 * The scheme of a URL at a declared TCP port. BEP 34 cannot say which of http and https such a port speaks; docs/decisions.md
 * says why so.
 */
export function schemeAt(scheme: Scheme, port: number): Scheme {
  if (scheme === 'ws' || scheme === 'wss') return scheme;
  if (port === HTTPS_PORT) return 'https';
  return scheme === 'https' && port !== HTTP_PORT ? 'https' : 'http';
}

/** The same URL at another scheme and port, which is always written; every other character is kept. */
export function replaceEndpoint(url: TrackerUrl, scheme: Scheme, port: number): string {
  const { text, schemeEnd, hostEnd, restStart } = url;
  return `${scheme}${text.slice(schemeEnd, hostEnd)}:${port}${text.slice(restStart)}`;
}
