// Copies that are new, on their way to be served: one publication at a time, and what comes before it begins goes along.

import type { Logger } from '../../io/log.ts';
import type { ZoneReading } from '../zones/zone-version.ts';
import type { NewCopy } from './secondary-round.ts';

export interface CopyPublicationOptions {
  readonly logger: Logger;
  /** Serves every zone of another server as things stand; `changed` are the copies that are new, by path. */
  publish(changed: ReadonlyMap<string, ZoneReading>): Promise<void>;
}

export interface CopyPublication {
  /** To be served with the next publication, in the place of an earlier one that was not served yet. */
  add(path: string, copy: NewCopy): void;
  /** Something has changed: a publication follows. */
  due(): void;
}

export function createCopyPublication({ logger, publish }: CopyPublicationOptions): CopyPublication {
  /** By path, since the last publication began; bounded by the zones of other servers. */
  let changed = new Map<string, NewCopy>();
  let publishing: Promise<void> = Promise.resolve();
  /** One is asked for and has not begun. */
  let isDue = false;

  async function publishChanged(): Promise<void> {
    isDue = false;
    const copies = changed;
    changed = new Map();
    try {
      await publish(new Map([...copies].map(([path, { reading }]) => [path, reading])));
    } catch (error) {
      logger.error('publishing copies failed: please report this', { error: error as Error });
    } finally {
      for (const { letGo } of copies.values()) letGo();
    }
  }

  return {
    add(path, copy) {
      changed.get(path)?.letGo();
      changed.set(path, copy);
    },
    due() {
      if (isDue) return;
      isDue = true;
      publishing = publishing.then(publishChanged);
    },
  };
}
