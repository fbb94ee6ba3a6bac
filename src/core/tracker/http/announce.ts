// BEP 3 announces over HTTP: query to request, reply to bencode (BEP 7, 23, 24).
// Parameters are positional: an object a call is what this code exists to avoid.

import { formatIpAddress } from '../../net/ip-address.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { readUint16 } from '../../octets/big-endian.ts';
import { sipHash24 } from '../../octets/siphash.ts';
import { NO_NUMBER, readNumericKey } from '../../swarm/client-key.ts';
import { INFO_HASH_OCTETS, PEER_ID_OCTETS } from '../../swarm/shard.ts';
import type { SwarmTable } from '../../swarm/table.ts';
import { AnnounceEvent, type AnnounceReply, type AnnounceRequest } from '../announce.ts';
import { DEFAULT_NUMWANT, MAX_NUMWANT, resolveNumwant, type TrackerSettings } from '../settings.ts';
import { createParameter, decodePercent, isName, MALFORMED, readDecimal, readParameter } from './query.ts';
import {
  type Writer,
  writeIntegerEntry,
  writeNumber,
  writeOctets,
  writeString,
  writeStringLength,
  writeText,
} from './writer.ts';

/** The parameters that are read, in order of {@link Name}; each may be there once. All others (`ip`, `ipv6`, …) are ignored. */
const NAMES = [
  'info_hash',
  'peer_id',
  'port',
  'uploaded',
  'downloaded',
  'left',
  'event',
  'numwant',
  'compact',
  'key',
] as const;

const Name = {
  infoHash: 0,
  peerId: 1,
  port: 2,
  uploaded: 3,
  downloaded: 4,
  left: 5,
  event: 6,
  numwant: 7,
  compact: 8,
  key: 9,
} as const;
type Name = (typeof Name)[keyof typeof Name];

/** By length of a name, which tells most of them apart: the numbers of those that are so long. */
const NAMES_OF_LENGTH: readonly (readonly number[])[] = Array.from({ length: 11 }, (_, length) =>
  NAMES.flatMap((name, number) => (name.length === length ? [number] : [])),
);

const EVENTS: readonly (readonly [string, AnnounceEvent])[] = [
  ['', AnnounceEvent.none],
  ['started', AnnounceEvent.started],
  ['stopped', AnnounceEvent.stopped],
  ['completed', AnnounceEvent.completed],
  ['paused', AnnounceEvent.paused],
  ['empty', AnnounceEvent.none],
  ['none', AnnounceEvent.none],
];

/** No client's key is longer: those seen have 8 to 16 octets. */
const MAX_KEY_OCTETS = 64;
const KEY_OFFSET = INFO_HASH_OCTETS + PEER_ID_OCTETS;
/** Endpoints of the peers of the largest reply. */
const MAX_PEERS_OCTETS = MAX_NUMWANT * 18;

/** One a front end: where the last query's parameters were, and what they decoded to. */
export interface AnnounceQuery {
  /** By index of the name: where its value starts (−1: it is not there) and ends. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly parameter: ReturnType<typeof createParameter>;
  /** Info-hash, peer id, key. */
  readonly decoded: Uint8Array;
  /** Peers of the reply before they are bencoded. */
  readonly peers: Uint8Array;
  isCompact: boolean;
}

export function createAnnounceQuery(): AnnounceQuery {
  return {
    starts: new Int32Array(NAMES.length),
    ends: new Int32Array(NAMES.length),
    parameter: createParameter(),
    decoded: new Uint8Array(KEY_OFFSET + MAX_KEY_OCTETS),
    peers: new Uint8Array(MAX_PEERS_OCTETS),
    isCompact: true,
  };
}

/** Fills in `request` from octets[start..end); returns the reason when that cannot be done. */
export function parseAnnounce(
  table: SwarmTable,
  query: AnnounceQuery,
  octets: Uint8Array,
  start: number,
  end: number,
  request: AnnounceRequest,
): string | undefined {
  const { decoded } = query;
  const doubled = locate(query, octets, start, end);
  if (doubled !== undefined) return `${doubled} is given twice`;
  if (decode(query, octets, Name.infoHash, 0, INFO_HASH_OCTETS) !== INFO_HASH_OCTETS) {
    return 'info_hash must be 20 octets, percent-encoded';
  }
  if (decode(query, octets, Name.peerId, INFO_HASH_OCTETS, PEER_ID_OCTETS) !== PEER_ID_OCTETS) {
    return 'peer_id must be 20 octets, percent-encoded';
  }
  request.octets = decoded;
  request.infoHashOffset = 0;
  request.peerIdOffset = INFO_HASH_OCTETS;
  const port = number(query, octets, Name.port, MALFORMED);
  if (port < 1 || port > 65535) return 'port must be a number from 1 to 65535';
  request.port = port;
  if (number(query, octets, Name.uploaded, 0) === MALFORMED) return 'uploaded must be a number';
  if (number(query, octets, Name.downloaded, 0) === MALFORMED) return 'downloaded must be a number';
  const left = number(query, octets, Name.left, 1);
  if (left === MALFORMED) return 'left must be a number';
  request.isSeed = left === 0;
  const numwant = readNumwant(query, octets);
  if (numwant === MALFORMED) return 'numwant must be a number';
  request.numwant = numwant;
  const event = readEvent(query, octets);
  if (event === undefined) return 'unknown event';
  request.event = event;
  request.clientKey = readKey(table, query, octets);
  query.isCompact = !isSet(query, octets, Name.compact, '0');
  return undefined;
}

/** Finds the parameters; returns the name of one that is there twice. */
function locate(query: AnnounceQuery, octets: Uint8Array, start: number, end: number): string | undefined {
  const { parameter, starts, ends } = query;
  for (let index = 0; index < NAMES.length; index++) starts[index] = -1;
  for (let at = start; readParameter(octets, at, end, parameter); at = parameter.next) {
    const { nameStart, nameEnd } = parameter;
    const candidates = NAMES_OF_LENGTH[nameEnd - nameStart];
    if (candidates === undefined) continue;
    for (let candidate = 0; candidate < candidates.length; candidate++) {
      const index = candidates[candidate]!;
      if (!isName(octets, nameStart, nameEnd, NAMES[index]!)) continue;
      if (starts[index] !== -1) return NAMES[index];
      starts[index] = parameter.valueStart;
      ends[index] = parameter.valueEnd;
      break;
    }
  }
  return undefined;
}

/** Octets decoded; {@link MALFORMED} also when the parameter is not there. */
function decode(
  query: AnnounceQuery,
  octets: Uint8Array,
  index: Name,
  offset: number,
  limit: number,
): number {
  if (query.starts[index] === -1) return MALFORMED;
  return decodePercent(octets, query.starts[index]!, query.ends[index]!, query.decoded, offset, limit);
}

function number(query: AnnounceQuery, octets: Uint8Array, index: Name, absent: number): number {
  if (query.starts[index] === -1) return absent;
  return readDecimal(octets, query.starts[index]!, query.ends[index]!);
}

function isSet(query: AnnounceQuery, octets: Uint8Array, index: Name, value: string): boolean {
  return query.starts[index] !== -1 && isName(octets, query.starts[index]!, query.ends[index]!, value);
}

function readNumwant(query: AnnounceQuery, octets: Uint8Array): number {
  const index = Name.numwant;
  const start = query.starts[index]!;
  const end = query.ends[index]!;
  if (start === -1 || start === end) return DEFAULT_NUMWANT;
  const isNegative = octets[start] === 0x2d;
  const size = readDecimal(octets, isNegative ? start + 1 : start, end);
  if (size === MALFORMED) return MALFORMED;
  return resolveNumwant(isNegative && size > 0 ? -size : size);
}

function readEvent(query: AnnounceQuery, octets: Uint8Array): AnnounceEvent | undefined {
  const index = Name.event;
  if (query.starts[index] === -1) return AnnounceEvent.none;
  for (const [name, event] of EVENTS) {
    if (isName(octets, query.starts[index]!, query.ends[index]!, name)) return event;
  }
  return undefined;
}

/** A key that is too long or wrongly encoded is no reason to refuse a client: what it wrote is its key. */
function readKey(table: SwarmTable, query: AnnounceQuery, octets: Uint8Array): number {
  const index = Name.key;
  const start = query.starts[index]!;
  const end = query.ends[index]!;
  if (start === -1 || start === end) return 0;
  const length = decode(query, octets, Name.key, KEY_OFFSET, MAX_KEY_OCTETS);
  if (length === MALFORMED) return sipHash24(table.key, octets, start, end - start) || 1;
  const key = readNumericKey(query.decoded, KEY_OFFSET, length);
  return key === NO_NUMBER ? sipHash24(table.key, query.decoded, KEY_OFFSET, length) || 1 : key;
}

/** The reply of a successful announce, keys sorted. Peers are in `query.peers`. */
export function writeAnnounceReply(
  writer: Writer,
  query: AnnounceQuery,
  reply: AnnounceReply,
  source: PacketSource,
  settings: TrackerSettings,
): void {
  const isIpv4 = source.family === 4;
  writeText(writer, 'd');
  writeIntegerEntry(writer, '8:complete', reply.complete);
  writeIntegerEntry(writer, '10:downloaded', reply.downloaded);
  writeText(writer, '11:external ip');
  writeStringLength(writer, isIpv4 ? 4 : 16);
  writeOctets(writer, source.octets, 0, isIpv4 ? 4 : 16);
  writeIntegerEntry(writer, '10:incomplete', reply.incomplete);
  writeIntegerEntry(writer, '8:interval', reply.intervalSeconds);
  writeIntegerEntry(writer, '12:min interval', Math.min(settings.minIntervalSeconds, reply.intervalSeconds));
  const ownOctets = reply.ownPeers * (isIpv4 ? 6 : 18);
  const ipv4At = isIpv4 ? 0 : ownOctets;
  const ipv6At = isIpv4 ? ownOctets : 0;
  const ipv4Peers = isIpv4 ? reply.ownPeers : reply.otherPeers;
  const ipv6Peers = isIpv4 ? reply.otherPeers : reply.ownPeers;
  if (query.isCompact) {
    writeText(writer, '5:peers');
    writeStringLength(writer, ipv4Peers * 6);
    writeOctets(writer, query.peers, ipv4At, ipv4Peers * 6);
    if (ipv6Peers > 0) {
      writeText(writer, '6:peers6');
      writeStringLength(writer, ipv6Peers * 18);
      writeOctets(writer, query.peers, ipv6At, ipv6Peers * 18);
    }
  } else {
    writeText(writer, '5:peersl');
    writeDictionaries(writer, query, 0, reply.ownPeers, isIpv4 ? 4 : 16);
    writeDictionaries(writer, query, ownOctets, reply.otherPeers, isIpv4 ? 16 : 4);
    writeText(writer, 'e');
  }
  writeText(writer, 'e');
}

/**
 * Peers as BEP 3 had them before BEP 23, without their ids, which the table does not keep: as for `no_peer_id`. The
 * rare form, so that strings are allowed here.
 */
function writeDictionaries(
  writer: Writer,
  query: AnnounceQuery,
  start: number,
  count: number,
  addressOctets: 4 | 16,
): void {
  let at = start;
  for (let index = 0; index < count; index++) {
    writeText(writer, 'd2:ip');
    writeString(writer, formatIpAddress(query.peers.subarray(at, at + addressOctets)));
    const port = readUint16(query.peers, at + addressOctets);
    at += addressOctets + 2;
    writeText(writer, '4:porti');
    writeNumber(writer, port);
    writeText(writer, 'ee');
  }
}
