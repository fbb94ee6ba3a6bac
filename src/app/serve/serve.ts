// The server's life: start, reload, drain, stop. One thing at a time; what comes meanwhile waits its turn.

import type { Cancel } from '../../io/clock.ts';
import { makePrivateDirectory } from '../../io/files/files.ts';
import { createTurns } from '../../io/turns.ts';
import type { AccessControl } from '../access/access.ts';
import { hostTraffics, socketStatuses } from '../admin/socket-status.ts';
import {
  drainStatuses,
  hostStatuses,
  type ServerState,
  type ServerStatus,
  zoneStatus,
} from '../admin/status.ts';
import { trackerCounts } from '../admin/tracker-counts.ts';
import { attempt } from '../attempt.ts';
import type { CookieSecrets } from '../cookie-secrets.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { createImageBuffers } from '../data-plane/image-buffers.ts';
import type { NotifyNotice } from '../data-plane/notify-gate.ts';
import { createServerTakeover, type ServerTakeover } from '../takeover/server-takeover.ts';
import type { TrackerPages } from '../tracker-pages.ts';
import { createTransfers, type Transfers } from '../transfer/transfers.ts';
import { createDrains, type Drains } from '../zones/drains.ts';
import { createKeptZones } from '../zones/kept-zones.ts';
import { createLedgerFile } from '../zones/ledger-file.ts';
import { createOpenSockets, type OpenSockets } from '../zones/open-sockets.ts';
import { createReloader, type Reloader, type ReloadReport } from '../zones/reload.ts';
import type { Trigger } from '../zones/zone-listing.ts';
import type { ZoneReading } from '../zones/zone-version.ts';
import { watchZones, type ZoneWatch } from '../zones/zone-watch.ts';
import { createDnsService, type DnsService } from './dns-service.ts';
import { createHttpServices, type HttpServices } from './http-services.ts';
import type { Server, ServerOptions, StartReport } from './server.ts';
import { openServerParts, type ServerParts } from './server-parts.ts';
import type { SwarmSnapshot } from './swarm-snapshot.ts';

export type { Server, ServerOptions, StartReport };

/** Resolves with a server whose threads wait; nothing is open before {@link Server.start}. End it with `stop`. */
export async function createServer(options: ServerOptions): Promise<Server> {
  let server: ZoneServer | undefined;
  const parts = await openServerParts(options, (notice) => server?.receiveNotify(notice));
  server = new ZoneServer(options, parts);
  return server;
}

class ZoneServer implements Server {
  private readonly options: ServerOptions;
  private readonly dataPlane: DataPlane;
  private readonly cookies: CookieSecrets;
  private readonly pages: TrackerPages;
  private readonly access: AccessControl;
  private readonly snapshot: SwarmSnapshot;
  private readonly sockets: OpenSockets;
  private readonly drains: Drains;
  private readonly turns = createTurns();
  private readonly takeover: ServerTakeover;
  private readonly startedAtSeconds: number;
  private state: ServerState = 'starting';
  private reloader: Reloader | undefined;
  private transfers: Transfers | undefined;
  private readonly http: HttpServices;
  private watch: ZoneWatch | undefined;
  private readonly dns: DnsService;
  private cancelDrain: Cancel = () => {};
  private waiting: { trigger: Trigger; readonly report: Promise<ReloadReport> } | undefined;
  private stopped: Promise<void> | undefined;

  constructor(options: ServerOptions, { dataPlane, cookies, pages, access, snapshot }: ServerParts) {
    const { config, machine, logger } = options;
    const { clock } = machine;
    this.options = options;
    this.dataPlane = dataPlane;
    this.cookies = cookies;
    this.pages = pages;
    this.access = access;
    this.snapshot = snapshot;
    this.dns = createDnsService({ config, dataPlane, machine, logger });
    const { turns } = this;
    const stateFolder = config.state;
    const onGiven = (processId: number): void => {
      options.onGiven?.(processId);
      // Reloads that wait are the other process's by now.
      void this.stop();
    };
    this.takeover = createServerTakeover({ ...options, dataPlane, stateFolder, turns, clock, onGiven });
    const { control } = this.takeover;
    const counts = { readCounters: () => dataPlane.readCounters(), passkeyCounts: access.passkeyCounts };
    this.http = createHttpServices({ config, logger, control, ...counts, status: () => this.status() });
    this.sockets = createOpenSockets(this.dataPlane);
    const { drainSeconds } = config.tracker;
    this.drains = createDrains({ file: createLedgerFile(config.state), clock, drainSeconds, logger });
    this.startedAtSeconds = clock.nowSeconds();
  }

  start(): Promise<StartReport> {
    return this.turns.take(async () => {
      try {
        const report = await this.open();
        if (report.kind === 'nothing-served') await this.close();
        else await this.takeover.offer();
        return report;
      } catch (error) {
        await this.close();
        throw error;
      }
    });
  }

  reload(trigger: Trigger): Promise<ReloadReport> {
    if (this.waiting !== undefined) {
      if (trigger === 'signal') this.waiting.trigger = trigger;
      return this.waiting.report;
    }
    const report = this.turns.take(() => {
      const asked = this.waiting!.trigger;
      this.waiting = undefined;
      return this.readZones(asked);
    });
    this.waiting = { trigger, report };
    return report;
  }

  status(): ServerStatus {
    const { drains, sockets } = this;
    const zones = this.reloader?.entries() ?? [];
    const local = this.options.machine.localAddresses();
    const hosts = zones.flatMap(({ served }) =>
      served === undefined ? [] : hostStatuses(served, sockets, local),
    );
    const draining = drainStatuses(drains, sockets);
    return {
      state: this.state,
      isReady: this.state === 'serving' && hosts.every(({ state }) => state !== 'closed'),
      startedAtSeconds: this.startedAtSeconds,
      ...this.dns.addresses(),
      ...this.http.addresses(),
      zones: zones.map(zoneStatus),
      secondaries: this.transfers?.statuses() ?? [],
      hosts,
      draining,
      swarm: this.dataPlane.swarmTotals(),
      access: this.access.status(),
      tracker: trackerCounts(this.dataPlane.readCounters()),
      sockets: socketStatuses(this.dataPlane.sockets(), hosts, draining),
      httpHosts: hostTraffics(this.dataPlane.hostTraffic()),
    };
  }

  ping(): Promise<void> {
    return this.dataPlane.ping();
  }

  stop(): Promise<void> {
    this.state = this.stopped === undefined ? 'stopping' : this.state;
    this.stopped ??= this.turns.take(() => this.close());
    return this.stopped;
  }

  /** Ports open and ledger written first: DNS must not name a port that does not answer yet. */
  private async open(): Promise<StartReport> {
    const { config, machine, logger } = this.options;
    await makePrivateDirectory(config.state);
    await this.dns.identify();
    const kept = await createKeptZones(config.state);
    await this.drains.restore();
    const { dataPlane, sockets, drains, cookies, pages, access } = this;
    const buffers = createImageBuffers();
    const transfers = await createTransfers({
      dns: config.dns,
      stateFolder: config.state,
      machine,
      logger,
      counters: dataPlane.counters,
      buffers,
      seed: dataPlane.seed,
      hasCertificate: config.tls !== undefined,
      publish: (changed) => this.publishCopies(changed),
    });
    this.transfers = transfers;
    await this.http.open();
    const reserved = () => this.dns.reserved(this.http.listening());
    this.reloader = createReloader({
      config,
      dataPlane,
      sockets,
      drains,
      kept,
      logger,
      machine,
      reserved,
      transfers,
      cookies,
      pages,
      access,
      buffers,
    });
    // Watched before it is read: what is saved meanwhile is read again, not missed.
    const { clock } = machine;
    this.watch = await watchZones({ roots: config.zones, clock, logger, onSaved: () => this.reloadSaved() });
    await access.watch(() => this.reloadSaved());
    const reload = await this.readZones('start');
    const isNothingServed = reload.zones.every(({ name }) => name === undefined);
    // A zone that has not come from its primary yet is served with SERVFAIL until it does.
    if (isNothingServed && transfers.secondaries().length === 0) return { kind: 'nothing-served', reload };
    await this.dns.open();
    await this.takeover.begin();
    transfers.start();
    if (this.state === 'starting') this.state = 'serving';
    return { kind: 'serving', reload };
  }

  private async readZones(trigger: Trigger): Promise<ReloadReport> {
    if (this.reloader === undefined || this.stopped !== undefined) {
      return { trigger, zones: [], opened: [], draining: [], closed: [] };
    }
    if (trigger === 'signal')
      await Promise.all([
        this.attempt('reading the certificate', () => this.dns.reload()),
        this.attempt('reading the keys of transfers', () => this.transfers?.reloadKeys()),
        this.attempt('reading the secrets of cookies', () => this.cookies.reload()),
        this.attempt('reading the policy', () => this.pages.reload()),
        this.attempt('reading access lists and passkeys', () => this.access.reload()),
      ]);
    let report = await this.reloader.reload(trigger);
    if (await this.watch?.follow(this.reloader.entries())) {
      // What was saved between the reading and the watching is read now: nobody else would say so.
      const again = await this.reloader.reload(trigger);
      if (again.zones.some(({ outcome }) => outcome === 'published' || outcome === 'removed')) report = again;
    }
    this.scheduleDrain();
    return report;
  }

  /** Copies of others' zones that have come, gone or expired. */
  private publishCopies(changed: ReadonlyMap<string, ZoneReading>): Promise<void> {
    return this.turns.take(async () => {
      if (this.reloader === undefined || this.stopped !== undefined) return;
      const report = await this.reloader.reload('transfer', changed);
      this.scheduleDrain();
      this.options.onReload?.(report);
    });
  }

  receiveNotify(notice: NotifyNotice): void {
    this.transfers?.receive(notice);
  }

  private reloadSaved(): void {
    const { onReload, logger } = this.options;
    this.reload('watch').then(
      (report) => onReload?.(report),
      (error: Error) => logger.error('reading the zones again failed: please report this', { error }),
    );
  }

  private scheduleDrain(): void {
    this.cancelDrain();
    const seconds = this.drains.secondsToNext();
    if (seconds === undefined) return;
    this.cancelDrain = this.options.machine.clock.schedule(seconds * 1000, () => {
      this.turns
        .take(() => this.expireDrains())
        .catch((error: Error) =>
          this.options.logger.error('a drain did not end: please report this', { error }),
        );
    });
  }

  private async expireDrains(): Promise<void> {
    if (this.stopped !== undefined) return;
    await this.reloader?.expireDrains();
    this.scheduleDrain();
  }

  /** DNS first, so that nobody is sent to a port that has just closed. The ledger stays: a restart goes on from it. */
  private async close(): Promise<void> {
    this.state = 'stopping';
    this.cancelDrain();
    await this.attempt('closing the watch on zones', () => this.watch?.close());
    await this.attempt('closing access control', () => this.access.close());
    await this.attempt('ending transfers', () => this.transfers?.stop());
    await this.attempt('closing the door for takeovers', () => this.takeover.close());
    await this.attempt('closing DNS', () => this.dns.close());
    await this.attempt('ending the data plane', () => this.dataPlane.stop());
    await this.attempt('closing HTTP', () => this.http.close());
    await this.attempt('closing HTTP sockets', async () => this.takeover.control?.close());
    if (this.takeover.ownsSwarm())
      await this.attempt('keeping the peers', () => this.snapshot.save(this.dataPlane));
    this.state = 'stopped';
  }

  private attempt(what: string, task: () => Promise<unknown> | undefined): Promise<void> {
    return attempt({ what, task, logger: this.options.logger });
  }
}
