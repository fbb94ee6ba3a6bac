// 10,000 random and mutated packets to each of the four listeners of a running server, over real sockets: every answer
// is one that BEHAVIOUR allows, nothing grows, and a clean question is answered before, between and after.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { encodeQuery } from '../support/dns-message.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createRandomOctets, type RandomOctets } from '../support/random-octets.ts';
import { serve, zoneText } from '../support/serving.ts';
import { announceUdp, askTcp, askUdp, getHttp } from '../support/tracker-clients.ts';

const PACKETS = 10_000;
/** Datagrams in flight before a clean one is waited for: a socket's buffer holds them all. */
const WINDOW = 250;
/** Few enough that a connection which is closed for one of them does not hide most of the others. */
const MESSAGES_A_CONNECTION = { dns: 5, http: 2 };
/** What V8 may keep for itself between collections; 10,000 packets kept would be more. */
const GROWTH_OCTETS = 150 << 20;
const CLEAN = { name: 'tracker.example.', type: 'TXT' };

async function startServer() {
  const [port] = (await findFreePorts(1)) as [number];
  const preference = `BITTORRENT UDP:${port} TCP:${port}`;
  const zones = { 'example.zone': zoneText('example', `tracker A 127.0.0.1\ntracker TXT "${preference}"`) };
  const serving = await serve({ zones });
  expect(serving.started.kind).toBe('serving');
  const dns = serving.dnsPorts[0]!;
  const isWell = async (): Promise<void> => {
    for (const ask of [askUdp, askTcp]) {
      expect((await ask('127.0.0.1', dns, CLEAN)).answer).toEqual([
        `tracker.example. 60 IN TXT "${preference}"`,
      ]);
    }
    expect(await announceUdp('127.0.0.1', port)).toBeGreaterThan(0);
    expect((await getHttp('127.0.0.1', port, '/scrape'))?.status).toBe(200);
  };
  await isWell();
  return { dns, port, isWell };
}

/** Octets of `seeds` changed in some places and cut, or octets of pure chance. */
function hostile(random: RandomOctets, seeds: readonly Uint8Array[], maximum = 300): Buffer {
  if (random.below(4) === 0) return random.octets(random.below(maximum));
  const octets = Buffer.from(seeds[random.below(seeds.length)]!);
  for (let changes = random.below(6); changes > 0; changes--) {
    octets[random.below(octets.length)] = random.below(256);
  }
  return random.below(3) === 0 ? octets.subarray(0, random.below(octets.length)) : octets;
}

/** Sends them from one socket; `clean` is answered with something that `isAnswer` knows. Returns all other answers. */
async function sendDatagrams(
  port: number,
  next: () => Buffer,
  clean: { readonly octets: Uint8Array; isAnswer(reply: Buffer): boolean },
): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const replies: Buffer[] = [];
  let settle = (): void => {};
  socket.on('message', (reply) => (clean.isAnswer(reply) ? settle() : replies.push(reply)));
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let sent = 0; sent < PACKETS; sent += WINDOW) {
    const answered = new Promise<void>((resolve) => {
      settle = resolve;
    });
    for (let index = 0; index < WINDOW; index++) socket.send(next());
    socket.send(clean.octets);
    await answered;
  }
  socket.close();
  return replies;
}

/** Writes all at once, half-closes, and resolves with what came back when the server has closed. */
async function sendStream(port: number, octets: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that has seen enough may reset what is still on its way.
  socket.on('error', () => {});
  socket.end(octets);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

async function isFlat(work: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage().rss;
  await work();
  expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH_OCTETS);
}

const DNS_SEEDS = [
  encodeQuery({ name: 'tracker.example.', type: 'TXT' }),
  encodeQuery({ name: 'a.b.example.', type: 'A', edns: 1232, dnssecOk: true }),
];
const CLEAN_ID = 0xbeef;

test('DNS over UDP', async () => {
  const { dns, isWell } = await startServer();
  const random = createRandomOctets(1);
  const clean = {
    octets: encodeQuery({ ...CLEAN, id: CLEAN_ID }),
    isAnswer: (reply: Buffer) => reply.readUInt16BE(0) === CLEAN_ID && reply.length > 60,
  };
  await isFlat(async () => {
    const replies = await sendDatagrams(dns, () => hostile(random, DNS_SEEDS), clean);
    expect(replies.length).toBeGreaterThan(1000);
    expect(replies.filter((reply) => !isDnsReply(reply) || reply.length > 1232)).toEqual([]);
  });
  await isWell();
});

test('DNS over TCP', async () => {
  const { dns, isWell } = await startServer();
  const random = createRandomOctets(2);
  let answers = 0;
  await isFlat(async () => {
    for (let sent = 0; sent < PACKETS; sent += MESSAGES_A_CONNECTION.dns) {
      const frames = Array.from({ length: MESSAGES_A_CONNECTION.dns }, () => {
        const message = hostile(random, DNS_SEEDS);
        const length = random.below(200) === 0 ? random.below(65_536) : message.length;
        return Buffer.concat([Buffer.from([length >> 8, length & 0xff]), message]);
      });
      const replies = splitFrames(await sendStream(dns, Buffer.concat(frames)));
      expect(replies.filter((reply) => !isDnsReply(reply))).toEqual([]);
      answers += replies.length;
    }
  });
  expect(answers).toBeGreaterThan(2000);
  await isWell();
});

test('the tracker over UDP', async () => {
  const { port, isWell } = await startServer();
  const random = createRandomOctets(3);
  const connectRequest = Buffer.from('0000041727101980000000000000cafe', 'hex');
  const announce = Buffer.concat([Buffer.alloc(8), Buffer.from('00000001', 'hex'), random.octets(86)]);
  const clean = { octets: connectRequest, isAnswer: (reply: Buffer) => reply.readUInt32BE(4) === 0xcafe };
  await isFlat(async () => {
    const seeds = [Buffer.from('00000417271019800000000000000001', 'hex'), announce];
    const replies = await sendDatagrams(port, () => hostile(random, seeds, 120), clean);
    // Nobody here has proven an address: connect is answered with 16 octets, all else with silence.
    expect(replies.length).toBeGreaterThan(100);
    expect(replies.filter((reply) => reply.length !== 16 || reply.readUInt32BE(0) !== 0)).toEqual([]);
  });
  await isWell();
});

test('the tracker over HTTP', async () => {
  const { port, isWell } = await startServer();
  const random = createRandomOctets(4);
  const head = (target: string): Buffer =>
    Buffer.from(`GET ${target} HTTP/1.1\r\nHost: tracker.example:${port}\r\n\r\n`);
  const seeds = [
    head(
      '/announce?info_hash=%61aaaaaaaaaaaaaaaaaaa&peer_id=-PT0001-000000000000&port=6881&left=1&compact=1',
    ),
    head('/scrape?info_hash=aaaaaaaaaaaaaaaaaaaa'),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from('160301020001000001fc0303', 'hex'),
  ];
  let answers = 0;
  await isFlat(async () => {
    for (let sent = 0; sent < PACKETS; sent += MESSAGES_A_CONNECTION.http) {
      const requests = Array.from({ length: MESSAGES_A_CONNECTION.http }, () => hostile(random, seeds));
      const reply = (await sendStream(port, Buffer.concat(requests))).toString('latin1');
      expect(reply).toMatch(/^($|HTTP\/1\.1 [2-5]\d\d )/);
      answers += reply.split('HTTP/1.1 ').length - 1;
    }
  });
  expect(answers).toBeGreaterThan(2000);
  await isWell();
});

/** A header, QR set. */
function isDnsReply(reply: Buffer): boolean {
  return reply.length >= 12 && (reply[2]! & 0x80) !== 0;
}

/** Throws a RangeError where the last one is cut short. */
function splitFrames(octets: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 2 + octets.readUInt16BE(at);
    if (end > octets.length) throw new RangeError('the last frame is cut short');
    frames.push(octets.subarray(at + 2, end));
    at = end;
  }
  return frames;
}
