// How large a swarm table may become. The table reserves address space for all of it at once; memory is used as
// it fills. What each thing costs, in octets, allocator rounding apart:
//
// | thing                         | without peer ids | with  |
// |-------------------------------|------------------|-------|
// | IPv4 peer                     | 18               | 38    |
// | IPv6 peer                     | 30               | 50    |
// | its index, swarms over 32     | 5–11 (10–21 in swarms whose index has over 32,768 slots)     |
// | torrent (record + index slot) | 80 + 6–12                |
// | one-peer IPv4 torrent, all in | 120              | 152   |

export interface SwarmLimits {
  /** Torrents at once. When full, the longest silent of some sampled one-peer torrents makes room. */
  readonly torrents: number;
  /** Peers of one torrent, both families. When full, the longest silent of some sampled peers makes room. */
  readonly peersPerTorrent: number;
  /** Peers at once, both families. When full, as `torrents`. */
  readonly peers: number;
  /** Memory for peers and their indexes. When full, as `torrents`. */
  readonly heapOctets: number;
  /** Peer ids are kept, so that `compact=0` can list them (BEP 3): 20 octets a peer. */
  readonly keepPeerIds: boolean;
}

/** No BEP names one: about what one machine's worth of a busy public tracker needs (opentracker: 2–3 M peers in 512 MB). */
export const DEFAULT_SWARM_LIMITS: SwarmLimits = {
  torrents: 1_000_000,
  peersPerTorrent: 200_000,
  peers: 4_000_000,
  heapOctets: 512 * 1024 * 1024,
  keepPeerIds: true,
};

/** BEHAVIOUR: 1.5 times the default interval of 30 minutes. */
export const DEFAULT_PEER_LIFETIME_SECONDS = 2700;
