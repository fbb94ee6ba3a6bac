// What an authority is made of, and what it asks of others.

import type { Counters } from '../../counters.ts';
import type { EdnsSettings } from '../../dns/edns-reply.ts';
import type { RateLimitOptions } from '../../dns/rate-limit.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import type { Hmac, TsigKey } from '../../transfer/tsig-key.ts';
import type { Catalog } from '../image/catalog.ts';
import type { ChaosSettings } from './chaos.ts';
import type { DatagramTransferPolicy } from './transfer-datagram.ts';

/** The payload that survives nearly every path without fragments (DNS flag day 2020). */
export const DEFAULT_UDP_PAYLOAD = 1232;

export interface AuthorityOptions {
  readonly catalog: Catalog;
  readonly counters: Counters;
  /** Octets of the largest reply over UDP, 512–4096; {@link DEFAULT_UDP_PAYLOAD} without it. */
  readonly udpPayload?: number;
  /** Cookies and NSID; neither without it. */
  readonly edns?: EdnsSettings;
  /** Names of class CHAOS; none without it. */
  readonly chaos?: ChaosSettings;
  /** Of replies over UDP; no limit without it. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** For signed requests (RFC 8945); without it no key is known. */
  readonly hmac?: Hmac;
  /**
   * Seconds since 1970 by the machine's clock, for cookies and signatures, which other machines read. Without it they
   * go by the steady seconds that handlers are given.
   */
  readonly wallSeconds?: () => number;
  /** Without it there is no secondary zone. */
  readonly onNotify?: NotifyHandler;
}

/** What beside the zones decides what is answered, and changes as they do. */
export interface AuthorityPolicy extends DatagramTransferPolicy {
  /** TSIG keys that are known here, whatever for. */
  readonly keys?: readonly TsigKey[];
  /** As in {@link EdnsSettings}, in the place of those that were; they stay where it is left out. */
  readonly cookieSecrets?: readonly Uint8Array[] | undefined;
}

/** `accepted`: the zone is looked after. `refused`: not from there. `not-secondary`: no such zone is copied here. */
export type NotifyVerdict = 'accepted' | 'refused' | 'not-secondary';

/**
 * A NOTIFY has come (RFC 1996 §3.11), perhaps for the hundredth time this second: whoever takes it keeps at most one a
 * zone. `apex` (wire form, lower case) and `source` hold during the call only; `keyName` is that of the TSIG key that the
 * message was verified with. `serial` is what the message says of the zone, undefined where it says nothing.
 */
export type NotifyHandler = (
  apex: Uint8Array,
  source: PacketSource,
  keyName: Uint8Array | undefined,
  serial: number | undefined,
) => NotifyVerdict;
