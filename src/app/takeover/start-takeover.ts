// `portolan serve --takeover`, before anything of the new server is made.

import type { Logger } from '../../io/log.ts';
import type { Config } from '../config/config.ts';
import { type Engine, findEngine } from '../data-plane/create-data-plane.ts';
import type { Machine } from '../machine.ts';
import { TakeoverError } from './frames.ts';
import { type Takeover, takeOver } from './take-over.ts';

export interface StartTakeoverOptions {
  readonly config: Pick<Config, 'state'>;
  readonly machine: Pick<Machine, 'clock'>;
  readonly logger: Logger;
}

/** Undefined where there is nobody to take over from, which is said. Rejects with {@link TakeoverError}, or the system's. */
export async function startTakeover(
  { config, machine, logger }: StartTakeoverOptions,
  find: () => Engine = findEngine,
): Promise<Takeover | undefined> {
  const engine = find();
  if (engine.kind === 'fault') {
    const remedy = 'stop the running server, and start this one without --takeover';
    throw new TakeoverError('refused', `takeover is not possible here (${engine.reason}): ${remedy}`);
  }
  const { clock } = machine;
  const result = await takeOver({ stateFolder: config.state, libc: engine.libc, clock, logger });
  if (result.kind === 'begun') return result.takeover;
  logger.info('no running server offers a takeover in the state folder: this one starts as always', {
    state: config.state,
  });
  return undefined;
}
