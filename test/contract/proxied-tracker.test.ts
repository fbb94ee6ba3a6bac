// What any data plane makes of the proxies in its settings: over TLS too, and of the field that names clients.

import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DataPlane } from '../../src/app/data-plane/data-plane.ts';
import { createLocalDataPlane } from '../../src/app/data-plane/local-data-plane.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { Counter } from '../../src/core/counters.ts';
import type { Listener } from '../../src/core/net/endpoint.ts';
import { parsePrefix } from '../../src/core/net/prefix.ts';
import type { ProxyRule } from '../../src/core/net/proxy-rule.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { systemClock } from '../../src/io/clock.ts';
import { silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../src/io/random.ts';
import { announceRequest, connectHttps } from '../support/https-client.ts';
import { binaryHeader, IPV4_ADDRESSES, IPV6_ADDRESSES } from '../support/proxy-headers.ts';
import { connectTcp } from '../support/tcp-client.ts';
import { createTestIdentity } from '../support/test-certificate.ts';

const ADDRESS = '127.0.0.1';
const identity = createTestIdentity();
const networks = [parsePrefix(ADDRESS)!];
const BY_HEADER: ProxyRule = { networks, sendsProxyHeader: true, field: undefined };
const BY_FIELD: ProxyRule = { networks, sendsProxyHeader: false, field: 'x-real-ip' };

function common(proxies: ProxyRule) {
  const settings = { ...DEFAULT_TRACKER_SETTINGS, proxies };
  return { udpPayload: 1232, settings, clock: systemClock, logger: silentLogger, randomOctets };
}

async function createThreaded(proxies: ProxyRule, withoutStreamLoop = false): Promise<DataPlane> {
  const libc = loadLibc();
  const plane = new ThreadedDataPlane({ ...common(proxies), libc, workerCount: 1, withoutStreamLoop });
  await plane.ready();
  return plane;
}

type Create = (proxies: ProxyRule) => Promise<DataPlane>;
const IMPLEMENTATIONS: readonly { readonly name: string; readonly create: Create }[] = [
  { name: 'on the event loop', create: async (proxies) => createLocalDataPlane(common(proxies)) },
  ...(process.platform === 'linux'
    ? [
        { name: 'on a packet worker', create: (proxies: ProxyRule) => createThreaded(proxies) },
        { name: 'on the stream worker alone', create: (proxies: ProxyRule) => createThreaded(proxies, true) },
      ]
    : []),
];

const IPV4_CLIENT = '11:external ip4:\xc0\0\x02\x01';
const IPV6_CLIENT = `11:external ip16:\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01`;

describe.each(IMPLEMENTATIONS)('a tracker behind a proxy, $name,', ({ create }) => {
  async function start(proxies: ProxyRule): Promise<{ plane: DataPlane; listener: Listener }> {
    const plane = await create(proxies);
    onTestFinished(() => plane.stop());
    await plane.identify(identity);
    return { plane, listener: await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'tracker') };
  }

  /** A connection on which the header has been sent, in pieces of this size. */
  async function connectProxied({ port }: Listener, header: Buffer, size: number): Promise<Socket> {
    const socket = connect({ host: ADDRESS, port, noDelay: true });
    await new Promise((resolve) => socket.once('connect', resolve));
    for (let at = 0; at < header.length; at += size) {
      socket.write(header.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return socket;
  }

  test.each([
    ['version 1 over IPv4', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.9 5 443\r\n'), IPV4_CLIENT],
    ['version 2 over IPv4', binaryHeader('2111', IPV4_ADDRESSES), IPV4_CLIENT],
    ['version 2 over IPv6', binaryHeader('2121', IPV6_ADDRESSES), IPV6_CLIENT],
  ])('a PROXY header of %s goes before TLS as before clear text', async (_name, header, client) => {
    const { plane, listener } = await start(BY_HEADER);
    for (const size of [header.length, 9]) {
      const secured = await connectHttps(listener, { socket: await connectProxied(listener, header, size) });
      for (let round = 0; round < 2; round++)
        expect(await secured.ask(announceRequest({ peerPort: 7001 }))).toContain(client);
      secured.socket.destroy();
      const clear = await connectTcp(listener);
      clear.send(Buffer.concat([header, Buffer.from(announceRequest({ peerPort: 7002, close: true }))]));
      expect((await clear.ended()).toString('latin1')).toContain(client);
    }
    expect(plane.readCounters()[Counter.httpProxyRefused]).toBe(0);
  });

  test.each([
    ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex')],
    ['a request', Buffer.from(announceRequest())],
    ['a PROXY header inside of another', Buffer.concat([binaryHeader('2000'), binaryHeader('2000')])],
  ])('%s closes a connection that must begin with a PROXY header', async (_name, octets) => {
    const { plane, listener } = await start(BY_HEADER);
    const client = await connectTcp(listener);
    client.send(octets);
    expect((await client.ended()).length).toBe(0);
    await expect.poll(() => plane.readCounters()[Counter.httpProxyRefused]).toBe(1);
  });

  test('a field names the client, in clear text and over TLS, and a proxy without it is told so', async () => {
    const { listener } = await start(BY_FIELD);
    const named = (address: string): string =>
      announceRequest({ peerPort: 7003 }).replace('\r\n\r\n', `\r\nX-Real-IP: ${address}\r\n\r\n`);
    const secured = await connectHttps(listener);
    onTestFinished(() => void secured.socket.destroy());
    expect(await secured.ask(named('192.0.2.1'))).toContain(IPV4_CLIENT);
    expect(await secured.ask(named('2001:db8::1'))).toContain(IPV6_CLIENT);
    expect(await secured.ask(announceRequest())).toMatch(
      /^HTTP\/1\.1 200 OK.*\r\n\r\nd14:failure reason\d+:the proxy in front of this tracker .* no x-real-ipe$/s,
    );
    const clear = await connectTcp(listener);
    clear.send(
      named('unknown') + announceRequest({ close: true }).replace('Host', 'X-Real-Ip: 192.0.2.1\r\nHost'),
    );
    const replies = (await clear.ended()).toString('latin1');
    expect(replies).toContain('no address in its x-real-ip');
    expect(replies).toContain(IPV4_CLIENT);
  });
});
