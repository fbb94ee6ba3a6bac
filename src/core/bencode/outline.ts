// Where the lists and dictionaries of the outer levels of checked octets end, so that whoever walks those levels need not
// walk what is in them again.

/** The whole, what it holds, and what that holds: a torrent's root, `info`, `files` and the tiers. */
export const OUTLINED_DEPTH = 3;

/** Those beyond are walked once more. A torrent has as many as tiers, and a few besides. */
const MAX_OUTLINED = 16_384;

/** Filled by `checkBencode`; bounded by {@link MAX_OUTLINED}. */
export class Outline {
  /** Offsets of lists and dictionaries, ascending. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Where the open ones are in both, by depth. */
  private readonly opened = new Int32Array(OUTLINED_DEPTH);

  /** Notes one at `offset`, with `depth` others around it. */
  open(depth: number, offset: number): void {
    if (depth >= OUTLINED_DEPTH) return;
    this.opened[depth] = this.starts.length;
    if (this.starts.length === MAX_OUTLINED) return;
    this.starts.push(offset);
    this.ends.push(0);
  }

  /** The one opened last at `depth` ends before `end`. */
  close(depth: number, end: number): void {
    if (depth >= OUTLINED_DEPTH) return;
    const index = this.opened[depth]!;
    if (index < MAX_OUTLINED) this.ends[index] = end;
  }

  /** The offset after the list or dictionary at `offset`, or undefined where none is noted. */
  endOf(offset: number): number | undefined {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return this.starts[low] === offset ? this.ends[low] : undefined;
  }
}
