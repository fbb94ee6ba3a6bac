// The settings of the rewriting service.

import { z } from 'zod';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { parsePrefix } from '../../core/net/prefix.ts';
import { MAX_TORRENT_OCTETS } from '../../core/torrent/metainfo.ts';
import { parseServer } from '../../io/dns-client/name-server.ts';
import type { ParsedConfig } from './config-schema.ts';
import { parseSocketAddress } from './config-values.ts';
import { integer, listOf, notation, setting } from './setting.ts';

const LISTEN = 'an address with a port, such as "127.0.0.1:8054", or nothing';
const HOST = 'a host name, such as "rewrite.example"';
const ORIGIN = 'an origin, such as "https://tool.example", or "*" for all';
const PREFIX = 'an address or a network, such as "192.0.2.53" or "2001:db8::/32"';
const RESOLVER =
  'a name server: an address such as "192.0.2.53" or "[::1]:5300", tls://NAME or https://NAME/PATH';
/** Above what one process answers: more would be no limit. */
const MAX_RATE_LIMIT = 1_000_000;
/** Nearly every torrent is smaller; those of whole archives are not. */
const DEFAULT_MAX_TORRENT_OCTETS = 10 * 1024 * 1024;
/** Two a second for as long as a minute: more than a person drops, less than a loop. */
const DEFAULT_RATE_LIMIT = 120;
/** RFC 1035 §2.3.4: 255 octets of a name are 253 characters of text. */
const MAX_NAME_CHARACTERS = 253;
/** Less is no torrent. */
const MIN_TORRENT_OCTETS = 1024;

/** What an empty `listen` is read as: undefined would mean that it cannot be read. */
const NOWHERE = 'nowhere';

/** The section `[rewriter]`. */
export const rewriterSection = z
  .strictObject({
    listen: setting(
      notation((text) => (text === '' ? NOWHERE : parseSocketAddress(text)), LISTEN),
      {
        comment:
          'An address of its own for the rewriting service and its page, for others than the operator; HTTPS is the work of ' +
          'a proxy before it. Empty: on the admin address only.',
        argument: 'address:port',
        kind: 'text',
        default: '',
      },
    ),
    hosts: setting(listOf(notation(parseHost, HOST), HOST), {
      comment:
        'Names that the address of its own may be asked by, beside addresses and localhost. With none, a loopback address ' +
        'takes no name, so that no page can reach it by a name of its own (DNS rebinding), and another address takes all.',
      argument: 'host',
      kind: 'list',
      default: [],
    }),
    origins: setting(listOf(notation(parseOrigin, ORIGIN), ORIGIN), {
      comment:
        'Sites whose pages may use the service (CORS): "https://tool.example", or "*" for all. None by default.',
      argument: 'origin',
      kind: 'list',
      default: [],
    }),
    rate_limit: setting(integer(0, MAX_RATE_LIMIT), {
      comment: 'Requests of one client (an IPv4 address, an IPv6 /64) a minute. 0: no limit.',
      argument: 'count',
      kind: 'number',
      default: DEFAULT_RATE_LIMIT,
    }),
    trusted_proxies: setting(
      listOf(
        notation((text) => (parsePrefix(text) === undefined ? undefined : text), PREFIX),
        PREFIX,
      ),
      {
        comment:
          'Addresses and networks of proxies before the address of its own, whose X-Forwarded-For says who the client is.',
        argument: 'network',
        kind: 'list',
        default: [],
      },
    ),
    max_torrent_octets: setting(integer(MIN_TORRENT_OCTETS, MAX_TORRENT_OCTETS), {
      comment: 'Largest torrent that the service takes.',
      argument: 'octets',
      kind: 'number',
      default: DEFAULT_MAX_TORRENT_OCTETS,
    }),
    resolvers: setting(
      listOf(
        notation((text) => (parseServer(text) === undefined ? undefined : text), RESOLVER),
        RESOLVER,
      ),
      {
        comment: "Name servers that are asked, in this order. Empty: the system's.",
        argument: 'address',
        kind: 'list',
        default: [],
      },
    ),
  })
  .prefault({});

export interface RewriterConfig {
  /** Undefined: on the admin address only. */
  readonly listen: SocketAddress | undefined;
  /** In lower case, without final dot. */
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** Requests a minute; 0: no limit. */
  readonly rateLimit: number;
  readonly trustedProxies: readonly string[];
  readonly maxTorrentOctets: number;
  /** Empty: the system's. */
  readonly resolvers: readonly string[];
}

export function toRewriterConfig(rewriter: ParsedConfig['rewriter']): RewriterConfig {
  return {
    listen: rewriter.listen === NOWHERE ? undefined : rewriter.listen,
    hosts: rewriter.hosts,
    origins: rewriter.origins,
    rateLimit: rewriter.rate_limit,
    trustedProxies: rewriter.trusted_proxies,
    maxTorrentOctets: rewriter.max_torrent_octets,
    resolvers: rewriter.resolvers,
  };
}

/** RFC 1123 §2.1, without port. */
function parseHost(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return /^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(name) && name.length <= MAX_NAME_CHARACTERS
    ? name
    : undefined;
}

/** As a browser sends it (RFC 6454 §6.2): no path, no port that goes without saying. */
function parseOrigin(text: string): string | undefined {
  if (text === '*') return text;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text ? text : undefined;
}
