// The index page of a tracker host in Chromium: without scripts, by day and by night, on a phone, and nothing that leaves
// its own server or that its policy has to stop.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { announceUdp } from '../support/tracker-clients.ts';
import { launchBrowser, measureContrast, visit, wide } from './browser.ts';
import { isInstalled, isMissing, portolan, type Running, run, start, waitUntilReady } from './programs.ts';

const folder = createFolder();
const left = isMissing('chromium is not installed', isInstalled('chromium'));
let server: Running;
let browser: Browser;
let port: number;
let withdrawn: number;

/** A name that needs room, as some trackers have. */
const LONG = `${'a-tracker-with-a-long-name-'.repeat(2)}x`;
const POLICY = 'Only torrents that you may share.\n\nMail <script>alert(1)</script> to abuse@example.net.';

function zoneText(endpoints: string): string {
  return `$ORIGIN index.example.
$TTL 300
@     SOA  ns hostmaster 1 3600 600 604800 60
@     NS   ns
ns    A    127.0.0.1
t     A    127.0.0.1
t     TXT  "BITTORRENT ${endpoints}"
${LONG} A  127.0.0.1
${LONG} TXT "BITTORRENT TCP:${port} UDP:${port}"
www   A    127.0.0.1
www   TXT  "BITTORRENT DENY ALL"
`;
}

beforeAll(async () => {
  const ports = (await findFreePorts(4)) as [number, number, number, number];
  const [dns, admin] = ports;
  [, , port, withdrawn] = ports;
  mkdirSync(join(folder.path, 'zones'));
  const zone = join(folder.path, 'zones', 'index.example.zone');
  writeFileSync(zone, zoneText(`UDP:${port} TCP:${port} TCP:${withdrawn}`));
  const toml = `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:${dns}"]
[admin]
listen = "127.0.0.1:${admin}"
[tracker]
policy = ${JSON.stringify(POLICY)}
`;
  writeFileSync(join(folder.path, 'portolan.toml'), toml);
  server = start([...portolan, 'serve', '--config', join(folder.path, 'portolan.toml')]);
  await waitUntilReady(server, `127.0.0.1:${admin}`);
  writeFileSync(zone, zoneText(`UDP:${port} TCP:${port}`));
  await server.line(/drain/, 10);
  for (let peer = 1; peer <= 3; peer++) await announceUdp('127.0.0.1', port, peer);
  if (left) return;
  const names = 'MAP *.index.example 127.0.0.1, MAP foreign.test 127.0.0.1';
  browser = await launchBrowser(`--host-resolver-rules=${names}`);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  folder.remove();
});

const at = (host: string, where = port): string => `http://${host}:${where}/`;

describe.skipIf(left)('the index page of a tracker host', () => {
  it('has the announce URLs in the order of DNS as one block, counts and the policy, without scripts', async () => {
    const { page } = await visit(browser, at('t.index.example'), { javaScriptEnabled: false });
    expect(await page.title()).toBe('t.index.example: BitTorrent tracker');
    expect(await page.locator('pre').textContent()).toBe(
      `udp://t.index.example:${port}/announce\n\nhttp://t.index.example:${port}/announce`,
    );
    const text = await page.locator('main').innerText();
    for (const shown of [`BITTORRENT UDP:${port} TCP:${port}`, 'Only torrents that you may share.']) {
      expect(text).toContain(shown);
    }
    expect(text).toContain('Mail <script>alert(1)</script> to abuse@example.net.');
    expect(await page.locator('dl').innerText()).toMatch(/Torrents\s+1\s+Seeds\s+0\s+Leechers\s+3/);
  });

  it('gives its block with one click', async () => {
    const { page } = await visit(browser, at('t.index.example'));
    await page.locator('pre').click();
    const taken = String(await page.evaluate('getSelection().toString()')).trim();
    expect(taken).toBe(`udp://t.index.example:${port}/announce\n\nhttp://t.index.example:${port}/announce`);
  });

  it.each([
    ['t.index.example', 'withdrawn', /is about to close: .* What DNS names now stands below\./, 2],
    ['www.index.example', 'declared', /This host is no BitTorrent tracker: DNS says so/, 0],
    ['ns.index.example', 'declared', /This host is no BitTorrent tracker: DNS declares none for it/, 0],
    [`${LONG}.index.example`, 'withdrawn', /is not at port \d+ over HTTP/, 2],
    ['foreign.test', 'declared', /DNS says nothing here of the name or address/, 1],
    ['127.0.0.1', 'declared', /DNS says nothing here of the name or address/, 1],
  ])('says what %s is at a port that is %s', async (host, which, sentence, urls) => {
    const { page } = await visit(browser, at(host, which === 'declared' ? port : withdrawn));
    expect(await page.locator('main').innerText()).toMatch(sentence);
    const block = page.locator('pre');
    expect((await block.allTextContents()).join().match(/:\/\/[^/]+\/announce/g) ?? []).toHaveLength(urls);
  });

  it.each(['light', 'dark'] as const)('can be read in %s', async (colorScheme) => {
    for (const url of [at('t.index.example'), at('t.index.example', withdrawn)]) {
      const { page } = await visit(browser, url, { colorScheme });
      const contrasts = await measureContrast(page);
      expect(contrasts.length).toBeGreaterThan(12);
      // WCAG 2.2, 1.4.3: 4.5 for text of this size.
      expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colorScheme === 'light' ? 'rgb(248, 246, 241)' : 'rgb(14, 21, 29)');
    }
  });

  it.each([320, 768])('fits a screen of %d pixels', async (width) => {
    for (const host of ['t.index.example', `${LONG}.index.example`, 'foreign.test']) {
      const options = { viewport: { width, height: 640 }, hasTouch: true, isMobile: true };
      const { page } = await visit(browser, at(host), options);
      expect(await wide(page)).toBe(width);
    }
  });

  it('has its headings in order, and a language', async () => {
    const { page } = await visit(browser, at('t.index.example'));
    const snapshot = await page.locator('body').ariaSnapshot();
    const headings = [...snapshot.matchAll(/heading "([^"]+)" \[level=(\d)\]/g)].map(([, name, level]) => [
      name,
      Number(level),
    ]);
    expect(headings).toEqual([
      ['t.index.example', 1],
      ['Announce URLs', 2],
      ['At this moment', 2],
      ['Policy', 2],
    ]);
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });
});

describe('what crawlers and curl get', () => {
  it.skipIf(!isInstalled('curl'))('is robots.txt, and a page that can be read in a terminal', async () => {
    const ask = async (...words: string[]) => (await run(['curl', '-sS', ...words])).stdout;
    const robots = `http://127.0.0.1:${port}/robots.txt`;
    expect(await ask(robots)).toBe('User-agent: *\nAllow: /$\nDisallow: /\n');
    const host = `Host: t.index.example:${port}`;
    const page = await ask('-H', host, at('127.0.0.1'));
    expect(page.split('\n')).toContain(`http://t.index.example:${port}/announce</pre>`);
    expect(await ask('-I', '-H', host, at('127.0.0.1'))).toMatch(
      /^HTTP\/1.1 200 OK\r\nContent-Type: text\/html/,
    );
  });
});
