// The TCP listeners of a thread, whichever data plane it belongs to: DNS, DNS over TLS, and the tracker's HTTP.

import { Counter, type Counters } from '../../core/counters.ts';
import type { Listener } from '../../core/net/endpoint.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { createConnectionLimits } from '../../io/streams/connection-limits.ts';
import { openDnsStream } from '../../io/streams/dns-stream.ts';
import {
  createHttpsConnections,
  type HttpsConnections,
  openHttpStream,
  type SecuredHttp,
} from '../../io/streams/http-stream.ts';
import type { StreamServer } from '../../io/streams/stream-server.ts';
import { createTlsServer, type TlsIdentity, type TlsServer } from '../../io/streams/tls-server.ts';
import { type AdoptedConnections, createAdoptedConnections } from './adopted-connections.ts';
import type { ConnectionCaps } from './connection-caps.ts';
import type { Publication, Service } from './data-plane.ts';
import type { Services } from './services.ts';
import { createTransferService } from './transfer-service.ts';

export interface StreamListenersOptions {
  readonly services: Services;
  /** What images are compiled with. */
  readonly seed: number;
  readonly counters: Counters;
  /** In front of the tracker. */
  readonly proxies: ProxyRule | undefined;
  readonly caps: ConnectionCaps;
  /** Its seconds are those of the swarm table. */
  readonly clock: Clock;
  /** Its seconds are those of the world, by which signatures are dated. */
  readonly wallClock: Pick<Clock, 'nowSeconds'>;
  readonly logger: Logger;
}

export interface StreamListeners {
  /**
   * Throws `BindError`. DNS over TLS needs an identity before. `row`: what the tracker's requests are counted as.
   * `descriptor` listens there already, and is the server's from now on; without it the port is opened here.
   */
  open(listener: Listener, service: Service, row: number, descriptor?: number): Promise<StreamServer>;
  /** For handshakes from now on. Throws where OpenSSL refuses it, and the one before stays. */
  identify(identity: TlsIdentity): void;
  /** What packet workers hand over. Needs an identity before. */
  readonly adopted: AdoptedConnections;
  /** What transfers are answered from; {@link Services} have their own. */
  publish(publication: Publication): void;
}

interface Where {
  readonly address: string;
  readonly port: number;
  readonly descriptor: number | undefined;
}

/** RFC 7858 §3.1 has no name for what is spoken inside; RFC 9103 §7.1 asks for this one. */
const DNS_OVER_TLS = 'dot';
/** RFC 7301 §6, as nginx has them. A browser or a library that names h2 first goes on with the next. */
const HTTP = ['http/1.1', 'http/1.0'];

export function createStreamListeners(options: StreamListenersOptions): StreamListeners {
  const { services, clock, counters, logger, seed, proxies, caps } = options;
  const transfers = createTransferService({ seed, counters, nowSeconds: options.wallClock.nowSeconds });
  // The caps hold for all listeners of a kind together.
  const connections = {
    dns: createConnectionLimits(caps.dns.all, caps.dns.perPrefix),
    tracker: createConnectionLimits(caps.tracker.all, caps.tracker.perPrefix),
  } as const;
  const http = { clock, connections: connections.tracker, proxies, counters, logger };
  let dnsOverTls: TlsServer | undefined;
  let https: TlsServer | undefined;

  function openDns(where: Where, tls: TlsServer | undefined): Promise<StreamServer> {
    return openDnsStream({
      ...where,
      tls,
      answer: services.authority.handleStream,
      transfer: transfers.answer,
      clock,
      connections: connections.dns,
      counters,
      dropCounter: Counter.dnsDropped,
      logger,
    });
  }

  function openTracker(where: Where, row: number): Promise<StreamServer> {
    const { respond } = services.httpTracker;
    return openHttpStream({ ...where, row, respond, ...http, secured: https && securedHttp(https) });
  }

  function securedHttp(tls: TlsServer): SecuredHttp {
    return { tls, respond: services.httpsTracker.respond };
  }

  function openHttps(port: number): HttpsConnections {
    if (https === undefined) throw new TypeError('HTTPS wants a certificate first');
    return createHttpsConnections({ ...http, port, secured: securedHttp(https) });
  }

  /** Each has ticket keys of its own: a session goes on where it was begun. */
  function identified(
    server: TlsServer | undefined,
    identity: TlsIdentity,
    protocols: readonly string[],
  ): TlsServer {
    if (server === undefined)
      return createTlsServer({ identity, protocols, nowMilliseconds: clock.nowMilliseconds });
    server.replace(identity);
    return server;
  }

  // Positional: what is opened, and how.
  async function open(
    { address, port }: Listener,
    service: Service,
    row: number,
    descriptor?: number,
  ): Promise<StreamServer> {
    const where = { address, port, descriptor };
    switch (service) {
      case 'dns':
        return await openDns(where, undefined);
      case 'dns-tls':
        if (dnsOverTls === undefined) throw new TypeError('DNS over TLS wants a certificate first');
        return await openDns(where, dnsOverTls);
      case 'tracker':
        return await openTracker(where, row);
    }
  }

  return {
    open,
    identify(identity) {
      dnsOverTls = identified(dnsOverTls, identity, [DNS_OVER_TLS]);
      https = identified(https, identity, HTTP);
    },
    adopted: createAdoptedConnections(openHttps),
    publish: transfers.publish,
  };
}
