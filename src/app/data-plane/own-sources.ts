// Our own listening sockets as sources of datagrams: a packet that claims to come from one is forged, and answering it
// would make two of our sockets talk to each other for ever.

import type { Listener } from '../../core/net/endpoint.ts';
import { parseIpAddress } from '../../core/net/ip-address.ts';
import type { PacketSource } from '../../core/net/packet-handler.ts';
import { localAddresses } from '../../io/interfaces.ts';

export interface OwnSources {
  /** A wildcard stands for the addresses that the machine has at that moment. */
  add(listener: Listener): void;
  delete(listener: Listener): void;
  /** Allocates nothing. */
  readonly has: (source: PacketSource) => boolean;
}

export function createOwnSources(machineAddresses: () => readonly string[] = localAddresses): OwnSources {
  /** UDP sockets that are open, by port: the port alone tells nearly every packet apart. Bounded by what is open. */
  const addresses = new Map<number, Uint8Array[]>();
  /** What each socket added, by port and address, so that the same goes with it. Bounded by what is open. */
  const added = new Map<string, Uint8Array[]>();

  return {
    add({ transport, address, port }) {
      if (transport !== 'udp') return;
      const texts = isWildcard(address) ? machineAddresses().filter(isOfFamily(address)) : [address];
      const octets = texts.flatMap((text) => parseIpAddress(text) ?? []);
      added.set(`${port} ${address}`, octets);
      addresses.set(port, [...(addresses.get(port) ?? []), ...octets]);
    },
    delete({ transport, address, port }) {
      const gone = added.get(`${port} ${address}`);
      if (transport !== 'udp' || gone === undefined) return;
      added.delete(`${port} ${address}`);
      const left = (addresses.get(port) ?? []).filter((octets) => !gone.includes(octets));
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

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isOfFamily(address: string): (other: string) => boolean {
  return (other) => other.includes(':') === address.includes(':');
}

function startsWith(octets: Uint8Array, start: Uint8Array): boolean {
  for (let index = 0; index < start.length; index++) if (octets[index] !== start[index]) return false;
  return true;
}
