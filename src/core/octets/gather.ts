// Octets that come in pieces, put together as they come. The pieces are copied and let go: whoever sends an octet in each
// would otherwise make a view of a hundred octets for every one.

export interface Gatherer {
  /** How many have come. */
  readonly length: number;
  /** Copies `piece` behind what has come; false, and nothing is taken, where that is more than the bound. */
  add(piece: Uint8Array): boolean;
  /** What has come, in memory that {@link Gatherer.clear} gives free to be written again. */
  octets(): Uint8Array;
  clear(): void;
}

/** Where memory comes from, and goes when larger has taken its place. */
export interface Memory {
  /** At least `size` octets, which hold whatever they held. */
  take(size: number): Uint8Array;
  give(octets: Uint8Array): void;
}

const FRESH: Memory = { take: (size) => new Uint8Array(size), give: () => {} };

/** Most of what is gathered fits. */
const FIRST_OCTETS = 1024;

/**
 * Takes `maxOctets` at most. The room has `firstOctets` to begin with, and doubles as often as it takes, so that each octet
 * is copied twice on average.
 */
export function createGatherer(
  maxOctets: number,
  {
    memory = FRESH,
    firstOctets = FIRST_OCTETS,
  }: { readonly memory?: Memory; readonly firstOctets?: number } = {},
): Gatherer {
  let room: Uint8Array = NOTHING;
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(piece) {
      const end = length + piece.length;
      if (end > maxOctets) return false;
      if (end > room.length) {
        const larger = memory.take(Math.min(maxOctets, Math.max(firstOctets, end, 2 * room.length)));
        larger.set(room.subarray(0, length));
        memory.give(room);
        room = larger;
      }
      room.set(piece, length);
      length = end;
      return true;
    },
    octets: () => room.subarray(0, length),
    clear() {
      length = 0;
    },
  };
}

const NOTHING = new Uint8Array(0);
