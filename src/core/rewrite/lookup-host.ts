// Which name to ask DNS about for a tracker URL, and when not to ask.

import { decodeUtf8 } from '../octets/utf8.ts';
import { isHostCharacter, parseTrackerUrl, type TrackerUrl } from './tracker-url.ts';

/**
 * IDNA (RFC 5891, as UTS #46 processes it): a host with characters outside ASCII to its ASCII form; undefined when
 * it has none. A parameter because its tables belong to the system.
 */
export type ToAscii = (host: string) => string | undefined;

/** Why no name is asked: an address, a name that DNS cannot hold, or text that IDNA refuses. */
export type NotAsked = { readonly kind: 'literal' | 'not-in-dns' | 'bad-host' };

const LITERAL: NotAsked = { kind: 'literal' };
const NOT_IN_DNS: NotAsked = { kind: 'not-in-dns' };
const BAD_HOST: NotAsked = { kind: 'bad-host' };

/** RFC 1035 §2.3.4. */
const MAX_LABEL_OCTETS = 63;
/** RFC 1035 §2.3.4: 255 on the wire are 253 characters of text. */
const MAX_NAME_CHARACTERS = 253;

/** RFC 6762, RFC 7686, I2P, RFC 9476: names that other systems than DNS resolve. */
const FOREIGN_TOP_LEVEL = new Set(['local', 'onion', 'i2p', 'alt']);

const DOT = 0x2e;

/**
 * The name to ask, in lower case and ASCII, without the trailing dot; or why none is: an IP address in any notation
 * (`127.1`, `0x7f.1`, `2130706433`: whatever ends in a number), a single label, a name over the limits of DNS or
 * with an empty label, or one below a top-level name that DNS does not hold.
 */
export function lookupHost(url: TrackerUrl, toAscii: ToAscii): string | NotAsked {
  if (url.hostForm === 'bracketed') return LITERAL;
  const written = url.text.slice(url.hostStart, url.hostEnd);
  const ascii = url.hostForm === 'foreign' ? toAscii(written) : written;
  if (ascii === undefined || ascii === '' || ascii === '.') return BAD_HOST;
  if (url.hostForm === 'foreign' && !isAsciiHost(ascii)) return BAD_HOST;
  const lower = ascii.toLowerCase();
  const host = lower.charCodeAt(lower.length - 1) === DOT ? lower.slice(0, -1) : lower;
  const lastDot = host.lastIndexOf('.');
  if (isNumber(host, lastDot + 1)) return LITERAL;
  return isAskedOfDns(host) && isWithinLimits(host) ? host : NOT_IN_DNS;
}

/**
 * False for a single label, and for what is below a top-level name that DNS does not hold. `name` is ASCII in lower case,
 * without the trailing dot.
 */
export function isAskedOfDns(name: string): boolean {
  const lastDot = name.lastIndexOf('.');
  return lastDot >= 0 && !FOREIGN_TOP_LEVEL.has(name.slice(lastDot + 1));
}

/** What knows the names of some URLs already: a DecisionMemo. */
export interface KnownHosts {
  hostOf(url: string): string | undefined;
}

/** The names to ask for these URLs, each once, in order of appearance; at most one a URL. */
export function hostsToLookUp(urls: Iterable<string>, toAscii: ToAscii, known?: KnownHosts): string[] {
  const hosts = new Set<string>();
  for (const text of urls) {
    const knownHost = known?.hostOf(text);
    if (knownHost !== undefined) {
      hosts.add(knownHost);
      continue;
    }
    const url = parseTrackerUrl(text);
    if (url.kind === 'fault') continue;
    const host = lookupHost(url, toAscii);
    if (typeof host === 'string') hosts.add(host);
  }
  return [...hosts];
}

/** For hosts given one character an octet, as torrents and magnets hold them: reads them as UTF-8 first. */
export function fromOctetText(toAscii: ToAscii): ToAscii {
  return (host) => {
    const text = decodeUtf8(host);
    return text === undefined ? undefined : toAscii(text);
  };
}

function isAsciiHost(host: string): boolean {
  for (let index = 0; index < host.length; index++) {
    if (!isHostCharacter(host.charCodeAt(index))) return false;
  }
  return true;
}

/** Whether the label from `start` on is decimal, octal or `0x` hexadecimal: no top-level name is. */
function isNumber(host: string, start: number): boolean {
  const isHex = host.charCodeAt(start) === 0x30 && host.charCodeAt(start + 1) === 0x78;
  if (start === host.length) return false;
  for (let index = isHex ? start + 2 : start; index < host.length; index++) {
    const code = host.charCodeAt(index);
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isDigit && !(isHex && code >= 0x61 && code <= 0x66)) return false;
  }
  return true;
}

function isWithinLimits(host: string): boolean {
  if (host.length > MAX_NAME_CHARACTERS) return false;
  let labelStart = 0;
  for (let index = 0; index <= host.length; index++) {
    if (index < host.length && host.charCodeAt(index) !== DOT) continue;
    if (index === labelStart || index - labelStart > MAX_LABEL_OCTETS) return false;
    labelStart = index + 1;
  }
  return true;
}
