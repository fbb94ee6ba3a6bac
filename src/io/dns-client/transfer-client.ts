// The client's side of DNS over TCP and TLS: one question, and as many messages as answer it (RFC 5936 §4.1, RFC 9103).
// A primary may be broken or hostile: every wait has an end, and no message is held longer than it takes to read it.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';
import { formatSocketAddress, type SocketAddress } from '../../core/net/endpoint.ts';
import { errnoOf } from '../bind-error.ts';
import type { Clock } from '../clock.ts';
import { createMessageReader, framed } from '../streams/message-stream.ts';

/** Strict authentication (RFC 9103 §9.3.1, RFC 8310 §8.1). */
export interface TlsPeer {
  /** What the certificate must be for. */
  readonly name: string;
  /** PEM text of the authorities that are trusted; undefined for those of the system. */
  readonly authorities: string | undefined;
}

export interface TransferLimits {
  /** Until the connection, TLS included, is there. */
  readonly connectMilliseconds: number;
  /** Until the next message is there whole: an octet now and then does not prolong it. */
  readonly messageMilliseconds: number;
  /** From the first packet to the last message. */
  readonly totalMilliseconds: number;
}

export const TRANSFER_LIMITS: TransferLimits = {
  /** Knot waits 5 s for a remote (`tcp-remote-io-timeout`), BIND 15 s. */
  connectMilliseconds: 10_000,
  /** A message has at most 64 kB: this is 17 kbit/s. */
  messageMilliseconds: 30_000,
  /** BIND's `max-transfer-time-in`. */
  totalMilliseconds: 2 * 3600 * 1000,
};

export interface TransferOptions {
  readonly server: SocketAddress;
  /** Undefined: in clear text. */
  readonly tls?: TlsPeer | undefined;
  /** One DNS message, at most 65535 octets. */
  readonly request: Uint8Array;
  readonly clock: Pick<Clock, 'schedule'>;
  /** Ends it with code `aborted`. */
  readonly signal: AbortSignal;
  /** Overrides {@link TRANSFER_LIMITS} key by key. */
  readonly limits?: Partial<TransferLimits>;
  /** Called for each message in order; the octets are valid during the call only. True: that was the last. */
  take(message: Uint8Array): boolean;
}

export type TransferErrorCode =
  | 'unreachable'
  | 'timeout'
  /** The connection ended before the answer did. */
  | 'closed'
  /** The certificate is not the one that was asked for, or TLS failed otherwise. */
  | 'tls-failed'
  | 'aborted';

/** What {@link readTransfer} rejects with; `message` names the server and not what was exchanged. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  readonly code: TransferErrorCode;
  /** The message without the server. */
  readonly reason: string;

  constructor(code: TransferErrorCode, server: SocketAddress, reason: string, cause?: Error) {
    super(`${formatSocketAddress(server)}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
  }
}

/**
 * Sends the request and hands over messages until `take` has had the last. Rejects with {@link TransferError}; what
 * `take` throws is thrown on. The connection is closed by then.
 */
export function readTransfer(options: TransferOptions): Promise<void> {
  const { server, signal, clock, take } = options;
  const limits = { ...TRANSFER_LIMITS, ...options.limits };
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new TransferError('aborted', server, 'was not asked: the server stops'));
      return;
    }
    const socket = open(options);
    let isOpen = false;
    const fail = (code: TransferErrorCode, reason: string, cause?: Error): void =>
      end(() => reject(new TransferError(code, server, reason, cause)));
    const timers = {
      total: clock.schedule(limits.totalMilliseconds, () => fail('timeout', 'the transfer took too long')),
      step: clock.schedule(limits.connectMilliseconds, () => fail('timeout', 'no connection in time')),
    };
    const onAbort = (): void => fail('aborted', 'was left: the server stops');
    signal.addEventListener('abort', onAbort, { once: true });

    function end(settle: () => void): void {
      timers.total();
      timers.step();
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // What a closing socket still has to say is nobody's any more.
      socket.on('error', () => {});
      socket.destroy();
      settle();
    }

    function awaitMessage(): void {
      timers.step();
      timers.step = clock.schedule(limits.messageMilliseconds, () =>
        fail('timeout', 'no whole message in time'),
      );
    }

    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', () => {
      isOpen = true;
      awaitMessage();
      socket.write(framed(options.request));
    });
    socket.on('error', (error) => {
      const code = isOpen ? 'closed' : isTlsFailure(error) ? 'tls-failed' : 'unreachable';
      fail(code, sentenceOf(error), error);
    });
    socket.on('close', () => fail('closed', 'the connection ended before the answer did'));
    const read = createMessageReader((message) => {
      awaitMessage();
      return !take(message);
    });
    socket.on('data', (chunk: Uint8Array) => {
      try {
        if (!read(chunk)) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    });
  });
}

function open({ server: { address: host, port }, tls }: TransferOptions): Socket | TLSSocket {
  if (tls === undefined) return connectTcp({ host, port, noDelay: true });
  return connectTls({
    host,
    port,
    servername: tls.name,
    ca: tls.authorities ?? getCACertificates('system'),
    rejectUnauthorized: true,
    // RFC 9103 §7.1 and §7.2: nothing older, and the protocol by its name.
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['dot'],
  });
}

/** Certificates that do not verify have codes of OpenSSL, failed handshakes those of Node's binding to it. */
function isTlsFailure(error: Error): boolean {
  const code = errnoOf(error);
  return /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_|DEPTH_|SELF_|HOSTNAME_|INVALID_|EPROTO)/.test(code);
}

const SENTENCES: { readonly [errno: string]: string } = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'cannot be reached',
  EPIPE: 'broke the connection',
};

function sentenceOf(error: Error): string {
  return SENTENCES[errnoOf(error)] ?? error.message;
}
