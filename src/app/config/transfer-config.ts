// What the settings of zone transfers come to: paths absolute, ports known.

import { resolve } from 'node:path';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { DNS_PORT, DNS_TLS_PORT } from '../../core/net/ports.ts';
import type { PortRange } from '../../core/preference/plan.ts';
import type { TransferRule } from '../../core/transfer/access.ts';
import type { ParsedConfig } from './config-schema.ts';
import type { NotifyTarget } from './remote-values.ts';

export interface TransferConfig {
  /** Absolute paths of the files with TSIG keys; what is in them is no part of the configuration. */
  readonly keyFiles: readonly string[];
  /** Empty: nobody. */
  readonly transfer: readonly TransferRule[];
  readonly notify: readonly NotifyTarget[];
  readonly secondaries: readonly SecondaryConfig[];
}

/** One zone that is copied from elsewhere. */
export interface SecondaryConfig {
  /** Lower case, without final dot. */
  readonly zone: string;
  /** One or more, in the order in which they are asked. */
  readonly primaries: readonly SocketAddress[];
  /** The name of the key that every message is signed with. */
  readonly key: string | undefined;
  /** Undefined: in clear text. */
  readonly tls: TlsAuthentication | undefined;
  /** Its preference hosts open ports here. */
  readonly drivesTracker: boolean;
  /** It lists other zones (RFC 9432). */
  readonly isCatalog: boolean;
}

/** Strict authentication of a primary (RFC 9103 §9.3.1). */
export interface TlsAuthentication {
  /** What its certificate must be for. */
  readonly name: string;
  /** Absolute path of a PEM file with authorities; undefined for those of the system. */
  readonly caFile: string | undefined;
}

/** What others' zones may open where the operator has not said which ports zones may open. */
export const SECONDARY_PORTS: readonly PortRange[] = [
  { first: 80, last: 80 },
  { first: 443, last: 443 },
  { first: 1024, last: 65_535 },
];

/** `folder` is where relative paths start. */
export function toTransferConfig(dns: ParsedConfig['dns'], folder: string): TransferConfig {
  return {
    keyFiles: dns.keys.map((path) => resolve(folder, path)),
    transfer: dns.transfer,
    notify: dns.notify,
    secondaries: dns.secondaries.map((table): SecondaryConfig => {
      const { zone, key, tls, tls_ca: caFile, tracker, catalog } = table;
      const defaultPort = tls === undefined ? DNS_PORT : DNS_TLS_PORT;
      return {
        zone,
        primaries: table.primaries.map(({ address, port }) => ({ address, port: port ?? defaultPort })),
        key,
        tls:
          tls === undefined
            ? undefined
            : { name: tls, caFile: caFile === undefined ? undefined : resolve(folder, caFile) },
        drivesTracker: tracker,
        isCatalog: catalog,
      };
    }),
  };
}

/** A flag's string of words, the path in `column` made absolute: flags start from the working directory. */
export function rebaseColumn(text: string, column: string | undefined, workingDirectory: string): string {
  if (column === undefined) return text;
  const start = `${column}=`;
  return text
    .split(/(\s+)/)
    .map((word) =>
      word.startsWith(start) ? `${start}${resolve(workingDirectory, word.slice(start.length))}` : word,
    )
    .join('');
}
