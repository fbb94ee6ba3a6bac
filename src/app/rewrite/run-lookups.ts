// The look-ups of one run over many inputs: each host is asked once, whatever its TTL, so that all its URLs get the same
// decision, and the very same outcome, by which a DecisionMemo knows it again.

import type { Lookup, Outcome } from '../../core/preference/outcome.ts';
import { MAX_CACHED_HOSTS } from '../../core/preference/outcome-cache.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';

export interface RunLookupsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Makes of an outcome what the run goes by: `--probe` puts its endpoints in another order. */
  readonly refine?: ((host: string, outcome: Outcome) => Promise<Outcome>) | undefined;
}

/**
 * Answers at once where all hosts are known: then nothing of an input need wait in memory. Rejects with the reason of an
 * aborted signal. A host that could not be looked up is asked again for the next input.
 */
export type RunLookups = (hosts: readonly string[]) => Lookup | Promise<Lookup>;

export function createRunLookups(
  resolver: Pick<Resolver, 'lookupPreference'>,
  { signal, refine }: RunLookupsOptions = {},
): RunLookups {
  // Both bounded by MAX_CACHED_HOSTS: then all are forgotten, and the resolver's own memory answers for most.
  const known = new Map<string, Outcome>();
  const asked = new Map<string, Promise<Outcome>>();

  async function ask(host: string): Promise<Outcome> {
    const outcome = await resolver.lookupPreference(host, signal);
    const refined = refine === undefined ? outcome : await refine(host, outcome);
    if (refined.kind !== 'failed') {
      if (known.size === MAX_CACHED_HOSTS) known.clear();
      known.set(host, refined);
    }
    return refined;
  }

  function find(host: string): Outcome | Promise<Outcome> {
    const outcome = known.get(host) ?? asked.get(host);
    if (outcome !== undefined) return outcome;
    const asking = ask(host).finally(() => asked.delete(host));
    asked.set(host, asking);
    return asking;
  }

  return (hosts) => {
    const outcomes = new Map<string, Outcome>(); // at most one entry a host that the input names
    const lookup: Lookup = (host) => outcomes.get(host);
    const pending: Promise<void>[] = [];
    for (const host of hosts) {
      const outcome = find(host);
      if (outcome instanceof Promise) pending.push(outcome.then((found) => void outcomes.set(host, found)));
      else outcomes.set(host, outcome);
    }
    return pending.length === 0 ? lookup : Promise.all(pending).then(() => lookup);
  };
}
