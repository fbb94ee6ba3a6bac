// What a resolver remembers, as plain values that outlive it: answers of DNS, not what was made of them, so that they are
// read again as if they had just come.

import type { Outcome } from '../../core/preference/outcome.ts';
import { createOutcomeCache, type OutcomeCache } from '../../core/preference/outcome-cache.ts';
import { readOutcome } from '../../core/preference/read-outcome.ts';
import type { Clock } from '../clock.ts';

/** No mistake of an operator lasts more than a day, nor does what was found stay in use for longer after its end. */
export const MAX_TTL_SECONDS = 86_400;

/** What DNS said of one host. */
export interface RememberedHost {
  /** Lower case, ASCII, no final dot. */
  readonly host: string;
  /** The records that begin with `BITTORRENT`, one character an octet; or why there are none. */
  readonly found: readonly string[] | 'no-name' | 'no-record';
  readonly authenticated: boolean;
  /** In seconds since 1970, so that it means the same to the next process. */
  readonly expiresAtSeconds: number;
}

type Times = Pick<Clock, 'nowMilliseconds' | 'nowSeconds'>;

/** With what an earlier resolver remembered, as far as it is of use: expired answers wait for when no new one can be had. */
export function createRememberingCache(
  maxHosts: number | undefined,
  remembered: Iterable<RememberedHost>,
  clock: Times,
): OutcomeCache {
  const cache = createOutcomeCache(maxHosts);
  const nowSeconds = clock.nowSeconds();
  for (const { host, found, authenticated, expiresAtSeconds } of remembered) {
    const left = expiresAtSeconds - nowSeconds;
    // One that lasts longer than any answer may comes from a clock that was wrong.
    if (!(left > -MAX_TTL_SECONDS && left <= MAX_TTL_SECONDS)) continue;
    const ttlSeconds = Math.max(0, left);
    const outcome = readOutcome(
      typeof found === 'string'
        ? { kind: found, ttlSeconds }
        : { kind: 'txt', records: found, ttlSeconds, authenticated },
    );
    cache.restore(host, outcome, clock.nowMilliseconds() + left * 1000);
  }
  return cache;
}

/** The other way: what {@link createRememberingCache} of a later process takes. */
export function rememberedOf(cache: OutcomeCache, clock: Times): RememberedHost[] {
  const nowMilliseconds = clock.nowMilliseconds();
  const nowSeconds = clock.nowSeconds();
  return Array.from(cache.entries(nowMilliseconds), ({ key: host, answer, expiresAt }) => ({
    host,
    ...foundOf(answer),
    expiresAtSeconds: nowSeconds + Math.floor((expiresAt - nowMilliseconds) / 1000),
  }));
}

function foundOf(outcome: Outcome): Pick<RememberedHost, 'found' | 'authenticated'> {
  switch (outcome.kind) {
    case 'declared':
    case 'denied':
      return { found: [outcome.record], authenticated: outcome.authenticated };
    case 'conflict':
      return { found: outcome.records, authenticated: false };
    case 'silent':
      return { found: outcome.reason === 'no-name' ? 'no-name' : 'no-record', authenticated: false };
    case 'failed':
      throw new Error('a failure is nothing to remember');
  }
}
