// The six access lists: how each is read, and what is odd about one.

import { parseAddressList } from '../../core/access/address-list.ts';
import { parseClientList } from '../../core/access/client-list.ts';
import type { AccessLists } from '../../core/access/compile-access.ts';
import { parseHashList } from '../../core/access/hash-list.ts';
import type { ListReader } from '../../core/access/list-lines.ts';
import type { ListKind } from '../config/access-settings.ts';
import { type ReadList, readList } from './read-list.ts';

/** One list as it was parsed: what it adds to the others, and how many entries it has. */
export interface ParsedList {
  readonly lists: AccessLists;
  readonly entries: number;
}

const PARSERS: Readonly<Record<ListKind, (reader: ListReader) => ParsedList>> = {
  torrentsAllow: (reader) => parseTorrents(reader, 'torrentsAllow'),
  torrentsDeny: (reader) => parseTorrents(reader, 'torrentsDeny'),
  addressesAllow: (reader) => parseAddresses(reader, 'addressesAllow'),
  addressesDeny: (reader) => parseAddresses(reader, 'addressesDeny'),
  clientsAllow: (reader) => parseClients(reader, 'clientsAllow'),
  clientsDeny: (reader) => parseClients(reader, 'clientsDeny'),
};

/** The key of the configuration that names each. */
export const LIST_KEYS: Readonly<Record<ListKind, string>> = {
  torrentsAllow: 'access.torrents_allow',
  torrentsDeny: 'access.torrents_deny',
  addressesAllow: 'access.addresses_allow',
  addressesDeny: 'access.addresses_deny',
  clientsAllow: 'access.clients_allow',
  clientsDeny: 'access.clients_deny',
};

export function readAccessList(kind: ListKind, path: string): Promise<ReadList<ParsedList>> {
  const isAllowing = kind.endsWith('Allow');
  return readList({
    path,
    parse: PARSERS[kind],
    isShown: true,
    warn: ({ entries }) =>
      isAllowing && entries === 0
        ? {
            code: 'list-empty-allow',
            message: `${LIST_KEYS[kind]} names a list without entries: everybody is refused.`,
          }
        : undefined,
  });
}

function parseTorrents(reader: ListReader, kind: 'torrentsAllow' | 'torrentsDeny'): ParsedList {
  const list = parseHashList(reader);
  return { lists: { [kind]: list }, entries: list.count };
}

function parseAddresses(reader: ListReader, kind: 'addressesAllow' | 'addressesDeny'): ParsedList {
  const list = parseAddressList(reader);
  return { lists: { [kind]: list }, entries: list.ipv4.count + list.ipv6.count };
}

function parseClients(reader: ListReader, kind: 'clientsAllow' | 'clientsDeny'): ParsedList {
  const { prefixes, count } = parseClientList(reader);
  return { lists: { [kind]: prefixes }, entries: count };
}
