// The HTTP tracker: one complete request head in, one complete reply out. What it refuses as an announce is an HTTP
// 200 with a bencoded reason, because that is all that clients show; what is no request at all is an HTTP error.

import { type AccessGate, countAdmitted, createAccessGate, type Refusal } from '../../access/access-gate.ts';
import { createTrackerPath, readTrackerPath, type TrackerPath } from '../../access/passkey-path.ts';
import { Counter, type Counters } from '../../counters.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { FOREIGN_HOST } from '../../preference/host-rule.ts';
import type { SwarmTable } from '../../swarm/table.ts';
import { NO_ROW, TRAFFIC_CELLS, Traffic, type TrafficCounts } from '../../traffic.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../announce.ts';
import type { JournalPlace } from '../announce-journal.ts';
import type { TrackerSettings } from '../settings.ts';
import { createAnnounceQuery, parseAnnounce, writeAnnounceReply } from './announce.ts';
import { createForwardedReader, type ForwardedReader } from './forwarded.ts';
import { createRequestHead, parseRequestHead, type RequestHead } from './head.ts';
import { createHostReader, type JudgeHost, type RequestHost } from './host.ts';
import {
  createTrackerPages,
  PAGE_FIELDS,
  type PageSettings,
  ROBOTS_TEXT,
  type TrackerPages,
} from './pages.ts';
import { refuseAnnounce, refuseAsker } from './refuse-access.ts';
import {
  finishReply,
  HEAD_ROOM,
  type HttpReply,
  JSON_FIELDS,
  type Status,
  TEXT_FIELDS,
  writeNotFound,
  writeReason,
} from './reply.ts';
import { createScrapeQuery, parseScrape, writeScrapeReply } from './scrape.ts';
import { type Writer, writeIntegerEntry, writeString, writeText } from './writer.ts';

/** Room that `respond` needs: 200 peers as dictionaries with IPv6 addresses and ids are 19,000 octets. */
export const MAX_HTTP_REPLY_OCTETS = 32 * 1024;
/** nginx's and Apache's bound on a head line; an announce takes 400–700 octets, a scrape of 74 info-hashes 5,300. */
export const MAX_REQUEST_HEAD_OCTETS = 8 * 1024;

/** Longer reasons are cut: a client shows a line, and the reply buffer has an end. */
const MAX_SENTENCE_OCTETS = 512;

export interface HttpTrackerOptions {
  readonly table: SwarmTable;
  readonly settings: TrackerSettings;
  readonly counters: Counters;
  /** By the rows of sources and of hosts. */
  readonly traffic: TrafficCounts;
  /** Asked for announces, scrapes and the index page of hosts that are DNS names. */
  readonly hostRule: JudgeHost;
  /** Requests come over TLS. They do not where it is left out. */
  readonly isSecured?: boolean;
  /** Nothing is refused where it is left out. */
  readonly access?: AccessGate;
  /** See Tracker. */
  readonly journals?: JournalPlace | undefined;
}

export interface HttpTracker {
  /**
   * Answers the request whose head is head[start..end), the empty line included. `reply` has
   * {@link MAX_HTTP_REPLY_OCTETS} free from 0. Never throws, whatever the octets. Seven positional parameters for
   * the reason that a packet handler has them.
   */
  respond(
    head: Uint8Array,
    start: number,
    end: number,
    source: PacketSource,
    localPort: number,
    reply: Uint8Array,
    nowSeconds: number,
  ): HttpReply;
  /** What pages say from now on, and of hosts as they now are. Before the first call they have no policy and no stats. */
  publish(settings: PageSettings): void;
}

interface FrontEnd extends HttpTrackerOptions {
  readonly access: AccessGate;
  readonly path: TrackerPath;
  readonly head: RequestHead;
  readonly announceQuery: ReturnType<typeof createAnnounceQuery>;
  readonly scrapeQuery: ReturnType<typeof createScrapeQuery>;
  readonly request: ReturnType<typeof createAnnounceRequest>;
  readonly answer: ReturnType<typeof createAnnounceReply>;
  readonly body: Writer;
  readonly pages: TrackerPages;
  /** Of the request at hand: where it is counted, as its socket and as its host. */
  socketRow: number;
  hostRow: number;
  /** Of its reply: what the body is. */
  fields: string;
}

export function createHttpTracker(options: HttpTrackerOptions): HttpTracker {
  const { access = createAccessGate({ counters: options.counters }) } = options;
  const front: FrontEnd = {
    ...options,
    access,
    path: createTrackerPath(),
    head: createRequestHead(),
    announceQuery: createAnnounceQuery(),
    scrapeQuery: createScrapeQuery(),
    request: createAnnounceRequest(),
    answer: createAnnounceReply(),
    body: { octets: new Uint8Array(0), at: 0 },
    pages: createTrackerPages(options.table, {
      isSecured: options.isSecured === true,
      isPrivate: access.passkeys !== undefined,
    }),
    socketRow: NO_ROW,
    hostRow: NO_ROW,
    fields: TEXT_FIELDS,
  };
  const hosts = createHostReader();
  const forwarded = createForwarded(options.settings);
  const result: HttpReply = { length: 0, keepAlive: false, isClientDone: false };

  return {
    respond(octets, start, end, source, localPort, reply, nowSeconds) {
      const { head, body } = front;
      body.octets = reply;
      body.at = HEAD_ROOM;
      front.fields = TEXT_FIELDS;
      front.socketRow = source.row;
      let status: Status = parseRequestHead(octets, start, end, head);
      const host = status === 200 ? hosts.read(octets, head.hostStart, head.hostEnd) : undefined;
      if (status === 200 && host === undefined) status = 400;
      const asker =
        forwarded === undefined || status !== 200 ? source : forwarded.read(octets, start, end, source);
      if (typeof asker === 'string') refuse(front, asker);
      else if (status === 200) status = route(front, octets, host!, asker, localPort, nowSeconds);
      if (status !== 200) front.counters[Counter.httpErrors]!++;
      if (status === 404) {
        front.counters[Counter.httpBadPaths]!++;
        writeNotFound(head, reply, result);
        return result;
      }
      if (status !== 200) {
        front.counters[Counter.httpBadRequests]!++;
        body.at = HEAD_ROOM;
        writeReason(body, status);
      }
      finishReply(head, body, status, front.fields, result);
      return result;
    },
    publish: front.pages.publish,
  };
}

/** Undefined where whoever connects is who asks. */
function createForwarded({ proxies }: TrackerSettings): ForwardedReader | undefined {
  if (proxies?.field === undefined) return undefined;
  return createForwardedReader({ ...proxies, field: proxies.field });
}

function route(
  front: FrontEnd,
  octets: Uint8Array,
  host: RequestHost,
  source: PacketSource,
  localPort: number,
  nowSeconds: number,
): Status {
  const { head, body } = front;
  if (head.method === 'other') return 405;
  const isPrivate = front.access.passkeys !== undefined;
  readTrackerPath(octets, head.pathStart, head.pathEnd, head.queryEnd, isPrivate, front.path);
  if (front.path.kind !== 'other') {
    if (head.method !== 'GET') return 405;
    const { refusal, row } = host.isLiteral ? FOREIGN_HOST : front.hostRule(host.name, localPort);
    front.hostRow = row;
    if (refusal !== undefined) {
      front.counters[Counter.httpWrongHost]!++;
      fail(body, refusal, 'never');
    } else answerAsker(front, octets, source, nowSeconds);
    return 200;
  }
  return routePage(front, octets, host, localPort, nowSeconds);
}

function answerAsker(front: FrontEnd, octets: Uint8Array, source: PacketSource, nowSeconds: number): void {
  const denial = refuseAsker(front.access, octets, front.path, source, nowSeconds);
  if (denial !== undefined) deny(front, denial);
  else if (front.path.kind === 'announce') answerAnnounce(front, octets, source, nowSeconds);
  else answerScrape(front, octets, source.family);
}

/** 404 for what is not there, which is nearly everything. */
function routePage(
  front: FrontEnd,
  octets: Uint8Array,
  host: RequestHost,
  localPort: number,
  nowSeconds: number,
): Status {
  const { head, body, pages } = front;
  if (isPath(octets, head, '/robots.txt')) writeText(body, ROBOTS_TEXT);
  else {
    const isIndex = head.pathEnd - head.pathStart <= 1;
    if (!isIndex && !isPath(octets, head, '/stats')) return 404;
    const verdict = host.isLiteral ? FOREIGN_HOST : front.hostRule(host.name, localPort);
    if (isIndex) pages.writeIndex(body, host, verdict, localPort, nowSeconds);
    else if (!pages.writeStats(body, host, verdict)) return 404;
    front.fields = isIndex ? PAGE_FIELDS : JSON_FIELDS;
  }
  front.counters[Counter.httpPages]!++;
  return 200;
}

function isPath(octets: Uint8Array, { pathStart, pathEnd }: RequestHead, path: string): boolean {
  return pathEnd - pathStart === path.length && endsWith(octets, pathStart, pathEnd, path);
}

function endsWith(octets: Uint8Array, start: number, end: number, text: string): boolean {
  const offset = end - text.length;
  if (offset < start) return false;
  for (let index = 0; index < text.length; index++) {
    if (octets[offset + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function answerAnnounce(front: FrontEnd, octets: Uint8Array, source: PacketSource, nowSeconds: number): void {
  const { head, body, request, answer, announceQuery: query, table, counters, settings } = front;
  const failure = parseAnnounce(table, query, octets, head.queryStart, head.queryEnd, request);
  if (failure !== undefined) {
    counters[Counter.httpErrors]!++;
    counters[Counter.httpBadAnnounces]!++;
    fail(body, failure);
    return;
  }
  const denial = refuseAnnounce(front.access, request);
  if (denial !== undefined) {
    deny(front, denial);
    return;
  }
  request.address = source.octets;
  request.family = source.family;
  request.bothFamilies = true;
  answer.octets = query.peers;
  answer.offset = 0;
  counters[source.family === 4 ? Counter.httpAnnouncesIpv4 : Counter.httpAnnouncesIpv6]!++;
  countTraffic(front, Traffic.announces);
  announce(front, request, nowSeconds, answer);
  countAdmitted(front.access);
  writeAnnounceReply(body, query, answer, source, settings);
}

function answerScrape(front: FrontEnd, octets: Uint8Array, family: 4 | 6): void {
  const { head, body, scrapeQuery, table, settings, counters } = front;
  const failure = parseScrape(scrapeQuery, octets, head.queryStart, head.queryEnd);
  if (failure !== undefined) {
    counters[Counter.httpErrors]!++;
    counters[Counter.httpBadScrapes]!++;
    fail(body, failure);
    return;
  }
  counters[family === 4 ? Counter.httpScrapesIpv4 : Counter.httpScrapesIpv6]!++;
  countTraffic(front, Traffic.scrapes);
  writeScrapeReply(body, scrapeQuery, table, front.access, settings);
}

function countTraffic({ traffic, socketRow, hostRow }: FrontEnd, cell: number): void {
  traffic[socketRow * TRAFFIC_CELLS + cell]!++;
  traffic[hostRow * TRAFFIC_CELLS + cell]!++;
}

/** As an announce: that is what nearly all requests are. */
function refuse({ body, counters }: FrontEnd, sentence: string): void {
  counters[Counter.httpErrors]!++;
  fail(body, sentence);
}

function deny({ body, counters }: FrontEnd, { sentence, retryMinutes }: Refusal): void {
  counters[Counter.httpErrors]!++;
  fail(body, sentence, retryMinutes);
}

/** `retry in` (BEP 31): when asking again here may help. */
function fail(body: Writer, sentence: string, retryMinutes?: number | 'never'): void {
  writeText(body, 'd14:failure reason');
  writeString(body, sentence.slice(0, MAX_SENTENCE_OCTETS));
  if (retryMinutes === 'never') writeText(body, '8:retry in5:never');
  else if (retryMinutes !== undefined) writeIntegerEntry(body, '8:retry in', retryMinutes);
  writeText(body, 'e');
}
