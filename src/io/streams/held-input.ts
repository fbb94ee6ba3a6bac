// The start of a request whose end has not come, or requests that wait for the peer to read replies.

/** Below this, a buffer that is larger than its content is not worth copying. */
const MIN_HELD_OCTETS = 512;

/** Grows with what is put in, so whoever holds it bounds that. */
export function createHeldInput() {
  let buffer = new Uint8Array(0);
  let length = 0;

  function clear(): void {
    buffer = new Uint8Array(0);
    length = 0;
  }

  return {
    clear,
    length: () => length,
    octets: () => buffer,
    /** What was held with `chunk` behind it; just `chunk` where nothing was. */
    join(chunk: Uint8Array): Uint8Array {
      if (length === 0) return chunk;
      const needed = length + chunk.length;
      if (needed > buffer.length) {
        // Doubling, so that a request that dribbles in octet by octet is not copied octet by octet.
        const grown = new Uint8Array(Math.max(needed, 2 * buffer.length));
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(chunk, length);
      length = needed;
      return buffer;
    },
    /** Keeps `input[start, end)` and lets go of the rest. `input` may be what {@link join} gave. */
    keep(input: Uint8Array, start: number, end: number): void {
      const remaining = end - start;
      if (remaining === 0) clear();
      else if (input === buffer && buffer.length <= MIN_HELD_OCTETS + 4 * remaining) {
        if (start > 0) buffer.copyWithin(0, start, end);
        length = remaining;
      } else {
        // Not `slice`, which for a Buffer is a view of all that came with it.
        buffer = new Uint8Array(input.subarray(start, end));
        length = remaining;
      }
    },
  };
}
