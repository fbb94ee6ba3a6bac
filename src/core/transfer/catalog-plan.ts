// What a new version of a catalog zone means for the zones that are served (RFC 9432 §4.3.1, §5).

import { isSameName } from '../dns/name.ts';
import { octetsToText } from '../octets/text.ts';
import type { CatalogMember } from './catalog-zone.ts';

/** Whose a zone is that is served, or would be. */
export type ZoneOwner =
  | { readonly kind: 'nobody' }
  /** The configuration: its own file, or a secondary that is named there. */
  | { readonly kind: 'operator' }
  /** A catalog, with the entry as it stands in the version that is applied there now. */
  | { readonly kind: 'catalog'; readonly catalog: Uint8Array; readonly member: CatalogMember };

export type CatalogStep =
  /** Not configured any more: its data and state go (§5.3). */
  | { readonly kind: 'remove'; readonly member: CatalogMember }
  | { readonly kind: 'add'; readonly member: CatalogMember }
  /** The member has another label: removed with all of its state, and added anew (§5.4). */
  | { readonly kind: 'reset'; readonly member: CatalogMember }
  /** Comes from another catalog, which agrees (§4.3.1); the state stays unless `reset`. */
  | {
      readonly kind: 'migrate';
      readonly member: CatalogMember;
      readonly from: Uint8Array;
      readonly reset: boolean;
    }
  /** The same zone, with other groups or another `coo`. */
  | { readonly kind: 'change'; readonly member: CatalogMember }
  /** The name is taken: to be ignored, and said (§5.2). */
  | { readonly kind: 'clash'; readonly member: CatalogMember };

export interface CatalogUpdate {
  /** Apex of the catalog: wire form. */
  readonly catalog: Uint8Array;
  /** The zones that are configured from this catalog now. */
  readonly configured: readonly CatalogMember[];
  /** The list of the new version. */
  readonly members: readonly CatalogMember[];
  /** Asked once for each of `members`. */
  ownerOf(zone: Uint8Array): ZoneOwner;
}

/** Steps from what is configured to what the new version lists: removals first, the rest in the order of the list. */
export function planCatalogUpdate({ catalog, configured, members, ownerOf }: CatalogUpdate): CatalogStep[] {
  const listed = new Set(members.map(({ zone }) => octetsToText(zone))); // bounded by the catalog
  const removals: CatalogStep[] = configured
    .filter(({ zone }) => !listed.has(octetsToText(zone)))
    .map((member) => ({ kind: 'remove', member }));
  const rest = members.map((member) => stepFor(member, catalog, ownerOf(member.zone)));
  return [...removals, ...rest.filter((step) => step !== undefined)];
}

/** Undefined where nothing changes. */
function stepFor(member: CatalogMember, catalog: Uint8Array, owner: ZoneOwner): CatalogStep | undefined {
  switch (owner.kind) {
    case 'nobody':
      return { kind: 'add', member };
    case 'operator':
      // A catalog may list itself or a zone that the configuration names as well: the configuration comes first.
      return { kind: 'clash', member };
    case 'catalog':
      if (isSameName(owner.catalog, catalog)) return stepWithin(member, owner.member);
      return stepBetween(member, catalog, owner);
  }
}

function stepWithin(member: CatalogMember, before: CatalogMember): CatalogStep | undefined {
  if (member.label !== before.label) return { kind: 'reset', member };
  const isSame =
    JSON.stringify(member.groups) === JSON.stringify(before.groups) &&
    isSameOwner(member.newOwner, before.newOwner);
  return isSame ? undefined : { kind: 'change', member };
}

/** §4.3.1: only what the old catalog says still, when the new one lists the zone. */
function stepBetween(
  member: CatalogMember,
  catalog: Uint8Array,
  owner: Extract<ZoneOwner, { kind: 'catalog' }>,
): CatalogStep {
  if (!isSameOwner(owner.member.newOwner, catalog)) return { kind: 'clash', member };
  return { kind: 'migrate', member, from: owner.catalog, reset: member.label !== owner.member.label };
}

function isSameOwner(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && isSameName(left, right));
}
