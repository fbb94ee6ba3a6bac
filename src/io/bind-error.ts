// Why a socket could not be opened, in one sentence that says what to do next.

import { formatSocketAddress, type Listener, type Transport } from '../core/net/endpoint.ts';

export type BindErrorCode =
  | 'address-in-use'
  | 'permission-denied'
  | 'address-not-available'
  | 'family-unavailable'
  | 'bind-failed';

const CODE_OF_ERRNO: { readonly [errno: string]: BindErrorCode } = {
  EADDRINUSE: 'address-in-use',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EADDRNOTAVAIL: 'address-not-available',
  EAFNOSUPPORT: 'family-unavailable',
  EPROTONOSUPPORT: 'family-unavailable',
};

/** Thrown by every `open…` of this ring. `cause` is the system's own error. */
export class BindError extends Error implements Listener {
  override readonly name = 'BindError';
  readonly code: BindErrorCode;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;

  constructor(listener: Listener, cause: Error) {
    const code = CODE_OF_ERRNO[errnoOf(cause)] ?? 'bind-failed';
    super(sentence(code, listener, cause), { cause });
    this.code = code;
    this.transport = listener.transport;
    this.address = listener.address;
    this.port = listener.port;
  }
}

/** `EADDRINUSE` and the like; empty when the error carries none. */
export function errnoOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function sentence(code: BindErrorCode, listener: Listener, cause: Error): string {
  const { transport, address, port } = listener;
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  const what = `cannot open ${transport.toUpperCase()} port ${port} on ${address}`;
  switch (code) {
    case 'address-in-use':
      return `${what}: another program has it; stop that program (find it with "ss -lpn 'sport = :${port}'") or choose another port`;
    case 'permission-denied':
      return `${what}: no permission; ports below 1024 need CAP_NET_BIND_SERVICE, or choose a port from 1024 on`;
    case 'address-not-available':
      return `${what}: this machine does not have that address; use one that "ip address" lists`;
    case 'family-unavailable':
      return `${what}: this machine has no ${family}; leave that address out or enable ${family}`;
    case 'bind-failed':
      if (['EMFILE', 'ENFILE'].includes(errnoOf(cause)))
        return `${what}: too many files are open; raise the limit ("ulimit -n", or LimitNOFILE= in a systemd unit)`;
      return `cannot open ${transport.toUpperCase()} ${formatSocketAddress(listener)}: ${cause.message}; see that message for the reason`;
  }
}
