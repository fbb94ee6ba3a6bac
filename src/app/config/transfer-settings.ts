// The settings of zone transfers: who may take zones, who is told of changes, and whose zones are served here.

import { z } from 'zod';
import { parseTransferRule } from '../../core/transfer/access.ts';
import {
  parseCertificateName,
  parseHostName,
  parseKey,
  parseNotifyTarget,
  parseRemote,
} from './remote-values.ts';
import { listOf, notation, type SettingTable, setting } from './setting.ts';

const RULE = 'an address, a prefix, "key:NAME", or both, such as "192.0.2.0/24 key:transfer"';
const TARGET =
  'an address with or without port and key, such as "192.0.2.53" or "[2001:db8::1]:5353 key:transfer"';
const REMOTE =
  'an address with or without port, such as "192.0.2.1", "192.0.2.1:5353" or "[2001:db8::1]:5353"';

/** Bounds what one process asks about: each is a timer and a line of the status page. NSD and Knot have no bound. */
const MAX_SECONDARIES = 10_000;
/** BIND asks as many as are written; more than a handful is a mistake. */
const MAX_PRIMARIES = 16;

const TABLE_KEYS = ['zone', 'primaries', 'key', 'tls', 'tls_ca', 'tracker', 'catalog'] as const;

const secondary = z.preprocess(
  tableOfWords,
  z.strictObject(
    {
      zone: notation(parseHostName, 'a zone name, such as "example.net"'),
      primaries: listOf(notation(parseRemote, REMOTE), REMOTE).pipe(
        z
          .array(z.custom<NonNullable<ReturnType<typeof parseRemote>>>())
          .min(1, 'expected at least one address')
          .max(MAX_PRIMARIES, `expected at most ${MAX_PRIMARIES} addresses`),
      ),
      key: notation(parseKey, 'the name of a key').optional(),
      tls: notation(parseCertificateName, 'the name in the certificate of the primaries').optional(),
      tls_ca: z.string('expected a path').min(1, 'expected a path').optional(),
      tracker: z.boolean('expected true or false').default(false),
      catalog: z.boolean('expected true or false').default(false),
    },
    `expected a table, or a string of words such as "zone=example.net primaries=192.0.2.1"`,
  ),
);

const secondaries = z.preprocess(
  (value) => (typeof value === 'string' || isTable(value) ? [value] : value),
  z
    .array(secondary, 'expected a list of tables')
    .max(MAX_SECONDARIES, `expected at most ${MAX_SECONDARIES} zones`)
    .superRefine((tables, context) => {
      const seen = new Set<string>(); // as many as there are tables
      for (const [index, { zone, tls, tls_ca }] of tables.entries()) {
        if (seen.has(zone)) refuse([index, 'zone'], `${zone} is named twice`);
        if (tls_ca !== undefined && tls === undefined)
          refuse([index, 'tls_ca'], 'without tls there is no certificate to check');
        seen.add(zone);
      }
      function refuse(path: (string | number)[], message: string): void {
        context.addIssue({ code: 'custom', path, message, input: tables });
      }
    }),
);

/** Keys of the section `[dns]`. */
export const transferSettings = {
  keys: setting(listOf(z.string().min(1, 'expected a path'), 'a path'), {
    comment:
      'Files with TSIG keys (RFC 8945): key clauses as tsig-keygen prints them, or lines "hmac-sha256:NAME:SECRET". ' +
      'Other settings name a key by its NAME. Read again at SIGHUP; never printed or logged.',
    argument: 'path',
    kind: 'list',
    default: [],
  }),
  transfer: setting(listOf(notation(parseTransferRule, RULE), RULE), {
    comment:
      'Who may take whole zones from here (AXFR, IXFR): addresses, prefixes, "key:NAME", or a prefix and a key that ' +
      'must both fit, such as "2001:db8::/32 key:transfer". Nobody unless it is written.',
    argument: 'rule',
    kind: 'list',
    default: [],
  }),
  notify: setting(listOf(notation(parseNotifyTarget, TARGET), TARGET), {
    comment:
      'Who is told that a zone has changed (NOTIFY): "192.0.2.53", "[2001:db8::1]:5353 key:transfer". Port 53 unless ' +
      'it is written.',
    argument: 'address',
    kind: 'list',
    default: [],
  }),
  secondaries: setting(secondaries, {
    comment:
      'Zones that are kept at other servers and copied from there: zone, primaries (addresses, port 53 unless it is ' +
      'written, 853 with tls), key (the name of a TSIG key), tls (the name that the certificates of the primaries must ' +
      'have), tls_ca (a file with the authority that signed them; without it those of the system), tracker (true opens ' +
      'the ports that the zone declares), catalog (true: the zone lists other zones of the same primaries, RFC 9432). ' +
      'As a flag, one string of words a zone: "zone=example.net primaries=192.0.2.1,192.0.2.2 key=transfer".',
    argument: 'words',
    kind: 'tables',
    default: [],
    columns: TABLE_KEYS,
    pathColumn: 'tls_ca',
  }),
};

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `zone=example.net primaries=192.0.2.1,192.0.2.2 tracker=true` as the table that it stands for. */
function tableOfWords(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const table: { [key: string]: SettingTable[string] } = {};
  for (const word of value.split(/\s+/).filter((part) => part !== '')) {
    const [key = '', ...rest] = word.split('=');
    const text = rest.join('=');
    if (rest.length === 0) return value;
    if (key === 'primaries') table[key] = text.split(',');
    else table[key] = text === 'true' || text === 'false' ? text === 'true' : text;
  }
  return table;
}
