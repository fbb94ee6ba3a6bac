// Where the lists and dictionaries of the outer levels of checked octets end, so that whoever walks those levels need not
// walk what is in them again.

/** The whole, what it holds, and what that holds: a torrent's root, `info`, `files` and the tiers. */
const OUTLINED_DEPTH = 3;

/** Those beyond are walked once more. A torrent has as many as tiers, and a few besides. */
const MAX_OUTLINED = 16_384;

/** Filled by `checkBencode`; bounded by {@link MAX_OUTLINED}. */
export class Outline {
  /** Offsets of lists and dictionaries, ascending. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  /** Notes one at `offset`, with `depth` others around it; returns what {@link close} wants. */
  open(offset: number, depth: number): number {
    if (depth >= OUTLINED_DEPTH || this.starts.length === MAX_OUTLINED) return -1;
    this.ends.push(0);
    return this.starts.push(offset) - 1;
  }

  close(mark: number, end: number): void {
    if (mark >= 0) this.ends[mark] = end;
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
