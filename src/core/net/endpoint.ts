// Where something listens: a transport and a port (what BEP 34 declares), or an address and a port.

export type Transport = 'udp' | 'tcp';

/** What one word of a preference names: `UDP:1337` (BEP 34). */
export interface Endpoint {
  readonly transport: Transport;
  /** 1–65535. */
  readonly port: number;
}

/** `address` is canonical text (see ip-address.ts), without brackets. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** One socket of the tracker: the key by which listeners are opened, drained and closed. */
export interface Listener extends SocketAddress {
  readonly transport: Transport;
}

/** `127.0.0.1:53`, `[::1]:53`. */
export function formatSocketAddress({ address, port }: SocketAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `udp 127.0.0.1:1337`: unique a listener, and readable. */
export function formatListener(listener: Listener): string {
  return `${listener.transport} ${formatSocketAddress(listener)}`;
}

/** `UDP:1337`, as BEP 34 writes it. */
export function formatEndpoint({ transport, port }: Endpoint): string {
  return `${transport.toUpperCase()}:${port}`;
}
