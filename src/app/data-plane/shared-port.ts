// One port for several workers: a socket for each, among which the system spreads what comes.

import type { Listener } from '../../core/net/endpoint.ts';
import { openBatchSocket, receiveBufferOctets, setOption } from '../../io/packet-engine/batch-socket.ts';
import { SO_REUSEPORT, SOL_SOCKET } from '../../io/packet-engine/layout.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { openListeningSocket } from '../../io/stream-engine/listening-socket.ts';
import { type ReceiveBuffer, receiveBufferOf, WANTED_RECEIVE_BUFFER_OCTETS } from './receive-buffer.ts';
import { DEFER_ACCEPT_SECONDS } from './tracker-streams.ts';

export interface SharedPort {
  /** Bound and non-blocking, one a worker; whoever opened them closes them. */
  readonly descriptors: readonly number[];
  readonly port: number;
  /** Of each socket for UDP. */
  readonly receiveBuffer: ReceiveBuffer | undefined;
}

interface OpenedSocket {
  readonly descriptor: number;
  readonly port: number;
  readonly receiveBufferOctets?: number;
}

/**
 * `inherited` are sockets of a former process that listen there: all of them are kept, for in each something may wait, and
 * others join them where the workers are more. Throws `SystemCallError`; nothing stays open then.
 */
// Positional: where, for how many, and with what.
export function openSharedPort(
  libc: Libc,
  listener: Listener,
  workerCount: number,
  inherited: readonly number[] = [],
): SharedPort {
  const { transport, address } = listener;
  const open = (port: number, isShared: boolean): OpenedSocket => {
    if (transport === 'tcp')
      return openListeningSocket(libc, { address, port, isShared, deferSeconds: DEFER_ACCEPT_SECONDS });
    return openBatchSocket(libc, {
      address,
      port,
      isShared,
      receiveBufferOctets: WANTED_RECEIVE_BUFFER_OCTETS,
    });
  };
  return inherited.length === 0
    ? openForWorkers(libc, listener.port, workerCount, open)
    : joinInherited(libc, { listener, inherited, workerCount, open });
}

/** A TCP port of one thread, the only one to listen there; `inherited` as of {@link openSharedPort}. */
export function openOwnPort(
  libc: Libc,
  { address, port }: Listener,
  inherited: readonly number[] = [],
): { readonly descriptor: number; readonly port: number } {
  const [descriptor] = inherited;
  return descriptor === undefined
    ? openListeningSocket(libc, { address, port, isShared: false, deferSeconds: 0 })
    : { descriptor, port };
}

interface Joining {
  readonly listener: Listener;
  readonly inherited: readonly number[];
  readonly workerCount: number;
  readonly open: (port: number, isShared: boolean) => OpenedSocket;
}

/** The kernel lets nobody but this user join (socket(7), SO_REUSEPORT). */
function joinInherited(libc: Libc, { listener, inherited, workerCount, open }: Joining): SharedPort {
  const { transport, port } = listener;
  const descriptors = [...inherited];
  try {
    if (workerCount > inherited.length)
      for (const descriptor of inherited)
        setOption(libc, descriptor, { level: SOL_SOCKET, option: SO_REUSEPORT, value: 1 });
    while (descriptors.length < workerCount) descriptors.push(open(port, true).descriptor);
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  const isUdp = transport === 'udp';
  const receiveBuffer = isUdp ? receiveBufferOf(receiveBufferOctets(libc, descriptors[0]!)) : undefined;
  return { descriptors, port, receiveBuffer };
}

/**
 * The first bind is exclusive, because SO_REUSEPORT would share the port with any other program that sets it; with several
 * workers that socket makes way for those that share. Positional: the last is what differs.
 */
function openForWorkers(
  libc: Libc,
  port: number,
  workerCount: number,
  open: (port: number, isShared: boolean) => OpenedSocket,
): SharedPort {
  const first = open(port, false);
  const { receiveBufferOctets } = first;
  const receiveBuffer = receiveBufferOctets === undefined ? undefined : receiveBufferOf(receiveBufferOctets);
  if (workerCount === 1) return { descriptors: [first.descriptor], port: first.port, receiveBuffer };
  libc.close(first.descriptor);
  const descriptors: number[] = [];
  try {
    for (let worker = 0; worker < workerCount; worker++) descriptors.push(open(first.port, true).descriptor);
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  return { descriptors, port: first.port, receiveBuffer };
}
