// What the rewriting service answers, as the page reads it. The service checks its schemas against these types.

export type Reason =
  | 'listed'
  | 'replaced'
  | 'denied'
  | 'silent'
  | 'conflict'
  | 'failed'
  | 'literal'
  | 'malformed'
  | 'downgrade-refused'
  | 'no-candidate'
  | 'off';

export interface Endpoint {
  readonly transport: 'udp' | 'tcp';
  readonly port: number;
}

interface FromRecord {
  /** The record's text, with what could act on a terminal written as `\u{…}` or `\x…`. */
  readonly record: string;
  readonly ttlSeconds: number;
  readonly authenticated: boolean;
  readonly stale: boolean;
  readonly ignored: string[];
}

export type Outcome =
  | ({ readonly kind: 'declared'; readonly endpoints: Endpoint[] } & FromRecord)
  | ({ readonly kind: 'denied'; readonly probableTypo: boolean } & FromRecord)
  | {
      readonly kind: 'silent';
      readonly reason: 'no-name' | 'no-record' | 'not-asked';
      readonly ttlSeconds: number;
    }
  | { readonly kind: 'conflict'; readonly records: string[]; readonly ttlSeconds: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** URLs are shown: `…` stands where a passkey may be. */
export interface Decision {
  readonly url: string;
  readonly reason: Reason;
  /** One or two sentences for people. */
  readonly explanation: string;
  /** What the URL becomes, in order. */
  readonly urls: string[];
  readonly host?: string | undefined;
  readonly fault?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

export interface Report {
  readonly kind: 'url' | 'magnet' | 'torrent' | 'list';
  readonly changed: boolean;
  /** What the content becomes, whole: URLs one a line; of a torrent its octets as Base64. */
  readonly result: string;
  /** Of a torrent or magnet, when it has one. */
  readonly name?: string | undefined;
  /** Of a torrent, in hexadecimal: SHA-1 for v1, SHA-256 for v2 (BEP 52). The same before and after. */
  readonly infoHashes?: { readonly v1?: string | undefined; readonly v2?: string | undefined } | undefined;
  /** Every tracker of a private torrent was denied, so its first one stays. */
  readonly keptLastTracker: boolean;
  readonly decisions: Decision[];
  /** Of a torrent, which may have it beside its tiers; without `before` or `after` where there is none. */
  readonly announce?:
    | { readonly before?: string | undefined; readonly after?: string | undefined }
    | undefined;
  readonly tiers: { readonly before: string[][]; readonly after: string[][] };
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string | undefined;
  readonly offset?: number | undefined;
  readonly reason?: string | undefined;
}
