// One request and its reply over a session, sent again while nothing comes.

import type { Cancel, Clock } from '../clock.ts';
import type { Reached } from './reached.ts';
import { CLOSED_BY_US, type UdpSession } from './udp-sessions.ts';

/**
 * A datagram is sent again when half a second has brought nothing, then after twice that, and so on: BEP 15's fifteen
 * seconds are those of a client that has all day.
 */
const FIRST_REPEAT_MILLISECONDS = 500;

export interface UdpExchange<T> {
  readonly transaction: number;
  /** In the clock's milliseconds. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** What to send at this attempt, or how all of it ended before there was anything to send. */
  request(attempt: number): Uint8Array | Promise<Uint8Array | Reached<T>>;
  /** Undefined for what is no reply to it. */
  read(octets: Uint8Array): T | undefined;
}

/** Sends until `read` takes a reply, or the deadline has come, or nobody waits any more. Never rejects. */
export async function exchangeUdp<T>(
  session: UdpSession,
  { transaction, deadline, signal, request, read }: UdpExchange<T>,
  clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>,
): Promise<Reached<T>> {
  const startedAt = clock.nowMilliseconds();
  await session.ready;
  const { promise, resolve } = Promise.withResolvers<Reached<T>>();
  let cancelTimer: Cancel = () => {};
  const hear = (octets: Uint8Array): void => {
    const result = read(octets);
    if (result === undefined) return;
    resolve({ kind: 'answered', result, milliseconds: clock.nowMilliseconds() - startedAt });
  };
  const silent = (): void => resolve({ kind: 'silence' });
  const fail = (code: string): void => {
    if (code === CLOSED_BY_US) silent();
    else resolve({ kind: 'unreachable', code });
  };
  const send = (octets: Uint8Array, attempt: number): void => {
    if (session.ended !== undefined || !session.pending.has(transaction)) return;
    session.socket.send(octets);
    const left = deadline - clock.nowMilliseconds();
    const wait = FIRST_REPEAT_MILLISECONDS * 2 ** attempt;
    cancelTimer = clock.schedule(Math.max(1, Math.min(wait, left)), () => {
      if (wait < left) prepare(attempt + 1);
      else silent();
    });
  };
  const prepare = (attempt: number): void => {
    const prepared = request(attempt);
    if (prepared instanceof Uint8Array) {
      send(prepared, attempt);
      return;
    }
    cancelTimer = clock.schedule(Math.max(1, deadline - clock.nowMilliseconds()), silent);
    void prepared.then((octets) => {
      cancelTimer();
      if (octets instanceof Uint8Array) send(octets, attempt);
      else resolve(octets);
    });
  };
  if (session.ended !== undefined) fail(session.ended);
  else if (signal?.aborted === true) silent();
  else {
    signal?.addEventListener('abort', silent, { once: true });
    session.pending.set(transaction, { hear, fail });
    prepare(0);
  }
  const reached = await promise;
  session.pending.delete(transaction);
  signal?.removeEventListener('abort', silent);
  cancelTimer();
  return reached;
}
