// What the lexer notes of an entry whose tokens are right; `remarks.ts` has the words for it.

export interface Remark {
  readonly kind: 'relative-origin' | 'string-over-lines' | 'name-not-ascii';
  /** Offsets of the token. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly lineStart: number;
  readonly column: number;
}

/** Of one entry: one for the owner and some for names and strings of its data, whose remedy is the same. */
export const MAX_REMARKS = 4;
