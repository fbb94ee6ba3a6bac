// Access lists and passkeys in a running server: files on disk, announces over sockets, saves while it runs.

import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/io/clock.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { prepareServer, type Serving, serve, zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { announceHttp, announceUdp, getHttp } from '../support/tracker-clients.ts';

/** What the clients of tracker-clients.ts announce. */
const THEIR_HASH = '61'.repeat(20);
const OTHER_HASH = 'ab'.repeat(20);
const ALICE = 'alice-0123456789abcdef';
const BOB = 'bob-fedcba9876543210';

interface Tracker extends Serving {
  readonly port: number;
  /** Writes a file of the server's folder. */
  save(file: string, text: string): Promise<void>;
  /** Resolves with the next reload that a save brings about. */
  reloaded(): Promise<void>;
}

async function serveTracker(
  files: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>>,
): Promise<Tracker> {
  const folder = await temporaryFolder();
  const save = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
  for (const [file, text] of Object.entries(files)) await save(file, text);
  const [port] = (await findFreePorts(1)) as [number];
  const waiting: (() => void)[] = [];
  const zone = zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`);
  const serving = await serve({
    zones: { 'example.zone': zone },
    folder,
    settings,
    clock: systemClock,
    onReload: () => waiting.shift()?.(),
  });
  return { ...serving, port, save, reloaded: () => new Promise((resolve) => waiting.push(resolve)) };
}

function announceAs(port: number, key: string, hash = 'h'.repeat(20)): Promise<string | undefined> {
  const path = `/${key}/announce?info_hash=${hash}&peer_id=-PT0001-000000006882&port=6882&left=0&event=completed`;
  return getHttp('127.0.0.1', port, path).then((answer) => answer?.body);
}

describe('access lists', () => {
  it('refuse what is on them over both transports, from the save on', async () => {
    const tracker = await serveTracker({ 'deny.txt': OTHER_HASH }, { 'access.torrents_deny': 'deny.txt' });
    expect(await announceUdp('127.0.0.1', tracker.port)).toBe(1);
    const reloaded = tracker.reloaded();
    await tracker.save('deny.txt', `# taken down\r\n${THEIR_HASH}  a name\r\n`);
    await reloaded;
    expect(await announceUdp('127.0.0.1', tracker.port)).toBeUndefined();
    expect(await announceHttp('127.0.0.1', tracker.port)).toBe(
      'd14:failure reason40:this tracker does not serve this torrent8:retry in5:nevere',
    );
    expect(tracker.server.status().access.files).toEqual([
      expect.objectContaining({ setting: 'access.torrents_deny', state: 'current', entries: 1 }),
    ]);
  });

  it('stay as they were when a save has an error, and the status page says which', async () => {
    const tracker = await serveTracker({ 'deny.txt': THEIR_HASH }, { 'access.torrents_deny': 'deny.txt' });
    await tracker.save('deny.txt', `${OTHER_HASH}\n${THEIR_HASH.slice(1)}\n`);
    await tracker.server.reload('signal');
    expect(await announceUdp('127.0.0.1', tracker.port)).toBeUndefined();
    const [file] = tracker.server.status().access.files;
    expect(file).toMatchObject({ state: 'last-good', entries: 1 });
    expect(file!.findings).toMatchObject([{ code: 'bad-info-hash', line: 2, column: 1, length: 39 }]);
    const page = await getHttp('127.0.0.1', tracker.adminPort, '/');
    expect(page!.body).toContain('an older version is in effect');
    await tracker.save('deny.txt', '');
    await tracker.server.reload('signal');
    expect(await announceUdp('127.0.0.1', tracker.port)).toBe(1);
  });

  it('keep a server from starting when one of them is of no use', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'allow.txt'), 'localhost');
    const prepared = prepareServer({
      zones: {},
      folder,
      settings: { 'access.addresses_allow': 'allow.txt' },
    });
    await expect(prepared).rejects.toMatchObject({
      code: 'access-unusable',
      message: expect.stringMatching(/allow\.txt:1:1: error\[bad-network\]/),
    });
  });

  it('are silent towards addresses that connect, and say so over HTTP', async () => {
    const tracker = await serveTracker(
      { 'deny.txt': '127.0.0.0/8' },
      { 'access.addresses_deny': 'deny.txt' },
    );
    expect(await announceHttp('127.0.0.1', tracker.port)).toContain('does not serve your address');
    const metrics = await getHttp('127.0.0.1', tracker.adminPort, '/metrics');
    expect(metrics!.body).toContain('portolan_tracker_denied_total{of="address"} 1');
  });
});

describe('a private tracker with a file of passkeys', () => {
  it('serves who has a key and nobody else, and forgets a key that is taken out', async () => {
    const tracker = await serveTracker({ keys: `${ALICE} Alice\n${BOB}\n` }, { 'access.passkeys': 'keys' });
    expect(await announceUdp('127.0.0.1', tracker.port)).toBeUndefined();
    expect(await announceHttp('127.0.0.1', tracker.port)).toContain('this tracker is private');
    expect(await announceAs(tracker.port, 'mallory-0123456789abc')).toContain('not known here');
    expect(await announceAs(tracker.port, ALICE)).toContain('8:completei1e');
    expect(await announceAs(tracker.port, BOB)).toContain('8:completei1e');
    const counts = await getHttp('127.0.0.1', tracker.adminPort, '/passkeys.json');
    expect(JSON.parse(counts!.body)).toEqual([
      { number: expect.any(Number), label: 'Alice', announces: 1, completed: 1 },
      { number: expect.any(Number), announces: 1, completed: 0 },
    ]);
    expect(counts!.body).not.toContain(ALICE.slice(0, 8));
    await tracker.save('keys', BOB);
    await tracker.server.reload('signal');
    expect(await announceAs(tracker.port, ALICE)).toContain('not known here');
    expect(await announceAs(tracker.port, BOB)).toContain('8:completei1e');
  });

  it('keeps the keys that it had when a save has an error, and shows nothing of the line', async () => {
    const tracker = await serveTracker({ keys: ALICE }, { 'access.passkeys': 'keys' });
    await tracker.save('keys', `${BOB}\n${ALICE}!\n`);
    await expect.poll(() => tracker.server.status().access.files[0]!.state).toBe('last-good');
    expect(await announceAs(tracker.port, ALICE)).toContain('8:completei1e');
    expect(await announceAs(tracker.port, BOB)).toContain('not known here');
    expect(JSON.stringify(tracker.server.status())).not.toContain('0123456789abcdef');
  });
});

describe('a private tracker that asks a site', () => {
  /** Answers by key; counts what it was asked. */
  async function openSite(method: string) {
    const asked: string[] = [];
    const site = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const inUrl = new URL(request.url!, 'http://site').searchParams.get('passkey');
        const key = request.method === 'POST' ? JSON.parse(body).passkey : inUrl;
        asked.push(`${request.method} ${key}`);
        if (key === ALICE) response.writeHead(200).end('{"label":"Alice"}');
        else response.writeHead(key === BOB ? 403 : 500).end();
      });
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => site.close(() => resolve())));
    const { port } = site.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/check?site=1`;
    return { asked, settings: { 'access.passkey_url': url, 'access.passkey_method': method } };
  }

  it.each(['GET', 'POST'])(
    'by %s once, tells the client to come again, and believes the answer',
    async (method) => {
      const { asked, settings } = await openSite(method);
      const tracker = await serveTracker({}, settings);
      const first = await Promise.all([announceAs(tracker.port, ALICE), announceAs(tracker.port, ALICE)]);
      for (const answer of first) expect(answer).toMatch(/being looked up.*8:retry ini1ee$/);
      await expect.poll(() => announceAs(tracker.port, ALICE)).toContain('8:completei1e');
      expect(asked).toEqual([`${method} ${ALICE}`]);
      await expect.poll(() => announceAs(tracker.port, BOB)).toContain('not known here');
      expect(asked.slice(1)).toEqual([`${method} ${BOB}`]);
      const counts = await getHttp('127.0.0.1', tracker.adminPort, '/passkeys.json');
      expect(JSON.parse(counts!.body)).toMatchObject([{ label: 'Alice', completed: 1 }]);
    },
  );

  it('lets nobody in over an answer that is neither yes nor no', async () => {
    const { asked, settings } = await openSite('GET');
    const tracker = await serveTracker({}, settings);
    const key = 'carol-0123456789abcdef';
    await announceAs(tracker.port, key);
    await expect.poll(() => asked.length).toBe(1);
    expect(await announceAs(tracker.port, key)).toContain('being looked up');
    expect(tracker.server.status().access.passkeys).toBe(0);
  });
});
