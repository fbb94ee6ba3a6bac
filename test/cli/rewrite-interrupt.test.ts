// Ctrl-C in the middle of a folder, as a process gets it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';
import { projectRoot } from '../support/source-tree.ts';

const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const torrentAt = (host: string): string => {
  const url = `http://${host}:1/announce`;
  return `d8:announce${url.length}:${url}${INFO}e`;
};
/** More than are in work at once. */
const FILES = 3000;
const SLOW_FILE = 'f0100.torrent';

async function startRewrite(dns: HostileDns, folder: string) {
  const words = [
    'rewrite',
    '--in-place',
    '--no-fsync',
    '--resolver',
    dns.server,
    '--cache',
    join(folder, 'cache'),
  ];
  const child = spawn(process.execPath, [join(projectRoot, 'src', 'main.ts'), ...words, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const saysInterrupted = new Promise<void>((resolve) =>
    child.stderr.on('data', () => {
      if (said.includes('portolan: interrupted')) resolve();
    }),
  );
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, ended, saysInterrupted, said: () => said };
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (let index = 0; index < FILES; index++) {
    const name = `f${String(index).padStart(4, '0')}.torrent`;
    await writeFile(join(folder, name), torrentAt(name === SLOW_FILE ? 'slow.test' : 'quick.test'));
  }
  return folder;
}

test('once: what has been begun is finished and counted, the rest is as it was, and look-ups are kept', async () => {
  const dns = await createHostileDns();
  onTestFinished(() => dns.close());
  dns.on('quick.test', answers(txt('quick.test', 'BITTORRENT UDP:6969')));
  const slow = Promise.withResolvers<() => void>();
  dns.on('slow.test', (asked) => slow.resolve(() => answers(txt('slow.test', 'BITTORRENT UDP:6969'))(asked)));
  const folder = await makeFolder();
  const { child, ended, saysInterrupted, said } = await startRewrite(dns, folder);
  const answer = await slow.promise;
  child.kill('SIGINT');
  await saysInterrupted;
  answer();
  expect(await ended).toEqual([null, 'SIGINT']);

  const names = (await readdir(folder)).filter((name) => name !== 'cache');
  expect(names).toHaveLength(FILES); // and no temporary file
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  const changed = contents.filter((content) => content.includes('udp://')).length;
  const old = contents.filter((content) => content.includes('http://')).length;
  expect([changed > 100, old > 0, changed + old]).toEqual([true, true, FILES]);
  expect(said()).toContain(`${changed} changed, 0 unchanged, 0 failed`);
  expect(said()).toMatch(/The other files are as they were; the same command goes on from there\n$/);
  expect(await readFile(join(folder, 'cache'), 'utf8')).toContain('slow.test');
});

test('twice: it ends at once, with no half-written file', async () => {
  const dns = await createHostileDns();
  onTestFinished(() => dns.close());
  const asked = Promise.withResolvers<void>();
  dns.on('slow.test', () => asked.resolve());
  dns.on('quick.test', answers(txt('quick.test', 'BITTORRENT UDP:6969')));
  const folder = await makeFolder();
  const { child, ended, saysInterrupted } = await startRewrite(dns, folder);
  await asked.promise;
  child.kill('SIGINT');
  await saysInterrupted;
  child.kill('SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.torrent')) continue;
    expect(await readFile(join(folder, name), 'latin1')).toMatch(/^d8:announce\d+:(?:http|udp):\/\/.*e$/s);
  }
});
