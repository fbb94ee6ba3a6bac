// npm's bittorrent-tracker client, which shares no code with us, announces to a server that runs from a zone file.
// Its UDP client knows IPv4 only; libtorrent and transmission have their turn in test/interop.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AnnounceData, Client } from 'bittorrent-tracker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { thisMachine } from '../../src/app/machine.ts';
import { createServer, type Server } from '../../src/app/serve/serve.ts';
import { silentLogger } from '../../src/io/log.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';

const folder = createFolder();
let port: number;
let server: Server;

beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  await mkdir(join(folder.path, 'zones'));
  await writeFile(
    join(folder.path, 'zones', 'example.zone'),
    `
$ORIGIN example.
$TTL 60
@       SOA   ns hostmaster 1 3600 600 604800 60
@       NS    ns
ns      A     127.0.0.1
tracker A     127.0.0.1
tracker AAAA  ::1
tracker TXT   "BITTORRENT UDP:${port} TCP:${port}"
`,
  );
  const result = readConfig({
    flags: { zones: ['zones'], state: 'state', 'dns.listen': '127.0.0.1:0', 'admin.listen': '127.0.0.1:0' },
    workingDirectory: folder.path,
  });
  if (result.kind !== 'config') throw new Error(result.problems.join('\n'));
  server = await createServer({ config: result.config, machine: await thisMachine(), logger: silentLogger });
  expect(await server.start()).toMatchObject({ kind: 'serving' });
});

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

interface Announced {
  readonly client: Client;
  /** The first answer. */
  readonly answer: AnnounceData;
  /** Settles with the first peer that the tracker names. */
  readonly peer: Promise<string>;
}

async function announce(
  url: string,
  options: { hash: string; id: string; left: number; port?: number },
): Promise<Announced> {
  const client = new Client({
    infoHash: options.hash.repeat(40).slice(0, 40),
    peerId: Buffer.from(`-PT0001-${options.id.padEnd(12, '0')}`),
    port: options.port ?? 6881,
    announce: [url],
  });
  onTestFinished(() => new Promise((resolve) => client.destroy(() => resolve())));
  const peer = new Promise<string>((resolve) => client.once('peer', resolve));
  const answer = await new Promise<AnnounceData>((resolve, reject) => {
    client.once('update', resolve);
    client.once('warning', reject);
    client.once('error', reject);
    client.start({ left: options.left });
  });
  return { client, answer, peer };
}

describe.each([
  ['UDP over IPv4', 'udp://127.0.0.1', '127.0.0.1:6881', 'a'],
  ['HTTP over IPv4', 'http://127.0.0.1', '127.0.0.1:6881', 'b'],
  ['HTTP over IPv6', 'http://[::1]', '[::1]:6881', 'c'],
])('%s', (_, origin, address, hash) => {
  it('counts a seed and a leecher, and names the seed to the leecher', async () => {
    const url = `${origin}:${port}/announce`;
    const seed = await announce(url, { hash, id: 'seed', left: 0 });
    expect(seed.answer).toMatchObject({ complete: 1, incomplete: 0 });
    const leecher = await announce(url, { hash, id: 'leecher', left: 1000, port: 6882 });
    expect(leecher.answer).toMatchObject({ complete: 1, incomplete: 1 });
    expect(await leecher.peer).toBe(address);
  });

  it('counts a completed download and forgets who stops', async () => {
    const url = `${origin}:${port}/announce`;
    const { client } = await announce(url, { hash: `${hash}1`, id: 'leecher', left: 1000 });
    const next = (): Promise<AnnounceData> => new Promise((resolve) => client.once('update', resolve));
    client.complete({ left: 0 });
    expect(await next()).toMatchObject({ complete: 1, incomplete: 0 });
    client.stop();
    expect(await next()).toMatchObject({ complete: 0, incomplete: 0 });
  });

  it('answers a scrape', async () => {
    const { client } = await announce(`${origin}:${port}/announce`, {
      hash: `${hash}2`,
      id: 'seed',
      left: 0,
    });
    const scraped = await new Promise((resolve, reject) => {
      client.once('scrape', resolve);
      client.once('warning', reject);
      client.scrape();
    });
    expect(scraped).toMatchObject({ complete: 1, incomplete: 0 });
  });
});
