// BEP 15 as a packet handler: connect, announce, scrape. Until a source has shown by a connection id that it receives
// what is sent to it, it gets at most as many octets as it sent; with a wrong id it gets nothing.

import {
  type AccessGate,
  countAdmitted,
  createAccessGate,
  isScrapable,
  refuseAddress,
} from '../../access/access-gate.ts';
import { Counter, type Counters } from '../../counters.ts';
import type { PacketHandler, PacketSource } from '../../net/packet-handler.ts';
import { readUint16, readUint32, writeUint32 } from '../../octets/big-endian.ts';
import { createSipHashKey } from '../../octets/siphash.ts';
import type { SwarmTable } from '../../swarm/table.ts';
import { TRAFFIC_CELLS, Traffic, type TrafficCounts } from '../../traffic.ts';
import {
  type AnnounceEvent,
  type AnnounceReply,
  type AnnounceRequest,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../announce.ts';
import type { JournalPlace } from '../announce-journal.ts';
import { clearScrapeCounts, createScrapeCounts, type ScrapeCounts, scrape } from '../scrape.ts';
import {
  MAX_NUMWANT_UDP_IPV6,
  MAX_SCRAPE_HASHES,
  resolveNumwant,
  type TrackerSettings,
} from '../settings.ts';
import { type ConnectionIds, createConnectionIds } from './connection-id.ts';
import { hasValidOptions } from './options.ts';
import { createUrlData, refusePacket, refuseScrape, type UrlData } from './refuse-access.ts';

/** BEP 15: what a connect request has in place of a connection id, 0x41727101980. */
const PROTOCOL_ID_HIGH = 0x417;
const PROTOCOL_ID_LOW = 0x27101980;

export const UdpAction = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;

/** Connection id, action, transaction id. */
const HEADER_OCTETS = 16;
const ANNOUNCE_OCTETS = 98;
const LAST_EVENT = 4;
const HASH_OCTETS = 20;

// Offsets of an announce request (BEP 15).
const AT = {
  action: 8,
  transaction: 12,
  infoHash: 16,
  peerId: 36,
  left: 64,
  event: 80,
  key: 88,
  numwant: 92,
  port: 96,
};

export interface UdpTrackerOptions {
  readonly table: SwarmTable;
  readonly settings: TrackerSettings;
  /** 16 octets that strangers cannot know; the same in every worker and across a takeover. */
  readonly connectionKey: Uint8Array;
  readonly counters: Counters;
  /** By the rows of sources. */
  readonly traffic: TrafficCounts;
  /** See Tracker. */
  readonly journals?: JournalPlace | undefined;
  /** Nothing is refused where it is left out. */
  readonly access?: AccessGate;
}

interface UdpTracker {
  readonly table: SwarmTable;
  readonly settings: TrackerSettings;
  readonly counters: Counters;
  readonly traffic: TrafficCounts;
  readonly journals: JournalPlace | undefined;
  readonly access: AccessGate;
  readonly url: UrlData;
  readonly connectionIds: ConnectionIds;
  readonly request: AnnounceRequest;
  readonly reply: AnnounceReply;
  readonly counts: ScrapeCounts;
}

export function createUdpTracker(options: UdpTrackerOptions): PacketHandler {
  const { table, settings, counters, traffic, access = createAccessGate({ counters }) } = options;
  const key = createSipHashKey(options.connectionKey);
  const connectionIds = createConnectionIds(key, settings.connectionIdLifetimeSeconds);
  const tracker: UdpTracker = {
    table,
    settings,
    counters,
    traffic,
    journals: options.journals,
    access,
    url: createUrlData(),
    connectionIds,
    request: createAnnounceRequest(),
    reply: createAnnounceReply(),
    counts: createScrapeCounts(),
  };

  return function handleTrackerPacket(packet, offset, length, source, reply, replyOffset, nowSeconds) {
    if (length < HEADER_OCTETS || source.port === 0) return drop(counters);
    const action = readUint32(packet, offset + AT.action);
    if (
      action === UdpAction.connect &&
      readUint32(packet, offset) === PROTOCOL_ID_HIGH &&
      readUint32(packet, offset + 4) === PROTOCOL_ID_LOW
    ) {
      // Silence, as of a firewall: whose address it is, nobody has shown yet.
      if (refuseAddress(access, source) !== undefined) return drop(counters);
      counters[Counter.udpConnects]!++;
      begin(packet, offset, UdpAction.connect, reply, replyOffset);
      connectionIds.write(source, nowSeconds, reply, replyOffset + 8);
      return 16;
    }
    if (!connectionIds.isValid(source, nowSeconds, packet, offset)) return drop(counters);
    if (action === UdpAction.announce) {
      return answerAnnounce(tracker, packet, offset, length, source, reply, replyOffset, nowSeconds);
    }
    if (action === UdpAction.scrape) {
      return answerScrape(tracker, packet, offset, length, source, reply, replyOffset);
    }
    counters[Counter.udpBadActions]!++;
    return fail(tracker, packet, offset, 'unknown action', reply, replyOffset);
  };
}

function drop(counters: Counters): 0 {
  counters[Counter.udpDropped]!++;
  return 0;
}

/** Action and transaction id, with which every reply begins. */
function begin(
  packet: Uint8Array,
  offset: number,
  action: number,
  reply: Uint8Array,
  replyOffset: number,
): void {
  writeUint32(reply, replyOffset, action);
  for (let index = 0; index < 4; index++) {
    reply[replyOffset + 4 + index] = packet[offset + AT.transaction + index]!;
  }
}

function fail(
  { counters }: UdpTracker,
  packet: Uint8Array,
  offset: number,
  sentence: string,
  reply: Uint8Array,
  replyOffset: number,
): number {
  counters[Counter.udpErrors]!++;
  begin(packet, offset, UdpAction.error, reply, replyOffset);
  for (let index = 0; index < sentence.length; index++) {
    reply[replyOffset + 8 + index] = sentence.charCodeAt(index);
  }
  return 8 + sentence.length;
}

/** Eight positional parameters, as those of a packet handler: an object a packet is what they avoid. */
function answerAnnounce(
  tracker: UdpTracker,
  packet: Uint8Array,
  offset: number,
  length: number,
  source: PacketSource,
  reply: Uint8Array,
  replyOffset: number,
  nowSeconds: number,
): number {
  const refusal = refuseAnnounce(packet, offset, length);
  const { request, reply: answer, counters, traffic } = tracker;
  if (refusal !== undefined) {
    counters[Counter.udpBadAnnounces]!++;
    return fail(tracker, packet, offset, refusal, reply, replyOffset);
  }
  const infoHash = offset + AT.infoHash;
  const options = offset + ANNOUNCE_OCTETS;
  const end = offset + length;
  const { access, url } = tracker;
  const denial = refusePacket(access, url, packet, infoHash, options, end, source, nowSeconds);
  if (denial !== undefined) return fail(tracker, packet, offset, denial.sentence, reply, replyOffset);
  request.octets = packet;
  request.infoHashOffset = infoHash;
  request.peerIdOffset = offset + AT.peerId;
  request.address = source.octets;
  request.family = source.family;
  request.port = readUint16(packet, offset + AT.port);
  request.isSeed =
    readUint32(packet, offset + AT.left) === 0 && readUint32(packet, offset + AT.left + 4) === 0;
  request.event = readUint32(packet, offset + AT.event) as AnnounceEvent;
  request.clientKey = readUint32(packet, offset + AT.key) | 0;
  const numwant = resolveNumwant(readUint32(packet, offset + AT.numwant));
  request.numwant = source.family === 6 ? Math.min(numwant, MAX_NUMWANT_UDP_IPV6) : numwant;
  answer.octets = reply;
  answer.offset = replyOffset + 20;
  counters[source.family === 4 ? Counter.udpAnnouncesIpv4 : Counter.udpAnnouncesIpv6]!++;
  traffic[source.row * TRAFFIC_CELLS + Traffic.announces]!++;
  announce(tracker, request, nowSeconds, answer);
  countAdmitted(access);
  begin(packet, offset, UdpAction.announce, reply, replyOffset);
  writeUint32(reply, replyOffset + 8, answer.intervalSeconds);
  writeUint32(reply, replyOffset + 12, answer.incomplete);
  writeUint32(reply, replyOffset + 16, answer.complete);
  return answer.offset - replyOffset;
}

/** Why an announce of a proven source cannot be taken. The IP field (BEP 15, BEP 7) is ignored, not refused. */
function refuseAnnounce(packet: Uint8Array, offset: number, length: number): string | undefined {
  if (length < ANNOUNCE_OCTETS) return 'announce is cut short';
  if (readUint16(packet, offset + AT.port) === 0) return 'port 0 cannot be announced';
  if (readUint32(packet, offset + AT.event) > LAST_EVENT) return 'unknown event';
  if (!hasValidOptions(packet, offset + ANNOUNCE_OCTETS, offset + length)) return 'malformed options';
  return undefined;
}

function answerScrape(
  tracker: UdpTracker,
  packet: Uint8Array,
  offset: number,
  length: number,
  source: PacketSource,
  reply: Uint8Array,
  replyOffset: number,
): number {
  const { table, counts, counters, traffic, access } = tracker;
  const hashes = Math.min(Math.floor((length - HEADER_OCTETS) / HASH_OCTETS), MAX_SCRAPE_HASHES);
  if (hashes === 0) {
    counters[Counter.udpBadScrapes]!++;
    return fail(tracker, packet, offset, 'scrape without info-hash', reply, replyOffset);
  }
  const denial = refuseScrape(access, source);
  if (denial !== undefined) return fail(tracker, packet, offset, denial.sentence, reply, replyOffset);
  counters[source.family === 4 ? Counter.udpScrapesIpv4 : Counter.udpScrapesIpv6]!++;
  traffic[source.row * TRAFFIC_CELLS + Traffic.scrapes]!++;
  begin(packet, offset, UdpAction.scrape, reply, replyOffset);
  for (let index = 0; index < hashes; index++) {
    const hash = offset + HEADER_OCTETS + index * HASH_OCTETS;
    if (isScrapable(access, packet, hash)) scrape(table, packet, hash, counts);
    else clearScrapeCounts(counts);
    const at = replyOffset + 8 + index * 12;
    writeUint32(reply, at, counts.complete);
    writeUint32(reply, at + 4, counts.downloaded);
    writeUint32(reply, at + 8, counts.incomplete);
  }
  return 8 + hashes * 12;
}
