// Finds and reads the configuration file: the one that was named, else portolan.toml where there is one.

import { dirname, resolve } from 'node:path';
import { FileError, readFileBounded } from '../../io/files/files.ts';
import { type ConfigResult, type ConfigSource, readConfig } from './config.ts';

export const DEFAULT_CONFIG_FILE = 'portolan.toml';

/** A thousand times the printed sample: what is larger was named by mistake. */
const MAX_CONFIG_OCTETS = 4 * 1024 * 1024;

export interface ConfigArguments {
  /** The file of `--config`; without it, {@link DEFAULT_CONFIG_FILE} counts if it exists. */
  readonly file: string | undefined;
  readonly flags: ConfigSource['flags'];
  readonly workingDirectory: string;
}

/** A file that cannot be read is one of the problems. */
export async function loadConfig({ file, flags, workingDirectory }: ConfigArguments): Promise<ConfigResult> {
  const path = file ?? DEFAULT_CONFIG_FILE;
  const absolute = resolve(workingDirectory, path);
  try {
    const text = new TextDecoder().decode(await readFileBounded(absolute, MAX_CONFIG_OCTETS));
    return readConfig({ file: { path, text, folder: dirname(absolute) }, flags, workingDirectory });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (file === undefined && error.code === 'not-found') return readConfig({ flags, workingDirectory });
    return { kind: 'wrong', problems: [error.message] };
  }
}
