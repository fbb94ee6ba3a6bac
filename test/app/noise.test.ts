// 10,000 random and mutated packets to each of the four listeners of a running server: nobody answers what must not be
// answered, nothing grows, and a clean client is served as before.

import { createSocket } from 'node:dgram';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config.ts';
import { thisMachine } from '../../src/app/machine.ts';
import { createServer, type Server } from '../../src/app/serve.ts';
import { silentLogger } from '../../src/io/log.ts';
import { encodeQuery } from '../support/dns-message.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { announceHttp, announceUdp, askTcp, askUdp } from '../support/tracker-clients.ts';

const PACKETS = 10_000;
const BATCH = 100;
/** What a run may leave behind in the heap; a leak of one small object a packet would be more. */
const MAX_GROWTH_OCTETS = 8 * 1024 * 1024;

const folder = createFolder();
let server: Server;
let port: number;
let dnsPort: number;

beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  await mkdir(join(folder.path, 'zones'));
  const zone = zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`);
  await writeFile(join(folder.path, 'zones', 't.zone'), zone);
  const flags = { 'dns.listen': '127.0.0.1:0', 'admin.listen': '127.0.0.1:0' };
  const result = readConfig({ flags, workingDirectory: folder.path });
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  server = createServer({ config: result.config, machine: await thisMachine(), logger: silentLogger });
  await server.start();
  dnsPort = server.status().dns[0]!.port;
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** xorshift32: the same packets in every run. */
function createNoise(seed: number) {
  let state = seed;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  /** Random octets, or a valid message with some octets changed, cut short or made longer. */
  const packet = (valid: readonly Uint8Array[]): Buffer => {
    if (below(4) === 0) return Buffer.from(Array.from({ length: below(301) }, () => below(256)));
    const chosen = Buffer.from(valid[below(valid.length)]!);
    for (let change = below(6); change > 0; change--) chosen[below(chosen.length)] = below(256);
    if (below(4) === 0) return chosen.subarray(0, below(chosen.length + 1));
    return below(8) === 0 ? Buffer.concat([chosen, Buffer.alloc(below(40), below(256))]) : chosen;
  };
  return { below, packet };
}

const QUERIES = [
  encodeQuery({ name: 't.example', type: 'TXT' }),
  encodeQuery({ name: 'none.t.example', type: 'AAAA', edns: 1232 }),
  encodeQuery({ name: 'example', type: 'SOA', edns: 4096, dnssecOk: true }),
];

const CONNECT = Buffer.from('0000041727101980000000000000000a', 'hex');
const ANNOUNCE = Buffer.concat([
  Buffer.from('00112233445566770000000100000001', 'hex'),
  Buffer.alloc(82, 0x61),
]);
const SCRAPE = Buffer.concat([
  Buffer.from('00112233445566770000000200000001', 'hex'),
  Buffer.alloc(60, 0x61),
]);

const REQUESTS = [
  `GET /announce?info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=1&left=0 HTTP/1.1\r\nHost: t.example\r\n\r\n`,
  `GET /scrape?info_hash=%61${'a'.repeat(19)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  'GET / HTTP/1.0\r\n\r\n',
].map((text) => Buffer.from(text));

/** Sends all, a batch at a time with a clean exchange in between; resolves with the answers. */
async function throwAt(
  target: number,
  packets: readonly Buffer[],
  clean: () => Promise<unknown>,
): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const answers: Buffer[] = [];
  socket.on('message', (answer) => answers.push(answer));
  await new Promise<void>((resolve) => socket.connect(target, '127.0.0.1', resolve));
  for (let sent = 0; sent < packets.length; sent += BATCH) {
    for (const packet of packets.slice(sent, sent + BATCH)) socket.send(packet);
    await clean();
  }
  socket.close();
  return answers;
}

/** Sends the octets on a connection of their own; resolves with what came back until it closed. */
function sendStream(target: number, octets: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port: target });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.end(octets);
  });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function measureGrowth(): () => number {
  const measure = (): number => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = measure();
  return () => measure() - before;
}

describe('10,000 random and mutated packets', { timeout: 60_000 }, () => {
  it('over UDP to DNS: answers are answers, to a question that was asked, within their size', async () => {
    const noise = createNoise(1);
    const packets = Array.from({ length: PACKETS }, () => noise.packet(QUERIES));
    const asked = new Set(
      packets.filter(({ length }) => length >= 12).map((packet) => packet.readUInt16BE(0)),
    );
    const clean = () => askUdp('127.0.0.1', dnsPort, { name: 't.example', type: 'TXT' });
    const grown = measureGrowth();
    const answers = await throwAt(dnsPort, packets, clean);
    expect(answers.length).toBeGreaterThan(PACKETS / 4);
    const isRight = (answer: Buffer): boolean =>
      isAnswer(answer) && answer.length <= 1232 && asked.has(answer.readUInt16BE(0));
    expect(answers.filter((answer) => !isRight(answer))).toEqual([]);
    expect(grown()).toBeLessThan(MAX_GROWTH_OCTETS);
    expect((await clean()).rcode).toBe('NOERROR');
  });

  it('over UDP to the tracker: only a connect is answered, and with no more than was sent', async () => {
    const noise = createNoise(2);
    const packets = Array.from({ length: PACKETS }, () => noise.packet([CONNECT, ANNOUNCE, SCRAPE]));
    const grown = measureGrowth();
    const answers = await throwAt(port, packets, () => announceUdp('127.0.0.1', port));
    expect(answers.length).toBeGreaterThan(PACKETS / 40);
    expect(answers.filter((answer) => answer.length !== 16 || answer.readUInt32BE(0) !== 0)).toEqual([]);
    expect(grown()).toBeLessThan(MAX_GROWTH_OCTETS);
    expect(server.status().swarm).toMatchObject({ torrents: 1, peersIpv4: 1 });
  });

  it('over TCP to DNS: every answer is framed, and is an answer', async () => {
    const noise = createNoise(3);
    const grown = measureGrowth();
    for (let sent = 0; sent < PACKETS; sent += BATCH) {
      const frames = Array.from({ length: BATCH }, () => {
        const packet = noise.packet(QUERIES);
        return Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 0xff]), packet]);
      });
      // Some connections carry one frame, some many, one of them a length that lies.
      const pieces = [
        Buffer.concat(frames.slice(0, 60)),
        ...frames.slice(60),
        Buffer.from([0xff, 0xff, 1, 2]),
      ];
      const replies = await Promise.all(pieces.map((piece) => sendStream(dnsPort, piece)));
      expect(replies.filter((reply) => !isFramed(reply))).toEqual([]);
    }
    expect(grown()).toBeLessThan(MAX_GROWTH_OCTETS);
    expect((await askTcp('127.0.0.1', dnsPort, { name: 't.example', type: 'TXT' })).rcode).toBe('NOERROR');
  });

  it('over TCP to the tracker: what is answered is HTTP, and nothing is stored but whole announces', async () => {
    const noise = createNoise(4);
    const grown = measureGrowth();
    for (let sent = 0; sent < PACKETS; sent += BATCH) {
      const requests = Array.from({ length: BATCH }, () => noise.packet(REQUESTS));
      const pieces = [Buffer.concat(requests.slice(0, 40)), ...requests.slice(40)];
      const replies = await Promise.all(pieces.map((piece) => sendStream(port, piece)));
      expect(
        replies
          .map((reply) => reply.toString('latin1'))
          .filter((text) => !/^(HTTP\/1\.1 \d{3} |$)/.test(text)),
      ).toEqual([]);
    }
    expect(grown()).toBeLessThan(MAX_GROWTH_OCTETS);
    expect(await announceHttp('127.0.0.1', port)).toContain('5:peers');
    expect(server.status().swarm.torrents).toBeLessThan(PACKETS);
  });
});

function isAnswer(message: Buffer): boolean {
  return message.length >= 12 && (message[2]! & 0x80) !== 0;
}

/** Nothing, or whole frames that each hold an answer. */
function isFramed(reply: Buffer): boolean {
  let at = 0;
  while (at + 2 <= reply.length) {
    const end = at + 2 + reply.readUInt16BE(at);
    if (end > reply.length || !isAnswer(reply.subarray(at + 2, end))) return false;
    at = end;
  }
  return at === reply.length;
}
