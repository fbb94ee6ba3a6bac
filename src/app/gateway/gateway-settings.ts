// The flags of `portolan gateway`, read and checked, all problems at once.

import { z } from 'zod';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../core/net/prefix.ts';
import { LOG_LEVELS } from '../../io/log.ts';
import { parseDuration, parseSocketAddress } from '../config/config-values.ts';
import { listOf, notation } from '../config/setting.ts';

const ADDRESS = 'an address with a port, such as "127.0.0.1:8118" or "[::1]:8118"';
const NETWORK = 'an address or a network, such as "192.168.1.0/24" or "2001:db8::/32"';

/** A client waits ten seconds for the first octet of an answer (libtorrent's tracker_receive_timeout). */
const DEFAULT_TIMEOUT = '9s';
/** No client waits longer (libtorrent's tracker_completion_timeout is 30 s, transmission's limit is 60 s). */
const MAX_TIMEOUT_SECONDS = 60;

export const gatewayDefaults = {
  listen: ['127.0.0.1:8118'],
  allow: ['127.0.0.0/8', '::1'],
  allowPrivate: [],
  admin: '127.0.0.1:8053',
  timeout: DEFAULT_TIMEOUT,
  logLevel: 'info',
} as const;

const network = notation(parsePrefix, NETWORK);
const address = notation(parseSocketAddress, ADDRESS);

export const gatewaySchema = z.strictObject({
  listen: listOf(address, ADDRESS).prefault([...gatewayDefaults.listen]),
  allow: listOf(network, NETWORK).prefault([...gatewayDefaults.allow]),
  allowPrivate: listOf(network, NETWORK).prefault([]),
  allowConnect: z.boolean().default(false),
  admin: address.prefault(gatewayDefaults.admin),
  timeout: notation(parseDuration, 'a duration with its unit, such as "9s"')
    .refine(
      (seconds) => seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS,
      `expected from "1s" to "${MAX_TIMEOUT_SECONDS}s"`,
    )
    .prefault(DEFAULT_TIMEOUT),
  logLevel: z.enum(LOG_LEVELS, `expected ${LOG_LEVELS.join(', ')}`).default('info'),
});

export interface GatewaySettings {
  readonly listen: readonly SocketAddress[];
  /** Clients that may use it. */
  readonly allow: readonly Prefix[];
  /** Networks other than the Internet in which trackers may be. */
  readonly allowPrivate: readonly Prefix[];
  readonly allowConnect: boolean;
  /** Of a server on this machine: no tracker is there. */
  readonly admin: SocketAddress;
  readonly timeoutSeconds: number;
  readonly logLevel: z.output<typeof gatewaySchema>['logLevel'];
}

export type GatewaySettingsResult =
  | { readonly kind: 'settings'; readonly settings: GatewaySettings }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** `flags` by the names of {@link gatewaySchema}; what is absent has its default. */
export function readGatewaySettings(flags: object): GatewaySettingsResult {
  const result = gatewaySchema.safeParse(flags);
  if (!result.success) return { kind: 'wrong', problems: result.error.issues.map(formatIssue) };
  const { timeout, ...rest } = result.data;
  return { kind: 'settings', settings: { ...rest, timeoutSeconds: timeout } };
}

function formatIssue({ path: [key], message }: z.core.$ZodIssue): string {
  const flag = String(key).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return key === undefined ? message : `--${flag}: ${message}`;
}

export function formatNetworks(prefixes: readonly Prefix[]): string {
  return prefixes.map(formatPrefix).join(', ');
}
