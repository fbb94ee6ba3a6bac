// DNS over TLS (RFC 7858): one connection to a server, kept for a while, many queries in flight on it, replies in any
// order. The server's certificate is checked, always: without that, TLS hides nothing from whoever stands in the middle.

import { isIP } from 'node:net';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import type { TlsServer } from '../dns-client/name-server.ts';
import { createMessageReader, framed } from '../streams/message-stream.ts';
import { decodeReply, type Query } from './dns-message.ts';
import {
  type Channel,
  type Exchange,
  type ExchangeOptions,
  type Heard,
  settleOnce,
  UNREACHABLE,
  unreachable,
} from './exchange.ts';

/** RFC 7858 §3.4 leaves it to both sides; unbound keeps connections for 30 s, most public servers for 10. */
const IDLE_MILLISECONDS = 10_000;
/** Messages in a row that answer nothing: a server that talks to itself is left. */
const MAX_UNASKED_MESSAGES = 64;

interface Waiting {
  readonly query: Query;
  settle(exchange: Exchange): void;
  /** What came with its id and was not its answer. */
  hear(heard: Heard): void;
}

interface Connection {
  readonly socket: TLSSocket;
  /** Bounded by the queries in flight, each of which ends at its deadline. */
  readonly waiting: Set<Waiting>;
  /** Messages that came. */
  received: number;
  /** Messages since the last that answered something. */
  unasked: number;
}

/** `ca`: certificates in PEM to trust instead of the system's. Opens nothing until it is asked. Throws for a wrong `ca`. */
export function createTlsChannel(server: TlsServer, ca: readonly string[] | undefined): Channel {
  if (ca !== undefined) createSecureContext({ ca: [...ca] });
  let current: Connection | undefined;

  function leave(connection: Connection): void {
    if (current === connection) current = undefined;
    if (connection.waiting.size === 0) connection.socket.destroy();
  }

  function open(): Connection {
    const name = server.certificateName ?? server.host;
    const socket = connectTls({
      host: server.host,
      port: server.port,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ALPNProtocols: ['dot'], // what IANA registered for RFC 7858
    });
    const connection: Connection = { socket, waiting: new Set(), received: 0, unasked: 0 };
    let failure = UNREACHABLE;
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MILLISECONDS, () => leave(connection));
    socket.on(
      'data',
      createMessageReader((message) => deliver(connection, message)),
    );
    socket.on('error', (error) => {
      failure = unreachable(error);
    });
    socket.on('close', () => {
      leave(connection);
      for (const waiting of connection.waiting) waiting.settle(failure);
    });
    return connection;
  }

  /** Undefined when a connection that had been in use ended: then nothing is known of the server. */
  function ask(query: Query, options: ExchangeOptions): Promise<Exchange | undefined> {
    current ??= open();
    const connection = current;
    const before = connection.received;
    return new Promise((resolve) => {
      let heard: Heard = 'nothing';
      const onSettled = (): void => {
        connection.waiting.delete(waiting);
        // A connection that nobody waits on does not keep the process alive.
        if (connection.waiting.size === 0) connection.socket.unref();
      };
      const onResult = (exchange: Exchange): void => {
        // Nothing at all has come since: the connection may be dead without having been told.
        if (exchange.kind === 'silence' && connection.received === before) leave(connection);
        resolve(exchange.kind === 'unreachable' && before > 0 ? undefined : exchange);
      };
      const settle = settleOnce(options, onSettled, onResult, () => ({ kind: 'silence', heard }));
      const hear = (what: Heard): void => {
        heard = what;
      };
      const waiting: Waiting = { query, settle, hear };
      connection.waiting.add(waiting);
      connection.socket.ref();
      connection.socket.write(framed(query.octets));
    });
  }

  return {
    isEncrypted: true,
    async exchange(query, limits) {
      // The server may close what is idle while we write (RFC 7766 §6.2.4): once more, on a new connection.
      return (await ask(query, limits())) ?? (await ask(query, limits())) ?? UNREACHABLE;
    },
    close() {
      current?.socket.destroy();
    },
  };
}

/** Gives a message to the query that it answers. False once the connection is not worth reading on. */
function deliver(connection: Connection, message: Uint8Array): boolean {
  connection.received++;
  for (const waiting of connection.waiting) {
    if (message[0] !== waiting.query.octets[0] || message[1] !== waiting.query.octets[1]) continue;
    const reply = decodeReply(message, waiting.query);
    if (reply.kind === 'foreign') {
      waiting.hear('foreign');
      continue; // two queries in flight may have the same id, and differ in their question
    }
    waiting.settle({ kind: 'reply', reply });
    connection.unasked = 0;
    return true;
  }
  for (const waiting of connection.waiting) waiting.hear('foreign');
  connection.unasked++;
  if (connection.unasked <= MAX_UNASKED_MESSAGES) return true;
  connection.socket.destroy();
  return false;
}
