// The server's side of TLS on connections that were accepted already. It is a layer over a socket and no listener, so
// that a connection counts, and has its deadlines, from its first octet: a handshake is a request that has begun.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** PEM, as the files have it. */
export interface TlsIdentity {
  /** The server's certificate first, then those that lead to an authority. */
  readonly certificate: string;
  readonly key: string;
}

export interface TlsServerOptions {
  readonly identity: TlsIdentity;
  /** What is spoken inside (RFC 7301): a client that names others only is refused, one that names none is served. */
  readonly protocols: readonly string[];
  nowMilliseconds(): number;
}

/** What a handshake came to. */
export interface TlsSession {
  /** `TLSv1.3` and the like. */
  readonly version: string;
  /** What the client was told is spoken inside (RFC 7301); undefined where it did not ask. */
  readonly protocol: string | undefined;
}

export interface SecuredSocket {
  /** Gives and takes clear text; nothing can be read from it before the handshake is over. */
  readonly socket: Socket;
  /** Once the handshake is over. */
  session(): TlsSession | undefined;
}

export interface TlsServer {
  secure(socket: Socket): SecuredSocket;
  /** For handshakes from now on; what is connected stays so. Throws, and changes nothing, where OpenSSL refuses it. */
  replace(identity: TlsIdentity): void;
}

/** RFC 9325 §3.4: whoever steals the key of session tickets reads what was resumed with them since it was made. */
const TICKET_KEY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** RFC 9325 §3.1.1; 1.0 and 1.1 are gone by RFC 8996. */
const MIN_VERSION = 'TLSv1.2';

/** Throws OpenSSL's own error where it refuses the certificate or the key (one that is too short, say). */
export function createTlsServer(options: TlsServerOptions): TlsServer {
  const { nowMilliseconds } = options;
  const ALPNProtocols = [...options.protocols];
  let identity = options.identity;
  let context = createTlsContext(identity);
  let renewAt = nowMilliseconds() + TICKET_KEY_MILLISECONDS;

  function renew(next: TlsIdentity): void {
    context = createTlsContext(next);
    identity = next;
    renewAt = nowMilliseconds() + TICKET_KEY_MILLISECONDS;
  }

  return {
    secure(socket) {
      if (nowMilliseconds() >= renewAt) renew(identity);
      const secured = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols });
      return { socket: secured, session: () => sessionOf(secured) };
    },
    replace: renew,
  };
}

function sessionOf(socket: TLSSocket): TlsSession | undefined {
  const version = socket.getProtocol();
  const { alpnProtocol } = socket;
  return version === null ? undefined : { version, protocol: alpnProtocol || undefined };
}

/** Each has a ticket key of its own, which OpenSSL draws. Throws OpenSSL's own error. */
export function createTlsContext({ certificate, key }: TlsIdentity): SecureContext {
  return createSecureContext({
    cert: certificate,
    key,
    minVersion: MIN_VERSION,
    // Renegotiation is work that a client has us do for nothing; RFC 9325 §3.5 has no use for it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
  });
}
