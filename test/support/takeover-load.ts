// Clients that ask without a pause and never twice, so that what a server loses is seen: announces over UDP and HTTP, on
// connections that are kept and on new ones, in clear text and over TLS, and DNS over UDP. Each peer is one client's, which waits for its answer before it
// is announced again: what the tracker must know at the end is what was announced last.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connectHttps } from './https-client.ts';

export interface LoadTarget {
  /** TLS is spoken there, too. */
  readonly trackerPort: number;
  readonly dnsPort: number;
  /** A name that has a TXT record. */
  readonly name: string;
}

export interface LoadReport {
  readonly udp: { asked: number; answered: number; slowestMilliseconds: number };
  readonly kept: { asked: number; answered: number; closed: number };
  readonly fresh: { asked: number; answered: number };
  /** Over TLS, a new connection an announce. */
  readonly secured: { asked: number; answered: number };
  readonly dns: { asked: number; answered: number };
  /** Of what failed, the first. */
  readonly faults: readonly string[];
  /** What the tracker must know. */
  readonly peers: number;
  readonly seeds: number;
}

const UDP_CLIENTS = ['u0', 'u1', 'u2', 'u3'] as const;
const KEPT_CLIENTS = ['k0', 'k1', 'k2', 'k3'] as const;
const CLIENTS = [...UDP_CLIENTS, ...KEPT_CLIENTS, 'f', 's'] as const;
type Client = (typeof CLIENTS)[number];
/** Peers that each of them announces in turn. */
const PEERS = 64;
/** Whose every peer is a new one, announced once: what is forgotten of them is not made good by the next round. */
const ONCE: ReadonlySet<Client> = new Set(['u0', 'k0', 'f', 's']);
/** More than are announced in a test; the last client's last port is the last there is. */
const PEERS_AT_ONCE = 6450;
const FIRST_PORT = 1024;
const PAUSE_MILLISECONDS = 4;
/** At once, so that some handshake is under way whenever a server changes. */
const SECURED_CONNECTIONS = 8;
const SECURED_PAUSE_MILLISECONDS = 25;
/** For the last answers. */
const LAST_MILLISECONDS = 4000;

export interface Load {
  /** Asks no more, waits for the last answers. */
  stop(): Promise<LoadReport>;
}

export async function startLoad({ trackerPort, dnsPort, name }: LoadTarget): Promise<Load> {
  const udp = { asked: 0, answered: 0, slowestMilliseconds: 0 };
  const kept = { asked: 0, answered: 0, closed: 0 };
  const fresh = { asked: 0, answered: 0 };
  const secured = { asked: 0, answered: 0 };
  const dns = { asked: 0, answered: 0 };
  const faults: string[] = [];
  /** By client and peer: as announced last. */
  const known = new Map<string, 'seed' | 'leecher'>();
  let isOver = false;

  function plan(client: Client, round: number): Peer {
    const count = ONCE.has(client) ? PEERS_AT_ONCE : PEERS;
    const number = round % count;
    const key = `${client} ${number}`;
    const isSeed = number % 4 === 0;
    const isStopped = number % 5 === 0 && Math.floor(round / count) % 2 === 1;
    if (isStopped) known.delete(key);
    else known.set(key, isSeed ? 'seed' : 'leecher');
    const id = `-TT0001-${client.padEnd(8, '.')}${String(number).padStart(4, '0')}`;
    const port = FIRST_PORT + CLIENTS.indexOf(client) * PEERS_AT_ONCE + number;
    return { torrent: number, id, port, isSeed, isStopped };
  }

  async function askUdp(client: Client): Promise<void> {
    const socket = await openUdp(trackerPort);
    const waiting = new Map<number, number>();
    const connectionId = await connectTracker(socket);
    socket.on('message', (reply) => {
      const sent = waiting.get(reply.readUInt32BE(4));
      waiting.delete(reply.readUInt32BE(4));
      if (reply.readUInt32BE(0) !== 1) faults.push(`UDP: ${reply.subarray(8).toString()}`);
      else if (sent !== undefined) {
        udp.answered++;
        udp.slowestMilliseconds = Math.max(udp.slowestMilliseconds, performance.now() - sent);
      }
    });
    for (let round = 0; !isOver; round++) {
      waiting.set(round, performance.now());
      udp.asked++;
      socket.send(udpAnnounce(connectionId, round, plan(client, round)));
      await wait(PAUSE_MILLISECONDS);
      // Not before its answer: what is announced in which order must be certain.
      while (waiting.has(round - PEERS + 1) && !isOver) await wait(1);
    }
    await until(() => waiting.size === 0);
    socket.close();
  }

  async function askKept(client: Client): Promise<void> {
    const connection = await openTcp(trackerPort);
    connection.socket.on('close', () => {
      if (!isOver) kept.closed++;
    });
    for (let round = 0; !isOver && !connection.isClosed(); round++) {
      kept.asked++;
      const reply = await connection.ask(httpAnnounce(plan(client, round), 'keep-alive'));
      if (isAnnounceReply(reply)) kept.answered++;
      else faults.push(`kept: ${reply.slice(0, 200)}`);
      await wait(PAUSE_MILLISECONDS);
    }
    connection.socket.destroy();
  }

  async function askFresh(): Promise<void> {
    for (let round = 0; !isOver; round++) {
      fresh.asked++;
      const connection = await openTcp(trackerPort);
      const reply = await connection.ask(httpAnnounce(plan('f', round), 'close'));
      if (isAnnounceReply(reply)) fresh.answered++;
      else faults.push(`new: ${reply.slice(0, 200)}`);
      connection.socket.destroy();
      await wait(PAUSE_MILLISECONDS);
    }
  }

  async function askSecured(): Promise<void> {
    while (!isOver) {
      const round = secured.asked++;
      const client = await connectHttps({ address: '127.0.0.1', port: trackerPort }).catch((error: Error) => {
        faults.push(`TLS: ${error.message}`);
      });
      const reply = (await client?.ask(httpAnnounce(plan('s', round), 'close'))) ?? '';
      if (isAnnounceReply(reply)) secured.answered++;
      else if (client !== undefined) faults.push(`TLS: ${reply.slice(0, 200)}`);
      client?.socket.destroy();
      await wait(SECURED_PAUSE_MILLISECONDS);
    }
  }

  async function askDns(): Promise<void> {
    const socket = await openUdp(dnsPort);
    const waiting = new Set<number>();
    socket.on('message', (reply) => {
      if (waiting.delete(reply.readUInt16BE(0)) && reply.readUInt16BE(6) > 0) dns.answered++;
    });
    for (let id = 0; !isOver; id = (id + 1) % 65_536) {
      waiting.add(id);
      dns.asked++;
      socket.send(dnsQuestion(id, name));
      await wait(PAUSE_MILLISECONDS);
    }
    await until(() => waiting.size === 0);
    socket.close();
  }

  const clients = Promise.all([
    ...UDP_CLIENTS.map(askUdp),
    ...KEPT_CLIENTS.map(askKept),
    askFresh(),
    ...Array.from({ length: SECURED_CONNECTIONS }, askSecured),
    askDns(),
  ]);
  clients.catch(() => {});

  return {
    async stop() {
      isOver = true;
      await clients;
      const seeds = [...known.values()].filter((state) => state === 'seed').length;
      return { udp, kept, fresh, secured, dns, faults: faults.slice(0, 5), peers: known.size, seeds };
    },
  };
}

interface Peer {
  readonly torrent: number;
  /** 20 characters. */
  readonly id: string;
  readonly port: number;
  readonly isSeed: boolean;
  readonly isStopped: boolean;
}

/** A client with a connection id of now, for one announce. */
export async function openTrackerClient(
  port: number,
): Promise<{ announce(): Promise<Buffer>; close(): void }> {
  const socket = await openUdp(port);
  const connectionId = await connectTracker(socket);
  return {
    announce() {
      const reply = new Promise<Buffer>((resolve) => socket.once('message', resolve));
      const peer = { torrent: 0, id: '-TT0001-000000000000', port: 6881, isSeed: false, isStopped: false };
      socket.send(udpAnnounce(connectionId, 1, peer));
      return reply;
    },
    close: () => void socket.close(),
  };
}

function openUdp(port: number): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.connect(port, '127.0.0.1', () => resolve(socket)));
}

async function connectTracker(socket: UdpSocket): Promise<Buffer> {
  const request = Buffer.alloc(16);
  request.writeBigUInt64BE(0x41727101980n);
  request.writeUInt32BE(0xffffffff, 12);
  const reply = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  socket.send(request);
  return (await reply).subarray(8, 16);
}

/**
 * Small swarms: in large ones of one address some peers are taken for another by design, for of their ids the tracker keeps
 * 18 bits (peers.ts).
 */
function infoHashOf({ torrent }: Peer): Buffer {
  const hash = Buffer.alloc(20, 1);
  hash.writeUInt32BE(torrent);
  return hash;
}

/** BEP 15. */
function udpAnnounce(connectionId: Buffer, transaction: number, peer: Peer): Buffer {
  const octets = Buffer.alloc(98);
  connectionId.copy(octets);
  octets.writeUInt32BE(1, 8);
  octets.writeUInt32BE(transaction, 12);
  infoHashOf(peer).copy(octets, 16);
  octets.write(peer.id, 36, 'latin1');
  octets.writeUInt32BE(peer.isSeed ? 0 : 1, 68);
  octets.writeUInt32BE(peer.isStopped ? 3 : 0, 80);
  octets.writeInt32BE(-1, 92);
  octets.writeUInt16BE(peer.port, 96);
  return octets;
}

function httpAnnounce(peer: Peer, connection: 'keep-alive' | 'close'): string {
  const hash = infoHashOf(peer).toString('hex').replace(/../g, '%$&');
  const event = peer.isStopped ? '&event=stopped' : '';
  const query = `info_hash=${hash}&peer_id=${peer.id}&port=${peer.port}&left=${peer.isSeed ? 0 : 1}&compact=1${event}`;
  return `GET /announce?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: ${connection}\r\n\r\n`;
}

function isAnnounceReply(reply: string): boolean {
  return reply.startsWith('HTTP/1.1 200') && reply.includes('8:interval');
}

interface Connection {
  readonly socket: Socket;
  isClosed(): boolean;
  /** The whole reply, or what came of it. */
  ask(request: string): Promise<string>;
}

async function openTcp(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let isClosed = false;
  let wake = (): void => {};
  socket.on('data', (octets) => {
    text += octets.toString('latin1');
    wake();
  });
  socket.on('error', (error) => {
    text += `(${error.message})`;
  });
  socket.on('close', () => {
    isClosed = true;
    wake();
  });
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve).once('close', () => resolve());
  });
  return {
    socket,
    isClosed: () => isClosed,
    async ask(request) {
      text = '';
      socket.write(request);
      while (!isClosed && !isWhole(text)) await new Promise<void>((resolve) => (wake = resolve));
      return text;
    },
  };
}

function isWhole(reply: string): boolean {
  const end = reply.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(reply)?.[1];
  return end >= 0 && length !== undefined && reply.length >= end + 4 + Number(length);
}

function dnsQuestion(id: number, name: string): Buffer {
  const head = Buffer.from([id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, 16, 0, 1])]);
}

async function until(isDone: () => boolean): Promise<void> {
  for (let spent = 0; spent < LAST_MILLISECONDS && !isDone(); spent += 10) await wait(10);
}
