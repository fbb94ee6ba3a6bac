// What look-ups found, for as long as they may be kept, and a while longer for when no new answer can be had (RFC 8767).

import type { Outcome } from './outcome.ts';

/** What a folder of a hundred thousand torrents names, several times over; some 300 octets each. */
export const MAX_CACHED_HOSTS = 65_536;
/** RFC 8767 §5 suggests one to three days. */
const MAX_STALE_SECONDS = 86_400;
/** RFC 8767 §4 for the TTL of a stale answer and §5 for asking again after a failure; RFC 9520 §3.2 allows up to 300. */
const RETRY_SECONDS = 30;
const MILLISECONDS = 1000;

interface Entry {
  readonly outcome: Outcome;
  /** When the outcome stops being fresh. */
  readonly expiresAt: number;
  /** When the servers may be asked again. */
  readonly retryAt: number;
}

/** Times are monotonic milliseconds. Holds at most `maxHosts`; who was not asked for longest makes room. */
export interface OutcomeCache {
  /** The outcome to use without asking, its TTL less its age; undefined when the servers must be asked. */
  get(host: string, nowMilliseconds: number): Outcome | undefined;
  /** Keeps what was just found and returns what to use: for a failure, the last good answer if there is one. */
  put(host: string, outcome: Outcome, nowMilliseconds: number): Outcome;
  /** Keeps what was found earlier, unless something newer is known of the host; `expiresAt` may have passed. */
  restore(host: string, outcome: Outcome, expiresAt: number): void;
  /** What is kept and may still be used, failures left out; who was not asked for longest first. */
  entries(nowMilliseconds: number): Iterable<{ host: string; outcome: Outcome; expiresAt: number }>;
}

export function createOutcomeCache(maxHosts: number = MAX_CACHED_HOSTS): OutcomeCache {
  const entries = new Map<string, Entry>(); // bounded by maxHosts, in order of last use

  function keep(host: string, entry: Entry): void {
    entries.delete(host);
    entries.set(host, entry);
    if (entries.size > maxHosts) entries.delete(entries.keys().next().value!);
  }

  return {
    get(host, nowMilliseconds) {
      const entry = entries.get(host);
      if (entry === undefined) return undefined;
      const fresh = nowMilliseconds < entry.expiresAt;
      if (!fresh && nowMilliseconds >= entry.retryAt) return undefined;
      keep(host, entry);
      if (!fresh) return toStale(entry.outcome);
      return withTtl(entry.outcome, Math.ceil((entry.expiresAt - nowMilliseconds) / MILLISECONDS));
    },
    put(host, outcome, nowMilliseconds) {
      const retryAt = nowMilliseconds + RETRY_SECONDS * MILLISECONDS;
      if (outcome.kind !== 'failed') {
        const expiresAt = nowMilliseconds + outcome.ttlSeconds * MILLISECONDS;
        keep(host, { outcome, expiresAt, retryAt: expiresAt });
        return outcome;
      }
      const last = entries.get(host);
      if (last === undefined || last.outcome.kind === 'failed' || isTooOld(last, nowMilliseconds)) {
        keep(host, { outcome, expiresAt: retryAt, retryAt });
        return outcome;
      }
      keep(host, { ...last, retryAt });
      return toStale(last.outcome);
    },
    restore(host, outcome, expiresAt) {
      if (!entries.has(host)) keep(host, { outcome, expiresAt, retryAt: expiresAt });
    },
    *entries(nowMilliseconds) {
      for (const [host, entry] of entries) {
        const { outcome, expiresAt } = entry;
        if (outcome.kind !== 'failed' && !isTooOld(entry, nowMilliseconds))
          yield { host, outcome, expiresAt };
      }
    },
  };
}

function isTooOld({ expiresAt }: Entry, nowMilliseconds: number): boolean {
  return nowMilliseconds - expiresAt > MAX_STALE_SECONDS * MILLISECONDS;
}

function toStale(outcome: Outcome): Outcome {
  const short = withTtl(outcome, RETRY_SECONDS);
  return short.kind === 'declared' || short.kind === 'denied' ? { ...short, stale: true } : short;
}

function withTtl(outcome: Outcome, ttlSeconds: number): Outcome {
  return outcome.kind === 'failed' ? outcome : { ...outcome, ttlSeconds };
}
