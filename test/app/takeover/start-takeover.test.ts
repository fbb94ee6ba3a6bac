import { describe, expect, it } from 'vitest';
import { startTakeover } from '../../../src/app/takeover/start-takeover.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the start with --takeover', () => {
  it('is refused where the packet engine does not run, with what to do', async () => {
    const options = {
      config: { state: await temporaryFolder() },
      machine: { clock: systemClock },
      logger: silentLogger,
    };
    const started = startTakeover(options, () => ({ kind: 'fault', reason: 'this is darwin, not Linux' }));
    await expect(started).rejects.toThrow(
      'takeover is not possible here (this is darwin, not Linux): stop the running server, and start this one without --takeover',
    );
  });

  it.runIf(process.platform === 'linux')('is one as always where nobody runs, which is said', async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, info: (message: string) => void said.push(message) };
    const options = { config: { state: await temporaryFolder() }, machine: { clock: systemClock }, logger };
    expect(await startTakeover(options)).toBeUndefined();
    expect(said).toEqual([
      'no running server offers a takeover in the state folder: this one starts as always',
    ]);
  });
});
