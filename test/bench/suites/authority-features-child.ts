// `node authority-features-child.ts ROUNDS QUERIES`: prints, a round after the other, what a query costs an authority
// with nothing beside its zone, and one with all that can be switched on; taking turns.

import { createCounters } from '../../../src/core/counters.ts';
import {
  createRateTable,
  DEFAULT_RATE_LIMIT,
  DEFAULT_RATE_LIMIT_SLIP,
} from '../../../src/core/dns/rate-limit.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import { writeUint16 } from '../../../src/core/octets/big-endian.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { type Authority, createAuthority } from '../../../src/core/zone/answer/authority.ts';
import { createCatalog } from '../../../src/core/zone/image/catalog.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { createDnsProtocol } from '../load/dns-protocol.ts';
import { spreadOf } from '../statistics.ts';
import { APEX, addressOf, nameOf } from '../zones.ts';

/** Nanoseconds a query, by what was asked of whom. */
export interface FeatureRound {
  readonly plainOff: number;
  readonly plainOn: number;
  readonly cookieOff: number;
  readonly cookieOn: number;
}

const SEED = 1;
const NAMES = 1000;
const SLOT_OCTETS = 512;
/** Queries written before they are answered and timed: as many as the first-level cache may hold. */
const BATCH = 64;
/** Networks that ask in turn: with the names more accounts than there are buckets, so that they are replaced, too. */
const NETWORKS = 4096;

const [rounds, queries] = process.argv.slice(2).map(Number) as [number, number];
const zone = parseZone({ path: `${APEX}.zone`, octets: textToOctets(zoneText()) }, {});
if (zone.apex === undefined) throw new Error('the zone has no apex');
const catalog = createCatalog(
  [compileZone({ apex: zone.apex, records: zone.records }, { seed: SEED })],
  SEED,
);
const off = createAuthority({ catalog, counters: createCounters() });
const on = createAuthority({
  catalog,
  counters: createCounters(),
  edns: { nsid: textToOctets('ns1.example'), cookieSecrets: [randomOctets(16)] },
  chaos: { identity: textToOctets('ns1.example'), version: textToOctets('1') },
  rateLimit: {
    perSecond: DEFAULT_RATE_LIMIT,
    slip: DEFAULT_RATE_LIMIT_SLIP,
    exempt: ['127.0.0.0/8', '::1'].map((text) => parsePrefix(text)!),
    key: randomOctets(16),
    table: createRateTable(),
  },
});
const source = createPacketSource();
let nowSeconds = 1;

const samples: FeatureRound[] = [];
for (let round = -1; round < rounds; round++) {
  const sample = {
    plainOff: timeQueries(off, false),
    plainOn: timeQueries(on, false),
    cookieOff: timeQueries(off, true),
    cookieOn: timeQueries(on, true),
  };
  // The first is for the compiler.
  if (round >= 0) samples.push(sample);
}
process.stdout.write(JSON.stringify(samples));

/** The median of all batches: one that the system interrupted says nothing of the authority. */
function timeQueries(authority: Authority, hasCookie: boolean): number {
  const protocol = createDnsProtocol({ apex: APEX, names: NAMES, negativePercent: 10, seed: 1 });
  const requests = new Uint8Array(BATCH * SLOT_OCTETS);
  const words = new Int32Array(requests.buffer);
  const reply = new Uint8Array(4096);
  const lengths = new Uint32Array(BATCH);
  const batches: number[] = [];
  let replies = 0;
  nowSeconds++;
  for (let done = 0; done < queries; done += BATCH) {
    for (let index = 0; index < BATCH; index++) {
      const at = index * SLOT_OCTETS;
      lengths[index] = protocol.write(requests, words, at, index, 0);
      if (hasCookie) lengths[index]! += appendCookie(requests, at, lengths[index]!);
    }
    const start = performance.now();
    for (let index = 0; index < BATCH; index++) {
      writeUint16(source.octets, 1, (done + index) % NETWORKS);
      const at = index * SLOT_OCTETS;
      if (authority.handle(requests, at, lengths[index]!, source, reply, 0, nowSeconds) > 0) replies++;
    }
    batches.push(performance.now() - start);
  }
  if (replies < queries) throw new Error('a query was not answered');
  return (spreadOf(batches).median * 1e6) / BATCH;
}

function zoneText(): string {
  const names = Array.from({ length: NAMES }, (_, index) => `${nameOf(index)} A ${addressOf(index)}`);
  const head = `$ORIGIN ${APEX}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 604800 60\n@ NS ns\nns A 127.0.0.1\n`;
  return `${head}${names.join('\n')}\n`;
}

/** An OPT record with a client's cookie, behind a query without any. */
function appendCookie(requests: Uint8Array, start: number, length: number): number {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
  requests.set(opt, start + length);
  requests[start + 11] = 1;
  return opt.length;
}
