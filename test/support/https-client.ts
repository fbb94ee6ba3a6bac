// A client of the tracker over TLS that shows what it was given: its certificate, its session, what came back.

import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

export interface HttpsClient {
  readonly socket: TLSSocket;
  /** Sends a request and resolves with the whole answer, head and body. */
  ask(request: string): Promise<string>;
  /** Resolves with all that came, once the connection is gone. */
  ended(): Promise<string>;
  /** What a later connection goes on with; as soon as the server has sent it. */
  session(): Promise<Buffer>;
}

/** Takes any certificate unless told otherwise. Rejects when the handshake fails. */
export async function connectHttps(
  { address, port }: { address: string; port: number },
  options: ConnectionOptions & { readonly localAddress?: string } = {},
): Promise<HttpsClient> {
  const socket = connect({ host: address, port, rejectUnauthorized: false, ...options });
  let received = '';
  let isOver = false;
  let wake = (): void => {};
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    wake();
  });
  socket.on('close', () => {
    isOver = true;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed in the handshake')));
  });
  socket.on('error', () => {});

  async function until(isEnough: () => boolean): Promise<void> {
    while (!isEnough())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }

  return {
    socket,
    async ask(request) {
      socket.write(request);
      await until(() => isOver || lengthOfAnswer(received) !== undefined);
      const length = lengthOfAnswer(received) ?? received.length;
      const answer = received.slice(0, length);
      received = received.slice(length);
      return answer;
    },
    async ended() {
      await until(() => isOver);
      return received;
    },
    session: () => session,
  };
}

/** Octets of the first answer, once all of it is there. */
function lengthOfAnswer(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  if (headEnd < 0 || length === undefined) return undefined;
  const end = headEnd + 4 + Number(length);
  return text.length >= end ? end : undefined;
}

/** BEP 3 and 7, as a client writes it. */
export function announceRequest({ peerPort = 6882, host = '127.0.0.1', close = false } = {}): string {
  const peerId = `-PT0001-${String(peerPort).padStart(12, '0')}`;
  const query = `info_hash=${'a'.repeat(20)}&peer_id=${peerId}&port=${peerPort}&left=1000&compact=1`;
  const connection = close ? 'Connection: close\r\n' : '';
  return `GET /announce?${query} HTTP/1.1\r\nHost: ${host}\r\n${connection}\r\n`;
}
