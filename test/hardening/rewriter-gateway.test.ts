// HARDENING 26: the gateway as a process, asked for what it must never do, by many clients at once. The cases one by one
// are in test/app/gateway/never-open.test.ts.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResidentOctets } from '../bench/cpu-time.ts';
import { answers, createHostileDns, fails, type HostileDns } from '../support/hostile-dns.ts';
import { projectRoot } from '../support/source-tree.ts';
import { connectTcp } from '../support/tcp-client.ts';
import { TRAFFIC } from './budgets.ts';
import { waitUntil } from './server.ts';

/** The only place that the gateway may connect to, and where everything else listens. */
const TRACKER = '127.0.0.2';
const ROUNDS = 30;
const ANNOUNCE = `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=7000&uploaded=0&downloaded=0&left=1`;

const servers: { close(): unknown }[] = [];
let dns: HostileDns;
let gateway: ReturnType<typeof spawn>;
let port = 0;
let tracker = 0;
let victim = 0;
let visits = 0;
let carried = 0;

async function listen(address: string, onRequest: () => void): Promise<number> {
  const server = createServer((_, response) => {
    onRequest();
    response.end('d8:intervali900e5:peers0:e');
  });
  if (address !== TRACKER) server.on('connection', () => visits++);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  tracker = await listen(TRACKER, () => carried++);
  victim = await listen('127.0.0.1', () => undefined);
  const datagrams = createSocket('udp4').on('message', () => visits++);
  servers.push(datagrams);
  await new Promise<void>((resolve) => datagrams.bind(victim, '127.0.0.1', resolve));
  dns = await createHostileDns();
  const a = (name: string, data: string) => dns.on(name, answers({ name, type: 'A', ttl: 60, data }));
  a('tracker.test', TRACKER);
  a('inside.test', '127.0.0.1');
  a('cloud.test', '169.254.169.254');
  dns.on('declares.test', (asked) => {
    const isTxt = asked.query.questions![0]!.type === 'TXT';
    const name = 'declares.test';
    answers(
      isTxt
        ? { name, type: 'TXT', ttl: 60, data: [`BITTORRENT UDP:${victim} TCP:${victim}`] }
        : { name, type: 'A', ttl: 60, data: '127.0.0.1' },
    )(asked);
  });
  dns.on('broken.test', fails('SERVFAIL'));
  gateway = spawn(
    process.execPath,
    [
      join(projectRoot, 'src', 'main.ts'),
      ...['gateway', '--json', '--listen', '127.0.0.1:0', '--resolver', dns.server, '--timeout', '2s'],
      ...['--allow-private', `${TRACKER}/32`, '--admin', `${TRACKER}:1`, '--allow-connect'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  gateway.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  expect(await waitUntil(() => printed.endsWith('}\n'), 30_000)).toBe(true);
  port = JSON.parse(printed).listen[0].port;
});

afterAll(async () => {
  const ended = new Promise((resolve) => gateway.once('close', resolve));
  gateway.kill('SIGTERM');
  expect(await ended).toBe(0);
  for (const server of servers) server.close();
  await dns.close();
});

async function ask(head: string): Promise<string> {
  const client = await connectTcp({ address: '127.0.0.1', port });
  client.send(Buffer.from(`${head}\r\nhost: x\r\nconnection: close\r\n\r\n`, 'latin1'));
  return (await client.ended()).toString('latin1');
}

/** A client that is in order gets its answer, whatever others do. */
async function isServed(round: number): Promise<void> {
  const answer = await ask(`GET http://tracker.test:${tracker}/announce?${ANNOUNCE}&round=${round} HTTP/1.1`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('8:intervali900e');
}

describe('line 26', () => {
  const at = (host: string): string => `http://${host}`;
  const rows: [what: string, head: () => string, answer: RegExp][] = [
    ['a page here', () => `GET ${at(`127.0.0.1:${victim}`)}/ HTTP/1.1`, / 403 /],
    [
      'an announce here',
      () => `GET ${at(`127.0.0.1:${victim}`)}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason/,
    ],
    [
      'an announce here by name',
      () => `GET ${at(`inside.test:${victim}`)}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason/,
    ],
    [
      'what a record declares here',
      () => `GET ${at('declares.test')}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason/,
    ],
    ['a cloud’s metadata', () => `GET ${at('cloud.test')}/announce?${ANNOUNCE} HTTP/1.1`, /failure reason/],
    [
      'the gateway itself',
      () => `GET ${at(`127.0.0.1:${port}`)}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason/,
    ],
    ['the admin address', () => `GET ${at(`${TRACKER}:1`)}/announce?${ANNOUNCE} HTTP/1.1`, /failure reason/],
    [
      'another way to write it',
      () => `GET ${at(`2130706433:${victim}`)}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason| 400 /,
    ],
    [
      'a host that cannot be looked up',
      () => `GET ${at('broken.test')}/announce?${ANNOUNCE} HTTP/1.1`,
      /failure reason/,
    ],
    ['a tunnel here', () => `CONNECT 127.0.0.1:${victim} HTTP/1.1`, / 403 /],
    ['a tunnel to a port of mail', () => 'CONNECT tracker.test:25 HTTP/1.1', / 403 /],
    [
      'a body',
      () => `GET ${at(`tracker.test:${tracker}`)}/announce?${ANNOUNCE} HTTP/1.1\r\ncontent-length: 5`,
      / 400 /,
    ],
    [
      'another method',
      () => `POST ${at(`tracker.test:${tracker}`)}/announce?${ANNOUNCE} HTTP/1.1\r\ncontent-length: 0`,
      / 405 /,
    ],
  ];
  it.each(rows)('%s is refused, and nobody is connected', async (_what, head, answer) => {
    const before = { visits, carried };
    for (const refused of await Promise.all(Array.from({ length: ROUNDS }, () => ask(head()))))
      expect(refused).toMatch(answer);
    expect({ visits, carried }).toEqual(before);
    await isServed(visits);
  });

  it('all of it at once keeps nobody who is in order waiting, and the memory stays', async () => {
    const pid = gateway.pid!;
    const memory = readResidentOctets([pid]);
    const storm = Promise.all(
      Array.from({ length: ROUNDS }, () => rows)
        .flat()
        .map(([, head]) => ask(head())),
    );
    for (let round = 0; round < 10; round++) {
      const start = performance.now();
      await isServed(round);
      expect(performance.now() - start).toBeLessThan(5000);
    }
    await storm;
    expect(visits).toBe(0);
    expect(readResidentOctets([pid]) - memory).toBeLessThan(TRAFFIC.memoryMebibytes * 2 ** 20);
  });

  it('heads that never end and connections that are left are closed', async () => {
    const left = await Promise.all(
      Array.from({ length: 200 }, () => connectTcp({ address: '127.0.0.1', port })),
    );
    for (const { send } of left) send('GET http://tracker.test/announce HTTP/1.1\r\nho');
    await isServed(0);
    const isOver = (): boolean => left.every(({ socket }) => socket.destroyed || socket.readableEnded);
    expect(await waitUntil(isOver, 60_000)).toBe(true);
    await isServed(1);
  });
});
