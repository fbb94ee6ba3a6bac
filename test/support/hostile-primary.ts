// A server that answers DNS over TCP (or TLS) as it is told: also what no primary should.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { SocketAddress } from '../../src/core/net/endpoint.ts';

/** One question as it came, and the ways to react. */
export interface Question {
  readonly octets: Buffer;
  /** How many questions came before, over all connections. */
  readonly earlier: number;
  /** A message behind its length. */
  send(message: Uint8Array): void;
  /** Octets as they are. */
  sendRaw(octets: Uint8Array): void;
  hangUp(): void;
}

export interface Primary {
  readonly address: SocketAddress;
  /** Questions so far. */
  asked(): number;
  /** Nobody listens from now on. */
  close(): Promise<void>;
}

/** Closed when the test ends. `tls` makes it a server of DNS over TLS. */
export async function createPrimary(
  react: (question: Question) => void,
  tls?: TlsOptions,
  host = '127.0.0.1',
): Promise<Primary> {
  const sockets = new Set<Socket>();
  let asked = 0;
  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const octets = pending.subarray(2, end);
        pending = pending.subarray(end);
        react({
          octets,
          earlier: asked++,
          send: (message) => void socket.write(frame(message)),
          sendRaw: (raw) => void socket.write(raw),
          hangUp: () => socket.destroy(),
        });
      }
    });
  }
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, host);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
  onTestFinished(close);
  return { address: { address: host, port }, asked: () => asked, close };
}

/** RFC 1035 §4.2.2. */
export function frame(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
