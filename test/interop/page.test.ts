// The rewriting page in Chromium: torrents dropped, links pasted, by keyboard alone, on a phone, by day and by night, and
// nothing that leaves its own server or that its policy has to stop.

import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { launchBrowser, measureContrast, visit as visitWith, wide } from './browser.ts';
import { isInstalled, isMissing, portolan, type Running, start, waitUntilReady } from './programs.ts';

const folder = createFolder();
let server: Running;
let browser: Browser;
const left = isMissing('chromium is not installed', isInstalled('chromium'));
/** The page on the address of its own, and on the admin address. */
let own: string;
let admin: string;

const PASSKEY = '0123456789abcdef0123456789abcdef';
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>\u001b[31m\u202e';

function torrentOf(name: string, urls: readonly string[]): Buffer {
  const info = { length: 1, name, 'piece length': 16_384, pieces: new Uint8Array(20).fill(7) };
  return Buffer.from(encodeBencode({ announce: urls[0]!, 'announce-list': urls.map((url) => [url]), info }));
}

const OLD = torrentOf('old', [
  `http://two.page.example:1/${PASSKEY}/announce`,
  'udp://two.page.example:6969/announce',
  'udp://none.page.example:80/announce',
]);

beforeAll(async () => {
  const [dns, adminPort, ownPort, tracker] = (await findFreePorts(4)) as [number, number, number, number];
  mkdirSync(join(folder.path, 'zones'));
  writeFileSync(
    join(folder.path, 'zones', 'page.example.zone'),
    `$ORIGIN page.example.
$TTL 300
@     SOA  ns hostmaster 1 3600 600 604800 60
@     NS   ns
ns    A    127.0.0.1
two   A    192.0.2.1
two   TXT  "BITTORRENT UDP:6969 TCP:6970"
none  TXT  "BITTORRENT DENY ALL"
here  A    127.0.0.1
here  TXT  "BITTORRENT UDP:${tracker} <b>bold</b>"
`,
  );
  const toml = `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:${dns}"]
[admin]
listen = "127.0.0.1:${adminPort}"
[rewriter]
listen = "127.0.0.1:${ownPort}"
resolvers = ["127.0.0.1:${dns}"]
rate_limit = 0
`;
  writeFileSync(join(folder.path, 'portolan.toml'), toml);
  server = start([...portolan, 'serve', '--config', join(folder.path, 'portolan.toml')]);
  await waitUntilReady(server, `127.0.0.1:${adminPort}`);
  admin = `http://127.0.0.1:${adminPort}/rewrite`;
  own = `http://127.0.0.1:${ownPort}/`;
  if (left) return;
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  folder.remove();
});

const visit = (url: string, options: BrowserContextOptions = {}) => visitWith(browser, url, options);

/** As a person's file manager would: what is dragged is a file of the browser's own making. */
async function drop(page: Page, name: string, octets: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(`(() => {
    const data = Uint8Array.from(atob('${octets.toString('base64')}'), (character) => character.charCodeAt(0));
    const given = new DataTransfer();
    given.items.add(new File([data], ${JSON.stringify(name)}));
    return given;
  })()`);
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  expect(await page.locator('#veil').isVisible()).toBe(true);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await page.locator('.card').first().waitFor();
  expect(await page.locator('#veil').isVisible()).toBe(false);
}

async function badgesOf(page: Page): Promise<string[]> {
  return await page.locator('.badge').allTextContents();
}

describe.skipIf(left)('the rewriting page', () => {
  it('shows what becomes of a dropped torrent, and gives it back', async () => {
    const { page } = await visit(own, { acceptDownloads: true });
    await drop(page, 'old.torrent', OLD);
    expect(await badgesOf(page)).toEqual(['Replaced', 'Right', 'Denied']);
    const card = page.locator('.card');
    const text = await card.innerText();
    for (const shown of [
      'old.torrent: 1 replaced, 1 right, 1 denied.',
      'udp://two.page.example:6969/…/announce',
      'The tracker declares UDP:6969, then TCP:6970, in this order.',
      'TXT "BITTORRENT UDP:6969 TCP:6970"',
      'TXT "BITTORRENT DENY ALL"',
    ]) {
      expect(text).toContain(shown);
    }
    expect(await page.content()).not.toContain(PASSKEY);
    await page.getByText('Tiers before and after').click();
    expect(await page.locator('.tiers .gone').allTextContents()).toEqual([
      'http://two.page.example:1/…/announce',
      'udp://none.page.example:80/announce',
    ]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('old.torrent');
    const octets = readFileSync(await download.path());
    expect(octets.includes(`udp://two.page.example:6969/${PASSKEY}/announce`)).toBe(true);
    expect(octets.includes(OLD.subarray(OLD.indexOf('4:info')))).toBe(true);
  });

  it('takes several torrents, and says of each that is none where it is wrong', async () => {
    const { page } = await visit(own);
    await page.setInputFiles('#files', [
      { name: 'one.torrent', mimeType: '', buffer: OLD },
      { name: 'broken.torrent', mimeType: '', buffer: OLD.subarray(0, 50) },
      { name: 'right.torrent', mimeType: '', buffer: torrentOf('right', ['udp://two.page.example:6969']) },
    ]);
    await page.locator('.card').nth(2).waitFor();
    const verdicts = await page.locator('.verdict').allTextContents();
    expect(verdicts[0]).toContain('1 replaced');
    expect(verdicts[1]).toMatch(/^At offset \d+: /);
    expect(verdicts[2]).toBe('right.torrent: Nothing to change: 1 right.');
    expect(await page.getByRole('status').textContent()).toBe('3 are done.');
  });

  it('takes a magnet link by keyboard alone', async () => {
    const { page, context } = await visit(own);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.keyboard.press('Tab');
    await page.keyboard.insertText('magnet:?dn=a+name&tr=http%3A%2F%2Ftwo.page.example%3A1%2Fannounce');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Put right');
    await page.keyboard.press('Enter');
    await page.locator('.card').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('a name');
    expect(await page.getByRole('status').textContent()).toBe('1 replaced.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'magnet:?dn=a+name&tr=udp%3A%2F%2Ftwo.page.example%3A6969%2Fannounce&tr=http%3A%2F%2Ftwo.page.example%3A6970%2Fannounce',
    );
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.href')).toMatch(/^magnet:\?dn=a\+name&tr=udp/);
  });

  it('does as its options say', async () => {
    const { page } = await visit(own);
    await page.getByText('Options').click();
    await page.getByLabel('Keep trackers that say they are none').check();
    await page.getByLabel('All: what the tracker prefers comes first').check();
    await page
      .getByLabel(/magnet link, tracker URLs/)
      .fill('udp://none.page.example:1\nhttp://two.page.example:6970/a');
    await page.keyboard.press('Control+Enter');
    await page.locator('.card').waitFor();
    expect((await page.getByLabel('Result').inputValue()).split('\n')).toEqual([
      'udp://none.page.example:1',
      'udp://two.page.example:6969/a',
      'http://two.page.example:6970/a',
    ]);
  });

  it('asks for something where there is nothing', async () => {
    const { page } = await visit(own);
    await page.getByRole('button', { name: 'Put right' }).click();
    expect(await page.getByRole('status').textContent()).toContain('Paste a magnet link');
    expect(await page.evaluate('document.activeElement.id')).toBe('text');
  });

  it('shows what strangers wrote as text', async () => {
    const { page } = await visit(own);
    const evil = torrentOf(HOSTILE, [`http://two.page.example:1/${HOSTILE}`, 'udp://here.page.example:1']);
    await drop(page, `${HOSTILE.slice(0, 20)}.torrent`, evil);
    await page.getByText('Tiers before and after').click();
    expect(await page.locator('.card img, .card script, .card b').count()).toBe(0);
    expect(await page.title()).toBe('Put tracker URLs right · Portolan');
    const text = await page.locator('.card').innerText();
    expect(text).toContain('<script>alert(1)</script>\\u{1b}[31m\\u{202e}');
    expect(text).toContain('<b>bold</b>');
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });

  it.each(['light', 'dark'] as const)('can be read in %s', async (colorScheme) => {
    const { page } = await visit(own, { colorScheme });
    await drop(page, 'old.torrent', OLD);
    const contrasts = await measureContrast(page);
    expect(contrasts.length).toBeGreaterThan(20);
    // WCAG 2.2, 1.4.3: 4.5 for text of this size.
    expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    const lightness = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(lightness).toBe(colorScheme === 'light' ? 'rgb(246, 243, 236)' : 'rgb(13, 21, 30)');
  });

  it.each([320, 768])('fits a screen of %d pixels', async (width) => {
    const { page } = await visit(own, { viewport: { width, height: 640 }, hasTouch: true, isMobile: true });
    expect(await wide(page)).toBe(width);
    await page.getByText('Options').click();
    await drop(page, `${'a-long-name-'.repeat(20)}.torrent`, OLD);
    await page.getByText('Tiers before and after').click();
    expect(await wide(page)).toBe(width);
    for (const button of await page.getByRole('button').all())
      expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44); // WCAG 2.2, 2.5.5
  });

  it('names every control, and has its headings in order', async () => {
    const { page } = await visit(own);
    await drop(page, 'old.torrent', OLD);
    const snapshot = await page.locator('body').ariaSnapshot();
    for (const part of [
      'heading "Put tracker URLs right" [level=1]',
      'textbox "A magnet link, tracker URLs, or a list of them"',
      'button "Put right"',
      'button "Choose torrents…"',
      'status',
      'heading "old" [level=2]',
      'link "Download"',
    ]) {
      expect(snapshot).toContain(part);
    }
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });

  it('works without scripts', async () => {
    const { page } = await visit(own, { javaScriptEnabled: false });
    await page.getByLabel(/magnet link, tracker URLs/).fill(`http://two.page.example:1/${PASSKEY}`);
    await page.getByRole('button', { name: 'Put right' }).click();
    expect(await badgesOf(page)).toEqual(['Replaced']);
    expect(await page.getByLabel('Result').inputValue()).toBe(
      `udp://two.page.example:6969/${PASSKEY}\nhttp://two.page.example:6970/${PASSKEY}`,
    );
    expect(page.url()).toBe(`${own}rewrite`);
  });

  it('is on the admin address too', async () => {
    const { page } = await visit(admin);
    await drop(page, 'old.torrent', OLD);
    expect(await badgesOf(page)).toEqual(['Replaced', 'Right', 'Denied']);
  });

  it('is out of reach of pages elsewhere', async () => {
    const stranger = createServer((_, response) =>
      // An icon of its own, so that none is asked for among the attempts.
      response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,"><p>'),
    );
    await once(stranger.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void stranger.close());
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const statuses: number[] = [];
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    // What the page itself is told is only that it failed.
    const inspector = await context.newCDPSession(page);
    await inspector.send('Network.enable');
    inspector.on('Network.responseReceivedExtraInfo', ({ statusCode }) => void statuses.push(statusCode));
    const read = await page.evaluate(
      async (target) => {
        const url = `${target}?url=udp://two.page.example:1`;
        const attempts: [string, RequestInit][] = [
          [url, { mode: 'no-cors' }],
          [target, { mode: 'no-cors', method: 'POST', body: 'udp://two.page.example:1' }],
          [url, {}],
          [target, { method: 'POST', body: 'udp://two.page.example:1' }],
        ];
        const settled = await Promise.allSettled(attempts.map(([place, init]) => fetch(place, init)));
        return settled.map((each) => (each.status === 'fulfilled' ? each.value.status : 'refused'));
      },
      admin.replace('/rewrite', '/v1/rewrite'),
    );
    expect(read).toEqual(['refused', 'refused', 'refused', 'refused']);
    expect(statuses).toEqual([403, 403, 403, 403]);
  });
});
