// What access lists and passkeys say of an HTTP request.
// Parameters are positional: an object a call is what this code exists to avoid.

import {
  type AccessGate,
  type Refusal,
  refuseAddress,
  refusePasskey,
  refusePeer,
} from '../../access/access-gate.ts';
import type { TrackerPath } from '../../access/passkey-path.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import type { AnnounceRequest } from '../announce.ts';

/** Why whoever asks for an announce or a scrape gets none: the address, or the passkey in `path`. */
export function refuseAsker(
  access: AccessGate,
  octets: Uint8Array,
  path: TrackerPath,
  source: PacketSource,
  nowSeconds: number,
): Refusal | undefined {
  const refusal = refuseAddress(access, source);
  if (refusal !== undefined || access.passkeys === undefined) return refusal;
  return refusePasskey(access, octets, path.keyStart, path.keyEnd, nowSeconds);
}

/** Why an announce that could be read is not taken: the torrent, or the client. */
export function refuseAnnounce(access: AccessGate, request: AnnounceRequest): Refusal | undefined {
  return refusePeer(access, request.octets, request.infoHashOffset, request.peerIdOffset);
}
