// Which connections a thread has open, in memory that outlives it: threads have no descriptors of their own, so that what
// a dead one had open would stay open for ever.
// Non-null assertions: a slot is below the length.

/** By slot: a descriptor and one, or 0 for none. */
export type LentDescriptors = Int32Array<SharedArrayBuffer>;

/** What a stream loop needs: for the connections that may be open, one that takes the place of another, and its epoll. */
export function lentSlots(maxConnections: number): number {
  return maxConnections + 2;
}

export function createLentDescriptors(slots: number): LentDescriptors {
  return new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
}

/** Noted once it is open. */
export function noteDescriptor(lent: LentDescriptors, slot: number, descriptor: number): void {
  Atomics.store(lent, slot, descriptor + 1);
}

/**
 * Forgotten before it is closed or given away: a thread that dies between the two leaves a descriptor open, the other
 * way round it would leave the number of one that is another's by then.
 */
export function forgetDescriptor(lent: LentDescriptors, slot: number): void {
  Atomics.store(lent, slot, 0);
}

/** What a dead thread had open, each told once. */
export function takeDescriptors(lent: LentDescriptors): number[] {
  const descriptors: number[] = [];
  for (let slot = 0; slot < lent.length; slot++) {
    const noted = Atomics.exchange(lent, slot, 0);
    if (noted !== 0) descriptors.push(noted - 1);
  }
  return descriptors;
}
