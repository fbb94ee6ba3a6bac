// Many questions to one server over UDP or TCP, a few under way at a time, replies read by an independent codec.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeReply, encodeQuery, type QuerySpec, type ReplyLines } from '../support/dns-message.ts';

/** Questions under way at a time: none is lost in a socket's buffer. */
const WINDOW = 20;
/** After this a question is asked again: datagrams get lost on a busy machine. */
const PATIENCE_MILLISECONDS = 1000;
const ATTEMPTS = 10;

export type Transport = 'udp' | 'tcp';

/** The replies in the order of the questions; throws where one does not come in time. */
export async function askAll(
  port: number,
  transport: Transport,
  questions: readonly QuerySpec[],
): Promise<ReplyLines[]> {
  const exchange = transport === 'udp' ? await openDatagrams(port) : await openStream(port);
  const replies: ReplyLines[] = [];
  try {
    for (let first = 0; first < questions.length; first += WINDOW) {
      const window = questions.slice(first, first + WINDOW);
      const queries = window.map((question, index) =>
        encodeQuery({ ...question, id: (first + index) & 0xffff }),
      );
      const octets = await exchange.ask(queries);
      replies.push(...octets.map(decodeReply));
    }
  } finally {
    exchange.close();
  }
  return replies;
}

interface Exchange {
  /** Queries whose ids differ. */
  ask(queries: readonly Uint8Array[]): Promise<Uint8Array[]>;
  close(): void;
}

function idOf(message: Uint8Array): number {
  return (message[0]! << 8) | message[1]!;
}

/** Collects replies by id; `send` is called for each query without reply, again and again. */
function createCollector(send: (query: Uint8Array) => void) {
  const replies = new Map<number, Uint8Array>(); // at most WINDOW
  let wake = (): void => undefined;
  return {
    add(reply: Uint8Array): void {
      replies.set(idOf(reply), new Uint8Array(reply));
      wake();
    },
    async ask(queries: readonly Uint8Array[]): Promise<Uint8Array[]> {
      replies.clear();
      const waiting = (): Uint8Array[] => queries.filter((query) => !replies.has(idOf(query)));
      for (let attempt = 0; attempt < ATTEMPTS && waiting().length > 0; attempt++) {
        const isComplete = new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PATIENCE_MILLISECONDS);
          wake = () => {
            if (waiting().length > 0) return;
            clearTimeout(timer);
            resolve();
          };
        });
        waiting().forEach(send);
        await isComplete;
      }
      return queries.map((query) => {
        const reply = replies.get(idOf(query));
        if (reply === undefined) throw new Error(`no reply to question ${idOf(query)}`);
        return reply;
      });
    },
  };
}

async function openDatagrams(port: number): Promise<Exchange> {
  const socket = createSocket('udp4');
  const collector = createCollector((query) => socket.send(query));
  socket.on('message', (reply) => collector.add(reply));
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return { ask: collector.ask, close: () => socket.close() };
}

async function openStream(port: number): Promise<Exchange> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const collector = createCollector((query) =>
    socket.write(Uint8Array.of(query.length >>> 8, query.length & 255, ...query)),
  );
  let buffer: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const end = 2 + buffer.readUInt16BE(0);
      collector.add(buffer.subarray(2, end));
      buffer = buffer.subarray(end);
    }
  });
  await once(socket, 'connect');
  return { ask: collector.ask, close: () => socket.destroy() };
}
