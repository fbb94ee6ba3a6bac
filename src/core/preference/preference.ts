// The words of a BITTORRENT record (BEP 34): text to endpoints and back.

import { type Endpoint, formatEndpoint, type Transport } from '../net/endpoint.ts';
import { MAX_ENDPOINTS } from './outcome.ts';

export interface Preference {
  /** What readers of the record follow: in order, without duplicates, at most {@link MAX_ENDPOINTS}; empty is a denial. */
  readonly endpoints: readonly Endpoint[];
  /** Every endpoint, those past the tenth included: what a tracker opens. Bounded by the length of the text. */
  readonly allEndpoints: readonly Endpoint[];
  /** Words that are no endpoints, as written; the `DENY` and `ALL` of a denial are not among them. */
  readonly ignored: readonly string[];
  /** Endpoints past the tenth, as written. */
  readonly excess: readonly string[];
  /** No endpoint, and every word looks like one gone wrong (`UDP1337`): by the letter a denial, most likely a mistake. */
  readonly probableTypo: boolean;
}

const MARKER = 'BITTORRENT';

/** Five digits hold every port; more are refused unread, so that no digits can grow a number without bound. */
const MAX_PORT_DIGITS = 5;

/** RFC 768 and RFC 9293 §3.1: 16 bits. */
const MAX_PORT = 65_535;

/**
 * Reads the text of one TXT record, its character-strings joined without separator. Undefined when the first word is
 * not exactly `BITTORRENT`: another program's record. Words are split on spaces (U+0020) alone, in runs; leading
 * zeros of a port are read (`UDP:080` is `UDP:80`, as BiglyBT and newTrackon read it) within five digits.
 */
export function parsePreference(text: string): Preference | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  if (words[0] !== MARKER) return undefined;
  const allEndpoints: Endpoint[] = [];
  const others: string[] = [];
  const excess: string[] = [];
  const seen = new Set<string>(); // at most one entry a word
  for (const word of words.slice(1)) {
    const endpoint = parseEndpoint(word);
    if (endpoint === undefined) {
      others.push(word);
      continue;
    }
    const key = formatEndpoint(endpoint);
    if (seen.has(key)) continue;
    seen.add(key);
    allEndpoints.push(endpoint);
    if (allEndpoints.length > MAX_ENDPOINTS) excess.push(word);
  }
  const denied = allEndpoints.length === 0;
  return {
    endpoints: allEndpoints.slice(0, MAX_ENDPOINTS),
    allEndpoints,
    ignored: denied ? others.filter((word) => word !== 'DENY' && word !== 'ALL') : others,
    excess,
    probableTypo: denied && others.length > 0 && others.every(isLikeEndpoint),
  };
}

/** One word: `UDP:` or `TCP:`, upper case, and one to five digits that are a port (1–65535). */
export function parseEndpoint(word: string): Endpoint | undefined {
  let transport: Transport;
  if (word.startsWith('UDP:')) transport = 'udp';
  else if (word.startsWith('TCP:')) transport = 'tcp';
  else return undefined;
  const digits = word.length - 4;
  if (digits < 1 || digits > MAX_PORT_DIGITS) return undefined;
  let port = 0;
  for (let index = 4; index < word.length; index++) {
    const digit = word.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= MAX_PORT ? { transport, port } : undefined;
}

/** `BITTORRENT UDP:1337 TCP:80`, or `BITTORRENT DENY ALL` for none. */
export function formatPreference(endpoints: readonly Endpoint[]): string {
  return endpoints.length === 0 ? `${MARKER} DENY ALL` : [MARKER, ...endpoints.map(formatEndpoint)].join(' ');
}

/** Whether a word that is no endpoint was probably meant as one: it names a transport, or has a digit or a colon. */
function isLikeEndpoint(word: string): boolean {
  return /^(?:udp|tcp)|[0-9:]/i.test(word);
}
