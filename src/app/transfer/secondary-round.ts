// A round of one zone: its primary is asked, and what it sends becomes the copy.

import { Counter, type Counters } from '../../core/counters.ts';
import { formatSocketAddress } from '../../core/net/endpoint.ts';
import { formatKeyName } from '../../core/transfer/access.ts';
import { type CatalogReading, readCatalogZone } from '../../core/transfer/catalog-zone.ts';
import { endRound, failPrimary, type RoundEnd } from '../../core/transfer/refresh.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import { isError } from '../../core/zone/diagnostic.ts';
import { parseZone } from '../../core/zone/language/parser.ts';
import type { RecordTable } from '../../core/zone/record-table.ts';
import type { Clock } from '../../io/clock.ts';
import type { TlsPeer, TransferLimits } from '../../io/dns-client/transfer-client.ts';
import { FileError, readFileBounded } from '../../io/files/files.ts';
import { readZoneFile, ZoneFileError } from '../../io/files/zone-files.ts';
import type { Logger } from '../../io/log.ts';
import type { SecondaryConfig } from '../config/transfer-config.ts';
import type { ImageBuffers } from '../data-plane/image-buffers.ts';
import { readCopy, type ZoneReading } from '../zones/zone-version.ts';
import { type Fetched, fetchZone } from './fetch-zone.ts';
import { describeBroken } from './follow-catalog.ts';
import { formatCopy, type SecondaryStore } from './secondary-store.ts';
import { primaryOf, type SecondaryZone, timesOf } from './secondary-zone.ts';

export interface RoundOptions {
  readonly store: SecondaryStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  randomOctets(length: number): Uint8Array;
  /** Those of the configuration's key files, as they are now. */
  keys(): readonly TsigKey[];
  readonly buffers: ImageBuffers;
  /** What images are compiled with. */
  readonly seed: number;
  /** See CheckOptions. */
  readonly hasCertificate?: boolean;
  readonly signal: AbortSignal;
  readonly limits?: Partial<TransferLimits>;
}

/** A chain of authorities takes some kilobytes; that of a whole system 250 kB. */
const MAX_AUTHORITIES_OCTETS = 4 * 1024 * 1024;

/** A new version, stored and ready to be served. */
export interface NewCopy {
  readonly reading: Extract<ZoneReading, { kind: 'good' }>;
  /** Of a catalog zone. */
  readonly catalog: CatalogReading | undefined;
  /** To be called once it is published, or never will be. */
  letGo(): void;
}

/** The new version; undefined when there is none. The zone's state says the rest. */
export async function runRound(
  zone: SecondaryZone,
  primary: number,
  options: RoundOptions,
): Promise<NewCopy | undefined> {
  const outcome = await askPrimary(zone, primary, options);
  if (zone.isGone || options.signal.aborted) return undefined;
  const taken = await take(zone, outcome, options);
  options.counters[counterOf(taken)]!++;
  if (typeof taken !== 'string') return taken;
  const where = formatSocketAddress(primaryOf(zone, primary));
  zone.lastError = `${where}: ${taken}`;
  options.logger.warn(`${zone.config.zone} was not fetched from ${where}: ${taken}`);
  zone.state = failPrimary(zone.state, zone.config.primaries.length, roundEnd(options));
  await saveState(zone, options);
  return undefined;
}

function counterOf(taken: NewCopy | string | undefined): number {
  if (typeof taken === 'string') return Counter.copiesFailed;
  return taken === undefined ? Counter.copiesConfirmed : Counter.copiesFetched;
}

/** The copy's records, if it is the version that the state says. */
export function readStored(
  { config, apex, state }: SecondaryZone,
  store: SecondaryStore,
): RecordTable | undefined {
  try {
    const { records, diagnostics } = parseZone(readZoneFile(store.pathOf(config.zone)));
    const isWhole = !diagnostics.some(isError);
    return isWhole && timesOf(records, apex)?.serial === state.zone?.serial ? records : undefined;
  } catch (error) {
    if (error instanceof ZoneFileError) return undefined;
    throw error;
  }
}

/** What the state needs to know of a round's end. */
export function roundEnd({ clock, randomOctets }: RoundOptions): RoundEnd {
  const [octet] = randomOctets(1);
  return { nowSeconds: clock.nowSeconds(), chance: octet! / 256 };
}

async function askPrimary(zone: SecondaryZone, primary: number, options: RoundOptions): Promise<Fetched> {
  const { clock, keys, randomOctets, limits, signal, store } = options;
  const { config, apex, state } = zone;
  const key = keys().find(({ name }) => formatKeyName(name) === config.key);
  if (config.key !== undefined && key === undefined)
    return { kind: 'failed', reason: `There is no key ${config.key}.` };
  const tls = await readTlsPeer(config);
  if (typeof tls === 'string') return { kind: 'failed', reason: tls };
  return await fetchZone({
    apex,
    primary: primaryOf(zone, primary),
    key,
    tls,
    serial: state.zone?.serial,
    readRecords: () => readStored(zone, store),
    clock,
    signal,
    randomOctets,
    ...(limits !== undefined && { limits }),
  });
}

const HOW = { changes: 'by its changes', zone: 'whole' } as const;

/** The new version, undefined where the one at hand is it, or why the primary is as good as silent. */
async function take(
  zone: SecondaryZone,
  outcome: Fetched,
  options: RoundOptions,
): Promise<NewCopy | string | undefined> {
  const { store, logger } = options;
  const { config, apex } = zone;
  if (outcome.kind === 'failed') return outcome.reason;
  if (outcome.kind === 'current') {
    zone.state = endRound(zone.state, zone.state.zone!, roundEnd(options));
    zone.lastError = undefined;
    await saveState(zone, options);
    return undefined;
  }
  const times = timesOf(outcome.records, apex);
  if (times === undefined) return 'The zone has no SOA record.';
  const prepared = prepare(zone, outcome.records, options);
  if (typeof prepared === 'string') return prepared;
  const { copy, text } = prepared;
  const state = endRound(zone.state, times, roundEnd(options));
  try {
    await store.write(config.zone, text, state);
  } catch (error) {
    copy.letGo();
    if (error instanceof FileError) return `${error.message}.`;
    throw error;
  }
  if (zone.isGone) {
    // Removed while it was written.
    copy.letGo();
    await store.remove(config.zone);
    return undefined;
  }
  const notes = outcome.ignored > 0 ? `; ${outcome.ignored} records outside the zone were left out` : '';
  logger.info(`${config.zone} is at serial ${times.serial}, fetched ${HOW[outcome.how]}${notes}`);
  // Of the state as it is now: a NOTIFY that came while the copy was written is not forgotten.
  zone.state = endRound(zone.state, times, roundEnd(options));
  zone.lastError = undefined;
  return copy;
}

/** Checked and compiled, before the copy at hand is given up; or why it cannot be served. */
function prepare(
  { config, apex }: SecondaryZone,
  records: RecordTable,
  { store, buffers, seed, hasCertificate = false }: RoundOptions,
): { copy: NewCopy; text: Uint8Array } | string {
  const { zone, drivesTracker, isCatalog } = config;
  const text = formatCopy(zone, records);
  const catalog = isCatalog ? readCatalogZone(apex, records) : undefined;
  // The last one that could be followed stays at hand: after a restart its members would be nobody's.
  if (catalog?.kind === 'broken') return `${describeBroken(catalog)}.`;
  const options = { seed, allocate: buffers.allocate, hasCertificate };
  const source = { path: store.pathOf(zone), octets: text };
  const reading = readCopy(apex, records, source, { reading: options, drivesTracker });
  if (reading.kind === 'bad') return `The zone cannot be served: ${reading.findings.at(-1)?.message}.`;
  return { copy: { reading, catalog, letGo: buffers.hold(reading.version.image.buffer) }, text };
}

async function saveState({ config, state }: SecondaryZone, { store, logger }: RoundOptions): Promise<void> {
  if (state.zone === null) return;
  try {
    await store.writeState(config.zone, state);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    logger.warn(`${error.message}; a restart now may serve ${config.zone} for too long or not at all`);
  }
}

/** A sentence where the authorities cannot be read. */
async function readTlsPeer({ tls }: SecondaryConfig): Promise<TlsPeer | undefined | string> {
  if (tls === undefined) return undefined;
  const { name, caFile } = tls;
  if (caFile === undefined) return { name, authorities: undefined };
  try {
    const text = new TextDecoder().decode(await readFileBounded(caFile, MAX_AUTHORITIES_OCTETS));
    return { name, authorities: text };
  } catch (error) {
    if (error instanceof FileError) return `${error.message}.`;
    throw error;
  }
}
