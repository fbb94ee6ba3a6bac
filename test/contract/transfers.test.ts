// Zone transfers, served by any data plane over TCP and TLS: who gets them, whole, signed, and beside everything else.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DataPlane, NO_TRANSFERS, type TransferPolicy } from '../../src/app/data-plane/data-plane.ts';
import { createImageBuffers } from '../../src/app/data-plane/image-buffers.ts';
import { createLocalDataPlane } from '../../src/app/data-plane/local-data-plane.ts';
import type { NotifyNotice } from '../../src/app/data-plane/notify-gate.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { Counter } from '../../src/core/counters.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { parseKeyName, parseTransferRule } from '../../src/core/transfer/access.ts';
import { diffImages } from '../../src/core/transfer/changes.ts';
import { encodeNotify } from '../../src/core/transfer/notify.ts';
import { signRequest } from '../../src/core/transfer/tsig.ts';
import type { TsigKey } from '../../src/core/transfer/tsig-key.ts';
import { TsigStream } from '../../src/core/transfer/tsig-stream.ts';
import type { ZoneImage } from '../../src/core/zone/image/image.ts';
import { systemClock } from '../../src/io/clock.ts';
import { hmac } from '../../src/io/hmac.ts';
import { silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../src/io/random.ts';
import { encodeRequest } from '../core/transfer/transfer-zones.ts';
import { imageOf } from '../support/authority-of.ts';
import { decodeReply, encodeQuery, type ReplyLines } from '../support/dns-message.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { askTcp } from '../support/tracker-clients.ts';

const common = {
  udpPayload: 1232,
  settings: DEFAULT_TRACKER_SETTINGS,
  clock: systemClock,
  logger: silentLogger,
  randomOctets,
};

const IMPLEMENTATIONS = [
  {
    name: 'on the event loop',
    create: async (onNotify?: OnNotify) => createLocalDataPlane({ ...common, ...(onNotify && { onNotify }) }),
  },
  { name: 'on worker threads', create: createThreaded },
];

type OnNotify = (notice: NotifyNotice) => void;

async function createThreaded(onNotify?: OnNotify): Promise<DataPlane> {
  const options = { ...common, libc: loadLibc(), workerCount: 1, ...(onNotify && { onNotify }) };
  const plane = new ThreadedDataPlane(options);
  await plane.ready();
  return plane;
}

const ADDRESS = '127.0.0.1';
const key: TsigKey = { name: parseKeyName('xfr')!, algorithm: 'hmac-sha256', secret: randomOctets(32) };
const otherKey: TsigKey = { ...key, secret: randomOctets(32) };
const identity = createTestIdentity();

function policy(...rules: string[]): TransferPolicy {
  return { ...NO_TRANSFERS, rules: rules.map((rule) => parseTransferRule(rule)!), keys: [key] };
}

/** A zone of 10 MB: more than the kernel holds for a client that does not read. */
const LARGE_NAMES = 40_000;
const LARGE_TEXT = 'x'.repeat(240);

const HEAD = ['$TTL 60', '@ SOA ns host 7 1 1 1 1', '@ NS ns', 'ns A 127.0.0.1'];

/** A zone of `names` names beside those of {@link HEAD}. */
function zone(
  plane: DataPlane,
  names: number,
  text = 'x',
  allocate?: (octets: number) => SharedArrayBuffer,
): ZoneImage {
  const lines = Array.from({ length: names }, (_, index) => `n${index} TXT "${text}"`);
  const options = { seed: plane.seed, ...(allocate !== undefined && { allocate }) };
  return imageOf(`${[...HEAD, ...lines].join('\n')}\n`, 'example.', options);
}

const framed = (message: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);

/** The messages in `received`, whole ones. */
function messages(received: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 2 <= received.length && at + 2 + received.readUInt16BE(at) <= received.length; ) {
    const end = at + 2 + received.readUInt16BE(at);
    found.push(received.subarray(at + 2, end));
    at = end;
  }
  return found;
}

/** A connection to ask transfers over. */
async function connectTo(port: number, options: Parameters<typeof connectTcp>[1] = {}): Promise<TcpClient> {
  const client = await connectTcp({ address: ADDRESS, port }, options);
  onTestFinished(() => client.destroy());
  return client;
}

async function exchangeUdp(port: number, message: Uint8Array): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const reply = once(socket, 'message');
  socket.send(message, port, ADDRESS);
  const [octets] = await reply;
  return octets;
}

async function firstMessage(client: TcpClient): Promise<Buffer> {
  const head = await client.received(2);
  return messages(await client.received(2 + head.readUInt16BE(0)))[0]!;
}

interface Received {
  readonly raw: Buffer[];
  readonly replies: ReplyLines[];
}

/** What a request for a transfer is answered with, up to the second SOA, or to a refusal. */
async function transfer(client: TcpClient, request: Uint8Array): Promise<Received> {
  client.send(framed(request));
  const replies: ReplyLines[] = [];
  for (let octets = 2; ; ) {
    const received = await client.received(octets);
    const raw = messages(received);
    replies.push(...raw.slice(replies.length).map(decodeReply));
    const isRefused = replies.some(({ rcode }) => rcode !== 'NOERROR');
    const isWhole = replies.at(-1)?.answer.at(-1)?.includes(' SOA ') === true;
    if (isRefused || isWhole) return { raw, replies };
    if (client.socket.closed) throw new Error(`closed after ${received.length} octets`);
    octets = received.length + 1;
  }
}

const axfr = (name = 'example'): Uint8Array => encodeQuery({ name, type: 'AXFR' });

describe.each(IMPLEMENTATIONS)('zone transfers $name', ({ create }) => {
  async function start(
    transfers: TransferPolicy | undefined,
    names = 10,
    text = 'x',
  ): Promise<{ plane: DataPlane; port: number }> {
    const plane = await create();
    onTestFinished(() => plane.stop());
    await plane.publish({
      images: [zone(plane, names, text)],
      draining: [],
      ...(transfers && { transfers }),
    });
    const { port } = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'dns');
    return { plane, port };
  }

  test('give the whole zone, each record once, the SOA at both ends', async () => {
    const { port } = await start(policy('127.0.0.0/8'), 3000);
    const { replies } = await transfer(await connectTo(port), axfr());
    const records = replies.flatMap(({ answer }) => answer);
    expect(replies.length).toBeGreaterThan(1);
    expect(records.length).toBe(3000 + 4);
    expect(records[0]).toBe('example. 60 IN SOA ns.example. host.example. 7 1 1 1 1');
    expect(records.at(-1)).toBe(records[0]);
    expect(new Set(records).size).toBe(3000 + 3);
  });

  test.each([
    ['nobody, unless a rule says otherwise', undefined, 'example', 'REFUSED'],
    ['no other network', policy('192.0.2.0/24'), 'example', 'REFUSED'],
    ['nobody without the key', policy('127.0.0.1 key:xfr'), 'example', 'REFUSED'],
    ['no part of a zone', policy('127.0.0.1'), 'n1.example', 'NOTAUTH'],
    ['no zone of others', policy('127.0.0.1'), 'example.net', 'NOTAUTH'],
  ])('are for %s', async (_, transfers, name, rcode) => {
    const { port } = await start(transfers);
    const client = await connectTo(port);
    const { replies } = await transfer(client, axfr(name));
    expect(replies.map(({ rcode: said, answer }) => [said, answer])).toEqual([[rcode, []]]);
    // The connection goes on.
    client.send(framed(encodeQuery({ name: 'n1.example', type: 'TXT' })));
    const received = await client.received(framed(Buffer.from(axfr(name))).length + 30);
    expect(messages(received)).toHaveLength(2);
  });

  test('by key are signed, message by message', async () => {
    const { port } = await start(policy('key:xfr'), 3000);
    const nowSeconds = systemClock.nowSeconds();
    const request = signRequest(axfr(), { key, hmac, nowSeconds });
    const { raw, replies } = await transfer(await connectTo(port), request.message);
    expect(replies.flatMap(({ answer }) => answer)).toHaveLength(3004);
    const stream = new TsigStream({ key, hmac, requestMac: request.mac });
    for (const message of raw) expect(stream.verify(message, nowSeconds)).toEqual({ kind: 'verified' });
    expect(stream.isCovered).toBe(true);
  });

  test.each([
    ['a wrong secret', otherKey, 0, 16],
    ['an unknown key', { ...key, name: parseKeyName('other')! }, 0, 17],
    ['a clock that is wrong', key, -3600, 18],
  ])('with %s are NOTAUTH, and a TSIG says why', async (_, wrongKey, drift, error) => {
    const { port } = await start(policy('key:xfr', '127.0.0.1'));
    const nowSeconds = systemClock.nowSeconds() + drift;
    const request = signRequest(axfr(), { key: wrongKey, hmac, nowSeconds });
    const { raw, replies } = await transfer(await connectTo(port), request.message);
    expect(replies[0]).toMatchObject({ rcode: 'NOTAUTH', answer: [] });
    const other = error === 18 ? 6 : 0;
    expect(raw[0]!.readUInt16BE(raw[0]!.length - other - 4)).toBe(error);
  });

  test('are bounded in number for each client, and nobody else is kept waiting', async () => {
    const { port } = await start(policy('127.0.0.1'), LARGE_NAMES, LARGE_TEXT);
    const firsts: Buffer[] = [];
    for (let index = 0; index < 18; index++) {
      const client = await connectTo(port);
      client.send(framed(axfr()));
      firsts.push(await firstMessage(client));
      // More than the kernel holds for one that does not read.
      client.socket.pause();
    }
    const rcodes = firsts.map((message) => message.readUInt8(3) & 15);
    expect(rcodes).toEqual([...Array(16).fill(0), 2, 2]);
    const query = { name: 'ns.example', type: 'A' };
    expect((await askTcp(ADDRESS, port, query)).answer).toEqual(['ns.example. 60 IN A 127.0.0.1']);
  });

  test('give the changes to a client that is behind, out of the journal', async () => {
    const { plane, port } = await start(policy('127.0.0.1'));
    const edited = imageOf(`${[...HEAD, 'n0 TXT "y"'].join('\n').replace(' 7 ', ' 8 ')}\n`, 'example.', {
      seed: plane.seed,
    });
    const change = diffImages(zone(plane, 1), edited)!;
    const journals = [{ apex: edited.apex, changes: [change] }];
    const transfers = { ...policy('127.0.0.1'), journals };
    await plane.publish({ images: [edited], draining: [], transfers });
    const client = await connectTo(port);
    client.send(framed(encodeRequest({ serial: 7 })));
    const [message] = messages(await client.received(2 + (await firstMessage(client)).length));
    const records = decodeReply(message!).answer.map((line) =>
      line.replace(/ns\.example.* (\d) 1 1 1 1/, '$1'),
    );
    expect(records).toEqual([
      'example. 60 IN SOA 8',
      'example. 60 IN SOA 7',
      'n0.example. 60 IN TXT "x"',
      'example. 60 IN SOA 8',
      'n0.example. 60 IN TXT "y"',
      'example. 60 IN SOA 8',
    ]);
  });

  test('over UDP are the changes where a datagram holds them, and are counted', async () => {
    const { plane } = await start(undefined);
    const before = zone(plane, 1);
    const after = imageOf('$TTL 60\n@ SOA ns host 8 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n', 'example.', {
      seed: plane.seed,
    });
    const journals = [{ apex: after.apex.slice(), changes: [diffImages(before, after)!] }];
    const transfers = { ...policy('127.0.0.1'), journals };
    await plane.publish({ images: [after], draining: [], transfers });
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    const told = await exchangeUdp(port, encodeRequest({ serial: 7, hasEdns: true }));
    expect(decodeReply(told).answer.map((line) => line.split(' ').slice(0, 7).join(' '))).toEqual([
      'example. 60 IN SOA ns.example. host.example. 8',
      'example. 60 IN SOA ns.example. host.example. 7',
      'n0.example. 60 IN TXT "x"',
      'example. 60 IN SOA ns.example. host.example. 8',
      'example. 60 IN SOA ns.example. host.example. 8',
    ]);
    const current = await exchangeUdp(port, encodeRequest({ serial: 8 }));
    expect(decodeReply(current).answer).toEqual(['example. 60 IN SOA ns.example. host.example. 8 1 1 1 1']);
    const counters = plane.readCounters();
    expect([counters[Counter.transfersChanges], counters[Counter.transfersCurrent]]).toEqual([1, 1]);
  });

  test('are counted as they end', async () => {
    const { plane, port } = await start(policy('127.0.0.1'), LARGE_NAMES, LARGE_TEXT);
    const counted = () => {
      const counters = plane.readCounters();
      return [Counter.transfersZone, Counter.transfersCutShort, Counter.transfersRefused].map(
        (counter) => counters[counter],
      );
    };
    const client = await connectTo(port);
    client.send(framed(axfr()));
    await firstMessage(client);
    client.destroy();
    await transfer(await connectTo(port), axfr('example.net'));
    while (counted()[1] === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(counted()).toEqual([1, 1, 1]);
  });

  test.each(['udp', 'tcp'] as const)('are told of by NOTIFY over %s', async (transport) => {
    const told: NotifyNotice[] = [];
    let wake = (): void => {};
    const heard = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const plane = await create((notice) => {
      told.push(notice);
      wake();
    });
    onTestFinished(() => plane.stop());
    const rules = ['192.0.2.1', '127.0.0.1'].map((rule) => parseTransferRule(rule)!);
    const notify = {
      zones: [{ apex: parseKeyName('copied.example')!, rules, slot: 2 }],
      flags: new SharedArrayBuffer(64),
    };
    await plane.publish({ images: [], draining: [], transfers: { ...NO_TRANSFERS, notify } });
    const { port } = await plane.open({ transport, address: ADDRESS, port: 0 }, 'dns');
    const soa = Uint8Array.from([0, 0, ...[0, 0, 0, 42], ...new Uint8Array(16)]);
    const message = encodeNotify({ id: 7, zone: parseKeyName('copied.example')!, soa });
    const ask = async (): Promise<Uint8Array> => {
      if (transport === 'udp') return await exchangeUdp(port, message);
      const client = await connectTo(port);
      client.send(framed(message));
      return await firstMessage(client);
    };
    expect(decodeReply(await ask())).toMatchObject({ rcode: 'NOERROR', answer: [] });
    await heard;
    expect(told).toEqual([expect.objectContaining({ slot: 2, serial: 42, primary: 1 })]);
    expect(plane.readCounters()[Counter.notifiesTaken]).toBe(1);
  });

  test('over TLS want version 1.3, and the protocol by its name', async () => {
    const { plane } = await start(policy('127.0.0.1'));
    await plane.identify(identity);
    const { port } = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'dns-tls');
    const recent = await connectTo(port, { tls: { ALPNProtocols: ['dot'] } });
    expect((await transfer(recent, axfr())).replies.flatMap(({ answer }) => answer)).toHaveLength(14);
    const unnamed = await connectTo(port, { tls: {} });
    expect((await transfer(unnamed, axfr())).replies[0]).toMatchObject({ rcode: 'REFUSED' });
    const older = await connectTo(port, { tls: { maxVersion: 'TLSv1.2', ALPNProtocols: ['dot'] } });
    expect((await transfer(older, axfr())).replies[0]).toMatchObject({ rcode: 'REFUSED' });
    older.send(framed(encodeQuery({ name: 'n1.example', type: 'TXT' })));
    const [, answer] = messages(await older.received(60));
    expect(decodeReply(answer!).answer).toEqual(['n1.example. 60 IN TXT "x"']);
  });

  test('read the version that they began with, while others are published and compiled', async () => {
    const { plane, port } = await start(NO_TRANSFERS, 0);
    const buffers = createImageBuffers();
    const publish = async (text: string): Promise<void> => {
      const image = zone(plane, LARGE_NAMES, text, buffers.allocate);
      await plane.publish({ images: [image], draining: [], transfers: policy('127.0.0.1') });
      buffers.keepOnly([image.buffer]);
    };
    await publish('old'.repeat(80));
    const client = await connectTo(port);
    client.send(framed(axfr()));
    await firstMessage(client);
    client.socket.pause();
    for (const text of ['new', 'newer', 'newest']) await publish(text.repeat(40));
    expect((await askTcp(ADDRESS, port, { name: 'n1.example', type: 'TXT' })).answer[0]).toContain('newest');
    client.socket.resume();
    const received = await client.received(LARGE_NAMES * 240);
    expect(received.includes('new')).toBe(false);
    client.send(framed(axfr()));
    const both = await client.received(received.length + LARGE_NAMES * 240);
    expect(both.includes('newest')).toBe(true);
  });
});
