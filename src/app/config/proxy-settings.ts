// Settings under [tracker] of the proxies in front of it, and what connections are judged by.

import { z } from 'zod';
import { type Prefix, parsePrefix } from '../../core/net/prefix.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import { listOf, notation, setting } from './setting.ts';

const NETWORK = 'an address or a network with its length, such as "192.0.2.10" or "10.0.0.0/8"';
const FIELD = 'the name of an HTTP field with addresses, such as "X-Forwarded-For" or "X-Real-IP"';
/** Each is compared with every connection; the front ends of the largest providers are some hundred networks. */
const MAX_PROXIES = 256;
/** RFC 9110 §5.6.2. The length is nobody's: no field of this kind comes near it. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;

export const proxySettings = {
  proxies: setting(
    listOf(notation(parsePrefix, NETWORK), NETWORK).pipe(
      z.array(z.custom<Prefix>()).max(MAX_PROXIES, `expected at most ${MAX_PROXIES} networks`),
    ),
    {
      comment:
        'Addresses and networks of the proxies in front of the HTTP tracker. They, and nobody else, are believed when they ' +
        'say whose connections and requests they pass on, and the cap on connections of one network is not for them.',
      argument: 'network',
      kind: 'list',
      default: [],
    },
  ),
  proxy_protocol: setting(z.enum(['on', 'off'], 'expected "on" or "off"'), {
    comment:
      'Whether the proxies send the PROXY protocol (version 1 or 2): then every connection of theirs must begin with its ' +
      'header. From anybody else such a header closes the connection.',
    argument: 'choice',
    kind: 'text',
    default: 'off',
  }),
  proxy_header: setting(notation(parseField, FIELD), {
    comment:
      'HTTP field in which the proxies name the client, such as "X-Forwarded-For" or "X-Real-IP": of its addresses, the ' +
      'last that is no proxy of these. Empty: none is believed.',
    argument: 'name',
    kind: 'text',
    default: '',
  }),
} as const;

export interface ProxySettings {
  readonly proxies: readonly Prefix[];
  readonly proxy_protocol: 'on' | 'off';
  /** Lower case; undefined: none. */
  readonly proxy_header: { readonly field: string | undefined };
}

/** RFC 7239's Forwarded has a syntax of its own, and nothing here reads it. */
function parseField(text: string): ProxySettings['proxy_header'] | undefined {
  if (text === '') return { field: undefined };
  const field = text.toLowerCase();
  return TOKEN.test(text) && field !== 'forwarded' ? { field } : undefined;
}

/** Proxies that cannot say whom they stand for, a way to say it without proxies, and everybody as a proxy. */
export function checkProxies(tracker: ProxySettings, context: z.RefinementCtx): void {
  const { proxies, proxy_protocol, proxy_header } = tracker;
  const refuse = (key: keyof ProxySettings, message: string): void =>
    context.addIssue({ code: 'custom', path: ['tracker', key], message, input: tracker });
  const says = proxy_protocol === 'on' || proxy_header.field !== undefined;
  if (proxies.some(({ bits }) => bits === 0))
    refuse('proxies', 'a length of 0 is everybody, and whoever is believed may announce any address');
  if (proxies.length > 0 && !says)
    refuse('proxies', 'expected tracker.proxy_protocol = "on" or tracker.proxy_header too');
  if (proxies.length === 0 && says)
    refuse('proxies', 'expected the addresses of the proxies that are to be believed');
}

/** Undefined: there are no proxies. */
export function toProxyRule({ proxies, proxy_protocol, proxy_header }: ProxySettings): ProxyRule | undefined {
  if (proxies.length === 0) return undefined;
  return { networks: proxies, sendsProxyHeader: proxy_protocol === 'on', field: proxy_header.field };
}
