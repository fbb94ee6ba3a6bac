// A batch of datagrams in memory that the kernel fills and sends from: the vectors of recvmmsg(2) and sendmmsg(2).
// All of it is native memory held by this object for as long as a loop may use it: memory of the collector's could
// be freed while the kernel still writes to it.
// Non-null assertions: indices are bounded by the batch's own size.

import { MAX_DATAGRAM_OCTETS, MAX_REQUEST_OCTETS, type PacketSource } from '../../core/net/packet-handler.ts';
import { AF_INET, CONTROL_OCTETS, Iovec, Mmsghdr, MSG_DONTWAIT, SockaddrIn, SockaddrIn6 } from './layout.ts';
import type { Libc, NativeMemory } from './libc.ts';

/** Datagrams a call. At saturation batches of 15–35 form; more would only cost cache. */
export const BATCH_SIZE = 64;
/** From one datagram to the next. Not a multiple of 4096, so that the slots do not fall on the same lines of the first-level cache. */
export const SLOT_OCTETS = MAX_DATAGRAM_OCTETS + 192;
const NAME_OCTETS = 32;

export class PacketBatch {
  readonly requests: Uint8Array;
  readonly replies: Uint8Array;
  private readonly receiveVector: bigint;
  readonly sendVector: bigint;
  private readonly memory: readonly NativeMemory[];
  private readonly names: Uint8Array;
  private readonly controls: Uint8Array;
  private readonly received: Uint32Array;
  private readonly sent: Uint32Array;
  private readonly sentIov: Uint32Array;
  /** Messages that the kernel has written to since they were made ready. */
  private filled = BATCH_SIZE;
  private hasControl = false;

  constructor(libc: Libc) {
    const requests = libc.allocate(BATCH_SIZE * SLOT_OCTETS);
    const replies = libc.allocate(BATCH_SIZE * SLOT_OCTETS);
    const names = libc.allocate(BATCH_SIZE * NAME_OCTETS);
    const controls = libc.allocate(BATCH_SIZE * CONTROL_OCTETS);
    const vectors = [
      libc.allocate(BATCH_SIZE * Mmsghdr.octets),
      libc.allocate(BATCH_SIZE * Mmsghdr.octets),
    ] as const;
    const iovecs = [
      libc.allocate(BATCH_SIZE * Iovec.octets),
      libc.allocate(BATCH_SIZE * Iovec.octets),
    ] as const;
    this.memory = [requests, replies, names, controls, ...vectors, ...iovecs];
    this.requests = requests.octets;
    this.replies = replies.octets;
    this.names = names.octets;
    this.controls = controls.octets;
    this.receiveVector = vectors[0].address;
    this.sendVector = vectors[1].address;
    this.received = wordsOf(vectors[0]);
    this.sent = wordsOf(vectors[1]);
    this.sentIov = wordsOf(iovecs[1]);
    for (let index = 0; index < BATCH_SIZE; index++) {
      fillMessage(vectors[0], iovecs[0], index, {
        names,
        controls,
        data: requests,
        length: MAX_REQUEST_OCTETS,
      });
      fillMessage(vectors[1], iovecs[1], index, { names, controls, data: replies, length: 0 });
    }
  }

  /** Octets of native memory. */
  get sizeOctets(): number {
    return this.memory.reduce((sum, { octets }) => sum + octets.length, 0);
  }

  /** Gives the memory back; the batch is of no more use. */
  free(libc: Libc): void {
    for (const memory of this.memory) libc.free(memory);
  }

  requestOffset(index: number): number {
    return index * SLOT_OCTETS;
  }

  replyOffset(index: number): number {
    return index * SLOT_OCTETS;
  }

  /**
   * Receives what waits, at most {@link BATCH_SIZE} datagrams, without waiting for more; -1 is an error (errno).
   * `hasControl`: the socket tells the address that was asked.
   */
  receive(libc: Libc, descriptor: number, hasControl: boolean): number {
    // Only what the kernel filled in last has to be made ready again: at low load that is one message, not all.
    if (hasControl !== this.hasControl) this.filled = BATCH_SIZE;
    this.hasControl = hasControl;
    const control = hasControl ? CONTROL_OCTETS : 0;
    for (let index = 0, word = 0; index < this.filled; index++, word += MESSAGE_WORDS) {
      this.received[word + NAME_LENGTH_WORD] = SockaddrIn6.octets;
      this.received[word + CONTROL_LENGTH_WORD] = control;
    }
    const count = libc.receiveMany(descriptor, this.receiveVector, BATCH_SIZE, MSG_DONTWAIT);
    this.filled = Math.max(0, count);
    return count;
  }

  receivedLength(index: number): number {
    return this.received[index * MESSAGE_WORDS + LENGTH_WORD]!;
  }

  /** Who sent message `index`. */
  readSource(index: number, source: PacketSource): void {
    const names = this.names;
    const at = index * NAME_OCTETS;
    source.port = (names[at + SockaddrIn.port]! << 8) | names[at + SockaddrIn.port + 1]!;
    if (names[at] === AF_INET) {
      source.family = 4;
      for (let octet = 0; octet < 4; octet++) source.octets[octet] = names[at + SockaddrIn.address + octet]!;
    } else {
      source.family = 6;
      for (let octet = 0; octet < 16; octet++)
        source.octets[octet] = names[at + SockaddrIn6.address + octet]!;
    }
  }

  /** Makes reply number `reply` an answer of `length` octets to message `index`. */
  setReply(reply: number, index: number, length: number): void {
    const to = reply * MESSAGE_WORDS;
    const from = index * MESSAGE_WORDS;
    // Where it came from is where it goes, and the address it was sent to is the one it comes from.
    this.sent[to + NAME_WORD] = this.received[from + NAME_WORD]!;
    this.sent[to + NAME_WORD + 1] = this.received[from + NAME_WORD + 1]!;
    this.sent[to + NAME_LENGTH_WORD] = this.received[from + NAME_LENGTH_WORD]!;
    this.sent[to + CONTROL_WORD] = this.received[from + CONTROL_WORD]!;
    this.sent[to + CONTROL_WORD + 1] = this.received[from + CONTROL_WORD + 1]!;
    this.sent[to + CONTROL_LENGTH_WORD] = this.received[from + CONTROL_LENGTH_WORD]!;
    this.sentIov[reply * IOVEC_WORDS + IOVEC_LENGTH_WORD] = length;
  }

  /** Makes reply number `reply` a datagram of `length` octets to `name`, a `struct sockaddr_in` or `sockaddr_in6`. */
  setDestination(reply: number, name: Uint8Array, length: number): void {
    const to = reply * MESSAGE_WORDS;
    this.names.set(name, reply * NAME_OCTETS);
    this.sent[to + NAME_LENGTH_WORD] = name.length;
    this.sent[to + CONTROL_LENGTH_WORD] = 0;
    this.sentIov[reply * IOVEC_WORDS + IOVEC_LENGTH_WORD] = length;
  }

  /** The control octets of message `index` (a cmsghdr with packet information), for a wildcard socket. */
  controlOffset(index: number): number {
    return index * CONTROL_OCTETS;
  }

  get controlOctets(): Uint8Array {
    return this.controls;
  }

  /** Where in {@link sendVector} message `index` starts. For the first, which is nearly all, nothing is allocated. */
  sendAddress(index: number): bigint {
    return index === 0 ? this.sendVector : this.sendVector + BigInt(index * Mmsghdr.octets);
  }
}

// The low words: lengths stay below 2^32, and both supported machines are little-endian.
const MESSAGE_WORDS = Mmsghdr.octets / 4;
const NAME_WORD = Mmsghdr.name / 4;
const NAME_LENGTH_WORD = Mmsghdr.nameLength / 4;
const CONTROL_WORD = Mmsghdr.control / 4;
const CONTROL_LENGTH_WORD = Mmsghdr.controlLength / 4;
const LENGTH_WORD = Mmsghdr.length / 4;
const IOVEC_WORDS = Iovec.octets / 4;
const IOVEC_LENGTH_WORD = Iovec.length / 4;

function wordsOf(memory: NativeMemory): Uint32Array {
  return new Uint32Array(memory.octets.buffer, memory.octets.byteOffset, memory.octets.byteLength / 4);
}

interface MessageMemory {
  readonly names: NativeMemory;
  readonly controls: NativeMemory;
  readonly data: NativeMemory;
  readonly length: number;
}

function fillMessage(vector: NativeMemory, iovecs: NativeMemory, index: number, memory: MessageMemory): void {
  const at = index * Mmsghdr.octets;
  const iovec = index * Iovec.octets;
  const place = (base: NativeMemory, stride: number) => base.address + BigInt(index * stride);
  vector.view.setBigUint64(at + Mmsghdr.name, place(memory.names, NAME_OCTETS), true);
  vector.view.setUint32(at + Mmsghdr.nameLength, SockaddrIn6.octets, true);
  vector.view.setBigUint64(at + Mmsghdr.iov, place(iovecs, Iovec.octets), true);
  vector.view.setBigUint64(at + Mmsghdr.iovLength, 1n, true);
  vector.view.setBigUint64(at + Mmsghdr.control, place(memory.controls, CONTROL_OCTETS), true);
  iovecs.view.setBigUint64(iovec + Iovec.base, place(memory.data, SLOT_OCTETS), true);
  iovecs.view.setBigUint64(iovec + Iovec.length, BigInt(memory.length), true);
}
