// Resume files by libtorrent, with the keys that qBittorrent adds, rewritten by the command in a folder such as its
// BT_backup: libtorrent reads the same torrent with the trackers that the hosts declare, and announces to those.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { type CommandLine, isMissing, portolan, run, start } from './programs.ts';
import { hasLibtorrent, libtorrentClient, PYTHON } from './torrents.ts';

const MAKER: CommandLine = [PYTHON, join(projectRoot, 'test', 'interop', 'torrent_maker.py')];
const left = isMissing('python3-libtorrent is not installed', hasLibtorrent);

const OLD = 'http://old.test:8080/announce';
const SILENT = 'udp://silent.test:1337/announce';
const DENIED = 'udp://gone.test:1/announce';
const NEW = 'http://old.test:6970/announce';

interface Resumed {
  readonly v1: string | null;
  readonly v2: string | null;
  readonly trackers: readonly (readonly [tier: number, url: string])[];
  /** All but `trackers`. */
  readonly rest: string;
}

const folder = createFolder();
let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('old.test', answers(txt('old.test', 'BITTORRENT TCP:6970')));
  dns.on('silent.test', answers());
  dns.on('gone.test', answers(txt('gone.test', 'BITTORRENT DENY ALL')));
});

afterAll(async () => {
  await dns.close();
  folder.remove();
});

async function done(command: CommandLine): Promise<string> {
  const { code, stdout, stderr } = await run(command);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

async function resumed(...paths: string[]): Promise<Resumed[]> {
  const lines = (await done([...MAKER, 'resumed', ...paths])).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Resumed);
}

interface Backup {
  readonly save: string;
  readonly torrent: string;
  readonly resume: string;
  readonly folder: string;
}

/** A folder as qBittorrent keeps it, of one torrent; `urls` in a tier each. */
async function backupOf(name: string, version: string, urls: readonly string[]): Promise<Backup> {
  const save = join(folder.path, name);
  const source = join(save, 'content');
  const kept = join(save, 'BT_backup');
  mkdirSync(source, { recursive: true });
  mkdirSync(kept);
  for (const file of ['a', 'b']) writeFileSync(join(source, file), file.repeat(20_000));
  const torrent = join(save, 'h.torrent');
  const resume = join(kept, 'h.fastresume');
  await done([...MAKER, 'make', version, source, torrent, ...urls]);
  await done([...MAKER, 'resume', torrent, save, resume]);
  return { save, torrent, resume, folder: kept };
}

const rewrite = (...words: string[]): Promise<string> =>
  done([...portolan, 'rewrite', '--resolver', dns.server, ...words]);

describe.skipIf(left)('a resume file of a', () => {
  test.each(['v1', 'hybrid', 'v2'])('%s torrent', async (version) => {
    const { resume, folder: kept } = await backupOf(version, version, [OLD, SILENT, DENIED]);
    const original = readFileSync(resume);
    await rewrite('--in-place', '--backup', '.bak', kept);
    const [before, after] = (await resumed(`${resume}.bak`, resume)) as [Resumed, Resumed];
    expect([before.v1 !== null, before.v2 !== null]).toEqual([version !== 'v2', version !== 'v1']);
    expect(before.trackers).toEqual([OLD, SILENT, DENIED].map((url, tier) => [tier, url]));
    expect(after).toEqual({ ...before, trackers: [NEW, SILENT].map((url, tier) => [tier, url]) });

    const once = readFileSync(resume);
    await rewrite('--in-place', kept);
    expect(readFileSync(resume)).toEqual(once);
    await done([...portolan, 'rewrite', '--undo', '--backup', '.bak', kept]);
    expect(readFileSync(resume)).toEqual(original);
  });
});

/** A proxy that is every tracker at once: what it was asked for, without the query. */
async function startTrackers(): Promise<{ readonly address: string; readonly asked: Set<string> }> {
  const asked = new Set<string>();
  const server = createServer(({ url = '' }, response) => {
    asked.add(url.split('?', 1)[0]!);
    response.end('d8:intervali1800e5:peers0:e');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test.skipIf(left)(
  'a client that loads it announces where the host says, whatever its torrent says',
  async () => {
    const { save, torrent, resume } = await backupOf('announced', 'v1', [OLD]);
    await rewrite('--in-place', resume);
    const { address, asked } = await startTrackers();
    const client = start([
      ...libtorrentClient(torrent, save, '127.0.0.1:0'),
      ...['--resume', resume, '--proxy', address],
    ]);
    onTestFinished(async () => {
      await client.stop();
    });
    await client.line(/^announced/, 20);
    expect([...asked]).toEqual([NEW]);
  },
);
