// The last good texts of each zone, under `state/zones`, so that a restart with a bad file serves on.
// One file a zone: a line of JSON that says which texts follow and how long each is, then the texts as they were.

import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { FileError, makePrivateDirectory, readFileBounded, writeFileAtomic } from '../../io/files/files.ts';
import type { SourceText } from '../finding.ts';
import type { ZoneVersion } from './zone-version.ts';

const headSchema = z.strictObject({
  version: z.literal(1),
  zone: z.string(),
  /** The zone file first. */
  texts: z.array(z.strictObject({ path: z.string(), octets: z.int().min(0) })).min(1),
});

/** Twice the largest zone file, for what it includes: more is not kept, and the operator is told. */
const MAX_KEPT_OCTETS = 2 ** 31;

export interface KeptZones {
  /** Throws {@link FileError}; of code `too-large` for texts that {@link KeptZones.find} would not read. */
  keep(path: string, version: ZoneVersion): Promise<void>;
  /** What was kept for the zone file at `path`; undefined when there is nothing, or nothing that can be read. */
  find(path: string): Promise<readonly SourceText[] | undefined>;
}

/** Throws {@link FileError} when the folder cannot be made. */
export async function createKeptZones(
  stateFolder: string,
  maxOctets: number = MAX_KEPT_OCTETS,
): Promise<KeptZones> {
  const folder = join(stateFolder, 'zones');
  await makePrivateDirectory(folder);
  return {
    async keep(path, version) {
      const file = fileFor(folder, path);
      const pieces = encodeKept(version);
      const size = pieces.reduce((sum, { length }) => sum + length, 0);
      if (size > maxOctets) throw new FileError('write', file, 'too-large');
      await writeFileAtomic(file, pieces);
    },
    async find(path) {
      try {
        return decodeKept(await readFileBounded(fileFor(folder, path), maxOctets));
      } catch (error) {
        if (error instanceof FileError) return undefined;
        throw error;
      }
    },
  };
}

/** By the file that the zone comes from: a bad file may not even say which zone it is. */
function fileFor(folder: string, path: string): string {
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(folder, `${basename(path).replaceAll(/[^A-Za-z0-9._-]/g, '_')}.${digest}.kept`);
}

/** In pieces: joined they would be a second copy of all texts. */
function encodeKept({ name, texts }: ZoneVersion): readonly Uint8Array[] {
  const head = {
    version: 1,
    zone: name,
    texts: texts.map(({ path, octets }) => ({ path, octets: octets.length })),
  };
  return [Buffer.from(`${JSON.stringify(head)}\n`), ...texts.map(({ octets }) => octets)];
}

function decodeKept(octets: Uint8Array): readonly SourceText[] | undefined {
  const headEnd = octets.indexOf(0x0a);
  const head = parseHead(new TextDecoder().decode(octets.subarray(0, Math.max(0, headEnd))));
  if (head === undefined) return undefined;
  let start = headEnd + 1;
  const texts = head.texts.map(({ path, octets: length }) => {
    start += length;
    return { path, octets: octets.subarray(start - length, start) };
  });
  return start === octets.length ? texts : undefined;
}

function parseHead(text: string): z.output<typeof headSchema> | undefined {
  try {
    return headSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
