// The peers between two lives of the server: a file under the state folder, written at the end of one, read at the start
// of the next and gone from then on. It holds addresses of clients and the keys that vouch for them, so it is of mode
// 0600, and never there while the server runs. Whatever goes wrong with it costs a line in the log, and nothing else:
// clients announce again within an interval.

import { join } from 'node:path';
import { encodeSnapshot } from '../../core/swarm/snapshot.ts';
import {
  decodeSnapshotHead,
  SNAPSHOT_HEAD_OCTETS,
  type SnapshotRefusal,
} from '../../core/swarm/snapshot-format.ts';
import { createSnapshotReader, type SnapshotReader } from '../../core/swarm/snapshot-reader.ts';
import { swarmTotals } from '../../core/swarm/table.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { Clock } from '../../io/clock.ts';
import { FileError, PRIVATE_FILE_MODE, writeFileAtomic } from '../../io/files/files.ts';
import { removeTraces, takeFile } from '../../io/files/take-file.ts';
import type { Logger } from '../../io/log.ts';
import type { Config } from '../config/config.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { createSwarm, type Swarm } from '../data-plane/shared-state.ts';
import type { Machine } from '../machine.ts';

const SNAPSHOT_FILE = 'swarm.snapshot';
/** systemd ends a start or a stop that takes 90 s (systemd-system.conf: DefaultTimeoutStopSec), and there is more to do. */
const MOST_MILLISECONDS = 60_000;

export interface SwarmSnapshotOptions {
  readonly config: Pick<Config, 'state' | 'tracker'>;
  readonly settings: TrackerSettings;
  readonly machine: Machine;
  readonly logger: Logger;
  /** The peers come from a server that runs: what lies in the folder is deleted unread. */
  readonly isTakeover: boolean;
}

export interface SwarmSnapshot {
  /** What the life before this one knew; undefined where there is nothing, or nothing of use. */
  readonly swarm: Swarm | undefined;
  /** Writes what a data plane that has stopped knows, once. Never rejects. */
  save(dataPlane: Pick<DataPlane, 'swarm' | 'swarmSeconds'>): Promise<void>;
}

/** Reads the snapshot where it is of use, and deletes it. Never rejects: what is wrong stands in the log. */
export async function openSwarmSnapshot(options: SwarmSnapshotOptions): Promise<SwarmSnapshot> {
  const { config, logger } = options;
  const path = join(config.state, SNAPSHOT_FILE);
  let swarm: Swarm | undefined;
  try {
    const isRead = config.tracker.snapshot && !options.isTakeover;
    await removeTraces(path, isRead ? 'kept' : 'removed');
    if (isRead) swarm = await readSnapshot(path, options);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code !== 'not-found')
      logger.warn(`the peers of before the restart are not known: ${error.message}`);
  }
  let saved: Promise<void> | undefined;
  return {
    swarm,
    async save(dataPlane) {
      if (!config.tracker.snapshot) return;
      saved ??= writeSnapshot(path, dataPlane, options);
      await saved;
    },
  };
}

async function readSnapshot(path: string, options: SwarmSnapshotOptions): Promise<Swarm | undefined> {
  const { logger, machine } = options;
  const started = machine.clock.nowMilliseconds();
  const reading = await takeSnapshot(path, options);
  if (reading.kind === 'refused') {
    const reason = REASONS[reading.code];
    logger.warn(`the peers of before the restart are not known: ${path} ${reason}, and is deleted`);
    return undefined;
  }
  const { swarm, reader } = reading;
  const { torrents } = swarmTotals(swarm.table);
  const milliseconds = machine.clock.nowMilliseconds() - started;
  logger.info('the peers of before the restart are known', { torrents, ...reader.tally, milliseconds });
  return swarm;
}

type Reading =
  | { readonly kind: 'swarm'; readonly swarm: Swarm; readonly reader: SnapshotReader }
  | { readonly kind: 'refused'; readonly code: SnapshotRefusal };

const REASONS: Readonly<Record<SnapshotRefusal, string>> = {
  foreign: 'is no snapshot',
  version: 'is of another version of this program',
  damaged: 'is damaged',
};

/** Throws {@link FileError}. */
async function takeSnapshot(path: string, options: SwarmSnapshotOptions): Promise<Reading> {
  const { clock } = options.machine;
  const deadline = clock.nowMilliseconds() + MOST_MILLISECONDS;
  const head = new Uint8Array(SNAPSHOT_HEAD_OCTETS);
  let headLength = 0;
  let reading: Reading | undefined;
  for await (const chunk of takeFile(path)) {
    const taken = Math.min(head.length - headLength, chunk.length);
    head.set(chunk.subarray(0, taken), headLength);
    headLength += taken;
    if (headLength < head.length) continue;
    reading ??= beginReading(head, options);
    if (reading.kind === 'refused') return reading;
    if (reading.reader.read(chunk.subarray(taken)) === 'damaged') break;
    // Half of the peers are better than a start that is cut off.
    if (clock.nowMilliseconds() > deadline) return reading;
  }
  reading ??= beginReading(head.subarray(0, headLength), options);
  if (reading.kind === 'refused') return reading;
  const isWhole = reading.reader.read(head.subarray(0, 0)) === 'end';
  return isWhole ? reading : { kind: 'refused', code: 'damaged' };
}

function beginReading(octets: Uint8Array, { config, settings, machine }: SwarmSnapshotOptions): Reading {
  const result = decodeSnapshotHead(octets);
  if (result.kind === 'refused') return result;
  const { head } = result;
  const { limits } = config.tracker;
  const swarm = createSwarm({ settings, limits, randomOctets: machine.randomOctets }, head);
  // The data plane's clock will begin at this second.
  const seconds = machine.clock.nowSeconds();
  const { table } = swarm;
  const reader = createSnapshotReader({ table, head, worldSeconds: seconds, tableSeconds: seconds });
  return { kind: 'swarm', swarm, reader };
}

async function writeSnapshot(
  path: string,
  dataPlane: Pick<DataPlane, 'swarm' | 'swarmSeconds'>,
  { machine, logger }: SwarmSnapshotOptions,
): Promise<void> {
  const { table, connectionKey } = dataPlane.swarm;
  const { torrents, peersIpv4, peersIpv6 } = swarmTotals(table);
  if (torrents === 0) {
    // One that could not be read at the start, or came since, tells of nobody who is here.
    await forget(path, logger);
    return;
  }
  const started = machine.clock.nowMilliseconds();
  const worldSeconds = machine.clock.nowSeconds();
  const chunks = encodeSnapshot(table, {
    connectionKey,
    worldSeconds,
    tableSeconds: dataPlane.swarmSeconds(),
  });
  try {
    await writeFileAtomic(path, inTime(chunks, machine.clock), { mode: PRIVATE_FILE_MODE });
    const milliseconds = machine.clock.nowMilliseconds() - started;
    logger.info('the peers are kept for the next start', { torrents, peersIpv4, peersIpv6, milliseconds });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    logger.error(`the peers are not kept for the next start: ${error.message}`);
  }
}

async function forget(path: string, logger: Logger): Promise<void> {
  try {
    await removeTraces(path, 'removed');
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    logger.warn(`peers of an earlier life are left behind: ${error.message}`);
  }
}

/** Throws where that takes so long that the process would be ended over it. */
function* inTime(chunks: Iterable<Uint8Array>, clock: Clock): Iterable<Uint8Array> {
  const deadline = clock.nowMilliseconds() + MOST_MILLISECONDS;
  for (const chunk of chunks) {
    if (clock.nowMilliseconds() > deadline)
      throw new Error(`the disk takes more than ${MOST_MILLISECONDS / 1000} s`);
    yield chunk;
  }
}
