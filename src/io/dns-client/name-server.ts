// How a name server is written, and what it is asked over.

import { parseIpAddress } from '../../core/net/ip-address.ts';
import { DNS_PORT, DNS_TLS_PORT } from '../../core/net/ports.ts';

export type NameServer = PlainServer | TlsServer | HttpsServer;

/** UDP, and TCP for what does not fit. `address` may carry a zone identifier: `fe80::1%eth0` (RFC 4007 §11). */
export interface PlainServer {
  readonly transport: 'udp';
  readonly address: string;
  readonly port: number;
}

/** DNS over TLS (RFC 7858). */
export interface TlsServer {
  readonly transport: 'tls';
  /** A name, which the system resolves, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** What the certificate must be for, where it is not `host` (RFC 8310 §7.1). */
  readonly certificateName: string | undefined;
}

/** DNS over HTTPS (RFC 8484). */
export interface HttpsServer {
  readonly transport: 'https';
  /** Without query and fragment; of a template (`…{?dns}`) what comes before the brace. */
  readonly url: string;
}

const NAME = /^(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/;

/**
 * `127.0.0.1`, `127.0.0.1:5300`, `[::1]:5300`, `fe80::1%eth0` for UDP and TCP; `tls://dns.example`,
 * `tls://192.0.2.1:853#dns.example` (the name of the certificate after the `#`, as unbound and kdig take it);
 * `https://dns.example/dns-query`. Undefined for all else: a name without a scheme included (who would look it up?).
 */
export function parseServer(text: string): NameServer | undefined {
  if (/^tls:\/\//i.test(text)) return parseTls(text.slice('tls://'.length));
  if (/^https:\/\//i.test(text)) return parseHttps(text);
  const server = parseAddress(text, DNS_PORT);
  return server === undefined ? undefined : { transport: 'udp', ...server };
}

/** An IP address with or without a port; IPv6 with a port in brackets. */
function parseAddress(text: string, defaultPort: number): { address: string; port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::([0-9]{1,5}))?$/.exec(text);
  const quad = /^([0-9.]+)(?::([0-9]{1,5}))?$/.exec(text);
  const [, address = text, digits = String(defaultPort)] = bracketed ?? quad ?? [];
  const [host = '', zone, ...rest] = address.split('%');
  const octets = parseIpAddress(host);
  const port = Number(digits);
  if (octets === undefined || rest.length > 0 || !isPort(port)) return undefined;
  if (zone !== undefined && (octets.length === 4 || !/^[A-Za-z0-9_.-]{1,32}$/.test(zone))) return undefined;
  if (bracketed !== null && octets.length === 4) return undefined;
  return { address, port };
}

function parseTls(text: string): TlsServer | undefined {
  const [, authority = '', certificateName] = /^([^/#]+)\/?(?:#(.*))?$/.exec(text) ?? [];
  if (certificateName !== undefined && !isName(certificateName)) return undefined;
  const server = parseAddress(authority, DNS_TLS_PORT);
  if (server !== undefined)
    return { transport: 'tls', host: server.address, port: server.port, certificateName };
  const [, host = '', digits = String(DNS_TLS_PORT)] = /^([^:]+)(?::([0-9]{1,5}))?$/.exec(authority) ?? [];
  const port = Number(digits);
  return isName(host) && isPort(port) ? { transport: 'tls', host, port, certificateName } : undefined;
}

function parseHttps(text: string): HttpsServer | undefined {
  const template = text.replace(/\{\?dns\}$/, ''); // RFC 8484 §4.1 writes servers so
  if (!URL.canParse(template)) return undefined;
  const url = new URL(template);
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isBare ? { transport: 'https', url: url.href } : undefined;
}

/** Not a name that a careless reader takes for an address: the last label of a name is no number. */
function isName(text: string): boolean {
  return NAME.test(text) && !/(?:^|\.)[0-9]+\.?$/.test(text);
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
