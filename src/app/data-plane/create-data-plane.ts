// Which data plane this machine gets: the packet engine where it proves itself, else Node's own sockets.

import { availableParallelism } from 'node:os';
import { maxOpenFiles } from '../../io/open-files.ts';
import { type Libc, loadLibc } from '../../io/packet-engine/libc.ts';
import { findEngineFault } from '../../io/packet-engine/self-test.ts';
import { findStreamFault } from '../../io/stream-engine/self-test.ts';
import { connectionCaps } from './connection-caps.ts';
import type { DataPlane, DataPlaneSetup } from './data-plane.ts';
import { createLocalDataPlane } from './local-data-plane.ts';
import { createThreadedDataPlane } from './threaded-data-plane.ts';

export interface DataPlaneOptions extends DataPlaneSetup {
  /** Packet workers; `auto` is one a processor that this process may use. */
  readonly workerCount: 'auto' | number;
}

/** What the machine has for answering packets. */
export type Engine =
  /** `streamFault`: packets go by it, and connections do not. */
  | { readonly kind: 'engine'; readonly libc: Libc; readonly streamFault: string | undefined }
  /** One phrase for the log. */
  | { readonly kind: 'fault'; readonly reason: string };

export async function createDataPlane(
  options: DataPlaneOptions,
  find: () => Engine = findEngine,
): Promise<DataPlane> {
  const caps = connectionCaps(maxOpenFiles());
  if (caps.areReduced)
    options.logger.warn(
      'this process may open few files, so that connections are dropped early; raise the limit (ulimit -n, LimitNOFILE=)',
      { dnsConnections: caps.dns.all, trackerConnections: caps.tracker.all },
    );
  const engine = find();
  if (engine.kind === 'fault') {
    options.logger.warn(
      'the packet engine does not run here; packets are answered through node:dgram, slower',
      { reason: engine.reason },
    );
    return createLocalDataPlane({ ...options, caps });
  }
  if (engine.streamFault !== undefined)
    options.logger.warn('the stream engine does not run here; HTTP is answered through node:net, slower', {
      reason: engine.streamFault,
    });
  const workerCount = options.workerCount === 'auto' ? availableParallelism() : options.workerCount;
  return createThreadedDataPlane({
    ...options,
    caps,
    workerCount,
    libc: engine.libc,
    withoutStreamLoop: engine.streamFault !== undefined,
  });
}

/** The C library where it can be had and has proved itself (self-test.ts). */
export function findEngine(platform: string = process.platform, load: () => Libc = loadLibc): Engine {
  if (platform !== 'linux') return { kind: 'fault', reason: `this is ${platform}, not Linux` };
  try {
    const libc = load();
    const reason = findEngineFault(libc);
    if (reason !== undefined) return { kind: 'fault', reason };
    return { kind: 'engine', libc, streamFault: findStreamFault(libc) };
  } catch (error) {
    return { kind: 'fault', reason: String(error) };
  }
}
