// One UDP socket on Node's event loop: octets to a PacketHandler, its reply back to the sender. The portable half of the
// packet engine; what answers cannot tell which of the two it runs on.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Counters } from '../core/counters.ts';
import { parseIpAddress } from '../core/net/ip-address.ts';
import {
  createPacketSource,
  MAX_DATAGRAM_OCTETS,
  MAX_REQUEST_OCTETS,
  type PacketHandler,
  type PacketSource,
} from '../core/net/packet-handler.ts';
import { NO_ROW } from '../core/traffic.ts';
import { BindError } from './bind-error.ts';
import type { Clock } from './clock.ts';
import { localAddresses } from './interfaces.ts';
import { type Logger, silentLogger } from './log.ts';
import { readSource } from './source-address.ts';

export interface UdpSocketOptions {
  /** Canonical text, or `0.0.0.0` or `::`. */
  readonly address: string;
  /** 0: the system picks one; see {@link UdpSocket.port}. */
  readonly port: number;
  readonly handler: PacketHandler;
  readonly clock: Clock;
  /**
   * True for a packet that claims to come from one of our own listening sockets (a forged one: two servers that answer
   * each other never stop). Packets from this very socket's address are dropped in any case.
   */
  readonly isOwnSource?: (source: PacketSource) => boolean;
  /** Asked of the system, which may give less. */
  readonly receiveBufferOctets?: number;
  readonly counters?: Counters;
  /** Which counter takes what was dropped here: packets not handed over, replies that could not be sent. */
  readonly dropCounter?: number;
  /** What its packets are counted as (traffic.ts); not at all where it is left out. */
  readonly row?: number;
  readonly logger?: Logger;
}

export interface UdpSocket {
  readonly address: string;
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** What the system granted (Linux reports double, its own bookkeeping included). */
  readonly receiveBufferOctets: number;
  /** Resolves when the port is free again; safe twice. */
  close(): Promise<void>;
}

/** Room for some 5,000 small queries while the event loop is away; Linux grants `net.core.rmem_max` at most. */
export const DEFAULT_RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;

/**
 * Replies handed to Node and not yet taken by the kernel. Beyond them a reply is dropped: a full interface queue
 * (ENOBUFS, EAGAIN) must not become memory, and a client asks again. At 4 KiB each they hold 4 MiB.
 */
export const MAX_QUEUED_REPLIES = 1024;

/**
 * Throws {@link BindError}. The port is taken exclusively: no other program, and no other socket of ours, may share it.
 * On a wildcard a reply leaves from whatever address the system picks, because Node does not say which one was asked:
 * where that is another, clients drop it. The packet engine carries the address over; here, bind each one.
 */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const socket = await bind(options);
  const { address, port } = socket.address();
  const isOwn = ownSourceTest(address, port, options.isOwnSource);
  socket.on('message', answering(socket, isOwn, options));
  socket.on('error', (error) =>
    options.logger?.warn('a UDP socket reported an error and stays open', { port, error }),
  );
  let closed: Promise<void> | undefined;
  return {
    address: options.address,
    port,
    receiveBufferOctets: socket.getRecvBufferSize(),
    close() {
      closed ??= quiet(socket).then(() => new Promise((resolve) => socket.close(() => resolve())));
      return closed;
    },
  };
}

/** Turns of the event loop that a socket about to close is still read for; each takes up to 32 datagrams (libuv). */
const MAX_LAST_TURNS = 256;

/** Resolves after a turn without a datagram: what had arrived before the socket closes is answered. */
async function quiet(socket: Socket): Promise<void> {
  let received = true;
  const note = (): void => {
    received = true;
  };
  socket.on('message', note);
  for (let turn = 0; turn < MAX_LAST_TURNS && received; turn++) {
    received = false;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function bind(options: UdpSocketOptions): Promise<Socket> {
  const { address, port } = options;
  const ipv6 = address.includes(':');
  return new Promise((resolve, reject) => {
    // Addresses are never names here: a look-up that answers at once keeps the resolver out of the packet path.
    const lookup = (host: string, _family: unknown, done: (error: null, address: string) => void): void =>
      done(null, host);
    const socket = createSocket({
      type: ipv6 ? 'udp6' : 'udp4',
      ipv6Only: ipv6,
      reuseAddr: false,
      lookup: lookup as never,
    });
    socket.once('error', (error) => {
      socket.close();
      reject(new BindError({ transport: 'udp', address, port }, error));
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      growReceiveBuffer(socket, options.receiveBufferOctets ?? DEFAULT_RECEIVE_BUFFER_OCTETS);
      resolve(socket);
    });
  });
}

function growReceiveBuffer(socket: Socket, octets: number): void {
  try {
    socket.setRecvBufferSize(octets);
  } catch {
    // Some systems refuse what Linux would shorten: the default buffer serves too, and its size is reported.
  }
}

function ownSourceTest(
  address: string,
  port: number,
  isOwnSource: (source: PacketSource) => boolean = () => false,
): (source: PacketSource) => boolean {
  const wildcard = address === '0.0.0.0' || address === '::';
  const own = (wildcard ? localAddresses() : [address]).map(
    (text) => parseIpAddress(text) ?? new Uint8Array(0),
  );
  return (source) =>
    (source.port === port && own.some((octets) => isSame(octets, source))) || isOwnSource(source);
}

function isSame(octets: Uint8Array, source: PacketSource): boolean {
  if (octets.length !== (source.family === 4 ? 4 : 16)) return false;
  return octets.every((octet, index) => octet === source.octets[index]);
}

function answering(
  socket: Socket,
  isOwn: (source: PacketSource) => boolean,
  { handler, clock, counters, dropCounter, row = NO_ROW, logger = silentLogger }: UdpSocketOptions,
): (request: Uint8Array, sender: RemoteInfo) => void {
  const source = createPacketSource();
  source.row = row;
  const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
  let queued = 0;

  function drop(): void {
    if (counters !== undefined && dropCounter !== undefined) counters[dropCounter]! += 1;
  }

  function sent(error: Error | null): void {
    queued--;
    if (error !== null) drop();
  }

  function handle(request: Uint8Array): number {
    try {
      const length = Math.min(request.length, MAX_REQUEST_OCTETS);
      return handler(request, 0, length, source, reply, 0, clock.nowSeconds());
    } catch (error) {
      logger.error('a packet handler failed: please report this', { error: error as Error });
      drop();
      return 0;
    }
  }

  return (request, sender) => {
    readSource(sender.address, sender.port, source);
    if (sender.port === 0 || isOwn(source)) return drop();
    const length = handle(request);
    if (length === 0) return;
    if (queued >= MAX_QUEUED_REPLIES) return drop();
    queued++;
    // A copy, because the kernel may take it only after the next packet has overwritten the reply buffer.
    socket.send(Buffer.from(reply.subarray(0, length)), sender.port, sender.address, sent);
  };
}
