// The settings of what goes along with answers: the server's names, cookies, and how many answers there are a second.

import { z } from 'zod';
import { MAX_NSID_OCTETS } from '../../core/dns/edns-reply.ts';
import { DEFAULT_RATE_LIMIT, DEFAULT_RATE_LIMIT_SLIP } from '../../core/dns/rate-limit.ts';
import { type Prefix, parsePrefix } from '../../core/net/prefix.ts';
import { parseHex } from '../../core/octets/text.ts';
import { MAX_CHAOS_OCTETS } from '../../core/zone/answer/chaos.ts';
import { integer, listOf, notation, setting } from './setting.ts';

const PREFIX = 'an address or a network, such as "192.0.2.53" or "2001:db8::/32"';
/** Above what one worker answers: more would be no limit. */
const MAX_RATE_LIMIT = 1_000_000;
/** NSD and Knot allow more; with a hundredth of the answers no client finds its way to TCP. */
const MAX_SLIP = 100;

/** Keys of the section `[dns]`. */
export const answerSettings = {
  nsid: setting(
    notation((text) => parseServerName(text, MAX_NSID_OCTETS), serverName(MAX_NSID_OCTETS)),
    {
      comment:
        'What this server is called to whoever asks by NSID (RFC 5001): text, or octets as "0x…". Tells the servers of one ' +
        'address apart. Empty: nobody is told.',
      argument: 'name',
      kind: 'text',
      default: '',
    },
  ),
  identity: setting(
    notation((text) => parseServerName(text, MAX_CHAOS_OCTETS), serverName(MAX_CHAOS_OCTETS)),
    {
      comment: 'Answer to id.server and hostname.bind, TXT of class CHAOS. Empty: REFUSED.',
      argument: 'name',
      kind: 'text',
      default: '',
    },
  ),
  version: setting(
    notation((text) => parseServerName(text, MAX_CHAOS_OCTETS), serverName(MAX_CHAOS_OCTETS)),
    {
      comment: 'Answer to version.server and version.bind, TXT of class CHAOS. Empty: REFUSED.',
      argument: 'text',
      kind: 'text',
      default: '',
    },
  ),
  cookies: setting(z.enum(['on', 'off'], 'expected "on" or "off"'), {
    comment:
      'DNS cookies (RFC 7873): clients that have one are known not to be forged, and have no rate limit.',
    argument: 'choice',
    kind: 'text',
    default: 'on',
  }),
  cookie_secret_file: setting(z.string('expected a path'), {
    comment:
      'File with the secret of cookies, 32 hexadecimal digits; a second line holds the one before it, still accepted. The ' +
      'same on all servers of one address, BIND, Knot and NSD included (RFC 9018). Empty: a random one at each start. Read again at SIGHUP.',
    argument: 'path',
    kind: 'text',
    default: '',
  }),
  rate_limit: setting(integer(0, MAX_RATE_LIMIT), {
    comment:
      'Answers of one kind a second over UDP to one network (an IPv4 /24, an IPv6 /56), so that a forged source is not ' +
      'flooded. Names of one wildcard, and all that do not exist in a zone, are one kind. 0: no limit.',
    argument: 'count',
    kind: 'number',
    default: DEFAULT_RATE_LIMIT,
  }),
  rate_limit_slip: setting(integer(0, MAX_SLIP), {
    comment:
      'Every which answer over the limit is sent empty with TC, so that a real client asks again over TCP: 1 is all of ' +
      'them, 0 none.',
    argument: 'count',
    kind: 'number',
    default: DEFAULT_RATE_LIMIT_SLIP,
  }),
  rate_limit_exempt: setting(listOf(notation<Prefix>(parsePrefix, PREFIX), PREFIX), {
    comment: 'Addresses and networks without a rate limit.',
    argument: 'network',
    kind: 'list',
    default: ['127.0.0.0/8', '::1'],
  }),
};

function serverName(maxOctets: number): string {
  return `at most ${maxOctets} octets of text, or "0x" and pairs of hexadecimal digits`;
}

/** UTF-8, or the octets after `0x`, as in Knot. */
function parseServerName(text: string, maxOctets: number): Uint8Array | undefined {
  const octets = text.startsWith('0x') ? parseHex(text.slice(2)) : new TextEncoder().encode(text);
  return octets !== undefined && octets.length <= maxOctets ? octets : undefined;
}
