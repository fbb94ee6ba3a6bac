// The look-ups of one stream: each host asked once, a few at a time, and many hosts counted as many requests.

import type { Lookup, Outcome } from '../../core/preference/outcome.ts';
import { createGate } from '../../io/resolver/gate.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { MAX_HOSTS, MAX_STREAM_HOSTS, MAX_STREAM_LOOKUPS } from './limits.ts';

export interface StreamLookupsOptions {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly signal: AbortSignal;
  /** Counts one more request of the client; whether it may. A request covers {@link MAX_HOSTS} hosts. */
  mayAskMore(): Promise<boolean>;
}

export interface StreamLookups {
  /**
   * After this, `lookup` answers for these hosts, but for those that the client may not ask for now. Undefined where it does
   * already. Rejects with the reason of an aborted signal.
   */
  learn(hosts: ReadonlySet<string>): Promise<void> | undefined;
  readonly lookup: Lookup;
}

export function createStreamLookups({ resolver, signal, mayAskMore }: StreamLookupsOptions): StreamLookups {
  // Bounded by MAX_STREAM_HOSTS and the hosts of one chunk.
  const known = new Map<string, Outcome>();
  const gate = createGate(MAX_STREAM_LOOKUPS);
  let asked = 0;

  async function look(host: string): Promise<void> {
    known.set(host, await gate(() => resolver.lookupPreference(host, signal)));
  }

  /** As many of them, from the front, as the client may ask for. */
  async function count(hosts: readonly string[]): Promise<readonly string[]> {
    for (const [index, host] of hosts.entries()) {
      if (known.has(host)) continue;
      if (asked > 0 && asked % MAX_HOSTS === 0 && !(await mayAskMore())) return hosts.slice(0, index);
      asked++;
    }
    return hosts;
  }

  async function ask(hosts: readonly string[]): Promise<void> {
    await Promise.all((await count(hosts)).map(look));
  }

  return {
    learn(hosts) {
      if (known.size > MAX_STREAM_HOSTS) known.clear();
      // Those that failed are asked again: the resolver knows when that is worth a query.
      const wanted = [...hosts].filter((host) => (known.get(host)?.kind ?? 'failed') === 'failed');
      return wanted.length === 0 ? undefined : ask(wanted);
    },
    lookup: (host) => known.get(host),
  };
}
