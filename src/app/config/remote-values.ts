// The notations of other servers: where they are asked, by which key they are known.

import { parseName } from '../../core/dns/name.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { DNS_PORT } from '../../core/net/ports.ts';
import { formatHostName } from '../../core/preference/hosts.ts';
import { formatKeyName, parseKeyName } from '../../core/transfer/access.ts';
import { parseSocketAddress } from './config-values.ts';

/** `port` is undefined where none is written: the transport says which it is. */
export interface Remote {
  readonly address: string;
  readonly port: number | undefined;
}

/** Who is told of a change, and the name of the key that the message is signed with. */
export interface NotifyTarget extends SocketAddress {
  readonly key: string | undefined;
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. */
export function parseRemote(text: string): Remote | undefined {
  const address = canonicalAddress(text);
  if (address !== undefined) return { address, port: undefined };
  const both = parseSocketAddress(text);
  return both === undefined || both.port === 0 ? undefined : both;
}

/** The same, and `key:NAME` behind a blank. */
export function parseNotifyTarget(text: string): NotifyTarget | undefined {
  const [where = '', word, ...rest] = text.trim().split(/\s+/);
  const remote = parseRemote(where);
  if (remote === undefined || rest.length > 0) return undefined;
  const { address, port = DNS_PORT } = remote;
  if (word === undefined) return { address, port, key: undefined };
  const key = word.startsWith('key:') ? parseKey(word.slice('key:'.length)) : undefined;
  return key === undefined ? undefined : { address, port, key };
}

/** A domain name in lower case without its final dot, as zones are named here; `.` is the root. */
export function parseHostName(text: string): string | undefined {
  const name = parseName(text);
  if (typeof name === 'string') return undefined;
  return formatHostName(name);
}

/** The name that a certificate is for; addresses are none. */
export function parseCertificateName(text: string): string | undefined {
  return canonicalAddress(text) === undefined ? parseHostName(text) : undefined;
}

/** A key's name as text, in lower case without its final dot. */
export function parseKey(text: string): string | undefined {
  const name = parseKeyName(text);
  return name === undefined ? undefined : formatKeyName(name);
}
