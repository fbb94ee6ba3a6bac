import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/io/clock.ts';
import { type DnsStreamHandler, openDnsStream } from '../../../src/io/streams/dns-stream.ts';
import type { StreamServer } from '../../../src/io/streams/stream-server.ts';
import { connectTcp, type TcpClient } from '../../support/tcp-client.ts';

const servers: StreamServer[] = [];
const clients: TcpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Replies with the message itself; silent to one that starts with 0xff. */
const echo: DnsStreamHandler = (request, offset, length, _source, reply, replyOffset) => {
  if (request[offset] === 0xff) return 0;
  reply.set(request.subarray(offset, offset + length), replyOffset);
  return length;
};

async function connectToEcho(answer = echo): Promise<TcpClient> {
  const server = await openDnsStream({ address: '127.0.0.1', port: 0, answer, clock: systemClock });
  servers.push(server);
  const client = await connectTcp(server);
  clients.push(client);
  return client;
}

const frame = (message: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
const header = frame(Buffer.alloc(12, 1));

it.each([12, 13, 512, 65_535])('answers a message of %i octets', async (length) => {
  const client = await connectToEcho();
  const sent = frame(Buffer.alloc(length, 7));
  client.send(sent);
  expect((await client.received(sent.length)).equals(sent)).toBe(true);
});

it.each([0, 1, 11])('closes at a frame of %i octets, after answering what came before', async (length) => {
  const client = await connectToEcho();
  client.send(Buffer.concat([header, frame(Buffer.alloc(length)), header]));
  expect((await client.ended()).equals(header)).toBe(true);
});

it('goes on after a message that gets silence', async () => {
  const client = await connectToEcho();
  client.send(Buffer.concat([frame(Buffer.alloc(12, 0xff)), header]));
  expect((await client.received(header.length)).equals(header)).toBe(true);
});

it('answers every one of 300 largest messages, however slowly they are read', async () => {
  const client = await connectToEcho();
  const sent = frame(Buffer.alloc(65_535, 9));
  client.socket.pause();
  for (let n = 0; n < 300; n++) client.send(sent);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  client.socket.resume();
  const received = await client.received(300 * sent.length);
  expect(received.length).toBe(300 * sent.length);
  expect(received.subarray(-sent.length).equals(sent)).toBe(true);
});

it('closes the connection when the handler throws', async () => {
  const client = await connectToEcho(() => {
    throw new TypeError('bug');
  });
  client.send(header);
  expect((await client.ended()).length).toBe(0);
});
