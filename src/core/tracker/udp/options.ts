// BEP 41: options behind a UDP announce. Each is a type and, but for the first two, a length and that many octets.

const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;

/** Every option from `start` ends within `end`. What follows an end of options is not looked at. */
export function hasValidOptions(octets: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const type = octets[at]!;
    if (type === END_OF_OPTIONS) return true;
    if (type === NO_OPERATION) {
      at++;
      continue;
    }
    if (at + 1 >= end) return false;
    at += 2 + octets[at + 1]!;
  }
  return at === end;
}
