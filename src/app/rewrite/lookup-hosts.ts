// Look-ups of many hosts at once, as torrents, magnets and lists need them.

import type { Lookup, Outcome } from '../../core/preference/outcome.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';

/**
 * Looks up each host once and gives the answers as a {@link Lookup} for the pure functions. Rejects with the reason of
 * an aborted signal; trouble with DNS is an outcome. The resolver bounds how many queries are in flight.
 */
export async function lookUpHosts(
  resolver: Pick<Resolver, 'lookupPreference'>,
  hosts: Iterable<string>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Lookup> {
  const outcomes = new Map<string, Outcome>(); // at most one entry a host that the caller named
  const look = async (host: string): Promise<void> => {
    outcomes.set(host, await resolver.lookupPreference(host, signal));
  };
  await Promise.all(Array.from(new Set(hosts), look));
  return (host) => outcomes.get(host);
}
