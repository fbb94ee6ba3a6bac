// The name servers that are asked: those that were given, or the system's as they are at the moment.

import type { Clock } from '../clock.ts';
import { parseServer } from '../dns-client/name-server.ts';
import { type Channels, createChannels } from './channels.ts';
import { readSystemServers } from './system-resolvers.ts';

/** How long the system's list of servers is used before it is read again: machines move between networks. */
const SYSTEM_SERVERS_MILLISECONDS = 30_000;

export interface ServerListOptions {
  /** As `servers` of a resolver. */
  readonly servers?: readonly string[] | undefined;
  readonly certificateAuthorities?: readonly string[] | undefined;
  readonly resolvConf?: string | undefined;
}

export interface ServerList {
  current(): Promise<Channels>;
  close(): void;
}

/** Opens nothing. Throws a TypeError for a server that is not an address. */
export function createServerList(
  { servers: texts, certificateAuthorities, resolvConf }: ServerListOptions,
  clock: Pick<Clock, 'nowMilliseconds'>,
): ServerList {
  if (texts !== undefined && texts.length > 0) {
    const servers = texts.map((text) => {
      const server = parseServer(text);
      if (server === undefined) throw new TypeError(`not the address of a name server: ${text}`);
      return server;
    });
    const channels = createChannels(servers, { clock, certificateAuthorities });
    return { current: async () => channels, close: channels.close };
  }
  let readAt = Number.NEGATIVE_INFINITY;
  let channels: Promise<Channels> | undefined;
  return {
    current() {
      if (channels === undefined || clock.nowMilliseconds() - readAt >= SYSTEM_SERVERS_MILLISECONDS) {
        readAt = clock.nowMilliseconds();
        channels = readSystemServers(resolvConf).then((servers) => createChannels(servers, { clock }));
      }
      return channels;
    },
    close() {}, // the system's are plain, and keep nothing open
  };
}
