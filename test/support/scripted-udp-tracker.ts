// A UDP tracker (BEP 15) that answers what a test says, and keeps what it was asked. Nothing of the product is used.

import { createSocket } from 'node:dgram';
import { onTestFinished } from 'vitest';

export interface ScriptedUdpTracker {
  readonly port: number;
  /** `connect`, `announce`, `scrape`, in the order in which they came. */
  readonly actions: string[];
  /** Datagrams of announces and scrapes. */
  readonly requests: Buffer[];
  /** What comes after action and transaction in the reply; undefined: silence; text: an error packet. */
  reply: (request: Buffer) => Buffer | string | undefined;
  /** Answers nothing, connects neither. */
  isMute: boolean;
  /** What an id that is no longer good is met with: the text of an error packet, or silence. */
  staleReply: string | undefined;
  /** From now on only another id is good than before. */
  restart(): void;
}

/** An announce without peers, every half hour. */
export const NOBODY = Buffer.from('000007080000000000000000', 'hex');

export async function startUdpTracker(
  address: '127.0.0.1' | '::1' = '127.0.0.1',
  port = 0,
): Promise<ScriptedUdpTracker> {
  const socket = createSocket(address === '::1' ? 'udp6' : 'udp4');
  let connectionId = 1n;
  const tracker: ScriptedUdpTracker & { port: number } = {
    port: 0,
    actions: [],
    requests: [],
    reply: () => NOBODY,
    isMute: false,
    staleReply: undefined,
    restart: () => void connectionId++,
  };
  socket.on('message', (request, from) => {
    const action = request.readUInt32BE(8);
    tracker.actions.push(['connect', 'announce', 'scrape'][action] ?? 'other');
    if (tracker.isMute) return;
    const send = (kind: number, body: Buffer): void => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(kind, 0);
      request.copy(head, 4, 12, 16);
      socket.send(Buffer.concat([head, body]), from.port, from.address);
    };
    if (action === 0) {
      const id = Buffer.alloc(8);
      id.writeBigUInt64BE(connectionId);
      send(0, id);
      return;
    }
    if (request.readBigUInt64BE(0) !== connectionId) {
      if (tracker.staleReply !== undefined) send(3, Buffer.from(tracker.staleReply));
      return;
    }
    tracker.requests.push(request);
    const reply = tracker.reply(request);
    if (typeof reply === 'string') send(3, Buffer.from(reply));
    else if (reply !== undefined) send(action, reply);
  });
  await new Promise<void>((resolve) => socket.bind(port, address, () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  tracker.port = socket.address().port;
  return tracker;
}
