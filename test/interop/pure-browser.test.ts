// The pure part of the library in Chromium: compiled as it is published, loaded as a module without any bundler, it gives
// what it gives in Node.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import type { Outcome } from '../../src/core/preference/outcome.ts';
import * as pure from '../../src/pure.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { isInstalled, isMissing, run } from './programs.ts';

const folder = createFolder();
const left = isMissing('chromium is not installed', isInstalled('chromium'));

const found = { record: '', ttlSeconds: 60, authenticated: false, stale: false, ignored: [] } as const;
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'two.example': {
    ...found,
    kind: 'declared',
    endpoints: [
      { transport: 'udp', port: 6969 },
      { transport: 'tcp', port: 6970 },
    ],
  },
  'xn--bcher-kva.example': { ...found, kind: 'denied', probableTypo: false },
};
const URLS = [
  'http://two.example:1/announce',
  'udp://BÜCHER.example:1',
  'udp://two.example:6969',
  'https://two.example/0123456789abcdef/announce',
  'udp://elsewhere.test:1',
  'udp://127.1:80',
  'gopher://two.example',
];
const MAGNET = `magnet:?xt=urn:btih:a&dn=%F0%9F%8E%B5&${URLS.map((url) => `tr=${encodeURIComponent(url)}`).join('&')}`;
const LIST = `# trackers\n${URLS.join('\n\n')}\n`;
const TORRENT = encodeBencode({
  announce: URLS[0]!,
  'announce-list': URLS.slice(1).map((url) => [url]),
  info: { length: 1, name: 'n', 'piece length': 16_384, pieces: new Uint8Array(20).fill(0xff) },
});

interface Given {
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly urls: readonly string[];
  readonly magnet: string;
  readonly list: string;
  readonly torrent: readonly number[];
}

const GIVEN: Given = { outcomes: OUTCOMES, urls: URLS, magnet: MAGNET, list: LIST, torrent: [...TORRENT] };

/** Runs in both; octets become numbers, so that they can leave the browser. */
function work(
  library: typeof pure,
  { outcomes, urls, magnet, list, torrent }: Given,
): Record<string, unknown> {
  const lookup = (host: string): Outcome | undefined => outcomes[host];
  const octets = new Uint8Array(torrent);
  const rewritten = library.rewriteTorrent(octets, lookup);
  return {
    urls: urls.map((url) => library.rewriteUrl(url, lookup)),
    hosts: [library.hostsOfTorrent(octets), library.hostsOfList(list), library.hostsOfMagnet(magnet)],
    magnet: library.rewriteMagnet(magnet, lookup),
    list: library.rewriteList(list, lookup, { mode: 'prefer', allowDowngrade: true }),
    torrent: rewritten.kind === 'error' ? rewritten : [...rewritten.octets],
    tiers: rewritten.kind === 'error' ? undefined : rewritten.tiers,
    fault: library.rewriteTorrent(octets.subarray(0, 40), lookup),
    preference: library.parsePreference('BITTORRENT UDP:1337 TCP:80 nothing UDP:99999'),
    shown: urls.map((url) => library.redactUrl(url)),
  };
}

let server: Server;
let browser: Browser;
let page: Page;
const requests: string[] = [];
const trouble: string[] = [];

beforeAll(async () => {
  if (left) return;
  const words = ['-p', 'tsconfig.json', '--noCheck', '--sourceMap', 'false', '--outDir', folder.path];
  const compiled = await run([join('node_modules', '.bin', 'tsc'), ...words], { seconds: 60 });
  expect(compiled, compiled.stdout).toMatchObject({ code: 0 });
  server = createServer(({ url = '/' }, response) => {
    requests.push(url);
    if (url === '/') {
      response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'");
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>pure</title>');
      return;
    }
    try {
      const octets =
        url === '/work.js' ? `export ${work.toString()}` : readFileSync(join(folder.path, normalize(url)));
      response.setHeader('content-type', 'text/javascript').end(octets);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Root may not have Chromium's own sandbox; what it is shown here is ours.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await browser.newPage();
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('requestfailed', (request) => trouble.push(request.url()));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  folder.remove();
});

describe.skipIf(left)('dist/pure.js in Chromium', () => {
  it('gives what it gives in Node: URLs, a magnet link, a list, a torrent', async () => {
    const here = work(pure, GIVEN);
    // A text, so that Vitest does not make its own of the imports.
    const there: unknown = await page.evaluate(`(async () => {
      const [library, { work }] = await Promise.all([import('/pure.js'), import('/work.js')]);
      return work(library, ${JSON.stringify(GIVEN)});
    })()`);
    expect(JSON.parse(JSON.stringify(there))).toEqual(JSON.parse(JSON.stringify(here)));
    expect(here['magnet']).toMatchObject({ kind: 'rewritten', changed: true });
  });

  it('loads nothing but its own modules, by their relative paths', () => {
    expect(
      requests.filter((path) => path !== '/' && path !== '/favicon.ico' && !path.endsWith('.js')),
    ).toEqual([]);
    expect(requests).toContain('/core/rewrite/decide.js');
    expect(trouble).toEqual([]);
  });
});
