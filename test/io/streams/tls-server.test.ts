import { connect as connectClear } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDnsStream } from '../../../src/io/streams/dns-stream.ts';
import type { StreamServer } from '../../../src/io/streams/stream-server.ts';
import { createTlsServer, type TlsServer } from '../../../src/io/streams/tls-server.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';
import { connectTcp } from '../../support/tcp-client.ts';
import { createTestIdentity } from '../../support/test-certificate.ts';

const ADDRESS = '127.0.0.1';
const identity = createTestIdentity({ serial: 1 });
const REQUEST = Buffer.from([0, 12, ...Array(12).fill(1)]);

interface Setup {
  readonly server: StreamServer;
  readonly tls: TlsServer;
  readonly clock: ManualClock;
}

/** A server that sends every message back. */
async function start(limits: { maxConnections?: number } = {}): Promise<Setup> {
  const clock = createManualClock();
  const { nowMilliseconds } = clock;
  const tls = createTlsServer({ identity, protocols: ['dot'], nowMilliseconds });
  const server = await openDnsStream({
    address: ADDRESS,
    port: 0,
    clock,
    tls,
    limits,
    answer(request, offset, length, _source, reply, replyOffset) {
      reply.set(request.subarray(offset, offset + length), replyOffset);
      return length;
    },
  });
  onTestFinished(() => server.close());
  return { server, tls, clock };
}

/** A client that trusts `certificate` alone. */
async function handshake(
  { server }: Setup,
  options: ConnectionOptions = {},
  certificate = identity.certificate,
): Promise<TLSSocket> {
  const socket = connect({
    host: ADDRESS,
    port: server.port,
    ca: certificate,
    servername: 'ns.test',
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

function answered(socket: TLSSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('data', (octets: Buffer) => resolve(octets.length));
    socket.write(REQUEST);
  });
}

describe('TLS', () => {
  test('proves the name of the server', async () => {
    const setup = await start();
    expect((await handshake(setup)).authorized).toBe(true);
    await expect(handshake(setup, { servername: 'other.test' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test.each([
    ['TLSv1.3', 'TLSv1.3'],
    ['TLSv1.2', 'TLSv1.2'],
  ] as const)('%s is spoken', async (version, spoken) => {
    const socket = await handshake(await start(), { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(spoken);
    expect(await answered(socket)).toBe(REQUEST.length);
  });

  test('of an older version is refused', async () => {
    const setup = await start();
    const older = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(setup, older)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  test.each([
    ['names the protocol', ['dot'], 'dot'],
    ['names it among others', ['h2', 'dot'], 'dot'],
    ['names none', undefined, false],
  ])('serves a client that %s', async (_, ALPNProtocols, chosen) => {
    const socket = await handshake(await start(), ALPNProtocols === undefined ? {} : { ALPNProtocols });
    expect(socket.alpnProtocol).toBe(chosen);
    expect(await answered(socket)).toBe(REQUEST.length);
  });

  test('refuses a client that names other protocols only', async () => {
    await expect(handshake(await start(), { ALPNProtocols: ['h2'] })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a session over %s', async (version) => {
    const setup = await start();
    const only = { minVersion: version, maxVersion: version };
    const first = await handshake(setup, only);
    const told = new Promise<Buffer>((resolve) => first.once('session', resolve));
    await answered(first);
    const session =
      first.getSession() !== undefined && version === 'TLSv1.2' ? first.getSession() : await told;
    const second = await handshake(setup, { ...only, session });
    expect(second.isSessionReused()).toBe(true);
    expect(await answered(second)).toBe(REQUEST.length);
  });

  test('takes another certificate for handshakes to come, and leaves connections as they are', async () => {
    const setup = await start();
    const before = await handshake(setup);
    await answered(before);
    const renewed = createTestIdentity({ serial: 2 });
    setup.tls.replace(renewed);
    const after = await handshake(setup, {}, renewed.certificate);
    expect([before, after].map((socket) => socket.getPeerCertificate().serialNumber)).toEqual(['01', '02']);
    expect(await answered(before)).toBe(REQUEST.length);
    expect(await answered(after)).toBe(REQUEST.length);
  });

  test('keeps the certificate that it has when another is of no use', async () => {
    const setup = await start();
    const stranger = createTestIdentity();
    expect(() => setup.tls.replace({ ...identity, key: stranger.key })).toThrow(/key values mismatch/);
    expect(await answered(await handshake(setup))).toBe(REQUEST.length);
  });

  test('closes a handshake that does not begin, or stops half-way, when its time is over', async () => {
    const setup = await start();
    const silent = await connectTcp({ address: ADDRESS, port: setup.server.port });
    const half = await connectTcp({ address: ADDRESS, port: setup.server.port });
    // The head of a record that promises 512 octets of a ClientHello.
    half.send(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1]));
    await expect.poll(() => setup.server.connections()).toBe(2);
    await setup.clock.advance(11);
    await Promise.all([silent.ended(), half.ended()]);
    await expect.poll(() => setup.server.connections()).toBe(0);
    expect(setup.clock.pending()).toBe(0);
  });

  test('counts handshakes as connections: the oldest makes way for a newcomer', async () => {
    const setup = await start({ maxConnections: 20 });
    const silent = [];
    for (let count = 0; count < 30; count++)
      silent.push(await connectTcp({ address: ADDRESS, port: setup.server.port }));
    expect(await answered(await handshake(setup))).toBe(REQUEST.length);
    expect(setup.server.connections()).toBeLessThanOrEqual(21);
    for (const client of silent) client.destroy();
  });

  test.each([
    ['clear text', REQUEST],
    ['octets without sense', Buffer.alloc(3000, 0xa5)],
  ])('ends a connection that sends %s, and no other', async (_, octets) => {
    const setup = await start();
    const other = await handshake(setup);
    const client = await connectTcp({ address: ADDRESS, port: setup.server.port });
    client.send(octets);
    await client.ended();
    expect(await answered(other)).toBe(REQUEST.length);
    await expect.poll(() => setup.server.connections()).toBe(1);
  });

  test('outlives a peer that goes in the middle of its handshake', async () => {
    const setup = await start();
    for (let count = 0; count < 20; count++) {
      const raw = connectClear(setup.server.port, ADDRESS);
      const socket = connect({ socket: raw, rejectUnauthorized: false });
      socket.on('error', () => {});
      await new Promise((resolve) => raw.once('connect', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      raw.resetAndDestroy();
    }
    expect(await answered(await handshake(setup))).toBe(REQUEST.length);
    await expect.poll(() => setup.server.connections()).toBe(1);
  });
});
