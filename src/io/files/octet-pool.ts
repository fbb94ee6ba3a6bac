// Memory of files that is used again: fresh memory of a hundred kilobytes costs more than reading a file into it, and what
// is thrown away stays for as long as the collector likes.

/** Together; more is left to the collector. */
const MAX_POOLED_OCTETS = 8 * 1024 * 1024;
/** Larger ones come seldom. */
const MAX_BUFFER_OCTETS = 1024 * 1024;
/** A page of memory. */
const MIN_BUFFER_OCTETS = 4096;

export interface OctetPool {
  /** At least `size` octets, which hold whatever they held. */
  take(size: number): Uint8Array;
  /** Gives back what {@link take} gave, or a part of it, that nobody looks at any more; once. */
  give(octets: Uint8Array): void;
}

export function createOctetPool(): OctetPool {
  const free = new Map<number, ArrayBuffer[]>(); // by size, a power of two; bounded by MAX_POOLED_OCTETS in all
  let pooled = 0;
  return {
    take(size) {
      if (size > MAX_BUFFER_OCTETS) return new Uint8Array(size);
      let length = MIN_BUFFER_OCTETS;
      while (length < size) length *= 2;
      const buffer = free.get(length)?.pop();
      if (buffer === undefined) return new Uint8Array(length);
      pooled -= length;
      return new Uint8Array(buffer);
    },
    give({ buffer }) {
      const { byteLength: length } = buffer;
      if (length > MAX_BUFFER_OCTETS || length < MIN_BUFFER_OCTETS || (length & (length - 1)) !== 0) return;
      if (pooled + length > MAX_POOLED_OCTETS) return;
      pooled += length;
      const others = free.get(length);
      if (others === undefined) free.set(length, [buffer as ArrayBuffer]);
      else others.push(buffer as ArrayBuffer);
    },
  };
}
