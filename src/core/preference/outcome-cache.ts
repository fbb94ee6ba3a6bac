// Outcomes of hosts, kept as long as DNS allows; those used after their time say so.

import { type AnswerCache, createAnswerCache } from '../dns/answer-cache.ts';
import type { Outcome } from './outcome.ts';

/** What a folder of a hundred thousand torrents names, several times over; some 300 octets each. */
export const MAX_CACHED_HOSTS = 65_536;

/** By host. */
export type OutcomeCache = AnswerCache<Outcome>;

export function createOutcomeCache(maxHosts: number = MAX_CACHED_HOSTS): OutcomeCache {
  return createAnswerCache<Outcome>(maxHosts, (outcome) =>
    outcome.kind === 'declared' || outcome.kind === 'denied' ? { ...outcome, stale: true } : outcome,
  );
}
