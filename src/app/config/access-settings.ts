// The section [access]: who may announce what, and whose passkeys a private tracker takes.

import { resolve } from 'node:path';
import { z } from 'zod';
import { MAX_PASSKEYS } from '../../core/access/passkey-table.ts';
import type { PasskeyCallback } from '../../io/passkey-callback.ts';
import { parseDuration } from './config-values.ts';
import { integer, notation, setting } from './setting.ts';

const DURATION = 'a duration from "1s" to "1d"';
/** A key that a site has withdrawn should not outlive a day. */
const MAX_TTL_SECONDS = 86_400;
/** More members than most private trackers have; 4 MB. */
const DEFAULT_PASSKEYS = 100_000;

function listSetting(comment: string) {
  return setting(z.string('expected a path'), { comment, argument: 'path', kind: 'text', default: '' });
}

function ttlSetting(comment: string, value: string) {
  const within = (text: string): number | undefined => {
    const seconds = parseDuration(text);
    return seconds !== undefined && seconds >= 1 && seconds <= MAX_TTL_SECONDS ? seconds : undefined;
  };
  return setting(notation(within, DURATION), { comment, argument: 'duration', kind: 'text', default: value });
}

/** A path that is empty is none. */
export const accessSection = z
  .strictObject({
    torrents_allow: listSetting(
      'File with the info-hashes that may be announced, and no others: 40 hexadecimal digits a line (or 64, BEP 52), ' +
        'comments begin with #. Read again when it is saved and at SIGHUP, as all files of this section; one with an ' +
        'error leaves the list that was.',
    ),
    torrents_deny: listSetting('File with info-hashes that may not be announced, in the same form.'),
    addresses_allow: listSetting(
      'File with the addresses and prefixes that are served, and no others: "192.0.2.0/24", "2001:db8::/32", one a line.',
    ),
    addresses_deny: listSetting('File with addresses and prefixes that are not served.'),
    clients_allow: listSetting(
      'File with beginnings of peer ids that are served, and no others: "-TR", "-qB4", one a line.',
    ),
    clients_deny: listSetting('File with beginnings of peer ids that are not served, such as "-XL".'),
    passkeys: listSetting(
      'Makes the tracker a private one: file with the passkeys that are served, one a line, and behind each what its ' +
        'owner is called in counts. They stand in the path, /PASSKEY/announce or /announce/PASSKEY, or in the query, /announce.php?passkey=PASSKEY.',
    ),
    passkey_url: setting(
      notation(
        (text) => (text === '' || isHttpUrl(text) ? text : undefined),
        'a URL of http or https, or nothing',
      ),
      {
        comment:
          'Makes the tracker a private one: URL that is asked about each passkey, with the key as parameter "passkey" ' +
          'or as JSON. 200 lets it in, 403 and 404 do not.',
        argument: 'url',
        kind: 'text',
        default: '',
      },
    ),
    passkey_method: setting(z.enum(['GET', 'POST'], 'expected "GET" or "POST"'), {
      comment: 'How access.passkey_url is asked: "GET", or "POST" with {"passkey": "…"}.',
      argument: 'method',
      kind: 'text',
      default: 'GET',
    }),
    passkey_ttl: ttlSetting(
      'How long an answer of access.passkey_url that lets a key in is believed.',
      '10m',
    ),
    passkey_denied_ttl: ttlSetting('How long one that does not is believed.', '1m'),
    max_passkeys: setting(integer(16, MAX_PASSKEYS), {
      comment:
        'Passkeys at once: the most that the file may have, or that answers are kept of; 40 octets each.',
      argument: 'count',
      kind: 'number',
      default: DEFAULT_PASSKEYS,
    }),
  })
  .prefault({});

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

type ParsedAccess = z.output<typeof accessSection>;

export function checkAccess(access: ParsedAccess, context: z.RefinementCtx): void {
  if (access.passkeys === '' || access.passkey_url === '') return;
  const message = 'expected nothing, because access.passkeys has the keys';
  context.addIssue({ code: 'custom', path: ['access', 'passkey_url'], message, input: access });
}

export type ListKind =
  | 'torrentsAllow'
  | 'torrentsDeny'
  | 'addressesAllow'
  | 'addressesDeny'
  | 'clientsAllow'
  | 'clientsDeny';

export interface AccessConfig {
  /** Absolute paths of those that there are. */
  readonly lists: Readonly<Partial<Record<ListKind, string>>>;
  /** Undefined: the tracker is public. */
  readonly passkeys: PasskeyConfig | undefined;
}

export type PasskeyConfig = {
  readonly capacity: number;
} & (
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'callback';
      readonly callback: PasskeyCallback;
      readonly allowedSeconds: number;
      readonly deniedSeconds: number;
    }
);

/** `folder` is where relative paths start. */
export function toAccessConfig(access: ParsedAccess, folder: string): AccessConfig {
  const paths: Record<ListKind, string> = {
    torrentsAllow: access.torrents_allow,
    torrentsDeny: access.torrents_deny,
    addressesAllow: access.addresses_allow,
    addressesDeny: access.addresses_deny,
    clientsAllow: access.clients_allow,
    clientsDeny: access.clients_deny,
  };
  const given = Object.entries(paths).filter(([, path]) => path !== '');
  const lists = Object.fromEntries(given.map(([kind, path]) => [kind, resolve(folder, path)]));
  return { lists, passkeys: toPasskeyConfig(access, folder) };
}

function toPasskeyConfig(access: ParsedAccess, folder: string): PasskeyConfig | undefined {
  const capacity = access.max_passkeys;
  if (access.passkeys !== '') return { kind: 'file', path: resolve(folder, access.passkeys), capacity };
  if (access.passkey_url === '') return undefined;
  return {
    kind: 'callback',
    callback: { url: access.passkey_url, method: access.passkey_method },
    allowedSeconds: access.passkey_ttl,
    deniedSeconds: access.passkey_denied_ttl,
    capacity,
  };
}
