// What addresses and families this machine has.

import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '../core/net/ip-address.ts';

/**
 * Canonical text of each address of each interface, loopback included, without doubles. IPv6 link-local addresses are
 * left out: they mean nothing without their zone, and no A or AAAA record can name them.
 */
export function localAddresses(): string[] {
  const found = new Set<string>();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family, scopeid } of addresses ?? []) {
      if (family === 'IPv6' && scopeid !== undefined && scopeid !== 0) continue;
      const canonical = canonicalAddress(address);
      if (canonical !== undefined) found.add(canonical);
    }
  }
  return [...found];
}

/** True when a socket of that family can be bound on loopback: the kernel has it and did not switch it off. */
export function hasFamily(family: 4 | 6): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 });
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ address: family === 4 ? '127.0.0.1' : '::1', port: 0, exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
