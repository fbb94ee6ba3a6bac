// The name servers that this machine is set up to use.

import { getServers } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { DNS_PORT } from '../../core/net/ports.ts';
import { type PlainServer, parseServer } from '../dns-client/name-server.ts';

/** resolv.conf(5): MAXNS of the GNU C library is 3; others read more. */
export const MAX_SERVERS = 8;
const DEFAULT_PATH = '/etc/resolv.conf';

/** The `nameserver` lines of a resolv.conf(5), in order; what cannot be read is passed over, as the C library does. */
export function parseResolvConf(text: string): readonly PlainServer[] {
  const servers: PlainServer[] = [];
  for (const line of text.split('\n')) {
    const match = /^nameserver[ \t]+(\S+)/.exec(line);
    const server = match === null ? undefined : parseServer(match[1]!);
    if (server?.transport === 'udp' && servers.length < MAX_SERVERS) servers.push(server);
  }
  return servers;
}

/**
 * The servers of resolv.conf; where there is no such file, what the runtime knows of the system; where that names
 * none, the one on this machine, as resolv.conf(5) says.
 */
export async function readSystemServers(path: string = DEFAULT_PATH): Promise<readonly PlainServer[]> {
  let servers: readonly PlainServer[];
  try {
    servers = parseResolvConf(await readFile(path, 'utf8'));
  } catch {
    servers = parseResolvConf(
      getServers()
        .map((text) => `nameserver ${text}`)
        .join('\n'),
    );
  }
  return servers.length > 0 ? servers : [{ transport: 'udp', address: '127.0.0.1', port: DNS_PORT }];
}
