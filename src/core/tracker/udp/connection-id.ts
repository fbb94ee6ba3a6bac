// BEP 15 connection ids that nobody has to remember: the keyed hash of the address and of the window of time. The
// port is left out, because clients behind an address translator change it between connect and announce.

import type { PacketSource } from '../../net/packet-handler.ts';
import { copyOctets, readUint32, writeUint32 } from '../../octets/big-endian.ts';
import { type SipHashKey, sipHash24 } from '../../octets/siphash.ts';

export interface ConnectionIds {
  /** Writes the id that `source` gets now, 8 octets. */
  write(source: PacketSource, nowSeconds: number, octets: Uint8Array, offset: number): void;
  /** The 8 octets are an id that `source` got in this window of time or in the one before. */
  isValid(source: PacketSource, nowSeconds: number, octets: Uint8Array, offset: number): boolean;
}

/** An id is good for one to two times `lifetimeSeconds`, by when in its window it was given. */
export function createConnectionIds(key: SipHashKey, lifetimeSeconds: number): ConnectionIds {
  const message = new Uint8Array(20);
  const hash = new Int32Array(2);

  function compute(source: PacketSource, window: number): void {
    const length = source.family === 4 ? 4 : 16;
    copyOctets(source.octets, 0, length, message, 0);
    writeUint32(message, length, window);
    sipHash24(key, message, 0, length + 4, hash);
    // The last bit says in which of the two windows that count it was given, so that one hash decides.
    hash[1] = (hash[1]! & ~1) | (window & 1);
  }

  return {
    write(source, nowSeconds, octets, offset) {
      compute(source, Math.floor(nowSeconds / lifetimeSeconds));
      writeUint32(octets, offset, hash[0]!);
      writeUint32(octets, offset + 4, hash[1]!);
    },
    isValid(source, nowSeconds, octets, offset) {
      const now = Math.floor(nowSeconds / lifetimeSeconds);
      const low = readUint32(octets, offset + 4);
      compute(source, ((low ^ now) & 1) === 0 ? now : now - 1);
      return ((hash[0]! ^ readUint32(octets, offset)) | (hash[1]! ^ low)) === 0;
    },
  };
}
