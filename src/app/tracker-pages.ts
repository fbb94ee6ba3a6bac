// What the index pages of tracker hosts say beside counts: as it is configured, or from a file that SIGHUP reads again.

import { MAX_POLICY_OCTETS, type PageSettings } from '../core/tracker/http/pages.ts';
import { FileError, readFileBounded } from '../io/files/files.ts';
import type { Logger } from '../io/log.ts';
import type { TrackerConfig } from './config/config.ts';
import { isPlain } from './config/page-settings.ts';

export interface TrackerPages {
  /** The same object until the file says something else. */
  current(): PageSettings;
  /** Reads the file again; where something is wrong with it that is logged, and the text that was stays. */
  reload(): Promise<void>;
}

/** The file holds no policy that can be shown. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'policy-unreadable';

  constructor(path: string) {
    super(
      `${path} is no plain text in UTF-8; write what people are to read, without markup or control characters`,
    );
  }
}

/** Throws FileError and {@link PolicyError} for a file that is of no use. */
export async function openTrackerPages(
  { policy, policyFile, hasStats }: Pick<TrackerConfig, 'policy' | 'policyFile' | 'hasStats'>,
  logger: Logger,
): Promise<TrackerPages> {
  if (policyFile === undefined) {
    const settings = { policy: policy.trim(), hasStats };
    return { current: () => settings, reload: async () => {} };
  }
  let settings = { policy: await readPolicy(policyFile), hasStats };
  return {
    current: () => settings,
    async reload() {
      try {
        const again = await readPolicy(policyFile);
        if (again === settings.policy) return;
        settings = { policy: again, hasStats };
        logger.info('the policy on the index pages is new');
      } catch (error) {
        if (!(error instanceof FileError || error instanceof PolicyError)) throw error;
        logger.error(`${error.message}; the policy that was stays`);
      }
    },
  };
}

async function readPolicy(path: string): Promise<string> {
  const octets = await readFileBounded(path, MAX_POLICY_OCTETS);
  const text = decode(octets);
  if (text === undefined || !isPlain(text)) throw new PolicyError(path);
  return text.trim();
}

function decode(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}
