// Connections on their way from one thread to another: what a packet worker accepted, and found to begin with a TLS hello,
// for the thread that speaks TLS. One writer and one reader a ring, in memory that outlives both: what a dead reader has
// not taken its successor takes, and no descriptor is lost with a message.
// Non-null assertions: a slot is below HAND_OVER_SLOTS.

import type { Listener } from '../../core/net/endpoint.ts';
import { formatIpAddress, parseIpAddress } from '../../core/net/ip-address.ts';
import { createPacketSource, type PacketSource } from '../../core/net/packet-handler.ts';
import { INPUT_OCTETS } from './connection-loop.ts';

/** How many connections may wait to be taken; a newcomer beyond them is to be closed. The reader's cap is 4096 in all. */
export const HAND_OVER_SLOTS = 1024;

export interface HandOverRing {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly octets: Uint8Array<SharedArrayBuffer>;
  /** One for all rings of a reader: how often something was put into any of them. */
  readonly bell: Int32Array<SharedArrayBuffer>;
}

export interface HandedOver {
  readonly descriptor: number;
  /** Where it was accepted. */
  readonly listener: Listener;
  readonly source: PacketSource;
  /** Read from it already. */
  readonly octets: Uint8Array;
}

/** Words of the ring: how many were taken, and how many were put in. Both count on for ever, and round. */
const TAKEN = 0;
const PUT = 1;
const HEAD_WORDS = 2;

/** Words of a slot, and octets behind them. */
const Slot = { descriptor: 0, length: 1, sourcePort: 2, sourceRow: 3, families: 4, port: 5 } as const;
const SLOT_WORDS = 6;
const ADDRESS_OCTETS = 16;
const SLOT_OCTETS = SLOT_WORDS * 4 + 2 * ADDRESS_OCTETS + INPUT_OCTETS;
const SLOT_STRIDE = SLOT_OCTETS / 4;

/** `count` rings with one bell. Memory that nothing was put into costs nothing. */
export function createHandOverRings(count: number): readonly HandOverRing[] {
  const bell = new Int32Array(new SharedArrayBuffer(4));
  return Array.from({ length: count }, () => {
    const buffer = new SharedArrayBuffer(HEAD_WORDS * 4 + HAND_OVER_SLOTS * SLOT_OCTETS);
    return { words: new Int32Array(buffer), octets: new Uint8Array(buffer), bell };
  });
}

/** False when the ring is full: the descriptor is the caller's still. Of octets {@link INPUT_OCTETS} have room. */
export function putConnection(ring: HandOverRing, connection: HandedOver): boolean {
  const { words, octets, bell } = ring;
  if (connection.octets.length > INPUT_OCTETS) throw new RangeError('more octets than are read at once');
  const put = Atomics.load(words, PUT);
  if (((put - Atomics.load(words, TAKEN)) | 0) >= HAND_OVER_SLOTS) return false;
  const at = wordOf(put);
  const { descriptor, listener, source } = connection;
  const address = parseIpAddress(listener.address)!;
  words[at + Slot.descriptor] = descriptor;
  words[at + Slot.length] = connection.octets.length;
  words[at + Slot.sourcePort] = source.port;
  words[at + Slot.sourceRow] = source.row;
  words[at + Slot.families] = (address.length << 8) | source.family;
  words[at + Slot.port] = listener.port;
  const octetsAt = (at + SLOT_WORDS) * 4;
  octets.set(source.octets, octetsAt);
  octets.set(address, octetsAt + ADDRESS_OCTETS);
  octets.set(connection.octets, octetsAt + 2 * ADDRESS_OCTETS);
  Atomics.store(words, PUT, (put + 1) | 0);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
  return true;
}

/** Counts of what was taken and put in: those from `taken` to before `put` wait. Both round; their distance is right. */
export function handOverSpan({ words }: HandOverRing): { readonly taken: number; readonly put: number } {
  return { taken: Atomics.load(words, TAKEN), put: Atomics.load(words, PUT) };
}

/** Who sent what was put in as number `count`, into `source`: also when it was taken, until its slot is put into again. */
export function readHandedSource({ words, octets }: HandOverRing, count: number, source: PacketSource): void {
  const at = wordOf(count);
  const octetsAt = (at + SLOT_WORDS) * 4;
  source.family = (words[at + Slot.families]! & 0xff) as 4 | 6;
  source.port = words[at + Slot.sourcePort]!;
  source.row = words[at + Slot.sourceRow]!;
  source.octets.set(octets.subarray(octetsAt, octetsAt + ADDRESS_OCTETS));
}

/**
 * The oldest that waits. It is gone from the ring before it is anybody's: a thread that dies between the two leaves a
 * descriptor open, the other way round it would leave the number of one that is another's by then.
 */
export function takeConnection(ring: HandOverRing): HandedOver | undefined {
  const { words, octets } = ring;
  const taken = Atomics.load(words, TAKEN);
  if (taken === Atomics.load(words, PUT)) return undefined;
  const at = wordOf(taken);
  const octetsAt = (at + SLOT_WORDS) * 4;
  const source = createPacketSource();
  readHandedSource(ring, taken, source);
  const addressAt = octetsAt + ADDRESS_OCTETS;
  const address = formatIpAddress(octets.slice(addressAt, addressAt + (words[at + Slot.families]! >> 8)));
  const helloAt = addressAt + ADDRESS_OCTETS;
  const connection = {
    descriptor: words[at + Slot.descriptor]!,
    listener: { transport: 'tcp', address, port: words[at + Slot.port]! } as const,
    source,
    octets: octets.slice(helloAt, helloAt + words[at + Slot.length]!),
  };
  Atomics.store(words, TAKEN, (taken + 1) | 0);
  return connection;
}

/** The descriptors that wait when nobody is left to take them. */
export function takeWaiting(rings: readonly HandOverRing[]): number[] {
  const descriptors: number[] = [];
  takeSome(rings, ({ descriptor }) => descriptors.push(descriptor), HAND_OVER_SLOTS);
  return descriptors;
}

/** Of connections, until it is ended. */
export interface Taking {
  /** What waits, at once: whatever was put in before is taken then. */
  takeAll(): void;
  end(): void;
}

/**
 * Gives all that is put into the rings, which have one bell, to `take`, on the event loop of this thread, which it does not
 * keep alive. What is there already comes first.
 */
export function takeConnections(
  rings: readonly HandOverRing[],
  take: (connection: HandedOver) => void,
): Taking {
  let isEnded = false;
  const [first] = rings;

  async function run(bell: Int32Array<SharedArrayBuffer>): Promise<void> {
    while (!isEnded) {
      const heard = Atomics.load(bell, 0);
      if (takeSome(rings, take, MAX_TAKEN)) await new Promise((resolve) => setImmediate(resolve));
      else {
        const wait = Atomics.waitAsync(bell, 0, heard);
        if (wait.async) await wait.value;
      }
    }
  }

  if (first !== undefined) void run(first.bell);
  return {
    takeAll: () => void takeSome(rings, take, HAND_OVER_SLOTS),
    end() {
      isEnded = true;
    },
  };
}

/** Taken a turn from each ring: a handshake takes up to a millisecond, and other connections have their turn. */
const MAX_TAKEN = 16;

/** At most `max` of each ring; returns whether there may be more. */
function takeSome(
  rings: readonly HandOverRing[],
  take: (connection: HandedOver) => void,
  max: number,
): boolean {
  let isMore = false;
  for (const ring of rings) {
    for (let count = 0; count < max; count++) {
      const connection = takeConnection(ring);
      if (connection === undefined) break;
      take(connection);
      if (count === max - 1) isMore = true;
    }
  }
  return isMore;
}

function wordOf(count: number): number {
  return HEAD_WORDS + (count & (HAND_OVER_SLOTS - 1)) * SLOT_STRIDE;
}
