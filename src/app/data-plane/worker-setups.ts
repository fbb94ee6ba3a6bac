// What each worker thread is born with beside what all of them share.

import { createCounters } from '../../core/counters.ts';
import { CREATING_OWNER } from '../../core/swarm/table.ts';
import { createHandOverRings } from '../../io/stream-engine/hand-over-ring.ts';
import { createLentDescriptors } from '../../io/stream-engine/lent-descriptors.ts';
import type { WorkerSetup } from './commands.ts';
import { createTrackerDescriptors } from './tracker-streams.ts';
import type { TrafficBook } from './traffic-book.ts';

type Shared = Omit<WorkerSetup, 'owner' | 'wakeDescriptor' | 'lent' | 'rings' | 'counters' | 'traffic'>;

export interface WorkerSetupsOptions {
  readonly shared: Shared;
  /** An eventfd a packet worker. */
  readonly wakes: readonly number[];
  readonly traffic: TrafficBook;
}

export function createWorkerSetups({ shared, wakes, traffic }: WorkerSetupsOptions): {
  readonly packetSetups: readonly WorkerSetup[];
  readonly streamSetup: WorkerSetup;
} {
  const { caps, workerCount } = shared;
  const rings = createHandOverRings(wakes.length);
  const packetSetups = wakes.map((wakeDescriptor, index) => ({
    ...shared,
    owner: CREATING_OWNER + 1 + index,
    wakeDescriptor,
    lent: createTrackerDescriptors(caps.tracker, workerCount),
    rings: [rings[index]!],
    counters: createCounters(),
    traffic: traffic.addThread(),
  }));
  const streamSetup = {
    ...shared,
    owner: CREATING_OWNER + 1 + workerCount,
    wakeDescriptor: 0,
    lent: createLentDescriptors(0),
    rings,
    counters: createCounters(),
    traffic: traffic.addThread(),
  };
  return { packetSetups, streamSetup };
}
