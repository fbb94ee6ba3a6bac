// Network-order integers in octets. The caller has checked the bounds; see reader.ts for input nobody checked.
// Non-null assertions: these run once a field a packet, and a check here would be paid there.

export function readUint16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!;
}

export function readUint32(octets: Uint8Array, offset: number): number {
  return (
    ((octets[offset]! << 24) |
      (octets[offset + 1]! << 16) |
      (octets[offset + 2]! << 8) |
      octets[offset + 3]!) >>>
    0
  );
}

export function writeUint16(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 8;
  octets[offset + 1] = value;
}

export function writeUint32(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 24;
  octets[offset + 1] = value >>> 16;
  octets[offset + 2] = value >>> 8;
  octets[offset + 3] = value;
}

/**
 * Copies without the view that `set(subarray())` would allocate; meant for the short runs of a packet. Positional,
 * because an options object would be what it avoids.
 */
export function copyOctets(
  from: Uint8Array,
  fromOffset: number,
  length: number,
  to: Uint8Array,
  toOffset: number,
): void {
  for (let index = 0; index < length; index++) to[toOffset + index] = from[fromOffset + index]!;
}
