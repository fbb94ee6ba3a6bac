// Look-ups of many hosts at once, as a folder of torrents needs them.

import type { Lookup, Outcome } from '../core/preference/outcome.ts';
import type { Resolver } from '../io/resolver.ts';

/** Queries in flight: 5,000 hosts at 30 ms each are done in under a second, and no resolver sheds this many. */
const CONCURRENCY = 256;

export interface LookupHostsOptions {
  readonly signal?: AbortSignal;
  readonly concurrency?: number;
}

/**
 * Looks up each host once and gives the answers as a {@link Lookup} for the pure functions. Rejects with the reason of
 * an aborted signal; trouble with DNS is an outcome.
 */
export async function lookUpHosts(
  resolver: Pick<Resolver, 'lookupPreference'>,
  hosts: Iterable<string>,
  { signal, concurrency = CONCURRENCY }: LookupHostsOptions = {},
): Promise<Lookup> {
  const outcomes = new Map<string, Outcome>(); // at most one entry a host that the caller named
  const waiting = new Set(hosts).values();
  async function work(): Promise<void> {
    for (const host of waiting) outcomes.set(host, await resolver.lookupPreference(host, signal));
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return (host) => outcomes.get(host);
}
