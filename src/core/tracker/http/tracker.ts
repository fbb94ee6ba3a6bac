// The HTTP tracker: one complete request head in, one complete reply out. What it refuses as an announce is an HTTP
// 200 with a bencoded reason, because that is all that clients show; what is no request at all is an HTTP error.

import { Counter, type Counters } from '../../counters.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import type { SwarmTable } from '../../swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../announce.ts';
import type { JournalPlace } from '../announce-journal.ts';
import type { TrackerSettings } from '../settings.ts';
import { createAnnounceQuery, parseAnnounce, writeAnnounceReply } from './announce.ts';
import { createForwardedReader, type ForwardedReader } from './forwarded.ts';
import { createRequestHead, parseRequestHead, type RequestHead } from './head.ts';
import { createHostReader, type HostRule, type RequestHost } from './host.ts';
import { formatIndexPage, ROBOTS_TEXT } from './pages.ts';
import { createScrapeQuery, parseScrape, writeScrapeReply } from './scrape.ts';
import { type Writer, writeNumber, writeString, writeText } from './writer.ts';

/** Room that `respond` needs: 200 peers as dictionaries with IPv6 addresses and ids are 19,000 octets. */
export const MAX_HTTP_REPLY_OCTETS = 32 * 1024;
/** nginx's and Apache's bound on a head line; an announce takes 400–700 octets, a scrape of 74 info-hashes 5,300. */
export const MAX_REQUEST_HEAD_OCTETS = 8 * 1024;

/** Where bodies are written before the size of the head is known. */
const HEAD_ROOM = 256;

/** Longer reasons are cut: a client shows a line, and the reply buffer has an end. */
const MAX_SENTENCE_OCTETS = 512;

const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  505: 'HTTP Version Not Supported',
} as const;
type Status = keyof typeof REASONS;

/** One object, overwritten by every call. */
export interface HttpReply {
  /** Octets written from the start of the reply buffer; never 0. */
  length: number;
  /** Whether the connection may serve another request. */
  keepAlive: boolean;
  /** The client has said that this was its last request, and no body follows. */
  isClientDone: boolean;
}

export interface HttpTrackerOptions {
  readonly table: SwarmTable;
  readonly settings: TrackerSettings;
  readonly counters: Counters;
  /** Asked for announces, scrapes and the index page of hosts that are DNS names. */
  readonly hostRule: HostRule;
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
}

interface FrontEnd extends HttpTrackerOptions {
  readonly head: RequestHead;
  readonly announceQuery: ReturnType<typeof createAnnounceQuery>;
  readonly scrapeQuery: ReturnType<typeof createScrapeQuery>;
  readonly request: ReturnType<typeof createAnnounceRequest>;
  readonly answer: ReturnType<typeof createAnnounceReply>;
  readonly body: Writer;
}

export function createHttpTracker(options: HttpTrackerOptions): HttpTracker {
  const front: FrontEnd = {
    ...options,
    head: createRequestHead(),
    announceQuery: createAnnounceQuery(),
    scrapeQuery: createScrapeQuery(),
    request: createAnnounceRequest(),
    answer: createAnnounceReply(),
    body: { octets: new Uint8Array(0), at: 0 },
  };
  const hosts = createHostReader();
  const forwarded = createForwarded(options.settings);
  const result: HttpReply = { length: 0, keepAlive: false, isClientDone: false };

  return {
    respond(octets, start, end, source, localPort, reply, nowSeconds) {
      const { head, body } = front;
      body.octets = reply;
      body.at = HEAD_ROOM;
      let status: Status = parseRequestHead(octets, start, end, head);
      const host = status === 200 ? hosts.read(octets, head.hostStart, head.hostEnd) : undefined;
      if (status === 200 && host === undefined) status = 400;
      const asker =
        forwarded === undefined || status !== 200 ? source : forwarded.read(octets, start, end, source);
      if (typeof asker === 'string') refuse(front, asker);
      else if (status === 200) status = route(front, octets, host!, asker, localPort, nowSeconds);
      if (status !== 200) {
        front.counters[Counter.httpErrors]!++;
        body.at = HEAD_ROOM;
        writeText(body, REASONS[status]);
        writeText(body, '\n');
      }
      finish(front, status, result);
      return result;
    },
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
  const isAnnounce = endsWith(octets, head.pathStart, head.pathEnd, '/announce');
  if (isAnnounce || endsWith(octets, head.pathStart, head.pathEnd, '/scrape')) {
    if (head.method !== 'GET') return 405;
    const refusal = host.isLiteral ? undefined : front.hostRule(host.name, localPort);
    if (refusal !== undefined) {
      front.counters[Counter.httpWrongHost]!++;
      fail(body, refusal, true);
    } else if (isAnnounce) answerAnnounce(front, octets, source, nowSeconds);
    else answerScrape(front, octets);
    return 200;
  }
  const pathLength = head.pathEnd - head.pathStart;
  if (pathLength <= 1) {
    const refusal = host.isLiteral ? undefined : front.hostRule(host.name, localPort);
    writeText(body, formatIndexPage(host, refusal));
    return 200;
  }
  if (pathLength === '/robots.txt'.length && endsWith(octets, head.pathStart, head.pathEnd, '/robots.txt')) {
    writeText(body, ROBOTS_TEXT);
    return 200;
  }
  return 404;
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
    fail(body, failure, false);
    return;
  }
  request.address = source.octets;
  request.family = source.family;
  request.bothFamilies = true;
  answer.octets = query.peers;
  answer.offset = 0;
  counters[source.family === 4 ? Counter.httpAnnouncesIpv4 : Counter.httpAnnouncesIpv6]!++;
  announce(front, request, nowSeconds, answer);
  writeAnnounceReply(body, query, answer, source, settings);
}

function answerScrape(front: FrontEnd, octets: Uint8Array): void {
  const { head, body, scrapeQuery, table, settings, counters } = front;
  const failure = parseScrape(scrapeQuery, octets, head.queryStart, head.queryEnd);
  if (failure !== undefined) {
    counters[Counter.httpErrors]!++;
    fail(body, failure, false);
    return;
  }
  counters[Counter.httpScrapes]!++;
  writeScrapeReply(body, scrapeQuery, table, settings);
}

/** As an announce: that is what nearly all requests are. */
function refuse({ body, counters }: FrontEnd, sentence: string): void {
  counters[Counter.httpErrors]!++;
  fail(body, sentence, false);
}

/** `retry in` (BEP 31): asking again here will never help. */
function fail(body: Writer, sentence: string, isFinal: boolean): void {
  writeText(body, 'd14:failure reason');
  writeString(body, sentence.slice(0, MAX_SENTENCE_OCTETS));
  if (isFinal) writeText(body, '8:retry in5:never');
  writeText(body, 'e');
}

/** Writes the head in front of the body and closes the gap between them. */
function finish(front: FrontEnd, status: Status, result: HttpReply): void {
  const { head, body } = front;
  const keepAlive = head.keepAlive && status !== 400 && status !== 405 && status !== 505;
  const bodyEnd = body.at;
  body.at = 0;
  writeText(body, 'HTTP/1.1 ');
  writeNumber(body, status);
  writeText(body, ' ');
  writeText(body, REASONS[status]);
  writeText(body, '\r\nContent-Type: text/plain\r\nContent-Length: ');
  writeNumber(body, bodyEnd - HEAD_ROOM);
  if (status === 405) writeText(body, '\r\nAllow: GET');
  if (!keepAlive) writeText(body, '\r\nConnection: close');
  else if (head.minorVersion === 0) writeText(body, '\r\nConnection: keep-alive');
  writeText(body, '\r\n\r\n');
  const bodyStart = body.at;
  result.keepAlive = keepAlive;
  result.isClientDone = (status === 200 || status === 404) && !head.keepAlive && !head.hasBody;
  result.length = bodyStart;
  if (head.method === 'HEAD' && status !== 400) return;
  body.octets.copyWithin(bodyStart, HEAD_ROOM, bodyEnd);
  result.length = bodyStart + bodyEnd - HEAD_ROOM;
}
