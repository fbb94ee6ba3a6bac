// The host that a request names (RFC 9110 §7.2), as text.

import { octetsToText } from '../../octets/text.ts';
import type { HostVerdict } from '../../preference/host-rule.ts';

export interface RequestHost {
  /** Lower case, no port, no trailing dot; IPv6 literals without brackets. Empty when the client named none. */
  readonly name: string;
  /** The port it named; undefined is the scheme's own. */
  readonly port: number | undefined;
  /** An IP literal in any notation, or nothing: no name that DNS could have given a port to. */
  readonly isLiteral: boolean;
}

/** What this local port is to a host (a DNS name in lower case, no port, no trailing dot); see host-rule.ts. */
export type JudgeHost = (host: string, port: number) => HostVerdict;

/** RFC 1035 §2.3.4, with brackets, port and a trailing dot. */
const MAX_HOST_OCTETS = 270;
/** Names are few and come again; two that share a place take turns. */
const CACHED_HOSTS = 64;

export interface HostReader {
  /** Undefined for what is no host. The result is the same object for the same octets, most of the time. */
  read(octets: Uint8Array, start: number, end: number): RequestHost | undefined;
}

/** Keeps at most {@link CACHED_HOSTS} hosts, so that a client's usual host costs no string. */
export function createHostReader(): HostReader {
  const places: { text: string; host: RequestHost | undefined }[] = Array.from(
    { length: CACHED_HOSTS },
    () => ({ text: '', host: parseHost('') }),
  );
  return {
    read(octets, start, end) {
      if (end - start > MAX_HOST_OCTETS) return undefined;
      let sum = 0;
      for (let at = start; at < end; at++) sum = (sum * 31 + octets[at]!) & 0xffff;
      const place = places[sum % CACHED_HOSTS]!;
      if (!isSame(place.text, octets, start, end)) {
        place.text = octetsToText(octets, start, end);
        place.host = parseHost(place.text);
      }
      return place.host;
    },
  };
}

function isSame(text: string, octets: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== octets[start + index]) return false;
  }
  return true;
}

/** What libtorrent writes for an IPv6 tracker, `::1:6969`: nobody can tell the port, and nobody needs to. */
const BARE_IPV6: RequestHost = { name: '', port: undefined, isLiteral: true };

/** `tracker.example:80`, `192.0.2.1`, `[2001:db8::1]:6969`, or nothing at all. */
export function parseHost(text: string): RequestHost | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]*))(?::([0-9]{0,5}))?$/.exec(text.toLowerCase());
  if (match === null) return /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(text) ? BARE_IPV6 : undefined;
  const port = match[3] === undefined || match[3] === '' ? undefined : Number(match[3]);
  if (port !== undefined && port > 65535) return undefined;
  if (match[1] !== undefined) return { name: match[1], port, isLiteral: true };
  const name = match[2]!.replace(/\.$/, '');
  // A last label that is a number makes it an IPv4 address in one of its notations (127.1, 0x7f.1).
  return { name, port, isLiteral: /(^|\.)([0-9]+|0x[0-9a-f]*)?$/.test(name) };
}
