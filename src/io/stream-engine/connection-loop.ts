// The contract between a stream loop and its connections.

import type { Libc, NativeMemory } from '../packet-engine/libc.ts';
import type { ConnectionTimes } from '../streams/stream-connection.ts';
import type { LoopConnection } from './loop-connection.ts';

/** What a connection needs of the loop that it belongs to, the same for all of them. */
export interface ConnectionLoop {
  readonly libc: Libc;
  readonly times: ConnectionTimes;
  /** Used by one connection at a time: {@link INPUT_OCTETS} of it. */
  readonly input: NativeMemory;
  /** `times.maxPendingOutputOctets` and the longest reply. */
  readonly output: NativeMemory;
  /** Of the turn at hand. */
  readonly nowMilliseconds: number;
  /** Asks to be told when the descriptor is ready. */
  watch(operation: number, descriptor: number, events: number): void;
  /** A PROXY header has said whose it is: its source is written anew. */
  identified(connection: LoopConnection): void;
  /** It was to begin with a PROXY header, and did not. */
  proxyRefused(): void;
  /** A request was completed. */
  completed(connection: LoopConnection): void;
  /** It has gone to another, and nothing of it is used any more. */
  handedOver(connection: LoopConnection): void;
  /** It is over: its descriptor is to be closed, and nothing of it is used any more. */
  closed(connection: LoopConnection): void;
  /** The protocol threw. */
  failed(error: unknown): void;
}

/**
 * Read at once. An announce takes 250 to 700 octets; a pipeliner has its sixteenth announce answered, or its hundredth
 * request of the least size, and then others have their turn.
 */
export const INPUT_OCTETS = 4096;
