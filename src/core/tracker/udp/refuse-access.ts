// What access lists and passkeys say of a UDP announce. A passkey comes in the URL data of BEP 41; a scrape has none, so
// that a private tracker answers scrapes over HTTP only.
// Parameters are positional: an object a call is what this code exists to avoid.

import {
  type AccessGate,
  type Refusal,
  refuseAddress,
  refusePasskey,
  refusePeer,
} from '../../access/access-gate.ts';
import { createTrackerPath, pathEnd, readTrackerPath, type TrackerPath } from '../../access/passkey-path.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { readUrlData } from './options.ts';

/** A path with a passkey has 75 octets; what tracker sites put behind it fits, too. */
const MAX_URL_DATA_OCTETS = 512;

const NO_KEY = new Uint8Array(0);

export interface UrlData {
  readonly octets: Uint8Array;
  readonly path: TrackerPath;
}

export function createUrlData(): UrlData {
  return { octets: new Uint8Array(MAX_URL_DATA_OCTETS), path: createTrackerPath() };
}

/** Why an announce with its valid options in packet[start..end) is not taken. */
export function refusePacket(
  access: AccessGate,
  url: UrlData,
  packet: Uint8Array,
  infoHash: number,
  start: number,
  end: number,
  source: PacketSource,
  nowSeconds: number,
): Refusal | undefined {
  const refusal = refuseAddress(access, source);
  if (refusal !== undefined) return refusal;
  if (access.passkeys !== undefined) {
    const { octets, path } = url;
    const length = readUrlData(packet, start, end, octets);
    readTrackerPath(octets, 0, pathEnd(octets, 0, length), length, true, path);
    const wrong = refusePasskey(access, octets, path.keyStart, path.keyEnd, nowSeconds);
    if (wrong !== undefined) return wrong;
  }
  return refusePeer(access, packet, infoHash, infoHash + 20);
}

/** Why a scrape is not answered. */
export function refuseScrape(access: AccessGate, source: PacketSource): Refusal | undefined {
  return refuseAddress(access, source) ?? refusePasskey(access, NO_KEY, 0, 0, 0);
}
