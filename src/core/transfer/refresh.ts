// When a secondary asks whom (RFC 1035 §3.3.13, RFC 1996): a state that lives as long as the zone is configured, and
// what events make of it. Pure: the time and chance are parameters, the state is data that a file can keep.
//
// A round asks the primaries one after the other until one has the zone. What ends a round says when the next begins:
// after `refresh` when it was confirmed or fetched, after `retry` when nobody had it. NOTIFY begins one at once.

import { isNewerSerial } from './serial.ts';

/** What of the SOA steers a secondary. Intervals in seconds, as the zone says them. */
export interface ZoneTimes {
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

/** As JSON it survives a restart. Times are seconds since 1970. */
export interface RefreshState {
  /** The copy at hand; null before the first transfer. It stays when it expires: it may be confirmed again. */
  readonly zone: ZoneTimes | null;
  /** Since when no primary has confirmed the copy; null without one. */
  readonly confirmedAt: number | null;
  /** When the next round begins. */
  readonly nextAt: number;
  /** When the last round ended; null before the first has. */
  readonly endedAt: number | null;
  /** Rounds in a row in which no primary had the zone. */
  readonly failedRounds: number;
  /** The primary with which the round begins, by its place in the configuration. */
  readonly first: number;
  /** Primaries of this round that have failed. */
  readonly tried: number;
  /** A primary is being asked. */
  readonly isAsking: boolean;
  /** A NOTIFY came meanwhile: the round is followed by another. */
  readonly isNotified: boolean;
}

export type RefreshPhase =
  /** There was never a copy. */
  | 'empty'
  | 'fresh'
  /** To be asked about now, or being asked about. */
  | 'due'
  /** The last round failed; the copy is served on. */
  | 'retrying'
  /** Nobody confirmed the copy for too long: it is not served until somebody does. */
  | 'expired';

/** Knot's `refresh-min-interval`: an SOA of zeros must not become a flood. */
export const MIN_REFRESH_SECONDS = 2;
/** Knot's `retry-min-interval`. */
export const MIN_RETRY_SECONDS = 1;
/** BIND's and NSD's `max-refresh-time`: four weeks. */
export const MAX_REFRESH_SECONDS: number = 28 * 86_400;
/** BIND's and NSD's `max-retry-time`: two weeks. */
export const MAX_RETRY_SECONDS: number = 14 * 86_400;
/** BIND's DNS_MAX_EXPIRE: 24 weeks. The least is refresh and retry together, as there: a zone must outlive one round. */
export const MAX_EXPIRE_SECONDS: number = 168 * 86_400;
/** Without a copy there is no SOA to say: BIND begins again after 60 s, Knot after 30; it doubles, like NSD's. */
export const FIRST_EMPTY_RETRY_SECONDS = 10;
/** Where the doubling ends: BIND's DNS_ZONE_DEFAULTRETRY is a minute, NSD's XFRD_TRANSFER_TIMEOUT_MAX is a day. */
export const MAX_EMPTY_RETRY_SECONDS = 3600;
/** Between rounds that NOTIFY begins: what a flood of them gets is a question a second. */
const ROUND_SPACING_SECONDS = MIN_RETRY_SECONDS;
/** Chance brings the next round forward by up to a tenth, as in NSD: never later than the zone says. */
const JITTER_SHARE = 0.1;

/** A zone of which there is no copy: due now. */
export function createRefreshState(nowSeconds: number): RefreshState {
  const round = { nextAt: nowSeconds, endedAt: null, failedRounds: 0, first: 0, tried: 0 };
  return { zone: null, confirmedAt: null, ...round, isAsking: false, isNotified: false };
}

/** The state after a restart: what was left of the times is left still. A round that was cut off begins anew. */
export function resumeRefreshState(saved: RefreshState, nowSeconds: number): RefreshState {
  const { confirmedAt } = saved;
  return {
    ...saved,
    confirmedAt: confirmedAt === null ? null : Math.min(confirmedAt, nowSeconds),
    nextAt: saved.isAsking || isBeyond(saved, nowSeconds) ? nowSeconds : saved.nextAt,
    tried: 0,
    isAsking: false,
  };
}

export type RefreshStep =
  /** Call {@link beginAsking}, ask this primary for its serial, and fetch the zone where it is newer. */
  | { readonly kind: 'ask'; readonly primary: number }
  /** Nothing to do until then; undefined: until what was asked is answered. */
  | { readonly kind: 'wait'; readonly until: number | undefined };

/** What to do now. `primaries` is how many are configured, at least 1. */
export function nextRefreshStep(state: RefreshState, primaries: number, nowSeconds: number): RefreshStep {
  const expiresAt = expiryOf(state);
  // The moment of expiry is one at which something changes, whoever is being asked.
  const expiry = expiresAt !== undefined && expiresAt > nowSeconds ? expiresAt : undefined;
  if (state.isAsking) return { kind: 'wait', until: expiry };
  if (state.nextAt <= nowSeconds || isBeyond(state, nowSeconds)) {
    return { kind: 'ask', primary: primaryOf(state, primaries) };
  }
  return { kind: 'wait', until: Math.min(state.nextAt, expiry ?? state.nextAt) };
}

export function phaseOf(state: RefreshState, nowSeconds: number): RefreshPhase {
  const expiresAt = expiryOf(state);
  if (expiresAt === undefined) return 'empty';
  if (expiresAt <= nowSeconds) return 'expired';
  if (state.failedRounds > 0) return 'retrying';
  return state.isAsking || state.nextAt <= nowSeconds ? 'due' : 'fresh';
}

/** Whether the copy may be answered from. */
export function isServable(state: RefreshState, nowSeconds: number): boolean {
  const expiresAt = expiryOf(state);
  return expiresAt !== undefined && expiresAt > nowSeconds;
}

/** When the copy stops being served unless a primary confirms it; undefined without a copy. */
export function expiryOf({ zone, confirmedAt }: RefreshState): number | undefined {
  return zone === null || confirmedAt === null ? undefined : confirmedAt + clampTimes(zone).expire;
}

export function beginAsking(state: RefreshState): RefreshState {
  return { ...state, isAsking: true };
}

/**
 * A primary has the zone: `zone` is the SOA that was fetched, or, where it was current, the one at hand. `chance` is a
 * random number from 0 up to 1.
 */
export function endRound(
  state: RefreshState,
  zone: ZoneTimes,
  { nowSeconds, chance }: RoundEnd,
): RefreshState {
  const wait = jittered(clampTimes(zone).refresh, chance);
  return {
    ...state,
    zone,
    confirmedAt: nowSeconds,
    nextAt: nowSeconds + (state.isNotified ? ROUND_SPACING_SECONDS : wait),
    endedAt: nowSeconds,
    failedRounds: 0,
    first: 0,
    tried: 0,
    isAsking: false,
    isNotified: false,
  };
}

export interface RoundEnd {
  readonly nowSeconds: number;
  /** From 0 up to 1. */
  readonly chance: number;
}

/**
 * A primary did not have the zone: no answer, a refusal, a broken transfer, a serial older than the copy's. The next
 * one is asked at once; after the last the round is over. `primaries` is how many are configured.
 */
export function failPrimary(
  state: RefreshState,
  primaries: number,
  { nowSeconds, chance }: RoundEnd,
): RefreshState {
  const tried = state.tried + 1;
  if (tried < primaries) return { ...state, tried, nextAt: nowSeconds, isAsking: false };
  const failedRounds = state.failedRounds + 1;
  const wait = state.zone === null ? emptyRetry(failedRounds) : clampTimes(state.zone).retry;
  return {
    ...state,
    nextAt: nowSeconds + jittered(wait, chance),
    endedAt: nowSeconds,
    failedRounds,
    first: 0,
    tried: 0,
    isAsking: false,
    // What the NOTIFY spoke of is retried with the rest.
    isNotified: false,
  };
}

/** A NOTIFY, from a source that may send one. */
export interface NotifyEvent {
  readonly nowSeconds: number;
  /** What it says of the zone's serial; undefined where it says nothing. */
  readonly serial: number | undefined;
  /** The sender's place among the primaries: it is asked first. Undefined for another. */
  readonly primary: number | undefined;
}

/** RFC 1996 §3.11: a round begins at once, unless the copy has the serial of which the message speaks. */
export function noteNotify(state: RefreshState, { nowSeconds, serial, primary }: NotifyEvent): RefreshState {
  const isKnown = serial !== undefined && state.zone !== null && !isNewerSerial(serial, state.zone.serial);
  if (isKnown && isServable(state, nowSeconds)) return state;
  // RFC 1996 §4.4: one round at a time, and one more for all that come while it runs.
  if (state.isAsking || state.tried > 0) return { ...state, isNotified: true };
  const hasJustEnded = state.endedAt !== null && state.endedAt >= nowSeconds;
  const nextAt = hasJustEnded ? nowSeconds + ROUND_SPACING_SECONDS : nowSeconds;
  return { ...state, nextAt, first: primary ?? 0, tried: 0 };
}

/** The zone's intervals within their bounds. */
export function clampTimes({ refresh, retry, expire }: Omit<ZoneTimes, 'serial'>): Omit<ZoneTimes, 'serial'> {
  const bounded = {
    refresh: clamp(refresh, MIN_REFRESH_SECONDS, MAX_REFRESH_SECONDS),
    retry: clamp(retry, MIN_RETRY_SECONDS, MAX_RETRY_SECONDS),
  };
  return { ...bounded, expire: clamp(expire, bounded.refresh + bounded.retry, MAX_EXPIRE_SECONDS) };
}

/** The round begins with `first` and goes on in the order of the configuration, which may have changed meanwhile. */
function primaryOf({ first, tried }: RefreshState, primaries: number): number {
  if (first >= primaries || tried >= primaries) return 0;
  if (tried === 0) return first;
  return tried <= first ? tried - 1 : tried;
}

function emptyRetry(failedRounds: number): number {
  // 2^9 × 10 s is beyond the maximum already.
  const doublings = clamp(failedRounds - 1, 0, 9);
  return Math.min(FIRST_EMPTY_RETRY_SECONDS * 2 ** doublings, MAX_EMPTY_RETRY_SECONDS);
}

/** The clock was set back: no round is further away than the zone's own interval, so that it is due. */
function isBeyond({ zone, nextAt, failedRounds }: RefreshState, nowSeconds: number): boolean {
  if (zone === null) return nextAt - nowSeconds > emptyRetry(failedRounds);
  const { refresh, retry } = clampTimes(zone);
  return nextAt - nowSeconds > Math.max(refresh, retry);
}

/** Whole seconds, at least one. */
function jittered(seconds: number, chance: number): number {
  return Math.max(1, Math.round(seconds * (1 - JITTER_SHARE * chance)));
}

function clamp(value: number, minimum: number, maximum: number): number {
  return Math.min(Math.max(value, minimum), maximum);
}
