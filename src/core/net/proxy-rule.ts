// Which proxies stand in front of a server, and how they say whose connection or request they pass on.

import type { PacketSource } from './packet-handler.ts';
import { isInAnyPrefix, type Prefix } from './prefix.ts';

export interface ProxyRule {
  /** Where the proxies are: nobody else is believed. */
  readonly networks: readonly Prefix[];
  /** Their connections begin with a PROXY header (proxy-header.ts), all of them. */
  readonly sendsProxyHeader: boolean;
  /** The HTTP field that names who asks, lower case; undefined: none does. */
  readonly field: string | undefined;
}

/** Whether this is one of the proxies. */
export function isProxy({ networks }: ProxyRule, source: PacketSource): boolean {
  return isInAnyPrefix(source, networks);
}
