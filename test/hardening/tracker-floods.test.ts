// HARDENING 19 and 20: a running tracker with small caps, under strangers who make up connection ids, info-hashes, peers and
// ports as fast as they can, beside a swarm that lives and a clean client.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { announceUdp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer } from './server.ts';
import { endure } from './witness.ts';

const ADDRESS = '127.0.0.1';
const MAX_TORRENTS = 2000;
const MAX_PEERS_PER_TORRENT = 300;
/** Ten times the cap. */
const FLOOD = 20_000;
/** Datagrams on their way: as many of the longest answers fit into any client's socket. */
const WINDOW = 48;
/** One that was lost on the way ends a wait, and is no failure of the server's. */
const PATIENCE_MILLISECONDS = 2000;
const CONNECT_OCTETS = 16;

let server: ServerProcess;
let port = 0;
beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  const zone = zoneText('tracker.example', `@ A ${ADDRESS}\n@ TXT "BITTORRENT UDP:${port}"\n`);
  const caps = [
    ...['--tracker-max-torrents', String(MAX_TORRENTS)],
    ...['--tracker-max-peers-per-torrent', String(MAX_PEERS_PER_TORRENT)],
  ];
  server = await startServer({ zones: { 'tracker.example.zone': zone }, settings: caps });
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

interface Flooder {
  readonly connectionId: Buffer;
  /** Sends `count` datagrams, a window at a time; how many answers came. */
  flood(count: number, write: (index: number) => Buffer): Promise<number>;
  close(): void;
}

/** A client of this address that has proven that it receives. */
async function openFlooder(address = ADDRESS): Promise<Flooder> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  socket.connect(port, ADDRESS);
  await once(socket, 'connect');
  socket.send(connectRequest(1));
  const [reply] = (await once(socket, 'message')) as [Buffer];
  return {
    connectionId: Buffer.from(reply.subarray(8, 16)),
    async flood(count, write) {
      let answers = 0;
      for (let first = 0; first < count; first += WINDOW) {
        const size = Math.min(WINDOW, count - first);
        answers += await exchangeWindow(
          socket,
          Array.from({ length: size }, (_, index) => write(first + index)),
        );
      }
      return answers;
    },
    close: () => socket.close(),
  };
}

/** Ends with the answer to a connect behind the window: from one socket all go to one worker, in order. */
function exchangeWindow(socket: Socket, datagrams: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    const take = (reply: Buffer): void => {
      if (reply.readUInt32BE(0) === 0 && reply.readUInt32BE(4) === BARRIER) settle(() => resolve(answers));
      else answers++;
    };
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      socket.off('message', take);
      done();
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error('the tracker no longer answers'))),
      PATIENCE_MILLISECONDS,
    );
    socket.on('message', take);
    for (const datagram of datagrams) socket.send(datagram);
    socket.send(connectRequest(BARRIER));
  });
}

/** A transaction that no flood uses. */
const BARRIER = 0xffff_ffff;

function connectRequest(transaction: number): Buffer {
  const request = Buffer.alloc(CONNECT_OCTETS);
  request.writeBigUInt64BE(0x41727101980n);
  request.writeUInt32BE(transaction, 12);
  return request;
}

interface Announce {
  readonly connectionId: Uint8Array;
  readonly torrent: number;
  readonly peer: number;
  readonly numwant?: number;
  readonly event?: number;
}

function announceRequest({ connectionId, torrent, peer, numwant = 50, event = 2 }: Announce): Buffer {
  const request = Buffer.alloc(98);
  request.set(connectionId, 0);
  request.writeUInt32BE(1, 8);
  request.writeUInt32BE(peer & 0x7fff_ffff, 12);
  request.writeUInt32BE(torrent, 16);
  request.write(`flood${torrent}`.padEnd(16, '.'), 20, 'latin1');
  request.write('-FL0001-', 36, 'latin1');
  request.writeUInt32BE(peer, 44);
  request.writeBigUInt64BE(1000n, 64);
  request.writeUInt32BE(event >>> 0, 80);
  request.writeUInt32BE(numwant >>> 0, 92);
  request.writeUInt16BE(1024 + (peer % 60_000), 96);
  return request;
}

/** Two clients of the swarm that lives, at addresses of their own: each must be told of the other's. */
async function livingSwarmIsServed(): Promise<void> {
  for (const [peerPort, from] of [
    [7001, '127.9.0.1'],
    [7002, '127.9.0.2'],
  ] as const) {
    expect(await announceUdp(ADDRESS, port, peerPort, from)).toBeGreaterThanOrEqual(1);
  }
  expect(await announceUdp(ADDRESS, port, 7001, '127.9.0.1')).toBe(2);
}

describe('line 19', () => {
  it('connection ids that are guessed, or another address was given, get silence', () =>
    endure(server, TRAFFIC, async () => {
      const [one, other] = [await openFlooder('127.9.1.1'), await openFlooder('127.9.1.2')];
      const guess = (index: number): Buffer => {
        const id = Buffer.alloc(8);
        id.writeUInt32BE(Math.imul(index, 0x9e37_79b1) >>> 0);
        id.writeUInt32BE(Math.imul(index, 0x85eb_ca6b) >>> 0, 4);
        return announceRequest({ connectionId: id, torrent: 1, peer: index });
      };
      expect(await one.flood(5000, guess)).toBe(0);
      const borrowed = (index: number): Buffer =>
        announceRequest({ connectionId: other.connectionId, torrent: 1, peer: index });
      expect(await one.flood(1000, borrowed)).toBe(0);
      expect(await other.flood(1, borrowed)).toBe(1);
      one.close();
      other.close();
    }));

  it('connects as fast as they come cost next to nothing, and are remembered nowhere', () =>
    endure(server, TRAFFIC, async () => {
      const flooder = await openFlooder('127.9.1.3');
      expect(await flooder.flood(FLOOD, connectRequest)).toBe(FLOOD);
      flooder.close();
    }));

  it('unknown events, and as many peers as 32 bits can say, are answered within a packet', () =>
    endure(server, TRAFFIC, async () => {
      const flooder = await openFlooder('127.9.1.4');
      const { connectionId } = flooder;
      const answers = await flooder.flood(1000, (index) =>
        announceRequest({ connectionId, torrent: 2, peer: index, numwant: 0xffff_ffff, event: index * 7919 }),
      );
      expect(answers).toBe(1000);
      flooder.close();
    }));
});

describe('line 20', () => {
  it('random info-hashes meet the cap of torrents, and the swarm that lives is spared', () =>
    endure(server, TRAFFIC, async () => {
      await livingSwarmIsServed();
      const flooder = await openFlooder('127.9.2.1');
      const { connectionId } = flooder;
      const shed = await server.metric('portolan_swarm_capped_total');
      const answers = await flooder.flood(FLOOD, (index) =>
        announceRequest({ connectionId, torrent: 1000 + index, peer: index }),
      );
      expect(answers).toBe(FLOOD);
      expect(await server.metric('portolan_swarm_torrents')).toBeLessThanOrEqual(MAX_TORRENTS);
      expect(await server.metric('portolan_swarm_capped_total')).toBeGreaterThan(shed);
      await livingSwarmIsServed();
      flooder.close();
    }));

  it('peers of one address and one torrent meet its cap, and other torrents notice nothing', () =>
    endure(server, TRAFFIC, async () => {
      const flooder = await openFlooder('127.9.2.2');
      const { connectionId } = flooder;
      const before = await server.metric('portolan_swarm_peers');
      const answers = await flooder.flood(FLOOD, (index) =>
        announceRequest({ connectionId, torrent: 3, peer: index }),
      );
      expect(answers).toBe(FLOOD);
      expect((await server.metric('portolan_swarm_peers')) - before).toBeLessThanOrEqual(
        MAX_PEERS_PER_TORRENT,
      );
      await livingSwarmIsServed();
      flooder.close();
    }));

  it('scrapes of as many torrents as a packet holds are answered', () =>
    endure(server, TRAFFIC, async () => {
      const flooder = await openFlooder('127.9.2.3');
      const { connectionId } = flooder;
      const scrape = (index: number): Buffer => {
        const request = Buffer.alloc(16 + 74 * 20);
        request.set(connectionId, 0);
        request.writeUInt32BE(2, 8);
        request.writeUInt32BE(index, 12);
        for (let hash = 0; hash < 74; hash++)
          request.writeUInt32BE(Math.imul(index * 74 + hash, 0x9e37_79b1) >>> 0, 16 + hash * 20);
        return request;
      };
      expect(await flooder.flood(2000, scrape)).toBe(2000);
      flooder.close();
    }));
});
