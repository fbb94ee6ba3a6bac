// Every setting, once: its notation, its default, the sentence that explains it. The file, the flags, the printed
// sample and docs/configuration.md all come from here.

import { z } from 'zod';
import { parseAddressEntry } from '../../core/preference/address-map.ts';
import { accessSection, checkAccess } from './access-settings.ts';
import { answerSettings } from './answer-settings.ts';
import { parseDuration, parseListenAddress, parsePortRange, parseSocketAddress } from './config-values.ts';
import { checkPages, pageSettings } from './page-settings.ts';
import { checkProxies, proxySettings } from './proxy-settings.ts';
import { rewriterSection } from './rewriter-settings.ts';
import { integer, listOf, notation, type SettingNotes, setting, settingNotes } from './setting.ts';
import { swarmSettings } from './swarm-settings.ts';
import { checkTls, tlsListenSetting, tlsSection } from './tls-settings.ts';
import { transferSettings } from './transfer-settings.ts';

const DURATION = 'a duration with its unit, such as "90s", "30m", "4h" or "1d"';
const LISTEN = 'an address with a port, such as "127.0.0.1:53", "[::1]:53" or "auto:53"';

const sections = z.strictObject({
  zones: setting(listOf(z.string().min(1, 'expected a path'), 'a path'), {
    comment:
      'Zone files, or folders whose *.zone files are served. Relative to the folder of the configuration file.',
    argument: 'path',
    kind: 'list',
    default: ['zones'],
  }),
  state: setting(z.string('expected a path').min(1, 'expected a path'), {
    comment:
      'Folder for what must outlive a restart: last good zones, the drain ledger, peers while nothing runs. Made with mode 0700.',
    argument: 'folder',
    kind: 'text',
    default: 'state',
  }),
  dns: z
    .strictObject({
      listen: setting(listOf(notation(parseListenAddress, LISTEN), LISTEN), {
        comment:
          'Where DNS is answered, over UDP and TCP. In production "auto:53": port 53 of each address of each interface ' +
          '(0.0.0.0 would collide with a local stub resolver, and hide which address was asked).',
        argument: 'address:port',
        kind: 'list',
        default: ['127.0.0.1:5300', '[::1]:5300'],
      }),
      udp_payload: setting(integer(512, 4096), {
        comment:
          'Largest DNS answer over UDP, in octets; what is larger is truncated and asked again over TCP.',
        argument: 'octets',
        kind: 'number',
        default: 1232,
      }),
      tls_listen: tlsListenSetting,
      ...answerSettings,
      ...transferSettings,
    })
    .prefault({}),
  tls: tlsSection,
  tracker: z
    .strictObject({
      addresses: setting(
        listOf(
          notation(parseAddressEntry, 'an address, "auto", or a pair "published=bound" of one family'),
          'an address, "auto" or a pair "published=bound"',
        ),
        {
          comment:
            'Which A and AAAA addresses of the zones are this machine\'s: "auto" is those of its interfaces; behind NAT ' +
            'write pairs "public=private". A wildcard is bound only where it is written: "203.0.113.5=0.0.0.0".',
          argument: 'address',
          kind: 'list',
          default: 'auto',
        },
      ),
      interval: setting(notation(parseDuration, DURATION).refine(isInterval, 'expected from "1m" to "1d"'), {
        comment: 'How often a client announces; ± 10 % so that clients do not come all at once.',
        argument: 'duration',
        kind: 'text',
        default: '30m',
      }),
      drain: setting(
        notation((text) => (text === 'ttl' ? 0 : parseDuration(text)), `"ttl", or ${DURATION}`),
        {
          comment:
            'How long a withdrawn port stays open: "ttl" is until no cache can name it any more; a duration counts where ' +
            'it is longer. "4h" for public trackers: BiglyBT caches for four hours whatever the TTL says.',
          argument: 'duration',
          kind: 'text',
          default: 'ttl',
        },
      ),
      allowed_ports: setting(
        z.preprocess(
          (value) =>
            value === 'any' || (Array.isArray(value) && value.length === 1 && value[0] === 'any')
              ? []
              : value,
          listOf(
            notation(parsePortRange, 'a port or a range such as "1024-65535"'),
            '"any", a port or a range',
          ),
        ),
        {
          comment:
            'What a zone may open: "any", or a list such as ["80", "443", "1024-65535"], which is what "any" means for ' +
            'zones that are copied from other servers.',
          argument: 'ports',
          kind: 'list',
          default: 'any',
        },
      ),
      max_listeners: setting(integer(1, 65_536), {
        comment: 'Tracker sockets that may be open at once, draining ones included.',
        argument: 'count',
        kind: 'number',
        default: 256,
      }),
      ...swarmSettings,
      ...pageSettings,
      ...proxySettings,
      on_bind_failure: setting(z.enum(['reject', 'publish'], 'expected "reject" or "publish"'), {
        comment:
          'When a declared port cannot be opened: "reject" keeps the zone as it was, "publish" publishes the record ' +
          'all the same.',
        argument: 'choice',
        kind: 'text',
        default: 'reject',
      }),
    })
    .prefault({}),
  access: accessSection,
  admin: z
    .strictObject({
      listen: setting(notation(parseSocketAddress, 'an address with a port, such as "127.0.0.1:8053"'), {
        comment:
          'Status page, /status.json, /metrics, /healthz, /readyz, and the rewriting service with its page at /rewrite. ' +
          'Whoever reaches it may read it.',
        argument: 'address:port',
        kind: 'text',
        default: '127.0.0.1:8053',
      }),
    })
    .prefault({}),
  rewriter: rewriterSection,
  workers: z
    .strictObject({
      count: setting(
        z.union([z.literal('auto'), integer(1, 256)], 'expected "auto" or a whole number from 1 to 256'),
        {
          comment: 'Threads that answer packets; "auto" is one a processor.',
          argument: 'count',
          kind: 'number',
          default: 'auto',
        },
      ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: setting(
        z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'expected debug, info, warn, error or silent'),
        {
          comment: "Least severity that is logged. Never a client's address, at no level.",
          argument: 'level',
          kind: 'text',
          default: 'info',
        },
      ),
    })
    .prefault({}),
});

export const configSchema = sections.superRefine(({ zones, dns, tls, tracker, access }, context) => {
  checkTls(tls, dns.tls_listen, context);
  checkProxies(tracker, context);
  checkAccess(access, context);
  checkPages(tracker, context);
  if (zones.length > 0 || dns.secondaries.length > 0) return;
  const message = 'expected at least one path, or a zone of another server in dns.secondaries';
  context.addIssue({ code: 'custom', path: ['zones'], message, input: zones });
});

function isInterval(seconds: number): boolean {
  return seconds >= 60 && seconds <= 86_400;
}

/** The configuration as the file writes it, read and checked. */
export type ParsedConfig = z.output<typeof configSchema>;

/** One setting with the way to it: `['tracker', 'drain']`. */
export interface Setting extends SettingNotes {
  readonly path: readonly string[];
}

/** Every setting, in the order of the schema. */
export function settings(): Setting[] {
  return collectSettings(configSchema, []);
}

function collectSettings(schema: z.ZodType, path: readonly string[]): Setting[] {
  const notes = settingNotes.get(schema as never);
  if (notes !== undefined) return [{ ...notes, path }];
  const section = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(section instanceof z.ZodObject)) throw new TypeError(`${path.join('.')} has no notes`);
  return Object.entries(section.shape).flatMap(([key, child]) =>
    collectSettings(child as z.ZodType, [...path, key]),
  );
}

/** `--tracker-max-listeners`. */
export function flagOf({ path }: Setting): string {
  return `--${path.join('-').replaceAll('_', '-')}`;
}
