// BEP 41: options behind a UDP announce. Each is a type and, but for the first two, a length and that many octets.

const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const URL_DATA = 2;

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

/**
 * The URL data of valid options (path and query of the announce URL, in one option or several) at the start of `out`.
 * Returns its length, 0 where there is none or `out` is too short for it. Positional: it runs once an announce.
 */
export function readUrlData(octets: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  let at = start;
  while (at < end && octets[at] !== END_OF_OPTIONS) {
    const type = octets[at++]!;
    if (type === NO_OPERATION) continue;
    const size = octets[at++]!;
    if (type === URL_DATA) {
      if (length + size > out.length) return 0;
      for (let index = 0; index < size; index++) out[length++] = octets[at + index]!;
    }
    at += size;
  }
  return length;
}
