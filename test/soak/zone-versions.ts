// A zone that is another one at every edit: each answer tells of which version it is.

import { createCounters } from '../../src/core/counters.ts';
import { createAuthority } from '../../src/core/zone/answer/authority.ts';
import { createCatalog } from '../../src/core/zone/image/catalog.ts';
import { imageOf, SEED } from '../support/authority-of.ts';
import { encodeQuery } from '../support/dns-message.ts';

export const APEX = 'soak.example';
const NAMES = 200;

export interface ZonePorts {
  /** Where the tracker is in every version. */
  readonly tracker: number;
  /** Where another one is, each in its turn: its sockets come and go. */
  readonly passing: readonly number[];
}

/** The text of version `version`, from 1 on, which is its serial too. */
export function zoneText(version: number, { tracker, passing }: ZonePorts): string {
  const numbers = Array.from({ length: NAMES }, (_, index) => index);
  const octet = (value: number): number => value & 255;
  return `$ORIGIN ${APEX}.
$TTL 60
@        SOA   ns hostmaster ${version} 3600 600 604800 60
@        NS    ns
@        MX    10 h0
ns       A     127.0.0.1
tracker  A     127.0.0.1
tracker  AAAA  ::1
tracker  TXT   "BITTORRENT UDP:${tracker}"
passing 1 A    127.0.0.1
passing 1 AAAA ::1
passing 1 TXT  "BITTORRENT UDP:${passing[version % passing.length]}"
alias    CNAME h${octet(version) % NAMES}
*.wild   TXT   "version ${version}"
child    NS    ns.child
ns.child A     10.255.${octet(version >> 8)}.${octet(version)}
${numbers.map((index) => `h${index} A 10.${octet(version >> 8)}.${octet(version)}.${index}`).join('\n')}
${numbers
  .slice(0, 10)
  .map((index) => `large TXT "${version}.${String(index).repeat(180)}"`)
  .join('\n')}
`;
}

/** Questions of every kind: answers, aliases, wildcards, referrals, truncation, NXDOMAIN, NODATA, another's zone. */
export function queries(): Uint8Array[] {
  const hosts = Array.from({ length: NAMES * 2 }, (_, index) => ({ name: `h${index}.${APEX}`, type: 'A' }));
  const others = [
    { name: APEX, type: 'SOA' },
    { name: APEX, type: 'NS' },
    { name: APEX, type: 'MX' },
    { name: APEX, type: 'TXT' },
    { name: `tracker.${APEX}`, type: 'TXT' },
    { name: `passing.${APEX}`, type: 'TXT' },
    { name: `passing.${APEX}`, type: 'AAAA' },
    { name: `alias.${APEX}`, type: 'A' },
    { name: `any.thing.wild.${APEX}`, type: 'TXT' },
    { name: `Any.Thing.wild.${APEX.toUpperCase()}`, type: 'A' },
    { name: `www.child.${APEX}`, type: 'A' },
    { name: `large.${APEX}`, type: 'TXT' },
    { name: 'elsewhere.example', type: 'A' },
  ];
  return [...hosts, ...others, ...others, ...others].flatMap((question, index) => [
    encodeQuery(question),
    encodeQuery({ ...question, edns: index % 2 === 0 ? 1232 : 4096, dnssecOk: index % 3 === 0 }),
  ]);
}

/** What answers for one version on one thread: the measure of all answers. */
export function authorityOfVersion(version: number, ports: ZonePorts) {
  const image = imageOf(zoneText(version, ports), `${APEX}.`);
  return createAuthority({ catalog: createCatalog([image], SEED), counters: createCounters() });
}
