// The other side of a NOTIFY: an authority that takes them all, or gives another code.

import { createCounters } from '../../src/core/counters.ts';
import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import { createAuthority } from '../../src/core/zone/answer/authority.ts';
import { createCatalog } from '../../src/core/zone/image/catalog.ts';

export interface HeardNotify {
  /** Wire form, lower case. */
  readonly zone: Uint8Array;
  readonly serial: number | undefined;
}

export interface NotifyAnswer {
  /** What the message said; undefined where it was not heard. */
  readonly heard: HeardNotify | undefined;
  /** Empty for silence. */
  readonly reply: Uint8Array;
}

/** What one who takes every NOTIFY makes of `message`, which is at `offset` of `octets`. */
export function hearNotify(message: Uint8Array, offset = 0): NotifyAnswer {
  let heard: HeardNotify | undefined;
  const authority = createAuthority({
    catalog: createCatalog([], 0),
    counters: createCounters(),
    onNotify: (apex, _source, _keyName, serial) => {
      heard = { zone: apex.slice(), serial };
      return 'accepted';
    },
  });
  const octets = new Uint8Array(offset + message.length);
  octets.set(message, offset);
  const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
  const length = authority.handle(octets, offset, message.length, createPacketSource(), reply, 0, 0);
  return { heard, reply: reply.slice(0, length) };
}

/** The reply with its response code changed. */
export function notifyReply(message: Uint8Array, rcode = 0): Uint8Array {
  const { reply } = hearNotify(message);
  reply[3] = (reply[3]! & 0xf0) | rcode;
  return reply;
}
