// A new version of a catalog zone (RFC 9432): its members come and go as zones of the same primaries.

import { formatHostName } from '../../core/preference/hosts.ts';
import { type CatalogStep, planCatalogUpdate, type ZoneOwner } from '../../core/transfer/catalog-plan.ts';
import type { CatalogMember, CatalogReading } from '../../core/transfer/catalog-zone.ts';
import type { Logger } from '../../io/log.ts';
import type { SecondaryConfig } from '../config/transfer-config.ts';
import type { Membership, SecondaryZone } from './secondary-zone.ts';

/** What following a catalog does to the zones that are looked after. */
export interface CatalogFollower {
  find(zone: string): SecondaryZone | undefined;
  zones(): readonly SecondaryZone[];
  /** Looks after one more, from its stored copy if there is one. */
  add(config: SecondaryConfig, membership: Membership): Promise<void>;
  /** Looks after it no longer, and removes its copy. */
  drop(zone: SecondaryZone): Promise<void>;
  readonly logger: Logger;
}

/** What is said of a catalog that is broken: it changes nothing (§5.1). */
export function describeBroken({ faults }: Extract<CatalogReading, { kind: 'broken' }>): string {
  const reason = faults.map(({ message }) => message).join('; ');
  return `it is no catalog that can be followed, and its members stay as they are: ${reason}`;
}

export async function followCatalog(
  catalog: SecondaryZone,
  { members }: Extract<CatalogReading, { kind: 'catalog' }>,
  follower: CatalogFollower,
): Promise<void> {
  const configured = follower
    .zones()
    .flatMap(({ membership }) => (membership?.catalog === catalog ? [membership.entry] : []));
  const ownerOf = (zone: Uint8Array): ZoneOwner => ownerIn(follower, zone);
  for (const step of planCatalogUpdate({ catalog: catalog.apex, configured, members, ownerOf }))
    await takeStep(step, catalog, follower);
}

function ownerIn(follower: CatalogFollower, zone: Uint8Array): ZoneOwner {
  const known = follower.find(formatHostName(zone));
  if (known === undefined) return { kind: 'nobody' };
  const { membership } = known;
  if (membership === undefined) return { kind: 'operator' };
  return { kind: 'catalog', catalog: membership.catalog.apex, member: membership.entry };
}

async function takeStep(step: CatalogStep, catalog: SecondaryZone, follower: CatalogFollower) {
  const { kind, member } = step;
  const reset = step.kind === 'migrate' && step.reset;
  const { logger } = follower;
  const zone = formatHostName(member.zone);
  const { zone: name } = catalog.config;
  const known = follower.find(zone);
  switch (kind) {
    case 'remove':
      if (known?.membership?.catalog !== catalog) return;
      await follower.drop(known);
      logger.info(`${zone} is no member of ${name} any more`);
      return;
    case 'clash':
      logger.warn(`${zone} is a member of ${name}, and is left out: it is served from elsewhere already`);
      return;
    case 'change':
      if (known !== undefined) known.membership = { catalog, entry: member };
      return;
    case 'migrate':
    case 'reset':
    case 'add':
      break;
  }
  // Moving to another catalog keeps the copy (§4.3.1); another label asks for everything anew (§5.4).
  if (kind === 'migrate' && known !== undefined && !reset) {
    known.config = memberConfig(catalog, member);
    known.membership = { catalog, entry: member };
    logger.info(`${zone} has moved to ${name}`);
    return;
  }
  if (known !== undefined) await follower.drop(known);
  await follower.add(memberConfig(catalog, member), { catalog, entry: member });
  logger.info(`${zone} is a member of ${name} now`);
}

/** A member is asked for as its catalog is. */
function memberConfig({ config }: SecondaryZone, { zone }: CatalogMember): SecondaryConfig {
  return { ...config, zone: formatHostName(zone), isCatalog: false };
}
