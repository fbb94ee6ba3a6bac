// Sends datagrams to a server and tells which answer belongs to which, silence included.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { message } from './messages.ts';

/** Datagrams on their way before the server is waited for: as many answers fit into any socket's buffer. */
const WINDOW = 64;
/** Their octets: far below what the server's socket holds. */
const WINDOW_OCTETS = 512 * 1024;
/** The id of the clean query that ends a window: from one socket all go to one worker, in order. */
const BARRIER_ID = 0xffff;
const PATIENCE_MILLISECONDS = 10_000;

/** The answers in the order of the datagrams, which get ids of their own where they are long enough; empty for silence. */
export async function exchangeDatagrams(
  port: number,
  datagrams: Iterable<Uint8Array>,
): Promise<{ readonly request: Buffer; readonly reply: Buffer }[]> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const exchanges: { request: Buffer; reply: Buffer }[] = [];
  let window: Buffer[] = [];
  let octets = 0;
  const flush = async (): Promise<void> => {
    exchanges.push(...(await exchangeWindow(socket, window)));
    window = [];
    octets = 0;
  };
  try {
    for (const datagram of datagrams) {
      const request = Buffer.from(datagram);
      if (request.length >= 2) request.writeUInt16BE(window.length, 0);
      window.push(request);
      octets += request.length;
      if (window.length === WINDOW || octets > WINDOW_OCTETS) await flush();
    }
    await flush();
  } finally {
    socket.close();
  }
  return exchanges;
}

function exchangeWindow(
  socket: ReturnType<typeof createSocket>,
  requests: readonly Buffer[],
): Promise<{ request: Buffer; reply: Buffer }[]> {
  return new Promise((resolve, reject) => {
    const exchanges = requests.map((request) => ({ request, reply: Buffer.alloc(0) as Buffer }));
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      socket.off('message', take);
      done();
    };
    const take = (reply: Buffer): void => {
      const id = reply.readUInt16BE(0);
      const exchange = exchanges[id];
      if (id === BARRIER_ID) settle(() => resolve(exchanges));
      else if (exchange === undefined || exchange.reply.length > 0)
        settle(() => reject(new Error(`an answer that nothing asked for: ${reply.toString('hex')}`)));
      else exchange.reply = reply;
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error('the server no longer answers'))),
      PATIENCE_MILLISECONDS,
    );
    socket.on('message', take);
    for (const request of requests) socket.send(request);
    socket.send(message({ id: BARRIER_ID }));
  });
}
