// A zone edit, from files to what is served: read → check → open the new ports → publish → drain and close the old.
// An error anywhere leaves that zone and its ports as they were; the other zones go on.

import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { coversSocket } from '../../core/preference/plan.ts';
import { FileError } from '../../io/files/files.ts';
import type { Logger } from '../../io/log.ts';
import type { AccessControl } from '../access/access.ts';
import type { Config } from '../config/config.ts';
import type { CookieSecrets } from '../cookie-secrets.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { ImageBuffers } from '../data-plane/image-buffers.ts';
import { createFinding, type Finding } from '../finding.ts';
import type { Machine } from '../machine.ts';
import type { TrackerPages } from '../tracker-pages.ts';
import type { Transfers, VersionStep } from '../transfer/transfers.ts';
import { decideZones, type ZoneDecision, type ZoneOutcome } from './decide-zone.ts';
import type { Drains } from './drains.ts';
import type { KeptZones } from './kept-zones.ts';
import type { OpenSockets } from './open-sockets.ts';
import { addressesHere } from './plan-zone.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { publishedEndpoints, type ServedZone, type ZoneEntry } from './zone-entry.ts';
import { listZones, type Trigger } from './zone-listing.ts';
import type { ZoneReading } from './zone-version.ts';

export interface ZoneReport {
  readonly path: string;
  /** Undefined when nothing is served from the file. */
  readonly name: string | undefined;
  readonly outcome: ZoneOutcome;
  readonly findings: readonly Finding[];
}

export interface ReloadReport {
  readonly trigger: Trigger;
  readonly zones: readonly ZoneReport[];
  readonly opened: readonly Listener[];
  /** Open still, and no longer declared by any zone. */
  readonly draining: readonly Listener[];
  readonly closed: readonly Listener[];
}

export interface ReloadOptions {
  readonly config: Config;
  readonly dataPlane: DataPlane;
  readonly sockets: OpenSockets;
  readonly drains: Drains;
  readonly kept: KeptZones;
  readonly logger: Logger;
  readonly machine: Machine;
  /** Sockets of our own that no zone may take. */
  reserved(): readonly Listener[];
  readonly transfers: Pick<
    Transfers,
    'secondaries' | 'keys' | 'policy' | 'prepare' | 'published' | 'distrust'
  >;
  readonly cookies: Pick<CookieSecrets, 'current'>;
  readonly access: Pick<AccessControl, 'current' | 'published'>;
  readonly pages: Pick<TrackerPages, 'current'>;
  /** What images are compiled into. */
  readonly buffers: ImageBuffers;
}

export interface Reloader {
  /**
   * One at a time, and not beside {@link Reloader.expireDrains}: the caller sees to that. With trigger `transfer`,
   * `changed` are the copies that have changed, by path.
   */
  reload(trigger: Trigger, changed?: ReadonlyMap<string, ZoneReading>): Promise<ReloadReport>;
  /** Closes what no cache can name any more. */
  expireDrains(): Promise<readonly Listener[]>;
  entries(): readonly ZoneEntry[];
}

export function createReloader(options: ReloadOptions): Reloader {
  const { config, dataPlane, sockets, drains, kept, logger } = options;
  /** As many as there are zone files. */
  let entries: readonly ZoneEntry[] = [];
  /** Keys of draining ports that could not be opened; bounded by the ledger. */
  const saidClosed = new Set<string>();
  const { buffers } = options;
  const hasCertificate = config.tls !== undefined;
  const reading = { seed: dataPlane.seed, allocate: buffers.allocate, hasCertificate };
  const publisher = createPublisher(options);

  async function reload(
    trigger: Trigger,
    changed: ReadonlyMap<string, ZoneReading> = new Map(),
  ): Promise<ReloadReport> {
    const before = sockets.keys();
    const secondaries = options.transfers.secondaries();
    const listed = listZones({ roots: config.zones, secondaries, entries, trigger, changed, reading });
    const { tracker } = config;
    const addresses = addressesHere(tracker.addresses, options.machine);
    const reserved = options.reserved();
    const decided = await decideZones(listed, {
      tracker,
      addresses,
      reserved,
      sockets,
      drains,
      kept,
      trigger,
      reading,
    });
    const settled = await publishDecisions(decided, { ...options, trigger, publisher });
    entries = settled.filter(({ outcome }) => outcome !== 'removed').map(({ entry }) => entry);
    // What was stored may have been damaged since, and its primary would go on to say that it is current.
    if (trigger === 'start') options.transfers.distrust(unreadCopies(entries));
    buffers.keepOnly(servedZones(entries).map(({ version }) => version.image.buffer));
    await openDraining(options, saidClosed);
    const closed = await closeUnneeded();
    const opened = sockets.list().filter((listener) => !before.has(formatListener(listener)));
    return { trigger, zones: settled.map(report), opened, draining: drainingListeners(), closed };
  }

  function wantedListeners(): Listener[] {
    return servedZones(entries).flatMap(({ wanted }) => wanted);
  }

  function drainingListeners(): Listener[] {
    const wanted = new Set(wantedListeners().map(formatListener));
    return sockets.list().filter((listener) => !wanted.has(formatListener(listener)));
  }

  function closeUnneeded(): Promise<readonly Listener[]> {
    return sockets.closeAllBut([...wantedListeners(), ...drains.list().map(({ listener }) => listener)]);
  }

  async function expireDrains(): Promise<readonly Listener[]> {
    if (!(await drains.expire())) return [];
    await publisher.publish(servedZones(entries));
    const closed = await closeUnneeded();
    for (const listener of closed)
      logger.info(`${formatListener(listener)} is closed: no cache names it any more`);
    return closed;
  }

  return { reload, expireDrains, entries: () => entries };
}

function report({ entry, outcome }: ZoneDecision): ZoneReport {
  return { path: entry.path, name: entry.served?.version.name, outcome, findings: entry.findings };
}

function servedZones(entries: readonly ZoneEntry[]): ServedZone[] {
  return entries.flatMap(({ served }) => (served === undefined ? [] : [served]));
}

function unreadCopies(entries: readonly ZoneEntry[]): string[] {
  return entries.flatMap(({ origin, served, path }) =>
    origin.kind === 'secondary' && served === undefined ? [path] : [],
  );
}

interface PublishOptions extends ReloadOptions {
  readonly trigger: Trigger;
  readonly publisher: Publisher;
}

/** Ledger first, then the catalog, then the ledger again: a crash in between errs towards ports that stay open. */
async function publishDecisions(
  decisions: readonly ZoneDecision[],
  options: PublishOptions,
): Promise<readonly ZoneDecision[]> {
  const { trigger, publisher } = options;
  const isChanged = decisions.some(
    ({ isFresh, outcome, before }) => isFresh || (outcome === 'removed' && before.served),
  );
  const staying = decisions.filter(({ outcome }) => outcome !== 'removed').map(({ entry }) => entry);
  const zones = servedZones(staying);
  if (!isChanged && !publisher.isBehind(zones)) return decisions;
  const endpoints = publishedEndpoints(zones);
  try {
    await options.drains.promise(endpoints);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (trigger !== 'start') return decisions.map((decision) => takeBack(decision, error));
    options.drains.promiseUnwritten(endpoints);
    options.logger.warn(
      `${error.message}; zones are served all the same, and after a crash ports may close too early`,
    );
  }
  const steps = versionSteps(decisions);
  await options.transfers.prepare(
    steps,
    zones.map(({ version }) => version.name),
  );
  await publisher.publish(zones);
  options.transfers.published(steps);
  await options.drains.settle(endpoints);
  return await Promise.all(decisions.map((decision) => keepForRestart(decision, options)));
}

/** What is new, each zone beside what was served under its name, from whatever file. */
function versionSteps(decisions: readonly ZoneDecision[]): VersionStep[] {
  const before = new Map(
    decisions.flatMap(({ before: { served } }) =>
      served === undefined ? [] : [[served.version.name, served.version]],
    ),
  );
  return decisions.flatMap(({ isFresh, entry: { served } }) => {
    const isNew = isFresh && served !== undefined && before.get(served.version.name) !== served.version;
    return isNew ? [{ before: before.get(served.version.name), after: served.version }] : [];
  });
}

function takeBack(decision: ZoneDecision, error: FileError): ZoneDecision {
  const { before, isFresh, outcome } = decision;
  if (!isFresh && outcome !== 'removed') return decision;
  const finding = stateFinding('state-not-written', 'error', before.path, error);
  const entry = { ...before, isCurrent: false, findings: [...decision.entry.findings, finding] };
  return { before, entry, outcome: before.served === undefined ? 'not-served' : 'kept', isFresh: false };
}

/** What is served is kept only when it is what the file says: the last good one is kept already. */
async function keepForRestart(decision: ZoneDecision, { kept }: ReloadOptions): Promise<ZoneDecision> {
  const { entry, isFresh } = decision;
  if (!isFresh || !entry.isCurrent || entry.served === undefined) return decision;
  // A copy is stored already; only one whose ports may be refused has a last good version beside it.
  if (entry.origin.kind === 'secondary' && !entry.origin.drivesTracker) return decision;
  try {
    await kept.keep(entry.path, entry.served.version);
    return decision;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const finding = stateFinding('last-good-not-kept', 'warning', entry.path, error);
    return { ...decision, entry: { ...entry, findings: [...entry.findings, finding] } };
  }
}

function stateFinding(
  code: 'state-not-written' | 'last-good-not-kept',
  severity: Finding['severity'],
  file: string,
  error: FileError,
): Finding {
  return createFinding(
    { code, severity, message: error.message, position: { file, line: 1, column: 1 } },
    [],
  );
}

/**
 * After a restart, what caches may still name is opened again; what another program has taken meanwhile is said, once a
 * port. A wildcard of our own answers for the address already.
 */
async function openDraining({ sockets, drains, logger }: ReloadOptions, said: Set<string>): Promise<void> {
  for (const { listener } of drains.list()) {
    if (!sockets.has(listener) && sockets.list().some((open) => coversSocket(open, listener))) continue;
    const result = await sockets.open([listener]);
    const key = formatListener(listener);
    if (result.kind === 'opened') said.delete(key);
    else if (!said.has(key)) {
      said.add(key);
      logger.warn(`a port that still drains is closed: ${result.error.message}`);
    }
  }
}
