import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Counter, createCounters } from '../../src/core/counters.ts';
import { formatIpAddress } from '../../src/core/net/ip-address.ts';
import type { PacketHandler } from '../../src/core/net/packet-handler.ts';
import { BindError } from '../../src/io/bind-error.ts';
import { systemClock } from '../../src/io/clock.ts';
import { hasFamily } from '../../src/io/interfaces.ts';
import { openUdpSocket, type UdpSocket, type UdpSocketOptions } from '../../src/io/udp-socket.ts';
import { createManualClock } from '../support/manual-clock.ts';

const hasIpv6 = await hasFamily(6);
const open: UdpSocket[] = [];
afterEach(() => Promise.all(open.splice(0).map((socket) => socket.close())));

/** Replies with the same octets in reverse; silent to a packet that starts with 0. */
const reversed: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
  if (request[offset] === 0) return 0;
  for (let index = 0; index < length; index++)
    reply[replyOffset + index] = request[offset + length - 1 - index]!;
  return length;
};

async function openUdp(options: Partial<UdpSocketOptions> = {}): Promise<UdpSocket> {
  const defaults = { address: '127.0.0.1', port: 0, handler: reversed, clock: systemClock };
  const socket = await openUdpSocket({ ...defaults, ...options });
  open.push(socket);
  return socket;
}

async function openClient(address: string): Promise<Socket> {
  const client = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  onTestFinished(() => void client.close());
  await new Promise<void>((resolve) => client.bind(0, address, resolve));
  return client;
}

/** Sends all at once and resolves with the first `count` replies, in the order of their arrival. */
function exchange(
  client: Socket,
  server: UdpSocket,
  packets: readonly string[],
  count: number,
): Promise<string[]> {
  return new Promise((resolve) => {
    const replies: string[] = [];
    client.on('message', (reply) => {
      replies.push(reply.toString('latin1'));
      if (replies.length === count) resolve(replies);
    });
    for (const packet of packets) client.send(Buffer.from(packet, 'latin1'), server.port, server.address);
  });
}

describe.each([
  ['127.0.0.1', 4],
  ['::1', 6],
] as const)('a UDP socket on %s', (address, family) => {
  it.skipIf(family === 6 && !hasIpv6)('hands over source and time, and replies to the sender', async () => {
    const seen: unknown[] = [];
    const handler: PacketHandler = (request, offset, length, source, reply, replyOffset, nowSeconds) => {
      const octets = source.octets.subarray(0, source.family === 4 ? 4 : 16);
      seen.push([source.family, formatIpAddress(octets), source.port, nowSeconds]);
      return reversed(request, offset, length, source, reply, replyOffset, nowSeconds);
    };
    const server = await openUdp({ address, handler, clock: createManualClock(1234) });
    const client = await openClient(address);
    expect(await exchange(client, server, ['abc'], 1)).toEqual(['cba']);
    expect(seen).toEqual([[family, address, client.address().port, 1234]]);
    expect(server.address).toBe(address);
    expect(server.port).toBeGreaterThan(0);
  });

  it.skipIf(family === 6 && !hasIpv6)(
    'refuses a port that another program shares with SO_REUSEPORT',
    async () => {
      const other = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reusePort: true });
      onTestFinished(() => void other.close());
      await new Promise<void>((resolve) => other.bind(0, address, resolve));
      const { port } = other.address();
      const error = await openUdp({ address, port }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BindError);
      expect(error).toMatchObject({ code: 'address-in-use', transport: 'udp', address, port });
    },
  );
});

describe('a UDP socket', () => {
  it('gives every one of many packets its own reply', async () => {
    const server = await openUdp();
    const packets = Array.from({ length: 200 }, (_, index) => `<${index}>`);
    const replies = await exchange(await openClient('127.0.0.1'), server, packets, packets.length);
    expect(new Set(replies)).toEqual(new Set(packets.map((packet) => [...packet].reverse().join(''))));
  });

  it('sends nothing when the handler is silent', async () => {
    const server = await openUdp();
    expect(await exchange(await openClient('127.0.0.1'), server, ['\0silent', 'ab'], 1)).toEqual(['ba']);
  });

  it('survives a handler that throws, and counts the packet', async () => {
    const counters = createCounters();
    const errors: string[] = [];
    const handler: PacketHandler = (request, ...rest) => {
      if (request[0] === 0x21) throw new TypeError('bug');
      return reversed(request, ...rest);
    };
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (message: string) => void errors.push(message),
    };
    const server = await openUdp({ handler, counters, dropCounter: Counter.dnsDropped, logger });
    expect(await exchange(await openClient('127.0.0.1'), server, ['!', 'ab'], 1)).toEqual(['ba']);
    expect(counters[Counter.dnsDropped]).toBe(1);
    expect(errors).toEqual(['a packet handler failed: please report this']);
  });

  it('drops a packet that claims to come from one of our own sockets', async () => {
    const counters = createCounters();
    const forger = await openClient('127.0.0.1');
    const { port } = forger.address();
    const isOwnSource = (source: { readonly port: number }): boolean => source.port === port;
    const server = await openUdp({ counters, dropCounter: Counter.udpDropped, isOwnSource });
    forger.send('forged', server.port, server.address);
    expect(await exchange(await openClient('127.0.0.1'), server, ['ab'], 1)).toEqual(['ba']);
    expect(counters[Counter.udpDropped]).toBe(1);
  });

  it('closes twice, and frees the port', async () => {
    const first = await openUdp();
    await Promise.all([first.close(), first.close()]);
    const second = await openUdp({ port: first.port });
    expect(second.port).toBe(first.port);
  });

  it.each([
    ['192.0.2.1', 0, 'address-not-available'],
    ['2001:db8::1', 0, 'address-not-available'],
  ])('says that %s is no address of this machine', async (address, port, code) => {
    await expect(openUdp({ address, port })).rejects.toMatchObject({ name: 'BindError', code, address });
  });
});
