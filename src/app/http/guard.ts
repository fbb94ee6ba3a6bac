// Who may ask: requests that a page elsewhere makes a browser send are told from those of people and programs, and
// every answer says what a browser may do with it.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { ProblemError } from './problem.ts';

export interface GuardOptions {
  /** Names that the server may be asked by, beside addresses and `localhost`; undefined: any name. */
  readonly hosts: readonly string[] | undefined;
  /** Whose pages may ask and read what comes (CORS): `https://tool.example`, or `*` for any. */
  readonly origins: readonly string[];
}

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** For `onRequest`. Ends with the problems `wrong-host` and `cross-site`. */
export function createGuard({ hosts, origins }: GuardOptions): Guard {
  return async ({ method, headers, url }, reply) => {
    reply.headers(HEADERS);
    if (hosts !== undefined && !isOwnHost(headers.host, hosts)) throw new ProblemError('wrong-host');
    const { origin } = headers;
    if (origin !== undefined && isAllowedOrigin(origin, origins)) return;
    if (!isSameOrigin(headers) && !isVisit(method, headers, url)) throw new ProblemError('cross-site');
  };
}

/** Nothing is kept, guessed at, framed or embedded elsewhere; addresses of pages are told to their own server only. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/**
 * An address, `localhost` or one of `hosts`: what no stranger's DNS can make lead here (DNS rebinding). `host` is the
 * header, port and all.
 */
export function isOwnHost(host: string | undefined, hosts: readonly string[] = []): boolean {
  const name = nameOf(host ?? '');
  if (name === undefined) return false;
  return name === 'localhost' || hosts.includes(name) || canonicalAddress(name) !== undefined;
}

/** In lower case, without brackets, port and final dot; undefined for what is no host. */
function nameOf(host: string): string | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::[0-9]{1,5})?$/.exec(host);
  return match === null ? undefined : (match[1] ?? match[2]!).toLowerCase().replace(/\.$/, '');
}

function isAllowedOrigin(origin: string, origins: readonly string[]): boolean {
  return origins.includes('*') || origins.includes(origin);
}

type Headers = FastifyRequest['headers'];

/**
 * Fetch Metadata says it where a browser sends it; `Origin` says it of older ones, and where the server is asked in clear
 * text by another address than loopback. Programs send neither.
 */
function isSameOrigin({ origin, host, ...headers }: Headers): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin === undefined) return true;
  return /^https?:\/\//.test(origin) && origin.slice(origin.indexOf('://') + 3) === host;
}

/** Somebody followed a link to a page: nothing is asked that would do or give anything to the page with the link. */
function isVisit(method: string, headers: Headers, url: string): boolean {
  return (
    method === 'GET' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    !url.startsWith('/v1/')
  );
}
