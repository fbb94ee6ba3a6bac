// The notations of the configuration: durations, addresses with ports, port ranges. Each reader gives undefined for
// what it cannot read; the schema says in words what it wanted.

import type { SocketAddress } from '../../core/net/endpoint.ts';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import type { PortRange } from '../../core/preference/plan.ts';

const UNIT_SECONDS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `1h30m`, `2d`: whole numbers with their unit, largest first or not; never a bare number. Seconds. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:[0-9]{1,9}[smhd])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]+)([smhd])/g))
    seconds += Number(digits) * UNIT_SECONDS[unit!]!;
  return seconds;
}

export function parsePort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

/** `80` or `1024-65535`. */
export function parsePortRange(text: string): PortRange | undefined {
  const bounds = text.split('-').map(parsePort);
  const first = bounds[0];
  const last = bounds.length === 1 ? first : bounds[1];
  if (bounds.length > 2 || first === undefined || last === undefined || first < 1 || first > last)
    return undefined;
  return { first, last };
}

/** `127.0.0.1:5300`, `[::1]:5300`; port 0 lets the system pick one. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  const address = match === null ? undefined : canonicalAddress(match[1] ?? match[2]!);
  const port = parsePort(match?.[3] ?? '');
  if (address === undefined || port === undefined) return undefined;
  if (address.includes(':') !== (match?.[1] !== undefined)) return undefined;
  return { address, port };
}

/** A socket address, or `auto:53` for each address of each interface. */
export type ListenAddress = SocketAddress | { readonly address: 'auto'; readonly port: number };

export function parseListenAddress(text: string): ListenAddress | undefined {
  if (!text.startsWith('auto:')) return parseSocketAddress(text);
  const port = parsePort(text.slice('auto:'.length));
  return port === undefined ? undefined : { address: 'auto', port };
}
