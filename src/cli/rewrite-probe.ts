// What `portolan rewrite --probe` needs for trying endpoints.

import { createProber } from '../app/probe/probe.ts';
import { createEndpointOrder } from '../app/rewrite/order-endpoints.ts';
import type { Outcome } from '../core/preference/outcome.ts';
import { systemClock } from '../io/clock.ts';
import { readPackageVersion } from '../io/package-version.ts';
import { randomOctets } from '../io/random.ts';
import { createAddressLookup } from '../io/resolver/create-address-lookup.ts';
import type { ResolverFlags } from './resolver-option.ts';

/** For one announce: long enough for the other side of the world, and a lost datagram. */
const TIMEOUT_MILLISECONDS = 3000;

export interface ProbeOrderFlags extends ResolverFlags {
  readonly probe?: boolean;
}

type Refine = (host: string, outcome: Outcome) => Promise<Outcome>;

/** Runs `task` with the order of endpoints by what answers; with nothing where `--probe` was not given. */
export async function withEndpointOrder(
  { probe, resolver: servers, requireAuthenticated }: ProbeOrderFlags,
  task: (refine: Refine | undefined) => Promise<void>,
): Promise<void> {
  if (probe !== true) return await task(undefined);
  const addresses = createAddressLookup({ servers, requireAuthenticated });
  const prober = createProber({
    addresses,
    families: [4, 6],
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    userAgent: `portolan/${readPackageVersion()}`,
    clock: systemClock,
    randomOctets,
    signal: new AbortController().signal,
  });
  try {
    await task(createEndpointOrder(prober));
  } finally {
    prober.close();
    addresses.close();
  }
}
