// Proof, at start, that the structures of layout.ts are those of this machine: datagrams go there and back on
// loopback through the very code of the packet path. What it finds wrong is the reason to run on node:dgram instead.

import { parseIpAddress } from '../../core/net/ip-address.ts';
import { createPacketSource } from '../../core/net/packet-handler.ts';
import { type BatchSocket, encodeAddress, openBatchSocket } from './batch-socket.ts';
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLLIN, EpollEvent } from './layout.ts';
import type { Libc } from './libc.ts';
import { PacketBatch } from './packet-batch.ts';

/** Datagrams sent, of different lengths: a wrong stride between messages shows in the second. */
const LENGTHS = [12, 100, 1232] as const;
/** Loopback delivers before sending returns; the wait is for a machine that does not. */
const WAIT_MILLISECONDS = 1000;

/** What did not hold, in one phrase; undefined when all did. Families that the machine lacks are passed over. */
export function findEngineFault(libc: Libc): string | undefined {
  for (const address of ['127.0.0.1', '::1'] as const) {
    const fault = tryFamily(libc, address);
    if (fault !== undefined && fault !== 'no such family') return `${fault} (${address})`;
  }
  return undefined;
}

function tryFamily(libc: Libc, address: string): string | undefined {
  const options = { port: 0, isShared: false, receiveBufferOctets: 65536 };
  const opened: BatchSocket[] = [];
  const batch = new PacketBatch(libc);
  try {
    const wildcard = address === '::1' ? '::' : '0.0.0.0';
    for (const bound of [address, wildcard, address]) {
      opened.push(openBatchSocket(libc, { ...options, address: bound }));
    }
    const [exact, any, client] = opened as [BatchSocket, BatchSocket, BatchSocket];
    return exchange(libc, batch, exact, client) ?? exchange(libc, batch, any, client);
  } catch (error) {
    return opened.length === 0 ? 'no such family' : String(error);
  } finally {
    for (const socket of opened) libc.close(socket.descriptor);
    batch.free(libc);
  }
}

/** Client to server and back, each step compared with what must be. */
function exchange(
  libc: Libc,
  batch: PacketBatch,
  server: BatchSocket,
  client: BatchSocket,
): string | undefined {
  const address = parseIpAddress(client.address) ?? new Uint8Array(4);
  const name = encodeAddress(address, server.port);
  for (const [index, length] of LENGTHS.entries()) {
    batch.replies.fill(index + 1, batch.replyOffset(index), batch.replyOffset(index) + length);
    batch.setDestination(index, name, length);
  }
  if (libc.sendMany(client.descriptor, batch.sendVector, LENGTHS.length, 0) !== LENGTHS.length) {
    return 'sendmmsg did not send all';
  }
  if (!isReadable(libc, server)) return 'epoll_wait did not name the socket';
  const fault = receive(libc, { batch, socket: server, address, port: client.port, fill: 1 });
  if (fault !== undefined) return fault;
  for (const [index, length] of LENGTHS.entries()) {
    batch.replies.fill(index + 101, batch.replyOffset(index), batch.replyOffset(index) + length);
    batch.setReply(index, index, length);
  }
  if (libc.sendMany(server.descriptor, batch.sendVector, LENGTHS.length, 0) !== LENGTHS.length) {
    return 'sendmmsg did not send all replies';
  }
  return receive(libc, { batch, socket: client, address, port: server.port, fill: 101 });
}

interface Expected {
  readonly batch: PacketBatch;
  readonly socket: BatchSocket;
  /** Where the datagrams come from. */
  readonly address: Uint8Array;
  readonly port: number;
  /** What the first datagram is filled with; the next with one more. */
  readonly fill: number;
}

function receive(libc: Libc, { batch, socket, address, port, fill }: Expected): string | undefined {
  const source = createPacketSource();
  const count = batch.receive(libc, socket.descriptor, socket.isWildcard);
  if (count !== LENGTHS.length) return 'recvmmsg did not receive all';
  for (const [index, length] of LENGTHS.entries()) {
    if (batch.receivedLength(index) !== length) return 'recvmmsg gave another length';
    batch.readSource(index, source);
    const isSource = source.port === port && address.every((octet, at) => octet === source.octets[at]);
    if (!isSource) return 'recvmmsg gave another source';
    const at = batch.requestOffset(index);
    const octets = batch.requests.subarray(at, at + length);
    if (!octets.every((octet) => octet === fill + index)) return 'recvmmsg gave other octets';
  }
  return undefined;
}

function isReadable(libc: Libc, { descriptor }: BatchSocket): boolean {
  const epoll = libc.epollCreate(EPOLL_CLOEXEC);
  const event = libc.allocate(EpollEvent.octets);
  event.view.setUint32(EpollEvent.events, EPOLLIN, true);
  event.view.setInt32(EpollEvent.data, descriptor, true);
  libc.epollControl(epoll, EPOLL_CTL_ADD, descriptor, event.octets);
  event.octets.fill(0);
  const ready = libc.epollWait(epoll, event.address, 1, WAIT_MILLISECONDS);
  libc.close(epoll);
  const named = event.view.getInt32(EpollEvent.data, true);
  libc.free(event);
  return ready === 1 && named === descriptor;
}
