// Which data plane this machine gets: the packet engine where it proves itself, else Node's own sockets.

import { availableParallelism } from 'node:os';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { type Libc, loadLibc } from '../../io/packet-engine/libc.ts';
import { findEngineFault } from '../../io/packet-engine/self-test.ts';
import type { AnswerSetup } from './answer-setup.ts';
import type { DataPlane } from './data-plane.ts';
import { createLocalDataPlane } from './local-data-plane.ts';
import { createThreadedDataPlane } from './threaded-data-plane.ts';

export interface DataPlaneOptions {
  /** Packet workers; `auto` is one a processor that this process may use. */
  readonly workerCount: 'auto' | number;
  readonly udpPayload: number;
  /** Answers with nothing beside them where it is left out. */
  readonly answers?: AnswerSetup;
  readonly settings: TrackerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The zone with this number (`NotifiedZone.slot`) has changed at its primary. */
  onNotify?(slot: number): void;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
}

/** What the machine has for answering packets. */
export type Engine =
  | { readonly kind: 'engine'; readonly libc: Libc }
  /** One phrase for the log. */
  | { readonly kind: 'fault'; readonly reason: string };

export async function createDataPlane(
  options: DataPlaneOptions,
  find: () => Engine = findEngine,
): Promise<DataPlane> {
  const engine = find();
  if (engine.kind === 'fault') {
    options.logger.warn(
      'the packet engine does not run here; packets are answered through node:dgram, slower',
      { reason: engine.reason },
    );
    return createLocalDataPlane(options);
  }
  const workerCount = options.workerCount === 'auto' ? availableParallelism() : options.workerCount;
  return createThreadedDataPlane({ ...options, workerCount, libc: engine.libc });
}

/** The C library where it can be had and has proved itself (self-test.ts). */
export function findEngine(platform: string = process.platform, load: () => Libc = loadLibc): Engine {
  if (platform !== 'linux') return { kind: 'fault', reason: `this is ${platform}, not Linux` };
  try {
    const libc = load();
    const reason = findEngineFault(libc);
    return reason === undefined ? { kind: 'engine', libc } : { kind: 'fault', reason };
  } catch (error) {
    return { kind: 'fault', reason: String(error) };
  }
}
