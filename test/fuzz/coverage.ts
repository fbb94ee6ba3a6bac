// Which branches inputs have taken, and how often: that of one input is compared with all that were learnt before it.

/** What is new to it is worth keeping. */
export interface Coverage {
  /** Forgets what has run since the last look: call it before an input. */
  begin(): void;
  /** Learns what has run since; whether any of it was new. */
  learn(): boolean;
  /** Branches that were taken. */
  reached(): number;
}

/** Once, twice, three times, 4–7, 8–15, 16–31, 32–127, more: as AFL counts, so that loops of any length are few kinds. */
const KINDS: Uint8Array = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count === 0) return 0;
  if (count <= 3) return 1 << (count - 1);
  if (count <= 31) return 8 << (29 - Math.clz32(count));
  return count <= 127 ? 64 : 128;
});

/** `counters` is what instrumented code counts in; its length a multiple of four. */
export function createCoverage(counters: Uint8Array): Coverage {
  const known = new Uint8Array(counters.length);
  // Most branches are not taken: four at a time are passed over.
  const words = new Uint32Array(counters.buffer, counters.byteOffset, counters.length >> 2);
  return {
    begin: () => void counters.fill(0),
    learn() {
      let isNew = false;
      for (let word = 0; word < words.length; word++) {
        if (words[word] === 0) continue;
        for (let at = 4 * word; at < 4 * word + 4; at++) {
          const kind = KINDS[counters[at]!]!;
          if ((known[at]! | kind) === known[at]!) continue;
          known[at]! |= kind;
          isNew = true;
        }
      }
      return isNew;
    },
    reached: () => known.reduce((sum, kinds) => sum + (kinds === 0 ? 0 : 1), 0),
  };
}
