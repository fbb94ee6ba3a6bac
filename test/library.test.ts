// The reference of the library is that of its code, and its examples do what they say.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rightMagnet } from '../examples/browser.ts';
import { urlsToAnnounceTo } from '../examples/client.ts';
import { rewriteAll } from '../examples/index-of-torrents.ts';
import * as library from '../src/index.ts';
import { libraryReference } from '../tools/library-reference.ts';
import { answers, createHostileDns, fails, txt } from './support/hostile-dns.ts';
import { readText } from './support/source-tree.ts';

test('docs/library.md is what `npm run docs` writes', () => {
  expect(readText('docs/library.md')).toBe(libraryReference());
});

test('every export has a heading, and every function a word on what it is for', () => {
  const text = libraryReference();
  for (const [name, value] of Object.entries(library)) {
    const [, entry = ''] = text.split(`\n### ${name}\n\n`);
    expect(entry, name).not.toBe('');
    if (typeof value === 'function') expect(entry, name).not.toMatch(/^```/);
  }
});

test('the names that every reader of BEP 34 looks for are there', () => {
  const names =
    'createResolver lookupPreference rewriteUrl rewriteTorrent rewriteMagnet rewriteList parsePreference formatPreference';
  for (const name of names.split(' ')) expect(library).toHaveProperty(name, expect.any(Function));
});

const text = (value: string): string => `${value.length}:${value}`;
const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const torrent = (url: string): Uint8Array => Buffer.from(`d8:announce${text(url)}${INFO}e`);

test('the example of a client', async () => {
  const dns = await createHostileDns();
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337 TCP:80')));
  dns.on('down.test', fails('SERVFAIL'));
  const resolver = library.createResolver({ servers: [dns.server] });
  const { signal } = new AbortController();
  expect(await urlsToAnnounceTo('http://tracker.test:9/a', resolver, signal)).toEqual([
    'udp://tracker.test:1337/a',
    'http://tracker.test:80/a',
  ]);
  const aborted = AbortSignal.abort(new Error('enough'));
  await expect(urlsToAnnounceTo('http://other.test:9/a', resolver, aborted)).rejects.toThrow('enough');
  resolver.close();
  await dns.close();
});

test('the example of an index asks once, over restarts', async () => {
  const dns = await createHostileDns();
  const folder = await mkdtemp(join(tmpdir(), 'portolan-example-'));
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337')));
  const options = { servers: [dns.server], cacheFile: join(folder, 'look-ups') };
  const torrents = ['http://tracker.test:1/a', 'http://tracker.test:2/a', 'udp://192.0.2.1:1/a'].map(torrent);
  const right = ['udp://tracker.test:1337/a', 'udp://tracker.test:1337/a', 'udp://192.0.2.1:1/a'].map(
    torrent,
  );
  for (let start = 0; start < 2; start++) {
    const rewritten = await rewriteAll(torrents, options);
    expect(rewritten.map((octets) => Buffer.from(octets))).toEqual(right);
  }
  expect(dns.asked('tracker.test')).toHaveLength(1);
  await rm(folder, { recursive: true });
  await dns.close();
});

test('the example of a page', () => {
  const records = new Map([['tracker.test', 'BITTORRENT UDP:1337']]);
  expect(rightMagnet('magnet:?tr=http%3A%2F%2Ftracker.test%3A1%2Fa&dn=x', records)).toBe(
    'magnet:?tr=udp%3A%2F%2Ftracker.test%3A1337%2Fa&dn=x',
  );
});
