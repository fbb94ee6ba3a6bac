// Primary and secondary, as the rest of the control plane sees them: what stands in a publication beside the zones, and
// what follows from one.

import { isDeepStrictEqual } from 'node:util';
import type { Counters } from '../../core/counters.ts';
import { foldName } from '../../core/dns/name.ts';
import { parseTransferRule } from '../../core/transfer/access.ts';
import { isNewerSerial } from '../../core/transfer/serial.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import type { Logger } from '../../io/log.ts';
import type { TransferConfig } from '../config/transfer-config.ts';
import type { TransferPolicy } from '../data-plane/data-plane.ts';
import type { ImageBuffers } from '../data-plane/image-buffers.ts';
import type { NotifiedZone, NotifyNotice } from '../data-plane/notify-gate.ts';
import type { Machine } from '../machine.ts';
import type { SecondaryFile } from '../zones/zone-origin.ts';
import type { ZoneReading, ZoneVersion } from '../zones/zone-version.ts';
import { createJournals, type Journals } from './journals.ts';
import { loadKeys, TransferKeysError } from './load-keys.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { createNotifyInbox, type NotifyInbox } from './notify-inbox.ts';
import { createSecondaries, MAX_SECONDARY_ZONES, type Secondaries } from './secondaries.ts';
import type { SecondaryStatus } from './secondary-status.ts';
import { createSecondaryStore } from './secondary-store.ts';
import type { SecondaryZone } from './secondary-zone.ts';

/** A zone whose version is to be published, and the one before it. */
export interface VersionStep {
  readonly before: ZoneVersion | undefined;
  readonly after: ZoneVersion;
}

export interface Transfers {
  /** Every zone of another server, as things stand. */
  secondaries(): readonly SecondaryFile[];
  statuses(): readonly SecondaryStatus[];
  /** Before a publication: what has changed is written down. `names` are all zones that will be served. */
  prepare(steps: readonly VersionStep[], names: readonly string[]): Promise<void>;
  /** Those of the last reading of the key files; the same array until one says something else. */
  keys(): readonly TsigKey[];
  /** What stands in a publication beside the zones. */
  policy(): TransferPolicy;
  /** After it: who copies zones from here is told. */
  published(steps: readonly VersionStep[]): void;
  /** See {@link Secondaries.distrust}. */
  distrust(paths: readonly string[]): void;
  /** A NOTIFY came. */
  receive(notice: NotifyNotice): void;
  /** Reads the key files again; where something is wrong with them it is logged, and the keys that were are used on. */
  reloadKeys(): Promise<void>;
  /** Begins to ask primaries. */
  start(): void;
  /** Safe twice, and waits. */
  stop(): Promise<void>;
}

export interface TransfersOptions {
  readonly dns: TransferConfig;
  /** Absolute path. */
  readonly stateFolder: string;
  readonly machine: Pick<Machine, 'clock' | 'randomOctets'>;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly buffers: ImageBuffers;
  /** What images are compiled with. */
  readonly seed: number;
  /** See CheckOptions. */
  readonly hasCertificate?: boolean;
  /** Serves the copies that there are now; `changed` by path. */
  publish(changed: ReadonlyMap<string, ZoneReading>): Promise<void>;
}

/** Throws FileError when the state folder cannot be used, TransferKeysError when the key files cannot. */
export async function createTransfers(options: TransfersOptions): Promise<Transfers> {
  const {
    dns,
    stateFolder,
    machine,
    logger,
    counters,
    buffers,
    seed,
    publish,
    hasCertificate = false,
  } = options;
  const { clock, randomOctets } = machine;
  const loaded = await loadKeys(dns);
  if (loaded.kind === 'wrong') throw new TransferKeysError(loaded.problems.join('\n'));
  let { keys } = loaded;
  const shared = { clock, logger, randomOctets, counters, keys: () => keys };
  const store = await createSecondaryStore(stateFolder);
  const secondaries = createSecondaries({
    ...shared,
    configs: dns.secondaries,
    store,
    buffers,
    seed,
    hasCertificate,
    publish,
  });
  await secondaries.restore();
  return assemble({
    rules: dns.transfer,
    secondaries,
    inbox:
      dns.secondaries.length === 0
        ? undefined
        : createNotifyInbox(MAX_SECONDARY_ZONES, clock, (notice) => secondaries.notified(notice)),
    journals: await createJournals(stateFolder, logger),
    notifier: createNotifier({ ...shared, targets: dns.notify }),
    keys: () => keys,
    async reloadKeys() {
      const again = await loadKeys(dns);
      if (again.kind === 'keys') keys = isDeepStrictEqual(again.keys, keys) ? keys : again.keys;
      else for (const problem of again.problems) logger.error(`${problem}; the keys that were are used on`);
    },
  });
}

interface Parts extends Pick<Transfers, 'reloadKeys' | 'keys'> {
  readonly rules: TransferPolicy['rules'];
  readonly secondaries: Secondaries;
  /** Undefined where no zone is copied from elsewhere. */
  readonly inbox: NotifyInbox | undefined;
  readonly journals: Journals;
  readonly notifier: Notifier;
}

function assemble({ rules, secondaries, inbox, journals, notifier, keys, reloadKeys }: Parts): Transfers {
  return {
    secondaries: () => secondaries.files(),
    statuses: () => secondaries.statuses(),
    async prepare(steps, names) {
      for (const { before, after } of steps) await journals.advance(before, after);
      await journals.keepOnly(new Set([...names, ...secondaries.files().map(({ zone }) => zone)]));
    },
    keys,
    policy: () => ({
      rules,
      keys: keys(),
      journals: journals.list(),
      notify:
        inbox === undefined
          ? undefined
          : { zones: secondaries.zones().map(notifiedZone), flags: inbox.flags },
    }),
    published(steps) {
      for (const { before, after } of steps)
        if (before === undefined || isNewerSerial(after.serial, before.serial))
          notifier.notify(after.name, after.image);
    },
    distrust: (paths) => secondaries.distrust(paths),
    receive: (notice) => inbox?.receive(notice),
    reloadKeys,
    start: () => secondaries.start(),
    async stop() {
      inbox?.stop();
      await Promise.all([secondaries.stop(), notifier.stop()]);
    },
  };
}

/** From its primaries' addresses alone, and by the key where there is one: a NOTIFY makes a server work. */
function notifiedZone({ apex, config, slot }: SecondaryZone): NotifiedZone {
  const key = config.key === undefined ? '' : ` key:${config.key}`;
  const rules = config.primaries.flatMap(({ address }) => parseTransferRule(`${address}${key}`) ?? []);
  return { apex: foldName(apex), rules, slot };
}
