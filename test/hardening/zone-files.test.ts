// HARDENING 15 and 18: zone files that no editor should save. Each is noticed by itself, the last good zone answers on,
// the log says why with file, line and column, and a good file is served again at once.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandomOctets } from '../support/random-octets.ts';
import { EDIT, HUGE_EDIT } from './budgets.ts';
import { type ServerProcess, startServer } from './server.ts';
import { createVictim, NEXT_LINE, VICTIM_FILE, type Victim, versionText } from './victim.ts';
import { endure } from './witness.ts';

let server: ServerProcess;
let victim: Victim;
beforeAll(async () => {
  server = await startServer({ zones: { [VICTIM_FILE]: versionText(1) } });
  victim = createVictim(server);
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

const save = (text: string | Uint8Array): void => writeFileSync(victim.path, text, 'latin1');

/** The next version with something wrong behind its last line: what stands before it must not be served. */
const spoilt = (lines: string): string => versionText(victim.version + 1, lines);

function replace(make: (path: string) => void): void {
  rmSync(victim.path, { recursive: true, force: true });
  make(victim.path);
}

function mend(): Promise<void> {
  return victim.mend((path, text) => {
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, text);
  });
}

const MEGABYTE = 2 ** 20;

type Spoil = () => void;

const FILES: readonly (readonly [what: string, code: string, spoil: Spoil])[] = [
  ['empty', 'no-soa', () => save('')],
  ['blank lines and comments', 'no-soa', () => save('\n; nothing\n\n')],
  ['cut in the middle of a record', 'missing-field', () => save(spoilt('').slice(0, 60))],
  ['cut in the middle of parentheses', 'unclosed-parenthesis', () => save(spoilt('x TXT ( "a"\n'))],
  ['4 kB of NUL octets, as a crash leaves them', 'bad-octet', () => save(Buffer.alloc(4096))],
  ['a NUL octet in a record', 'bad-octet', () => save(spoilt('x TXT a\0b\n'))],
  ['a megabyte of random octets', 'bad-octet', () => save(createRandomOctets(15).octets(MEGABYTE))],
  ['a picture', 'bad-octet', () => save(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))],
  ['UTF-16, as some editors save', 'bad-octet', () => save(Buffer.from(`\ufeff${spoilt('')}`, 'utf16le'))],
  ['an unclosed quote', 'unclosed-quote', () => save(spoilt('x TXT "a\n'))],
  ['a parenthesis too many', 'unmatched-parenthesis', () => save(spoilt('x A 127.0.0.1 )\n'))],
  ['a TTL that overflows', 'ttl-too-large', () => save(spoilt('x 4294967296 A 127.0.0.1\n'))],
  ['a TTL that overflows by its unit', 'ttl-too-large', () => save(spoilt('x 9999999w A 127.0.0.1\n'))],
  ['an owner out of the zone', 'out-of-zone', () => save(spoilt('www.other.example. A 127.0.0.1\n'))],
  ['two SOA records', 'several-soa', () => save(spoilt('@ SOA other hostmaster 9 1h 15m 1w 60\n'))],
  ['no SOA record', 'no-soa', () => save(spoilt('').replace(/^@ +SOA.*$/m, ''))],
  ['no NS record', 'no-ns', () => save(spoilt('').replace(/^@ +NS.*$/m, ''))],
  [
    '$GENERATE 0-4294967295',
    'generate-too-large',
    () => save(spoilt('$GENERATE 0-4294967295 h$ A 127.0.0.1\n')),
  ],
  [
    '$GENERATE of a billion',
    'generate-too-large',
    () => save(spoilt('$GENERATE 1-1000000000 h$ A 127.0.0.1\n')),
  ],
  ['a directive that nobody knows', 'unknown-directive', () => save(spoilt('$EXECUTE rm\n'))],
  ['a file that is gone', 'zone-file-gone', () => replace(() => {})],
  [
    'a named pipe that nobody writes',
    'zone-unreadable',
    () => replace((path) => execFileSync('mkfifo', [path])),
  ],
  ['a device without end', 'zone-unreadable', () => replace((path) => symlinkSync('/dev/zero', path))],
  ['a link to itself', 'zone-unreadable', () => replace((path) => symlinkSync(path, path))],
];

describe('line 15', () => {
  it.each(FILES)('a zone file that is %s: %s', (_what, code, spoil) =>
    endure(server, EDIT, async () => {
      const line = await victim.isExplained(code, spoil);
      expect(line.file).toBe(victim.path);
      expect(line.message!.split(' ').length).toBeGreaterThan(4);
      await mend();
    }),
  );

  it('a folder in the place of the file takes nothing away', () =>
    endure(server, EDIT, async () => {
      await victim.isExplained('zone-file-gone', () => replace(() => {}));
      mkdirSync(victim.path);
      await victim.isServed();
      await mend();
    }));

  it.each([
    ['one word', 'a'],
    ['opening parentheses', '('],
    ['quotation marks', '"'],
  ])('100 MB on one line, of %s', (_what, octet) =>
    endure(server, HUGE_EDIT, async () => {
      const after = server.log().length;
      save(Buffer.concat([Buffer.from(spoilt('x TXT ')), Buffer.alloc(100 * MEGABYTE, octet)]));
      const { file, line } = await server.logged(
        (said) => said.level === 'error' && said.line !== undefined,
        after,
      );
      expect([file, line]).toEqual([victim.path, NEXT_LINE]);
      await victim.isServed();
      await mend();
    }),
  );
});

describe('line 15, $INCLUDE', () => {
  const part = (name: string, text: string): string => {
    writeFileSync(server.path(name), text);
    return name;
  };
  const include = (path: string): void => save(spoilt(`$INCLUDE ${path}\n`));
  const outside = (): string => {
    const path = join(server.folder, 'outside.inc');
    writeFileSync(path, 'secret TXT "not for the world"\n');
    return path;
  };
  const rows: readonly (readonly [what: string, code: string, spoil: Spoil])[] = [
    ['itself', 'include-loop', () => include(VICTIM_FILE)],
    [
      'files that include each other',
      'include-loop',
      () => include(part('one.inc', `$INCLUDE ${part('two.inc', '$INCLUDE one.inc\n')}\n`)),
    ],
    ['an absolute path', 'include-failed', () => include('/etc/passwd')],
    ['an absolute path of its own parent', 'include-failed', () => include(outside())],
    ['what lies above its folder', 'include-failed', () => include(`../${outside().split('/').at(-1)}`)],
    ['what is missing', 'include-failed', () => include('none.inc')],
    ['a folder', 'include-failed', () => include('.')],
    [
      'a link that leads outside',
      'include-failed',
      () => {
        rmSync(server.path('link.inc'), { force: true });
        symlinkSync(outside(), server.path('link.inc'));
        include('link.inc');
      },
    ],
    [
      'a device without end',
      'include-failed',
      () => {
        rmSync(server.path('zero.inc'), { force: true });
        symlinkSync('/dev/zero', server.path('zero.inc'));
        include('zero.inc');
      },
    ],
    [
      '1,000 levels',
      'include-too-deep',
      () => {
        for (let level = 0; level < 1000; level++)
          part(`level${level}.inc`, `$INCLUDE level${level + 1}.inc\n`);
        include(part('level1000.inc', '').replace('1000', '0'));
      },
    ],
    [
      'itself twice a level, which doubles each time',
      'include-loop',
      () => include(part('twice.inc', '$INCLUDE twice.inc\n$INCLUDE twice.inc\n')),
    ],
    [
      'two files that each include two, 2³⁰ in all',
      'too-many-files',
      () => {
        for (let level = 0; level < 30; level++) {
          const next = `$INCLUDE double${level + 1}.inc\n`;
          part(`double${level}.inc`, next + next);
        }
        part('double30.inc', '');
        include('double0.inc');
      },
    ],
  ];

  it.each(rows)('of %s: %s', (_what, code, spoil) =>
    endure(server, EDIT, async () => {
      await victim.isExplained(code, spoil);
      await mend();
    }),
  );
});

describe('line 18', () => {
  it('the last good zone answers, not the part before the bad line, and the reason has file, line and column', () =>
    endure(server, EDIT, async () => {
      const line = await victim.isExplained('bad-ipv4-address', () =>
        save(spoilt('before A 127.0.0.1\nwrong  A 300.1.2.3\nbehind A 127.0.0.1\n')),
      );
      expect(line).toMatchObject({ file: victim.path, line: NEXT_LINE + 1, column: 10, level: 'error' });
      await mend();
    }));
});
