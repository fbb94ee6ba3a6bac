import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createResolver } from '../../../src/io/resolver/resolver.ts';
import { parseResolvConf } from '../../../src/io/resolver/system-resolvers.ts';
import {
  answers,
  createHostileDns,
  fails,
  type HostileDns,
  inTurn,
  silence,
  txt,
} from '../../support/hostile-dns.ts';
import { createManualClock } from '../../support/manual-clock.ts';

let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
});

afterAll(() => dns.close());

const tcp80 = (name: string) => answers(txt(name, 'BITTORRENT TCP:80'));

/** An address at which nothing listens: a port that was free a moment ago. */
async function deadServer(): Promise<string> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return `127.0.0.1:${port}`;
}

describe('several servers', () => {
  test('goes on to the next one at once when nothing listens', async () => {
    dns.on('dead.test', tcp80('dead.test'));
    const resolver = createResolver({ servers: [await deadServer(), dns.server] });
    expect((await resolver.lookupPreference('dead.test')).kind).toBe('declared');
  });

  test.each(['SERVFAIL', 'REFUSED', 'NOTIMP'] as const)('goes on to the next one after %s', async (rcode) => {
    const other = await createHostileDns();
    const name = `${rcode.toLowerCase()}.test`;
    other.on(name, fails(rcode));
    dns.on(name, tcp80(name));
    const resolver = createResolver({ servers: [other.server, dns.server] });
    expect((await resolver.lookupPreference(name)).kind).toBe('declared');
    await other.close();
  });

  test('goes on to the next one when a server stays silent for one try', async () => {
    const other = await createHostileDns();
    other.on('mute.test', silence);
    dns.on('mute.test', tcp80('mute.test'));
    const resolver = createResolver({ servers: [other.server, dns.server], tryMilliseconds: 50 });
    expect((await resolver.lookupPreference('mute.test')).kind).toBe('declared');
    expect(other.asked('mute.test').length).toBeGreaterThan(0);
    await other.close();
  });

  test('keeps the deadline whatever number of servers stays silent', async () => {
    dns.on('late.test', silence);
    const servers = Array.from({ length: 8 }, () => dns.server);
    const clock = createManualClock();
    const resolver = createResolver({ servers, timeoutMilliseconds: 5000, tryMilliseconds: 2000, clock });
    const lookup = resolver.lookupPreference('late.test');
    for (const [index, seconds] of [2, 2, 1].entries()) {
      await expect.poll(() => dns.asked('late.test').length).toBe(index + 1);
      await clock.advance(seconds);
    }
    expect(await lookup).toEqual({ kind: 'failed', reason: 'no name server answered in time' });
    expect(dns.asked('late.test')).toHaveLength(3);
  });

  test('asks over IPv6', async () => {
    const ipv6 = await createHostileDns('::1');
    ipv6.on('six.test', tcp80('six.test'));
    const resolver = createResolver({ servers: [ipv6.server] });
    expect((await resolver.lookupPreference('six.test')).kind).toBe('declared');
    await ipv6.close();
  });

  test('takes the servers of resolv.conf when none is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-resolv-'));
    const resolvConf = join(folder, 'resolv.conf');
    await writeFile(resolvConf, `# by hand\nnameserver ${dns.server}\noptions edns0\n`);
    dns.on('system.test', tcp80('system.test'));
    const resolver = createResolver({ resolvConf });
    expect((await resolver.lookupPreference('system.test')).kind).toBe('declared');
    await rm(folder, { recursive: true });
  });

  test('throws for a server that is no address', () => {
    expect(() => createResolver({ servers: ['dns.example'] })).toThrow(
      'not the address of a name server: dns.example',
    );
  });
});

describe('names that are not asked', () => {
  test.each([
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '::1',
    '2001:db8::1',
    'localhost',
    'localhost.',
    'printer.local',
    'x.onion',
    'x.i2p',
    'x.ALT.',
    'a..example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
  ])('%j', async (host) => {
    const resolver = createResolver({ servers: [dns.server], timeoutMilliseconds: 50 });
    expect(await resolver.lookupPreference(host)).toMatchObject({ kind: 'silent', reason: 'not-asked' });
  });

  test.each(['', '.', 'a b.example', 'tracker.test:8080', 'u@tracker.test', 'udp://tracker.test/', 'a/b'])(
    '%j is no host, and is not said to be silent',
    async (host) => {
      const resolver = createResolver({ servers: [dns.server], timeoutMilliseconds: 50 });
      const expected = { kind: 'failed', reason: 'this is no host name' };
      expect(await resolver.lookupPreference(host)).toEqual(expected);
    },
  );

  test.each([
    ['Tracker.UPPER.test', 'tracker.upper.test'],
    ['dot.test.', 'dot.test'],
    ['bücher.test', 'xn--bcher-kva.test'],
    ['under_score.test', 'under_score.test'],
  ])('%s is asked as %s', async (host, name) => {
    dns.on(name, tcp80(name));
    const resolver = createResolver({ servers: [dns.server] });
    expect((await resolver.lookupPreference(host)).kind).toBe('declared');
    expect(dns.asked(name)).toHaveLength(1);
  });
});

describe('what is remembered', () => {
  test('keeps an answer for its TTL, and says how much of it is left', async () => {
    const clock = createManualClock();
    const resolver = createResolver({ servers: [dns.server], clock });
    dns.on('kept.test', tcp80('kept.test'));
    await resolver.lookupPreference('kept.test');
    await clock.advance(100);
    expect(await resolver.lookupPreference('kept.test')).toMatchObject({ ttlSeconds: 200, stale: false });
    expect(dns.asked('kept.test')).toHaveLength(1);
    await clock.advance(200);
    expect(await resolver.lookupPreference('kept.test')).toMatchObject({ ttlSeconds: 300 });
    expect(dns.asked('kept.test')).toHaveLength(2);
  });

  test('serves the last good answer while the server fails, asking again every 30 seconds', async () => {
    const clock = createManualClock();
    const resolver = createResolver({ servers: [dns.server], clock });
    dns.on(
      'stale.test',
      inTurn(tcp80('stale.test'), fails('SERVFAIL'), fails('REFUSED'), tcp80('stale.test')),
    );
    await resolver.lookupPreference('stale.test');
    await clock.advance(301);
    const stale = { kind: 'declared', stale: true, ttlSeconds: 30 };
    expect(await resolver.lookupPreference('stale.test')).toMatchObject(stale);
    expect(await resolver.lookupPreference('stale.test')).toMatchObject(stale);
    expect(dns.asked('stale.test')).toHaveLength(2);
    await clock.advance(30);
    expect(await resolver.lookupPreference('stale.test')).toMatchObject(stale);
    expect(dns.asked('stale.test')).toHaveLength(3);
    await clock.advance(30);
    expect(await resolver.lookupPreference('stale.test')).toMatchObject({ stale: false, ttlSeconds: 300 });
  });

  test('gives a stale answer up after a day', async () => {
    const clock = createManualClock();
    const resolver = createResolver({ servers: [dns.server], clock });
    dns.on('old.test', inTurn(tcp80('old.test'), fails('SERVFAIL')));
    await resolver.lookupPreference('old.test');
    await clock.advance(86_400 + 302);
    expect((await resolver.lookupPreference('old.test')).kind).toBe('failed');
  });

  test('asks again 30 seconds after a failure, not before', async () => {
    const clock = createManualClock();
    const resolver = createResolver({ servers: [dns.server], clock });
    dns.on('again.test', inTurn(fails('SERVFAIL'), tcp80('again.test')));
    expect((await resolver.lookupPreference('again.test')).kind).toBe('failed');
    expect((await resolver.lookupPreference('again.test')).kind).toBe('failed');
    await clock.advance(30);
    expect((await resolver.lookupPreference('again.test')).kind).toBe('declared');
  });

  test('asks once for callers that come together', async () => {
    const resolver = createResolver({ servers: [dns.server] });
    dns.on('crowd.test', tcp80('crowd.test'));
    const hosts = ['crowd.test', 'CROWD.test', 'crowd.test.', 'crowd.test'];
    const outcomes = await Promise.all(hosts.map((host) => resolver.lookupPreference(host)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(hosts.map(() => 'declared'));
    expect(dns.asked('crowd.test')).toHaveLength(1);
  });

  test('forgets the host that was not asked for longest when there are too many', async () => {
    const resolver = createResolver({ servers: [dns.server], maxHosts: 2 });
    for (const name of ['m1.test', 'm2.test', 'm3.test']) dns.on(name, tcp80(name));
    for (const name of ['m1.test', 'm2.test', 'm1.test', 'm3.test', 'm1.test', 'm2.test']) {
      await resolver.lookupPreference(name);
    }
    const counts = ['m1.test', 'm2.test', 'm3.test'].map((name) => dns.asked(name).length);
    expect(counts).toEqual([1, 2, 1]);
  });
});

describe('giving up', () => {
  test('an aborted caller is rejected with its reason, and the others get their answer', async () => {
    const resolver = createResolver({ servers: [dns.server], tryMilliseconds: 50 });
    dns.on('shared.test', inTurn(silence, tcp80('shared.test')));
    const controller = new AbortController();
    const impatient = resolver.lookupPreference('shared.test', controller.signal);
    const patient = resolver.lookupPreference('shared.test');
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    expect((await patient).kind).toBe('declared');
  });

  test('the look-up ends with its last caller, and is no failure to remember', async () => {
    const resolver = createResolver({ servers: [dns.server] });
    dns.on('alone.test', silence);
    const controller = new AbortController();
    const lookup = resolver.lookupPreference('alone.test', controller.signal);
    controller.abort();
    await expect(lookup).rejects.toMatchObject({ name: 'AbortError' });
    await expect(resolver.lookupPreference('alone.test', controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    dns.on('alone.test', tcp80('alone.test'));
    expect((await resolver.lookupPreference('alone.test')).kind).toBe('declared');
  });

  test('closing ends what is in flight, and look-ups after it are a mistake', async () => {
    const resolver = createResolver({ servers: [dns.server] });
    dns.on('closing.test', silence);
    const lookup = resolver.lookupPreference('closing.test');
    resolver.close();
    resolver.close();
    expect(await lookup).toEqual({ kind: 'failed', reason: 'the look-up was given up' });
    await expect(resolver.lookupPreference('closing.test')).rejects.toThrow('closed');
  });
});

describe('the servers of the system', () => {
  test('resolv.conf: comments, other keywords and broken lines are passed over, eight servers are kept', () => {
    const lines = [
      '# nameserver 192.0.2.9',
      '; x',
      'search example',
      'nameserver',
      'nameserver none',
      'nameserver\t192.0.2.1 # first',
      'nameserver fe80::1%eth0',
    ];
    const many = Array.from({ length: 9 }, (_, index) => `nameserver 192.0.2.${10 + index}`);
    const servers = parseResolvConf([...lines, ...many].join('\n'));
    expect(servers).toHaveLength(8);
    expect(servers.slice(0, 3).map(({ address }) => address)).toEqual([
      '192.0.2.1',
      'fe80::1%eth0',
      '192.0.2.10',
    ]);
  });
});
