// One query to one server: a datagram from a socket of its own (so that every query has a random port, RFC 5452 §4.5),
// connected (so that the kernel drops what comes from elsewhere), and the same over TCP when the reply did not fit.

import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../clock.ts';
import { decodeReply, MAX_REPLY_OCTETS, type Query, type Reply } from './dns-message.ts';

/** A name server. `address` may carry a zone identifier: `fe80::1%eth0` (RFC 4007 §11). */
export interface Server {
  readonly address: string;
  readonly port: number;
}

export type Heard = 'nothing' | 'foreign' | 'malformed' | 'too-large';

/** `heard` says what was wrong with the last thing that came before time ran out. */
export type Exchange =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'silence'; readonly heard: Heard }
  | { readonly kind: 'unreachable' };

export interface ExchangeOptions {
  readonly timeoutMilliseconds: number;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly signal: AbortSignal;
}

/**
 * Sends one datagram and waits for the reply to it. A reply with another id or question, or one that cannot be read,
 * may be a stranger's: it is ignored, and waiting goes on. Settles at the latest after the timeout or an abort.
 */
export function exchangeUdp(server: Server, query: Query, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    let heard: Heard = 'nothing';
    const settle = once(
      options,
      () => socket.close(),
      resolve,
      () => ({ kind: 'silence', heard }),
    );
    socket.on('error', () => settle({ kind: 'unreachable' }));
    socket.on('message', (octets) => {
      const reply = decodeReply(octets, query);
      if (reply.kind === 'answer' || reply.kind === 'truncated') settle({ kind: 'reply', reply });
      else heard = reply.kind;
    });
    socket.connect(server.port, server.address, (error?: Error) => {
      if (error !== undefined && error !== null) settle({ kind: 'unreachable' });
      else if (!options.signal.aborted) send();
    });
    function send(): void {
      try {
        socket.send(query.octets, (error) => {
          if (error !== null) settle({ kind: 'unreachable' });
        });
      } catch {
        // The socket was closed between the connect and its callback: already settled.
      }
    }
  });
}

/** The same over TCP (RFC 7766). Messages that answer something else are skipped, in at most twice the octets of a reply. */
export function exchangeTcp(server: Server, query: Query, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port, noDelay: true });
    let heard: Heard = 'nothing';
    let pending: Buffer = Buffer.alloc(0);
    let received = 0;
    const settle = once(
      options,
      () => socket.destroy(),
      resolve,
      () => ({ kind: 'silence', heard }),
    );
    socket.on('error', () => settle({ kind: 'unreachable' }));
    socket.on('close', () =>
      settle(heard === 'nothing' ? { kind: 'unreachable' } : { kind: 'silence', heard }),
    );
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.octets.length);
      socket.write(Buffer.concat([length, query.octets]));
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2) {
        const end = 2 + pending.readUInt16BE(0);
        if (end - 2 > MAX_REPLY_OCTETS || received > 2 * MAX_REPLY_OCTETS) {
          settle({ kind: 'silence', heard: 'too-large' });
          return;
        }
        if (pending.length < end) return;
        const reply = decodeReply(pending.subarray(2, end), query);
        if (reply.kind !== 'foreign') {
          settle({ kind: 'reply', reply });
          return;
        }
        heard = 'foreign';
        pending = pending.subarray(end);
      }
    });
  });
}

/** Settles once: at the first call, after the timeout, or when the signal is aborted; then closes and forgets. */
function once(
  { timeoutMilliseconds, clock, signal }: ExchangeOptions,
  close: () => void,
  resolve: (exchange: Exchange) => void,
  onSilence: () => Exchange,
): (exchange: Exchange) => void {
  let settled = false;
  const settle = (exchange: Exchange): void => {
    if (settled) return;
    settled = true;
    cancel();
    signal.removeEventListener('abort', onEnd);
    close();
    resolve(exchange);
  };
  const onEnd = (): void => settle(onSilence());
  const cancel = clock.schedule(timeoutMilliseconds, onEnd);
  signal.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) queueMicrotask(onEnd);
  return settle;
}
