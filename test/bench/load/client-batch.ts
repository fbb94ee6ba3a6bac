// Datagrams to and from connected sockets, a batch a call: sendmmsg(2) and recvmmsg(2) without addresses.
// Non-null assertions: indices are bounded by the batch's own size.

import { Iovec, Mmsghdr } from '../../../src/io/packet-engine/layout.ts';
import type { Libc, NativeMemory } from '../../../src/io/packet-engine/libc.ts';

/** Datagrams a call. */
export const CLIENT_BATCH = 32;
/** Room for one datagram: the largest answer is one of 200 peers. A multiple of 4, for 32-bit copies. */
export const CLIENT_SLOT_OCTETS = 4096 + 192;

const MESSAGE_WORDS = Mmsghdr.octets / 4;
const LENGTH_WORD = Mmsghdr.length / 4;
const IOVEC_WORDS = Iovec.octets / 4;
const IOVEC_LENGTH_WORD = Iovec.length / 4;

export class ClientBatch {
  /** Message `index` begins at `index * CLIENT_SLOT_OCTETS`, in both. */
  readonly octets: Uint8Array;
  readonly words: Int32Array;
  readonly vector: bigint;
  private readonly memory: readonly NativeMemory[];
  private readonly messages: Uint32Array;
  private readonly iovecs: Uint32Array;

  constructor(libc: Libc) {
    const data = libc.allocate(CLIENT_BATCH * CLIENT_SLOT_OCTETS);
    const messages = libc.allocate(CLIENT_BATCH * Mmsghdr.octets);
    const iovecs = libc.allocate(CLIENT_BATCH * Iovec.octets);
    this.memory = [data, messages, iovecs];
    this.octets = data.octets;
    this.words = new Int32Array(data.octets.buffer, data.octets.byteOffset, data.octets.length / 4);
    this.vector = messages.address;
    this.messages = wordsOf(messages);
    this.iovecs = wordsOf(iovecs);
    for (let index = 0; index < CLIENT_BATCH; index++) {
      const iovec = iovecs.address + BigInt(index * Iovec.octets);
      const base = data.address + BigInt(index * CLIENT_SLOT_OCTETS);
      messages.view.setBigUint64(index * Mmsghdr.octets + Mmsghdr.iov, iovec, true);
      messages.view.setBigUint64(index * Mmsghdr.octets + Mmsghdr.iovLength, 1n, true);
      iovecs.view.setBigUint64(index * Iovec.octets + Iovec.base, base, true);
      iovecs.view.setBigUint64(index * Iovec.octets + Iovec.length, BigInt(CLIENT_SLOT_OCTETS), true);
    }
  }

  /** Octets of native memory. */
  get sizeOctets(): number {
    return this.memory.reduce((sum, { octets }) => sum + octets.length, 0);
  }

  /** How long message `index` is, before sending. */
  setLength(index: number, length: number): void {
    this.iovecs[index * IOVEC_WORDS + IOVEC_LENGTH_WORD] = length;
  }

  /** How long message `index` is, after receiving. */
  receivedLength(index: number): number {
    return this.messages[index * MESSAGE_WORDS + LENGTH_WORD]!;
  }
}

function wordsOf(memory: NativeMemory): Uint32Array {
  return new Uint32Array(memory.octets.buffer, memory.octets.byteOffset, memory.octets.byteLength / 4);
}
