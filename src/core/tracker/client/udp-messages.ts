// BEP 15 from the client's side: requests to octets, replies back.

import { readUint32, writeUint16, writeUint32 } from '../../octets/big-endian.ts';
import {
  type AnnounceQuery,
  type AnnounceResult,
  EVENTS,
  keyNumber,
  type ScrapeResult,
} from './announce-query.ts';

const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;

/** 0x41727101980. */
const PROTOCOL_ID = [0x417, 0x27101980] as const;
const CONNECT_OCTETS = 16;
const ANNOUNCE_OCTETS = 98;
/** Action, transaction, interval, leechers, seeders. */
const ANNOUNCED_OCTETS = 20;

const HASH_OCTETS = 20;
/** Of a scrape's request before the hashes, and of its reply before the counts. */
const SCRAPE_HEAD_OCTETS = { request: 16, reply: 8 } as const;
/** Seeders, completed, leechers. */
const SCRAPED_OCTETS = 12;

/** BEP 41: what an option can say of its length. */
const MAX_OPTION_OCTETS = 255;
const OPTION_URL_DATA = 2;
/** As much of a path as browsers and trackers take; an announce stays one datagram. */
export const MAX_URL_DATA_OCTETS = 1024;

/** An error packet's text beyond this is no sentence. */
const MAX_ERROR_OCTETS = 1024;

/** `transaction` is any 32-bit number that the reply is known by. */
export function encodeConnect(transaction: number): Uint8Array {
  const octets = new Uint8Array(CONNECT_OCTETS);
  writeUint32(octets, 0, PROTOCOL_ID[0]);
  writeUint32(octets, 4, PROTOCOL_ID[1]);
  writeUint32(octets, 8, ACTION.connect);
  writeUint32(octets, 12, transaction);
  return octets;
}

export interface UdpAnnounce {
  /** Eight octets, of {@link readConnected}. */
  readonly connectionId: Uint8Array;
  readonly transaction: number;
  readonly query: AnnounceQuery;
  /** Path and query of the URL as octets (BEP 41), at most {@link MAX_URL_DATA_OCTETS}; the rest is cut. */
  readonly urlData: Uint8Array;
}

export function encodeAnnounce({ connectionId, transaction, query, urlData }: UdpAnnounce): Uint8Array {
  const data = urlData.subarray(0, MAX_URL_DATA_OCTETS);
  const chunks = Math.ceil(data.length / MAX_OPTION_OCTETS);
  const octets = new Uint8Array(ANNOUNCE_OCTETS + data.length + chunks * 2);
  const view = new DataView(octets.buffer);
  octets.set(connectionId, 0);
  writeUint32(octets, 8, ACTION.announce);
  writeUint32(octets, 12, transaction);
  octets.set(query.infoHash, 16);
  octets.set(query.peerId, 36);
  view.setBigUint64(56, BigInt.asUintN(64, query.downloaded));
  view.setBigUint64(64, BigInt.asUintN(64, query.left));
  view.setBigUint64(72, BigInt.asUintN(64, query.uploaded));
  writeUint32(octets, 80, EVENTS.indexOf(query.event));
  writeUint32(octets, 88, keyNumber(query.key));
  view.setInt32(92, query.numwant);
  writeUint16(octets, 96, query.port);
  for (let chunk = 0, at = ANNOUNCE_OCTETS; chunk < chunks; chunk++) {
    const part = data.subarray(chunk * MAX_OPTION_OCTETS, (chunk + 1) * MAX_OPTION_OCTETS);
    octets[at] = OPTION_URL_DATA;
    octets[at + 1] = part.length;
    octets.set(part, at + 2);
    at += 2 + part.length;
  }
  return octets;
}

export type ConnectReply =
  | { readonly kind: 'connected'; readonly connectionId: Uint8Array }
  | Exclude<AnnounceResult, { kind: 'announced' }>;

/** Undefined for a datagram that is not the reply to `transaction`: it may come from anyone. */
export function readConnected(octets: Uint8Array, transaction: number): ConnectReply | undefined {
  if (!isReplyTo(octets, transaction)) return undefined;
  const action = readUint32(octets, 0);
  if (action === ACTION.error) return readError(octets);
  if (action !== ACTION.connect || octets.length < CONNECT_OCTETS) {
    return { kind: 'malformed', message: 'the reply to connect is none' };
  }
  return { kind: 'connected', connectionId: octets.slice(8, 16) };
}

/** Peers are of `family`: that of the tracker's address (BEP 15). Undefined as for {@link readConnected}. */
export function readAnnounced(
  octets: Uint8Array,
  transaction: number,
  family: 4 | 6,
): AnnounceResult | undefined {
  if (!isReplyTo(octets, transaction)) return undefined;
  const action = readUint32(octets, 0);
  if (action === ACTION.error) return readError(octets);
  if (action !== ACTION.announce || octets.length < ANNOUNCED_OCTETS) {
    return { kind: 'malformed', message: 'the reply to announce is none' };
  }
  const list = octets.slice(ANNOUNCED_OCTETS);
  const size = family === 4 ? 6 : 18;
  if (list.length % size !== 0) {
    return {
      kind: 'malformed',
      message: `the peers are not entries of ${size} octets, as over IPv${family}`,
    };
  }
  return {
    kind: 'announced',
    interval: readUint32(octets, 8),
    minInterval: undefined,
    leechers: readUint32(octets, 12),
    seeders: readUint32(octets, 16),
    peers: family === 4 ? list : undefined,
    peers6: family === 6 ? list : undefined,
    warning: undefined,
  };
}

/** At most 74 hashes of 20 octets (BEP 15). */
export function encodeScrape(
  connectionId: Uint8Array,
  transaction: number,
  infoHashes: readonly Uint8Array[],
): Uint8Array {
  const octets = new Uint8Array(SCRAPE_HEAD_OCTETS.request + infoHashes.length * HASH_OCTETS);
  octets.set(connectionId, 0);
  writeUint32(octets, 8, ACTION.scrape);
  writeUint32(octets, 12, transaction);
  for (const [index, infoHash] of infoHashes.entries())
    octets.set(infoHash, SCRAPE_HEAD_OCTETS.request + index * HASH_OCTETS);
  return octets;
}

/** `count` is how many hashes were asked for. Undefined as for {@link readConnected}. */
export function readScraped(
  octets: Uint8Array,
  transaction: number,
  count: number,
): ScrapeResult | undefined {
  if (!isReplyTo(octets, transaction)) return undefined;
  const action = readUint32(octets, 0);
  if (action === ACTION.error) return readError(octets);
  if (action !== ACTION.scrape || octets.length < SCRAPE_HEAD_OCTETS.reply + count * SCRAPED_OCTETS) {
    return { kind: 'malformed', message: 'the reply to scrape is none' };
  }
  const torrents = Array.from({ length: count }, (_, index) => {
    const at = SCRAPE_HEAD_OCTETS.reply + index * SCRAPED_OCTETS;
    return {
      seeders: readUint32(octets, at),
      completed: readUint32(octets, at + 4),
      leechers: readUint32(octets, at + 8),
    };
  });
  return { kind: 'scraped', torrents };
}

function isReplyTo(octets: Uint8Array, transaction: number): boolean {
  return octets.length >= 8 && readUint32(octets, 4) === transaction >>> 0;
}

function readError(octets: Uint8Array): Exclude<AnnounceResult, { kind: 'announced' }> {
  let reason = '';
  for (const octet of octets.subarray(8, 8 + MAX_ERROR_OCTETS)) {
    if (octet !== 0) reason += String.fromCharCode(octet);
  }
  return { kind: 'refused', reason, retryIn: undefined };
}
