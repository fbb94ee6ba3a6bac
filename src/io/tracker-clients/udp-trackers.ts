// Announces and scrapes over UDP (BEP 15) for those that make many: one socket a tracker, and a connection id that is used
// for as long as it is good, so that an announce is one exchange instead of two and a socket.

import { createSocket } from 'node:dgram';
import { formatSocketAddress, type SocketAddress } from '../../core/net/endpoint.ts';
import type {
  AnnounceQuery,
  AnnounceResult,
  ScrapeResult,
} from '../../core/tracker/client/announce-query.ts';
import {
  type ConnectReply,
  encodeAnnounce,
  encodeConnect,
  encodeScrape,
  readAnnounced,
  readConnected,
  readScraped,
} from '../../core/tracker/client/udp-messages.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { Reached } from './udp-tracker-client.ts';

export interface UdpTrackersOptions {
  readonly clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>;
  randomOctets(length: number): Uint8Array;
}

export interface UdpTrackers {
  /** `urlData` as of {@link encodeAnnounce}. Settles at the latest after the timeout; never rejects. */
  announce(
    tracker: SocketAddress,
    query: AnnounceQuery,
    options: { readonly urlData: Uint8Array; readonly timeoutMilliseconds: number },
  ): Promise<Reached<AnnounceResult>>;
  scrape(
    tracker: SocketAddress,
    infoHashes: readonly Uint8Array[],
    options: { readonly timeoutMilliseconds: number },
  ): Promise<Reached<ScrapeResult>>;
  /** What is in flight ends as silence. Safe twice. */
  close(): void;
}

/** BEP 15: "a client can use a connection ID until one minute after it has received it". */
const CONNECTION_MILLISECONDS = 60_000;
/** As in udp-tracker-client.ts: sent again after half a second, then after twice that, and so on. */
const FIRST_REPEAT_MILLISECONDS = 500;
/** Each is a socket: a process may open 1,024 files by habit. Those in use at the moment come on top. */
const MAX_IDLE_SESSIONS = 256;

const TRANSACTION_OCTETS = 4;
const POOL_OCTETS = 256 * TRANSACTION_OCTETS;

type Reply = (octets: Uint8Array) => void;

interface Session {
  readonly tracker: SocketAddress;
  readonly key: string;
  readonly socket: ReturnType<typeof createSocket>;
  readonly ready: Promise<void>;
  /** Who waits for which transaction; bounded by what its callers have in flight. */
  readonly pending: Map<number, { readonly hear: Reply; readonly fail: (code: string) => void }>;
  connection: { readonly id: Uint8Array; readonly until: number } | undefined;
  connecting: Promise<Connected> | undefined;
  /** Requests that have not settled. */
  users: number;
  /** Ends the session once its connection id has expired; one timer an id. */
  expiry: { readonly of: Uint8Array; readonly cancel: Cancel } | undefined;
  /** Why it is closed: the system's name of an error, or `ECANCELED` by ourselves. */
  ended: string | undefined;
}

type Connected =
  | { readonly kind: 'connected'; readonly id: Uint8Array }
  | { readonly kind: 'ended'; readonly with: Reached<Exclude<ConnectReply, { kind: 'connected' }>> };

export function createUdpTrackers({ clock, randomOctets }: UdpTrackersOptions): UdpTrackers {
  const sessions = new Map<string, Session>(); // idle ones bounded by MAX_IDLE_SESSIONS, in order of last use

  function sessionOf(tracker: SocketAddress): Session {
    const key = formatSocketAddress(tracker);
    const session = sessions.get(key) ?? openSession(tracker, key, end);
    sessions.delete(key);
    sessions.set(key, session);
    return session;
  }

  function end(session: Session, code: string): void {
    if (session.ended !== undefined) return;
    session.ended = code;
    session.expiry?.cancel();
    if (sessions.get(session.key) === session) sessions.delete(session.key);
    for (const { fail } of [...session.pending.values()]) fail(code);
    session.socket.close();
  }

  /** Nothing more to do for the session: it stays as long as its connection id is good. */
  function release(session: Session): void {
    session.users--;
    if (session.users > 0 || session.ended !== undefined) return;
    const { connection } = session;
    const left = (connection?.until ?? 0) - clock.nowMilliseconds();
    if (connection === undefined || left <= 0) end(session, 'ECANCELED');
    else if (session.expiry?.of !== connection.id) {
      session.expiry?.cancel();
      const cancel = clock.schedule(left, () => {
        // Whoever uses it now will release it.
        if (session.users === 0) end(session, 'ECANCELED');
      });
      session.expiry = { of: connection.id, cancel };
    }
    for (const idle of sessions.values()) {
      if (sessions.size <= MAX_IDLE_SESSIONS) break;
      if (idle.users === 0) end(idle, 'ECANCELED');
    }
  }

  let pool = new DataView(new ArrayBuffer(0));
  let poolUsed = 0;

  /** Random numbers are drawn many at a time: a call of the system for each costs as much as the whole exchange. */
  function newTransaction(session: Session): number {
    for (;;) {
      if (poolUsed === pool.byteLength) {
        pool = new DataView(randomOctets(POOL_OCTETS).slice().buffer);
        poolUsed = 0;
      }
      const transaction = pool.getUint32(poolUsed);
      poolUsed += TRANSACTION_OCTETS;
      if (!session.pending.has(transaction)) return transaction;
    }
  }

  /** Sends until `read` takes a reply, or the deadline has come. `request` may want to do something first. */
  async function exchange<T>(
    session: Session,
    transaction: number,
    deadline: number,
    { request, read }: Exchange<T>,
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
    const fail = (code: string): void => {
      resolve(code === 'ECANCELED' ? { kind: 'silence' } : { kind: 'unreachable', code });
    };
    const silent = (): void => resolve({ kind: 'silence' });
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
        else resolve(octets as Reached<T>); // a refusal to connect is one to whatever was asked
      });
    };
    if (session.ended !== undefined) fail(session.ended);
    else {
      session.pending.set(transaction, { hear, fail });
      prepare(0);
    }
    const reached = await promise;
    session.pending.delete(transaction);
    cancelTimer();
    return reached;
  }

  /** One exchange for all who need a connection id at the moment. */
  function connect(session: Session, deadline: number): Promise<Connected> {
    session.connecting ??= (async (): Promise<Connected> => {
      const transaction = newTransaction(session);
      const reached = await exchange(session, transaction, deadline, {
        request: () => encodeConnect(transaction),
        read: (octets) => readConnected(octets, transaction),
      });
      session.connecting = undefined;
      if (reached.kind !== 'answered') return { kind: 'ended', with: reached };
      const { result } = reached;
      if (result.kind !== 'connected') return { kind: 'ended', with: { ...reached, result } };
      const id = result.connectionId;
      session.connection = { id, until: clock.nowMilliseconds() + CONNECTION_MILLISECONDS };
      return { kind: 'connected', id };
    })();
    return session.connecting;
  }

  async function ask<T>(
    tracker: SocketAddress,
    timeoutMilliseconds: number,
    message: Message<T>,
  ): Promise<Reached<T>> {
    const deadline = clock.nowMilliseconds() + timeoutMilliseconds;
    const session = sessionOf(tracker);
    session.users++;
    try {
      const transaction = newTransaction(session);
      return await exchange(session, transaction, deadline, {
        request(attempt) {
          // The tracker may have started anew since, and trackers meet a wrong id with silence.
          if (attempt > 0) session.connection = undefined;
          const { connection } = session;
          if (connection !== undefined && clock.nowMilliseconds() < connection.until)
            return message.encode(connection.id, transaction);
          return connect(session, deadline).then((connected) =>
            connected.kind === 'connected' ? message.encode(connected.id, transaction) : connected.with,
          );
        },
        read: (octets) => message.read(octets, transaction),
      });
    } finally {
      release(session);
    }
  }

  return {
    announce: (tracker, query, { urlData, timeoutMilliseconds }) =>
      ask(tracker, timeoutMilliseconds, {
        encode: (connectionId, transaction) => encodeAnnounce({ connectionId, transaction, query, urlData }),
        read: (octets, transaction) =>
          readAnnounced(octets, transaction, tracker.address.includes(':') ? 6 : 4),
      }),
    scrape: (tracker, infoHashes, { timeoutMilliseconds }) =>
      ask(tracker, timeoutMilliseconds, {
        encode: (connectionId, transaction) => encodeScrape(connectionId, transaction, infoHashes),
        read: (octets, transaction) => readScraped(octets, transaction, infoHashes.length),
      }),
    close() {
      for (const session of [...sessions.values()]) end(session, 'ECANCELED');
    },
  };
}

interface Message<T> {
  encode(connectionId: Uint8Array, transaction: number): Uint8Array;
  read(octets: Uint8Array, transaction: number): T | undefined;
}

interface Exchange<T> {
  /** What to send, or how it ended before there was anything to send. */
  request(
    attempt: number,
  ): Uint8Array | Promise<Uint8Array | Reached<Exclude<ConnectReply, { kind: 'connected' }>>>;
  read(octets: Uint8Array): T | undefined;
}

/** Connected, so that the kernel drops what comes from elsewhere and tells of a closed port. */
function openSession(
  tracker: SocketAddress,
  key: string,
  onEnd: (session: Session, code: string) => void,
): Session {
  const socket = createSocket(tracker.address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<void>();
  const session: Session = {
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
  socket.on('message', (octets) => {
    if (octets.length < 8) return;
    session.pending.get(octets.readUInt32BE(4))?.hear(new Uint8Array(octets));
  });
  // A failed connect is told to its callback, and to no listener.
  socket.connect(tracker.port, tracker.address, (error?: NodeJS.ErrnoException) => {
    if (error) onEnd(session, error.code ?? 'unknown');
    resolve();
  });
  return session;
}
