// What an operator may set about announces, and what both front ends answer by.

import type { SharedPasskeys } from '../access/passkey-table.ts';
import type { ProxyRule } from '../net/proxy-rule.ts';

export interface TrackerSettings {
  /** Makes the tracker a private one (BEP 27): who has none of these is not served. */
  readonly passkeys?: SharedPasskeys | undefined;
  /** Asked of clients between two announces, before {@link INTERVAL_JITTER}. Peers live 1.5 times as long. */
  readonly intervalSeconds: number;
  /** Told to HTTP clients as `min interval`. */
  readonly minIntervalSeconds: number;
  /** Told to HTTP clients as `min_request_interval` (BEP 48). */
  readonly scrapeIntervalSeconds: number;
  /** A BEP 15 connection id is good for at least this long, at most twice as long. */
  readonly connectionIdLifetimeSeconds: number;
  /** In front of the HTTP tracker; undefined: whoever connects is who asks. */
  readonly proxies?: ProxyRule | undefined;
}

export const DEFAULT_TRACKER_SETTINGS: TrackerSettings = {
  intervalSeconds: 1800,
  minIntervalSeconds: 900,
  scrapeIntervalSeconds: 900,
  connectionIdLifetimeSeconds: 120,
};

/** Peers are forgotten after this many intervals without an announce. */
export const PEER_LIFETIME_INTERVALS = 1.5;
/** Replies spread over ± 10 % of the interval, so that clients do not stay in step. */
export const INTERVAL_JITTER = 0.1;

/** Peers of a reply when the client names no number (BEP 3, BEP 15). */
export const DEFAULT_NUMWANT = 50;
/** With 18-octet entries 200 over HTTP are 3,600 octets; over UDP and IPv4 200 are 1,200 in one packet. */
export const MAX_NUMWANT = 200;
/** 20 + 66 × 18 = 1,208 octets: one packet over IPv6, whose smallest MTU is 1,280 (RFC 8200 §5). */
export const MAX_NUMWANT_UDP_IPV6 = 66;
/** Hashes of one scrape (BEP 15: "up to about 74 torrents can be scraped at once"). */
export const MAX_SCRAPE_HASHES = 74;

/**
 * Peers to list: what was asked for, read as the signed 32-bit number that it is in BEP 15, so that negative numbers,
 * and 2³² − 1, which is how −1 looks there, mean {@link DEFAULT_NUMWANT}.
 */
export function resolveNumwant(asked: number): number {
  if (asked < 0 || (asked >= 0x80000000 && asked <= 0xffffffff)) return DEFAULT_NUMWANT;
  return Math.min(asked, MAX_NUMWANT);
}
