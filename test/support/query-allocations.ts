// A program, to be run with --expose-gc: what each kind of answer costs in octets of heap a query, as one JSON object. Alone in
// its process, where nothing else allocates, and code is compiled for these queries.

import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import { authorityOf, imageOf } from './authority-of.ts';
import { encodeQuery, type QuerySpec } from './dns-message.ts';

const ZONE = `$TTL 300
@    SOA ns h 1 3600 900 604800 300
@    NS  ns
@    NS  ns2
ns   A   192.0.2.1
ns2  A   192.0.2.2
@    MX  1 m1
@    MX  2 m2
@    MX  3 m3
m1   A   192.0.2.3
m2   A   192.0.2.4
m3   A   192.0.2.5
*.w  TXT "wild"
one  CNAME two
two  CNAME ns
r    DNAME w
d    NS  ns.d
d    NS  ns2.d
ns.d A   192.0.2.9
ns2.d AAAA 2001:db8::1
`;

const QUERIES: Readonly<Record<string, QuerySpec>> = {
  A: { name: 'ns.example.', type: 'A' },
  MX: { name: 'example.', type: 'MX' },
  'a referral with glue': { name: 'x.d.example.', type: 'A' },
  NXDOMAIN: { name: 'no.such.example.', type: 'A' },
  NODATA: { name: 'ns.example.', type: 'TXT' },
  'a wildcard': { name: 'any.w.example.', type: 'TXT' },
  'a chain of CNAME': { name: 'one.example.', type: 'A' },
  'a DNAME': { name: 'any.r.example.', type: 'TXT' },
  'what has EDNS': { name: 'example.', type: 'MX', edns: 1232 },
};

/** Beyond what the optimizing compiler waits for. */
const WARMING_QUERIES = 200_000;
/** Few enough for nothing to be collected meanwhile: with 200 octets each they are half of the smallest young generation. */
const QUERIES_A_ROUND = 2_000;
/** The least of them counts: code that is compiled meanwhile lies on the heap, too. */
const ROUNDS = 5;

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error('run with --expose-gc');

const authority = authorityOf(imageOf(ZONE, 'example.'));
const source = createPacketSource();
const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);

function ask(query: Uint8Array, times: number): void {
  for (let time = 0; time < times; time++) authority.handle(query, 0, query.length, source, reply, 0, 0);
}

function octetsAQuery(spec: QuerySpec): number {
  const query = encodeQuery(spec);
  ask(query, WARMING_QUERIES);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    collect!();
    const before = process.memoryUsage().heapUsed;
    ask(query, QUERIES_A_ROUND);
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return least / QUERIES_A_ROUND;
}

const figures = Object.entries(QUERIES).map(([kind, spec]) => [kind, octetsAQuery(spec)]);
process.stdout.write(JSON.stringify(Object.fromEntries(figures)));
