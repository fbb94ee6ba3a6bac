// DNS over HTTPS (RFC 8484): one HTTP/2 connection to a server, kept for a while, a stream for each query. The server's
// certificate is checked, always; redirects are not followed: whoever was named is asked, and nobody else.

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { createSecureContext } from 'node:tls';
import { createGatherer } from '../../core/octets/gather.ts';
import type { HttpsServer } from '../dns-client/name-server.ts';
import { aged, decodeReply, MAX_REPLY_OCTETS, type Query } from './dns-message.ts';
import {
  type Channel,
  type Exchange,
  type ExchangeOptions,
  settleOnce,
  UNREACHABLE,
  unreachable,
} from './exchange.ts';

/** As for DNS over TLS; public servers close after 10 s or more. */
const IDLE_MILLISECONDS = 10_000;
/** RFC 8484 §6. */
const MEDIA_TYPE = 'application/dns-message';

interface Session {
  readonly http: ClientHttp2Session;
  /** Queries in flight on it. */
  waiting: number;
  /** Replies, of whatever kind, that came over it. */
  received: number;
  failure: Exchange;
}

/** `ca`: certificates in PEM to trust instead of the system's. Opens nothing until it is asked. Throws for a wrong `ca`. */
export function createHttpsChannel(server: HttpsServer, ca: readonly string[] | undefined): Channel {
  const { origin, pathname } = new URL(server.url);
  if (ca !== undefined) createSecureContext({ ca: [...ca] });
  let current: Session | undefined;

  function leave(session: Session): void {
    if (current === session) current = undefined;
    if (session.waiting === 0) session.http.destroy();
    else session.http.close();
  }

  function open(): Session {
    const http = connect(origin, ca === undefined ? {} : { ca: [...ca] });
    const session: Session = { http, waiting: 0, received: 0, failure: UNREACHABLE };
    http.setTimeout(IDLE_MILLISECONDS, () => leave(session));
    http.on('error', (error) => {
      session.failure = unreachable(error);
    });
    http.on('goaway', () => leave(session));
    http.on('close', () => leave(session));
    return session;
  }

  /** Undefined when a connection that had been in use ended: then nothing is known of the server. */
  function ask(query: Query, options: ExchangeOptions): Promise<Exchange | undefined> {
    current ??= open();
    const session = current;
    const before = session.received;
    return new Promise((resolve) => {
      session.waiting++;
      session.http.ref();
      let stream: ClientHttp2Stream | undefined;
      const onSettled = (): void => {
        stream?.destroy();
        session.waiting--;
        // A connection that nobody waits on does not keep the process alive.
        if (session.waiting === 0) session.http.unref();
      };
      const onResult = (exchange: Exchange): void => {
        // Nothing at all has come since: the connection may be dead without having been told.
        if (exchange.kind === 'silence' && session.received === before) leave(session);
        resolve(exchange.kind === 'unreachable' && before > 0 ? undefined : exchange);
      };
      const settle = settleOnce(options, onSettled, onResult, () => ({ kind: 'silence', heard: 'nothing' }));
      try {
        stream = session.http.request({
          ':method': 'POST',
          ':path': pathname,
          'content-type': MEDIA_TYPE,
          'content-length': query.octets.length,
          accept: MEDIA_TYPE,
        });
      } catch {
        // The session ended since the last query.
        leave(session);
        settle(session.failure);
        return;
      }
      readResponse(stream, query, (exchange) => {
        session.received++;
        settle(exchange);
      });
      // The session's error comes after the stream's, and says more.
      stream.on('error', () => {});
      stream.on('close', () => setImmediate(() => settle(session.failure)));
      stream.end(query.octets);
    });
  }

  return {
    isEncrypted: true,
    async exchange(query, limits) {
      return (await ask(query, limits())) ?? (await ask(query, limits())) ?? UNREACHABLE;
    },
    close() {
      current?.http.destroy();
    },
  };
}

function readResponse(stream: ClientHttp2Stream, query: Query, settle: (exchange: Exchange) => void): void {
  const body = createGatherer(MAX_REPLY_OCTETS);
  let age = 0;
  stream.on('response', (headers) => {
    const status = Number(headers[':status']);
    const [mediaType = ''] = String(headers['content-type'] ?? '').split(';', 1);
    if (status !== 200) {
      settle({ kind: 'unreachable', reason: `the name server answered with HTTP status ${status}` });
    } else if (mediaType.trim().toLowerCase() !== MEDIA_TYPE) {
      settle({ kind: 'unreachable', reason: 'what the URL of the name server gives is not DNS' });
    }
    age = readAge(headers['age']);
  });
  stream.on('data', (chunk: Buffer) => {
    if (!body.add(chunk)) settle({ kind: 'reply', reply: { kind: 'too-large' } });
  });
  stream.on('end', () => {
    if (body.length === 0) return; // closed without an answer, which `close` reports
    const reply = decodeReply(body.octets(), query);
    settle({ kind: 'reply', reply: reply.kind === 'answer' ? aged(reply, age) : reply });
  });
}

/** Whole seconds (RFC 9111 §5.1); what is no number is none. */
function readAge(header: string | undefined): number {
  return header !== undefined && /^[0-9]{1,9}$/.test(header) ? Number(header) : 0;
}
