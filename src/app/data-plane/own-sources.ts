// Our own listening sockets as sources of datagrams: a packet that claims to come from one is forged, and answering it
// would make two of our sockets talk to each other for ever.

import type { Listener } from '../../core/net/endpoint.ts';
import { parseIpAddress } from '../../core/net/ip-address.ts';
import type { PacketSource } from '../../core/net/packet-handler.ts';

export interface OwnSources {
  add(listener: Listener): void;
  delete(listener: Listener): void;
  /** Allocates nothing. Sockets on a wildcard address know their own addresses themselves. */
  readonly has: (source: PacketSource) => boolean;
}

export function createOwnSources(): OwnSources {
  /** UDP sockets that are open, by port: the port alone tells nearly every packet apart. Bounded by what is open. */
  const addresses = new Map<number, Uint8Array[]>();
  return {
    add({ transport, address, port }) {
      const octets = parseIpAddress(address);
      if (transport !== 'udp' || octets === undefined) return;
      addresses.set(port, [...(addresses.get(port) ?? []), octets]);
    },
    delete({ transport, address, port }) {
      const octets = parseIpAddress(address);
      if (transport !== 'udp' || octets === undefined) return;
      const left = (addresses.get(port) ?? []).filter((other) => !isSame(other, octets));
      if (left.length === 0) addresses.delete(port);
      else addresses.set(port, left);
    },
    has(source) {
      const candidates = addresses.get(source.port);
      if (candidates === undefined) return false;
      for (const octets of candidates) {
        if (octets.length === (source.family === 4 ? 4 : 16) && startsWith(source.octets, octets))
          return true;
      }
      return false;
    },
  };
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && startsWith(left, right);
}

function startsWith(octets: Uint8Array, start: Uint8Array): boolean {
  for (let index = 0; index < start.length; index++) if (octets[index] !== start[index]) return false;
  return true;
}
