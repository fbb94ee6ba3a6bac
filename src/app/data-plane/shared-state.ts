// What all threads of a data plane share, however many there are: the swarm table with its walk for silent peers, the
// keys, and the seed of the images.

import { type Counters, createCounters } from '../../core/counters.ts';
import { expire, expiryWork } from '../../core/swarm/expire.ts';
import type { SwarmLimits } from '../../core/swarm/limits.ts';
import { createSwarmTable, type SwarmTable } from '../../core/swarm/table.ts';
import { PEER_LIFETIME_INTERVALS, type TrackerSettings } from '../../core/tracker/settings.ts';
import type { Cancel, Clock } from '../../io/clock.ts';

export interface SharedStateOptions {
  readonly settings: TrackerSettings;
  /** The rest as it comes. */
  readonly limits?: Partial<SwarmLimits> | undefined;
  /** The data plane's steady clock (steady-clock.ts). */
  readonly clock: Clock;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
}

export interface SharedState {
  /** Attached for the thread that made it, as owner `CREATING_OWNER`. */
  readonly table: SwarmTable;
  /** What that thread counts. */
  readonly counters: Counters;
  /** Of connection ids: 16 octets. */
  readonly connectionKey: Uint8Array;
  /** What images are compiled with. */
  readonly seed: number;
  /** Ends the walk for silent peers. */
  stop(): void;
}

/** Seconds in which that walk goes round the whole table. */
const EXPIRY_ROUND_SECONDS = 60;
/** Steps of the walk at once: 30 µs when nobody is silent, 2 ms when everybody is, for this thread may have sockets. */
const EXPIRY_SLICE_STEPS = 2048;

export function createSharedState(options: SharedStateOptions): SharedState {
  const { settings, limits = {}, clock, randomOctets } = options;
  const counters = createCounters();
  const peerLifetimeSeconds = settings.intervalSeconds * PEER_LIFETIME_INTERVALS;
  const table = createSwarmTable({ secret: randomOctets(20), counters, peerLifetimeSeconds, limits });
  let cancel: Cancel = tick();

  /** A sixtieth of the walk each second, in as many slices as that takes. */
  function tick(): Cancel {
    const steps = Math.ceil(expiryWork(table) / EXPIRY_ROUND_SECONDS);
    const slices = Math.ceil(steps / EXPIRY_SLICE_STEPS);
    return clock.schedule(Math.floor(1000 / slices), () => {
      expire(table, clock.nowSeconds(), Math.ceil(steps / slices));
      cancel = tick();
    });
  }

  return {
    table,
    counters,
    connectionKey: randomOctets(16),
    seed: new DataView(randomOctets(4).buffer).getUint32(0),
    stop: () => cancel(),
  };
}
