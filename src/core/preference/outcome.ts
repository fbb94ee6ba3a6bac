// What a look-up of a host's preference can say (BEP 34). The five outcomes are kept apart: only the first two may
// ever change a URL.

import type { Endpoint } from '../net/endpoint.ts';

export type Outcome = Declared | Denied | Silent | Conflict | Failed;

interface FromRecord {
  /** The record's text: its character-strings joined without separator. */
  readonly record: string;
  /** Seconds the answer may be kept, as the server gave it (clamped by the resolver). */
  readonly ttlSeconds: number;
  /** The resolver set AD: it validated the answer by DNSSEC. */
  readonly authenticated: boolean;
  /** An expired answer served because no new one could be had (RFC 8767). */
  readonly stale: boolean;
  /** Words of the record that are not endpoints, and endpoints past the tenth, as written. */
  readonly ignored: readonly string[];
}

export interface Declared extends FromRecord {
  readonly kind: 'declared';
  /** In order of preference, without duplicates, one to {@link MAX_ENDPOINTS}. */
  readonly endpoints: readonly Endpoint[];
}

/** A record without a single endpoint: no tracker here. */
export interface Denied extends FromRecord {
  readonly kind: 'denied';
  /** Every word looks like an endpoint gone wrong (`UDP1337`): most likely a typing mistake. */
  readonly probableTypo: boolean;
}

export interface Silent {
  readonly kind: 'silent';
  /** `not-asked`: an IP literal, a single label or a name that DNS does not hold. */
  readonly reason: 'no-name' | 'no-record' | 'not-asked';
  readonly ttlSeconds: number;
}

export interface Conflict {
  readonly kind: 'conflict';
  /** The differing records, sorted. */
  readonly records: readonly string[];
  readonly ttlSeconds: number;
}

export interface Failed {
  readonly kind: 'failed';
  /** One sentence without an address: `the name server answered SERVFAIL`. */
  readonly reason: string;
}

/** BEP 34 names no bound; newTrackon and others read ten. */
export const MAX_ENDPOINTS = 10;

/** Says what is known of a host, in lower case and ASCII; undefined when it was not looked up. */
export type Lookup = (host: string) => Outcome | undefined;
