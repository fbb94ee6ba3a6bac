// The TCP listeners of a thread, whichever data plane it belongs to: DNS, DNS over TLS, and the tracker's HTTP.

import { Counter, type Counters } from '../../core/counters.ts';
import type { Listener } from '../../core/net/endpoint.ts';
import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { createConnectionLimits } from '../../io/streams/connection-limits.ts';
import { DNS_STREAM_LIMITS, openDnsStream } from '../../io/streams/dns-stream.ts';
import { HTTP_STREAM_LIMITS, openHttpStream } from '../../io/streams/http-stream.ts';
import type { StreamServer } from '../../io/streams/stream-server.ts';
import { createTlsServer, type TlsIdentity, type TlsServer } from '../../io/streams/tls-server.ts';
import type { Publication, Service } from './data-plane.ts';
import type { Services } from './services.ts';
import { createTransferService } from './transfer-service.ts';

export interface StreamListenersOptions {
  readonly services: Services;
  /** What images are compiled with. */
  readonly seed: number;
  readonly counters: Counters;
  /** Its seconds are those of the swarm table. */
  readonly clock: Clock;
  /** Its seconds are those of the world, by which signatures are dated. */
  readonly wallClock: Pick<Clock, 'nowSeconds'>;
  readonly logger: Logger;
}

export interface StreamListeners {
  /** Throws `BindError`. DNS over TLS needs an identity before. */
  open(listener: Listener, service: Service): Promise<StreamServer>;
  /** For handshakes from now on. Throws where OpenSSL refuses it, and the one before stays. */
  identify(identity: TlsIdentity): void;
  /** What transfers are answered from; {@link Services} have their own. */
  publish(publication: Publication): void;
}

/** RFC 7858 §3.1 has no name for what is spoken inside; RFC 9103 §7.1 asks for this one. */
const DNS_OVER_TLS = 'dot';

export function createStreamListeners(options: StreamListenersOptions): StreamListeners {
  const { services, clock, counters, logger, seed } = options;
  const transfers = createTransferService({ seed, counters, nowSeconds: options.wallClock.nowSeconds });
  // The caps hold for all listeners of a kind together.
  const connections = {
    dns: createConnectionLimits(DNS_STREAM_LIMITS.maxConnections, DNS_STREAM_LIMITS.maxConnectionsPerPrefix),
    tracker: createConnectionLimits(
      HTTP_STREAM_LIMITS.maxConnections,
      HTTP_STREAM_LIMITS.maxConnectionsPerPrefix,
    ),
  } as const;
  let dnsOverTls: TlsServer | undefined;

  function openDns({ address, port }: Listener, tls: TlsServer | undefined): Promise<StreamServer> {
    return openDnsStream({
      address,
      port,
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

  function openTracker({ address, port }: Listener): Promise<StreamServer> {
    const { respond } = services.httpTracker;
    return openHttpStream({
      address,
      port,
      respond,
      clock,
      connections: connections.tracker,
      counters,
      logger,
    });
  }

  async function open(listener: Listener, service: Service): Promise<StreamServer> {
    switch (service) {
      case 'dns':
        return await openDns(listener, undefined);
      case 'dns-tls':
        if (dnsOverTls === undefined) throw new TypeError('DNS over TLS wants a certificate first');
        return await openDns(listener, dnsOverTls);
      case 'tracker':
        return await openTracker(listener);
    }
  }

  return {
    open,
    identify(identity) {
      if (dnsOverTls !== undefined) dnsOverTls.replace(identity);
      else {
        const { nowMilliseconds } = clock;
        dnsOverTls = createTlsServer({ identity, protocols: [DNS_OVER_TLS], nowMilliseconds });
      }
    },
    publish: transfers.publish,
  };
}
