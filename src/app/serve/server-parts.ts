// What a server is made of that takes time to have: keys from files, what the life before this one knew, threads.

import { DEFAULT_TRACKER_SETTINGS } from '../../core/tracker/settings.ts';
import type { Logger } from '../../io/log.ts';
import { type AccessControl, openAccess } from '../access/access.ts';
import type { Config } from '../config/config.ts';
import { type CookieSecrets, openCookieSecrets } from '../cookie-secrets.ts';
import { createAnswerSetup } from '../data-plane/answer-setup.ts';
import { createDataPlane, type DataPlaneOptions } from '../data-plane/create-data-plane.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { NotifyNotice } from '../data-plane/notify-gate.ts';
import { createSwarm } from '../data-plane/shared-state.ts';
import type { Machine } from '../machine.ts';
import { checkStateFolder } from '../takeover/state-folder.ts';
import type { Takeover } from '../takeover/take-over.ts';
import { openTrackerPages, type TrackerPages } from '../tracker-pages.ts';
import { openSwarmSnapshot, type SwarmSnapshot } from './swarm-snapshot.ts';

export interface ServerPartsOptions {
  readonly config: Config;
  readonly machine: Machine;
  readonly logger: Logger;
  /** Another data plane than {@link createDataPlane} finds for this machine. */
  readonly createDataPlane?: (options: DataPlaneOptions) => Promise<DataPlane>;
  /** What a running server has begun to give: this one goes on in its place. */
  readonly takeover?: Takeover | undefined;
}

export interface ServerParts {
  /** Its threads wait, and no socket is open. */
  readonly dataPlane: DataPlane;
  readonly cookies: CookieSecrets;
  readonly pages: TrackerPages;
  readonly access: AccessControl;
  readonly snapshot: SwarmSnapshot;
}

/**
 * Rejects with StateFolderError beside another server, and with FileError, CookieSecretError, PolicyError and AccessError
 * for files that are of no use.
 */
export async function openServerParts(
  options: ServerPartsOptions,
  onNotify: (notice: NotifyNotice) => void,
): Promise<ServerParts> {
  const { config, machine, logger, takeover } = options;
  const { clock, randomOctets } = machine;
  if (takeover === undefined) await checkStateFolder(config.state);
  const cookies = await openCookieSecrets(config.dns, randomOctets, logger);
  const pages = await openTrackerPages(config.tracker, logger);
  const access = await openAccess({ config: config.access, machine, logger });
  const { intervalSeconds, proxies, limits } = config.tracker;
  const settings = { ...DEFAULT_TRACKER_SETTINGS, intervalSeconds, proxies, passkeys: access.passkeys };
  const isTakeover = takeover !== undefined;
  const snapshot = await openSwarmSnapshot({ config, settings, machine, logger, isTakeover });
  const creating = (options.createDataPlane ?? createDataPlane)({
    workerCount: config.workers.count,
    udpPayload: config.dns.udpPayload,
    answers: createAnswerSetup(config.dns, cookies.current(), randomOctets),
    settings,
    limits,
    maxTrafficRows: config.tracker.maxListeners,
    swarm: takeover ? createSwarm({ settings, limits, randomOctets }, takeover.head) : snapshot.swarm,
    inherited: takeover?.sockets,
    clock: takeover?.clock ?? clock,
    logger,
    onNotify,
    randomOctets,
  });
  const dataPlane = await creating.catch(async (error: unknown) => {
    // For the start that comes off.
    const { swarm } = snapshot;
    if (swarm !== undefined) await snapshot.save({ swarm, swarmSeconds: clock.nowSeconds });
    throw error;
  });
  takeover?.follow(dataPlane, settings);
  return { dataPlane, cookies, pages, access, snapshot };
}
