// A zone file and what became of it.

import type { PreferenceHost } from '../../core/preference/hosts.ts';
import type { PublishedEndpoint } from '../../core/preference/ledger.ts';
import type { PlannedListener } from '../../core/preference/plan.ts';
import type { Finding } from '../finding.ts';
import type { ZoneOrigin } from './zone-origin.ts';
import type { ZoneVersion } from './zone-version.ts';

/** What is published of a zone, and the sockets that are open for it. */
export interface ServedZone {
  readonly version: ZoneVersion;
  readonly wanted: readonly PlannedListener[];
  /** Declared at addresses that are not this machine's. */
  readonly publishedOnly: readonly PreferenceHost[];
  /** Could not be opened, and are published all the same (`tracker.on_bind_failure = "publish"`). */
  readonly unopened: readonly PlannedListener[];
}

export interface ZoneEntry {
  /** The zone file. */
  readonly path: string;
  /** The setting that it comes from: a folder, or the file itself. */
  readonly root: string;
  readonly origin: ZoneOrigin;
  /** What answers now: the file's content, or the last good one. Undefined: this zone is not served. */
  readonly served: ServedZone | undefined;
  /** Whether what is served is what the file says. */
  readonly isCurrent: boolean;
  readonly isGone: boolean;
  /** Of the last time the file was read. */
  readonly findings: readonly Finding[];
  /** What was read then: the file and what it includes. */
  readonly files: readonly string[];
}

/** What a set of zones publishes at addresses of ours. */
export function publishedEndpoints(zones: Iterable<ServedZone>): PublishedEndpoint[] {
  const endpoints: PublishedEndpoint[] = [];
  for (const { wanted } of zones) {
    for (const { transport, address, port, declarations } of wanted) {
      const listener = { transport, address, port };
      for (const { host, ttlSeconds } of declarations) endpoints.push({ host, listener, ttlSeconds });
    }
  }
  return endpoints;
}
