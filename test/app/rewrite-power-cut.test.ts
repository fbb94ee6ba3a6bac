// The power goes between any two changes of the file system while a torrent is rewritten in place: afterwards the file is
// whole, the old one or the new one, and where it is the new one the backup is there, whole too.

import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rewriteInputs } from '../../src/app/rewrite/rewrite-files.ts';
import type { Outcome } from '../../src/core/preference/outcome.ts';
import { toAsciiHost } from '../../src/io/resolver/idna.ts';
import type * as support from '../support/power-cut.ts';

const shim = await vi.hoisted(async () => {
  const { createPowerCut, PowerCutError } = await vi.importActual<typeof support>('../support/power-cut.ts');
  return { cut: createPowerCut(), PowerCutError };
});

vi.mock('node:fs', async (importOriginal) => shim.cut.fs(await importOriginal()));
vi.mock('node:fs/promises', async (importOriginal) => shim.cut.promises(await importOriginal()));

const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const OLD = `d8:announce25:http://tracker.test:8080/${INFO}e`;
const NEW = `d8:announce24:udp://tracker.test:1337/${INFO}e`;

const outcome: Outcome = {
  kind: 'declared',
  endpoints: [{ transport: 'udp', port: 1337 }],
  record: 'BITTORRENT UDP:1337',
  ttlSeconds: 300,
  authenticated: false,
  stale: false,
  ignored: [],
};

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-power-'));
  path = join(folder, 'a.torrent');
});

afterEach(() => rm(folder, { recursive: true }));

async function rewrite(backup: string | undefined): Promise<void> {
  const run = {
    resolver: { lookupPreference: async () => outcome },
    options: { toAscii: toAsciiHost },
    inPlace: { backup, fsync: true },
  };
  for await (const { result } of rewriteInputs([{ label: 'a.torrent', path }], run)) {
    if (result.kind === 'error') throw new Error(result.message);
  }
}

/** What a run does to the files when the power goes before its nth change, which it may not come to. */
async function cutAt(n: number, names: 'kept' | 'undone', backup: string | undefined) {
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await writeFile(path, OLD);
  shim.cut.arm(folder, n);
  const isDone = await rewrite(backup).then(
    () => true,
    () => false,
  );
  shim.cut.restart(names);
  const files = new Map<string, string>();
  for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name), 'latin1'));
  return { isDone, files };
}

describe.each(['kept', 'undone'] as const)('names that nobody waited for are %s', (names) => {
  test.each([undefined, '.bak'])('in place, with backup %j', async (backup) => {
    let steps = 0;
    for (let n = 0; ; n++) {
      const { isDone, files } = await cutAt(n, names, backup);
      const content = files.get('a.torrent');
      expect([OLD, NEW], `before change ${n}`).toContain(content);
      if (backup !== undefined) {
        const kept = files.get('a.torrent.bak');
        expect([undefined, OLD], `before change ${n}`).toContain(kept);
        if (content === NEW) expect(kept, `before change ${n}`).toBe(OLD);
      }
      if (isDone) {
        // What a run has said is done stays done.
        expect(content).toBe(NEW);
        steps = n;
        break;
      }
      expect(n).toBeLessThan(50);
    }
    expect(steps).toBeGreaterThan(backup === undefined ? 5 : 7);
  });
});

test('a run after the cut finishes what the first one began, its backup included', async () => {
  await writeFile(path, OLD);
  await link(path, `${path}.bak`);
  await rewrite('.bak');
  expect([await readFile(path, 'latin1'), await readFile(`${path}.bak`, 'latin1')]).toEqual([NEW, OLD]);
});

test('a write that nobody waited for would be found out by this test', async () => {
  const fs = await import('node:fs');
  shim.cut.arm(folder, 100);
  const file = fs.openSync(path, 'wx', 0o600);
  fs.writeSync(file, Buffer.from(NEW));
  fs.closeSync(file);
  shim.cut.restart('kept');
  expect(await readFile(path, 'latin1')).toBe('');
});
