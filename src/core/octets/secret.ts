// Comparison of what must stay secret while it is compared.

/** Whether both hold the same octets, in a time that depends on the lengths alone. */
export function isSameSecret(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= left[index]! ^ right[index]!;
  return difference === 0;
}
