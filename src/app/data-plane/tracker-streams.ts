// The tracker's HTTP on a packet worker: its listeners and connections on the loop that answers packets.

import { performance } from 'node:perf_hooks';
import { Counter, type Counters } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import { MAX_HTTP_REPLY_OCTETS } from '../../core/tracker/http/tracker.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import type { HandOverRing } from '../../io/stream-engine/hand-over-ring.ts';
import { createHandOverWriter } from '../../io/stream-engine/hand-over-writer.ts';
import {
  createLentDescriptors,
  type LentDescriptors,
  lentSlots,
} from '../../io/stream-engine/lent-descriptors.ts';
import { StreamLoop } from '../../io/stream-engine/stream-loop.ts';
import type { HandOver } from '../../io/stream-engine/stream-loop-options.ts';
import { createConnectionLimits } from '../../io/streams/connection-limits.ts';
import { createHttpProtocol, type HttpStreamHandler } from '../../io/streams/http-protocol.ts';
import { HTTP_STREAM_LIMITS } from '../../io/streams/http-stream.ts';
import type { TrackerConnection } from './commands.ts';
import type { ConnectionCap } from './connection-caps.ts';

/**
 * How long a connection waits in the kernel for its first octets: the least that can be asked for. Most announces come
 * on a connection of their own, and this saves a wake for each.
 */
export const DEFER_ACCEPT_SECONDS = 1;

export interface TrackerStreamsOptions {
  readonly libc: Libc;
  readonly respond: HttpStreamHandler;
  readonly lent: LentDescriptors;
  /** Where connections go that begin with a TLS hello. */
  readonly ring: HandOverRing;
  /** Of all workers together. */
  readonly cap: ConnectionCap;
  /** How many workers have the same ports, and a share of the cap each. */
  readonly workerCount: number;
  readonly counters: Counters;
  readonly proxies: ProxyRule | undefined;
  nowSeconds(): number;
  onFault(error: unknown): void;
  onShortage(errno: number): void;
}

export interface TrackerListener {
  readonly listener: Listener;
  /** A listening socket, lent. */
  readonly descriptor: number;
  /** TLS is spoken there, too. */
  readonly isSecured: boolean;
  /** What its requests are counted as (traffic.ts). */
  readonly row: number;
}

export interface TrackerStreams {
  readonly loop: StreamLoop;
  open(listener: TrackerListener): void;
  /** False when it is none of these listeners; else `onClosed` is called once, when its last connection is gone. */
  close(listener: Listener, onClosed: () => void): boolean;
  closeAll(onClosed: () => void): void;
  /**
   * Lets go of every listener without closing its port. `take` is given the connections that can go to another loop, at
   * once, `onSettled` is called when the replies that were under way are over.
   */
  surrender(take: (connection: TrackerConnection) => void, onSettled: () => void): void;
  /** Goes on with a connection to one of the listeners; one to any other is closed. */
  adopt(connection: TrackerConnection): void;
}

export function createTrackerStreams(options: TrackerStreamsOptions): TrackerStreams {
  const { libc, respond, lent, ring, cap, workerCount, counters, nowSeconds, onFault, onShortage } = options;
  const { maxHeadOctets } = HTTP_STREAM_LIMITS;
  /** By {@link formatListener}; bounded by the control plane's plan. */
  const descriptors = new Map<string, { readonly listener: Listener; readonly sockets: number[] }>();
  const countRefusal = (): void => {
    counters[Counter.httpErrors]!++;
    counters[Counter.httpBadRequests]!++;
  };
  const countProxyHeader = (): void => void counters[Counter.httpProxyRefused]!++;
  const writer = createHandOverWriter({
    ring,
    maxWaiting: shareOf(cap.all, workerCount),
    maxWaitingPerPrefix: shareOf(cap.perPrefix, workerCount),
    proxies: options.proxies,
  });
  const loop = new StreamLoop({
    libc,
    limits: HTTP_STREAM_LIMITS,
    connections: createConnectionLimits(shareOf(cap.all, workerCount), shareOf(cap.perPrefix, workerCount)),
    lent,
    proxies: options.proxies,
    maxReplyOctets: MAX_HTTP_REPLY_OCTETS,
    nowMilliseconds: () => performance.now(),
    onFault,
    onRejected: () => void counters[Counter.httpRejectedConnections]!++,
    onTimeout: () => void counters[Counter.httpTimeouts]!++,
    onProxyRefused: countProxyHeader,
    onShortage,
  });

  function handOverFrom(listener: Listener): HandOver {
    return (descriptor, source, octets) => {
      if (writer.put({ descriptor, listener, source, octets })) return;
      libc.close(descriptor);
      counters[Counter.httpRejectedConnections]!++;
    };
  }

  function close(key: string, onClosed: () => void): boolean {
    const open = descriptors.get(key);
    if (open === undefined) return false;
    descriptors.delete(key);
    const { sockets } = open;
    const close = afterAll(sockets.length, onClosed);
    for (const descriptor of sockets) loop.remove(descriptor, close);
    return true;
  }

  return {
    loop,
    open({ listener, descriptor, isSecured, row }) {
      const counts = { countRefusal, countProxyHeader };
      const protocol = createHttpProtocol({ respond, maxHeadOctets, nowSeconds, ...counts });
      protocol.localPort = listener.port;
      const key = formatListener(listener);
      const open = descriptors.get(key);
      if (open === undefined) descriptors.set(key, { listener, sockets: [descriptor] });
      else open.sockets.push(descriptor);
      const takeTls = isSecured ? handOverFrom(listener) : undefined;
      const isDeferred = DEFER_ACCEPT_SECONDS > 0;
      loop.add({ descriptor, protocol, row, isDeferred, ...(takeTls && { takeTls }) });
    },
    close: (listener, onClosed) => close(formatListener(listener), onClosed),
    closeAll(onClosed) {
      const closed = afterAll(descriptors.size, onClosed);
      for (const key of [...descriptors.keys()]) close(key, closed);
    },
    surrender(take, onSettled) {
      const open = [...descriptors.values()];
      descriptors.clear();
      const count = open.reduce((sum, { sockets }) => sum + sockets.length, 0);
      const settled = afterAll(count, onSettled);
      for (const { listener, sockets } of open)
        for (const descriptor of sockets)
          loop.surrender(descriptor, (connection) => take({ ...connection, listener }), settled);
    },
    adopt(connection) {
      const open = descriptors.get(formatListener(connection.listener));
      loop.adopt(open?.sockets[0] ?? NO_DESCRIPTOR, connection);
    },
  };
}

/** Of none of the listeners. */
const NO_DESCRIPTOR = -1;

/** Calls `done` when what it returns has been called `count` times; at once for none. */
function afterAll(count: number, done: () => void): () => void {
  let left = count;
  if (left === 0) done();
  return () => {
    left--;
    if (left === 0) done();
  };
}

/** The kernel spreads connections evenly over the workers, by the ports that they come from. */
function shareOf(cap: number, workerCount: number): number {
  return Math.ceil(cap / workerCount);
}

/** Room for the connections of one worker. */
export function createTrackerDescriptors(cap: ConnectionCap, workerCount: number): LentDescriptors {
  return createLentDescriptors(lentSlots(shareOf(cap.all, workerCount)));
}
