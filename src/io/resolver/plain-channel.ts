// DNS as ever: a datagram, and the same over TCP when the reply did not fit.

import { connect } from 'node:net';
import { exchangeDatagram } from '../dns-client/dns-exchange.ts';
import type { PlainServer } from '../dns-client/name-server.ts';
import { createMessageReader, framed } from '../streams/message-stream.ts';
import { decodeReply, MAX_REPLY_OCTETS, type Query, type Reply } from './dns-message.ts';
import {
  type Channel,
  type Exchange,
  type ExchangeOptions,
  type Heard,
  SILENCE_REASONS,
  settleOnce,
  UNREACHABLE,
} from './exchange.ts';

/** Opens nothing until it is asked, and keeps nothing open. */
export function createPlainChannel(server: PlainServer): Channel {
  return {
    isEncrypted: false,
    async exchange(query, limits) {
      const overUdp = await exchangeUdp(server, query, limits());
      if (overUdp.kind !== 'reply' || overUdp.reply.kind !== 'truncated') return overUdp;
      const overTcp = await exchangeTcp(server, query, limits());
      // Who answers over UDP and not over TCP will not do better when asked again.
      return overTcp.kind === 'silence'
        ? { kind: 'unreachable', reason: SILENCE_REASONS[overTcp.heard] }
        : overTcp;
    },
    close() {},
  };
}

/**
 * Sends one datagram and waits for the reply to it. A reply with another id or question, or one that cannot be read,
 * may be a stranger's: it is ignored, and waiting goes on.
 */
async function exchangeUdp(server: PlainServer, query: Query, options: ExchangeOptions): Promise<Exchange> {
  let heard: Heard = 'nothing';
  const exchange = await exchangeDatagram<Reply>(server, query.octets, {
    ...options,
    accept(message) {
      const reply = decodeReply(message, query);
      if (reply.kind === 'answer' || reply.kind === 'truncated') return reply;
      heard = reply.kind;
      return undefined;
    },
  });
  switch (exchange.kind) {
    case 'reply':
      return exchange;
    case 'silence':
      return { kind: 'silence', heard };
    case 'unreachable':
      return UNREACHABLE;
  }
}

/** The same over TCP (RFC 7766). Messages that answer something else are skipped, in at most twice the octets of a reply. */
function exchangeTcp(server: PlainServer, query: Query, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port, noDelay: true });
    let heard: Heard = 'nothing';
    let received = 0;
    const close = (): void => void socket.destroy();
    const settle = settleOnce(options, close, resolve, () => ({ kind: 'silence', heard }));
    socket.on('error', () => settle(UNREACHABLE));
    socket.on('close', () => settle(heard === 'nothing' ? UNREACHABLE : { kind: 'silence', heard }));
    socket.on('connect', () => socket.write(framed(query.octets)));
    const read = createMessageReader((message) => {
      const reply = decodeReply(message, query);
      if (reply.kind !== 'foreign') settle({ kind: 'reply', reply });
      else heard = 'foreign';
      return reply.kind === 'foreign';
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > 2 * MAX_REPLY_OCTETS)
        settle({ kind: 'unreachable', reason: SILENCE_REASONS['too-large'] });
      else read(chunk);
    });
  });
}
