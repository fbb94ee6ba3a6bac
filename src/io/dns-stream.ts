// DNS over TCP (RFC 7766): messages behind two octets of length, as many on a connection as the client likes, answered
// in order.

import type { Counters } from '../core/counters.ts';
import type { PacketHandler } from '../core/net/packet-handler.ts';
import { readUint16, writeUint16 } from '../core/octets/big-endian.ts';
import type { Clock } from './clock.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Logger } from './log.ts';
import type { InputRange, Step, StreamPeer, StreamProtocol } from './stream-connection.ts';
import { openStreamServer, type StreamLimits, type StreamServer } from './stream-server.ts';

/** Answers one message; 65535 octets are free at `replyOffset`. */
export type DnsStreamHandler = PacketHandler;

export interface DnsStreamOptions {
  readonly address: string;
  readonly port: number;
  readonly answer: DnsStreamHandler;
  readonly clock: Clock;
  /** Overrides {@link DNS_STREAM_LIMITS} key by key. */
  readonly limits?: Partial<StreamLimits>;
  /** See {@link StreamServerOptions}. */
  readonly connections?: ConnectionLimits;
  readonly counters?: Counters;
  /** Which counter takes connections that were shed or closed for being slow. */
  readonly dropCounter?: number;
  readonly logger?: Logger;
}

/** What a DNS client over TCP may take of this server. */
export const DNS_STREAM_LIMITS: StreamLimits = {
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
/** RFC 1035 §4.1.1. A frame that cannot hold a header, the empty one included, is no DNS: NSD and Unbound close too. */
const HEADER_OCTETS = 12;

/** Throws `BindError`. */
export function openDnsStream(options: DnsStreamOptions): Promise<StreamServer> {
  const { address, port, clock, connections, counters, dropCounter, logger } = options;
  function drop(): void {
    if (counters !== undefined && dropCounter !== undefined) counters[dropCounter]! += 1;
  }
  return openStreamServer({
    address,
    port,
    clock,
    connections,
    logger,
    limits: { ...DNS_STREAM_LIMITS, ...options.limits },
    protocol: dnsProtocol(options),
    onRejected: drop,
    onTimeout: drop,
  });
}

function dnsProtocol({ answer, clock }: DnsStreamOptions): StreamProtocol {
  const step: Step = { consumed: 0, written: 0, verdict: 'more' };

  function outcome(consumed: number, written: number, verdict: Step['verdict']): Step {
    step.consumed = consumed;
    step.written = written;
    step.verdict = verdict;
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
    if (length < HEADER_OCTETS) return outcome(0, 0, 'finish');
    if (available < LENGTH_OCTETS + length) return outcome(0, 0, 'more');
    const { source } = peer;
    const start = range.start + LENGTH_OCTETS;
    const written = answer(input, start, length, source, output, offset + LENGTH_OCTETS, clock.nowSeconds());
    if (written === 0) return outcome(LENGTH_OCTETS + length, 0, 'next');
    writeUint16(output, offset, written);
    return outcome(LENGTH_OCTETS + length, LENGTH_OCTETS + written, 'next');
  }

  return { maxReplyOctets: LENGTH_OCTETS + MAX_MESSAGE_OCTETS, take };
}
