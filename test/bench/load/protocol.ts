// What a load generator has to know of a protocol: how a request is written and an answer known.

/** The answers of one kind that a protocol tells apart, and what is none. */
export const AnswerKind = { positive: 0, negative: 1, error: 2 } as const;

export interface UdpProtocol {
  /** What a socket must say and hear once before its first request: the connection id of BEP 15. */
  readonly greeting?: {
    write(octets: Uint8Array, offset: number): number;
    /** False for anything else than the answer to it. */
    read(octets: Uint8Array, offset: number, length: number, socket: number): boolean;
  };
  /**
   * Writes the next request; returns its octets. `words` is `octets` as 32-bit words; `tag` (16 bits) comes back with
   * the answer. Positional parameters because an object a request would cost more than writing it.
   */
  write(octets: Uint8Array, words: Int32Array, offset: number, tag: number, socket: number): number;
  /** The tag of an answer, or -1 for what is no answer at all. */
  readTag(octets: Uint8Array, offset: number, length: number): number;
  /** One of {@link AnswerKind}. */
  readKind(octets: Uint8Array, offset: number, length: number): number;
}

/** A protocol by name, in a form that passes between processes. */
export type ProtocolSpec =
  | { readonly name: 'dns'; readonly apex: string; readonly names: number; readonly negativePercent: number }
  | {
      readonly name: 'announce';
      readonly torrents: number;
      readonly peers: number;
      /** See Swarm. */
      readonly firstPeer?: number;
      /** Every peer once, in order, with `event=started`, instead of at random. */
      readonly isFill: boolean;
    }
  | { readonly name: 'scrape'; readonly torrents: number; readonly asked: number }
  | { readonly name: 'connect' };
