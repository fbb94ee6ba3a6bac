// Announces and scrapes as clients write them into URLs (BEP 3, 48), read so that they can go another way.

import { MAX_PASSKEY_OCTETS } from '../../access/passkey-path.ts';
import { decodePercent } from '../../octets/percent.ts';
import { textToOctets } from '../../octets/text.ts';
import { type AnnounceQuery, type ClientEvent, EVENTS } from './announce-query.ts';

/** BEP 3. */
const HASH_OCTETS = 20;
/** BEP 15: as many as one packet holds; the same here over HTTP. */
export const MAX_SCRAPED_HASHES = 74;
/** BEP 15 has 32 bits for it, with a sign. */
const MAX_NUMWANT = 2 ** 31 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;

export interface RequestFault {
  readonly kind: 'fault';
  /** A sentence for a client to show. */
  readonly message: string;
}

export interface AnnounceRequest {
  readonly kind: 'announce';
  readonly query: AnnounceQuery;
  /** The parameters that BEP 15 has no field for, as written, with `&` between: passkeys, claimed addresses. */
  readonly rest: string;
}

export interface ScrapeRequest {
  readonly kind: 'scrape';
  /** Each of 20 octets; one at least, {@link MAX_SCRAPED_HASHES} at most. */
  readonly infoHashes: readonly Uint8Array[];
}

/** What may follow `announce`: unreserved characters (RFC 3986 §2.3), but for the segments that lead elsewhere (§5.2.4). */
const KEY_SEGMENT = new RegExp(`^(?!\\.{1,2}$)[A-Za-z0-9._~-]{0,${MAX_PASSKEY_OCTETS}}$`);

/**
 * What the path asks for, by its last segment: `announce`, `scrape`, or these with an ending (`announce.php`); or by the one
 * before, where private trackers have the passkey behind it (`announce/PASSKEY`).
 */
export function requestKind(path: string): 'announce' | 'scrape' | undefined {
  const last = path.lastIndexOf('/');
  const kind = kindOfSegment(path.slice(last + 1));
  if (kind !== undefined || last < 1 || !KEY_SEGMENT.test(path.slice(last + 1))) return kind;
  return kindOfSegment(path.slice(path.lastIndexOf('/', last - 1) + 1, last));
}

function kindOfSegment(segment: string): 'announce' | 'scrape' | undefined {
  return /^(announce|scrape)(?:\.[a-z]{1,5})?$/.exec(segment)?.[1] as 'announce' | 'scrape' | undefined;
}

/** Every parameter but these has its place in {@link AnnounceQuery}, or says how the reply is to be written. */
const CARRIED = new Set([
  'info_hash',
  'peer_id',
  'port',
  'uploaded',
  'downloaded',
  'left',
  'event',
  'numwant',
  'key',
  'compact',
  'no_peer_id',
]);

/** `query` is what stands after the question mark. A number that is none counts as absent. */
export function parseAnnounceRequest(query: string): AnnounceRequest | RequestFault {
  const values = new Map<string, string>(); // at most one entry a parameter
  const rest: string[] = [];
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=');
    const name = equals < 0 ? parameter : parameter.slice(0, equals);
    if (!CARRIED.has(name)) {
      if (parameter !== '') rest.push(parameter);
      continue;
    }
    if (values.has(name)) return fault(`the announce says ${name} twice`);
    const value = decodePercent(parameter.slice(equals + 1));
    if (value === undefined) return fault(`the ${name} of the announce is not percent-encoded`);
    values.set(name, value);
  }
  const infoHash = values.get('info_hash');
  const peerId = values.get('peer_id');
  if (infoHash?.length !== HASH_OCTETS) return fault('the announce has no info_hash of 20 octets');
  if (peerId?.length !== HASH_OCTETS) return fault('the announce has no peer_id of 20 octets');
  const port = Number(decimal(values.get('port')) ?? 0n);
  if (port < 1 || port > 65_535) return fault('the announce has no port from 1 to 65535');
  return {
    kind: 'announce',
    query: {
      infoHash: textToOctets(infoHash),
      peerId: textToOctets(peerId),
      port,
      uploaded: decimal(values.get('uploaded')) ?? 0n,
      downloaded: decimal(values.get('downloaded')) ?? 0n,
      left: decimal(values.get('left')) ?? 1n, // not known to be a seed
      event: eventOf(values.get('event')),
      numwant: numwantOf(values.get('numwant')),
      key: values.get('key'),
    },
    rest: rest.join('&'),
  };
}

/** Other parameters than `info_hash` are passed over. */
export function parseScrapeRequest(query: string): ScrapeRequest | RequestFault {
  const infoHashes: Uint8Array[] = []; // bounded by MAX_SCRAPED_HASHES
  for (const parameter of query.split('&')) {
    if (!parameter.startsWith('info_hash=')) continue;
    const value = decodePercent(parameter.slice('info_hash='.length));
    if (value?.length !== HASH_OCTETS) return fault('the scrape has an info_hash that is not 20 octets');
    if (infoHashes.length === MAX_SCRAPED_HASHES)
      return fault(`the scrape has more than ${MAX_SCRAPED_HASHES} info_hash`);
    infoHashes.push(textToOctets(value));
  }
  return infoHashes.length === 0 ? fault('the scrape has no info_hash') : { kind: 'scrape', infoHashes };
}

function fault(message: string): RequestFault {
  return { kind: 'fault', message };
}

function decimal(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[0-9]{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > MAX_UINT64 ? undefined : value;
}

function eventOf(text: string | undefined): ClientEvent {
  return EVENTS.find((event) => event === text) ?? 'none';
}

function numwantOf(text: string | undefined): number {
  const number = decimal(text);
  return number === undefined || number > MAX_NUMWANT ? -1 : Number(number);
}
