// What the parameters of an SVCB or HTTPS record say together (RFC 9460 §2.4.3, §7, §8; RFC 9461 §5).
// Non-null assertions: the parser has made sure that keys ascend and that every value ends within the data.

import { nameLength } from '../../dns/name.ts';
import { readUint16 } from '../../octets/big-endian.ts';
import { octetsToText } from '../../octets/text.ts';
import { decodeUtf8 } from '../../octets/utf8.ts';
import { formatServiceKey, ServiceKey } from '../rdata/service-keys.ts';

/** Key and length before each value (RFC 9460 §2.2). */
const PARAMETER_HEAD_OCTETS = 4;

/** The data from `start` to `end`; what is wrong and what to write instead, or undefined. */
export function serviceProblem(octets: Uint8Array, start: number, end: number): string | undefined {
  const first = start + 2 + nameLength(octets, start + 2);
  let hasAlpn = false;
  for (let at = first; at < end; at = nextParameter(octets, at)) {
    const key = readUint16(octets, at);
    const problem = valueProblem(octets, at);
    if (problem !== undefined) return `${formatServiceKey(key)} ${problem}.`;
    if (key === ServiceKey.alpn) hasAlpn = true;
    if (key === ServiceKey.noDefaultAlpn && !hasAlpn)
      return 'no-default-alpn stands beside alpn only (RFC 9460 §7.1.1): add alpn=h2 or the like, or take it away.';
  }
  const hasMandatory = first < end && readUint16(octets, first) === ServiceKey.mandatory;
  return hasMandatory ? mandatoryProblem(octets, first, end) : undefined;
}

function nextParameter(octets: Uint8Array, at: number): number {
  return at + PARAMETER_HEAD_OCTETS + readUint16(octets, at + 2);
}

/** RFC 9460 §8: keys that the record has, in ascending order, each once, and not `mandatory` itself. */
function mandatoryProblem(octets: Uint8Array, first: number, end: number): string | undefined {
  let at = nextParameter(octets, first);
  let previous = -1;
  for (let item = first + PARAMETER_HEAD_OCTETS, last = at; item < last; item += 2) {
    const key = readUint16(octets, item);
    const name = formatServiceKey(key);
    if (key === ServiceKey.mandatory)
      return 'mandatory never names itself (RFC 9460 §8): take it out of there.';
    if (key <= previous)
      return `mandatory names ${name} twice or too late (RFC 9460 §8): name each key once, in the order of their numbers.`;
    previous = key;
    while (at < end && readUint16(octets, at) < key) at = nextParameter(octets, at);
    if (at >= end || readUint16(octets, at) !== key)
      return `mandatory names ${name}, which this record does not have (RFC 9460 §8): add ${name}, or take it out of there.`;
  }
  return undefined;
}

/** Of the parameter at `at`: how the sentence that begins with its key goes on. */
function valueProblem(octets: Uint8Array, at: number): string | undefined {
  const start = at + PARAMETER_HEAD_OCTETS;
  const length = readUint16(octets, at + 2);
  switch (readUint16(octets, at)) {
    case ServiceKey.mandatory:
      return length > 0 && length % 2 === 0 ? undefined : 'is a list of keys, like mandatory=alpn,port';
    case ServiceKey.alpn:
      return isAlpn(octets, start, start + length) ? undefined : 'is a list of protocols, like alpn=h2,h3';
    case ServiceKey.noDefaultAlpn:
      return length === 0 ? undefined : 'has no value: write the word alone';
    case ServiceKey.port:
      return length === 2 ? undefined : 'is one number, like port=443';
    case ServiceKey.ipv4hint:
      return length > 0 && length % 4 === 0
        ? undefined
        : 'is a list of IPv4 addresses, like ipv4hint=192.0.2.1';
    case ServiceKey.ipv6hint:
      return length > 0 && length % 16 === 0
        ? undefined
        : 'is a list of IPv6 addresses, like ipv6hint=2001:db8::1';
    case ServiceKey.dohpath:
      return isQueryTemplate(octetsToText(octets, start, start + length))
        ? undefined
        : 'is a path with the variable dns, like dohpath=/dns-query{?dns} (RFC 9461 §5)';
    default:
      return undefined;
  }
}

/** RFC 9460 §7.1.1: names with a length octet each, one at least, none of them empty. */
function isAlpn(octets: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && octets[at]! > 0) at += octets[at]! + 1;
  return at === end && at > start;
}

/** RFC 6570 §2.2 and §2.3: an operator, and variables with a length or a star. */
const EXPRESSION =
  /\{[+#./;?&]?((?:\w|%[0-9A-F]{2})(?:[\w.]|%[0-9A-F]{2})*(?::[1-9]\d{0,3}|\*)?(?:,(?:\w|%[0-9A-F]{2})(?:[\w.]|%[0-9A-F]{2})*(?::[1-9]\d{0,3}|\*)?)*)\}/gi;

/** RFC 9461 §5: a relative URI template in UTF-8 that begins with a slash and has the variable `dns`. */
function isQueryTemplate(octetText: string): boolean {
  const text = decodeUtf8(octetText);
  if (text === undefined || !text.startsWith('/')) return false;
  let hasQuery = false;
  const literals = text.replace(EXPRESSION, (_whole, variables: string) => {
    hasQuery ||= variables.split(',').some((variable) => /^dns(?:[:*]|$)/.test(variable));
    return '';
  });
  return hasQuery && /^(?:[^{}%]|%[0-9A-F]{2})*$/i.test(literals);
}
