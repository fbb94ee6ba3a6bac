// Randomness from the system, for keys, seeds and message ids: core takes it as a parameter.

import { randomBytes } from 'node:crypto';

export function randomOctets(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

/** 0 to 2³² − 1, every value equally likely. */
export function randomUint32(): number {
  return randomBytes(4).readUInt32BE(0);
}
