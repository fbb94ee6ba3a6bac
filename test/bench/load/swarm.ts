// The peers that announce: the same info-hashes, ports and ids as the reference generators' in C, so that both can load one
// swarm. Peer p belongs to torrent p % torrents and listens on port 1025 + p / torrents.

const MASK = 0xffff_ffff_ffff_ffffn;
const SEED_PERCENT = 30n;
const FIRST_PORT = 1025;
/** Octets of an announce without options (BEP 15), and of its place among {@link announceRequests}: whole words. */
export const ANNOUNCE_OCTETS = 98;
export const ANNOUNCE_STRIDE = 100;

export interface Swarm {
  readonly torrents: number;
  /** How many of them announce. */
  readonly peers: number;
  /** The number of the first; 0 where it is left out. */
  readonly firstPeer?: number;
}

/** The hashes of the torrents, 20 octets each. */
export function infoHashes(torrents: number): Uint8Array {
  const octets = new Uint8Array(torrents * 20);
  const view = new DataView(octets.buffer);
  for (let torrent = 0; torrent < torrents; torrent++) {
    const first = BigInt(torrent) * 3n;
    view.setBigUint64(torrent * 20, mix(first + 1n), true);
    view.setBigUint64(torrent * 20 + 8, mix(first + 2n), true);
    view.setUint32(torrent * 20 + 16, Number(mix(first + 3n) & 0xffff_ffffn), true);
  }
  return octets;
}

export interface SwarmPeer {
  readonly torrent: number;
  readonly port: number;
  readonly isSeed: boolean;
  /** 20 octets. */
  readonly id: Uint8Array;
  readonly key: number;
}

export function swarmPeer(peer: number, { torrents }: Swarm): SwarmPeer {
  const random = mix(BigInt(peer) ^ 0xabcdefn);
  const id = new Uint8Array(20);
  id.set(new TextEncoder().encode('-UL0001-'));
  const view = new DataView(id.buffer);
  view.setBigUint64(8, random, true);
  view.setUint32(16, peer, false);
  return {
    torrent: peer % torrents,
    port: FIRST_PORT + Math.floor(peer / torrents),
    isSeed: mix(BigInt(peer)) % 100n < SEED_PERCENT,
    id,
    key: Number(random & 0xffff_ffffn),
  };
}

/**
 * One announce a peer (BEP 15), {@link ANNOUNCE_STRIDE} octets apart, without connection and transaction id; 50 peers
 * are wanted.
 */
export function announceRequests(swarm: Swarm, event: 0 | 2): Uint8Array {
  const hashes = infoHashes(swarm.torrents);
  const octets = new Uint8Array(swarm.peers * ANNOUNCE_STRIDE);
  const view = new DataView(octets.buffer);
  const { firstPeer = 0 } = swarm;
  for (let place = 0; place < swarm.peers; place++) {
    const peer = swarmPeer(firstPeer + place, swarm);
    const at = place * ANNOUNCE_STRIDE;
    view.setUint32(at + 8, 1);
    octets.set(hashes.subarray(peer.torrent * 20, peer.torrent * 20 + 20), at + 16);
    octets.set(peer.id, at + 36);
    view.setBigUint64(at + 56, peer.isSeed ? 1_000_000n : 1234n);
    view.setBigUint64(at + 64, peer.isSeed ? 0n : 998_766n);
    view.setUint32(at + 80, event);
    view.setUint32(at + 88, peer.key);
    view.setUint32(at + 92, NUMWANT);
    view.setUint16(at + 96, peer.port);
  }
  return octets;
}

/** Peers asked for in each announce. */
export const NUMWANT = 50;

/** SplitMix64's step, as the reference generators spread their peers. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e37_79b9_7f4a_7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  return z ^ (z >> 31n);
}
