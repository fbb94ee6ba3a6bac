// A machine that loses its power before the nth change of its file system, and what is then on the disk: octets that nobody
// waited for are lost, names that nobody waited for may be as they were. For `vi.mock` of `node:fs` and `node:fs/promises`.

import type * as Fs from 'node:fs';
import type * as Promises from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a rename has replaced, for as long as it may come back. */
const KEPT = '.before-power-cut';

export interface PowerCut {
  /** Everything works until so many changes have been made in the folder; then nothing does any more. */
  arm(folder: string, changes: number): void;
  /** How many changes have been made since. */
  changes(): number;
  /** Brings the disk into the state after the cut, and ends it. `names` says what becomes of those not waited for. */
  restart(names: 'kept' | 'undone'): void;
}

export class PowerCutError extends Error {
  override readonly name = 'PowerCutError';
}

interface Shim extends PowerCut {
  fs(real: typeof Fs): typeof Fs;
  promises(real: typeof Promises): typeof Promises;
}

export function createPowerCut(): Shim {
  let real!: typeof Fs;
  let left = Number.POSITIVE_INFINITY;
  let made = 0;
  let watched = '';
  /** Inodes with octets that nobody waited for. */
  const dirty = new Set<number>();
  /** How to take back the changes of names, and whose folder must be waited for to keep them. */
  let undo: { readonly folder: string; readonly run: () => void }[] = [];

  function change(): void {
    if (made >= left) throw new PowerCutError('the power is cut');
    made++;
  }

  const inodeOf = (file: number): number => real.fstatSync(file).ino;

  function synced(file: number): void {
    const status = real.fstatSync(file);
    if (!status.isDirectory()) dirty.delete(status.ino);
    else {
      const synchronised = real.readlinkSync(`/proc/self/fd/${file}`);
      undo = undo.filter(({ folder }) => folder !== synchronised);
    }
  }

  function renamed(from: string, to: string): void {
    const kept = `${to}${KEPT}`;
    const hadOne = real.existsSync(to);
    if (hadOne) real.linkSync(to, kept);
    change();
    real.renameSync(from, to);
    undo.push({
      folder: dirname(to),
      run() {
        real.renameSync(to, from);
        if (hadOne) real.renameSync(kept, to);
      },
    });
  }

  function linked(from: string, to: string): void {
    if (!real.existsSync(to)) change(); // else it fails, and changes nothing
    real.linkSync(from, to);
    undo.push({ folder: dirname(to), run: () => real.unlinkSync(to) });
  }

  return {
    arm(folder, changes) {
      watched = folder;
      left = changes;
      made = 0;
      dirty.clear();
      undo = [];
    },
    changes: () => made,
    restart(names) {
      left = Number.POSITIVE_INFINITY;
      if (names === 'undone') for (const { run } of undo.reverse()) run();
      for (const name of real.readdirSync(watched)) {
        const path = join(watched, name);
        if (name.endsWith(KEPT)) real.unlinkSync(path);
        else if (dirty.has(real.lstatSync(path).ino)) real.truncateSync(path, 0);
      }
    },
    fs(actual) {
      real = actual;
      return {
        ...actual,
        openSync: (path, flags, mode) => {
          if (flags === 'wx') change();
          return actual.openSync(path, flags, mode);
        },
        open: ((path: string, flags: string, mode: number, done: (error: Error | null) => void) => {
          try {
            if (flags === 'wx') change();
          } catch (error) {
            return void queueMicrotask(() => done(error as Error));
          }
          actual.open(path, flags, mode, done);
        }) as unknown as typeof Fs.open,
        writeSync: ((file: number, ...rest: [Uint8Array]) => {
          change();
          dirty.add(inodeOf(file));
          return actual.writeSync(file, ...rest);
        }) as typeof Fs.writeSync,
        write: ((file: number, ...rest: unknown[]) => {
          const done = rest.at(-1) as (error: Error | null) => void;
          try {
            change();
          } catch (error) {
            return void queueMicrotask(() => done(error as Error));
          }
          dirty.add(inodeOf(file));
          Reflect.apply(actual.write, actual, [file, ...rest]);
        }) as unknown as typeof Fs.write,
        fchmodSync: (file, mode) => {
          change();
          actual.fchmodSync(file, mode);
        },
        fsync: ((file: number, done: (error: Error | null) => void) => {
          try {
            change();
            synced(file);
          } catch (error) {
            return void queueMicrotask(() => done(error as Error));
          }
          actual.fsync(file, done);
        }) as unknown as typeof Fs.fsync,
        rename: ((from: string, to: string, done: (error: Error | null) => void) => {
          let failure: Error | null = null;
          try {
            renamed(from, to);
          } catch (error) {
            failure = error as Error;
          }
          queueMicrotask(() => done(failure));
        }) as unknown as typeof Fs.rename,
        unlinkSync: (path) => {
          change();
          actual.unlinkSync(path);
        },
      };
    },
    promises(actual) {
      return {
        ...actual,
        link: async (from, to) => linked(String(from), String(to)),
        rename: async (from, to) => renamed(String(from), String(to)),
        unlink: async (path) => {
          change();
          await actual.unlink(path);
        },
        copyFile: async (from, to, mode) => {
          change();
          await actual.copyFile(from, to, mode);
          dirty.add(real.statSync(to).ino);
        },
        open: async (...words: Parameters<typeof actual.open>) => {
          const file = await actual.open(...words);
          const sync = file.sync.bind(file);
          file.sync = async () => {
            change();
            synced(file.fd);
            await sync();
          };
          return file;
        },
      };
    },
  };
}
