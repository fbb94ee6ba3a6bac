// One announce over HTTP or HTTPS (BEP 3) to an address that was chosen before: a name is spoken to at each of its
// addresses, not at the one that the system would pick.

import { type Agent, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { SocketAddress } from '../core/net/endpoint.ts';
import type { AnnounceResult } from '../core/tracker/client/announce-query.ts';
import { MAX_REPLY_OCTETS, readAnnounceReply } from '../core/tracker/client/http-messages.ts';
import type { Clock } from './clock.ts';
import type { Reached } from './udp-tracker-client.ts';

export interface HttpTarget extends SocketAddress {
  /** The name in the URL: `Host`, and what a certificate must be for. */
  readonly hostname: string;
  readonly isSecure: boolean;
  /** Path and query, in ASCII. */
  readonly path: string;
}

export interface HttpAnnounceOptions {
  readonly userAgent: string;
  readonly clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>;
  /** From the first packet to the last octet of the body. */
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal;
  /** Keeps connections; without it each announce has one of its own. */
  readonly agent?: Agent | undefined;
  /** Hears until when the certificate of an HTTPS tracker is valid, once it has been accepted and something answers. */
  readonly onCertificate?: ((validTo: Date) => void) | undefined;
}

/** A status other than 200 is no tracker's answer, unless the body says a failure reason all the same. */
export type HttpResult = AnnounceResult | { readonly kind: 'status'; readonly status: number };

const DEFAULT_PORT = { clear: 80, secure: 443 } as const;

/** Settles at the latest after the timeout or an abort; never rejects. Redirects are not followed. */
export function announceHttp(target: HttpTarget, options: HttpAnnounceOptions): Promise<Reached<HttpResult>> {
  const { clock, signal, timeoutMilliseconds } = options;
  const startedAt = clock.nowMilliseconds();
  return new Promise((resolve) => {
    const asked = openRequest(target, options);
    const settle = (reached: Reached<HttpResult>): void => {
      cancel();
      signal.removeEventListener('abort', onEnd);
      resolve(reached);
    };
    const onEnd = (): void => {
      settle({ kind: 'silence' });
      asked.destroy();
    };
    const cancel = clock.schedule(timeoutMilliseconds, onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      settle({ kind: 'unreachable', code: error.code ?? 'unknown' }),
    );
    asked.on('response', (response) => {
      if (target.isSecure && options.onCertificate !== undefined)
        options.onCertificate(new Date((response.socket as TLSSocket).getPeerCertificate().valid_to));
      readBody(response).then(
        (body) => {
          const milliseconds = clock.nowMilliseconds() - startedAt;
          settle({ kind: 'answered', result: resultOf(response.statusCode ?? 0, body), milliseconds });
          if (body === undefined) asked.destroy();
        },
        (error: NodeJS.ErrnoException) => settle({ kind: 'unreachable', code: error.code ?? 'unknown' }),
      );
    });
    if (signal.aborted) onEnd();
    else asked.end();
  });
}

function openRequest(target: HttpTarget, { userAgent, agent }: HttpAnnounceOptions) {
  const { address, port, hostname, isSecure, path } = target;
  const isDefault = port === (isSecure ? DEFAULT_PORT.secure : DEFAULT_PORT.clear);
  const headers = {
    host: isDefault ? hostname : `${hostname}:${port}`,
    'user-agent': userAgent,
    'accept-encoding': 'identity',
    ...(agent === undefined && { connection: 'close' }),
  };
  const common = { host: address, port, path, headers, agent: agent ?? false } as const;
  return isSecure ? secureRequest({ ...common, servername: hostname }) : request(common);
}

/** Undefined when it is larger than any reply. */
async function readBody(response: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []; // bounded by MAX_REPLY_OCTETS
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_REPLY_OCTETS) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function resultOf(status: number, body: Uint8Array | undefined): HttpResult {
  if (body === undefined) {
    return { kind: 'malformed', message: `the body is larger than ${MAX_REPLY_OCTETS} octets` };
  }
  const result = readAnnounceReply(body);
  return status === 200 || result.kind === 'refused' ? result : { kind: 'status', status };
}
