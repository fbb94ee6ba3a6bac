// What the servers of the parent really say of a zone's delegation, one by one: the parent is found by the resolver, and
// then asked itself, because a resolver shows what the zone says of itself.

import { compareDelegation, type Delegation, type Difference } from '../../core/delegation/delegation.ts';
import { RecordType } from '../../core/dns/record-type.ts';
import { formatSocketAddress, type SocketAddress } from '../../core/net/endpoint.ts';
import { formatHostName } from '../../core/preference/hosts.ts';
import type { ParentServers } from '../../io/dns-client/parent-servers.ts';
import type { AddressLookup } from '../../io/resolver/address-lookup.ts';

export interface VerifyOptions {
  readonly servers: ParentServers;
  readonly addresses: AddressLookup;
  randomOctets(length: number): Uint8Array;
  /** Of the parent's servers; 53 but in tests. */
  readonly port: number;
}

/** What one server of the parent says. */
export interface ServerVerdict {
  /** Its name and address. */
  readonly server: string;
  readonly result:
    | { readonly kind: 'compared'; readonly differences: readonly Difference[] }
    /** It serves the zone, too, and shows that instead. */
    | { readonly kind: 'own-zone' }
    | { readonly kind: 'failed'; readonly message: string };
}

export type Verification =
  /** `parent` without final dot; empty is the root. */
  | { readonly kind: 'asked'; readonly parent: string; readonly verdicts: readonly ServerVerdict[] }
  /** The parent cannot be found. A sentence. */
  | { readonly kind: 'failed'; readonly message: string };

/** The root has thirteen; every server of a parent should say the same. */
const MAX_SERVERS = 13;

export async function verifyDelegation(
  delegation: Delegation,
  options: VerifyOptions,
): Promise<Verification> {
  const name = formatHostName(delegation.apex);
  if (name === '') return { kind: 'failed', message: 'the root has no parent' };
  let parent = name;
  do {
    parent = parent.includes('.') ? parent.slice(parent.indexOf('.') + 1) : '';
    const found = await options.servers.serversOf(parent);
    if (found.kind === 'failed')
      return {
        kind: 'failed',
        message: `the name servers of ${parent || 'the root'} cannot be looked up: ${found.code}`,
      };
    if (found.kind === 'none') continue;
    const asked = found.names.slice(0, MAX_SERVERS).map((server) => verifyAt(server, delegation, options));
    return { kind: 'asked', parent, verdicts: (await Promise.all(asked)).flat() };
  } while (parent !== '');
  return { kind: 'failed', message: 'no zone above it is to be found' };
}

/** At one address of each family. */
async function verifyAt(
  server: string,
  delegation: Delegation,
  options: VerifyOptions,
): Promise<ServerVerdict[]> {
  const answers = await Promise.all(
    ([4, 6] as const).map((family) => options.addresses.lookup(server, family)),
  );
  const addresses = answers.flatMap((answer) =>
    answer.kind === 'addresses' ? answer.addresses.slice(0, 1) : [],
  );
  if (addresses.length === 0) return [{ server, result: { kind: 'failed', message: 'it has no address' } }];
  return await Promise.all(
    addresses.map(async (address) => {
      const at = { address, port: options.port };
      return {
        server: `${server} (${formatSocketAddress(at)})`,
        result: await askBoth(at, delegation, options),
      };
    }),
  );
}

async function askBoth(
  server: SocketAddress,
  delegation: Delegation,
  { servers, randomOctets }: VerifyOptions,
): Promise<ServerVerdict['result']> {
  const ask = (type: typeof RecordType.NS | typeof RecordType.DS) => {
    const [high = 0, low = 0] = randomOctets(2);
    return servers.ask(server, { id: (high << 8) | low, apex: delegation.apex, type });
  };
  const [referral, signers] = await Promise.all([ask(RecordType.NS), ask(RecordType.DS)]);
  for (const reply of [referral, signers]) if (reply.kind === 'failed') return reply;
  if (referral.kind !== 'delegation' || signers.kind !== 'delegation')
    return { kind: 'failed', message: 'its answer is cut short' };
  if (referral.isOwnZone) return { kind: 'own-zone' };
  const found = [
    ...referral.records.filter(({ type }) => type !== RecordType.DS),
    ...signers.records.filter(({ type }) => type === RecordType.DS),
  ];
  return { kind: 'compared', differences: compareDelegation(delegation, found) };
}
