// What the data plane is given: every zone that is served, those that it is to say SERVFAIL for, and what drains.

import type { CompiledAccess } from '../../core/access/compile-access.ts';
import { parseName } from '../../core/dns/name.ts';
import type { PublishedEndpoint } from '../../core/preference/ledger.ts';
import type { PageSettings } from '../../core/tracker/http/pages.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import type { ZoneImage } from '../../core/zone/image/image.ts';
import { createUnavailableZone } from '../../core/zone/image/unavailable.ts';
import type { AccessControl } from '../access/access.ts';
import type { CookieSecrets } from '../cookie-secrets.ts';
import type { DataPlane, DrainingHost } from '../data-plane/data-plane.ts';
import type { TrackerPages } from '../tracker-pages.ts';
import type { Transfers } from '../transfer/transfers.ts';
import type { Drains } from './drains.ts';
import { publishedEndpoints, type ServedZone } from './zone-entry.ts';

export interface PublisherOptions {
  readonly dataPlane: DataPlane;
  readonly drains: Drains;
  readonly transfers: Pick<Transfers, 'secondaries' | 'keys' | 'policy'>;
  readonly cookies: Pick<CookieSecrets, 'current'>;
  readonly pages: Pick<TrackerPages, 'current'>;
  readonly access: Pick<AccessControl, 'current' | 'published'>;
}

export interface Publisher {
  /** `zones` are all that are served from now on. */
  publish(zones: readonly ServedZone[]): Promise<void>;
  /** Whether publishing `zones`, which the data plane has, would tell it of anything new. */
  isBehind(zones: readonly ServedZone[]): boolean;
}

export function createPublisher({
  dataPlane,
  drains,
  transfers,
  cookies,
  pages,
  access,
}: PublisherOptions): Publisher {
  /** By name: zones of other servers without a copy that may be served. Bounded by those zones. */
  let unavailable: ReadonlyMap<string, ZoneImage> = new Map();
  let publishedKeys: readonly TsigKey[] | undefined;
  /** Those of the start are known to the data plane already. */
  let publishedSecrets = cookies.current();
  /** Undefined: none yet. */
  let publishedPages: PageSettings | undefined;
  let publishedAccess: CompiledAccess | undefined;

  function unavailableBeside(zones: readonly ServedZone[]): string[] {
    const served = new Set(zones.map(({ version }) => version.name));
    return transfers.secondaries().flatMap(({ zone }) => (served.has(zone) ? [] : [zone]));
  }

  function standIn(zone: string): ZoneImage {
    const known = unavailable.get(zone);
    if (known !== undefined) return known;
    const apex = parseName(zone === '.' ? zone : `${zone}.`);
    if (typeof apex === 'string') throw new TypeError(`${zone} is no name: ${apex}`);
    return createUnavailableZone(apex, dataPlane.seed);
  }

  return {
    async publish(zones) {
      unavailable = new Map(unavailableBeside(zones).map((zone) => [zone, standIn(zone)]));
      const endpoints = publishedEndpoints(zones);
      const draining = drains.drainingBeside(endpoints);
      const images = [...zones.map(({ version }) => version.image), ...unavailable.values()];
      publishedKeys = transfers.keys();
      publishedSecrets = cookies.current();
      publishedPages = pages.current();
      publishedAccess = access.current();
      const policy = {
        transfers: transfers.policy(),
        cookieSecrets: publishedSecrets,
        access: publishedAccess,
      };
      const hosts = httpHosts(endpoints, draining);
      await dataPlane.publish({ images, draining, hosts, pages: publishedPages, ...policy });
      access.published(policy.access);
    },
    isBehind(zones) {
      const names = unavailableBeside(zones);
      if (publishedKeys !== transfers.keys() || publishedSecrets !== cookies.current()) return true;
      if (publishedPages !== pages.current() || publishedAccess !== access.current()) return true;
      return names.length !== unavailable.size || names.some((name) => !unavailable.has(name));
    },
  };
}

/** Those that HTTP requests may name, each once. */
function httpHosts(endpoints: readonly PublishedEndpoint[], draining: readonly DrainingHost[]): string[] {
  const declared = endpoints.filter(({ listener }) => listener.transport === 'tcp');
  const drained = draining.filter(({ transport }) => transport === 'tcp');
  return [...new Set([...declared, ...drained].map(({ host }) => host))];
}
