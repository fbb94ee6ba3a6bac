// Files of access control of which a reading has failed as nobody expects it to: the next one is as if it had not.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openAccessLists } from '../../../src/app/access/access-lists.ts';
import { createKnownPasskeys } from '../../../src/app/access/known-passkeys.ts';
import { openPasskeyFile } from '../../../src/app/access/passkey-file.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const clock = createManualClock();

describe('a reload that failed once', () => {
  it('of access lists does not stop the next one, which takes what could not be compiled', async () => {
    const path = join(await temporaryFolder(), 'deny.txt');
    await writeFile(path, '10.0.0.0/8\n');
    const lists = await openAccessLists({
      lists: { addressesDeny: path },
      machine: { clock, randomOctets },
      logger: silentLogger,
    });
    const first = lists.current();
    await writeFile(path, '10.0.0.0/8\n192.168.0.0/16\n');
    onTestFinished(() => void vi.unstubAllGlobals());
    vi.stubGlobal(
      'SharedArrayBuffer',
      class {
        constructor() {
          throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    await expect(lists.reload()).rejects.toThrow('allocation failed');
    expect(lists.current()).toBe(first);
    expect(lists.statuses()).toMatchObject([{ state: 'last-good', entries: 1 }]);
    vi.unstubAllGlobals();
    await lists.reload();
    expect(lists.current()).not.toBe(first);
    expect(lists.statuses()).toMatchObject([{ state: 'current', entries: 2 }]);
    await lists.close();
  });

  it('of passkeys does not stop the next one, nor the end', async () => {
    const path = join(await temporaryFolder(), 'passkeys');
    await writeFile(path, 'alice-0123456789abcdef\n');
    const known = createKnownPasskeys({ kind: 'file', capacity: 10 }, randomOctets);
    let fault: Error | undefined;
    const keepOnly = (...kept: Parameters<typeof known.keepOnly>): void => {
      if (fault !== undefined) throw fault;
      known.keepOnly(...kept);
    };
    const source = await openPasskeyFile({
      path,
      known: { ...known, keepOnly },
      clock,
      logger: silentLogger,
    });
    await writeFile(path, 'alice-0123456789abcdef\nbob-fedcba9876543210\n');
    fault = new Error('no memory');
    await expect(source.reload()).rejects.toThrow('no memory');
    fault = undefined;
    await source.reload();
    expect(known.allowed()).toHaveLength(2);
    fault = new Error('no memory, again');
    await expect(source.reload()).rejects.toThrow('again');
    await source.close();
  });
});
