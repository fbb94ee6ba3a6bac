// HARDENING 11–14: connections to a running server that do what connections should not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandomOctets } from '../support/random-octets.ts';
import { readMessage } from '../support/reply-rules.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { TRAFFIC } from './budgets.ts';
import { exchangeDatagrams } from './datagrams.ts';
import { frame, hex, message, optOf, QUESTION, queryFor, queryWith } from './messages.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

let server: ServerProcess;
const clients: TcpClient[] = [];
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  expect(await server?.stop()).toBe(0);
});

async function open(options: { localAddress?: string; allowHalfOpen?: boolean } = {}): Promise<TcpClient> {
  const client = await connectTcp({ address: '127.0.0.1', port: server.dnsPort }, options);
  clients.push(client);
  return client;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Whole frames; octets that are left over fail. */
function framesOf(octets: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  while (at < octets.length) {
    const end = at + 2 + octets.readUInt16BE(at);
    expect(end).toBeLessThanOrEqual(octets.length);
    frames.push(octets.subarray(at + 2, end));
    at = end;
  }
  return frames;
}

const idsOf = (octets: Buffer): number[] => framesOf(octets).map((reply) => reply.readUInt16BE(0));

const QUERY = frame(message({}));
/** Of the answer to {@link QUERY}, its length included. */
let answerOctets = 0;
beforeAll(async () => {
  const client = await open();
  client.socket.end(QUERY);
  answerOctets = (await client.ended()).length;
  expect(answerOctets).toBeGreaterThan(QUERY.length);
});

const pipelined = (count: number): Buffer => Buffer.concat(upTo(count).map((id) => frame(message({ id }))));

describe('line 11', () => {
  it('frames of length zero, and of 1 to 11 octets, end the connection after what came before', () =>
    endure(server, TRAFFIC, async () => {
      for (const length of upTo(12)) {
        const client = await open();
        client.send(Buffer.concat([QUERY, frame(Buffer.alloc(length)), QUERY]));
        expect(idsOf(await client.ended())).toEqual([0x1234]);
      }
    }));

  it('frames that are odd inside get FORMERR, and the connection goes on', () =>
    endure(server, TRAFFIC, async () => {
      const client = await open({ allowHalfOpen: true });
      const odd = [
        message({ body: [] }),
        message({ body: Buffer.alloc(60_000, 0x3f) }),
        message({ counts: [1, 1, 1, 1] }),
        queryFor(hex('c00c 0010 0001')),
        queryWith(optOf(), optOf()),
      ];
      client.socket.end(Buffer.concat([...odd.map(frame), QUERY]));
      const replies = framesOf(await client.ended());
      expect(replies.map((reply) => reply[3]! & 15)).toEqual([1, 1, 1, 1, 1, 0]);
    }));

  it('200 pipelined queries in one segment are answered in full', () =>
    endure(server, TRAFFIC, async () => {
      const client = await open();
      client.send(pipelined(200));
      const ids = idsOf(await client.received(200 * answerOctets));
      expect(ids.sort((left, right) => left - right)).toEqual(upTo(200));
    }));

  it('200 pipelined queries, split in two at any octet of two frames, and in 50 places by chance', () =>
    endure(server, TRAFFIC, async () => {
      const octets = pipelined(200);
      const random = createRandomOctets(11);
      const cuts = [
        ...upTo(2 * QUERY.length).map((index) => [index + 1]),
        ...upTo(10).map(() => upTo(50).map(() => random.below(octets.length))),
      ];
      await Promise.all(
        cuts.map(async (places) => {
          const client = await open();
          let from = 0;
          for (const place of [...places.sort((left, right) => left - right), octets.length]) {
            client.send(octets.subarray(from, place));
            await new Promise((resolve) => setImmediate(resolve));
            from = place;
          }
          expect(idsOf(await client.received(200 * answerOctets))).toHaveLength(200);
          client.destroy();
        }),
      );
    }));

  it('a half-close is still answered', () =>
    endure(server, TRAFFIC, async () => {
      const client = await open({ allowHalfOpen: true });
      client.socket.end(Buffer.concat([pipelined(20), QUERY.subarray(0, 9)]));
      expect(idsOf(await client.ended())).toHaveLength(20);
    }));

  it('300 resets in the middle of answers leave nothing behind', () =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 300; round++) {
        const client = await open();
        client.send(pipelined(100));
        await client.received(1);
        client.socket.resetAndDestroy();
      }
    }));

  it('random octets, as frames and as they come, are answered or closed', () =>
    endure(server, TRAFFIC, async () => {
      const random = createRandomOctets(1111);
      for (let round = 0; round < 300; round++) {
        const client = await open({ allowHalfOpen: true });
        const octets = random.octets(random.below(400));
        client.socket.end(round % 2 === 0 ? octets : frame(octets));
        for (const reply of framesOf(await client.ended())) expect(readMessage(reply)).toBeDefined();
      }
    }));
});

describe('line 12', () => {
  /** Loopback addresses: one client may have no more than its share, which the server has for each. */
  const NEIGHBOURS = 5;
  const neighbour = (index: number): { localAddress: string } => ({
    localAddress: `127.0.1.${1 + (index % NEIGHBOURS)}`,
  });

  it('800 idle connections and 300 half frames: a newcomer is served at once', () =>
    endure(server, TRAFFIC, async () => {
      const idle = await Promise.all(upTo(1100).map((index) => open(neighbour(index))));
      for (const client of idle.slice(0, 300)) client.send(QUERY.subarray(0, 7));
      for (const localAddress of ['127.0.1.1', '127.0.1.9']) {
        const newcomer = await open({ localAddress });
        newcomer.send(QUERY);
        expect(idsOf(await newcomer.received(answerOctets))).toEqual([0x1234]);
        newcomer.destroy();
      }
      for (const client of idle) client.destroy();
    }));

  it('one address that opens 1,000 takes nothing from the others', () =>
    endure(server, TRAFFIC, async () => {
      const stranger = await open({ localAddress: '127.0.2.1' });
      stranger.send(QUERY);
      await stranger.received(answerOctets);
      const greedy = await Promise.all(upTo(1000).map(() => open({ localAddress: '127.0.2.2' })));
      stranger.send(QUERY);
      expect(idsOf(await stranger.received(2 * answerOctets))).toHaveLength(2);
      expect(await waitUntil(() => greedy.some(({ socket }) => socket.closed), 5000)).toBe(true);
      for (const client of [...greedy, stranger]) client.destroy();
    }));

  it('2,000 connections opened and closed without a word', () =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 20; round++) {
        const some = await Promise.all(upTo(100).map((index) => open(neighbour(index))));
        for (const client of some) client.destroy();
      }
    }));
});

// These end by the server's own deadlines, of about ten seconds: all at once.
describe('lines 11 and 13, at their deadlines', () => {
  /** The server's deadlines and its sweep, on a machine that is busy. */
  const DEADLINE_MILLISECONDS = 40_000;

  it('pipeliners that never read, dribbles, half frames and the idle are closed, and none costs much', () =>
    endure(server, TRAFFIC, async () => {
      // 200,000 answers would be 12 MB each: what is never read must not be kept.
      const deaf = await Promise.all(upTo(5).map(() => open({ localAddress: '127.0.3.1' })));
      const flood = pipelined(20_000);
      for (const { socket } of deaf) {
        socket.pause();
        for (let round = 0; round < 10; round++) socket.write(flood);
      }
      const idle = await Promise.all(upTo(5).map(() => open({ localAddress: '127.0.3.2' })));
      const half = await Promise.all(
        upTo(300).map((index) => open({ localAddress: `127.0.4.${index % 9}` })),
      );
      for (const client of half) client.send(QUERY.subarray(0, 2 + (QUERY.length >> 1)));
      const dribbler = await open({ localAddress: '127.0.3.3' });
      let sent = 0;
      const dribble = setInterval(
        () => dribbler.send(QUERY.subarray(sent++ % 20, 1 + ((sent - 1) % 20))),
        1000,
      );
      const readers = [...idle, ...half, dribbler];
      try {
        const isOver = (): boolean => readers.every(({ socket }) => socket.destroyed || socket.readableEnded);
        expect(await waitUntil(isOver, DEADLINE_MILLISECONDS)).toBe(true);
      } finally {
        clearInterval(dribble);
      }
      // A paused socket learns of its end by writing.
      const areDeafGone = (): boolean => {
        for (const { socket } of deaf)
          if (socket.writable && socket.writableLength === 0) socket.write(QUERY);
        return deaf.every(({ socket }) => socket.destroyed || !socket.writable);
      };
      for (const { socket } of deaf) socket.resume();
      expect(await waitUntil(areDeafGone, DEADLINE_MILLISECONDS)).toBe(true);
    }));
});

describe('line 14', () => {
  const ask = (type: number): Buffer =>
    queryFor(Buffer.concat([QUESTION.subarray(2, -4), Buffer.from([0, type]), hex('0001')]));
  const AXFR = ask(252);
  const soa = Buffer.concat([hex('c00c 0006 0001 0000003c 0016 00 00'), Buffer.alloc(20)]);
  const IXFR = message({ counts: [1, 0, 1, 0], body: [ask(251).subarray(12), soa] });

  it('transfers are refused to whom nothing is allowed, over TCP and UDP, a thousand of them', () =>
    endure(server, TRAFFIC, async () => {
      const client = await open({ allowHalfOpen: true });
      client.socket.end(Buffer.concat(upTo(500).flatMap(() => [frame(AXFR), frame(ask(251))])));
      const overTcp = framesOf(await client.ended());
      expect(overTcp).toHaveLength(1000);
      const overUdp = await exchangeDatagrams(
        server.dnsPort,
        upTo(500).flatMap(() => [AXFR, IXFR]),
      );
      const replies = [...overTcp, ...overUdp.map(({ reply }) => reply)];
      // REFUSED; FORMERR for what a server that does not transfer need not read; NOTIMP where UDP carries none.
      expect(replies.filter((reply) => ![1, 4, 5].includes(reply[3]! & 15))).toEqual([]);
      expect(replies.filter((reply) => reply.readUInt16BE(6) !== 0)).toEqual([]);
    }));
});
