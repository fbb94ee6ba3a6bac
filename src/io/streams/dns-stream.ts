// DNS over TCP (RFC 7766) and TLS (RFC 7858): messages behind two octets of length, as many on a connection as the client likes, answered
// in order.

import type { Counters } from '../../core/counters.ts';
import { HEADER_OCTETS } from '../../core/dns/query.ts';
import type { PacketHandler } from '../../core/net/packet-handler.ts';
import { readUint16, writeUint16 } from '../../core/octets/big-endian.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { LongReply } from './long-reply.ts';
import type { StreamLimits } from './stream-connections.ts';
import type { InputRange, Step, StreamPeer, StreamProtocol } from './stream-protocol.ts';
import { openStreamServer, type StreamServer } from './stream-server.ts';
import type { TlsServer } from './tls-server.ts';

/** Answers one message; 65535 octets are free at `replyOffset`. */
export type DnsStreamHandler = PacketHandler;

/** A reply of many messages: each piece is one, without its length. */
export type MessageSequence = Omit<LongReply, 'maxMilliseconds'>;

/**
 * Asked first for every message: what a request for a transfer is answered with, however short that is, undefined for
 * any other message.
 */
export type TransferHandler = (
  request: Uint8Array,
  offset: number,
  length: number,
  peer: StreamPeer,
) => MessageSequence | undefined;

export interface DnsStreamOptions {
  readonly address: string;
  readonly port: number;
  /** See {@link StreamServerOptions}. */
  readonly descriptor?: number | undefined;
  readonly answer: DnsStreamHandler;
  /** DNS over TLS (RFC 7858). */
  readonly tls?: TlsServer | undefined;
  /** Without it, `answer` is asked for transfers too. */
  readonly transfer?: TransferHandler;
  readonly clock: Clock;
  /** Overrides {@link DNS_STREAM_LIMITS} key by key. */
  readonly limits?: Partial<DnsLimits>;
  /** See {@link StreamServerOptions}. */
  readonly connections?: ConnectionLimits;
  readonly counters?: Counters;
  /** Which counter takes connections that were shed or closed for being slow. */
  readonly dropCounter?: number;
  readonly logger?: Logger;
}

export interface DnsLimits extends StreamLimits {
  /** For one transfer from its first message to its last. */
  readonly transferMilliseconds: number;
}

/** What a DNS client over TCP may take of this server. */
export const DNS_STREAM_LIMITS: DnsLimits = {
  /** A quarter of BIND's `max-transfer-time-out`: the memory of a zone is not free for an edit before. */
  transferMilliseconds: 30 * 60_000,
  /** Knot's `tcp-max-clients` gives half the file descriptors, BIND 150, NSD 100; a connection costs us about 5 kB. */
  maxConnections: 1024,
  /** RFC 7766 §6.2.2 asks for a limit a client; large resolvers share one address among many machines. */
  maxConnectionsPerPrefix: 256,
  /** RFC 7766 §6.2.3: a few seconds. Knot and NSD take 2–3 s for a message to arrive, BIND 30. */
  requestMilliseconds: 10_000,
  /** Knot's `tcp-idle-timeout`. */
  idleMilliseconds: 10_000,
  /** As long as an idle connection may take. */
  writeMilliseconds: 10_000,
  /** A round trip to anywhere, with a retransmission. */
  lingerMilliseconds: 2_000,
  /** One largest message: a reader that is further behind waits (CVE-2024-0760 is what happens without). */
  maxPendingOutputOctets: 65_535,
  closeGraceMilliseconds: 2_000,
};

/** RFC 1035 §4.2.2. */
const LENGTH_OCTETS = 2;
/** What {@link LENGTH_OCTETS} can count. */
const MAX_MESSAGE_OCTETS = 65_535;

/** Throws `BindError`. */
export function openDnsStream(options: DnsStreamOptions): Promise<StreamServer> {
  const { address, port, descriptor, tls, clock, connections, counters, dropCounter, logger } = options;
  function drop(): void {
    if (counters !== undefined && dropCounter !== undefined) counters[dropCounter]! += 1;
  }
  const limits = { ...DNS_STREAM_LIMITS, ...options.limits };
  return openStreamServer({
    address,
    port,
    descriptor,
    tls,
    clock,
    connections,
    logger,
    limits,
    protocol: dnsProtocol(options, limits.transferMilliseconds),
    onRejected: drop,
    onTimeout: drop,
  });
}

function dnsProtocol(
  { answer, transfer, clock }: DnsStreamOptions,
  transferMilliseconds: number,
): StreamProtocol {
  const step: Step = { consumed: 0, written: 0, verdict: 'more', longReply: undefined };

  function outcome(consumed: number, written: number, verdict: Step['verdict']): Step {
    step.consumed = consumed;
    step.written = written;
    step.verdict = verdict;
    step.longReply = undefined;
    return step;
  }

  // Positional: the stream server calls it for each read, with one range object that it reuses.
  function take(
    peer: StreamPeer,
    input: Uint8Array,
    range: InputRange,
    output: Uint8Array,
    offset: number,
  ): Step {
    const available = range.end - range.start;
    if (available < LENGTH_OCTETS) return outcome(0, 0, 'more');
    const length = readUint16(input, range.start);
    // A frame that cannot hold a header, the empty one included, is no DNS: NSD and Unbound close too.
    if (length < HEADER_OCTETS) return outcome(0, 0, 'finish');
    if (available < LENGTH_OCTETS + length) return outcome(0, 0, 'more');
    const start = range.start + LENGTH_OCTETS;
    const messages = transfer?.(input, start, length, peer);
    if (messages !== undefined) {
      outcome(LENGTH_OCTETS + length, 0, 'long');
      step.longReply = framed(messages, transferMilliseconds);
      return step;
    }
    const replyOffset = offset + LENGTH_OCTETS;
    const nowSeconds = clock.nowSeconds();
    const written = answer(input, start, length, peer.source, output, replyOffset, nowSeconds);
    if (written === 0) return outcome(LENGTH_OCTETS + length, 0, 'next');
    writeUint16(output, offset, written);
    return outcome(LENGTH_OCTETS + length, LENGTH_OCTETS + written, 'next');
  }

  return { maxReplyOctets: LENGTH_OCTETS + MAX_MESSAGE_OCTETS, take };
}

/** Each message behind its length. */
function framed(messages: MessageSequence, maxMilliseconds: number): LongReply {
  return {
    maxMilliseconds,
    next(output, offset) {
      const length = messages.next(output, offset + LENGTH_OCTETS);
      if (length === 0) return 0;
      writeUint16(output, offset, length);
      return LENGTH_OCTETS + length;
    },
    end: () => messages.end(),
  };
}
