// The one shape that most tokens of most torrents are in: an entry of `files` (BEP 3), `d6:lengthi…e4:pathl…ee`. Read by
// its own octets, not token by token, it costs a third; whatever deviates from it is left to the scanner.
// Non-null assertions: offsets are compared with the length first.

const DIGIT_0 = 0x30;
const COLON = 0x3a;
const END = 0x65;

/** `d6:lengthi` and `4:path` with `l`, four octets at a time. */
const DICTIONARY_6 = 0x64363a6c; // d6:l
const ENGT = 0x656e6774;
const H_INTEGER = 0x6869; // hi
const LENGTH_OCTETS = 10;
const PATH_4 = 0x343a7061; // 4:pa
const ATH_LIST = 0x6174686c; // athl
const PATH_OCTETS = 7;

/** Path components that fit what {@link skipFileEntry} returns; deeper paths are rare. */
export const MAX_COMPONENTS = 7;
/** Bits that hold them. */
export const COMPONENT_BITS = 3;
/** Offsets up to here fit 32 bits beside them; more than a torrent may have. */
const MAX_OFFSET = 2 ** (31 - COMPONENT_BITS) - 1;
/** Containers that an entry nests: the dictionary and its path. */
export const FILE_ENTRY_DEPTH = 2;
/** Tokens of an entry besides the components of its path: two openings, two keys, the length, two ends. */
export const FILE_ENTRY_TOKENS = 7;

/**
 * The offset after the entry that begins at `start`, shifted by {@link COMPONENT_BITS}, with the number of its path's
 * components in the bits below; 0 when there is none of just this shape, canonical in every number and closed.
 * `view` is of the same octets.
 */
export function skipFileEntry(octets: Uint8Array, view: DataView, start: number): number {
  const size = octets.length;
  let at = start + LENGTH_OCTETS;
  if (at + 4 > size || size > MAX_OFFSET) return 0;
  if (view.getInt32(start) !== DICTIONARY_6 || view.getInt32(start + 4) !== ENGT) return 0;
  if (view.getInt16(start + 8) !== H_INTEGER) return 0;
  const first = octets[at]! - DIGIT_0;
  if (first >>> 0 > 9) return 0;
  const digits = at++;
  while ((octets[at]! - DIGIT_0) >>> 0 <= 9) if (++at >= size) return 0;
  // Also the end of the integer: `e` and `4:pa`, then `athl`.
  if (octets[at] !== END || (first === 0 && at !== digits + 1) || at + 1 + PATH_OCTETS >= size) return 0;
  if (view.getInt32(at + 1) !== PATH_4 || view.getInt32(at + 4) !== ATH_LIST) return 0;
  at += 1 + PATH_OCTETS;
  let components = 0;
  for (; ; components++) {
    // A length of one or two digits and its colon, or two ends: three octets, whichever it is.
    if (at + 2 >= size) return 0;
    const tens = octets[at]! - DIGIT_0;
    if (tens >>> 0 > 9) break;
    const next = octets[at + 1]!;
    if (next === COLON) {
      at += 2 + tens;
      continue;
    }
    const ones = next - DIGIT_0;
    if (tens === 0 || ones >>> 0 > 9 || octets[at + 2] !== COLON) return 0;
    at += 3 + tens * 10 + ones;
  }
  if (octets[at] !== END || octets[at + 1] !== END || components > MAX_COMPONENTS) return 0;
  return ((at + 2) << COMPONENT_BITS) | components;
}
