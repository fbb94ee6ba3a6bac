// The one shape that most tokens of most torrents are in: an entry of `files` (BEP 3), `d6:lengthi…e4:pathl…ee`. Read by
// its own octets, not token by token, a run of them costs a fifth; whatever deviates from it is left to the scanner.
// Non-null assertions: offsets are compared with the length first.

const DIGIT_0 = 0x30;
const COLON = 0x3a;

/** Eight octets at a time: as a float they are one comparison, which no other octets pass, since none of these is zero. */
const DICTIONARY_LENGT = eightOctets('d6:lengt');
const END_PATH_LIST = eightOctets('e4:pathl');
/** Two octets, the first in the lower bits. */
const H_INTEGER = 0x6968; // hi
const TWO_ENDS = 0x6565; // ee
const LENGTH_OCTETS = 10;
const PATH_OCTETS = 8;

/** Containers that an entry nests: the dictionary and its path. */
export const FILE_ENTRY_DEPTH = 2;
/** Tokens of an entry besides the components of its path: two openings, two keys, the length, two ends. */
const FILE_ENTRY_TOKENS = 7;

/** Entries that stand one after the other. */
export interface FileEntryRun {
  /** The offset after the last one. */
  end: number;
  /** In all of them and before. */
  tokens: number;
}

/**
 * Moves `run` over the entries of just this shape that begin at its end, canonical in every number and closed, until it
 * has `maxTokens` or a few more. `view` is of the same octets. The last octets of all are left to the scanner.
 */
// Long because a call for each part of an entry costs as much as reading it. Four positional parameters.
export function skipFileEntries(
  octets: Uint8Array,
  view: DataView,
  run: FileEntryRun,
  maxTokens: number,
): void {
  const last = octets.length - 8; // where eight octets are left
  let expectedDigits = 4;
  while (run.tokens < maxTokens) {
    const start = run.end;
    const digits = start + LENGTH_OCTETS;
    if (digits >= last || view.getFloat64(start, true) !== DICTIONARY_LENGT) return;
    if (view.getUint16(start + 8, true) !== H_INTEGER) return;
    // Most lengths have as many digits as the one before: those are compared four at a time.
    let at = digits + expectedDigits;
    if (at <= last && view.getFloat64(at, true) === END_PATH_LIST) {
      if (octets[digits] === DIGIT_0) return;
      for (let four = digits; four < at - 4; four += 4) if (!areDigits(view.getInt32(four, true))) return;
      if (!areDigits(view.getInt32(at - 4, true))) return;
    } else {
      at = digits;
      while (at <= last && (octets[at]! - DIGIT_0) >>> 0 <= 9) at++;
      if (at === digits || at > last || view.getFloat64(at, true) !== END_PATH_LIST) return;
      if (octets[digits] === DIGIT_0 && at !== digits + 1) return;
      expectedDigits = Math.max(at - digits, 4);
    }
    at += PATH_OCTETS;
    let tokens = FILE_ENTRY_TOKENS;
    for (; at <= last; tokens++) {
      // A length of one or two digits and its colon, or an end.
      const tens = octets[at]! - DIGIT_0;
      if (tens >>> 0 > 9) break;
      const next = octets[at + 1]!;
      if (next === COLON) {
        at += 2 + tens;
        continue;
      }
      const ones = next - DIGIT_0;
      if (tens === 0 || ones >>> 0 > 9 || octets[at + 2] !== COLON) return;
      at += 3 + tens * 10 + ones;
    }
    if (at > last || view.getUint16(at, true) !== TWO_ENDS) return;
    run.end = at + 2;
    run.tokens += tokens;
  }
}

/** Whether each of the four octets is a digit: 3 in its upper half, there also when 6 is added to it. */
function areDigits(four: number): boolean {
  return ((four & 0xf0f0f0f0) | (((four + 0x06060606) & 0xf0f0f0f0) >>> 4)) === 0x33333333;
}

/** Of ASCII text, read as a float in the order of {@link skipFileEntries}. */
function eightOctets(text: string): number {
  const view = new DataView(new ArrayBuffer(8));
  for (let index = 0; index < 8; index++) view.setUint8(index, text.charCodeAt(index));
  return view.getFloat64(0, true);
}
