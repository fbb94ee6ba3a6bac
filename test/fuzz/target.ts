// What can be fuzzed: a reader of strangers' octets, and what must hold for it.

export interface FuzzTarget {
  readonly name: string;
  /** One line of help: what reads the octets, and what must hold. */
  readonly about: string;
  /** Inputs are not made longer than this. */
  readonly maxOctets: number;
  /** Valid inputs to begin with: each is taken. */
  seeds(): readonly Uint8Array[];
  /** Inputs to begin with that are refused, for what is reached by refusing them. */
  refusedSeeds?(): readonly Uint8Array[];
  /** Pieces that mean something to the reader. */
  readonly tokens: readonly (string | Uint8Array)[];
  /**
   * Makes one reader for many inputs. The function tells whether the input was taken, and throws when something that
   * must hold does not.
   */
  create(): (input: Uint8Array) => boolean;
}

/** Longer than any input of its size may take on a busy machine: beyond it, time is not bounded by size. */
export const SLOW_MILLISECONDS = 2000;

/** All inputs to begin with. */
export function seedsOf(target: FuzzTarget): readonly Uint8Array[] {
  return [...target.seeds(), ...(target.refusedSeeds?.() ?? [])];
}

/** Text as octets, one character each. */
export function octetsOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Uint8Array.from(piece, (character) => character.charCodeAt(0)) : piece;
}

/** Hexadecimal with blanks. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}
