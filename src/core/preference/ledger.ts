// The drain ledger: what caches somewhere may still name, and until when. A port that left the zone stays open until
// no cache can name it. Pure values; the app writes them to disk before what they promise is published.
//
// Theory: a version of a record that was published until the moment b may have been fetched at b, so that a cache
// holds it until b + TTL. Over all versions the last of these moments counts: lowering a TTL and withdrawing at once
// must not cut off those who cached the longer one. Each edit takes two steps, so that a crash between any two
// moments errs towards ports that stay open longer: `recordPublished` before the new version can be fetched,
// `settlePublished` once the old one cannot be fetched any more.

import { formatListener, type Listener } from '../net/endpoint.ts';

/** One host at one listener, as it is about to be published. */
export interface PublishedEndpoint {
  readonly host: string;
  readonly listener: Listener;
  /** How long a cache may keep a record that names it. */
  readonly ttlSeconds: number;
}

export interface LedgerEntry {
  readonly host: string;
  readonly listener: Listener;
  /** TTL of the version that can be fetched now; undefined once withdrawn. */
  readonly ttlSeconds: number | undefined;
  /** Unix seconds until which a version that was replaced may be cached; 0 when there was none. */
  readonly staleUntil: number;
}

/** By {@link ledgerKey}. Bounded by {@link MAX_LEDGER_ENTRIES}, which the app holds against every edit. */
export type Ledger = ReadonlyMap<string, LedgerEntry>;

/** Hosts times listeners, draining ones included: some 10 MB of state at the most. */
export const MAX_LEDGER_ENTRIES = 65_536;

/**
 * Added to every TTL: an answer is on its way, is cached from its arrival on, and is used a moment after it was read
 * (RFC 1035 §3.2.1 counts from the arrival). Also covers clocks that count whole seconds.
 */
export const TRANSIT_SECONDS = 2;

export const EMPTY_LEDGER: Ledger = new Map();

export function ledgerKey(host: string, listener: Listener): string {
  return `${host} ${formatListener(listener)}`;
}

/** Before publication: old and new version count as published, each with the longer TTL. */
export function recordPublished(ledger: Ledger, endpoints: Iterable<PublishedEndpoint>): Ledger {
  const next = new Map(ledger);
  for (const { host, listener, ttlSeconds } of endpoints) {
    const key = ledgerKey(host, listener);
    const known = next.get(key);
    const longer = Math.max(known?.ttlSeconds ?? 0, ttlSeconds);
    next.set(key, { host, listener, ttlSeconds: longer, staleUntil: known?.staleUntil ?? 0 });
  }
  return next;
}

/**
 * After publication: `endpoints` is all that can be fetched now; what was published before may be cached until
 * `now` + its TTL, or `now` + `drainSeconds` where that is longer (programs that cache for longer than a TTL says).
 */
export function settlePublished(
  ledger: Ledger,
  endpoints: Iterable<PublishedEndpoint>,
  now: number,
  drainSeconds: number,
): Ledger {
  const current = new Map([...endpoints].map((entry) => [ledgerKey(entry.host, entry.listener), entry]));
  const next = new Map<string, LedgerEntry>();
  for (const [key, entry] of ledger) {
    const ttlSeconds = current.get(key)?.ttlSeconds;
    next.set(
      key,
      ttlSeconds === entry.ttlSeconds ? entry : replaceVersion(entry, ttlSeconds, now, drainSeconds),
    );
  }
  return next;
}

/** What was published when the process died counts as published until now, and as withdrawn until published again. */
export function restoreAfterRestart(ledger: Ledger, now: number, drainSeconds: number): Ledger {
  return settlePublished(ledger, [], now, drainSeconds);
}

/** Without the entries that no cache can name any more. */
export function dropExpired(ledger: Ledger, now: number): Ledger {
  return new Map([...ledger].filter(([, entry]) => isPublished(entry) || entry.staleUntil > now));
}

/** Entries that are not published and may still be cached. */
export function draining(ledger: Ledger, now: number): LedgerEntry[] {
  return [...ledger.values()].filter((entry) => !isPublished(entry) && entry.staleUntil > now);
}

/** Unix seconds of the next moment at which a draining entry ends; undefined when nothing drains. */
export function nextExpiry(ledger: Ledger): number | undefined {
  let next: number | undefined;
  for (const entry of ledger.values()) {
    if (!isPublished(entry) && (next === undefined || entry.staleUntil < next)) next = entry.staleUntil;
  }
  return next;
}

export function isPublished(entry: LedgerEntry): boolean {
  return entry.ttlSeconds !== undefined;
}

function replaceVersion(
  entry: LedgerEntry,
  ttlSeconds: number | undefined,
  now: number,
  drainSeconds: number,
): LedgerEntry {
  const cachedFor = entry.ttlSeconds === undefined ? undefined : Math.max(entry.ttlSeconds, drainSeconds);
  const staleUntil =
    cachedFor === undefined
      ? entry.staleUntil
      : Math.max(entry.staleUntil, now + cachedFor + TRANSIT_SECONDS);
  return { host: entry.host, listener: entry.listener, ttlSeconds, staleUntil };
}

/** The form that the state folder keeps. */
export interface EncodedLedger {
  readonly version: 1;
  readonly entries: readonly EncodedEntry[];
}

export interface EncodedEntry {
  readonly host: string;
  readonly transport: Listener['transport'];
  readonly address: string;
  readonly port: number;
  readonly ttlSeconds?: number | undefined;
  readonly staleUntil: number;
}

/** `shiftSeconds`: what the machine's clock says more than the clock that the ledger was kept by. */
export function encodeLedger(ledger: Ledger, shiftSeconds = 0): EncodedLedger {
  const entries = [...ledger.values()].map(({ host, listener, ttlSeconds, staleUntil }) => {
    const { transport, address, port } = listener;
    const encoded = { host, transport, address, port, staleUntil: staleUntil + shiftSeconds };
    return ttlSeconds === undefined ? encoded : { ...encoded, ttlSeconds };
  });
  return { version: 1, entries };
}

/** `encoded` has the right shape (the app has checked it). */
export function decodeLedger(encoded: EncodedLedger): Ledger {
  const ledger = new Map<string, LedgerEntry>();
  for (const { host, transport, address, port, ttlSeconds, staleUntil } of encoded.entries) {
    const listener = { transport, address, port };
    ledger.set(ledgerKey(host, listener), { host, listener, ttlSeconds, staleUntil });
  }
  return ledger;
}
