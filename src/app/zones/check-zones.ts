// Zone files read and checked without being served: what `portolan check` and editors ask for. Nothing is opened.

import { dirname } from 'node:path';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { formatHostName, type PreferenceHost, preferenceHosts } from '../../core/preference/hosts.ts';
import { isError } from '../../core/zone/diagnostic.ts';
import { MAX_DIAGNOSTICS } from '../../core/zone/diagnostic-list.ts';
import { includeReader, listZoneFiles, readZoneFile } from '../../io/files/zone-files.ts';
import type { Config } from '../config/config.ts';
import { createFinding, duplicateFinding, type Finding, type SourceText } from '../finding.ts';
import type { Machine } from '../machine.ts';
import { configuredDnsAddresses, reservedListeners } from './dns-listeners.ts';
import { addressesHere, planZone, rejectionFinding } from './plan-zone.ts';
import { publishedOnlyLead, publishedOnlyRemedy } from './published-only.ts';
import { checkTexts, type ReadTexts, soaPosition } from './zone-version.ts';

export interface CheckedZone {
  readonly path: string;
  readonly recordCount: number;
  /** The text's own first, then those about the zone as a whole, then why `serve` would not have it here. */
  readonly findings: readonly Finding[];
  /** Warnings of hosts whose addresses are none of this machine's: only a configuration says whether they should be. */
  readonly publishedOnly: readonly Finding[];
}

export interface ZoneChecker {
  /**
   * Zones that were checked before count as served beside this one. Throws ZoneFileError when the file itself cannot be
   * read; what it includes is among the findings.
   */
  check(path: string): CheckedZone;
}

export interface ZoneCheckerOptions {
  readonly config: Pick<Config, 'dns' | 'tls' | 'tracker' | 'admin' | 'rewriter'>;
  readonly machine: Pick<Machine, 'localAddresses' | 'hasFamily'>;
}

/** The zone files that `path` names: itself, or a folder's. Throws ZoneFileError when there is no such thing. */
export function zoneFilesAt(path: string): readonly string[] {
  return listZoneFiles(path);
}

export function createZoneChecker({ config, machine }: ZoneCheckerOptions): ZoneChecker {
  const { tracker, dns, admin, rewriter } = config;
  const hasCertificate = config.tls !== undefined;
  const local = machine.localAddresses();
  const addresses = addressesHere(tracker.addresses, machine);
  const http = rewriter.listen === undefined ? [admin.listen] : [admin.listen, rewriter.listen];
  const streams = [...http, ...configuredDnsAddresses(dns.tlsListen, machine)];
  const reserved = reservedListeners(configuredDnsAddresses(dns.listen, machine), streams);
  /** What the zones so far would open; bounded by `tracker.max_listeners`, which the plan holds. */
  const open = new Map<string, Listener>();
  /** Which file has each zone; bounded by the files that are checked. */
  const fileOf = new Map<string, string>();

  function duplicates({ zone, texts, findings }: ReadTexts): Finding[] {
    if (zone.apex === undefined || findings.some(isError)) return [];
    const name = formatHostName(zone.apex);
    const [{ path }] = texts as readonly [SourceText];
    const rival = fileOf.get(name);
    if (rival === undefined) fileOf.set(name, path);
    return rival === undefined || rival === path
      ? []
      : [duplicateFinding({ name, soa: soaPosition(zone), texts }, rival)];
  }

  function plan({ zone, texts, findings }: ReadTexts): Pick<CheckedZone, 'findings' | 'publishedOnly'> {
    if (zone.apex === undefined || findings.some(isError)) return NOTHING_PLANNED;
    const hosts = preferenceHosts({ ...zone, apex: zone.apex });
    const planned = planZone(hosts, { tracker, addresses, reserved, open: [...open.values()] });
    if (planned.rejections.length === 0)
      for (const listener of planned.wanted) open.set(formatListener(listener), listener);
    // A name without any address is a finding of the zone already, wherever it is served.
    const elsewhere = planned.publishedOnly.filter((host) => host.addresses.length > 0);
    return {
      findings: firstOf(planned.rejections, (rejection) => rejectionFinding(rejection, texts)),
      publishedOnly: firstOf(elsewhere, (host) => publishedOnlyFinding(host, local, texts)),
    };
  }

  return {
    check(path) {
      const read = checkTexts(readZoneFile(path), includeReader(dirname(path)), { hasCertificate });
      const twice = duplicates(read);
      const { findings, publishedOnly } = twice.length > 0 ? NOTHING_PLANNED : plan(read);
      return {
        path,
        recordCount: read.zone.records.count,
        findings: [...read.findings, ...twice, ...findings],
        publishedOnly,
      };
    },
  };
}

/** What is not served opens nothing. */
const NOTHING_PLANNED = { findings: [], publishedOnly: [] } as const;

/** As many as are kept of any other finding, and then the notice that there are more. */
function firstOf<T>(items: readonly T[], toFinding: (item: T) => Finding): Finding[] {
  const findings = items.slice(0, MAX_DIAGNOSTICS).map(toFinding);
  const last = findings.at(-1);
  if (last === undefined || items.length <= MAX_DIAGNOSTICS) return findings;
  const code = last.severity === 'error' ? 'too-many-diagnostics' : 'too-many-warnings';
  const message = `${items.length - MAX_DIAGNOSTICS} more like this one are left out.`;
  return [...findings, { ...last, code, message }];
}

function publishedOnlyFinding(
  host: PreferenceHost,
  localAddresses: readonly string[],
  texts: readonly SourceText[],
): Finding {
  const message = `${publishedOnlyLead(host.name)} ${publishedOnlyRemedy(host, localAddresses)}`;
  const { file, line, column } = host;
  return createFinding(
    { code: 'published-only', severity: 'warning', message, position: { file, line, column } },
    texts,
  );
}

export { ZoneFileError } from '../../io/files/zone-files.ts';
