import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCacheFile, writeCacheFile } from '../../../src/io/resolver/cache-file.ts';
import { createResolver, type ResolverOptions } from '../../../src/io/resolver/resolver.ts';
import { runCaptured } from '../../support/captured-io.ts';
import {
  answers,
  answersWith,
  createHostileDns,
  fails,
  type HostileDns,
  inTurn,
  RCODE,
  soa,
  txt,
} from '../../support/hostile-dns.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const START = 1_700_000_000;

let dns: HostileDns;
let folder: string;
let file: string;

beforeAll(async () => {
  dns = await createHostileDns();
});

afterAll(() => dns.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-cache-'));
  file = join(folder, 'look-ups');
});

afterEach(() => rm(folder, { recursive: true }));

const resolverOf = (options: ResolverOptions) => createResolver({ servers: [dns.server], ...options });

describe('what one resolver found, another one knows', () => {
  beforeAll(() => {
    dns.on('declared.test', answers(txt('declared.test', 'BITTORRENT UDP:1 \u00ff TCP:2')));
    dns.on('denied.test', answers(txt('denied.test', 'BITTORRENT DENY ALL')));
    dns.on('nothing.test', answersWith({ flags: RCODE.NXDOMAIN, authorities: [soa('test', 300, 300)] }));
    dns.on('silent.test', answersWith({ authorities: [soa('test', 300, 300)] }));
    dns.on('two.test', answers(txt('two.test', 'BITTORRENT UDP:1'), txt('two.test', 'BITTORRENT UDP:2')));
  });

  const NAMES = ['declared.test', 'denied.test', 'nothing.test', 'silent.test', 'two.test'];

  test('all outcomes but failures, through a file, with the TTL that is left by the wall clock', async () => {
    const earlier = resolverOf({ clock: createManualClock(START) });
    dns.on('down.test', fails('SERVFAIL'));
    const found = await Promise.all([...NAMES, 'down.test'].map((name) => earlier.lookupPreference(name)));
    await writeCacheFile(file, earlier.remembered());
    const remembered = await readCacheFile(file);
    expect(remembered.map(({ host }) => host).sort()).toEqual([...NAMES].sort());

    const before = NAMES.map((name) => dns.asked(name).length);
    // A monotonic clock of another process, and 100 seconds of the hour later.
    const later = resolverOf({
      clock: { ...createManualClock(5), nowSeconds: () => START + 100 },
      remembered,
    });
    const again = await Promise.all(NAMES.map((name) => later.lookupPreference(name)));
    expect(again).toEqual(found.slice(0, NAMES.length).map((outcome) => ({ ...outcome, ttlSeconds: 200 })));
    expect(NAMES.map((name) => dns.asked(name).length)).toEqual(before);
  });

  test('an expired answer is served while no new one can be had, and not before it was asked for', async () => {
    dns.on('stale.test', inTurn(answers(txt('stale.test', 'BITTORRENT UDP:7')), fails('SERVFAIL')));
    const earlier = resolverOf({ clock: createManualClock(START) });
    await earlier.lookupPreference('stale.test');
    const later = resolverOf({ clock: createManualClock(START + 301), remembered: earlier.remembered() });
    expect(await later.lookupPreference('stale.test')).toMatchObject({ kind: 'declared', stale: true });
    expect(dns.asked('stale.test')).toHaveLength(2);
  });

  test.each([
    ['that expired a day ago', START - 86_400],
    ['that lasts longer than any answer, by a clock that was wrong', START + 86_401],
  ])('an answer %s is forgotten', async (_title, expiresAtSeconds) => {
    dns.on('gone.test', fails('SERVFAIL'));
    const remembered = [
      { host: 'gone.test', found: ['BITTORRENT UDP:7'], authenticated: true, expiresAtSeconds },
    ];
    const resolver = resolverOf({ clock: createManualClock(START), remembered });
    expect(await resolver.lookupPreference('gone.test')).toMatchObject({ kind: 'failed' });
  });
});

describe('the file', () => {
  const row = (...values: unknown[]): string => `${JSON.stringify(values)}\n`;
  const HEAD = 'portolan look-ups 1 any\n';

  test('is for its owner only', async () => {
    await writeCacheFile(file, []);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(HEAD);
  });

  test('that is not there, or empty, holds nothing', async () => {
    expect(await readCacheFile(file)).toEqual([]);
    await writeFile(file, '');
    expect(await readCacheFile(file)).toEqual([]);
  });

  test('of another kind is refused, and left as it is', async () => {
    await writeFile(file, 'my diary\n');
    await expect(readCacheFile(file)).rejects.toMatchObject({ code: 'not-a-cache' });
    const { stderr, exitCode } = await runCaptured(['lookup', '--cache', file, '192.0.2.1']);
    expect(stderr).toContain('is no cache of look-ups');
    expect(exitCode).toBe(1);
    expect(await readFile(file, 'utf8')).toBe('my diary\n');
  });

  test.each([
    ['not JSON', 'nonsense\n'],
    ['half a line', '["a.test",17000'],
    ['no list', '{"host":"a.test"}\n'],
    ['a host in capitals', row('A.test', START, 'no-name', false)],
    ['a host with an escape', row('a\u001b.test', START, 'no-name', false)],
    ['a host that is too long', row('a'.repeat(254), START, 'no-name', false)],
    ['no time', row('a.test', null, 'no-name', false)],
    ['a fraction', row('a.test', 1.5, 'no-name', false)],
    ['another outcome', row('a.test', START, 'declared', false)],
    ['no records', row('a.test', START, [], false)],
    ['records that are none', row('a.test', START, [1], false)],
    ['too many records', row('a.test', START, Array(65).fill('BITTORRENT'), false)],
    ['no word on DNSSEC', row('a.test', START, 'no-name')],
  ])('with %s in a line keeps the others', async (_title, line) => {
    await writeFile(
      file,
      `${HEAD}${line.endsWith('\n') ? line : `${line}\n`}${row('b.test', START, 'no-name', false)}`,
    );
    expect(await readCacheFile(file)).toEqual([
      { host: 'b.test', found: 'no-name', authenticated: false, expiresAtSeconds: START },
    ]);
  });

  test('of a time when unauthenticated answers were taken is not used when they are not', async () => {
    await writeFile(file, `${HEAD}${row('a.test', START, ['BITTORRENT UDP:1'], true)}`);
    expect(await readCacheFile(file, 'authenticated')).toEqual([]);
    expect(await readCacheFile(file, 'any')).toHaveLength(1);
  });
});

describe('--cache', () => {
  test('spares the next run its queries', async () => {
    dns.on('kept.test', answers(txt('kept.test', 'BITTORRENT UDP:1337')));
    const run = () =>
      runCaptured(['lookup', '--resolver', dns.server, '--cache', 'kept', 'kept.test'], {
        workingDirectory: folder,
      });
    const [first, second] = [await run(), await run()];
    expect(second.stdout.replace(/ttl .*/, '')).toBe(first.stdout.replace(/ttl .*/, ''));
    expect(second.stdout).toContain('declared');
    expect(dns.asked('kept.test')).toHaveLength(1);
  });
});
