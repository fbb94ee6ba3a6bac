// Proof, at start, that the stream loop serves on this machine: a request and its reply go over loopback through the very
// code that connections meet. What it finds wrong is the reason to serve on node:net instead.

import { parseIpAddress } from '../../core/net/ip-address.ts';
import { boundPort, check, encodeAddress } from '../packet-engine/batch-socket.ts';
import {
  AF_INET,
  AF_INET6,
  EpollEvent,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from '../packet-engine/layout.ts';
import type { Libc, NativeMemory } from '../packet-engine/libc.ts';
import { createConnectionLimits } from '../streams/connection-limits.ts';
import type { StreamLimits } from '../streams/stream-connections.ts';
import type { StreamProtocol } from '../streams/stream-protocol.ts';
import { createLentDescriptors, lentSlots } from './lent-descriptors.ts';
import { type ListeningSocket, openListeningSocket } from './listening-socket.ts';
import { StreamLoop } from './stream-loop.ts';

const REQUEST = Uint8Array.from({ length: 200 }, (_, index) => index);
const REPLY = REQUEST.map((octet) => 255 - octet);
/** Loopback delivers before sending returns; the turns, of a millisecond at most, are for a machine that does not. */
const MAX_TURNS = 1000;
const SECOND = 1000;

const LIMITS: StreamLimits = {
  maxConnections: 1,
  maxConnectionsPerPrefix: 1,
  requestMilliseconds: 10 * SECOND,
  idleMilliseconds: 10 * SECOND,
  writeMilliseconds: 10 * SECOND,
  lingerMilliseconds: 10 * SECOND,
  closeGraceMilliseconds: 0,
  maxPendingOutputOctets: REPLY.length,
};

/** What did not hold, in one phrase; undefined when all did. Families that the machine lacks are passed over. */
export function findStreamFault(libc: Libc): string | undefined {
  for (const address of ['127.0.0.1', '::1'] as const) {
    const fault = tryFamily(libc, address);
    if (fault !== undefined) return `${fault} (${address})`;
  }
  return undefined;
}

function tryFamily(libc: Libc, address: string): string | undefined {
  let socket: ListeningSocket;
  try {
    socket = openListeningSocket(libc, { address, port: 0, isShared: false, deferSeconds: 1 });
  } catch {
    return undefined;
  }
  const scratch = libc.allocate(REPLY.length);
  const family = address === '::1' ? AF_INET6 : AF_INET;
  const client = libc.socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  try {
    const octets = parseIpAddress(address) ?? new Uint8Array(4);
    const name = encodeAddress(octets, socket.port);
    check(libc, 'connect', libc.connect(client, name, name.length));
    check(libc, 'send', libc.send(client, REQUEST, REQUEST.length, 0));
    return serve(libc, { socket, client, octets, scratch });
  } catch (error) {
    return String(error);
  } finally {
    libc.close(client);
    libc.close(socket.descriptor);
    libc.free(scratch);
  }
}

interface Exchange {
  readonly socket: ListeningSocket;
  /** Connected, and its request sent. */
  readonly client: number;
  /** The client's address, which is the server's, too. */
  readonly octets: Uint8Array;
  readonly scratch: NativeMemory;
}

/** Serves the client until its connection is closed, and compares what either side got. */
function serve(libc: Libc, { socket, client, octets, scratch }: Exchange): string | undefined {
  let fault: string | undefined = 'the loop accepted nothing';
  const port = boundPort(libc, client);
  const protocol: StreamProtocol = {
    maxReplyOctets: REPLY.length,
    take({ source }, input, { start, end }, output) {
      const isSource = source.port === port && octets.every((octet, at) => octet === source.octets[at]);
      const isRequest = end - start === REQUEST.length && REQUEST.every((octet, at) => octet === input[at]);
      if (!isSource) fault = 'accept4 gave another source';
      else fault = isRequest ? undefined : 'recv gave other octets';
      output.set(REPLY);
      return { consumed: end - start, written: REPLY.length, verdict: 'finish', isPeerDone: true };
    },
  };
  const loop = createLoop(libc, (error) => {
    fault = String(error);
  });
  try {
    loop.add({ descriptor: socket.descriptor, protocol, isDeferred: true });
    for (let turn = 0; turn < MAX_TURNS && fault === 'the loop accepted nothing'; turn++) {
      libc.epollWait(loop.descriptor, scratch.address, Math.floor(REPLY.length / EpollEvent.octets), 1);
      loop.turn();
    }
    if (fault !== undefined) return fault;
    if (loop.size() !== 0) return 'the loop closed nothing';
    if (libc.receive(client, scratch.address, REPLY.length, MSG_DONTWAIT) !== REPLY.length)
      return 'send did not send all';
    return REPLY.every((octet, at) => octet === scratch.octets[at]) ? undefined : 'send sent other octets';
  } finally {
    loop.end();
  }
}

function createLoop(libc: Libc, onFault: (error: unknown) => void): StreamLoop {
  return new StreamLoop({
    libc,
    limits: LIMITS,
    connections: createConnectionLimits(1, 1),
    lent: createLentDescriptors(lentSlots(1)),
    maxReplyOctets: REPLY.length,
    nowMilliseconds: () => 0,
    onFault,
    onRejected() {},
    onTimeout() {},
    onShortage: (errno) => onFault(new Error(`accept4 failed (errno ${errno})`)),
  });
}
