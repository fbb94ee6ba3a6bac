// What a stream loop is made with, and given to listen on.

import type { PacketSource } from '../../core/net/packet-handler.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import type { Libc } from '../packet-engine/libc.ts';
import type { ConnectionLimits } from '../streams/connection-limits.ts';
import type { StreamLimits } from '../streams/stream-connections.ts';
import type { StreamProtocol } from '../streams/stream-protocol.ts';
import type { LentDescriptors } from './lent-descriptors.ts';

export interface StreamLoopOptions {
  readonly libc: Libc;
  readonly limits: StreamLimits;
  readonly connections: ConnectionLimits;
  /** Of {@link lentSlots} for what `connections` admits. */
  readonly lent: LentDescriptors;
  /** The longest reply of any protocol. */
  readonly maxReplyOctets: number;
  /** Their connections are many clients', and begin with a PROXY header where the rule says so. */
  readonly proxies?: ProxyRule | undefined;
  nowMilliseconds(): number;
  /** A protocol threw. The connection is closed, and the loop goes on. */
  onFault(error: unknown): void;
  /** A connection was shed for a newcomer, or could not be accepted. */
  onRejected(): void;
  /** A connection was closed for being too slow in a request or in reading. */
  onTimeout(): void;
  /** A connection of a proxy did not begin with a PROXY header, and was closed. */
  onProxyRefused?(): void;
  /** There is no descriptor or no memory for a newcomer. Told once a minute, however often it is so. */
  onShortage(errno: number): void;
}

/**
 * Takes a connection over, its descriptor and all: `octets` have been read from it, and are the taker's; `source` is to be
 * copied. The loop knows it
 * no more, and neither counts it nor closes it. Descriptors are the process's: another thread can wrap this one
 * (`new Socket({ fd })` of node:net), give the octets back to it (`unshift`) and lay TLS over it (`secure` of tls-server.ts).
 */
export type HandOver = (descriptor: number, source: PacketSource, octets: Uint8Array) => void;

/** A connection on its way from one loop to another, of this process or of the next: between two replies. */
export interface SurrenderedConnection {
  readonly descriptor: number;
  readonly source: Pick<PacketSource, 'family' | 'octets' | 'port'>;
  /** Read from it, and not answered: less than a request. */
  readonly octets: Uint8Array;
  /** Nothing has come yet, or nothing but a PROXY header. */
  readonly isNew: boolean;
  /** A PROXY header has to come first; `octets` are of it. */
  readonly awaitsProxy: boolean;
}

export interface LoopListener {
  /** Listening, non-blocking. The loop never closes it: whoever opened it does, after `remove`. */
  readonly descriptor: number;
  readonly protocol: StreamProtocol;
  /** Its connections come with their first octets (TCP_DEFER_ACCEPT). */
  readonly isDeferred: boolean;
  /** TLS is spoken here, too: who takes connections that begin with a hello. Without it the protocol gets them. */
  readonly takeTls?: HandOver;
  /** What its requests are counted as (traffic.ts); not at all where it is left out. */
  readonly row?: number;
}
