// One announce over HTTP or HTTPS (BEP 3) to an address that was chosen before: a name is spoken to at each of its
// addresses, not at the one that the system would pick.

import { type Agent, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { parseIpAddress } from '../../core/net/ip-address.ts';
import { HTTP_PORT, HTTPS_PORT } from '../../core/net/ports.ts';
import type { AnnounceResult } from '../../core/tracker/client/announce-query.ts';
import { MAX_REPLY_OCTETS, readAnnounceReply } from '../../core/tracker/client/http-messages.ts';
import type { Clock } from '../clock.ts';
import { type HttpBody, readHttpBody } from './http-body.ts';
import type { Reached } from './reached.ts';
import { resolveRedirect } from './redirect.ts';

export interface HttpTarget extends SocketAddress {
  /** The name in the URL, an IPv6 address in brackets: `Host`, and what a certificate must be for. */
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
  /** The header of that name, for trackers that want a password. */
  readonly authorization?: string | undefined;
  /** Hears until when the certificate of an HTTPS tracker is valid, once it has been accepted and something answers. */
  readonly onCertificate?: ((validTo: Date) => void) | undefined;
}

/** A status other than 200 is no tracker's answer, unless the body says a failure reason all the same. */
export type HttpResult =
  | AnnounceResult
  | {
      readonly kind: 'status';
      readonly status: number;
      /** As of {@link HttpReply}. */
      readonly location: string | undefined;
    };

const DEFAULT_PORT = { clear: HTTP_PORT, secure: HTTPS_PORT } as const;

/** What came over HTTP, whatever it means. */
export interface HttpReply {
  readonly status: number;
  readonly body: HttpBody;
  /** Where a redirect leads: a whole URL. Undefined for other answers, and where it leads nowhere over HTTP. */
  readonly location: string | undefined;
}

/** Settles at the latest after the timeout or an abort; never rejects. Redirects are not followed. */
export async function announceHttp(
  target: HttpTarget,
  options: HttpAnnounceOptions,
): Promise<Reached<HttpResult>> {
  const reached = await requestHttp(target, options);
  if (reached.kind !== 'answered') return reached;
  return { ...reached, result: resultOf(reached.result) };
}

/** One GET; settles and bounds like {@link announceHttp}. */
export async function requestHttp(
  target: HttpTarget,
  options: HttpAnnounceOptions,
): Promise<Reached<HttpReply>> {
  const attempt = await tryRequest(target, options);
  // A kept connection may have been closed by the other end just when it was used again (RFC 9112 §9.3.1).
  return attempt.wasReused && attempt.reached.kind === 'unreachable'
    ? (await tryRequest(target, { ...options, agent: undefined })).reached
    : attempt.reached;
}

interface Attempt {
  readonly reached: Reached<HttpReply>;
  readonly wasReused: boolean;
}

function tryRequest(target: HttpTarget, options: HttpAnnounceOptions): Promise<Attempt> {
  const { clock, signal, timeoutMilliseconds } = options;
  const startedAt = clock.nowMilliseconds();
  return new Promise((resolve) => {
    const asked = openRequest(target, options);
    const settle = (reached: Reached<HttpReply>): void => {
      cancel();
      signal.removeEventListener('abort', onEnd);
      resolve({ reached, wasReused: asked.reusedSocket });
    };
    const onEnd = (): void => {
      settle({ kind: 'silence' });
      asked.destroy();
    };
    const cancel = clock.schedule(timeoutMilliseconds, onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    const fail = (error: NodeJS.ErrnoException): void =>
      settle({ kind: 'unreachable', code: error.code ?? 'unknown' });
    asked.on('error', fail);
    asked.on('response', (response) => {
      if (target.isSecure && options.onCertificate !== undefined)
        options.onCertificate(new Date((response.socket as TLSSocket).getPeerCertificate().valid_to));
      readHttpBody(response).then((body) => {
        const { statusCode: status = 0, headers } = response;
        const isRedirect = status >= 300 && status < 400;
        const location = isRedirect ? resolveRedirect(headers.location, target) : undefined;
        const milliseconds = clock.nowMilliseconds() - startedAt;
        settle({ kind: 'answered', result: { status, body, location }, milliseconds });
        if (body.kind === 'too-large') asked.destroy();
      }, fail);
    });
    if (signal.aborted) onEnd();
    else asked.end();
  });
}

function openRequest(target: HttpTarget, { userAgent, agent, authorization }: HttpAnnounceOptions) {
  const { address, port, hostname, isSecure, path } = target;
  const isDefault = port === (isSecure ? DEFAULT_PORT.secure : DEFAULT_PORT.clear);
  const headers = {
    host: isDefault ? hostname : `${hostname}:${port}`,
    'user-agent': userAgent,
    'accept-encoding': 'identity',
    ...(authorization !== undefined && { authorization }),
    ...(agent === undefined && { connection: 'close' }),
  };
  const common = { host: address, port, path, headers, agent: agent ?? false } as const;
  return isSecure ? secureRequest({ ...common, servername: nameOf(hostname) }) : request(common);
}

/** RFC 6066 §3: an address is no server name. Node checks the certificate for the address that is connected then. */
function nameOf(hostname: string): string {
  return parseIpAddress(hostname.replace(/^\[(.*)\]$/, '$1')) === undefined ? hostname : '';
}

function resultOf({ status, body, location }: HttpReply): HttpResult {
  switch (body.kind) {
    case 'too-large':
      return { kind: 'malformed', message: `the body is larger than ${MAX_REPLY_OCTETS} octets` };
    case 'packed-wrongly':
      return { kind: 'malformed', message: 'the body is not packed as its Content-Encoding says' };
    case 'octets': {
      const result = readAnnounceReply(body.octets);
      return status === 200 || result.kind === 'refused' ? result : { kind: 'status', status, location };
    }
  }
}
