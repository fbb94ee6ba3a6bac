// Who asks, where a proxy that is believed names the client in a field of the request (X-Forwarded-For, X-Real-IP). Each
// proxy on the way adds the address that it saw to the right, so that everything left of the first address that is no
// proxy's was written by a stranger, and is not looked at.
// Non-null assertions: offsets stay between two that were checked.

import { parseIpAddress, parseIpv4, parseIpv6 } from '../../net/ip-address.ts';
import { createPacketSource, type PacketSource } from '../../net/packet-handler.ts';
import { isProxy, type ProxyRule } from '../../net/proxy-rule.ts';
import { setSource } from '../../net/set-source.ts';
import { octetsToText, textToOctets } from '../../octets/text.ts';

export interface ForwardedReader {
  /**
   * Who sent the request whose sound head is octets[start, end): the source itself where it is no proxy. A sentence for
   * the client where the proxy does not say. The result is overwritten by the next call.
   */
  read(octets: Uint8Array, start: number, end: number, source: PacketSource): PacketSource | string;
}

/** `[`, an IPv6 address that ends in an IPv4 one, `]:`, a port. */
const MAX_HOP_OCTETS = 54;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const COLON = 0x3a;

/** For a rule that names a field. */
export function createForwardedReader(rule: ProxyRule & { readonly field: string }): ForwardedReader {
  const name = textToOctets(rule.field);
  const client = createPacketSource();
  /** Where values begin and end, in turn; bounded by the fields that a head has room for. */
  const values: number[] = [];
  const silent = `the proxy in front of this tracker does not say who asks: it sends no ${rule.field}`;
  const unreadable = `the proxy in front of this tracker does not say who asks: no address in its ${rule.field}`;

  /** Takes hops from the right, until one that is no proxy; all of one value, or of several as of one (RFC 9110 §5.3). */
  function readHops(octets: Uint8Array): PacketSource | string {
    let hops = 0;
    for (let index = values.length - 2; index >= 0; index -= 2) {
      const start = values[index]!;
      let end = values[index + 1]!;
      while (end >= start) {
        const comma = octets.lastIndexOf(COMMA, end - 1);
        const hopAt = end === start || comma < start ? start : comma + 1;
        const hop = trim(octets, hopAt, end);
        end = hopAt - 1;
        if (hop === '') continue; // RFC 9110 §5.6.1.2
        const address = parseHop(hop);
        if (address === undefined) return unreadable;
        setSource(client, address, 0);
        hops++;
        if (!isProxy(rule, client)) return client;
      }
    }
    return hops === 0 ? silent : client;
  }

  return {
    read(octets, start, end, source) {
      if (!isProxy(rule, source)) return source;
      values.length = 0;
      findValues(octets, start, end, name, values);
      return readHops(octets);
    },
  };
}

/** Five positional parameters, as all readers of a head have their octets. */
function findValues(
  octets: Uint8Array,
  start: number,
  end: number,
  name: Uint8Array,
  values: number[],
): void {
  let at = octets.indexOf(LF, start) + 1;
  while (at < end) {
    const lineEnd = octets.indexOf(LF, at);
    if (lineEnd === -1 || lineEnd >= end) return;
    if (isField(octets, at, name)) values.push(at + name.length + 1, lineEnd);
    at = lineEnd + 1;
  }
}

/** `name` is in lower case. It ends in the field's line: none of its octets is the end of one. */
function isField(octets: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    const octet = octets[at + index]!;
    const folded = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (folded !== name[index]) return false;
  }
  return octets[at + name.length] === COLON;
}

/** Without the blanks around it; a text that is no hop where it is longer than any. */
function trim(octets: Uint8Array, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(octets[from]!)) from++;
  while (to > from && isBlank(octets[to - 1]!)) to--;
  return to - from > MAX_HOP_OCTETS ? '?' : octetsToText(octets, from, to);
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB || octet === CR;
}

/** An address with or without a port, an IPv6 address with or without brackets: nginx reads as much. */
function parseHop(text: string): Uint8Array | undefined {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(text) ?? [];
  if (ipv6 !== undefined) return parseIpv6(ipv6);
  return ipv4 === undefined ? parseIpAddress(text) : parseIpv4(ipv4);
}
