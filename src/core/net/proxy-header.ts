// The PROXY header: what a proxy sends ahead of a connection that it passes on, so that the receiver knows whose it is
// (HAProxy's proxy-protocol.txt, versions 1 and 2). Whether one must come is for the caller to know, never to guess
// (§2 there); nothing of an address is read before the whole header is there.
// Non-null assertions: offsets stay below an end that was checked.

import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { crc32c } from '../octets/crc32c.ts';
import { octetsToText, textToOctets } from '../octets/text.ts';
import { parseIpv4, parseIpv6 } from './ip-address.ts';
import type { PacketSource } from './packet-handler.ts';
import { setSource } from './set-source.ts';

export type ProxyHeader =
  /** The octets may become a header. */
  | { readonly kind: 'more' }
  /** They do not begin one. */
  | { readonly kind: 'none' }
  /** Complete: the source is written. The header is the first `consumed` octets. */
  | { readonly kind: 'address'; readonly consumed: number }
  /** Complete, and names nobody: the connection is the proxy's own (a health check), or of a kind that has no address. */
  | { readonly kind: 'own'; readonly consumed: number }
  | { readonly kind: 'malformed'; readonly code: ProxyHeaderFault };

export type ProxyHeaderFault =
  /** A line of version 1 that is not as §2.1 has it, or has no end in {@link MAX_LINE_OCTETS}. */
  | 'line'
  /** A version, command, family or transport that §2.2 does not know. */
  | 'unknown-kind'
  /** More than {@link MAX_PROXY_HEADER_OCTETS}, or too few for its addresses. */
  | 'length'
  /** What follows the addresses is no list of types, lengths and values (§2.2). */
  | 'values'
  /** §2.2.3. */
  | 'checksum';

/** §2.1: the longest line, its CRLF included. */
const MAX_LINE_OCTETS = 107;
/** Of nginx (NGX_PROXY_PROTOCOL_MAX_HEADER): room for a client certificate's names, not for more. */
export const MAX_PROXY_HEADER_OCTETS = 4096;

const LINE_START = textToOctets('PROXY ');
/** §2.2. */
const SIGNATURE = textToOctets('\r\n\r\n\0\r\nQUIT\n');
/** Signature, version and command, family and transport, length of what follows. */
const FIXED_OCTETS = 16;

const Command = { local: 0, proxy: 1 } as const;
const Family = { unspecified: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;
const Transport = { unspecified: 0, stream: 1, datagram: 2 } as const;
/** Two addresses, and two ports where there are any, by family. */
const ADDRESS_OCTETS = [0, 12, 36, 216] as const;
/** §2.2.3. */
const CRC32C_TYPE = 3;
const CRC32C_OCTETS = 4;

const CR = 0x0d;
const LF = 0x0a;

const MORE: ProxyHeader = { kind: 'more' };
const NONE: ProxyHeader = { kind: 'none' };

/** Reads the header that begins at `octets[start]`, of which `octets[start, end)` has come. Never throws. */
export function decodeProxyHeader(
  octets: Uint8Array,
  start: number,
  end: number,
  source: PacketSource,
): ProxyHeader {
  if (start === end) return MORE;
  if (octets[start] === CR) return decodeBinary(octets, start, end, source);
  if (!startsLike(octets, start, end, LINE_START)) return NONE;
  return decodeLine(octets, start, end, source);
}

/** Whether a header begins here, as soon as it can be nothing else. */
export function isProxyHeader(octets: Uint8Array, start: number, end: number): boolean {
  const expected = octets[start] === CR ? SIGNATURE : LINE_START;
  return end - start >= expected.length && startsLike(octets, start, end, expected);
}

/** As far as there are octets of both. */
function startsLike(octets: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  const length = Math.min(end - start, expected.length);
  for (let index = 0; index < length; index++) if (octets[start + index] !== expected[index]) return false;
  return true;
}

function decodeLine(octets: Uint8Array, start: number, end: number, source: PacketSource): ProxyHeader {
  const limit = Math.min(end, start + MAX_LINE_OCTETS);
  const lineFeed = octets.indexOf(LF, start);
  if (lineFeed === -1 || lineFeed >= limit) return limit - start < MAX_LINE_OCTETS ? MORE : malformed('line');
  if (octets[lineFeed - 1] !== CR) return malformed('line');
  const consumed = lineFeed + 1 - start;
  const [, family, ...words] = octetsToText(octets, start, lineFeed - 1).split(' ');
  if (family === 'UNKNOWN') return { kind: 'own', consumed };
  if (family !== 'TCP4' && family !== 'TCP6') return malformed('line');
  const [from = '', to = '', fromPort = '', toPort = '', ...rest] = words;
  const parse = family === 'TCP4' ? parseIpv4 : parseIpv6;
  const address = parse(from);
  const port = parsePort(fromPort);
  const isWhole = parse(to) !== undefined && parsePort(toPort) !== undefined && rest.length === 0;
  if (address === undefined || port === undefined || !isWhole) return malformed('line');
  setSource(source, address, port);
  return { kind: 'address', consumed };
}

function parsePort(text: string): number | undefined {
  const port = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

function decodeBinary(octets: Uint8Array, start: number, end: number, source: PacketSource): ProxyHeader {
  if (!startsLike(octets, start, end, SIGNATURE)) return NONE;
  if (end - start < FIXED_OCTETS) return MORE;
  const versionAndCommand = octets[start + 12]!;
  const command = versionAndCommand & 0x0f;
  const family = octets[start + 13]! >>> 4;
  const transport = octets[start + 13]! & 0x0f;
  if (versionAndCommand >>> 4 !== 2 || command > Command.proxy) return malformed('unknown-kind');
  const consumed = FIXED_OCTETS + readUint16(octets, start + 14);
  if (consumed > MAX_PROXY_HEADER_OCTETS) return malformed('length');
  if (command === Command.local) return end - start < consumed ? MORE : { kind: 'own', consumed };
  if (family > Family.unix || transport > Transport.datagram) return malformed('unknown-kind');
  const valuesAt = FIXED_OCTETS + ADDRESS_OCTETS[family as 0 | 1 | 2 | 3];
  if (consumed < valuesAt) return malformed('length');
  if (end - start < consumed) return MORE;
  // What has no address that could be announced is the connection's own, as where nothing is specified.
  const isInternet = family === Family.ipv4 || family === Family.ipv6;
  if (!isInternet || transport !== Transport.stream) return { kind: 'own', consumed };
  const header = octets.subarray(start, start + consumed);
  const fault = checkValues(header, valuesAt);
  if (fault !== undefined) return malformed(fault);
  const addressOctets = family === Family.ipv4 ? 4 : 16;
  const address = header.subarray(FIXED_OCTETS, FIXED_OCTETS + addressOctets);
  setSource(source, address, readUint16(header, FIXED_OCTETS + 2 * addressOctets));
  return { kind: 'address', consumed };
}

/** Each is a type, two octets of length, and as many of value; only the checksum is looked into. */
function checkValues(header: Uint8Array, from: number): ProxyHeaderFault | undefined {
  let at = from;
  while (at < header.length) {
    if (at + 3 > header.length) return 'values';
    const length = readUint16(header, at + 1);
    const valueAt = at + 3;
    at = valueAt + length;
    if (at > header.length) return 'values';
    if (header[valueAt - 3] !== CRC32C_TYPE) continue;
    if (length !== CRC32C_OCTETS) return 'values';
    if (readUint32(header, valueAt) !== checksumOf(header, valueAt)) return 'checksum';
  }
  return undefined;
}

/** Of the whole header, with zeros where the checksum itself stands. */
function checksumOf(header: Uint8Array, at: number): number {
  const before = crc32c(header.subarray(0, at));
  const zeros = crc32c(new Uint8Array(CRC32C_OCTETS), before);
  return crc32c(header.subarray(at + CRC32C_OCTETS), zeros);
}

function malformed(code: ProxyHeaderFault): ProxyHeader {
  return { kind: 'malformed', code };
}
