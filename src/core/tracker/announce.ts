// The announce, free of any protocol: both front ends fill in a request, call this, and encode what it says. One
// request and one reply object serve a front end for ever; nothing is allocated.
// Parameters are positional: an object a call is what this code exists to avoid.

import { Counter } from '../counters.ts';
import { copyOctets } from '../octets/big-endian.ts';
import { halfSipHash13 } from '../octets/half-siphash.ts';
import { clientKeyTag } from '../swarm/client-key.ts';
import { expireAtTouch } from '../swarm/expire.ts';
import { changeClientKey, changeEndpoint, changeState, leaveSwarm } from '../swarm/members.ts';
import { countCompleted, otherHalf } from '../swarm/pairs.ts';
import {
  groupOf,
  hasIdentity,
  identityFrom,
  keyTagAt,
  metaAt,
  NOT_FOUND,
  PeerState,
  stateOf,
  withSeen,
} from '../swarm/peers.ts';
import { randomUint32 } from '../swarm/random.ts';
import { rebuildShard } from '../swarm/rebuild.ts';
import { findEndpoint, findIdentity, hasSoughtEndpoint, Want } from '../swarm/search.ts';
import { createSelection, eligiblePeers, type Selection, writePeers } from '../swarm/select.ts';
import { HEAD, lockShard, PEER_ID_OCTETS, RECORD, type SwarmShard, unlockShard } from '../swarm/shard.ts';
import { joinFullSwarm, makeRoom, shedTorrent } from '../swarm/shed.ts';
import { type SwarmTable, shardOf } from '../swarm/table.ts';
import { addTorrent, dropTorrent, findTorrent, hashTorrent, NO_TORRENT, peersOf } from '../swarm/torrents.ts';
import { type JournalPlace, recordAnnounce } from './announce-journal.ts';
import { EVENT_COUNTERS } from './event-counters.ts';
import { INTERVAL_JITTER, type TrackerSettings } from './settings.ts';

/** `paused` is BEP 21; the numbers are those of BEP 15, in which libtorrent and others send 4 for paused. */
export const AnnounceEvent = { none: 0, completed: 1, started: 2, stopped: 3, paused: 4 } as const;
export type AnnounceEvent = (typeof AnnounceEvent)[keyof typeof AnnounceEvent];

export interface AnnounceRequest {
  /** Holds the info-hash and the peer id, 20 octets each. */
  octets: Uint8Array;
  infoHashOffset: number;
  peerIdOffset: number;
  /** The source address: 4 or 16 octets from the start, by `family`. */
  address: Uint8Array;
  family: 4 | 6;
  /** 1–65535; the front end refuses 0. */
  port: number;
  /** `left` is 0. */
  isSeed: boolean;
  event: AnnounceEvent;
  /** See client-key.ts; 0 is none. */
  clientKey: number;
  /** Peers to list, resolved and capped by the front end. */
  numwant: number;
  /** Up to a quarter of the peers may be of the other family; the asker's come first. */
  bothFamilies: boolean;
}

/** The selection says where peers go; `offset` ends behind the last. */
export interface AnnounceReply extends Selection {
  complete: number;
  incomplete: number;
  downloaded: number;
  intervalSeconds: number;
  /** Peers of the asker's family, written first. */
  ownPeers: number;
  /** Peers of the other family, written behind them. */
  otherPeers: number;
}

export function createAnnounceRequest(): AnnounceRequest {
  return {
    octets: new Uint8Array(0),
    infoHashOffset: 0,
    peerIdOffset: 0,
    address: new Uint8Array(16),
    family: 4,
    port: 0,
    isSeed: false,
    event: AnnounceEvent.none,
    clientKey: 0,
    numwant: 0,
    bothFamilies: false,
  };
}

export function createAnnounceReply(): AnnounceReply {
  return {
    ...createSelection(),
    complete: 0,
    incomplete: 0,
    downloaded: 0,
    intervalSeconds: 0,
    ownPeers: 0,
    otherPeers: 0,
  };
}

export interface Tracker {
  readonly table: SwarmTable;
  readonly settings: TrackerSettings;
  /** Where every announce is noted while the table is copied; nowhere where it is left out. */
  readonly journals?: JournalPlace | undefined;
}

/**
 * Enters, refreshes or removes the peer, then writes the peers it may know to `reply`. A client in a full table is
 * answered all the same, but not kept.
 */
export function announce(
  { table, settings, journals }: Tracker,
  request: AnnounceRequest,
  nowSeconds: number,
  reply: AnnounceReply,
): void {
  const counter = EVENT_COUNTERS[request.event];
  if (counter !== undefined) table.counters[counter]!++;
  const hash = hashTorrent(table.key, request.octets, request.infoHashOffset);
  const shard = shardOf(table, hash);
  seek(table, request);
  lockShard(shard);
  try {
    reply.intervalSeconds = jitteredInterval(shard, settings);
    announceTo(shard, hash, request, nowSeconds, reply);
  } catch (error) {
    // Our mistake, met half-way through a change: what others find must hold.
    rebuildShard(shard, nowSeconds);
    throw error;
  } finally {
    unlockShard(shard);
  }
  if (journals?.journal !== undefined) recordAnnounce(journals.journal, request, nowSeconds);
}

/** With the lock held. */
function announceTo(
  shard: SwarmShard,
  hash: number,
  request: AnnounceRequest,
  nowSeconds: number,
  reply: AnnounceReply,
): void {
  reply.ownPeers = 0;
  reply.otherPeers = 0;
  const family = request.family === 4 ? 0 : 1;
  const isStopping = request.event === AnnounceEvent.stopped;
  const torrent = torrentFor(shard, hash, request, !isStopping);
  if (torrent === NO_TORRENT) {
    reportNothing(reply);
    return;
  }
  expireAtTouch(shard, torrent, nowSeconds);
  const former = findFormer(shard, torrent, family);
  if (isStopping) {
    if (former !== NOT_FOUND) leaveSwarm(shard, torrent, family, former);
    reportCounts(shard, torrent, reply);
    if (peersOf(shard, torrent) === 0 && reply.downloaded === 0) dropTorrent(shard, torrent);
    return;
  }
  shard.words[torrent + RECORD.seen] = nowSeconds;
  const place = enter(shard, torrent, former, request, nowSeconds);
  if (peersOf(shard, torrent) === 0) {
    dropTorrent(shard, torrent);
    reportNothing(reply);
    return;
  }
  if (request.event === AnnounceEvent.completed && request.isSeed && place !== NOT_FOUND) {
    if (countCompleted(shard, torrent, family, place)) shard.counters[Counter.completed]!++;
  }
  reportCounts(shard, torrent, reply);
  selectPeers(shard, torrent, place, request, reply);
}

function jitteredInterval({ head }: SwarmShard, { intervalSeconds }: TrackerSettings): number {
  const spread = (randomUint32(head, HEAD.random) / 0x80000000 - 1) * INTERVAL_JITTER;
  return Math.round(intervalSeconds * (1 + spread));
}

/** Puts the asker into the form in which the table compares. */
function seek({ key, sought }: SwarmTable, request: AnnounceRequest): void {
  copyOctets(request.address, 0, request.family === 4 ? 4 : 16, sought.endpoint, 0);
  const port = request.family === 4 ? 4 : 16;
  sought.endpoint[port] = request.port >>> 8;
  sought.endpoint[port + 1] = request.port;
  sought.identity = identityFrom(halfSipHash13(key, request.octets, request.peerIdOffset, PEER_ID_OCTETS));
  sought.keyTag = clientKeyTag(request.clientKey);
}

function torrentFor(shard: SwarmShard, hash: number, request: AnnounceRequest, isWanted: boolean): number {
  const { octets, infoHashOffset } = request;
  const torrent = findTorrent(shard, hash, octets, infoHashOffset);
  if (torrent !== NO_TORRENT || !isWanted) return torrent;
  const added = addTorrent(shard, hash, octets, infoHashOffset);
  if (added !== NO_TORRENT) return added;
  shard.counters[Counter.torrentsCapped]!++;
  return shedTorrent(shard, NO_TORRENT) ? addTorrent(shard, hash, octets, infoHashOffset) : NO_TORRENT;
}

/**
 * Where this client stood: at its endpoint, or elsewhere under its identity. Another client's entry at the same
 * endpoint is gone by then: only one program can listen there.
 */
function findFormer(shard: SwarmShard, torrent: number, family: number): number {
  const atEndpoint = findEndpoint(shard, torrent, family);
  if (atEndpoint !== NOT_FOUND) {
    const meta = shard.words[metaAt(shard, groupOf(torrent, family), atEndpoint)]!;
    if (hasIdentity(meta, shard.sought.identity)) return atEndpoint;
    leaveSwarm(shard, torrent, family, atEndpoint);
  }
  return findIdentity(shard, torrent, family, Want.own);
}

/** Place of the asker in its swarm afterwards; {@link NOT_FOUND} when there was no room. */
function enter(
  shard: SwarmShard,
  torrent: number,
  former: number,
  request: AnnounceRequest,
  nowSeconds: number,
): number {
  const family = request.family === 4 ? 0 : 1;
  const state = stateFor(request);
  if (former !== NOT_FOUND) return refresh(shard, torrent, former, request, nowSeconds);
  if (!makeRoom(shard, torrent, nowSeconds)) return NOT_FOUND;
  return joinFullSwarm(shard, torrent, family, state, nowSeconds);
}

function stateFor(request: AnnounceRequest): PeerState {
  if (request.isSeed) return PeerState.seed;
  return request.event === AnnounceEvent.paused ? PeerState.partial : PeerState.leecher;
}

function refresh(
  shard: SwarmShard,
  torrent: number,
  former: number,
  request: AnnounceRequest,
  nowSeconds: number,
): number {
  const family = request.family === 4 ? 0 : 1;
  const group = groupOf(torrent, family);
  const { words, octets, sought } = shard;
  let place = former;
  if (!hasSoughtEndpoint(shard, group, place, family)) place = changeEndpoint(shard, torrent, family, place);
  if (place === NOT_FOUND) return NOT_FOUND;
  if (sought.keyTag !== 0 && octets[keyTagAt(shard, group, place)] !== sought.keyTag) {
    changeClientKey(shard, torrent, family, place);
  }
  const state = stateFor(request);
  let at = metaAt(shard, group, place);
  if (stateOf(words[at]!) !== state) {
    place = changeState(shard, torrent, family, place, state);
    at = metaAt(shard, group, place);
  }
  words[at] = withSeen(shard, words[at]!, nowSeconds);
  return place;
}

function reportNothing(reply: AnnounceReply): void {
  reply.complete = 0;
  reply.incomplete = 0;
  reply.downloaded = 0;
}

function reportCounts({ words }: SwarmShard, torrent: number, reply: AnnounceReply): void {
  reply.complete = words[torrent + RECORD.complete]!;
  reply.incomplete = words[torrent + RECORD.incomplete]!;
  reply.downloaded = words[torrent + RECORD.downloaded]!;
}

function selectPeers(
  shard: SwarmShard,
  torrent: number,
  place: number,
  request: AnnounceRequest,
  reply: AnnounceReply,
): void {
  if (request.numwant === 0) return;
  const family = request.family === 4 ? 0 : 1;
  const own = groupOf(torrent, family);
  reply.leechersOnly = stateFor(request) !== PeerState.leecher;
  const ownEligible = eligiblePeers(shard, own, place, reply.leechersOnly);
  if (!request.bothFamilies) {
    reply.ownPeers = Math.min(request.numwant, ownEligible);
    writePeers(shard, own, place, reply.ownPeers, reply);
    return;
  }
  const other = groupOf(torrent, 1 - family);
  const twin = place === NOT_FOUND ? NOT_FOUND : otherHalf(shard, torrent, family, place);
  const otherEligible = eligiblePeers(shard, other, twin, reply.leechersOnly);
  const ownShare = Math.max(Math.ceil(request.numwant * 0.75), request.numwant - otherEligible);
  reply.ownPeers = Math.min(ownShare, ownEligible);
  reply.otherPeers = Math.min(request.numwant - reply.ownPeers, otherEligible);
  writePeers(shard, own, place, reply.ownPeers, reply);
  writePeers(shard, other, twin, reply.otherPeers, reply);
}
