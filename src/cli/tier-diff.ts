// What rewriting does to the tiers of a torrent, as lines with `-`, `+` and blanks, as `diff` shows a list of them.

/** `separator` is where a tier ends and the next begins. */
export type TierLine =
  | { readonly sign: ' ' | '-' | '+'; readonly kind: 'url'; readonly url: string }
  | { readonly sign: ' ' | '-' | '+'; readonly kind: 'separator' };

/** Cells of the table that finds the longest common part; beyond it everything in between counts as replaced. */
const MAX_CELLS = 4_000_000;

const SEPARATOR = '';

export function diffTiers(
  before: readonly (readonly string[])[],
  after: readonly (readonly string[])[],
): readonly TierLine[] {
  const left = flatten(before);
  const right = flatten(after);
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (
    end < left.length - start &&
    end < right.length - start &&
    left[left.length - 1 - end] === right[right.length - 1 - end]
  ) {
    end++;
  }
  return [
    ...left.slice(0, start).map((text) => toLine(' ', text)),
    ...diffMiddle(left.slice(start, left.length - end), right.slice(start, right.length - end)),
    ...left.slice(left.length - end).map((text) => toLine(' ', text)),
  ];
}

function flatten(tiers: readonly (readonly string[])[]): string[] {
  return tiers.flatMap((tier, index) => (index === 0 ? [...tier] : [SEPARATOR, ...tier]));
}

function toLine(sign: TierLine['sign'], text: string): TierLine {
  return text === SEPARATOR ? { sign, kind: 'separator' } : { sign, kind: 'url', url: text };
}

/** Longest common subsequence by dynamic programming. */
function diffMiddle(left: readonly string[], right: readonly string[]): TierLine[] {
  if (left.length * right.length > MAX_CELLS) {
    return [...left.map((text) => toLine('-', text)), ...right.map((text) => toLine('+', text))];
  }
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      const cell = row * width + column;
      lengths[cell] =
        left[row] === right[column]
          ? lengths[cell + width + 1]! + 1
          : Math.max(lengths[cell + width]!, lengths[cell + 1]!);
    }
  }
  const lines: TierLine[] = [];
  let row = 0;
  let column = 0;
  while (row < left.length || column < right.length) {
    const cell = row * width + column;
    if (row < left.length && column < right.length && left[row] === right[column]) {
      lines.push(toLine(' ', left[row]!));
      row++;
      column++;
    } else if (
      column === right.length ||
      (row < left.length && lengths[cell + width]! >= lengths[cell + 1]!)
    ) {
      lines.push(toLine('-', left[row++]!));
    } else {
      lines.push(toLine('+', right[column++]!));
    }
  }
  return lines;
}
