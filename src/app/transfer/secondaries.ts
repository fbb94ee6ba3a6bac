// All zones of other servers: when each is asked about, and what is to be served. One zone has one question under way;
// all together have a bounded number.

import { formatSocketAddress } from '../../core/net/endpoint.ts';
import { type CatalogReading, readCatalogZone } from '../../core/transfer/catalog-zone.ts';
import {
  beginAsking,
  createRefreshState,
  expiryOf,
  failPrimary,
  isServable,
  nextRefreshStep,
  noteNotify,
  resumeRefreshState,
} from '../../core/transfer/refresh.ts';
import { FileError } from '../../io/files/files.ts';
import type { SecondaryConfig } from '../config/transfer-config.ts';
import type { SecondaryFile } from '../zones/zone-origin.ts';
import {
  type CopyPublication,
  type CopyPublicationOptions,
  createCopyPublication,
} from './copy-publication.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { type CatalogFollower, followCatalog } from './follow-catalog.ts';
import type { HeardNotice } from './notify-inbox.ts';
import { type NewCopy, type RoundOptions, readStored, roundEnd, runRound } from './secondary-round.ts';
import { type SecondaryStatus, secondaryStatus } from './secondary-status.ts';
import { createSecondaryZone, type Membership, primaryOf, type SecondaryZone } from './secondary-zone.ts';

export interface SecondariesOptions extends Omit<RoundOptions, 'signal'>, CopyPublicationOptions {
  readonly configs: readonly SecondaryConfig[];
}

export interface Secondaries {
  /** Reads what was stored, so that it can be served at once. */
  restore(): Promise<void>;
  /** Every zone, whether there is a copy of it or not. */
  files(): readonly SecondaryFile[];
  zones(): readonly SecondaryZone[];
  /** Begins to ask. */
  start(): void;
  /** Nothing could be served from these files, before {@link Secondaries.start}: their zones are asked for whole. */
  distrust(paths: readonly string[]): void;
  /** A zone has changed, says one who may say so. */
  notified(notice: HeardNotice): void;
  statuses(): readonly SecondaryStatus[];
  /** Leaves what is under way; safe twice, and waits. */
  stop(): Promise<void>;
}

/** Rounds under way at once. BIND's `transfers-in` and Knot's background workers are 10. */
export const MAX_ROUNDS = 10;
/**
 * Of those, with one primary: half, so that one that is slow leaves as many to others, and one that has all the zones is
 * asked about many at once. BIND's `transfers-per-ns` is 2 of 10.
 */
export const MAX_ROUNDS_A_PRIMARY = 5;
/** Zones of other servers in all, members of catalogs included: what one process looks after. */
export const MAX_SECONDARY_ZONES = 65_536;

type FollowedCatalog = Extract<CatalogReading, { kind: 'catalog' }>;

export function createSecondaries(options: SecondariesOptions): Secondaries {
  return new SecondaryZones(options);
}

class SecondaryZones implements Secondaries {
  private readonly options: SecondariesOptions;
  private readonly round: RoundOptions;
  private readonly follower: CatalogFollower;
  private readonly publication: CopyPublication;
  /** By name; bounded by {@link MAX_SECONDARY_ZONES}. */
  private readonly byName = new Map<string, SecondaryZone>();
  private readonly bySlot = new Map<number, SecondaryZone>();
  private lastSlot = 0;
  /** Each zone once at most. */
  private readonly rounds: FairQueue<SecondaryZone>;
  private readonly ending = new AbortController();
  private isStarted = false;
  private following: Promise<void> = Promise.resolve();

  constructor(options: SecondariesOptions) {
    this.options = options;
    this.round = { ...options, signal: this.ending.signal };
    this.publication = createCopyPublication(options);
    this.rounds = createFairQueue({
      total: MAX_ROUNDS,
      perServer: MAX_ROUNDS_A_PRIMARY,
      run: (zone) => this.runRound(zone),
    });
    this.follower = {
      find: (zone) => this.byName.get(zone),
      zones: () => this.zones(),
      add: (config, membership) => this.add(config, membership),
      drop: (zone) => this.drop(zone),
      logger: options.logger,
    };
  }

  async restore(): Promise<void> {
    const { configs, store } = this.options;
    for (const config of configs) await this.add(config, undefined);
    let areAllFollowed = true;
    for (const catalog of this.zones()) {
      if (catalog.config.isCatalog && !(await this.followStored(catalog))) areAllFollowed = false;
    }
    // Of a catalog that cannot be read nobody knows which copies are its members'.
    if (areAllFollowed) await store.removeAllBut(this.byName.keys());
  }

  private async followStored(catalog: SecondaryZone): Promise<boolean> {
    const records = catalog.state.zone === null ? undefined : readStored(catalog, this.options.store);
    const reading = records === undefined ? undefined : readCatalogZone(catalog.apex, records);
    if (reading?.kind === 'catalog') {
      await this.follow(catalog, reading);
      return true;
    }
    // Asked for whole: of a version that is not at hand there are no changes.
    catalog.state = createRefreshState(this.options.clock.nowSeconds());
    return false;
  }

  /** One catalog at a time: two may claim one name. */
  private follow(catalog: SecondaryZone, reading: FollowedCatalog): Promise<void> {
    const following = this.following.then(() => followCatalog(catalog, reading, this.follower));
    this.following = following.catch(() => {});
    return following;
  }

  files(): SecondaryFile[] {
    const now = this.options.clock.nowSeconds();
    return this.zones().map(({ config, state }) => ({
      zone: config.zone,
      path: this.options.store.pathOf(config.zone),
      drivesTracker: config.drivesTracker,
      isAvailable: isServable(state, now),
    }));
  }

  zones(): SecondaryZone[] {
    return [...this.byName.values()];
  }

  start(): void {
    this.isStarted = true;
    for (const zone of this.byName.values()) {
      zone.wasServable = isServable(zone.state, this.options.clock.nowSeconds());
      this.step(zone);
    }
  }

  distrust(paths: readonly string[]): void {
    const { store, clock } = this.options;
    for (const zone of this.byName.values()) {
      if (paths.includes(store.pathOf(zone.config.zone))) zone.state = createRefreshState(clock.nowSeconds());
    }
  }

  notified({ slot, serial, primary }: HeardNotice): void {
    const zone = this.bySlot.get(slot);
    if (zone === undefined) return;
    const nowSeconds = this.options.clock.nowSeconds();
    zone.state = noteNotify(zone.state, { nowSeconds, serial, primary });
    this.step(zone);
  }

  statuses(): SecondaryStatus[] {
    const { store, clock } = this.options;
    const now = clock.nowSeconds();
    return this.zones().map((zone) => secondaryStatus(zone, store.pathOf(zone.config.zone), now));
  }

  async stop(): Promise<void> {
    this.isStarted = false;
    this.ending.abort();
    for (const zone of this.byName.values()) zone.cancelTimer();
    await this.rounds.stop();
  }

  private async add(config: SecondaryConfig, membership: Membership | undefined): Promise<void> {
    const { store, clock, logger } = this.options;
    if (this.byName.size >= MAX_SECONDARY_ZONES) {
      logger.warn(
        `${config.zone} is left out: there are ${MAX_SECONDARY_ZONES} zones of other servers already`,
      );
      return;
    }
    const nowSeconds = clock.nowSeconds();
    const saved = await store.find(config.zone);
    const state = saved === undefined ? undefined : resumeRefreshState(saved, nowSeconds);
    const zone = createSecondaryZone({ config, membership, slot: this.freeSlot(), state, nowSeconds });
    this.byName.set(config.zone, zone);
    this.bySlot.set(zone.slot, zone);
    this.publishSoon();
    this.step(zone);
  }

  private freeSlot(): number {
    do this.lastSlot = (this.lastSlot + 1) % MAX_SECONDARY_ZONES;
    while (this.bySlot.has(this.lastSlot));
    return this.lastSlot;
  }

  private async drop(zone: SecondaryZone): Promise<void> {
    const { store, logger } = this.options;
    zone.isGone = true;
    zone.cancelTimer();
    this.byName.delete(zone.config.zone);
    this.bySlot.delete(zone.slot);
    this.publishSoon();
    try {
      await store.remove(zone.config.zone);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      logger.warn(error.message);
    }
  }

  /** Asks, or sees to it that somebody will look again in time. */
  private step(zone: SecondaryZone): void {
    if (!this.isStarted || zone.isGone) return;
    const { clock } = this.options;
    const now = clock.nowSeconds();
    zone.cancelTimer();
    this.noteServable(zone, now);
    const next = nextRefreshStep(zone.state, zone.config.primaries.length, now);
    // While it waits for its turn, the copy may expire.
    const until = next.kind === 'wait' ? next.until : expiryAfter(zone, now);
    if (until !== undefined)
      zone.cancelTimer = clock.schedule(Math.max(1, until - now) * 1000, () => this.step(zone));
    // Last: its turn may come at once, and with it another step.
    if (next.kind === 'ask' && !zone.isBusy)
      this.rounds.push(formatSocketAddress(primaryOf(zone, next.primary)), zone);
  }

  /** What has expired is not served any more; what was confirmed again is. */
  private noteServable(zone: SecondaryZone, now: number): void {
    const isNow = isServable(zone.state, now);
    if (isNow === zone.wasServable) return;
    zone.wasServable = isNow;
    const { zone: name } = zone.config;
    if (!isNow) this.options.logger.error(`${name} has expired: no primary has confirmed it for too long`);
    this.publishSoon();
  }

  private async runRound(zone: SecondaryZone): Promise<void> {
    zone.isBusy = true;
    try {
      await this.ask(zone);
    } catch (error) {
      this.options.logger.error(`fetching ${zone.config.zone} failed: please report this`, {
        error: error as Error,
      });
      // As when its primary is silent: it is asked again in time.
      if (zone.state.isAsking)
        zone.state = failPrimary(zone.state, zone.config.primaries.length, roundEnd(this.round));
    }
    zone.isBusy = false;
    this.step(zone);
  }

  private async ask(zone: SecondaryZone): Promise<void> {
    const { clock, store } = this.options;
    const next = nextRefreshStep(zone.state, zone.config.primaries.length, clock.nowSeconds());
    if (next.kind !== 'ask' || zone.isGone) return;
    zone.state = beginAsking(zone.state);
    // While it is asked about, the copy may expire.
    this.step(zone);
    const copy = await runRound(zone, next.primary, this.round);
    if (copy !== undefined) await this.takeVersion(zone, copy, store.pathOf(zone.config.zone));
  }

  private async takeVersion(zone: SecondaryZone, copy: NewCopy, path: string): Promise<void> {
    zone.wasServable = true;
    this.publication.add(path, copy);
    if (copy.catalog?.kind === 'catalog') await this.follow(zone, copy.catalog);
    this.publishSoon();
  }

  private publishSoon(): void {
    if (this.isStarted) this.publication.due();
  }
}

function expiryAfter({ state }: SecondaryZone, now: number): number | undefined {
  const expiresAt = expiryOf(state);
  return expiresAt !== undefined && expiresAt > now ? expiresAt : undefined;
}
