// One announce over UDP (BEP 15): connect, then announce, from one socket, because trackers may bind a connection id to
// the port as well. The socket is connected, so that the kernel drops what comes from elsewhere.

import { createSocket, type Socket } from 'node:dgram';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { AnnounceQuery, AnnounceResult } from '../../core/tracker/client/announce-query.ts';
import {
  encodeAnnounce,
  encodeConnect,
  readAnnounced,
  readConnected,
} from '../../core/tracker/client/udp-messages.ts';
import type { Clock } from '../clock.ts';

export interface UdpAnnounceOptions {
  /** Path and query of the tracker's URL, as octets (BEP 41). */
  readonly urlData: Uint8Array;
  readonly clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>;
  randomOctets(length: number): Uint8Array;
  /** For both exchanges together. */
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal;
}

/** What came of an announce that may not have reached a tracker at all. */
export type Reached<T> =
  | { readonly kind: 'answered'; readonly result: T; readonly milliseconds: number }
  /** Nothing came in time, or the signal was aborted. */
  | { readonly kind: 'silence' }
  /** The system's name of the error: `ECONNREFUSED`, `ENETUNREACH`. */
  | { readonly kind: 'unreachable'; readonly code: string };

/**
 * A datagram is sent again when half a second has brought nothing, then after twice that, and so on: BEP 15's fifteen
 * seconds are those of a client that has all day.
 */
const FIRST_REPEAT_MILLISECONDS = 500;

/** Settles at the latest after the timeout or an abort; never rejects. */
export async function announceUdp(
  tracker: SocketAddress,
  query: AnnounceQuery,
  options: UdpAnnounceOptions,
): Promise<Reached<AnnounceResult>> {
  const { clock, urlData } = options;
  const startedAt = clock.nowMilliseconds();
  const family = tracker.address.includes(':') ? 6 : 4;
  const answered = (result: AnnounceResult): Reached<AnnounceResult> => ({
    kind: 'answered',
    result,
    milliseconds: clock.nowMilliseconds() - startedAt,
  });
  const exchange = openExchange(tracker, options);
  try {
    const connecting = newTransaction(options);
    const connected = await exchange.ask(encodeConnect(connecting), (octets) =>
      readConnected(octets, connecting),
    );
    if (connected.kind !== 'reply') return connected;
    if (connected.reply.kind !== 'connected') return answered(connected.reply);
    const { connectionId } = connected.reply;
    const transaction = newTransaction(options);
    const announced = await exchange.ask(
      encodeAnnounce({ connectionId, transaction, query, urlData }),
      (octets) => readAnnounced(octets, transaction, family),
    );
    return announced.kind === 'reply' ? answered(announced.reply) : announced;
  } finally {
    exchange.close();
  }
}

function newTransaction({ randomOctets }: UdpAnnounceOptions): number {
  return new DataView(randomOctets(4).slice().buffer).getUint32(0);
}

type Exchanged<T> = { readonly kind: 'reply'; readonly reply: T } | Exclude<Reached<T>, { kind: 'answered' }>;

interface Exchange {
  /** Sends until `accept` takes a datagram. One at a time. */
  ask<T>(request: Uint8Array, accept: (octets: Uint8Array) => T | undefined): Promise<Exchanged<T>>;
  close(): void;
}

function openExchange(tracker: SocketAddress, options: UdpAnnounceOptions): Exchange {
  const { clock, signal, timeoutMilliseconds } = options;
  const socket: Socket = createSocket(tracker.address.includes(':') ? 'udp6' : 'udp4');
  let end: Exclude<Exchanged<never>, { kind: 'reply' }> | undefined;
  let settle: () => void = () => {};
  let hear: (octets: Uint8Array) => void = () => {};
  const finish = (with_: NonNullable<typeof end>): void => {
    end ??= with_;
    settle();
  };
  const onAbort = (): void => finish({ kind: 'silence' });
  const cancelTimeout = clock.schedule(timeoutMilliseconds, onAbort);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const fail = (error: NodeJS.ErrnoException): void =>
    finish({ kind: 'unreachable', code: error.code ?? 'unknown' });
  socket.on('error', fail);
  socket.on('message', (octets) => hear(new Uint8Array(octets)));
  const connected = new Promise<void>((resolve) => {
    socket.once('error', () => resolve());
    // A failed connect is told to its callback, and to no listener.
    socket.connect(tracker.port, tracker.address, (error?: NodeJS.ErrnoException) => {
      if (error) fail(error);
      resolve();
    });
  });

  async function ask<T>(
    request: Uint8Array,
    accept: (octets: Uint8Array) => T | undefined,
  ): Promise<Exchanged<T>> {
    await connected;
    return await new Promise((resolve) => {
      let cancelRepeat: () => void = () => {};
      const done = (result: Exchanged<T>): void => {
        cancelRepeat();
        hear = () => {};
        settle = () => {};
        resolve(result);
      };
      settle = () => done(end!);
      if (end !== undefined) {
        settle();
        return;
      }
      hear = (octets) => {
        const reply = accept(octets);
        if (reply !== undefined) done({ kind: 'reply', reply });
      };
      const send = (pauseMilliseconds: number): void => {
        socket.send(request, (error) => {
          if (error !== null && error !== undefined) fail(error);
        });
        cancelRepeat = clock.schedule(pauseMilliseconds, () => send(pauseMilliseconds * 2));
      };
      send(FIRST_REPEAT_MILLISECONDS);
    });
  }

  return {
    ask,
    close() {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      socket.close();
    },
  };
}
