// What is asked of the zones in signed-zones.ts: every name and situation with every type that has to do with it, and
// names made by chance below and beside those of the zone.

import type { QuerySpec } from '../support/dns-message.ts';
import { createRandomOctets } from '../support/random-octets.ts';

const TYPES = [
  ...['A', 'AAAA', 'TXT', 'MX', 'NS', 'SOA', 'SRV', 'CNAME', 'DNAME'],
  ...['DS', 'DNSKEY', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'RRSIG', 'ANY'],
];

/** Names before the apex; the empty one is the apex. */
const NAMES = [
  ...['', 'ns1', 'mail', 'www', 'MIXED', '_udp', '_sip._udp', 'large', 'long', `l${'0123456789'.repeat(6)}`],
  ...['nothing', 'x.nothing', 'aaa', 'zzz', 'x.www', 'x.y.z.www'],
  ...['ent', 'b.ent', 'a.b.ent', 'x.ent', 'x.b.ent', 'x.a.b.ent'],
  ...['wild', '*.wild', 'q.wild', 'q.r.wild', 'host.wild', 'x.host.wild', 'deep.wild', 'y.deep.wild'],
  ...['x.deep.wild', 'nest', '*.nest', 'q.nest', 'x.q.nest', '*.*.nest', 'q.*.nest', 'ast', '*.ast', 'q.ast'],
  ...['z.*.ast', 'q.mx', 'alias', 'chain1', 'tonothing', 'tonodata', 'towild', 'toent', 'out', 'loop1'],
  ...['tosigned', 'tounsigned', 'todname', 'q.cwild', 'q.ctwice', 'q.cnothing', 'q.cwildno', 'q.cout'],
  ...['q.cloop', 'q.ccut', 'signed', 'host.signed', 'ns.signed', 'unsigned', 'ns.unsigned', 'x.unsigned'],
  ...['unsigned2', 'a.b.unsigned2', 'optout', 'a.optout', 'b.optout', 'c.optout', 'x.c.optout'],
  ...['b.c.optout', 'q.b.c.optout', 'red', 'x.red', 'host.red', 'a.b.red', 'redout', 'q.redout', 'q.rednx'],
];

const GENERATED = 300;

export interface Question extends QuerySpec {
  /** What stands before the apex. */
  readonly label: string;
}

/** The same questions every time. */
export function questionsFor(zone: string): Question[] {
  const named = NAMES.flatMap((label) => TYPES.map((type) => ({ label, type })));
  return [...named, ...generate()].map(({ label, type }) => ({
    label,
    type,
    name: label === '' ? zone : `${label}.${zone}`,
  }));
}

/** Up to three labels of a few letters, asterisks among them, before some name of the table. */
function generate(): { label: string; type: string }[] {
  const random = createRandomOctets(0x4035);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const word = (): string =>
    pick(['*', ...['a', 'b', 'z', '0', '-', 'Q', 'ns', 'host'].map((first) => first + pick(['', 'x', '9']))]);
  return Array.from({ length: GENERATED }, () => {
    const words = Array.from({ length: 1 + random.below(3) }, word);
    const below = pick(NAMES);
    return { label: [...words, ...(below === '' ? [] : [below])].join('.'), type: pick(TYPES) };
  });
}
