// Named pipes, as `<(…)` of a shell makes them: read once, as they come.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGatherer } from '../../core/octets/gather.ts';
import type { FilePath } from './file-path.ts';
import { FileError, fileError } from './files.ts';

/** False also for what is not there: reading it will say so. */
export async function isPipe(path: FilePath): Promise<boolean> {
  try {
    return (await stat(path)).isFIFO();
  } catch {
    return false;
  }
}

/**
 * What comes through the pipe until its last writer closes it, at most `maxOctets`; waits for one as long as it takes.
 * Throws {@link FileError}.
 */
export async function readPipe(path: FilePath, maxOctets: number): Promise<Uint8Array> {
  const gathered = createGatherer(maxOctets);
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
      if (!gathered.add(chunk)) throw new FileError('read', path, 'too-large');
  } catch (error) {
    throw fileError('read', path, error);
  }
  return gathered.octets();
}
