// The sockets on which DNS is answered: UDP and TCP, or TLS, at each configured address of a family that this machine
// has.

import { formatSocketAddress, type Listener, type SocketAddress } from '../../core/net/endpoint.ts';
import { BindError } from '../../io/bind-error.ts';
import type { Logger } from '../../io/log.ts';
import type { ListenAddress } from '../config/config-values.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { Machine } from '../machine.ts';

export interface DnsListenerOptions {
  readonly listen: readonly ListenAddress[];
  readonly dataPlane: DataPlane;
  readonly machine: Machine;
  readonly logger: Logger;
}

/** How often a port that is free over TCP is sought that is free over UDP too, when the system may pick one. */
const MAX_PORT_ATTEMPTS = 16;

/** Opens all or none. Rejects with {@link BindError}. Returns the real addresses, each open over UDP and TCP. */
export function openDnsListeners(options: DnsListenerOptions): Promise<SocketAddress[]> {
  return openEach(options, openBoth, closeDnsListeners);
}

/** The same for DNS over TLS, which is TCP alone. */
export function openDnsTlsListeners(options: DnsListenerOptions): Promise<SocketAddress[]> {
  return openEach(options, openTls, closeDnsTlsListeners);
}

async function openEach(
  options: DnsListenerOptions,
  open: (dataPlane: DataPlane, address: SocketAddress) => Promise<SocketAddress>,
  close: (addresses: readonly SocketAddress[], dataPlane: DataPlane) => Promise<void>,
): Promise<SocketAddress[]> {
  const { dataPlane, logger } = options;
  const opened: SocketAddress[] = [];
  try {
    for (const { address, port, isAuto } of dnsAddresses(options)) {
      try {
        opened.push(await open(dataPlane, { address, port }));
      } catch (error) {
        // An interface may lose an address between being listed and being used.
        if (!(isAuto && error instanceof BindError && error.code === 'address-not-available')) throw error;
        logger.warn(`DNS is not answered at ${formatSocketAddress({ address, port })}: ${error.message}`);
      }
    }
  } catch (error) {
    await close(opened, dataPlane);
    throw error;
  }
  return opened;
}

export async function closeDnsListeners(
  addresses: readonly SocketAddress[],
  dataPlane: DataPlane,
): Promise<void> {
  await Promise.all(addresses.flatMap(bothTransports).map((listener) => dataPlane.close(listener)));
}

export async function closeDnsTlsListeners(
  addresses: readonly SocketAddress[],
  dataPlane: DataPlane,
): Promise<void> {
  await Promise.all(addresses.map((address) => dataPlane.close({ transport: 'tcp', ...address })));
}

/** Where DNS is to be answered, before the sockets are open: a port may be 0 still. */
export function configuredDnsAddresses(
  listen: readonly ListenAddress[],
  machine: Pick<Machine, 'localAddresses'>,
): SocketAddress[] {
  return listen.flatMap(({ address, port }) =>
    address === 'auto'
      ? machine.localAddresses().map((local) => ({ address: local, port }))
      : [{ address, port }],
  );
}

/** Sockets of our own that no zone may take: `streams` are over TCP alone. */
export function reservedListeners(
  dns: readonly SocketAddress[],
  streams: readonly SocketAddress[],
): Listener[] {
  return [
    ...dns.flatMap(bothTransports),
    ...streams.map((address): Listener => ({ transport: 'tcp', ...address })),
  ];
}

function bothTransports(address: SocketAddress): Listener[] {
  return [
    { transport: 'udp', ...address },
    { transport: 'tcp', ...address },
  ];
}

interface DnsAddress extends SocketAddress {
  readonly isAuto: boolean;
}

/** Without those of a family that the machine lacks, which is said once a family; all of them when it has neither. */
function dnsAddresses({ listen, machine, logger }: DnsListenerOptions): DnsAddress[] {
  const written = listen.flatMap(({ address, port }): DnsAddress[] =>
    address === 'auto' ? [] : [{ address, port, isAuto: false }],
  );
  const found = listen.flatMap(({ address, port }): DnsAddress[] =>
    address === 'auto'
      ? machine.localAddresses().map((local) => ({ address: local, port, isAuto: true }))
      : [],
  );
  const wanted = withoutDuplicates([...written, ...found]);
  const bindable = wanted.filter(({ address }) => machine.hasFamily(address.includes(':') ? 6 : 4));
  for (const family of [4, 6] as const) {
    if (machine.hasFamily(family) || !wanted.some(({ address }) => address.includes(':') === (family === 6)))
      continue;
    logger.warn(`this machine has no IPv${family}: its DNS addresses are left out, and its tracker sockets`);
  }
  return bindable.length > 0 ? bindable : wanted;
}

/** "auto:53" beside "127.0.0.1:53" is one socket, not another program's; port 0 is a different port each time. */
function withoutDuplicates(addresses: readonly DnsAddress[]): DnsAddress[] {
  const seen = new Set<string>(); // at most one an address
  return addresses.filter((address) => {
    const key = formatSocketAddress(address);
    if (address.port !== 0 && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

async function openTls(dataPlane: DataPlane, address: SocketAddress): Promise<SocketAddress> {
  const { port } = await dataPlane.open({ transport: 'tcp', ...address }, 'dns-tls');
  return { address: address.address, port };
}

async function openBoth(dataPlane: DataPlane, { address, port }: SocketAddress): Promise<SocketAddress> {
  for (let attempt = 1; ; attempt++) {
    const stream = await dataPlane.open({ transport: 'tcp', address, port }, 'dns');
    try {
      await dataPlane.open({ transport: 'udp', address, port: stream.port }, 'dns');
      return { address, port: stream.port };
    } catch (error) {
      await dataPlane.close(stream);
      const mayTryAnother = port === 0 && attempt < MAX_PORT_ATTEMPTS;
      if (!(mayTryAnother && error instanceof BindError && error.code === 'address-in-use')) throw error;
    }
  }
}
