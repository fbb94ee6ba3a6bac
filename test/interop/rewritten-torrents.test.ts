// Torrents made by other programs, rewritten by the command, and read again by libtorrent: the same torrent, with the
// trackers that the hosts declare.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import createTorrent from 'create-torrent';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { type CommandLine, isInstalled, isMissing, portolan, run } from './programs.ts';

/** Debian's, which has Debian's libtorrent. */
const PYTHON = '/usr/bin/python3';
const MAKER: CommandLine = [PYTHON, join(projectRoot, 'test', 'interop', 'torrent_maker.py')];
const hasLibtorrent = (await run([PYTHON, '-c', 'import libtorrent'])).code === 0;
const left = isMissing('python3-libtorrent is not installed', hasLibtorrent);

const URLS = [
  'http://old.test:8080/announce',
  'udp://silent.test:1337/announce',
  'udp://gone.test:1/announce',
];
const [FIRST, SECOND, THIRD] = URLS as [string, string, string];

interface Read {
  readonly v1: string | null;
  readonly v2: string | null;
  readonly trackers: readonly (readonly [tier: number, url: string])[];
  readonly private: boolean;
  readonly size: number;
}

const folder = createFolder();
const source = join(folder.path, 'content');
let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('old.test', answers(txt('old.test', 'BITTORRENT UDP:6969 TCP:443')));
  dns.on('silent.test', answers());
  dns.on('gone.test', answers(txt('gone.test', 'BITTORRENT DENY ALL')));
  mkdirSync(source);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(source, name), `${name} `.repeat(20_000));
});

afterAll(async () => {
  await dns.close();
  folder.remove();
});

async function done(command: CommandLine): Promise<void> {
  const { code, stdout, stderr } = await run(command);
  expect(code, stdout + stderr).toBe(0);
}

async function byNpm(output: string, isPrivate: boolean): Promise<void> {
  const options = { announceList: URLS.map((url) => [url]), private: isPrivate };
  const octets = await new Promise<Uint8Array>((resolve, reject) => {
    createTorrent(source, options, (error, torrent) => (error === null ? resolve(torrent) : reject(error)));
  });
  writeFileSync(output, octets);
}

const flags = (flag: string): string[] => URLS.flatMap((url) => [flag, url]);

const MAKERS: readonly [name: string, program: string, make: (output: string) => Promise<void>][] = [
  ['libtorrent, v1', '', (output) => done([...MAKER, 'make', 'v1', source, output, ...URLS])],
  ['libtorrent, hybrid', '', (output) => done([...MAKER, 'make', 'hybrid', source, output, ...URLS])],
  ['libtorrent, v2 only', '', (output) => done([...MAKER, 'make', 'v2', source, output, ...URLS])],
  [
    'transmission-create',
    'transmission-create',
    (output) => done(['transmission-create', '-o', output, ...flags('-t'), source]),
  ],
  [
    'transmission-create, private',
    'transmission-create',
    (output) => done(['transmission-create', '-p', '-o', output, ...flags('-t'), source]),
  ],
  [
    'libtorrent, hybrid of a single file',
    '',
    (output) => done([...MAKER, 'make', 'hybrid', join(source, 'a'), output, ...URLS]),
  ],
  [
    'libtorrent, v2 only of a single file',
    '',
    (output) => done([...MAKER, 'make', 'v2', join(source, 'a'), output, ...URLS]),
  ],
  ['mktorrent', 'mktorrent', (output) => done(['mktorrent', '-o', output, ...flags('-a'), source])],
  [
    'mktorrent, private',
    'mktorrent',
    (output) => done(['mktorrent', '-p', '-o', output, ...flags('-a'), source]),
  ],
  ['create-torrent', '', (output) => byNpm(output, false)],
  ['create-torrent, private', '', (output) => byNpm(output, true)],
];

async function read(...paths: string[]): Promise<Read[]> {
  const { code, stdout, stderr } = await run([...MAKER, 'read', ...paths]);
  expect(code, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Read);
}

describe.skipIf(left)('a torrent by', () => {
  test.each(MAKERS)('%s', async (name, program, make) => {
    if (program !== '' && isMissing(`${program} is not installed`, isInstalled(program))) return;
    const path = join(folder.path, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.torrent`);
    await make(path);
    const original = readFileSync(path);
    await done([...portolan, 'rewrite', '--resolver', dns.server, '--in-place', '--backup', '.bak', path]);
    const [before, after] = (await read(`${path}.bak`, path)) as [Read, Read];

    expect(before.trackers.map(([, url]) => url)).toEqual(expect.arrayContaining([FIRST, SECOND, THIRD]));
    expect(before.v1 ?? before.v2).toMatch(/^[0-9a-f]{40,64}$/);
    expect([before.v1 !== null, before.v2 !== null]).toEqual([!name.includes('v2'), /hybrid|v2/.test(name)]);
    expect({ ...after, trackers: [] }).toEqual({ ...before, trackers: [] });
    // Both candidates are in the tier of the URL that they replace, which libtorrent shuffles as BEP 12 asks, and the
    // tracker after it is in a tier of its own.
    const tiers = after.trackers.map(([tier]) => tier);
    expect(tiers[1]).toBe(tiers[0]);
    expect(tiers[2]).toBeGreaterThan(tiers[0]!);
    const urls = after.trackers.map(([, url]) => url);
    expect(urls.slice(0, 2).sort()).toEqual([
      'https://old.test:443/announce',
      'udp://old.test:6969/announce',
    ]);
    expect(urls.slice(2)).toEqual([SECOND]);

    const once = readFileSync(path);
    await done([...portolan, 'rewrite', '--resolver', dns.server, '--in-place', path]);
    expect(readFileSync(path)).toEqual(once);
    await done([...portolan, 'rewrite', '--undo', '--backup', '.bak', path]);
    expect(readFileSync(path)).toEqual(original);
  });
});
