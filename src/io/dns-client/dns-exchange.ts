// One datagram to one server, and the first reply that its asker accepts. From a socket of its own, so that every
// question has a random port (RFC 5452 §4.5), connected, so that the kernel drops what comes from elsewhere.

import { createSocket } from 'node:dgram';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { Clock } from '../clock.ts';

export interface DatagramExchangeOptions<T> {
  readonly timeoutMilliseconds: number;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly signal: AbortSignal;
  /** Undefined: not the reply that is waited for, which may still come. */
  accept(message: Uint8Array): T | undefined;
}

export type DatagramExchange<T> =
  | { readonly kind: 'reply'; readonly reply: T }
  /** Nothing that was accepted came in time, or the signal was aborted. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'unreachable' };

/** Settles at the latest after the timeout or an abort. */
export function exchangeDatagram<T>(
  server: SocketAddress,
  request: Uint8Array,
  options: DatagramExchangeOptions<T>,
): Promise<DatagramExchange<T>> {
  const { clock, signal, timeoutMilliseconds, accept } = options;
  return new Promise((resolve) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    let settled = false;
    const settle = (exchange: DatagramExchange<T>): void => {
      if (settled) return;
      settled = true;
      cancel();
      signal.removeEventListener('abort', onEnd);
      socket.close();
      resolve(exchange);
    };
    const onEnd = (): void => settle({ kind: 'silence' });
    const cancel = clock.schedule(timeoutMilliseconds, onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    if (signal.aborted) queueMicrotask(onEnd);
    socket.on('error', () => settle({ kind: 'unreachable' }));
    socket.on('message', (message) => {
      const reply = accept(message);
      if (reply !== undefined) settle({ kind: 'reply', reply });
    });
    socket.connect(server.port, server.address, (error?: Error) => {
      if (settled) return;
      if (error !== undefined && error !== null) settle({ kind: 'unreachable' });
      else
        socket.send(request, (failure) => {
          if (failure !== null) settle({ kind: 'unreachable' });
        });
    });
  });
}
