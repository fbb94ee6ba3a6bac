// Where this server answers DNS, and with which certificate: opened and closed as one.

import type { Listener, SocketAddress } from '../../core/net/endpoint.ts';
import type { Logger } from '../../io/log.ts';
import type { Config } from '../config/config.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { Machine } from '../machine.ts';
import {
  closeDnsListeners,
  closeDnsTlsListeners,
  configuredDnsAddresses,
  openDnsListeners,
  openDnsTlsListeners,
  reservedListeners,
} from '../zones/dns-listeners.ts';
import { type Certificate, openCertificate } from './tls-certificate.ts';

export interface DnsServiceOptions {
  readonly config: Pick<Config, 'dns' | 'tls'>;
  readonly dataPlane: DataPlane;
  readonly machine: Machine;
  readonly logger: Logger;
}

export interface DnsService {
  /** Has the certificate served from, where one is configured. Throws FileError or TlsError. */
  identify(): Promise<void>;
  /** Opens all or nothing. Throws BindError. */
  open(): Promise<void>;
  /** The real addresses; none before `open`. */
  addresses(): { readonly dns: readonly SocketAddress[]; readonly dnsTls: readonly SocketAddress[] };
  /** What no zone may take, what answers at `http` included: as configured until the real ports are known. */
  reserved(http: readonly SocketAddress[]): Listener[];
  /** Reads the certificate again; what is wrong with it stands in the log. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export function createDnsService({ config, dataPlane, machine, logger }: DnsServiceOptions): DnsService {
  const { listen, tlsListen } = config.dns;
  let certificate: Certificate | undefined;
  let dns: readonly SocketAddress[] = [];
  let dnsTls: readonly SocketAddress[] = [];

  return {
    async identify() {
      if (config.tls === undefined) return;
      certificate = await openCertificate({ files: config.tls, dataPlane, clock: machine.clock, logger });
    },
    async open() {
      const shared = { dataPlane, machine, logger };
      dns = await openDnsListeners({ ...shared, listen });
      dnsTls = await openDnsTlsListeners({ ...shared, listen: tlsListen });
    },
    addresses: () => ({ dns, dnsTls }),
    reserved(http) {
      const isOpen = dns.length > 0;
      const streams = isOpen ? dnsTls : configuredDnsAddresses(tlsListen, machine);
      return reservedListeners(isOpen ? dns : configuredDnsAddresses(listen, machine), [...http, ...streams]);
    },
    reload: async () => await certificate?.reload(),
    async close() {
      await Promise.all([
        certificate?.close(),
        closeDnsListeners(dns, dataPlane),
        closeDnsTlsListeners(dnsTls, dataPlane),
      ]);
    },
  };
}
