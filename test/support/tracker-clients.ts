// The smallest clients of what is served: one datagram, one DNS question, one announce. Nothing of the product is used.

import { createSocket } from 'node:dgram';
import { request } from 'node:http';
import { connect } from 'node:net';
import { decodeReply, encodeQuery, type QuerySpec, type ReplyLines } from './dns-message.ts';

/** Longer than any answer takes on loopback of a busy machine; only a lost packet waits for it. */
const PATIENCE_MILLISECONDS = 5000;

/** Sends one datagram and resolves with the answer; undefined when the port is closed. */
export function exchange(address: string, port: number, octets: Uint8Array): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(
      () => finish(() => reject(new Error(`no answer from port ${port}`))),
      PATIENCE_MILLISECONDS,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    socket.on('message', (answer) => finish(() => resolve(answer)));
    // ICMP says so where nobody listens, which only a connected socket hears.
    socket.on('error', () => finish(() => resolve(undefined)));
    socket.connect(port, address, () => socket.send(octets));
  });
}

export async function askUdp(address: string, port: number, query: QuerySpec): Promise<ReplyLines> {
  const reply = await exchange(address, port, encodeQuery(query));
  if (reply === undefined) throw new Error('DNS is not answered');
  return decodeReply(reply);
}

export function askTcp(address: string, port: number, query: QuerySpec): Promise<ReplyLines> {
  return new Promise((resolve, reject) => {
    const message = encodeQuery(query);
    const socket = connect({ host: address, port });
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      resolve(decodeReply(received.subarray(2)));
    });
    socket.end(Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]));
  });
}

const INFO_HASH = Buffer.alloc(20, 0x61);

/**
 * BEP 15: connect, then announce. Resolves with the number of leechers; undefined when the port is closed. `from` is the
 * client's own address.
 */
export async function announceUdp(
  address: string,
  port: number,
  peerPort = 6881,
  from?: string,
): Promise<number | undefined> {
  const hello = Buffer.alloc(16);
  hello.writeBigUInt64BE(0x41727101980n);
  hello.writeUInt32BE(7, 12);
  const greeting = await exchangeTwice({ address, port, from }, hello, (reply) => {
    const packet = Buffer.alloc(98);
    reply.copy(packet, 0, 8, 16);
    packet.writeUInt32BE(1, 8);
    packet.writeUInt32BE(8, 12);
    INFO_HASH.copy(packet, 16);
    packet.write(`-PT0001-${String(peerPort).padStart(12, '0')}`, 36, 'latin1');
    packet.writeBigUInt64BE(1000n, 64);
    packet.writeInt32BE(-1, 92);
    packet.writeUInt16BE(peerPort, 96);
    return packet;
  });
  return greeting?.readUInt32BE(0) === 1 ? greeting.readUInt32BE(12) : undefined;
}

/** Two exchanges from one socket. */
function exchangeTwice(
  { address, port, from }: { address: string; port: number; from: string | undefined },
  first: Uint8Array,
  second: (reply: Buffer) => Uint8Array,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(
      () => finish(() => reject(new Error(`no answer from port ${port}`))),
      PATIENCE_MILLISECONDS,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    socket.once('message', (reply) => {
      socket.once('message', (answer) => finish(() => resolve(answer)));
      socket.send(second(reply));
    });
    socket.on('error', () => finish(() => resolve(undefined)));
    socket.bind(0, from, () => socket.connect(port, address, () => socket.send(first)));
  });
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

// Positional: the last are what most leave out.
/** Undefined when the port is closed. `localAddress` is the client's own. */
export function getHttp(
  address: string,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  localAddress?: string,
): Promise<HttpAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const to = { host: address, port, path, headers, agent: false };
    const asked = request({ ...to, ...(localAddress !== undefined && { localAddress }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('latin1') }),
      );
      response.on('error', reject);
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error),
    );
    asked.end();
  });
}

/** BEP 3. Resolves with the bencoded answer; undefined when the port is closed. */
export async function announceHttp(
  address: string,
  port: number,
  options: { readonly host?: string; readonly peerPort?: number; readonly from?: string } = {},
): Promise<string | undefined> {
  const { host, peerPort = 6882, from } = options;
  const peerId = `-PT0001-${String(peerPort).padStart(12, '0')}`;
  const path = `/announce?info_hash=${'a'.repeat(20)}&peer_id=${peerId}&port=${peerPort}&left=1000&compact=1`;
  const headers = host === undefined ? {} : { host: `${host}:${port}` };
  const answer = await getHttp(address, port, path, headers, from);
  return answer?.body;
}
