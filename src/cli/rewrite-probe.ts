// What `portolan rewrite --probe` needs for trying endpoints.

import { createProber } from '../app/probe/probe.ts';
import { createEndpointOrder } from '../app/rewrite/order-endpoints.ts';
import type { Outcome } from '../core/preference/outcome.ts';
import { systemClock } from '../io/clock.ts';
import { readPackageVersion } from '../io/package-version.ts';
import { randomOctets } from '../io/random.ts';
import { createAddressLookup } from '../io/resolver/address-lookup.ts';
import { parseServer } from '../io/resolver/name-server.ts';

/** For one announce: long enough for the other side of the world, and a lost datagram. */
const TIMEOUT_MILLISECONDS = 3000;

export interface ProbeOrderFlags {
  readonly probe?: boolean;
  readonly resolver?: readonly string[] | undefined;
}

type Refine = (host: string, outcome: Outcome) => Promise<Outcome>;

/** Runs `task` with the order of endpoints by what answers; with nothing where `--probe` was not given. */
export async function withEndpointOrder(
  { probe, resolver = [] }: ProbeOrderFlags,
  task: (refine: Refine | undefined) => Promise<void>,
): Promise<void> {
  if (probe !== true) return await task(undefined);
  // Addresses are looked up over UDP only: with none of those servers, as every program of this system does.
  const servers = resolver.filter((text) => parseServer(text)?.transport === 'udp');
  const addresses = createAddressLookup(servers);
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
