import { onTestFinished } from 'vitest';
import type { ConnectionCaps } from '../../src/app/data-plane/connection-caps.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import type { Listener } from '../../src/core/net/endpoint.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { systemClock } from '../../src/io/clock.ts';
import { silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../src/io/random.ts';
import { createTestIdentity } from './test-certificate.ts';

/** Two packet workers and a tracker port that speaks TLS, too; stopped when the test ends. */
export async function openHttpsPlane(
  caps?: ConnectionCaps,
): Promise<{ plane: ThreadedDataPlane; listener: Listener }> {
  const plane = new ThreadedDataPlane({
    udpPayload: 1232,
    settings: DEFAULT_TRACKER_SETTINGS,
    clock: systemClock,
    logger: silentLogger,
    randomOctets,
    libc: loadLibc(),
    workerCount: 2,
    caps,
  });
  onTestFinished(() => plane.stop());
  await plane.ready();
  await plane.identify(createTestIdentity());
  const listener = await plane.open({ transport: 'tcp', address: '127.0.0.1', port: 0 }, 'tracker');
  return { plane, listener };
}
