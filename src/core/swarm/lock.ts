// A lock between threads: one word of shared memory that is 0 or names who holds it, so that what a dead thread held
// can be told from what a living one holds. Free, it costs one compare-and-exchange to take and one exchange to give
// back. Not free, it is tried for a moment, because holders are quick, and then slept on, because a holder may have
// lost its processor (the three states of "Futexes Are Tricky", Drepper 2011).

const FREE = 0;
/** Set beside the owner when somebody may be asleep: giving back then wakes one. */
const CONTENDED = 1 << 30;
/** Owners are 1 to this; a power of two less one, below {@link CONTENDED}. */
export const MAX_OWNER = CONTENDED - 1;

/** Looks at a held lock before sleeping: about as long as an announce holds it, 1–2 µs. */
const SPINS = 100;
/** A sleep ends after this at the latest: one that was woken may have died before it passed the word on. */
export const SLEEP_MILLISECONDS = 2;

/** Takes the lock at `words[at]`, however long it takes. */
export function lock(words: Int32Array, at: number, owner: number): void {
  if (Atomics.compareExchange(words, at, FREE, owner) !== FREE) lockHeld(words, at, owner);
}

/** Takes the lock unless it stays held for so many sleeps of {@link SLEEP_MILLISECONDS}; false when it did. */
export function tryLock(words: Int32Array, at: number, owner: number, sleeps: number): boolean {
  return Atomics.compareExchange(words, at, FREE, owner) === FREE || lockHeld(words, at, owner, sleeps);
}

function lockHeld(words: Int32Array, at: number, owner: number, sleeps = Number.POSITIVE_INFINITY): boolean {
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.load(words, at) === FREE && Atomics.compareExchange(words, at, FREE, owner) === FREE) {
      return true;
    }
  }
  let left = sleeps;
  for (;;) {
    const held = Atomics.load(words, at);
    if (held === FREE) {
      // Others may sleep still: whoever has slept gives the lock back as contended.
      if (Atomics.compareExchange(words, at, FREE, owner | CONTENDED) === FREE) return true;
      continue;
    }
    if (ownerIn(held) === owner) throw new Error('a thread asks for a lock that it holds');
    if (left-- <= 0) return false;
    const marked = held | CONTENDED;
    if (held === marked || Atomics.compareExchange(words, at, held, marked) === held) {
      Atomics.wait(words, at, marked, SLEEP_MILLISECONDS);
    }
  }
}

/** Gives back what {@link lock} took. */
export function unlock(words: Int32Array, at: number): void {
  if ((Atomics.exchange(words, at, FREE) & CONTENDED) !== 0) Atomics.notify(words, at, 1);
}

/** The lock passes from `dead`, a thread that has ended, to `owner`; false when `dead` did not hold it. */
export function takeOver(words: Int32Array, at: number, dead: number, owner: number): boolean {
  for (;;) {
    const held = Atomics.load(words, at);
    if (held === FREE || ownerIn(held) !== dead) return false;
    if (Atomics.compareExchange(words, at, held, owner | CONTENDED) === held) return true;
  }
}

function ownerIn(word: number): number {
  return word & ~CONTENDED;
}
