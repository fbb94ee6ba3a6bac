// What all threads of a data plane share, however many there are: the swarm table with its walk for silent peers, the
// keys, and the seed of the images.

import { type Counters, createCounters } from '../../core/counters.ts';
import { expire, expiryWork } from '../../core/swarm/expire.ts';
import type { SwarmLimits } from '../../core/swarm/limits.ts';
import { createSwarmTable, type SwarmTable } from '../../core/swarm/table.ts';
import { PEER_LIFETIME_INTERVALS, type TrackerSettings } from '../../core/tracker/settings.ts';
import type { Cancel, Clock } from '../../io/clock.ts';

/** What must outlive a process for its clients not to notice: the peers, and the key of connection ids. */
export interface Swarm {
  /** Attached for the thread that made it, as owner `CREATING_OWNER`. */
  readonly table: SwarmTable;
  /** 16 octets. */
  readonly connectionKey: Uint8Array;
}

export interface SwarmOptions {
  readonly settings: TrackerSettings;
  /** The rest as it comes. */
  readonly limits?: Partial<SwarmLimits> | undefined;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
}

/** An empty one; with the keys of a former process, what that knew can be entered. */
export function createSwarm(
  { settings, limits = {}, randomOctets }: SwarmOptions,
  keys: { readonly tableKey: Uint8Array; readonly connectionKey: Uint8Array } = {
    tableKey: randomOctets(16),
    connectionKey: randomOctets(16),
  },
): Swarm {
  const peerLifetimeSeconds = settings.intervalSeconds * PEER_LIFETIME_INTERVALS;
  const secret = Uint8Array.of(...keys.tableKey, ...randomOctets(4));
  const table = createSwarmTable({ secret, counters: createCounters(), peerLifetimeSeconds, limits });
  return { table, connectionKey: keys.connectionKey };
}

export interface SharedStateOptions extends SwarmOptions {
  /** A new one where it is left out. */
  readonly swarm?: Swarm | undefined;
  /** The data plane's steady clock (steady-clock.ts). */
  readonly clock: Clock;
}

export interface SharedState extends Swarm {
  /** What the thread that made the table counts. */
  readonly counters: Counters;
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
  const { clock, randomOctets } = options;
  const { table, connectionKey } = options.swarm ?? createSwarm(options);
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
    counters: table.counters,
    connectionKey,
    seed: new DataView(randomOctets(4).buffer).getUint32(0),
    stop: () => cancel(),
  };
}
