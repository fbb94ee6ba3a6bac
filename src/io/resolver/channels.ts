// Which name server is asked first: in the order given, but those that did not answer a moment ago come last, so that a
// dead server costs its patience once and not at every look-up.

import type { Clock } from '../clock.ts';
import type { NameServer } from '../dns-client/name-server.ts';
import type { Channel, Exchange } from './exchange.ts';
import { createHttpsChannel } from './https-channel.ts';
import { createPlainChannel } from './plain-channel.ts';
import { createTlsChannel } from './tls-channel.ts';

/** How long a server that did not answer comes last; systemd-resolved and dnsmasq go back after 10 to 60 s. */
const LAST_MILLISECONDS = 30_000;

export interface Channels {
  /** All of them, who to ask first at the front. */
  inOrder(): readonly Channel[];
  close(): void;
}

export interface ChannelsOptions {
  readonly clock: Pick<Clock, 'nowMilliseconds'>;
  /** Certificates in PEM that TLS trusts instead of the system's. */
  readonly certificateAuthorities?: readonly string[] | undefined;
}

export function createChannels(
  servers: readonly NameServer[],
  { clock, certificateAuthorities }: ChannelsOptions,
): Channels {
  const lastUntil = new Map<Channel, number>(); // at most one entry a server
  const channels = servers.map((server) => {
    const channel = createChannel(server, certificateAuthorities);
    const observed: Channel = {
      ...channel,
      async exchange(query, limits) {
        const exchange = await channel.exchange(query, limits);
        if (exchange.kind === 'reply') lastUntil.delete(observed);
        else if (!wasGivenUp(exchange, limits)) {
          lastUntil.set(observed, clock.nowMilliseconds() + LAST_MILLISECONDS);
        }
        return exchange;
      },
    };
    return observed;
  });
  return {
    inOrder() {
      const now = clock.nowMilliseconds();
      const isLast = (channel: Channel): boolean => (lastUntil.get(channel) ?? 0) > now;
      return [...channels.filter((channel) => !isLast(channel)), ...channels.filter(isLast)];
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

/** The caller went away: that says nothing of the server. */
function wasGivenUp(exchange: Exchange, limits: Parameters<Channel['exchange']>[1]): boolean {
  return exchange.kind === 'silence' && limits().signal.aborted;
}

function createChannel(server: NameServer, ca: readonly string[] | undefined): Channel {
  switch (server.transport) {
    case 'udp':
      return createPlainChannel(server);
    case 'tls':
      return createTlsChannel(server, ca);
    case 'https':
      return createHttpsChannel(server, ca);
  }
}
