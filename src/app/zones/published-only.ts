// A host that declares ports and has no address of this machine: what to write so that it is served here.

import type { PreferenceHost } from '../../core/preference/hosts.ts';

/** Before the remedy, wherever a person reads it. */
export function publishedOnlyLead(host: string): string {
  return `${host} is published only:`;
}

/**
 * A line for the zone when the name has no address, one for the configuration when none of them is known as ours.
 * `localAddresses` serve to name a likely partner for a public address that no interface has.
 */
export function publishedOnlyRemedy(
  { name, addresses }: PreferenceHost,
  localAddresses: readonly string[],
): string {
  const published = addresses[0]?.address;
  if (published === undefined) {
    const local = privatePartner('0.0.0.0', localAddresses) ?? '192.0.2.1';
    return `it has no address; add to the zone: ${name}. A ${local}`;
  }
  const partner = privatePartner(published, localAddresses) ?? published;
  const entry = partner === published ? published : `${published}=${partner}`;
  return `no address of it is this machine's; if ${published} is, add to [tracker]: addresses = ["auto", "${entry}"]`;
}

/** The first address of the same family that is not loopback. */
function privatePartner(published: string, localAddresses: readonly string[]): string | undefined {
  const isIpv6 = published.includes(':');
  return localAddresses.find(
    (address) => address.includes(':') === isIpv6 && address !== '::1' && !address.startsWith('127.'),
  );
}
