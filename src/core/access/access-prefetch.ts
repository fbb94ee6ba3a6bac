// Fetches what the lists of info-hashes will be asked for by a batch of announces over UDP. Each look-up in a list of a
// million waits for memory that no cache holds; touched one after the other for the whole batch, those waits overlap.
// Nothing that is read here decides anything.

import type { PacketPrefetch } from '../net/packet-handler.ts';
import type { AccessGate } from './access-gate.ts';
import { touchHashSet, touchLikelyHashSet } from './hash-set.ts';

/** Where an announce has its info-hash (BEP 15). What of a batch is no announce is read as one, and nothing comes of it. */
const INFO_HASH_AT = 16;

export function createAccessPrefetch(gate: AccessGate): PacketPrefetch {
  /** Written to, so that no compiler drops the reads. */
  const touched = new Int32Array(1);
  return (requests, offset, stride, count) => {
    const { torrentsAllow, torrentsDeny } = gate.rules;
    if (torrentsAllow === undefined && torrentsDeny === undefined) return;
    let sum = 0;
    for (let packet = 0; packet < count; packet++) {
      const at = offset + packet * stride + INFO_HASH_AT;
      if (torrentsAllow !== undefined) sum ^= touchLikelyHashSet(torrentsAllow, requests, at);
      if (torrentsDeny !== undefined) sum ^= touchHashSet(torrentsDeny, requests, at);
    }
    touched[0]! ^= sum;
  };
}
