// A bare client over TCP or TLS that does as it is told: sends octets, keeps what comes, and knows how the connection
// ended.

import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecured } from 'node:tls';

export interface TcpClient {
  readonly socket: Socket;
  send(octets: Uint8Array | string): void;
  /** Resolves with all that was received so far, once it is `length` octets or more, or the peer has closed. */
  received(length: number): Promise<Buffer>;
  /** Resolves with all that was received when the connection is gone: closed by the peer, or reset. */
  ended(): Promise<Buffer>;
  destroy(): void;
  /** Ends it with a reset. */
  reset(): void;
}

export async function connectTcp(
  { address, port }: { address: string; port: number },
  options: {
    readonly allowHalfOpen?: boolean;
    readonly localAddress?: string;
    /** Speaks TLS, and takes any certificate unless told otherwise. */
    readonly tls?: ConnectionOptions | undefined;
  } = {},
): Promise<TcpClient> {
  const socket = connect({
    host: address,
    port,
    allowHalfOpen: options.allowHalfOpen ?? false,
    noDelay: true,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
  });
  if (options.tls === undefined) return await listenTo(socket, 'connect');
  const secured = connectSecured({ rejectUnauthorized: false, ...options.tls, socket });
  return await listenTo(secured, 'secureConnect', socket);
}

/** `transport` is the socket itself, or what lies below its TLS. */
async function listenTo(
  socket: Socket,
  opening: 'connect' | 'secureConnect',
  transport: Socket = socket,
): Promise<TcpClient> {
  const chunks: Buffer[] = [];
  let length = 0;
  let over = false;
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    wake();
  });
  // A reset ends it like anything else.
  socket.on('error', () => {});
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      over = true;
      wake();
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.once(opening, resolve);
    socket.once('error', reject);
  });

  async function until(condition: () => boolean): Promise<Buffer> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return Buffer.concat(chunks);
  }

  return {
    socket,
    send: (octets) => void socket.write(octets),
    received: (wanted) => until(() => over || length >= wanted),
    ended: () => until(() => over),
    destroy: () => socket.destroy(),
    reset: () => void transport.resetAndDestroy(),
  };
}
