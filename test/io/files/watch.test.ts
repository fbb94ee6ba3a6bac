import { mkdirSync, unlinkSync } from 'node:fs';
import { mkdir, open, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/io/clock.ts';
import { type FileWatcher, LONGEST_WAIT_MILLISECONDS, watchFiles } from '../../../src/io/files/watch.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Watched {
  readonly folder: string;
  readonly zone: string;
  readonly watcher: FileWatcher;
  /** Resolves at the next call of onChange after it was called. */
  next(): Promise<void>;
  calls(): number;
}

/** A folder with `a.zone`, watched as a file or as a folder. */
async function watched(what: 'file' | 'folder', pollMilliseconds?: number): Promise<Watched> {
  const folder = await temporaryFolder();
  const zone = join(folder, 'a.zone');
  await writeFile(zone, 'first');
  let calls = 0;
  let wake = (): void => {};
  const onChange = (): void => {
    calls++;
    wake();
  };
  const poll = pollMilliseconds === undefined ? {} : { pollMilliseconds };
  const paths = [what === 'file' ? zone : folder];
  const watcher = await watchFiles(paths, onChange, { clock: systemClock, quietMilliseconds: 60, ...poll });
  onTestFinished(() => watcher.close());
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return { folder, zone, watcher, next, calls: () => calls };
}

async function swap(folder: string, zone: string, content: string): Promise<void> {
  await writeFile(join(folder, '.draft'), content);
  await rename(join(folder, '.draft'), zone);
}

describe.each([
  ['a file', 'file', undefined],
  ['a folder', 'folder', undefined],
  ['a file, by polling', 'file', 20],
  ['a folder, by polling', 'folder', 20],
] as const)('watching %s', (_name, what, pollMilliseconds) => {
  it.each<[string, (at: Watched) => Promise<void>]>([
    ['a save in place', ({ zone }) => writeFile(zone, 'second')],
    ['a save by rename', ({ folder, zone }) => swap(folder, zone, 'second')],
    [
      'a save that moves the old file away first, as vim does',
      async ({ zone }) => {
        await rename(zone, `${zone}~`);
        await writeFile(zone, 'second');
        await unlink(`${zone}~`);
      },
    ],
    [
      'a file written in pieces',
      async ({ zone }) => {
        const file = await open(zone, 'w');
        for (let piece = 0; piece < 20; piece++) {
          await file.write('a line of a zone\n');
          await new Promise((resolve) => setImmediate(resolve));
        }
        await file.close();
      },
    ],
    ['a removal', ({ zone }) => unlink(zone)],
    [
      'a link put in place of the file',
      async ({ folder, zone }) => {
        await writeFile(join(folder, '.target'), 'second version');
        await symlink('.target', join(folder, '.link'));
        await rename(join(folder, '.link'), zone);
      },
    ],
    [
      'a folder put in place of the file within one tick',
      async ({ zone }) => {
        unlinkSync(zone);
        mkdirSync(zone);
      },
    ],
  ])('tells once of %s', async (_save, save) => {
    const at = await watched(what, pollMilliseconds);
    const told = at.next();
    await save(at);
    await told;
    expect(at.calls()).toBe(1);
  });

  it('tells of the third swap as of the first, and of a file that comes back', async () => {
    const at = await watched(what, pollMilliseconds);
    for (const content of ['2nd', 'third', 'fourth one']) {
      const told = at.next();
      await swap(at.folder, at.zone, content);
      await told;
    }
    const gone = at.next();
    await unlink(at.zone);
    await gone;
    const back = at.next();
    await writeFile(at.zone, 'back');
    await back;
    expect(at.calls()).toBe(5);
  });
});

describe('watching', () => {
  it('tells of a new file in a new folder', async () => {
    const at = await watched('folder');
    const told = at.next();
    await mkdir(join(at.folder, 'sub'));
    await writeFile(join(at.folder, 'sub', 'b.zone'), 'x');
    await told;
    expect(at.calls()).toBeGreaterThanOrEqual(1);
  });

  it('follows a folder of links that is swapped as a whole, as Kubernetes does', async () => {
    const folder = await temporaryFolder();
    const version = async (name: string, content: string): Promise<void> => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'a.zone'), content);
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await version('..2026_01', 'first');
    await symlink('..data/a.zone', join(folder, 'a.zone'));
    const told = new Promise<void>((resolve) => {
      const watcher = watchFiles([folder], resolve, { clock: systemClock, quietMilliseconds: 60 });
      onTestFinished(async () => (await watcher).close());
      watcher
        .then(() => version('..2026_02', 'second'))
        .then(() => rm(join(folder, '..2026_01'), { recursive: true }));
    });
    await expect(told).resolves.toBeUndefined();
  });

  it.each(['a folder', 'a file'])('follows a link to %s that is swapped, again and again', async (what) => {
    const folder = await temporaryFolder();
    const link = join(folder, 'zones');
    const pathIn = (version: string): string =>
      what === 'a file' ? join(folder, version) : join(folder, version, 'a.zone');
    const lead = async (version: string): Promise<void> => {
      if (what === 'a folder') await mkdir(join(folder, version));
      await writeFile(pathIn(version), version);
      await symlink(version, join(folder, 'tmp'));
      await rename(join(folder, 'tmp'), link);
    };
    await lead('one');
    let wake = (): void => {};
    const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const watcher = await watchFiles([link], () => wake(), { clock: systemClock, quietMilliseconds: 60 });
    onTestFinished(() => watcher.close());
    for (const version of ['two', 'three']) {
      const swapped = next();
      await lead(version);
      await expect(swapped).resolves.toBeUndefined();
      const saved = next();
      await writeFile(pathIn(version), `${version}, edited`);
      await expect(saved).resolves.toBeUndefined();
    }
  });

  it('leaves out drafts, and paths that it no longer has', async () => {
    const at = await watched('folder');
    const other = await temporaryFolder();
    await writeFile(join(other, 'b.zone'), 'first');
    await at.watcher.setPaths([other]);
    await writeFile(at.zone, 'no longer watched');
    await writeFile(join(other, '.b.zone.swp'), 'draft');
    await writeFile(join(other, 'b.zone~'), 'backup');
    await new Promise((resolve) => systemClock.schedule(150, () => resolve(undefined)));
    expect(at.calls()).toBe(0);
    const told = at.next();
    await writeFile(join(other, 'b.zone'), 'second');
    await told;
    expect(at.calls()).toBe(1);
  });

  it('goes on, and closes, after paths of which it could make nothing', async () => {
    const at = await watched('file');
    await expect(at.watcher.setPaths([undefined as unknown as string])).rejects.toThrow(TypeError);
    const other = join(at.folder, 'b.zone');
    await at.watcher.setPaths([other]);
    const told = at.next();
    await writeFile(other, 'first');
    await told;
    await expect(at.watcher.setPaths([undefined as unknown as string])).rejects.toThrow(TypeError);
    await at.watcher.close();
  });

  it('tells of nothing after it was closed, and closes twice', async () => {
    const at = await watched('file');
    await writeFile(at.zone, 'second');
    await Promise.all([at.watcher.close(), at.watcher.close()]);
    await at.watcher.setPaths([at.folder]);
    await writeFile(at.zone, 'third');
    expect(at.calls()).toBe(0);
  });

  it('waits for a file that does not exist yet', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'later.zone');
    let watcher: FileWatcher | undefined;
    const told = new Promise<void>((resolve) => {
      void watchFiles([path], resolve, { clock: systemClock, quietMilliseconds: 20 }).then(async (made) => {
        watcher = made;
        await writeFile(path, 'here');
      });
    });
    await expect(told).resolves.toBeUndefined();
    await watcher?.close();
  });

  it('tells even of a file that never rests', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'busy.zone');
    await writeFile(path, '');
    const clock = createManualClock();
    let calls = 0;
    const watcher = await watchFiles([path], () => calls++, { clock, quietMilliseconds: 1500 });
    onTestFinished(() => watcher.close());
    for (let second = 0; second <= LONGEST_WAIT_MILLISECONDS / 1000; second++) {
      const waiting = clock.pending();
      await writeFile(path, 'x'.repeat(second + 1));
      if (waiting === 0) await expect.poll(() => clock.pending()).toBe(1);
      await clock.advance(1);
    }
    await expect
      .poll(async () => {
        await clock.advance(1);
        return calls;
      })
      .toBeGreaterThan(0);
  });
});
