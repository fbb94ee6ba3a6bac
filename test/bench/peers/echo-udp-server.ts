// `node echo-udp-server.ts dns|announce4|announce6 ADDRESS PORT [dgram]`: the packet engine, or Node's own socket, with
// a handler that does no work.

import { createCounters } from '../../../src/core/counters.ts';
import type { PacketHandler } from '../../../src/core/net/packet-handler.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { openBatchSocket } from '../../../src/io/packet-engine/batch-socket.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../../../src/io/packet-engine/layout.ts';
import { loadLibc } from '../../../src/io/packet-engine/libc.ts';
import { PacketLoop } from '../../../src/io/packet-engine/packet-loop.ts';
import { DEFAULT_RECEIVE_BUFFER_OCTETS, openUdpSocket } from '../../../src/io/udp-socket.ts';

const CONNECT_OCTETS = 16;
/** Nine answers in ten carry an A record (16 octets), one a SOA of some 50. */
const DNS_OCTETS_MORE = 20;
const ANNOUNCE_REPLY_OCTETS = { announce4: 20 + 50 * 6, announce6: 20 + 50 * 18 } as const;

const [kind, address, port, socketKind] = process.argv.slice(2) as [
  'dns' | 'announce4' | 'announce6',
  string,
  string,
  'dgram'?,
];

/** A BEP 15 connect comes back with its action and transaction id first. */
function greet(request: Uint8Array, offset: number, reply: Uint8Array, replyOffset: number): number {
  for (let index = 0; index < 8; index++) reply[replyOffset + index] = request[offset + 8 + index]!;
  return CONNECT_OCTETS;
}

const echoDns: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
  if (length === CONNECT_OCTETS) return greet(request, offset, reply, replyOffset);
  for (let index = 0; index < length; index++) reply[replyOffset + index] = request[offset + index]!;
  reply[replyOffset + 2]! |= 0x80;
  return length + DNS_OCTETS_MORE;
};

const echoAnnounce: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
  if (length === CONNECT_OCTETS) return greet(request, offset, reply, replyOffset);
  for (let index = 0; index < 8; index++) reply[replyOffset + index] = request[offset + 8 + index]!;
  return replyOctets;
};
const replyOctets = kind === 'dns' ? 0 : ANNOUNCE_REPLY_OCTETS[kind];

const handler = kind === 'dns' ? echoDns : echoAnnounce;

if (socketKind === 'dgram') {
  await openUdpSocket({ address, port: Number(port), handler, clock: systemClock });
} else {
  runLoop();
}

/** Blocks until a signal ends the process. */
function runLoop(): void {
  const libc = loadLibc();
  const loop = new PacketLoop({
    libc,
    wakeDescriptor: libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
    onControl: () => true,
    onFault(error) {
      throw error;
    },
    nowSeconds: () => 0,
    isOwnSource: () => false,
    counters: createCounters(),
  });
  const socket = openBatchSocket(libc, {
    address,
    port: Number(port),
    isShared: false,
    receiveBufferOctets: DEFAULT_RECEIVE_BUFFER_OCTETS,
  });
  loop.add({ ...socket, handler, dropCounter: 0 });
  loop.run();
}
