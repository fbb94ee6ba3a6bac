// What the server asks of the machine that it runs on, so that a test can be another machine.

import type { Clock } from '../io/clock.ts';
import { systemClock } from '../io/clock.ts';
import { hasFamily, localAddresses } from '../io/interfaces.ts';
import { randomOctets } from '../io/random.ts';

export interface Machine {
  readonly clock: Clock;
  randomOctets(length: number): Uint8Array;
  /** Canonical text of each address of each interface. */
  localAddresses(): readonly string[];
  /** Whether a socket of the family can be bound. */
  hasFamily(family: 4 | 6): boolean;
}

/** This machine. Its families are found out once: a kernel does not gain or lose one while it runs. */
export async function thisMachine(): Promise<Machine> {
  const families = { 4: await hasFamily(4), 6: await hasFamily(6) };
  return {
    clock: systemClock,
    randomOctets,
    localAddresses: rememberAddresses(localAddresses),
    hasFamily: (family) => families[family],
  };
}

/**
 * What `read` says, or, where it throws, what it said before: to ask the kernel takes a descriptor, and when those run out an
 * edit and the status page must not fail over it.
 */
export function rememberAddresses(read: () => readonly string[]): () => readonly string[] {
  let last = read();
  return () => {
    try {
      last = read();
    } catch {
      // The next one who asks may be luckier.
    }
    return last;
  };
}
