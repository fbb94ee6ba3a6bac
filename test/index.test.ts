import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as portolan from '../src/index.ts';
import { answers, createHostileDns, fails, type HostileDns, silence, txt } from './support/hostile-dns.ts';

const INDEX = fileURLToPath(new URL('../src/index.ts', import.meta.url));

let dns: HostileDns;
let resolver: portolan.Resolver;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337')));
  dns.on('down.test', fails('SERVFAIL'));
  dns.on('mute.test', silence);
  resolver = portolan.createResolver({ servers: [dns.server] });
});

afterAll(async () => {
  resolver.close();
  await dns.close();
});

test('exports what the README names', () => {
  expect(Object.keys(portolan).sort()).toEqual([
    'CacheFileError',
    'createDecisionMemo',
    'createResolver',
    'formatPreference',
    'hostsOfList',
    'hostsOfMagnet',
    'hostsOfTorrent',
    'hostsOfUrl',
    'lookUpHosts',
    'lookupPreference',
    'parsePreference',
    'readCacheFile',
    'redactMagnet',
    'redactUrl',
    'rewriteList',
    'rewriteListWithResolver',
    'rewriteMagnet',
    'rewriteMagnetWithResolver',
    'rewriteTorrent',
    'rewriteTorrentWithResolver',
    'rewriteUrl',
    'rewriteUrlWithResolver',
    'writeCacheFile',
  ]);
});

test('importing it, and making a resolver, opens nothing and keeps no process alive', async () => {
  const script = `
    process.stdout.write('');
    process.stderr.write('');
    const before = process.getActiveResourcesInfo().sort();
    const { createResolver } = await import(${JSON.stringify(INDEX)});
    createResolver();
    console.log(JSON.stringify([before, process.getActiveResourcesInfo().sort()]));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
  ]);
  const [before, after] = JSON.parse(stdout) as string[][];
  expect(after).toEqual(before);
  expect(stderr).toBe('');
});

const WRONG = 'http://tracker.test/announce';
const RIGHT = 'udp://tracker.test:1337/announce';
const INFO = '4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const torrentWith = (url: string) => Buffer.from(`d8:announce${url.length}:${url}${INFO}e`);
const magnetWith = (url: string) => `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=${encodeURIComponent(url)}`;

describe('with a look-up', () => {
  const record = {
    record: 'BITTORRENT UDP:1337',
    ttlSeconds: 60,
    authenticated: false,
    stale: false,
    ignored: [],
  };
  const known: portolan.Outcome = {
    kind: 'declared',
    endpoints: [{ transport: 'udp', port: 1337 }],
    ...record,
  };
  const lookup: portolan.Lookup = (host) => (host === 'tracker.test' ? known : undefined);

  test('every rewriting function works without options', () => {
    expect(portolan.rewriteUrl(WRONG, lookup).urls).toEqual([RIGHT]);
    expect(portolan.rewriteMagnet(magnetWith(WRONG), lookup)).toMatchObject({ uri: magnetWith(RIGHT) });
    expect(portolan.rewriteList(`${WRONG}\n`, lookup).text).toBe(`${RIGHT}\n`);
    const rewritten = portolan.rewriteTorrent(torrentWith(WRONG), lookup);
    expect(rewritten.kind === 'rewritten' && Buffer.from(rewritten.octets)).toEqual(torrentWith(RIGHT));
  });

  test('says which hosts it will ask for', () => {
    const hosts = ['tracker.test'];
    expect(portolan.hostsOfUrl('udp://Tracker.TEST:1/')).toEqual(hosts);
    expect(portolan.hostsOfMagnet(magnetWith(WRONG))).toEqual(hosts);
    expect(portolan.hostsOfTorrent(torrentWith(WRONG))).toEqual(hosts);
    expect(portolan.hostsOfTorrent(Buffer.from('x'))).toEqual([]);
    expect(portolan.hostsOfList(`${WRONG}\n${RIGHT}\nudp://192.0.2.1:1/\n`)).toEqual(hosts);
  });
});

describe('with a resolver', () => {
  test('every rewriting function asks DNS first', async () => {
    expect(await portolan.rewriteUrlWithResolver(WRONG, resolver)).toMatchObject({
      reason: 'replaced',
      urls: [RIGHT],
    });
    expect(await portolan.rewriteMagnetWithResolver(magnetWith(WRONG), resolver)).toMatchObject({
      uri: magnetWith(RIGHT),
    });
    expect((await portolan.rewriteListWithResolver(`${WRONG}\n`, resolver)).text).toBe(`${RIGHT}\n`);
    const rewritten = await portolan.rewriteTorrentWithResolver(torrentWith(WRONG), resolver);
    expect(rewritten.kind === 'rewritten' && Buffer.from(rewritten.octets)).toEqual(torrentWith(RIGHT));
  });

  test.each(['tracker.test', 'Tracker.TEST.', 'tracker.test:8080', 'tracker.test/announce', WRONG])(
    'lookupPreference takes a host or a URL: %s',
    async (text) => {
      const expected = { kind: 'declared', endpoints: [{ transport: 'udp', port: 1337 }] };
      expect(await portolan.lookupPreference(text, resolver)).toMatchObject(expected);
    },
  );

  test.each([
    '192.0.2.1',
    '2001:db8::1',
    '[2001:db8::1]',
    '[2001:db8::1]:80',
    'localhost',
    'x.onion',
    'udp://192.0.2.1:1/',
  ])('lookupPreference asks nobody for %s', async (text) => {
    const expected = { kind: 'silent', reason: 'not-asked', ttlSeconds: 0 };
    expect(await portolan.lookupPreference(text, resolver)).toEqual(expected);
  });

  test.each(['', 'a b', 'not a host', '.', 'tracker.test:70000', 'ftp://tracker.test/', 'udp://'])(
    'lookupPreference says that %j is no host',
    async (text) => {
      const expected = { kind: 'error', code: 'not-a-host' };
      expect(await portolan.lookupPreference(text, resolver)).toMatchObject(expected);
    },
  );

  test('trouble with DNS leaves the URL, with the reason', async () => {
    const decision = await portolan.rewriteUrlWithResolver('udp://down.test:1/', resolver);
    expect(decision).toMatchObject({ reason: 'failed', urls: ['udp://down.test:1/'] });
  });

  test('an aborted signal rejects with its reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(portolan.rewriteUrlWithResolver('udp://mute.test:1/', resolver, { signal })).rejects.toThrow(
      'enough',
    );
  });

  test('the three lines of the README', async () => {
    const { urls } = await portolan.rewriteUrlWithResolver('http://tracker.test:8080/announce', resolver);
    expect(urls).toEqual([RIGHT]);
  });
});

test('a record goes to endpoints and back', () => {
  const preference = portolan.parsePreference('BITTORRENT UDP:1337 TCP:80');
  expect(portolan.formatPreference(preference!.endpoints)).toBe('BITTORRENT UDP:1337 TCP:80');
});
