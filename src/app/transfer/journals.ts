// What has changed between the versions of each zone, for IXFR (RFC 1995): kept under `state/journal`, so that a restart
// still has it. A zone's journal leads to the version that is published, or there is none.

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeChanges, encodeChange } from '../../core/transfer/change-codec.ts';
import { diffImages, type ZoneChange, type ZoneJournal } from '../../core/transfer/changes.ts';
import { isNewerSerial } from '../../core/transfer/serial.ts';
import { Header, type ZoneImage } from '../../core/zone/image/image.ts';
import {
  FileError,
  makePrivateDirectory,
  readFileBounded,
  removeFile,
  writeFileAtomic,
} from '../../io/files/files.ts';
import type { Logger } from '../../io/log.ts';
import type { ZoneVersion } from '../zones/zone-version.ts';

/** Steps that a journal keeps: Knot's `journal-max-depth` is 20, BIND and NSD bound the size alone. */
export const MAX_JOURNAL_STEPS = 100;
/**
 * Where a zone is small its journal may be larger than the zone; beyond that, a secondary that is so far behind fetches
 * the zone as fast. BIND's `max-journal-size` is twice the zone.
 */
export const MIN_JOURNAL_BOUND_OCTETS = 65_536;
/** As much as one change may have (change-codec.ts), all steps together. */
const MAX_JOURNAL_FILE_OCTETS = 2 ** 30;

export interface Journals {
  /** Before `after` is published in the place of `before`: undefined, it is the first version since the start. */
  advance(before: ZoneVersion | undefined, after: ZoneVersion): Promise<void>;
  /** Forgets those of all other zones. */
  keepOnly(names: ReadonlySet<string>): Promise<void>;
  /** Of all zones that have one. */
  list(): readonly ZoneJournal[];
}

interface Journal extends ZoneJournal {
  /** Octets of all changes as they are stored. */
  readonly octets: number;
}

/** Throws {@link FileError} when the folder cannot be made. What cannot be written later is logged, and kept in memory. */
export async function createJournals(stateFolder: string, logger: Logger): Promise<Journals> {
  const folder = join(stateFolder, 'journal');
  await makePrivateDirectory(folder);
  /** By zone; bounded by the zones that are served. */
  const journals = new Map<string, Journal>();

  async function advance(before: ZoneVersion | undefined, after: ZoneVersion): Promise<void> {
    const { name, image } = after;
    if (before === undefined) {
      const journal = await readJournal(fileOf(folder, name), image);
      if (journal !== undefined) journals.set(name, journal);
      return;
    }
    const change = changeBetween(before.image, image);
    if (change === 'none') return;
    const journal = change === undefined ? undefined : extended(journals.get(name), change, image);
    if (journal === undefined) await forget(name);
    else {
      journals.set(name, journal);
      await write(name, journal);
    }
  }

  async function write(name: string, { changes }: Journal): Promise<void> {
    try {
      await writeFileAtomic(fileOf(folder, name), Buffer.concat(changes.map(encodeChange)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      logger.warn(`${error.message}; after a restart secondaries will fetch ${name} whole`);
    }
  }

  async function forget(name: string): Promise<void> {
    journals.delete(name);
    await removeFile(fileOf(folder, name)).catch((error: Error) => logger.warn(error.message));
  }

  return {
    advance,
    async keepOnly(names) {
      for (const name of [...journals.keys()]) if (!names.has(name)) journals.delete(name);
      const kept = new Set([...names].map((name) => fileNameOf(name)));
      for (const file of await readdir(folder).catch(() => []))
        if (!kept.has(file))
          await removeFile(join(folder, file)).catch((error: Error) => logger.warn(error.message));
    },
    list: () => [...journals.values()],
  };
}

/** `none`: the same zone. Undefined: what IXFR cannot say (the serial did not grow), or what would be larger than the zone. */
function changeBetween(before: ZoneImage, after: ZoneImage): ZoneChange | 'none' | undefined {
  if (before === after) return 'none';
  if (isNewerSerial(after.serial, before.serial)) return diffImages(before, after);
  const change = after.serial === before.serial ? diffImages(before, after) : undefined;
  // Each block begins with the SOA.
  return change?.removedCount === 1 && change.addedCount === 1 ? 'none' : undefined;
}

/** The steps before it that still lead to it, as far as the bounds go; undefined when it alone is too large. */
function extended(journal: Journal | undefined, change: ZoneChange, image: ZoneImage): Journal | undefined {
  const bound = Math.max(image.words[Header.octets]!, MIN_JOURNAL_BOUND_OCTETS);
  const follows = journal?.changes.at(-1)?.toSerial === change.fromSerial;
  const steps = [...(follows ? journal!.changes : []), change].slice(-MAX_JOURNAL_STEPS);
  let octets = steps.reduce((sum, step) => sum + sizeOf(step), 0);
  while (octets > bound && steps.length > 0) octets -= sizeOf(steps.shift()!);
  return steps.length === 0 ? undefined : { apex: image.apex.slice(), changes: steps, octets };
}

function sizeOf({ removed, added }: ZoneChange): number {
  return removed.length + added.length;
}

/** Undefined when there is none, or none that leads to this version. */
async function readJournal(path: string, image: ZoneImage): Promise<Journal | undefined> {
  try {
    const { changes } = decodeChanges(await readFileBounded(path, MAX_JOURNAL_FILE_OCTETS));
    if (changes.at(-1)?.toSerial !== image.serial || !isChain(changes)) return undefined;
    const octets = changes.reduce((sum, step) => sum + sizeOf(step), 0);
    return { apex: image.apex.slice(), changes, octets };
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

function isChain(changes: readonly ZoneChange[]): boolean {
  return changes.every(({ fromSerial }, index) => index === 0 || changes[index - 1]!.toSerial === fromSerial);
}

function fileOf(folder: string, name: string): string {
  return join(folder, fileNameOf(name));
}

/** Names of zones may have any octets and any length. */
function fileNameOf(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${name.replaceAll(/[^a-z0-9._-]/g, '_').slice(0, 200)}.${digest}.journal`;
}
