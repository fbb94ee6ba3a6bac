// HARDENING 17: the ways in which files are saved, and the ways in which that fails.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EDIT } from './budgets.ts';
import { isFullDiskLeftOut } from './full-disk.ts';
import { CLEAN_FILE, type ServerProcess, startServer, waitUntil } from './server.ts';
import { createVictim, VICTIM_FILE, type Victim, versionText } from './victim.ts';
import { endure } from './witness.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const PATIENCE_MILLISECONDS = 30_000;

/** A server for the tests of a block, with its victim. */
function withServer(options: Parameters<typeof startServer>[0] = {}) {
  const running = {} as { server: ServerProcess; victim: Victim };
  beforeAll(async () => {
    running.server = await startServer({ ...options, zones: { [VICTIM_FILE]: versionText(1) } });
    running.victim = createVictim(running.server);
  });
  afterAll(async () => {
    expect(await running.server?.stop()).toBe(0);
  });
  return running;
}

describe('line 17', () => {
  const running = withServer();

  it('a serial that goes backwards or stays is served all the same, and said', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      for (const serial of [1, 0, 4_000_000_000]) {
        const after = server.log().length;
        await victim.mend((path, text) =>
          writeFileSync(path, text.replace(/hostmaster \d+/, `hostmaster ${serial}`)),
        );
        const { message, level } = await server.logged(({ code }) => code === 'serial-not-advanced', after);
        expect([level, message]).toEqual(['warn', expect.stringMatching(/write \d+/)]);
      }
      await victim.mend((path, text) =>
        writeFileSync(path, text.replace(/hostmaster \d+/, 'hostmaster 4000000001')),
      );
    }));

  it('swaps by rename, one after the other', () =>
    endure(running.server, EDIT, async () => {
      for (const _round of upTo(4)) {
        await running.victim.mend((path, text) => {
          writeFileSync(`${path}.new`, text);
          renameSync(`${path}.new`, path);
        });
      }
    }));

  it('a save as vim does it: the old file moved away, the new one written, the old one removed', () =>
    endure(running.server, EDIT, async () => {
      await running.victim.mend((path, text) => {
        renameSync(path, `${path}~`);
        writeFileSync(path, text);
        rmSync(`${path}~`);
      });
    }));

  it('swaps of a link, and of the folder that a link names', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      const release = (number: number, text: string): string => {
        const folder = join(server.folder, `release${number}`);
        mkdirSync(folder);
        writeFileSync(join(folder, VICTIM_FILE), text);
        return join(folder, VICTIM_FILE);
      };
      for (const round of upTo(3)) {
        await victim.mend((path, text) => {
          symlinkSync(release(round, text), `${path}.link`);
          renameSync(`${path}.link`, path);
        });
      }
      await victim.mend((path, text) => {
        rmSync(path);
        writeFileSync(path, text);
      });
    }));

  it('a file that is written piece by piece is never half a zone', () =>
    endure(running.server, EDIT, async () => {
      const { victim } = running;
      const before = victim.version;
      // Until the last piece closes the parenthesis, every state of the file is wrong, however long the pauses are.
      const pieces = [
        versionText(before + 1, 'long TXT (\n'),
        ...upTo(20).map((index) => `  "part ${index}"\n`),
        ')\n',
      ];
      const seen = new Set<string>();
      let isOver = false;
      const watching = (async () => {
        while (!isOver) seen.add((await victim.answered()).join());
      })();
      await victim.mend((path) => {
        const file = openSync(path, 'w');
        void (async () => {
          for (const piece of pieces) {
            writeSync(file, piece);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          closeSync(file);
        })();
      });
      isOver = true;
      await watching;
      const answers = [before, before + 1].map(
        (version) => `t.victim.example. 60 IN TXT "version ${version}"`,
      );
      expect([...seen].sort()).toEqual(answers.sort());
    }));

  it('an include that is edited without its parent', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      const include = server.path('part.inc');
      const text = (version: number): string => `t TXT "version ${version}"\n`;
      writeFileSync(include, text(victim.version + 1));
      const parent = (): string => versionText(victim.version).replace(/^t TXT.*$/m, '$INCLUDE part.inc');
      await victim.mend((path) => writeFileSync(path, parent()));
      await victim.mend(() => writeFileSync(include, text(victim.version)));
      await victim.isExplained('bad-ipv4-address', () => writeFileSync(include, `${text(99)}x A 1.2.3\n`));
      await victim.mend(() => writeFileSync(include, text(victim.version)));
    }));

  it('1,000 SIGHUPs, with edits between them', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      for (const _round of upTo(4)) {
        const storm = setInterval(() => {
          for (let sent = 0; sent < 10; sent++) server.signal('SIGHUP');
        }, 5);
        try {
          await victim.mend();
          await new Promise((resolve) => setTimeout(resolve, 125));
        } finally {
          clearInterval(storm);
        }
      }
      await victim.mend();
    }));

  it('a touch without a change is no edit', () =>
    endure(running.server, EDIT, async () => {
      const { server } = running;
      const after = server.log().length;
      const path = server.path(CLEAN_FILE);
      for (const _round of upTo(50)) writeFileSync(path, readFileSync(path));
      await running.victim.mend();
      expect(
        server
          .log()
          .slice(after)
          .some(({ msg }) => msg.startsWith('clean.example')),
      ).toBe(false);
    }));
});

const isRoot = process.getuid?.() === 0;

describe('line 17, permission lost', () => {
  // Root reads whatever the mode is: the server gives that right away.
  const capabilities = '-dac_override,-dac_read_search';
  const without = ['setpriv', `--bounding-set=${capabilities}`, `--inh-caps=${capabilities}`];
  const running = withServer({ within: () => (isRoot ? without : []) });

  it('of the file, and of the folder: the last good zone answers, and it is read when it may be', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      const { code } = await victim.isExplained('zone-unreadable', () => {
        writeFileSync(victim.path, versionText(victim.version + 1));
        chmodSync(victim.path, 0);
      });
      expect(code).toBe('zone-unreadable');
      chmodSync(victim.path, 0o644);
      await victim.mend();
      const folder = server.path('');
      const after = server.log().length;
      chmodSync(folder, 0);
      try {
        server.signal('SIGHUP');
        await server.logged(({ code }) => code === 'zone-unreadable', after);
        await victim.isServed();
      } finally {
        chmodSync(folder, 0o755);
      }
      await victim.mend();
    }));
});

describe.skipIf(isFullDiskLeftOut)('line 17, disk full', () => {
  const mount = 'mkdir -p "$0" && mount -t tmpfs -o size=1m,mode=700 tmpfs "$0" && exec "$@"';
  const running = withServer({
    within: (folder) => ['unshare', '--mount', 'sh', '-c', mount, join(folder, 'state')],
  });
  /** The state folder as the server sees it: its file system is in no other process's view. */
  const inState = (name: string): string =>
    join(`/proc/${running.server.pid}/root`, running.server.folder, 'state', name);

  it('an edit that cannot be kept changes nothing that was kept, is explained, and the server goes on', () =>
    endure(running.server, EDIT, async () => {
      const { server, victim } = running;
      await victim.mend();
      const filler = openSync(inState('filler'), 'w');
      const fill = (): void => {
        for (;;) writeSync(filler, Buffer.alloc(4096));
      };
      expect(fill).toThrow(/ENOSPC/);
      closeSync(filler);
      const after = server.log().length;
      const version = victim.version + 1;
      writeFileSync(
        victim.path,
        versionText(
          version,
          upTo(2000)
            .map((index) => `x${index} A 127.0.0.1\n`)
            .join(''),
        ),
      );
      const line = await server.logged(({ code }) => code !== undefined, after);
      expect(['state-not-written', 'last-good-not-kept']).toContain(line.code);
      const answers = [version - 1, version].map((each) => `t.victim.example. 60 IN TXT "version ${each}"`);
      expect(answers).toContain((await victim.answered()).join());
      rmSync(inState('filler'));
      await victim.mend();
    }));

  it('and is as good as before when there is room again', async () => {
    const { server, victim } = running;
    const isKept = (): boolean =>
      execFileSync('grep', ['-rl', `version ${victim.version}`, inState('')]).toString() !== '';
    expect(await waitUntil(isKept, PATIENCE_MILLISECONDS)).toBe(true);
    expect(server.isAlive()).toBe(true);
  });
});
