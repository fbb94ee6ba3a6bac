// What a client wants of the gateway: an announce or a scrape of some tracker, and nothing else, ever.

import type { IncomingMessage } from 'node:http';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { parseTrackerUrl, type TrackerUrl } from '../../core/rewrite/tracker-url.ts';
import {
  type AnnounceRequest,
  parseAnnounceRequest,
  parseScrapeRequest,
  requestKind,
  type ScrapeRequest,
} from '../../core/tracker/client/announce-request.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';

export interface GatewayRequest {
  /** As the client wrote it, info-hash and all. */
  readonly url: TrackerUrl;
  readonly path: string;
  /** Path and query as written. */
  readonly rest: string;
  readonly asked: AnnounceRequest | ScrapeRequest;
  readonly userAgent: string;
  readonly authorization: string | undefined;
}

export interface RefusedRequest {
  readonly kind: 'refused';
  readonly status: 400 | 403 | 405;
  readonly message: string;
}

/** RFC 9110 §10.1.5: every program should say something. */
const UNNAMED = 'portolan-gateway';

/** Only GET of `http://host[:port]/…/announce?…` or `…/scrape?…` (RFC 9112 §3.2.2), with an info-hash and no body. */
export function readGatewayRequest(request: IncomingMessage): GatewayRequest | RefusedRequest {
  const { method, headers, url: text = '' } = request;
  if (request.httpVersionMajor !== 1) return refused(400, 'the gateway speaks HTTP/1.1');
  if (method !== 'GET') return refused(405, 'the gateway carries announces and scrapes only, which are GET');
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    return refused(400, 'an announce has no body');
  if (text.startsWith('/')) return refused(400, 'this is a proxy: name it in the settings of a client');
  if (/^https:/i.test(text)) return refused(403, 'https goes through a proxy by CONNECT only');
  if (!/^[\x21-\x7e]*$/.test(text) || text.includes('#')) return refused(400, 'the URL is malformed');
  const url = parseTrackerUrl(text);
  if (url.kind === 'fault' || url.scheme !== 'http')
    return refused(403, 'the gateway carries http URLs only');
  const rest = text.slice(url.restStart);
  const mark = rest.indexOf('?');
  const path = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  const kind = requestKind(path);
  if (kind === undefined) return refused(403, 'the gateway carries announces and scrapes only');
  const asked = kind === 'announce' ? parseAnnounceRequest(query) : parseScrapeRequest(query);
  if (asked.kind === 'fault') return refused(403, asked.message);
  const userAgent = headers['user-agent'] ?? UNNAMED;
  return { url, path, rest, asked, userAgent, authorization: headers.authorization };
}

function refused(status: RefusedRequest['status'], message: string): RefusedRequest {
  return { kind: 'refused', status, message };
}

/**
 * What addresses are looked up for; undefined for what is no host, other notations of IPv4 (`127.1`) among them. An
 * address comes without brackets.
 */
export function connectHost(url: TrackerUrl): string | undefined {
  const name = lookupHost(url, toAsciiHost);
  if (typeof name === 'string') return name;
  const written = url.text.slice(url.hostStart, url.hostEnd).replace(/^\[(.*)\]$/, '$1');
  switch (name.kind) {
    case 'bad-host':
      return undefined;
    case 'literal':
      return canonicalAddress(written);
    case 'not-in-dns':
      return written.toLowerCase();
  }
}
