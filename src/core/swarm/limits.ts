// How large a swarm table may become. The table reserves address space for all of it at once; memory is used as
// it fills. What each thing costs, in octets:
//
// | thing                                | IPv4 | IPv6 |
// |--------------------------------------|------|------|
// | endpoint                             | 6    | 18   |
// | identity, age, state                 | 4    | 4    |
// | client key                           | 1    | 1    |
// | its share of a bucket and its block  | 1–2  | 1–3  |
// | reference, swarms over 1,500 peers   | 4–5  | 4–5  |
// | torrent: record 84, two chains 8     | 92          |
// | one-peer torrent, all in             | 108  | 120  |

export interface SwarmLimits {
  /** Torrents at once. When full, the longest silent of some sampled one-peer torrents makes room. */
  readonly torrents: number;
  /** Peers of one torrent, both families. When full, the longest silent of some sampled peers makes room. */
  readonly peersPerTorrent: number;
  /** Peers at once, both families. When full, as `torrents`. */
  readonly peers: number;
  /** Memory for peers, beside that of torrents, which is reserved for all of them. When full, as `torrents`. */
  readonly heapOctets: number;
}

/** No BEP names one: about what one machine's worth of a busy public tracker needs (opentracker: 2–3 M peers in 512 MB). */
export const DEFAULT_SWARM_LIMITS: SwarmLimits = {
  torrents: 1_000_000,
  peersPerTorrent: 100_000,
  peers: 4_000_000,
  heapOctets: 512 * 1024 * 1024,
};

/** Of `peersPerTorrent`: 512 buckets (blocks.ts) of 195 on average, whose 255 places are then hardly ever all taken. */
export const MAX_PEERS_PER_TORRENT = 100_000;

/** Of `torrents`: 16 shards, of which each can number 2²⁰ records (blocks.ts), and do not fill evenly. */
export const MAX_TORRENTS = 16_000_000;

/** BEHAVIOUR: 1.5 times the default interval of 30 minutes. */
export const DEFAULT_PEER_LIFETIME_SECONDS = 2700;
