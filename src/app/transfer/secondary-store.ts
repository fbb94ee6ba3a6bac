// Copies of other servers' zones, under `state/secondary`: the zone as a file like any other, and beside it when it was
// last known to be the primary's, so that a restart serves it at once, and no longer than it may.

import { createHash } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RefreshState } from '../../core/transfer/refresh.ts';
import { formatRecord } from '../../core/zone/language/format.ts';
import type { RecordTable } from '../../core/zone/record-table.ts';
import {
  FileError,
  makePrivateDirectory,
  readFileBounded,
  removeFile,
  writeFileAtomic,
} from '../../io/files/files.ts';
import { MAX_ZONE_FILE_OCTETS } from '../../io/files/zone-files.ts';

const seconds = z.int().min(0);

const stateSchema = z.strictObject({
  zone: z
    .strictObject({ serial: seconds.max(0xffff_ffff), refresh: seconds, retry: seconds, expire: seconds })
    .nullable(),
  confirmedAt: seconds.nullable(),
  nextAt: seconds,
  endedAt: seconds.nullable(),
  failedRounds: seconds,
  first: seconds,
  tried: seconds,
  isAsking: z.boolean(),
  isNotified: z.boolean(),
});

const fileSchema = z.strictObject({ version: z.literal(1), zone: z.string(), state: stateSchema });

export interface SecondaryStore {
  /** Where the copy of a zone is, or would be. */
  pathOf(zone: string): string;
  /** Undefined when there is no copy, or none that can be trusted. */
  find(zone: string): Promise<RefreshState | undefined>;
  /** Replaces the copy by `text`, see {@link formatCopy}. Throws {@link FileError}. */
  write(zone: string, text: Uint8Array, state: RefreshState): Promise<void>;
  /** The copy stays as it is. Throws {@link FileError}. */
  writeState(zone: string, state: RefreshState): Promise<void>;
  /** Throws {@link FileError}; harmless when there is none. */
  remove(zone: string): Promise<void>;
  /** Removes the copies of all other zones: nobody asks for them any more. */
  removeAllBut(zones: Iterable<string>): Promise<void>;
}

/** A name of 255 octets in text is longer than a file's name may be (POSIX NAME_MAX is 255, and endings follow). */
const MAX_NAME_CHARACTERS = 200;
/** Ten times what is written. */
const MAX_STATE_OCTETS = 4096;
/** Records that become text at a time: a zone's whole text may be more than one string can hold. */
const RECORDS_A_CHUNK = 10_000;

/** Throws {@link FileError} when the folder cannot be made. */
export async function createSecondaryStore(stateFolder: string): Promise<SecondaryStore> {
  const folder = join(stateFolder, 'secondary');
  await makePrivateDirectory(folder);
  const fileOf = (zone: string, ending: string): string => join(folder, `${fileNameOf(zone)}.${ending}`);

  async function writeState(zone: string, state: RefreshState): Promise<void> {
    const text = `${JSON.stringify({ version: 1, zone, state }, null, 2)}\n`;
    await writeFileAtomic(fileOf(zone, 'json'), Buffer.from(text));
  }

  return {
    pathOf: (zone) => fileOf(zone, 'zone'),
    writeState,
    async find(zone) {
      try {
        // Without the zone itself it would be asked for its changes only, for ever.
        if (!(await exists(fileOf(zone, 'zone')))) return undefined;
        const octets = await readFileBounded(fileOf(zone, 'json'), MAX_STATE_OCTETS);
        return parseState(new TextDecoder().decode(octets), zone);
      } catch (error) {
        if (error instanceof FileError) return undefined;
        throw error;
      }
    },
    async write(zone, text, state) {
      const path = fileOf(zone, 'zone');
      if (text.length > MAX_ZONE_FILE_OCTETS) throw new FileError('write', path, 'too-large');
      await writeFileAtomic(path, text);
      // After the zone: what stands here too low is asked for again, what stands too high would never be.
      await writeState(zone, state);
    },
    async remove(zone) {
      await removeFile(fileOf(zone, 'json'));
      await removeFile(fileOf(zone, 'zone'));
    },
    async removeAllBut(zones) {
      const kept = new Set(
        [...zones].flatMap((zone) => [`${fileNameOf(zone)}.zone`, `${fileNameOf(zone)}.json`]),
      );
      for (const name of await readdir(folder)) if (!kept.has(name)) await removeFile(join(folder, name));
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Readable where the name is of a common kind, and unique always. */
function fileNameOf(zone: string): string {
  if (/^[a-z0-9_-][a-z0-9._-]*$/.test(zone) && zone.length <= MAX_NAME_CHARACTERS) return zone;
  const digest = createHash('sha256').update(zone).digest('hex').slice(0, 32);
  return `${zone.replaceAll(/[^a-z0-9._-]/g, '_').slice(0, MAX_NAME_CHARACTERS)}~${digest}`;
}

/** The text of a copy, and in `records` where each of them stands in it: what is found wrong is shown there. */
export function formatCopy(zone: string, records: RecordTable): Uint8Array {
  const chunks = [
    Buffer.from(`; A copy of ${zone} as its primary sent it: edits are lost with the next one.\n`),
  ];
  for (let first = 0; first < records.count; first += RECORDS_A_CHUNK) {
    const lines: string[] = [];
    const last = Math.min(records.count, first + RECORDS_A_CHUNK);
    for (let row = first; row < last; row++) {
      lines.push(`${formatRecord(records, row)}\n`);
      records.files[row] = 0;
      // Below the remark.
      records.lines[row] = row + 2;
      records.columns[row] = 1;
    }
    chunks.push(Buffer.from(lines.join('')));
  }
  return Buffer.concat(chunks);
}

function parseState(text: string, zone: string): RefreshState | undefined {
  try {
    const { data } = fileSchema.safeParse(JSON.parse(text));
    return data?.zone === zone ? data.state : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
