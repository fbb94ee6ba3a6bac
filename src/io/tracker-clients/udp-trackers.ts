// Announces and scrapes over UDP (BEP 15): one socket a tracker, and a connection id that is used for as long as it is
// good, so that an announce is one exchange instead of two and a socket. Connect and announce leave from one socket, because
// trackers may bind a connection id to the port as well.

import type { SocketAddress } from '../../core/net/endpoint.ts';
import type {
  AnnounceQuery,
  AnnounceResult,
  ScrapeResult,
} from '../../core/tracker/client/announce-query.ts';
import {
  encodeAnnounce,
  encodeConnect,
  encodeScrape,
  readAnnounced,
  readConnected,
  readScraped,
} from '../../core/tracker/client/udp-messages.ts';
import type { Clock } from '../clock.ts';
import type { Reached } from './reached.ts';
import { exchangeUdp } from './udp-exchange.ts';
import { type Connected, createUdpSessions, type UdpSession } from './udp-sessions.ts';

export interface UdpTrackersOptions {
  readonly clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>;
  randomOctets(length: number): Uint8Array;
}

export interface UdpRequestOptions {
  /** For all exchanges of the request together. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface UdpTrackers {
  /** `urlData` as of {@link encodeAnnounce}. Settles at the latest after the timeout or an abort; never rejects. */
  announce(
    tracker: SocketAddress,
    query: AnnounceQuery,
    options: UdpRequestOptions & { readonly urlData: Uint8Array },
  ): Promise<Reached<AnnounceResult>>;
  scrape(
    tracker: SocketAddress,
    infoHashes: readonly Uint8Array[],
    options: UdpRequestOptions,
  ): Promise<Reached<ScrapeResult>>;
  /** What is in flight ends as silence. Safe twice. */
  close(): void;
}

/** BEP 15: "a client can use a connection ID until one minute after it has received it". */
const CONNECTION_MILLISECONDS = 60_000;

interface Message<T> {
  encode(connectionId: Uint8Array, transaction: number): Uint8Array;
  read(octets: Uint8Array, transaction: number): T | undefined;
}

/** What one request and its repetition have in common. */
interface Question<T> {
  /** In the clock's milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly message: Message<T>;
}

export function createUdpTrackers({ clock, randomOctets }: UdpTrackersOptions): UdpTrackers {
  const sessions = createUdpSessions(clock);
  const newTransaction = createTransactions(randomOctets);

  /** One exchange for all who need a connection id at the moment. */
  function connect(session: UdpSession, deadline: number): Promise<Connected> {
    session.connecting ??= (async (): Promise<Connected> => {
      const transaction = newTransaction(session);
      const exchange = {
        transaction,
        deadline,
        request: () => encodeConnect(transaction),
        read: (octets: Uint8Array) => readConnected(octets, transaction),
      };
      const reached = await exchangeUdp(session, exchange, clock);
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

  /**
   * As {@link connect}, and again when one that another request had begun ended with that one's deadline. Whoever begins
   * one has it to its own, so there is one more at most for each request that joined.
   */
  async function connectInTime(
    session: UdpSession,
    { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal | undefined },
  ): Promise<Connected> {
    for (;;) {
      const isJoined = session.connecting !== undefined;
      const connected = await connect(session, deadline);
      const isSilent = connected.kind === 'ended' && connected.with.kind === 'silence';
      const isWanted =
        session.ended === undefined && signal?.aborted !== true && clock.nowMilliseconds() < deadline;
      if (!isJoined || !isSilent || !isWanted) return connected;
    }
  }

  /** One request with its answer; `rememberedId` is the connection id of an earlier one that it used. */
  async function askOnce<T extends AnnounceResult | ScrapeResult>(
    session: UdpSession,
    { deadline, signal, message }: Question<T>,
  ): Promise<{ readonly reached: Reached<T>; readonly rememberedId: Uint8Array | undefined }> {
    const transaction = newTransaction(session);
    let rememberedId: Uint8Array | undefined;
    const exchange = {
      transaction,
      deadline,
      signal,
      request(attempt: number) {
        // The tracker may have started anew since, and most meet a wrong id with silence.
        if (attempt > 0) session.connection = undefined;
        const { connection } = session;
        if (connection !== undefined && clock.nowMilliseconds() < connection.until) {
          rememberedId = connection.id;
          return message.encode(connection.id, transaction);
        }
        return connectInTime(session, { deadline, signal }).then((connected) =>
          connected.kind === 'connected'
            ? message.encode(connected.id, transaction)
            : (connected.with as Reached<T>),
        );
      },
      read: (octets: Uint8Array) => message.read(octets, transaction),
    };
    return { reached: await exchangeUdp(session, exchange, clock), rememberedId };
  }

  /** `T` holds what {@link readConnected} may say instead of connecting: it is an answer to whatever was asked. */
  async function ask<T extends AnnounceResult | ScrapeResult>(
    tracker: SocketAddress,
    { timeoutMilliseconds, signal }: UdpRequestOptions,
    message: Message<T>,
  ): Promise<Reached<T>> {
    const question = { deadline: clock.nowMilliseconds() + timeoutMilliseconds, signal, message };
    const session = sessions.take(tracker);
    try {
      const { reached, rememberedId } = await askOnce(session, question);
      const isRefused = reached.kind === 'answered' && reached.result.kind === 'refused';
      if (!isRefused || rememberedId === undefined) return reached;
      // It may be the id that is refused, each tracker in its own words (opentracker: "Connection ID missmatch.").
      if (session.connection?.id === rememberedId) session.connection = undefined;
      const again = (await askOnce(session, question)).reached;
      return again.kind === 'answered' ? again : reached;
    } finally {
      sessions.release(session);
    }
  }

  return {
    announce: (tracker, query, options) =>
      ask(tracker, options, {
        encode: (connectionId, transaction) =>
          encodeAnnounce({ connectionId, transaction, query, urlData: options.urlData }),
        read: (octets, transaction) =>
          readAnnounced(octets, transaction, tracker.address.includes(':') ? 6 : 4),
      }),
    scrape: (tracker, infoHashes, options) =>
      ask(tracker, options, {
        encode: (connectionId, transaction) => encodeScrape(connectionId, transaction, infoHashes),
        read: (octets, transaction) => readScraped(octets, transaction, infoHashes.length),
      }),
    close: () => sessions.close(),
  };
}

const TRANSACTION_OCTETS = 4;
const POOL_OCTETS = 256 * TRANSACTION_OCTETS;

/** Random numbers are drawn many at a time: a call of the system for each costs as much as the whole exchange. */
function createTransactions(randomOctets: (length: number) => Uint8Array) {
  let pool = new DataView(new ArrayBuffer(0));
  let used = 0;
  return (session: UdpSession): number => {
    for (;;) {
      if (used === pool.byteLength) {
        pool = new DataView(randomOctets(POOL_OCTETS).slice().buffer);
        used = 0;
      }
      const transaction = pool.getUint32(used);
      used += TRANSACTION_OCTETS;
      if (!session.pending.has(transaction)) return transaction;
    }
  };
}
