// What a client says in an announce, whichever way it goes: BEP 3 and BEP 15 carry the same things.

export type ClientEvent = 'none' | 'completed' | 'started' | 'stopped' | 'paused';

/** BEP 15 numbers them; BEP 21 adds the last. */
export const EVENTS: readonly ClientEvent[] = ['none', 'completed', 'started', 'stopped', 'paused'];

export interface AnnounceQuery {
  /** 20 octets. */
  readonly infoHash: Uint8Array;
  /** 20 octets. */
  readonly peerId: Uint8Array;
  /** 1–65535. */
  readonly port: number;
  readonly uploaded: bigint;
  readonly downloaded: bigint;
  readonly left: bigint;
  readonly event: ClientEvent;
  /** Peers wanted; -1 leaves it to the tracker. */
  readonly numwant: number;
  /** As text: whatever the client sent. BEP 15 has room for 32 bits of it. */
  readonly key: string | undefined;
}

/** What a tracker answered to an announce. */
export type AnnounceResult =
  | {
      readonly kind: 'announced';
      /** Seconds. */
      readonly interval: number;
      /** Seconds; of HTTP only. */
      readonly minInterval: number | undefined;
      /** Undefined where an HTTP tracker does not count. */
      readonly seeders: number | undefined;
      readonly leechers: number | undefined;
      /** Six octets a peer (BEP 23). Undefined where the reply has no such list. */
      readonly peers: Uint8Array | undefined;
      /** Eighteen octets a peer (BEP 7). */
      readonly peers6: Uint8Array | undefined;
      readonly warning: string | undefined;
    }
  /** The tracker refused: `failure reason`, or an error packet. `retryIn` is minutes, or never (BEP 31). */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryIn: number | 'never' | undefined }
  /** No tracker's reply. One sentence. */
  | { readonly kind: 'malformed'; readonly message: string };

/** What a tracker counts of one torrent (BEP 48). */
export interface TorrentCounts {
  readonly seeders: number;
  readonly completed: number;
  readonly leechers: number;
}

/** What a tracker answered to a scrape: one entry a hash, in the order of the request. */
export type ScrapeResult =
  | { readonly kind: 'scraped'; readonly torrents: readonly TorrentCounts[] }
  | Exclude<AnnounceResult, { readonly kind: 'announced' }>;

/** The 32 bits of a key that BEP 15 carries: those of hexadecimal or decimal digits, else a hash of the text; 0 for none. */
export function keyNumber(key: string | undefined): number {
  if (key === undefined || key === '') return 0;
  if (/^[0-9a-fA-F]{8}$/.test(key)) return Number.parseInt(key, 16);
  if (/^[0-9]{1,10}$/.test(key) && Number(key) <= 0xffffffff) return Number(key);
  let hash = 0x811c9dc5; // FNV-1a: the same text always gives the same number
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
