// BEP 3 from the client's side: an announce to the query of a URL, a bencoded reply back. Replies are strangers' octets:
// they are checked and read in place, like torrents.

import { checkBencode } from '../../bencode/scan.ts';
import {
  entriesOf,
  isDictionary,
  isList,
  isString,
  itemsOf,
  type Span,
  stringSpan,
} from '../../bencode/spans.ts';
import { parseIpAddress } from '../../net/ip-address.ts';
import { octetsToText, textToOctets } from '../../octets/text.ts';
import { decodeUtf8, encodeUtf8 } from '../../octets/utf8.ts';
import type { AnnounceQuery, AnnounceResult } from './announce-query.ts';

/** A reply with thousands of peers has room in it; more is not read. */
export const MAX_REPLY_OCTETS = 1024 * 1024;
/** A sentence for a person. */
const MAX_REASON_OCTETS = 1024;

/** `info_hash=…&peer_id=…`, without a question mark in front. `compact=1` (BEP 23) always. */
export function formatAnnounceQuery(query: AnnounceQuery): string {
  const parts = [
    `info_hash=${escapeOctets(query.infoHash)}`,
    `peer_id=${escapeOctets(query.peerId)}`,
    `port=${query.port}`,
    `uploaded=${query.uploaded}`,
    `downloaded=${query.downloaded}`,
    `left=${query.left}`,
    'compact=1',
  ];
  if (query.event !== 'none') parts.push(`event=${query.event}`);
  if (query.numwant >= 0) parts.push(`numwant=${query.numwant}`);
  if (query.key !== undefined)
    parts.push(`key=${escapeOctets(textToOctets(encodeUtf8(query.key) ?? query.key))}`);
  return parts.join('&');
}

/** RFC 3986 §2.3: all but unreserved characters. */
function escapeOctets(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    text += /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** Whether a body is one bencoded dictionary and no more, but for blanks and line ends that scripts leave behind it. */
export function isReply(octets: Uint8Array): boolean {
  let end = octets.length;
  while (end > 0 && isBlank(octets[end - 1]!)) end--;
  const body = octets.subarray(0, end);
  return end > 0 && isDictionary(body, 0) && checkBencode(body) === undefined;
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09 || octet === 0x0a || octet === 0x0d;
}

/** A reply's body. Peers as dictionaries (BEP 3) are turned to the compact forms; unknown keys are passed over. */
export function readAnnounceReply(octets: Uint8Array): AnnounceResult {
  if (octets.length > MAX_REPLY_OCTETS) return malformed(`it is larger than ${MAX_REPLY_OCTETS} octets`);
  if (octets.length === 0) return malformed('it is empty');
  const error = checkBencode(octets);
  if (error !== undefined) return malformed(`at offset ${error.offset} ${error.message}`);
  if (!isDictionary(octets, 0)) return malformed('it is no dictionary');
  const values = new Map<string, Span>(); // as many as the reply has keys
  for (const { key, value } of entriesOf(octets, 0)) {
    values.set(octetsToText(octets, key.start, key.end), value);
  }
  const reply = new Reply(octets, values);
  const reason = reply.text('failure reason');
  if (reason !== undefined) return { kind: 'refused', reason, retryIn: reply.retryIn() };
  const interval = reply.number('interval');
  if (interval === undefined) return malformed('it has no interval');
  const peers = reply.peers('peers');
  if (peers === undefined) return malformed('its peers are no list that BEP 3 or BEP 23 knows');
  const peers6 = reply.peers6();
  if (peers6 === 'bad') return malformed('its peers6 are not entries of 18 octets (BEP 7)');
  return {
    kind: 'announced',
    interval,
    minInterval: reply.number('min interval'),
    seeders: reply.number('complete'),
    leechers: reply.number('incomplete'),
    peers: peers.ipv4,
    peers6: peers6 ?? peers.ipv6,
    warning: reply.text('warning message'),
  };
}

function malformed(message: string): AnnounceResult {
  return { kind: 'malformed', message: `the body is no reply of a tracker: ${message}` };
}

interface PeerLists {
  /** Undefined where the reply has no such key. */
  readonly ipv4: Uint8Array | undefined;
  readonly ipv6: Uint8Array | undefined;
}

const NO_LISTS: PeerLists = { ipv4: undefined, ipv6: undefined };

class Reply {
  private readonly octets: Uint8Array;
  private readonly values: ReadonlyMap<string, Span>;

  constructor(octets: Uint8Array, values: ReadonlyMap<string, Span>) {
    this.octets = octets;
    this.values = values;
  }

  text(key: string): string | undefined {
    const span = this.string(key);
    if (span === undefined) return undefined;
    const text = octetsToText(this.octets, span.start, Math.min(span.end, span.start + MAX_REASON_OCTETS));
    return decodeUtf8(text) ?? text;
  }

  number(key: string): number | undefined {
    const value = this.values.get(key);
    if (value === undefined || this.octets[value.start] !== 0x69) return undefined;
    return Number(octetsToText(this.octets, value.start + 1, value.end - 1));
  }

  /** BEP 31: minutes, or `never`. */
  retryIn(): number | 'never' | undefined {
    return this.text('retry in') === 'never' ? 'never' : this.number('retry in');
  }

  /** A string is compact (BEP 23), a list one of dictionaries. */
  peers(key: string): PeerLists | undefined {
    const value = this.values.get(key);
    if (value === undefined) return NO_LISTS;
    if (isList(this.octets, value.start)) return this.listed(value.start);
    const span = this.string(key);
    if (span === undefined || (span.end - span.start) % 6 !== 0) return undefined;
    return { ipv4: this.octets.slice(span.start, span.end), ipv6: undefined };
  }

  peers6(): Uint8Array | 'bad' | undefined {
    if (!this.values.has('peers6')) return undefined;
    const span = this.string('peers6');
    if (span === undefined || (span.end - span.start) % 18 !== 0) return 'bad';
    return this.octets.slice(span.start, span.end);
  }

  private string(key: string): Span | undefined {
    const value = this.values.get(key);
    if (value === undefined || !isString(this.octets, value.start)) return undefined;
    return stringSpan(this.octets, value.start);
  }

  /** Host names among the peers are left out: nobody has looked them up. */
  private listed(start: number): PeerLists | undefined {
    const lists: { 4: number[]; 6: number[] } = { 4: [], 6: [] }; // as long as the reply
    for (const item of itemsOf(this.octets, start)) {
      if (!isDictionary(this.octets, item.start)) return undefined;
      const values = new Map<string, Span>();
      for (const { key, value } of entriesOf(this.octets, item.start)) {
        values.set(octetsToText(this.octets, key.start, key.end), value);
      }
      const peer = new Reply(this.octets, values);
      const address = parseIpAddress(peer.text('ip') ?? '');
      const port = peer.number('port');
      if (address === undefined || port === undefined || port < 1 || port > 65_535) continue;
      lists[address.length === 4 ? 4 : 6].push(...address, port >>> 8, port & 0xff);
    }
    return {
      ipv4: Uint8Array.from(lists[4]),
      ipv6: lists[6].length === 0 ? undefined : Uint8Array.from(lists[6]),
    };
  }
}
