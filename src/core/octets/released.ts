// Memory that is given back at once. A large array that is only forgotten stays until garbage is collected, which may be
// after the next one of its size was made.

/** Gives back the memory of the array, and that of every other view of its buffer, and returns an empty one. */
export function released<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(array: T): T {
  const { buffer } = array;
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  return new (array.constructor as new (length: number) => T)(0);
}
