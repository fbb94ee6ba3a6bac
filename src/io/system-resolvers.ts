// The name servers that this machine is set up to use.

import { getServers } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { parseIpAddress } from '../core/net/ip-address.ts';
import type { Server } from './resolver/exchange.ts';

/** resolv.conf(5): MAXNS of the GNU C library is 3; others read more. */
export const MAX_SERVERS = 8;
export const DNS_PORT = 53;
const DEFAULT_PATH = '/etc/resolv.conf';

/**
 * `127.0.0.1`, `127.0.0.1:5300`, `::1`, `[::1]:5300`, `fe80::1%eth0`, `[fe80::1%eth0]:53`; undefined for all else,
 * names included (who would look them up?).
 */
export function parseServer(text: string): Server | undefined {
  const bracketed = /^\[([^\]]+)\](?::([0-9]{1,5}))?$/.exec(text);
  const quad = /^([0-9.]+)(?::([0-9]{1,5}))?$/.exec(text);
  const [, address = text, digits = String(DNS_PORT)] = bracketed ?? quad ?? [];
  const [host = '', zone, ...rest] = address.split('%');
  const octets = parseIpAddress(host);
  const port = Number(digits);
  if (octets === undefined || rest.length > 0 || port < 1 || port > 65_535) return undefined;
  if (zone !== undefined && (octets.length === 4 || !/^[A-Za-z0-9_.-]{1,32}$/.test(zone))) return undefined;
  if (bracketed !== null && octets.length === 4) return undefined;
  return { address, port };
}

/** The `nameserver` lines of a resolv.conf(5), in order; what cannot be read is passed over, as the C library does. */
export function parseResolvConf(text: string): readonly Server[] {
  const servers: Server[] = [];
  for (const line of text.split('\n')) {
    const match = /^nameserver[ \t]+(\S+)/.exec(line);
    const server = match === null ? undefined : parseServer(match[1]!);
    if (server !== undefined && servers.length < MAX_SERVERS) servers.push(server);
  }
  return servers;
}

/**
 * The servers of resolv.conf; where there is no such file, what the runtime knows of the system; where that names
 * none, the one on this machine, as resolv.conf(5) says.
 */
export async function readSystemServers(path: string = DEFAULT_PATH): Promise<readonly Server[]> {
  let servers: readonly Server[];
  try {
    servers = parseResolvConf(await readFile(path, 'utf8'));
  } catch {
    servers = getServers().flatMap((text) => parseServer(text) ?? []);
  }
  return servers.length > 0 ? servers.slice(0, MAX_SERVERS) : [{ address: '127.0.0.1', port: DNS_PORT }];
}
