import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTrackerPages } from '../../src/app/tracker-pages.ts';
import { silentLogger } from '../../src/io/log.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { serve, zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { getHttp } from '../support/tracker-clients.ts';

async function opened(octets: string | Uint8Array) {
  const path = join(await temporaryFolder(), 'policy.txt');
  await writeFile(path, octets);
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message.replace(path, 'FILE'));
  const logger = { ...silentLogger, info: log, error: log };
  const pages = await openTrackerPages({ policy: '', policyFile: path, hasStats: false }, logger);
  return { path, lines, pages };
}

describe('the policy on index pages', () => {
  it('is that of the file, and of the file again after it was rewritten', async () => {
    const { path, lines, pages } = await opened('\r\nNo spam.\r\nGrüße\n\n');
    const before = pages.current();
    expect(before).toEqual({ policy: 'No spam.\r\nGrüße', hasStats: false });
    await writeFile(path, 'No spam.\r\nGrüße');
    await pages.reload();
    expect(pages.current()).toBe(before);
    await writeFile(path, 'Spam.');
    await pages.reload();
    expect(pages.current().policy).toBe('Spam.');
    expect(lines).toEqual(['the policy on the index pages is new']);
  });

  it('stays what it was where the file is of no use', async () => {
    const { path, lines, pages } = await opened('No spam.');
    for (const wrong of [Uint8Array.of(0xc3), 'a\0b', 'x'.repeat(4097)]) {
      await writeFile(path, wrong);
      await pages.reload();
    }
    await rm(path);
    await pages.reload();
    expect(pages.current().policy).toBe('No spam.');
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => /FILE.*; the policy that was stays$/.test(line))).toBe(true);
  });

  it('is an error at a start where the file is of no use', async () => {
    await expect(opened('a\u001bb')).rejects.toMatchObject({ code: 'policy-unreadable' });
    await expect(opened('x'.repeat(4097))).rejects.toMatchObject({ code: 'too-large' });
  });

  it('and whether there are counts for everybody come from the configuration', async () => {
    const pages = await openTrackerPages(
      { policy: ' a\n', policyFile: undefined, hasStats: true },
      silentLogger,
    );
    await pages.reload();
    expect(pages.current()).toEqual({ policy: 'a', hasStats: true });
  });

  it('reaches the pages of a server, at SIGHUP too', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const file = join(await temporaryFolder(), 'policy.txt');
    await writeFile(file, 'Be kind & <b>brief</b>.');
    const { server } = await serve({
      zones: { 't.zone': zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT TCP:${port}"`) },
      settings: { 'tracker.policy_file': file, 'tracker.stats': 'true' },
    });
    const get = async (path: string) =>
      (await getHttp('127.0.0.1', port, path, { host: `t.example:${port}` }))!;
    expect((await get('/')).body).toContain('Be kind &amp; &lt;b&gt;brief&lt;/b&gt;.');
    expect(JSON.parse((await get('/stats')).body)).toMatchObject({ host: 't.example', torrents: 0 });
    await writeFile(file, 'Be bold.');
    await server.reload('signal');
    expect((await get('/')).body).toContain('Be bold.');
  });
});
