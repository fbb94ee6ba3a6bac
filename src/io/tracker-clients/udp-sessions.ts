// One socket a tracker, kept for as long as its connection id is good (BEP 15).

import { createSocket } from 'node:dgram';
import { formatSocketAddress, type SocketAddress } from '../../core/net/endpoint.ts';
import type { ConnectReply } from '../../core/tracker/client/udp-messages.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { Reached } from './reached.ts';

export interface UdpSession {
  readonly tracker: SocketAddress;
  readonly key: string;
  readonly socket: ReturnType<typeof createSocket>;
  readonly ready: Promise<void>;
  /** Who waits for which transaction; bounded by what its callers have in flight. */
  readonly pending: Map<number, Waiting>;
  connection: { readonly id: Uint8Array; readonly until: number } | undefined;
  connecting: Promise<Connected> | undefined;
  /** Requests that have not settled. */
  users: number;
  /** Ends the session once its connection id has expired; one timer an id. */
  expiry: { readonly of: Uint8Array; readonly cancel: Cancel } | undefined;
  /** Why it is closed: the system's name of an error, or {@link CLOSED_BY_US}. */
  ended: string | undefined;
}

interface Waiting {
  readonly hear: (octets: Uint8Array) => void;
  /** With the system's name of an error, or {@link CLOSED_BY_US}. */
  readonly fail: (code: string) => void;
}

/** What came of asking for a connection id: whatever is not one is also the end of what it was wanted for. */
export type Connected =
  | { readonly kind: 'connected'; readonly id: Uint8Array }
  | { readonly kind: 'ended'; readonly with: Reached<Exclude<ConnectReply, { kind: 'connected' }>> };

export interface UdpSessions {
  /** The caller releases it. */
  take(tracker: SocketAddress): UdpSession;
  /** Nothing more to do for the session: it stays as long as its connection id is good. */
  release(session: UdpSession): void;
  /** What is in flight fails with {@link CLOSED_BY_US}. Safe twice. */
  close(): void;
}

export const CLOSED_BY_US = 'ECANCELED';

/** Each is a socket: a process may open 1,024 files by habit. Those in use at the moment come on top. */
const MAX_IDLE_SESSIONS = 256;

export function createUdpSessions(clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>): UdpSessions {
  const sessions = new Map<string, UdpSession>(); // idle ones bounded by MAX_IDLE_SESSIONS, in order of last use

  function end(session: UdpSession, code: string): void {
    if (session.ended !== undefined) return;
    session.ended = code;
    session.expiry?.cancel();
    if (sessions.get(session.key) === session) sessions.delete(session.key);
    for (const { fail } of [...session.pending.values()]) fail(code);
    session.socket.close();
  }

  function endWhenExpired(session: UdpSession): void {
    const { connection } = session;
    const left = (connection?.until ?? 0) - clock.nowMilliseconds();
    if (connection === undefined || left <= 0) {
      end(session, CLOSED_BY_US);
      return;
    }
    if (session.expiry?.of === connection.id) return;
    session.expiry?.cancel();
    const cancel = clock.schedule(left, () => {
      // Whoever uses it now will release it.
      if (session.users === 0) end(session, CLOSED_BY_US);
    });
    session.expiry = { of: connection.id, cancel };
  }

  return {
    take(tracker) {
      const key = formatSocketAddress(tracker);
      const session = sessions.get(key) ?? openSession(tracker, key, end);
      sessions.delete(key);
      sessions.set(key, session);
      session.users++;
      return session;
    },
    release(session) {
      session.users--;
      if (session.users > 0 || session.ended !== undefined) return;
      endWhenExpired(session);
      for (const idle of sessions.values()) {
        if (sessions.size <= MAX_IDLE_SESSIONS) break;
        if (idle.users === 0) end(idle, CLOSED_BY_US);
      }
    },
    close() {
      for (const session of [...sessions.values()]) end(session, CLOSED_BY_US);
    },
  };
}

/** Connected, so that the kernel drops what comes from elsewhere and tells of a closed port. */
function openSession(
  tracker: SocketAddress,
  key: string,
  onEnd: (session: UdpSession, code: string) => void,
): UdpSession {
  const socket = createSocket(tracker.address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<void>();
  const session: UdpSession = {
    tracker,
    key,
    socket,
    ready: promise,
    pending: new Map(),
    connection: undefined,
    connecting: undefined,
    users: 0,
    expiry: undefined,
    ended: undefined,
  };
  socket.on('error', (error: NodeJS.ErrnoException) => {
    onEnd(session, error.code ?? 'unknown');
    resolve();
  });
  socket.once('close', () => resolve()); // before it was connected, perhaps
  socket.on('message', (octets) => {
    if (octets.length < 8) return; // BEP 15: action and transaction are there in every reply
    session.pending.get(octets.readUInt32BE(4))?.hear(new Uint8Array(octets));
  });
  // A failed connect is told to its callback, and to no listener.
  socket.connect(tracker.port, tracker.address, (error?: NodeJS.ErrnoException) => {
    if (error) onEnd(session, error.code ?? 'unknown');
    resolve();
  });
  return session;
}
