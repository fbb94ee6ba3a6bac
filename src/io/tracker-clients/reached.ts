/** What came of an announce that may not have reached a tracker at all. */
export type Reached<T> =
  | { readonly kind: 'answered'; readonly result: T; readonly milliseconds: number }
  /** Nothing came in time, or the signal was aborted. */
  | { readonly kind: 'silence' }
  /** The system's name of the error: `ECONNREFUSED`, `ENETUNREACH`. */
  | { readonly kind: 'unreachable'; readonly code: string };
